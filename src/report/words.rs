//! Words that several outputs share: times, places, what an incident looks like; and log text made harmless.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::analysis::{Analysis, number_of};
use crate::cause::{CauseId, Stage};
use crate::diagnosis::{Diagnosis, Incident};
use crate::event::TimeQuality;
use crate::signatures::Cause;
use crate::timeline::{Entry, EntryId};

/// `cert-expired, cert-untrusted`.
pub(super) fn names(causes: &[CauseId]) -> String {
    causes.iter().map(|cause| cause.as_str()).collect::<Vec<_>>().join(", ")
}

/// How many connections failed.
pub(super) fn failures(count: u64) -> String {
    match count {
        0 => "a fault that stops every connection; no connection is in the logs".to_owned(),
        1 => "1 failed connection".to_owned(),
        _ => format!("{count} failed connections"),
    }
}

/// When an incident was, and of how many failures it is made.
pub(super) fn when(incident: &Incident, shown: fn(DateTime<Utc>) -> String) -> String {
    match (incident.first, incident.last) {
        (Some(first), Some(last)) if first == last => {
            format!("{}, {}", shown(first), failures(incident.attempts))
        }
        (Some(first), Some(last)) => {
            format!("{} to {}, {}", shown(first), shown(last), failures(incident.attempts))
        }
        _ => "not told".to_owned(),
    }
}

pub(super) fn client(analysis: &Analysis<'_>, incident: &Incident) -> String {
    let name = analysis.host_name(incident.client.as_ref()).map(visible);
    let peers: Vec<_> = incident.peers.iter().take(5).map(|peer| visible(peer)).collect();
    match (name, peers.is_empty()) {
        (Some(name), true) => name,
        (Some(name), false) => format!("{name} ({})", peers.join(", ")),
        (None, false) => peers.join(", "),
        (None, true) => "not told".to_owned(),
    }
}

/// The stages in their order: those passed, where it can have died, and what was never reached.
pub(super) fn trail(incident: &Incident) -> String {
    if incident.stages.is_empty() {
        return "not told by anything collected".to_owned();
    }
    let died = |stage: &Stage| incident.stages.contains(stage);
    let first = incident.stages.iter().min().copied().unwrap_or(Stage::Name);
    let passed: Vec<_> =
        Stage::ALL.iter().filter(|stage| **stage < first).map(|stage| stage.as_str()).collect();
    let at: Vec<_> =
        Stage::ALL.iter().filter(|stage| died(stage)).map(|stage| stage.as_str()).collect();
    let at = match at.as_slice() {
        [first, _, _, _, _, ..] => format!("{first} or later"),
        few => few.join(" or "),
    };
    let passed =
        if passed.is_empty() { String::new() } else { format!("{} passed; ", passed.join(", ")) };
    format!("{passed}broke off at {at}")
}

pub(super) fn percent(probability: f64) -> String {
    if probability >= 0.01 {
        format!("{:.0} %", probability * 100.0)
    } else {
        "below 1 %".to_owned()
    }
}

pub(super) fn known<'a>(analysis: &'a Analysis<'_>, id: CauseId) -> Option<&'a Cause> {
    analysis.db.causes().get(&id)
}

/// What is said of an incident whose cause is not told.
pub(super) const UNTOLD: &str =
    "What is there fits several causes, or is noise that healthy machines write as well.";

/// What to begin with, under its label: the step of least risk, or what to collect first.
pub(super) fn to_begin_with(
    analysis: &Analysis<'_>,
    diagnosis: &Diagnosis,
) -> Option<(&'static str, String)> {
    let Some(first) = diagnosis.verdict.first() else {
        let wanted = diagnosis.missing.first()?;
        return Some(("collect first", format!("{}: {}", wanted.collect, wanted.why)));
    };
    let step = known(analysis, first.cause)?.remediation.first()?;
    Some(("do first", format!("{} (risk {})", step.step.trim(), step.risk.as_str())))
}

/// The change that led to it, in short.
pub(super) fn changed_in_short(analysis: &Analysis<'_>, diagnosis: &Diagnosis) -> Option<String> {
    let change = &diagnosis.trigger.as_ref()?.change;
    let text = glance(&analysis.timeline.get(change.entry)?.summary);
    Some(match change.time {
        Some(time) => format!("{text} ({})", time.date_naive()),
        None => text,
    })
}

/// As much of a log's text as a glance takes in: a script may be pages long, and its record has all of it.
pub(super) fn glance(text: &str) -> String {
    const LETTERS: usize = 160;
    let text = visible(text);
    // What is hardly longer is not cut for a word.
    match text.char_indices().nth(LETTERS).filter(|_| text.chars().nth(LETTERS + 20).is_some()) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or(&text).trim_end()),
        None => text,
    }
}

/// The mechanism's first two sentences: the page is read on the phone.
pub(super) fn first_sentences(text: &str) -> &str {
    let ends = text.match_indices(". ").nth(1).map(|(at, _)| at + 1);
    ends.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Where a line comes from: time, host, event, file and record.
pub(super) fn place(analysis: &Analysis<'_>, id: EntryId, entry: &Entry) -> String {
    let time =
        entry.time.map_or_else(|| "undated".to_owned(), |time| shown_time(time, entry.quality));
    let event = match entry.event_id {
        Some(event) => format!("{} {event}", short(&entry.provider)),
        None => short(&entry.provider).to_owned(),
    };
    let times = if entry.count > 1 { format!(" × {}", entry.count) } else { String::new() };
    let at = number_of(entry.origin.position)
        .map(|_| format!(" {}", entry.origin.position))
        .unwrap_or_default();
    let host =
        if entry.host.is_empty() { String::new() } else { format!("  {}", visible(&entry.host)) };
    format!(
        "#{} {time}{host}  {}{times}  {}{at}",
        id.0 + 1,
        visible(&event),
        visible(analysis.path(entry.origin.source))
    )
}

/// Milliseconds are enough on a page; the JSON has all digits.
pub(super) fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Seconds are enough to say when people had trouble.
pub(super) fn to_second(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

pub(super) fn shown_time(time: DateTime<Utc>, quality: TimeQuality) -> String {
    match quality {
        TimeQuality::Exact | TimeQuality::Resolved => shown(time),
        TimeQuality::Assumed => format!("{} (zone not known)", shown(time)),
        TimeQuality::Day | TimeQuality::Undated => time.date_naive().to_string(),
    }
}

/// A time for a page that says of itself that its times are UTC.
pub(super) fn legible(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// The same to the second.
pub(super) fn legible_second(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn legible_time(time: DateTime<Utc>, quality: TimeQuality) -> String {
    match quality {
        TimeQuality::Exact | TimeQuality::Resolved => legible(time),
        TimeQuality::Assumed => format!("{} (zone not known)", legible(time)),
        TimeQuality::Day | TimeQuality::Undated => time.date_naive().to_string(),
    }
}

pub(super) fn short(provider: &str) -> &str {
    provider.strip_prefix("Microsoft-Windows-").unwrap_or(provider)
}

/// Whether a letter is obeyed or hidden by what shows it: controls, marks of direction and of no width.
pub(super) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Text from a log, made harmless: control characters, escape sequences and direction marks are shown as codes.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, from)) = rest.bytes().position(begins_hidden).map(|at| rest.split_at(at))
    {
        out.push_str(plain);
        let mut letters = from.chars();
        match letters.next() {
            Some('\r' | '\n' | '\t') => out.push(' '),
            Some(letter) if is_hidden(letter) => {
                let _ = write!(out, "<{:02X}>", letter as u32);
            }
            letter => out.extend(letter),
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    out
}

/// Whether a byte is the first of a letter that [`visible`] may show as a code: controls, C1 controls, marks of direction
/// and width. No byte within a letter is.
fn begins_hidden(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, 0x7f | 0xc2 | 0xe2 | 0xef)
}

/// Text from a log for a cell of a table: as it is when it is harmless, else as [`visible`] shows it; and never longer
/// than a cell can be.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let end = (text.len() > CELL).then(|| text.char_indices().nth(CELL)).flatten();
    let text = match end {
        Some((end, _)) => {
            let more = text.len() - end;
            let start = text.get(..end).unwrap_or_default();
            Cow::Owned(format!("{start}… ({more} more bytes)"))
        }
        None => Cow::Borrowed(text),
    };
    // All bytes are looked at, many at once: that is faster than to stop at the first, for most cells have none.
    let is_plain = |byte: u8| byte.wrapping_sub(b' ') <= b'~' - b' ';
    if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return text;
    }
    if !text.bytes().any(begins_hidden) {
        return text;
    }
    let mut shown = visible(&text);
    // Codes are longer than the letters they stand for.
    if let Some((end, _)) = shown.char_indices().nth(CELL + 40).filter(|_| shown.len() > CELL) {
        shown.truncate(end);
        shown.push('…');
    }
    Cow::Owned(shown)
}

/// Letters of a cell; Excel's own limit is 32,767.
const CELL: usize = 30_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_direction_marks_of_a_log_are_shown_and_not_obeyed() {
        assert_eq!(visible("a\u{1b}[2Jb\u{202e}c\r\nd"), "a<1B>[2Jb<202E>c  d");
    }

    #[test]
    fn every_letter_is_shown_as_it_is_or_as_its_code() {
        for letter in (0..=0x10_ffff).filter_map(char::from_u32) {
            let shown = match letter {
                '\r' | '\n' | '\t' => " ".to_owned(),
                _ if is_hidden(letter) => format!("<{:02X}>", letter as u32),
                _ => letter.to_string(),
            };
            assert_eq!(visible(&format!("é{letter}x")), format!("é{shown}x"));
        }
    }
}
