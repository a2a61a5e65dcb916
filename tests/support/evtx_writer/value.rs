//! The typed values of BinXML: their type codes, their bytes and their text.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, TimeZone, Timelike, Utc};

/// Marks the type code of an array.
const ARRAY: u8 = 0x80;
/// Seconds from the FILETIME epoch (1601) to the Unix epoch.
const EPOCH_DISTANCE: i64 = 11_644_473_600;

/// A value of an event, in the type that Windows would give it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value. What depends on it disappears; readers disagree whether a `Data` of its own
    /// does.
    Null,
    /// No value either, but bytes of a former one are left (seen in manifest events for
    /// Qualifiers and ActivityID).
    Deleted(Vec<u8>),
    /// UTF-16 text.
    Text(String),
    /// UTF-16 text with its NUL stored, as many manifest providers write it.
    TextNul(String),
    /// Text in the code page of the machine, as bytes.
    Ansi(Vec<u8>),
    /// Signed 8 bits.
    I8(i8),
    /// Unsigned 8 bits.
    U8(u8),
    /// Signed 16 bits.
    I16(i16),
    /// Unsigned 16 bits.
    U16(u16),
    /// Signed 32 bits.
    I32(i32),
    /// Unsigned 32 bits.
    U32(u32),
    /// Signed 64 bits.
    I64(i64),
    /// Unsigned 64 bits.
    U64(u64),
    /// A 32 bit truth value.
    Bool(bool),
    /// Bytes, shown as upper-case hex.
    Binary(Vec<u8>),
    /// A GUID.
    Guid(Guid),
    /// 100 ns since 1601.
    FileTime(u64),
    /// A SYSTEMTIME: a date in fields, exact to the millisecond.
    SystemTime(DateTime<Utc>),
    /// A security identifier.
    Sid(Sid),
    /// 32 bits shown as hex.
    Hex32(u32),
    /// 64 bits shown as hex.
    Hex64(u64),
    /// Several texts; the element around them is repeated.
    Texts(Vec<String>),
}

impl Value {
    /// The type code that a substitution or descriptor carries.
    pub fn type_code(&self) -> u8 {
        match self {
            Self::Null | Self::Deleted(_) => 0x00,
            Self::Text(_) | Self::TextNul(_) => 0x01,
            Self::Ansi(_) => 0x02,
            Self::I8(_) => 0x03,
            Self::U8(_) => 0x04,
            Self::I16(_) => 0x05,
            Self::U16(_) => 0x06,
            Self::I32(_) => 0x07,
            Self::U32(_) => 0x08,
            Self::I64(_) => 0x09,
            Self::U64(_) => 0x0a,
            Self::Bool(_) => 0x0d,
            Self::Binary(_) => 0x0e,
            Self::Guid(_) => 0x0f,
            Self::FileTime(_) => 0x11,
            Self::SystemTime(_) => 0x12,
            Self::Sid(_) => 0x13,
            Self::Hex32(_) => 0x14,
            Self::Hex64(_) => 0x15,
            Self::Texts(_) => 0x01 | ARRAY,
        }
    }

    /// Appends the value as it stands in a template instance.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => {}
            Self::Deleted(bytes) | Self::Ansi(bytes) | Self::Binary(bytes) => out.extend(bytes),
            Self::Text(text) => encode_utf16(text, out),
            Self::TextNul(text) => encode_utf16_nul(text, out),
            Self::I8(n) => out.extend(n.to_le_bytes()),
            Self::U8(n) => out.extend(n.to_le_bytes()),
            Self::I16(n) => out.extend(n.to_le_bytes()),
            Self::U16(n) => out.extend(n.to_le_bytes()),
            Self::I32(n) => out.extend(n.to_le_bytes()),
            Self::U32(n) | Self::Hex32(n) => out.extend(n.to_le_bytes()),
            Self::I64(n) => out.extend(n.to_le_bytes()),
            Self::U64(n) | Self::Hex64(n) | Self::FileTime(n) => out.extend(n.to_le_bytes()),
            Self::Bool(truth) => out.extend(u32::from(*truth).to_le_bytes()),
            Self::Guid(guid) => out.extend(guid.0),
            Self::SystemTime(time) => encode_system_time(time, out),
            Self::Sid(sid) => out.extend(&sid.0),
            Self::Texts(texts) => texts.iter().for_each(|text| encode_utf16_nul(text, out)),
        }
    }

    /// The value as Windows spells it in XML; this is what records without a template store.
    /// Of [`Value::Texts`] it is the first, as the repetition is the element's business.
    pub fn text(&self) -> String {
        match self {
            Self::Null | Self::Deleted(_) => String::new(),
            Self::Text(text) | Self::TextNul(text) => text.clone(),
            Self::Ansi(bytes) => bytes.iter().map(|&byte| char::from(byte)).collect(),
            Self::I8(n) => n.to_string(),
            Self::U8(n) => n.to_string(),
            Self::I16(n) => n.to_string(),
            Self::U16(n) => n.to_string(),
            Self::I32(n) => n.to_string(),
            Self::U32(n) => n.to_string(),
            Self::I64(n) => n.to_string(),
            Self::U64(n) => n.to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::Binary(bytes) => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
            Self::Guid(guid) => guid.to_string(),
            Self::FileTime(ticks) => from_ticks(*ticks).format(TIME_FORMAT).to_string(),
            Self::SystemTime(time) => time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            Self::Sid(sid) => sid.to_string(),
            Self::Hex32(n) => format!("{n:#x}"),
            Self::Hex64(n) => format!("{n:#x}"),
            Self::Texts(texts) => texts.first().cloned().unwrap_or_default(),
        }
    }
}

/// Windows renders a FILETIME with nine fraction digits, the last two always zero.
const TIME_FORMAT: &str = "%Y-%m-%dT%H:%M:%S%.9fZ";

pub(super) fn encode_utf16(text: &str, out: &mut Vec<u8>) {
    if text.is_ascii() {
        // Nearly all of it; tests are not optimised, and this is most of what a log costs to be made.
        let start = out.len();
        out.resize(start + text.len() * 2, 0);
        for (index, byte) in text.bytes().enumerate() {
            if let Some(place) = out.get_mut(start + index * 2) {
                *place = byte;
            }
        }
        return;
    }
    out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
}

fn encode_utf16_nul(text: &str, out: &mut Vec<u8>) {
    encode_utf16(text, out);
    out.extend([0, 0]);
}

fn encode_system_time(time: &DateTime<Utc>, out: &mut Vec<u8>) {
    let fields = [
        u32::try_from(time.year()).unwrap_or(0),
        time.month(),
        time.weekday().num_days_from_sunday(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.timestamp_subsec_millis(),
    ];
    for field in fields {
        out.extend(u16::try_from(field).unwrap_or(u16::MAX).to_le_bytes());
    }
}

/// The FILETIME of a date; anything below 100 ns is dropped, and a date before 1601 is 0.
pub(super) fn to_ticks(time: DateTime<Utc>) -> u64 {
    let seconds = u64::try_from(time.timestamp() + EPOCH_DISTANCE).unwrap_or(0);
    seconds * 10_000_000 + u64::from(time.timestamp_subsec_nanos() / 100)
}

fn from_ticks(ticks: u64) -> DateTime<Utc> {
    let seconds = i64::try_from(ticks / 10_000_000).unwrap_or(i64::MAX) - EPOCH_DISTANCE;
    let nanos = u32::try_from(ticks % 10_000_000 * 100).unwrap_or(0);
    Utc.timestamp_opt(seconds, nanos).single().unwrap_or_default()
}

/// A GUID in its stored byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid(pub [u8; 16]);

/// The text order of the stored bytes: the first three fields are little-endian.
const GUID_ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

impl FromStr for Guid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits: String = text.chars().filter(|c| !"{}-".contains(*c)).collect();
        let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32);
        let shown = number.ok_or_else(|| format!("{text:?} is no GUID"))?.to_be_bytes();
        let mut stored = [0; 16];
        for (&at, byte) in GUID_ORDER.iter().zip(shown) {
            if let Some(slot) = stored.get_mut(at) {
                *slot = byte;
            }
        }
        Ok(Self(stored))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (position, &at) in GUID_ORDER.iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{:02X}", self.0.get(at).copied().unwrap_or_default())?;
        }
        f.write_str("}")
    }
}

/// A security identifier in its stored form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sid(Vec<u8>);

impl FromStr for Sid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no SID");
        let numbers: Option<Vec<u64>> = text
            .strip_prefix("S-1-")
            .and_then(|rest| rest.split('-').map(|part| part.parse().ok()).collect());
        let numbers = numbers.ok_or_else(wrong)?;
        let (authority, subs) = numbers.split_first().ok_or_else(wrong)?;
        let count = u8::try_from(subs.len()).ok().filter(|&n| n <= 15).ok_or_else(wrong)?;
        let mut bytes = vec![1, count];
        bytes.extend(authority.to_be_bytes().iter().skip(2));
        for &sub in subs {
            bytes.extend(u32::try_from(sub).ok().ok_or_else(wrong)?.to_le_bytes());
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, subs) = self.0.split_at_checked(8).unwrap_or((&[], &[]));
        let authority = head.iter().skip(2).fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        write!(f, "S-1-{authority}")?;
        for sub in subs.as_chunks::<4>().0 {
            write!(f, "-{}", u32::from_le_bytes(*sub))?;
        }
        Ok(())
    }
}

/// A GUID value, from its text with or without braces.
///
/// # Panics
/// When the text is no GUID: descriptions of fixtures are constants.
pub fn guid(text: &str) -> Value {
    Value::Guid(text.parse().expect("a fixture names a GUID"))
}

/// A SID value, from text such as `S-1-5-18`.
///
/// # Panics
/// When the text is no SID.
pub fn sid(text: &str) -> Value {
    Value::Sid(text.parse().expect("a fixture names a SID"))
}

/// A number that Windows shows as `0x…`, 32 bits wide.
pub fn hex32(number: u32) -> Value {
    Value::Hex32(number)
}

/// A number that Windows shows as `0x…`, 64 bits wide.
pub fn hex64(number: u64) -> Value {
    Value::Hex64(number)
}

/// Bytes, shown as hex.
pub fn binary(bytes: &[u8]) -> Value {
    Value::Binary(bytes.to_vec())
}

/// Text whose closing NUL is stored too.
pub fn text_nul(text: &str) -> Value {
    Value::TextNul(text.to_owned())
}

/// An array of texts: the element around it comes once for each.
pub fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Value {
    Value::Texts(texts.into_iter().map(str::to_owned).collect())
}

/// A date as FILETIME.
pub fn filetime(time: DateTime<Utc>) -> Value {
    Value::FileTime(to_ticks(time))
}

/// A date as SYSTEMTIME.
pub fn system_time(time: DateTime<Utc>) -> Value {
    Value::SystemTime(time)
}

/// `From` for the plain types; a bare integer literal becomes an `I32`.
macro_rules! values_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value)
            }
        })*
    };
}

values_from! {
    String => Text, bool => Bool, i8 => I8, u8 => U8, i16 => I16, u16 => U16, i32 => I32,
    u32 => U32, i64 => I64, u64 => U64, Guid => Guid, Sid => Sid, Vec<u8> => Binary,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(time: DateTime<Utc>) -> Self {
        filetime(time)
    }
}
