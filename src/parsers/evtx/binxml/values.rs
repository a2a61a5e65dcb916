//! The values of an instance: types and sizes first, then the bytes back to back.

use super::Sure;
use super::cursor::{Cursor, index};

/// A value: where its bytes are, and what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub(crate) const FILETIME: u8 = 0x11;
/// An embedded BinXML stream.
pub(crate) const STREAM: u8 = 0x21;
/// Texts, each with a closing NUL.
pub(crate) const TEXTS: u8 = 0x81;

/// What the size of a value must be for us to be sure of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Exactly(u16),
    Any,
    /// UTF-16.
    Even,
    /// A pointer of the machine that wrote it.
    Pointer,
    /// As many parts as its second byte says.
    Sid,
    Stream,
    Texts,
    /// Not for us: handles, XML, arrays other than of text.
    Odd,
}

/// By type.
pub(crate) static SIZES: [Size; 256] = {
    let mut sizes = [Size::Odd; 256];
    sizes[0x00] = Size::Any;
    sizes[0x01] = Size::Even;
    sizes[0x02] = Size::Any;
    sizes[0x03] = Size::Exactly(1);
    sizes[0x04] = Size::Exactly(1);
    sizes[0x05] = Size::Exactly(2);
    sizes[0x06] = Size::Exactly(2);
    sizes[0x07] = Size::Exactly(4);
    sizes[0x08] = Size::Exactly(4);
    sizes[0x09] = Size::Exactly(8);
    sizes[0x0a] = Size::Exactly(8);
    sizes[0x0b] = Size::Exactly(4);
    sizes[0x0c] = Size::Exactly(8);
    sizes[0x0d] = Size::Exactly(4);
    sizes[0x0e] = Size::Any;
    sizes[0x0f] = Size::Exactly(16);
    sizes[0x10] = Size::Pointer;
    sizes[0x11] = Size::Exactly(8);
    sizes[0x12] = Size::Exactly(16);
    sizes[0x13] = Size::Sid;
    sizes[0x14] = Size::Exactly(4);
    sizes[0x15] = Size::Exactly(8);
    sizes[0x21] = Size::Stream;
    sizes[0x81] = Size::Texts;
    sizes
};

/// Whether a hole may say this type; what fills it says its own.
pub(crate) fn is_value_type(kind: u8) -> bool {
    matches!(kind, 0x00..=0x15 | 0x20 | 0x21 | 0x23 | 0x81..=0x95)
}
