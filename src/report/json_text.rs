//! JSON whose text cannot play tricks on whoever looks at it: what a terminal obeys or an editor hides is escaped, which
//! JSON allows for every letter, so nothing is lost.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::words::is_hidden;

/// Writes a value on one line.
///
/// # Errors
/// When `out` cannot be written to.
pub(crate) fn compact(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Escaping(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Writes a value on many lines.
///
/// # Errors
/// When `out` cannot be written to.
pub(crate) fn pretty(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Escaping(PrettyFormatter::new()));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

struct Escaping<F>(F);

macro_rules! forward {
    ($($name:ident($($argument:ident: $kind:ty),*)),* $(,)?) => {
        $(fn $name<W: ?Sized + Write>(&mut self, out: &mut W, $($argument: $kind),*) -> io::Result<()> {
            self.0.$name(out, $($argument),*)
        })*
    };
}

impl<F: Formatter> Formatter for Escaping<F> {
    forward!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        end_object_key(),
        begin_object_value(),
        end_object_value(),
    );

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Plain text, which is nearly all of it, has none of these bytes.
        if !fragment.bytes().any(|byte| matches!(byte, 0x7f | 0xc2 | 0xe2 | 0xef)) {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, letter)) = rest.char_indices().find(|(_, letter)| is_hidden(*letter)) {
            let (before, after) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            write!(out, "\\u{:04x}", letter as u32)?;
            rest = after.strip_prefix(letter).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_direction_are_escaped_and_come_back() {
        let text = "a\u{202e}b\u{9b}c\u{7f}\u{1b}ü";
        let mut out = Vec::new();
        compact(&mut out, &text).unwrap();
        let json = String::from_utf8(out).unwrap();
        assert_eq!(json, r#""a\u202eb\u009bc\u007f\u001bü""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
