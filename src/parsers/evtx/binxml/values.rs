//! The values of an instance: types and sizes first, then the bytes back to back.

use super::Sure;
use super::cursor::{Cursor, index};
use super::plan::Plan;

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

    /// Whether it is a number, a GUID or a time, which can be read whatever it is.
    pub(crate) fn is_passing(self) -> bool {
        self.is_unsigned() || matches!(self.kind, GUID | FILETIME)
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
pub(crate) const GUID: u8 = 0x0f;
const POINTER: u8 = 0x10;
pub(crate) const FILETIME: u8 = 0x11;
pub(crate) const SID: u8 = 0x13;
/// An embedded BinXML stream.
pub(crate) const STREAM: u8 = 0x21;
/// Texts, each with a closing NUL.
pub(crate) const TEXTS: u8 = 0x81;

/// What the size of a value must be for us to be sure of it, without a branch: `size & mask == rest`.
#[derive(Debug, Clone, Copy)]
#[repr(align(8))]
pub(crate) struct Rule {
    mask: u16,
    rest: u16,
    /// Whether that is not all: see [`is_sound`].
    pub(crate) special: bool,
}

impl Rule {
    pub(crate) fn fits(&self, bytes: u16) -> bool {
        bytes & self.mask == self.rest
    }

    /// The bits of an entry, size and type, that decide about it.
    pub(crate) fn decisive(&self) -> u32 {
        0xff_0000 | u32::from(self.mask)
    }
}

/// By type. Never sure: handles, XML, and arrays other than of text.
pub(crate) static RULES: [Rule; 256] = {
    const fn rule(mask: u16, rest: u16, special: bool) -> Rule {
        Rule { mask, rest, special }
    }
    const fn exactly(size: u16) -> Rule {
        rule(0xffff, size, false)
    }
    let any = rule(0, 0, false);
    let mut rules = [rule(0, 1, false); 256];
    rules[0x00] = any;
    rules[0x01] = rule(1, 0, false);
    rules[0x02] = any;
    rules[0x03] = exactly(1);
    rules[0x04] = exactly(1);
    rules[0x05] = exactly(2);
    rules[0x06] = exactly(2);
    rules[0x07] = exactly(4);
    rules[0x08] = exactly(4);
    rules[0x09] = exactly(8);
    rules[0x0a] = exactly(8);
    rules[0x0b] = exactly(4);
    rules[0x0c] = exactly(8);
    rules[0x0d] = exactly(4);
    rules[0x0e] = any;
    rules[0x0f] = exactly(16);
    rules[0x10] = rule(0, 0, true);
    rules[0x11] = exactly(8);
    rules[0x12] = exactly(16);
    rules[0x13] = rule(0, 0, true);
    rules[0x14] = exactly(4);
    rules[0x15] = exactly(8);
    rules[0x21] = rule(0, 0, true);
    rules[0x81] = rule(1, 0, true);
    rules
};

/// Whether a special value is what its size says, and may stand in its hole.
pub(crate) fn is_sound(data: &[u8], value: Value, plan: &Plan, hole: usize) -> bool {
    let bytes = usize::from(value.bytes);
    match value.kind {
        // As many parts as its second byte says.
        SID => {
            let parts = data.get(index(value.at) + 1);
            parts.is_some_and(|parts| bytes == 8 + 4 * usize::from(*parts))
        }
        // A pointer of the machine that wrote it.
        POINTER => matches!(bytes, 4 | 8),
        STREAM => bytes == 0 || plan.allows(hole, plan.no_stream),
        // Each text with its NUL. No text at all is left to the crate.
        TEXTS => {
            let texts = value.stored(data).unwrap_or_default();
            texts.as_chunks::<2>().0.last() == Some(&[0, 0]) && plan.allows(hole, plan.no_array)
        }
        _ => false,
    }
}

/// Whether a hole may say this type; what fills it says its own.
pub(crate) fn is_value_type(kind: u8) -> bool {
    matches!(kind, 0x00..=0x15 | 0x20 | 0x21 | 0x23 | 0x81..=0x95)
}
