//! The values of an instance: types and sizes first, then the bytes back to back.

use super::Sure;
use super::cursor::{Cursor, index};

/// A value: where its bytes are, and what they mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Value {
    /// Offset in the chunk; of a [`STREAM`], the index of what was read from it.
    pub(crate) at: u32,
    pub(crate) bytes: u16,
    pub(crate) kind: u8,
}

impl Value {
    /// Whether there is nothing, so that elements which depend on it are left out. An embedded stream without bytes
    /// counts as nothing.
    pub(crate) fn is_null(self) -> bool {
        self.kind == NULL || (self.kind == STREAM && self.bytes == 0)
    }

    /// Whether it is a number that is shown in decimal and has no sign.
    pub(crate) fn is_unsigned(self) -> bool {
        matches!(self.kind, U8 | U16 | U32 | U64)
    }

    /// Whether an embedded stream was read from it.
    pub(crate) fn stream(self) -> Option<usize> {
        (self.kind == STREAM && self.bytes > 0).then(|| index(self.at))
    }

    /// Its bytes.
    pub(crate) fn stored(self, data: &[u8]) -> Sure<&[u8]> {
        Cursor::new(data, index(self.at)).take(usize::from(self.bytes))
    }
}

pub(crate) const NULL: u8 = 0x00;
pub(crate) const TEXT: u8 = 0x01;
pub(crate) const ANSI: u8 = 0x02;
pub(crate) const U8: u8 = 0x04;
pub(crate) const U16: u8 = 0x06;
pub(crate) const U32: u8 = 0x08;
pub(crate) const U64: u8 = 0x0a;
pub(crate) const BINARY: u8 = 0x0e;
const POINTER: u8 = 0x10;
pub(crate) const FILETIME: u8 = 0x11;
const SID: u8 = 0x13;
/// An embedded BinXML stream.
pub(crate) const STREAM: u8 = 0x21;
/// Texts, each with a closing NUL.
pub(crate) const TEXTS: u8 = 0x81;

/// Sizes of the types that have one, by type; 0xffff for the others.
static SIZES: [u16; 256] = {
    let mut sizes = [0xffff; 256];
    sizes[0x03] = 1;
    sizes[0x04] = 1;
    sizes[0x05] = 2;
    sizes[0x06] = 2;
    sizes[0x07] = 4;
    sizes[0x08] = 4;
    sizes[0x09] = 8;
    sizes[0x0a] = 8;
    sizes[0x0b] = 4;
    sizes[0x0c] = 8;
    sizes[0x0d] = 4;
    sizes[0x0f] = 16;
    sizes[0x11] = 8;
    sizes[0x12] = 16;
    sizes[0x14] = 4;
    sizes[0x15] = 8;
    sizes
};

/// Whether a value of this type can have this size, so that we are sure of it. Never for handles, XML, and arrays other
/// than of text. No text at all in an array is left to the crate.
pub(crate) fn fits(data: &[u8], at: usize, bytes: u16, kind: u8) -> bool {
    match kind {
        TEXT => bytes.is_multiple_of(2),
        NULL | ANSI | BINARY | STREAM => true,
        SID => data.get(at + 1).is_some_and(|parts| bytes == 8 + 4 * u16::from(*parts)),
        // A pointer of the machine that wrote it.
        POINTER => matches!(bytes, 4 | 8),
        TEXTS => {
            let texts = data.get(at..at + usize::from(bytes)).unwrap_or_default();
            bytes.is_multiple_of(2) && texts.as_chunks::<2>().0.last() == Some(&[0, 0])
        }
        _ => SIZES.get(usize::from(kind)) == Some(&bytes),
    }
}

/// Whether a hole may say this type; what fills it says its own.
pub(crate) fn is_value_type(kind: u8) -> bool {
    matches!(kind, 0x00..=0x15 | 0x20 | 0x21 | 0x23 | 0x81..=0x95)
}
