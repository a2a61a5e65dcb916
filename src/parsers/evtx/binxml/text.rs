//! Values as text, spelled as the XML of the `evtx` crate spells them once its references are resolved.

use std::fmt::Write;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use encoding_rs::WINDOWS_1252;

use super::cursor::{Cursor, index};
use super::values::{self, Value};
use super::{Odd, Sure};

/// What stands for a character that XML does not allow, as Windows writes it.
const FORBIDDEN: char = '_';

/// 1601-01-01 to 1970-01-01 in seconds.
const EPOCH_DISTANCE: i64 = 11_644_473_600;
const TICKS_PER_SECOND: u64 = 10_000_000;
const TICKS_PER_DAY: u64 = 86_400 * TICKS_PER_SECOND;
/// The first tick of the year 10000: Windows shows no more than four digits of a year.
const YEAR_10000: u64 = 2_650_467_744_000_000_000;

/// Adds a scalar value. Odd: numbers with a fraction, arrays, and what has no text.
pub(crate) fn push(data: &[u8], value: Value, out: &mut String) -> Sure<()> {
    let mut cursor = Cursor::new(data, index(value.at));
    let bytes = cursor.take(usize::from(value.bytes))?;
    match (value.kind, bytes) {
        (values::NULL, _) | (values::STREAM, []) => {}
        (values::TEXT, _) => utf16(bytes, out),
        (values::ANSI, _) => ansi(bytes, out),
        (0x03, [byte]) => write(out, format_args!("{}", byte.cast_signed())),
        (values::BINARY, _) => hex(bytes, out),
        (values::GUID, _) => push_ascii(&guid(bytes)?, out),
        (values::FILETIME, _) => filetime(u64::from_le_bytes(sized(bytes)?), out)?,
        (0x12, _) => system_time(bytes, out)?,
        (0x13, _) => sid(bytes, out)?,
        (0x0d, _) => match i32::from_le_bytes(sized(bytes)?) {
            0 => out.push_str("false"),
            1 => out.push_str("true"),
            // Some providers keep bits in a truth value.
            bits => write(out, format_args!("{bits}")),
        },
        (0x05, _) => write(out, format_args!("{}", i16::from_le_bytes(sized(bytes)?))),
        (0x07, _) => write(out, format_args!("{}", i32::from_le_bytes(sized(bytes)?))),
        (0x09, _) => write(out, format_args!("{}", i64::from_le_bytes(sized(bytes)?))),
        (values::U8 | values::U16 | values::U32 | values::U64, _) => {
            decimal(unsigned(bytes), out);
        }
        (0x10 | 0x14 | 0x15, _) => {
            out.push_str("0x");
            hexadecimal(unsigned(bytes), out);
        }
        _ => return Err(Odd),
    }
    Ok(())
}

fn write(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(what);
}

fn sized<const N: usize>(bytes: &[u8]) -> Sure<[u8; N]> {
    bytes.try_into().ok().ok_or(Odd)
}

/// A little-endian number of up to eight bytes.
pub(crate) fn unsigned(bytes: &[u8]) -> u64 {
    match *bytes {
        [a] => a.into(),
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
}

/// UTF-16 up to the first NUL.
pub(crate) fn utf16(bytes: &[u8], out: &mut String) {
    let mut rest = bytes.as_chunks::<2>().0;
    out.reserve(rest.len());
    // Nearly all letters are ASCII: eight at once, without a branch for each, and a value of usual length as a whole.
    let mut room = [0_u8; 72];
    let mut used = 0;
    while let Some((eight, others)) = rest.split_first_chunk::<8>()
        && eight.iter().fold(true, |all, unit| all & is_plain(*unit))
    {
        if used + 16 > room.len() {
            push_ascii(room.get(..used).unwrap_or_default(), out);
            used = 0;
        }
        if let Some(place) = room.get_mut(used..).and_then(<[u8]>::first_chunk_mut::<8>) {
            *place = eight.map(|[low, _]| low);
        }
        used += 8;
        rest = others;
    }
    let plain = rest.iter().take(8).take_while(|unit| is_plain(**unit));
    let places = room.iter_mut().skip(used);
    let plain = places.zip(plain).map(|(place, [low, _])| *place = *low).count();
    push_ascii(room.get(..used + plain).unwrap_or_default(), out);
    let rest = rest.get(plain..).unwrap_or_default();
    let rest = rest.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    out.extend(char::decode_utf16(rest).map(|letter| letter.map_or(FORBIDDEN, allowed)));
}

/// Printable ASCII.
fn is_plain([low, high]: [u8; 2]) -> bool {
    (high == 0) & (low.wrapping_sub(b' ') <= b'~' - b' ')
}

/// Many at once; each letter for itself costs several times as much.
fn push_ascii(letters: &[u8], out: &mut String) {
    out.push_str(std::str::from_utf8(letters).unwrap_or_default());
}

fn decimal(number: u64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// A number without its leading zeroes.
fn hexadecimal(number: u64, out: &mut String) {
    let mut room = [0_u8; 16];
    for (place, shift) in room.iter_mut().rev().zip((0..64).step_by(4)) {
        *place = digit((number >> shift & 15) as u8);
    }
    let zeroes = usize::try_from(number.leading_zeros() / 4).unwrap_or_default().min(15);
    push_ascii(room.get(zeroes..).unwrap_or_default(), out);
}

fn digit(number: u8) -> u8 {
    if number < 10 { b'0' + number } else { b'a' + number - 10 }
}

fn allowed(letter: char) -> char {
    match letter {
        '\t' | '\n' | '\r' => letter,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => FORBIDDEN,
        _ => letter,
    }
}

/// Text in a code page; its NULs count for nothing. Which page is not in the log: Windows-1252, as the crate takes it.
fn ansi(bytes: &[u8], out: &mut String) {
    let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(&bytes);
    out.extend(text.chars().map(allowed));
}

/// Upper-case hex.
fn hex(bytes: &[u8], out: &mut String) {
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'A' + half - 10 });
    out.reserve(bytes.len() * 2);
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// `{d3c8e9a0-…}` in lower case; the first three fields are little-endian.
fn guid(bytes: &[u8]) -> Sure<[u8; 38]> {
    const PLACES: [usize; 16] = [1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35];
    let [a, b, c, d, e, f, g, h, rest @ ..] = sized::<16>(bytes)?;
    let [i, j, k, l, m, n, o, p] = rest;
    let ordered = [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p];
    let mut text = [b'-'; 38];
    for (place, byte) in PLACES.into_iter().zip(ordered) {
        if let Some([high, low]) = text.get_mut(place..place + 2) {
            (*high, *low) = (digit(byte >> 4), digit(byte & 15));
        }
    }
    [text[0], text[37]] = [b'{', b'}'];
    Ok(text)
}

/// The same without braces, as events name their activity; nothing for the zero GUID, which ties nothing together.
pub(crate) fn activity(bytes: &[u8]) -> Sure<Option<Arc<str>>> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let text = guid(bytes)?;
    let inside = text.get(1..37).and_then(|inside| std::str::from_utf8(inside).ok());
    Ok(inside.map(Arc::from))
}

/// Seconds and nanoseconds since 1970. Odd after the year 9999, for which Windows has no digits.
pub(crate) fn moment(ticks: u64) -> Sure<(i64, u32)> {
    let seconds = i64::try_from(believable(ticks)? / TICKS_PER_SECOND).ok().ok_or(Odd)?;
    let nanos = u32::try_from(ticks % TICKS_PER_SECOND * 100).ok().ok_or(Odd)?;
    Ok((seconds - EPOCH_DISTANCE, nanos))
}

/// Ticks of 100 ns since 1601, when Windows has digits for that year.
pub(crate) fn believable(ticks: u64) -> Sure<u64> {
    if ticks < YEAR_10000 { Ok(ticks) } else { Err(Odd) }
}

/// The ticks of a time; odd when it lies between two, or before 1601.
pub(crate) fn ticks(time: DateTime<Utc>) -> Sure<u64> {
    let seconds = u64::try_from(time.timestamp() + EPOCH_DISTANCE).ok().ok_or(Odd)?;
    let nanos = u64::from(time.timestamp_subsec_nanos());
    if nanos % 100 != 0 {
        return Err(Odd);
    }
    Ok(seconds * TICKS_PER_SECOND + nanos / 100)
}

fn filetime(ticks: u64, out: &mut String) -> Sure<()> {
    let (year, month, day) = date(believable(ticks)? / TICKS_PER_DAY);
    let time = ticks % TICKS_PER_DAY;
    let (seconds, ticks) = (time / TICKS_PER_SECOND, time % TICKS_PER_SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    instant(out, [year, month, day, hour, minute, second, ticks]);
    Ok(())
}

fn instant(out: &mut String, [year, month, day, hour, minute, second, ticks]: [u64; 7]) {
    write(
        out,
        format_args!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ticks:07}Z"),
    );
}

/// The date so many days after 1601-01-01, which begins a cycle of 400 years.
fn date(days: u64) -> (u64, u64, u64) {
    const CYCLE: u64 = 146_097;
    const CENTURY: u64 = 36_524;
    const FOUR: u64 = 1_461;
    let (cycles, days) = (days / CYCLE, days % CYCLE);
    let centuries = (days / CENTURY).min(3);
    let days = days - centuries * CENTURY;
    let (fours, days) = (days / FOUR, days % FOUR);
    let years = (days / 365).min(3);
    let mut day = days - years * 365;
    let year = 1601 + cycles * 400 + centuries * 100 + fours * 4 + years;
    for (month, length) in (1..).zip(month_lengths(year)) {
        if day < length {
            return (year, month, day + 1);
        }
        day -= length;
    }
    (year, 12, 31)
}

fn month_lengths(year: u64) -> [u64; 12] {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

/// A SYSTEMTIME. What is no time becomes the first instant Windows knows; odd after the year 9999.
fn system_time(bytes: &[u8], out: &mut String) -> Sure<()> {
    let fields = sized::<16>(bytes)?;
    let mut fields =
        fields.as_chunks::<2>().0.iter().map(|half| u64::from(u16::from_le_bytes(*half)));
    let mut next = || fields.next().ok_or(Odd);
    let (year, month, _, day) = (next()?, next()?, next()?, next()?);
    let (hour, minute, second, millis) = (next()?, next()?, next()?, next()?);
    if (10_000..=30_827).contains(&year) {
        return Err(Odd);
    }
    let length = usize::try_from(month).ok().and_then(|month| month.checked_sub(1));
    let length = length.and_then(|month| month_lengths(year).get(month).copied());
    let is_time = (1601..=9999).contains(&year)
        && length.is_some_and(|length| (1..=length).contains(&day))
        && (hour < 24 && minute < 60 && second < 60 && millis < 1000);
    instant(
        out,
        if is_time {
            [year, month, day, hour, minute, second, millis * 10_000]
        } else {
            [1601, 1, 1, 0, 0, 0, 0]
        },
    );
    Ok(())
}

fn sid(bytes: &[u8], out: &mut String) -> Sure<()> {
    let (head, parts) = bytes.split_first_chunk::<8>().ok_or(Odd)?;
    let [revision, _, authority @ ..] = head;
    let authority = authority.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    out.push_str("S-");
    decimal(u64::from(*revision), out);
    out.push('-');
    decimal(authority, out);
    for part in parts.as_chunks::<4>().0 {
        out.push('-');
        decimal(u64::from(u32::from_le_bytes(*part)), out);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: u8, bytes: &[u8]) -> String {
        let mut text = String::new();
        let value = Value { at: 0, bytes: bytes.len().try_into().unwrap(), kind };
        push(bytes, value, &mut text).unwrap();
        text
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        let day = |days: u64| shown(values::FILETIME, &(days * TICKS_PER_DAY).to_le_bytes());
        let start = chrono::NaiveDate::from_ymd_opt(1601, 1, 1).unwrap();
        for days in (0..=2_000_000).step_by(17).chain([3_067_670]) {
            let date = start + chrono::TimeDelta::days(i64::try_from(days).unwrap());
            assert_eq!(day(days), format!("{date}T00:00:00.0000000Z"));
        }
        let last = shown(values::FILETIME, &(YEAR_10000 - 1).to_le_bytes());
        assert_eq!(last, "9999-12-31T23:59:59.9999999Z");
        assert_eq!(moment(YEAR_10000), Err(Odd));
        assert_eq!(moment(116_444_736_000_000_001), Ok((0, 100)));
    }

    #[test]
    fn characters_that_xml_forbids_become_underscores() {
        let units = [0x41, 0x1, 0xd800, 0x42, 0xd83d, 0xde00, 0xfffe, 0x9, 0xdc00, 0, 0x43];
        let bytes: Vec<u8> = units.iter().flat_map(|unit: &u16| unit.to_le_bytes()).collect();
        assert_eq!(shown(values::TEXT, &bytes), "A__B\u{1f600}_\t_");
        assert_eq!(shown(values::ANSI, b"a\0b\x01\x80"), "ab_\u{20ac}");
    }

    #[test]
    fn system_times_that_are_none_are_the_first_instant() {
        let time = |fields: [u16; 8]| shown(0x12, &fields.map(u16::to_le_bytes).concat());
        assert_eq!(time([2026, 2, 0, 28, 1, 2, 3, 45]), "2026-02-28T01:02:03.0450000Z");
        assert_eq!(time([2026, 2, 0, 29, 1, 2, 3, 45]), "1601-01-01T00:00:00.0000000Z");
        assert_eq!(time([0; 8]), "1601-01-01T00:00:00.0000000Z");
    }
}
