//! One value: its name, type and data, in whichever notation.

use std::sync::LazyLock;

/// One value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) name: String,
    /// `REG_DWORD` and so on; PowerShell does not tell.
    pub(super) kind: Option<String>,
    /// Numbers in decimal, bytes as lower-case hex, several texts joined by `; `.
    pub(super) data: String,
}

impl Value {
    /// A line of a `.reg` file or of `reg query`.
    pub(super) fn of_line(line: &str) -> Option<Self> {
        if line.starts_with(['"', '@']) { Self::of_export(line) } else { Self::of_query(line) }
    }

    /// Whether a line is a value or a part of one.
    pub(super) fn looks_like_one(line: &str) -> bool {
        static PART: LazyLock<Expression> =
            LazyLock::new(|| expression(r#"^\s+(?:[0-9a-f]{2},)+|^(?:"[^"]*"|@)=(?:dword|hex)"#));
        Self::of_line(line).is_some() || PART.is_match(line)
    }

    /// Whether the bytes of a `.reg` value go on in the next line.
    pub(super) fn goes_on(line: &str) -> bool {
        line.trim_end().ends_with('\\') && line.starts_with(['"', '@']) && line.contains("=hex")
    }

    /// Whether a line began as a value and is not whole.
    pub(super) fn is_torn(line: &str) -> bool {
        let deleted = line.trim_end().ends_with("=-");
        (line.starts_with('"') || line.starts_with("@=")) && !deleted
    }

    /// A property of a PowerShell list; numbers are decimal, bytes a list of them.
    pub(super) fn of_property(name: &str, data: &str) -> Self {
        let list = data.strip_prefix('{').and_then(|data| data.strip_suffix('}'));
        let bytes = list.and_then(|list| {
            list.split(',').map(|byte| byte.trim().parse::<u8>().ok()).collect::<Option<Vec<_>>>()
        });
        let data = match (bytes, list) {
            (Some(bytes), _) => hex(&bytes),
            (None, Some(texts)) => texts.replace(", ", "; "),
            (None, None) => data.to_owned(),
        };
        Self { name: name.to_owned(), kind: None, data }
    }

    /// `    Name    REG_DWORD    0x1`, in Windows XP with tabs. The name may hold blanks, and the data be empty.
    fn of_query(line: &str) -> Option<Self> {
        static VALUE: LazyLock<Expression> = LazyLock::new(|| {
            expression(r"^(?: {2,}|\t)(\S.*?)(?: {2,}|\t)(REG_[A-Z_]+)(?:(?: {1,4}|\t)(.*))?$")
        });
        let found = VALUE.captures(line)?;
        let part = |index| found.get(index).map_or("", |part| part.as_str());
        let (kind, data) = (part(2), part(3).trim_end());
        let number = || data.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let data = match kind {
            "REG_DWORD" | "REG_QWORD" => number()?.to_string(),
            "REG_BINARY" => data.to_ascii_lowercase(),
            "REG_MULTI_SZ" => data.replace("\\0", "; "),
            _ => data.to_owned(),
        };
        Some(Self { name: part(1).to_owned(), kind: Some(kind.to_owned()), data })
    }

    /// `"Name"=dword:00000001`, `"Name"="text"`, `"Name"=hex(2):25,00`.
    fn of_export(line: &str) -> Option<Self> {
        let (name, rest) = match line.strip_prefix('@') {
            Some(rest) => ("(Default)".to_owned(), rest),
            None => quoted(line)?,
        };
        let data = rest.trim().strip_prefix('=')?;
        if data.starts_with('"') {
            return quoted(data).map(|(data, _)| Self { name, kind: kind("REG_SZ"), data });
        }
        if let Some(digits) = data.strip_prefix("dword:") {
            let whole = digits.len() == 8;
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| whole)?;
            return Some(Self { name, kind: kind("REG_DWORD"), data: number.to_string() });
        }
        let (number, list) = data.strip_prefix("hex")?.split_once(':')?;
        let bytes = bytes(list)?;
        let (kind_of, data) = match number {
            "" => ("REG_BINARY", hex(&bytes)),
            "(1)" => ("REG_SZ", text(&bytes)),
            "(2)" => ("REG_EXPAND_SZ", text(&bytes)),
            "(4)" => ("REG_DWORD", little_endian(&bytes)),
            "(7)" => ("REG_MULTI_SZ", text(&bytes)),
            "(b)" | "(B)" => ("REG_QWORD", little_endian(&bytes)),
            _ => ("REG_NONE", hex(&bytes)),
        };
        Some(Self { name, kind: kind(kind_of), data })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what the field holds")]
fn kind(name: &str) -> Option<String> {
    Some(name.to_owned())
}

/// A text in quotes with `\\` and `\"`, and what stands behind it; `None` when the quote is not closed.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut letters = text.char_indices().skip(1);
    let mut plain = String::new();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return text.get(at + 1..).map(|rest| (plain, rest)),
            '\\' => plain.push(letters.next()?.1),
            other => plain.push(other),
        }
    }
    None
}

/// `11,22,33`, also with the comma before a break at its end; `None` when a byte is cut.
fn bytes(list: &str) -> Option<Vec<u8>> {
    let list = list.trim().trim_end_matches(',');
    let byte =
        |text: &str| u8::from_str_radix(text.trim(), 16).ok().filter(|_| text.trim().len() == 2);
    if list.is_empty() { Some(Vec::new()) } else { list.split(',').map(byte).collect() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn little_endian(bytes: &[u8]) -> String {
    let number = bytes.iter().rev().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    number.to_string()
}

/// UTF-16LE, or bytes of an old `REGEDIT4` file; texts end with a zero.
fn text(bytes: &[u8]) -> String {
    let wide =
        bytes.len().is_multiple_of(2) && bytes.iter().skip(1).step_by(2).any(|byte| *byte == 0);
    let text: String = if wide {
        let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
        char::decode_utf16(units.map(u16::from_le_bytes))
            .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    } else {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    };
    let parts: Vec<_> = text.split('\0').filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}
use crate::expression::{Expression, expression};
