//! Event logs of Windows XP and Server 2003 (`SysEvent.Evt`, `SecEvent.Evt`, `AppEvent.Evt` in `System32\config`).
//!
//! A header of 48 bytes, then a ring of records: once it is full the newest lie before the oldest, and one may go on from
//! the end of the file behind the header. Each record has its length at both ends, the mark `LfLe`, a number, times in seconds
//! of UTC, source, computer and strings; texts of messages are not there. The record of the log's end has a pattern of its
//! own. A log that was not closed has a header from before, of which only the beginning holds; where that leads nowhere,
//! records are looked for by their mark.
//!
//! The file does not say which log it is.

use std::io::Read;
use std::sync::Arc;

use chrono::DateTime;

use super::coverage::Coverage;
use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::{Event, Position, Timestamp};
use crate::notice::Notice;
use crate::source::Source;

/// Event logs before Windows Vista.
pub struct Evt;

const MARK: &[u8] = b"LfLe";
const HEADER: usize = 48;
/// Fields before the name of the source.
const FIXED: usize = 56;
/// What stands behind the length of the record of the end.
const END: &[u8] = b"\x11\x11\x11\x11\x22\x22\x22\x22\x33\x33\x33\x33\x44\x44\x44\x44";

impl Parser for Evt {
    fn format(&self) -> &'static str {
        "evt"
    }

    fn is_binary(&self) -> bool {
        true
    }

    fn sniff(&self, source: &Source) -> bool {
        let head = source.head();
        head.get(4..8) == Some(MARK) && dword(head, 0) == Some(48) && dword(head, 44) == Some(48)
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let mut bytes = Vec::new();
        let read =
            source.open().and_then(|file| file.take(limits::EVT_BYTES).read_to_end(&mut bytes));
        if let Err(error) = read {
            let what = format!("cannot be read further: {error}");
            sink.notice(Notice::new(source.id, "", what).losing("the rest"));
        } else if source.bytes > limits::EVT_BYTES {
            let what = format!("only its first {} bytes are read", limits::EVT_BYTES);
            sink.notice(Notice::new(source.id, "", what).losing("the rest"));
        }
        let (records, whole) = match ring(&bytes) {
            Some(records) => (records, true),
            None => (carved(&bytes), false),
        };
        if !whole {
            let what = "the log is damaged: its records were looked for by their mark";
            sink.notice(Notice::new(source.id, "", what));
        }
        let mut coverage = Coverage::default();
        let mut damage = damage::Damage::new(source, "record");
        for record in records {
            match event(&record, source) {
                Some(mut event) => {
                    coverage.add(&event);
                    let id = event.event_id.unwrap_or_default();
                    if sink.interest().wants(&event.provider, None, id) {
                        event.derive_fields();
                        sink.event(event);
                    }
                }
                None => damage.one("a record", "it cannot be read", sink),
            }
        }
        damage.finish(sink);
        coverage.finish(sink);
    }
}

fn dword(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(two.try_into().ok()?))
}

fn place(bytes: &[u8], at: usize) -> Option<usize> {
    dword(bytes, at).and_then(|value| usize::try_from(value).ok())
}

/// The records from the oldest on, to the record of the end; `None` when they do not lead there. The header of a log that was
/// not closed has an end from before, but its beginning holds.
fn ring(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut at = place(bytes, 16)?;
    let oldest = dword(bytes, 28)?;
    let mut records: Vec<Vec<u8>> = Vec::new();
    let mut walked = 0;
    while walked <= bytes.len() {
        // A record does not begin where its fields would not fit, and goes on behind the header.
        if bytes.len().checked_sub(at)? < FIXED {
            at = HEADER;
        }
        let length = place(bytes, at)?;
        let record = wrapped(bytes, at, length)?;
        if record.get(4..20) == Some(END) {
            return Some(records);
        }
        let number = oldest.wrapping_add(u32::try_from(records.len()).ok()?);
        if !is_record(&record) || dword(&record, 8)? != number {
            return None;
        }
        walked += length;
        at += length;
        if at >= bytes.len() {
            at = at - bytes.len() + HEADER;
        }
        records.push(record);
    }
    None
}

/// A record that may go on behind the header.
fn wrapped(bytes: &[u8], at: usize, length: usize) -> Option<Vec<u8>> {
    let end = at.checked_add(length)?;
    if end <= bytes.len() {
        return bytes.get(at..end).map(<[u8]>::to_vec);
    }
    let rest = end - bytes.len();
    Some([bytes.get(at..)?, bytes.get(HEADER..HEADER.checked_add(rest)?)?].concat())
}

fn is_record(record: &[u8]) -> bool {
    let length = record.len();
    length >= FIXED
        && record.get(4..8) == Some(MARK)
        && place(record, 0) == Some(length)
        && length.checked_sub(4).and_then(|at| place(record, at)) == Some(length)
}

/// Every whole record that can be found, by number. What lies within a record is its content, whatever it looks like.
fn carved(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records: Vec<Vec<u8>> = Vec::new();
    let mut free = 0;
    for at in memchr::memmem::find_iter(bytes, MARK).filter_map(|at| at.checked_sub(4)) {
        let Some(length) = place(bytes, at).filter(|length| at >= free && ends(bytes, at, *length))
        else {
            continue;
        };
        if let Some(record) = wrapped(bytes, at, length).filter(|record| is_record(record)) {
            free = at.saturating_add(length);
            records.push(record);
        }
    }
    records.sort_by_key(|record| dword(record, 8));
    records
}

/// Whether the length stands at the end of a record as well; looked at before anything is copied.
fn ends(bytes: &[u8], at: usize, length: usize) -> bool {
    let byte = |back: usize| {
        let place = at.checked_add(length)?.checked_sub(back)?;
        let behind_header = || bytes.get(HEADER.checked_add(place.checked_sub(bytes.len())?)?);
        bytes.get(place).or_else(behind_header).copied()
    };
    let last = [byte(4), byte(3), byte(2), byte(1)];
    let told = u32::try_from(length).unwrap_or_default().to_le_bytes();
    length >= FIXED && last == told.map(Some)
}

fn event(record: &[u8], source: &Source) -> Option<Event> {
    let time = DateTime::from_timestamp(i64::from(dword(record, 12)?), 0)?;
    let number = u64::from(dword(record, 8)?);
    let id = dword(record, 20)?;
    let names = record.get(FIXED..record.len().checked_sub(4)?)?;
    let (provider, rest) = text(names)?;
    let (computer, _) = text(rest)?;
    let mut event = Event::text(&provider, Timestamp::Utc(time), source.record(number));
    event.origin.position = Position::Record(number);
    event.event_id = Some(id & 0xffff);
    event.qualifiers = u16::try_from(id >> 16).ok();
    event.level = Some(match word(record, 24)? {
        1 => 2,
        2 => 3,
        // Audits have none.
        8 | 16 => 0,
        _ => 4,
    });
    event.computer = Some(Arc::from(computer)).filter(|name: &Arc<str>| !name.is_empty());
    let mut strings = record.get(place(record, 36)?..).unwrap_or_default();
    for index in 1..=word(record, 26)? {
        let Some((value, rest)) = text(strings) else { break };
        event = event.with(&format!("param{index}"), value);
        strings = rest;
    }
    let (length, at) = (place(record, 48)?, place(record, 52)?);
    let binary = record.get(at..at.checked_add(length)?).unwrap_or_default();
    if !binary.is_empty() {
        let hex: String = binary.iter().map(|byte| format!("{byte:02X}")).collect();
        event = event.with("Binary", hex);
    }
    Some(event)
}

/// A text that ends with a zero, and what stands behind it.
fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> =
        pairs.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0).collect();
    (units.len() < pairs.len()).then_some(())?;
    let rest = bytes.get((units.len() + 1) * 2..)?;
    Some((String::from_utf16_lossy(&units), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u32, content: &[u8]) -> Vec<u8> {
        let length = FIXED + content.len() + 4;
        let length = u32::try_from(length).expect("a short record").to_le_bytes();
        let fields = [0; FIXED - 12];
        [&length, MARK, &number.to_le_bytes(), &fields[..], content, &length].concat()
    }

    #[test]
    fn what_lies_within_a_record_is_no_record() {
        let content = [record(2, b""), record(3, b"")].concat();
        let log = [vec![0; HEADER], record(1, &content), record(4, b"")].concat();
        let numbers: Vec<_> = carved(&log).iter().map(|record| dword(record, 8)).collect();
        assert_eq!(numbers, [Some(1), Some(4)]);
    }

    #[test]
    fn a_record_may_go_on_behind_the_header() {
        let one = record(7, b"0123");
        let (front, back) = one.split_at(40);
        let log = [&[0; HEADER][..], back, front].concat();
        assert_eq!(carved(&log), [one]);
    }
}
