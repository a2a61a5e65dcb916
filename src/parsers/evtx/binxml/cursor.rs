//! Reading forward through a chunk, never past its end.

use super::{Odd, Sure};
use crate::parsers::evtx::header::array;

/// A place in a chunk. All numbers are little-endian.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'d> {
    data: &'d [u8],
    at: usize,
}

impl<'d> Cursor<'d> {
    pub(crate) fn new(data: &'d [u8], at: usize) -> Self {
        Self { data, at }
    }

    /// The whole chunk.
    pub(crate) fn data(&self) -> &'d [u8] {
        self.data
    }

    /// Offset in the chunk.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn fixed<const N: usize>(&mut self) -> Sure<[u8; N]> {
        let bytes = array(self.data, self.at).ok_or(Odd)?;
        self.at += N;
        Ok(bytes)
    }

    pub(crate) fn u8(&mut self) -> Sure<u8> {
        self.fixed().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Sure<u16> {
        self.fixed().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Sure<u32> {
        self.fixed().map(u32::from_le_bytes)
    }

    /// The next bytes.
    pub(crate) fn take(&mut self, len: usize) -> Sure<&'d [u8]> {
        let end = self.at.checked_add(len).ok_or(Odd)?;
        let bytes = self.data.get(self.at..end).ok_or(Odd)?;
        self.at = end;
        Ok(bytes)
    }

    pub(crate) fn skip(&mut self, len: usize) -> Sure<()> {
        self.take(len).map(|_| ())
    }
}

/// An offset as an index; chunks have 64 KiB.
pub(crate) fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// An index into a chunk as an offset.
pub(crate) fn offset(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
