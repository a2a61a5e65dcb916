//! The lines of a text, in blocks: what nobody looks at costs a search for its end and nothing more.

use std::borrow::Cow;
use std::io::Read;

use memchr::memchr;

use super::encoding::Page;
use crate::bundle::limits;

/// Read at once, in bytes.
const BLOCK: usize = 256 * 1024;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// One line of a text, as it was read. Wide text has been made UTF-8 already.
#[derive(Debug, Clone, Copy)]
pub struct RawLine<'l> {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes, without its end.
    pub bytes: &'l [u8],
    page: Page,
}

impl<'l> RawLine<'l> {
    /// The line as text, without the zeroes that a crash leaves in a log.
    #[must_use]
    pub fn text(self) -> Cow<'l, str> {
        if memchr(0, self.bytes).is_none() {
            return self.page.decode(self.bytes);
        }
        let bytes: Vec<u8> = self.bytes.iter().copied().filter(|byte| *byte != 0).collect();
        Cow::Owned(self.page.decode(&bytes).into_owned())
    }
}

/// The lines of a source, in order. [`RawLines::next`] lends them one by one; as an iterator there is [`Lines`].
pub struct RawLines<'s> {
    reader: Box<dyn Read + Send + 's>,
    page: Page,
    buffer: Vec<u8>,
    /// What of the buffer has been read and not been handed out.
    pending: std::ops::Range<usize>,
    ended: bool,
    /// The rest of a line that was too long is being dropped.
    skipping: bool,
    number: u64,
    failure: Option<String>,
    cut: u64,
}

impl<'s> RawLines<'s> {
    pub(super) fn new(reader: Box<dyn Read + Send + 's>, page: Page) -> Self {
        Self {
            reader,
            page,
            buffer: Vec::new(),
            pending: 0..0,
            ended: false,
            skipping: false,
            number: 0,
            failure: None,
            cut: 0,
        }
    }

    /// The next line, until there is none or reading failed.
    #[expect(clippy::should_implement_trait, reason = "lines are lent, which no iterator can")]
    pub fn next(&mut self) -> Option<RawLine<'_>> {
        let (range, used) = loop {
            let pending = self.buffer.get(self.pending.clone()).unwrap_or_default();
            match memchr(b'\n', pending) {
                Some(end) if self.skipping => {
                    self.skipping = false;
                    self.pending.start += end + 1;
                }
                Some(end) => break (self.pending.start..self.pending.start + end, end + 1),
                None if self.skipping => {
                    self.pending.start = self.pending.end;
                    if !self.fill() {
                        return None;
                    }
                }
                // Two more may be its end.
                None if pending.len() > limits::LINE_BYTES + 2 => {
                    self.skipping = true;
                    break (self.pending.clone(), pending.len());
                }
                None if !self.fill() => {
                    if self.pending.is_empty() {
                        return None;
                    }
                    break (self.pending.clone(), self.pending.len());
                }
                None => {}
            }
        };
        self.pending.start += used;
        self.number += 1;
        Some(self.lend(range))
    }

    fn lend(&mut self, range: std::ops::Range<usize>) -> RawLine<'_> {
        let mut bytes = self.buffer.get(range).unwrap_or_default();
        if self.number == 1 {
            bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
        }
        while let Some(rest) = bytes.strip_suffix(b"\r") {
            bytes = rest;
        }
        if bytes.len() > limits::LINE_BYTES || self.skipping {
            self.cut += 1;
            bytes = bytes.get(..limits::LINE_BYTES).unwrap_or(bytes);
        }
        RawLine { number: self.number, bytes, page: self.page }
    }

    /// Reads a further block; whether there was one.
    fn fill(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let kept = self.pending.len();
        self.buffer.copy_within(self.pending.clone(), 0);
        if self.buffer.is_empty() {
            // Of a new one the system gives zeroes; most texts need no more.
            self.buffer = vec![0; BLOCK];
        }
        self.buffer.resize((kept + BLOCK).max(self.buffer.len()), 0);
        self.pending = 0..kept;
        let Some(room) = self.buffer.get_mut(kept..) else { return false };
        match self.reader.read(room) {
            Ok(0) => self.ended = true,
            Ok(count) => self.pending.end += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.failure = Some(error.to_string());
                self.ended = true;
            }
        }
        !self.ended
    }

    /// Why reading stopped before the end, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// How many lines were longer than [`limits::LINE_BYTES`] and were cut to it.
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.cut
    }
}

/// Iterator over the decoded lines of a source: (number from 1, text).
pub struct Lines<'s>(pub(super) RawLines<'s>);

impl<'s> Lines<'s> {
    /// What happened to the lines: whether reading stopped, how many were cut.
    #[must_use]
    pub fn raw(&self) -> &RawLines<'s> {
        &self.0
    }
}

impl Iterator for Lines<'_> {
    type Item = (u64, String);

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.0.next()?;
        Some((line.number, line.text().into_owned()))
    }
}
