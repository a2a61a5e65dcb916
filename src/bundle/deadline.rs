//! When the work on a bundle has to end. Nobody is stopped in the middle of something: every reading of a source asks, so
//! work ends within the block that is read at that moment, at most a few chunks of 64 KiB or a megabyte of text.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Area;
use crate::source::Content;

/// An instant after which nothing more is read.
#[derive(Debug, Clone)]
pub struct Deadline(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    at: Instant,
    missed: AtomicBool,
}

impl Deadline {
    /// So long from now; `None` when that is further away than instants can be counted.
    #[must_use]
    pub fn after(time: Duration) -> Option<Self> {
        let at = Instant::now().checked_add(time)?;
        Some(Self(Arc::new(Inner { at, missed: AtomicBool::new(false) })))
    }

    /// Asks whether to go on.
    ///
    /// # Errors
    /// When it is too late; [`Deadline::was_missed`] remembers it.
    pub fn check(&self) -> io::Result<()> {
        if Instant::now() < self.0.at {
            return Ok(());
        }
        self.0.missed.store(true, Ordering::Relaxed);
        Err(io::Error::new(io::ErrorKind::TimedOut, "the time for this ticket is over"))
    }

    /// Whether anything was left unread for it. What ended in time stays whole, however late somebody asks.
    #[must_use]
    pub fn was_missed(&self) -> bool {
        self.0.missed.load(Ordering::Relaxed)
    }
}

/// Content that can be read until a deadline.
pub(super) struct Timed {
    pub(super) content: Box<dyn Content>,
    pub(super) deadline: Deadline,
}

impl Content for Timed {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        self.deadline.check()?;
        let inner = self.content.open()?;
        Ok(Box::new(TimedReader { inner, deadline: Some(self.deadline.clone()) }))
    }

    fn area(&self) -> Option<Area> {
        self.content.area()
    }
}

/// A reader that asks before every reading.
pub(super) struct TimedReader<R> {
    pub(super) inner: R,
    pub(super) deadline: Option<Deadline>,
}

impl<R: Read> Read for TimedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.deadline.as_ref().map_or(Ok(()), Deadline::check)?;
        self.inner.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_after_it_and_it_remembers() {
        let bytes: Arc<[u8]> = Arc::from(&b"abc"[..]);
        let later = Deadline::after(Duration::from_secs(3600)).unwrap();
        let timed = Timed { content: Box::new(Arc::clone(&bytes)), deadline: later.clone() };
        let mut all = Vec::new();
        timed.open().unwrap().read_to_end(&mut all).unwrap();
        assert_eq!((all.as_slice(), later.was_missed()), (&b"abc"[..], false));
        let now = Deadline::after(Duration::ZERO).unwrap();
        assert!(!now.was_missed(), "nobody has asked yet");
        let timed = Timed { content: Box::new(bytes), deadline: now.clone() };
        assert!(timed.open().is_err() && now.was_missed());
        assert!(Deadline::after(Duration::MAX).is_none());
    }
}
