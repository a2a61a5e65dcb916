//! Somebody who is told how much has been read, while it is read: a log of gigabytes is one source.

use std::io::{self, Read};
use std::sync::Arc;

use super::Area;
use crate::source::Content;

/// Called with the bytes of each reading, from any thread.
pub type OnRead = Arc<dyn Fn(u64) + Send + Sync>;

/// Content of which every reading is told.
pub(super) struct Watched {
    pub(super) content: Box<dyn Content>,
    pub(super) on_read: OnRead,
}

impl Content for Watched {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let inner = self.content.open()?;
        Ok(Box::new(WatchedReader { inner, on_read: Arc::clone(&self.on_read) }))
    }

    fn area(&self) -> Option<Area> {
        self.content.area()
    }
}

struct WatchedReader {
    inner: Box<dyn Read + Send>,
    on_read: OnRead,
}

impl Read for WatchedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        (self.on_read)(count as u64);
        Ok(count)
    }
}
