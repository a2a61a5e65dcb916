//! Events as lists of labelled lines: what Event Viewer copies ("Copy, Details as text"), and `Get-WinEvent | Format-List`.
//!
//! ```text
//! Log Name:      System                          TimeCreated  : 11/18/2026 2:41:53 PM
//! Source:        Schannel                        ProviderName : Schannel
//! Date:          11/18/2026 2:41:53 PM           Id           : 36870
//! Event ID:      36870                           Message      : A fatal error occurred when …
//! …                                                             goes on, indented
//! Description:
//! A fatal error occurred when …
//! Event Xml:
//! <Event …>
//! ```
//!
//! Times are local, in the format of the user. The labels of Event Viewer are translated, their order is not; the XML
//! below it tells the same event with UTC and every value, and is taken instead. The names of PowerShell are not
//! translated.

use chrono::{NaiveDateTime, TimeDelta};

use super::coverage::Coverage;
use super::dates::Order;
use super::export::columns::{self, Clock, Columns};
use super::export::moment::{self, Votes};
use super::export::{self, Exported, Row};
use super::{Parser, Sink, damage, event_xml};
use crate::bundle::limits;
use crate::event::Timestamp;
use crate::notice::Notice;
use crate::source::Source;

/// Events as lists of labelled lines.
pub struct EventList;

impl Parser for EventList {
    fn format(&self) -> &'static str {
        "event-list"
    }

    fn sniff(&self, source: &Source) -> bool {
        shape(source).is_some()
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(shape) = shape(source) else { return };
        let mut votes = Votes::default();
        // What is wrong with the lines is told once, by the second pass.
        blocks(source, shape, &mut Nothing, &mut |block| votes.take(block.date(shape)));
        let order = votes.order();
        let (mut exported, mut coverage) = (Exported::default(), Coverage::default());
        let (mut doubtful, mut torn) = (0_u64, 0_u64);
        let mut found = Vec::new();
        blocks(source, shape, sink, &mut |block| found.push(block));
        let pairs: Vec<_> = found.iter().filter_map(|block| block.pair(order)).collect();
        for block in found {
            let at = source.line(block.line);
            if !block.xml.is_empty() && event_xml::feed(&block.xml, at, &mut coverage, sink) {
                continue;
            }
            match block.row(shape, order) {
                Some((mut row, doubt)) => {
                    row.time = row.time.map(|time| told(time, &pairs));
                    doubtful += u64::from(doubt);
                    exported.put(row, at, sink);
                }
                None => torn += 1,
            }
        }
        coverage.finish(sink);
        exported.finish(sink);
        if torn > 0 {
            sink.notice(
                Notice::new(source.id, "", "events are cut off").losing(format!("{torn} events")),
            );
        }
        if doubtful > 0 {
            let what = format!(
                "{doubtful} dates may have day and month the other way round: {}",
                order.consequence()
            );
            sink.notice(Notice::new(source.id, "", what));
        }
    }
}

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Labels at the margin, the message below the last.
    Copied,
    /// `Name : value`, a block an event.
    Properties,
}

/// A file of nothing but events begins with one; a ticket that quotes one does not.
fn shape(source: &Source) -> Option<Shape> {
    if source.bytes > limits::TICKET_BYTES {
        return None;
    }
    let text = source.text_head();
    let mut lines = text.lines().skip_while(|line| line.trim().is_empty());
    let head: Vec<&str> = lines.by_ref().take(FIRST).collect();
    let values: Option<Vec<&str>> = head.iter().map(|line| label(line)).collect();
    if values.is_some_and(|values| begins_event(&values)) {
        return Some(Shape::Copied);
    }
    let names: Vec<String> = text
        .lines()
        .skip_while(|line| line.trim().is_empty())
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| property(line).map(|(name, _)| name.to_owned()))
        .collect();
    (names.len() > 3 && columns::fits(&names)).then_some(Shape::Properties)
}

/// The value of `Label:   value` at the margin.
fn label(line: &str) -> Option<&str> {
    let (label, value) = line.trim_start_matches('\u{feff}').split_once(':')?;
    (!label.starts_with(' ') && !label.is_empty() && label.chars().count() < 30)
        .then(|| value.trim())
}

/// Log, source, date, number, …, computer.
fn begins_event(values: &[&str]) -> bool {
    matches!(values, [log, source, date, id, ..] if !log.is_empty() && !source.is_empty()
        && moment::is_moment(date) && id.parse::<u16>().is_ok())
}

/// `Name : value` of PowerShell.
fn property(line: &str) -> Option<(&str, &str)> {
    let (name, value) =
        line.trim_start_matches('\u{feff}').split_once(" :").or_else(|| line.split_once(':'))?;
    let name = name.trim_end();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| (name, value.trim()))
}

#[derive(Debug, Default)]
struct Block {
    line: u64,
    names: Vec<String>,
    values: Vec<String>,
    message: String,
    xml: String,
    computer: Option<String>,
}

/// Lines above the message of a copied event, at most: who pastes one into a ticket leaves out what seems idle.
const HEAD: usize = 9;

/// Log, source, date and number come first.
const FIRST: usize = 4;

/// How many lines stand above the message: labels, up to the one whose value is the message.
fn head_of(lines: &[(u64, String)]) -> usize {
    let text = |index: usize| lines.get(index).map_or("", |(_, line)| line.as_str());
    let is_head = |index: &usize| {
        let names_message = text(*index).starts_with("Description:");
        let opens_message = label(text(*index)) == Some("") && label(text(*index + 1)).is_none();
        label(text(*index)).is_some() && !names_message && !(*index >= FIRST && opens_message)
    };
    (0..HEAD.min(lines.len())).take_while(is_head).count()
}

impl Block {
    fn date(&self, shape: Shape) -> &str {
        let index = match shape {
            Shape::Copied => Some(2),
            Shape::Properties => {
                self.names.iter().position(|name| name == "TimeCreated" || name == "TimeGenerated")
            }
        };
        index.and_then(|index| self.values.get(index)).map_or("", String::as_str)
    }

    /// Local time and instant of an event that tells both.
    fn pair(&self, order: Order) -> Option<(NaiveDateTime, TimeDelta)> {
        let instant = self.xml.split_once("SystemTime=")?.1.get(1..)?.split(['"', '\'']).next()?;
        let Timestamp::Utc(instant) = event_xml::time(instant) else { return None };
        let Timestamp::Local(local) = moment::read(self.date(Shape::Copied), order).0 else {
            return None;
        };
        // Offsets are quarters of an hour; the text has whole seconds.
        let quarters = ((local - instant.naive_utc()).num_seconds() + 450).div_euclid(900);
        Some((local, TimeDelta::minutes(quarters * 15)))
    }

    fn row(mut self, shape: Shape, order: Order) -> Option<(Row, bool)> {
        if shape == Shape::Properties {
            let columns = Columns { names: &self.names, values: &self.values };
            return columns.row(Clock::Local(order));
        }
        let written = self.date(shape).to_owned();
        let (time, doubtful) = moment::read(&written, order);
        let computer = self.computer.take().or_else(|| self.values.get(HEAD - 1).cloned());
        let computer = computer.unwrap_or_default();
        self.values.resize(self.values.len().max(HEAD), String::new());
        let [channel, provider, _, id, _, level, ..] = self.values.as_mut_slice() else {
            return None;
        };
        let row = Row {
            time: Some(time),
            written,
            event_id: Some(id.parse::<u32>().ok()? & 0xffff),
            level: export::level(level),
            provider: std::mem::take(provider),
            channel: std::mem::take(channel),
            computer,
            message: self.message.trim().to_owned(),
            ..Row::default()
        };
        Some((row, doubtful))
    }
}

/// Hands over each block of a source.
fn blocks(source: &Source, shape: Shape, sink: &mut dyn Sink, take: &mut dyn FnMut(Block)) {
    let Some(mut lines) = damage::lines(source, sink) else { return };
    match shape {
        Shape::Copied => copied(&mut lines, take),
        Shape::Properties => properties(&mut lines, take),
    }
    damage::report(&lines, source, sink);
}

fn copied(lines: &mut dyn Iterator<Item = (u64, String)>, take: &mut dyn FnMut(Block)) {
    let lines: Vec<_> = lines.collect();
    let starts = |index: usize| {
        let head: Option<Vec<_>> =
            lines.iter().skip(index).take(FIRST).map(|(_, line)| label(line)).collect();
        head.is_some_and(|head| begins_event(&head))
    };
    let begins: Vec<usize> = (0..lines.len()).filter(|index| starts(*index)).collect();
    for (number, begin) in begins.iter().enumerate() {
        let end = begins.get(number + 1).copied().unwrap_or(lines.len());
        let Some(part) = lines.get(*begin..end) else { continue };
        let mut block =
            Block { line: part.first().map_or(0, |(line, _)| *line), ..Block::default() };
        let head = head_of(part);
        block.values =
            part.iter().take(head).filter_map(|(_, line)| label(line)).map(str::to_owned).collect();
        let named = part.iter().take(head).find_map(|(_, line)| line.strip_prefix("Computer:"));
        block.computer = named.map(|name| name.trim().to_owned());
        // `Description:` itself, which may have the message behind it.
        let first = part.get(head).and_then(|(_, line)| label(line)).unwrap_or_default();
        block.message.push_str(first);
        for (_, line) in part.iter().skip(head + 1) {
            let into = if block.xml.is_empty() && !line.trim_start().starts_with("<Event") {
                &mut block.message
            } else {
                &mut block.xml
            };
            into.push('\n');
            into.push_str(line);
        }
        block.xml = block.xml.trim().to_owned();
        take(block);
    }
}

fn properties(lines: &mut dyn Iterator<Item = (u64, String)>, take: &mut dyn FnMut(Block)) {
    let mut block = Block::default();
    for (number, line) in lines {
        match property(&line).filter(|_| !line.starts_with(' ')) {
            Some((name, value)) => {
                // Properties come in the same order each time; a message may hold blank lines.
                if block.names.iter().any(|known| known == name) {
                    take(std::mem::take(&mut block));
                }
                if block.names.is_empty() {
                    block.line = number;
                }
                block.names.push(name.to_owned());
                block.values.push(value.to_owned());
            }
            None => {
                if let Some(value) =
                    block.values.last_mut().filter(|value| value.len() < limits::EVENT_XML_BYTES)
                {
                    value.push('\n');
                    value.push_str(line.trim());
                }
            }
        }
    }
    if !block.names.is_empty() {
        take(block);
    }
}

/// The instant of a local time, when an event of the same days tells how far the two are apart.
fn told(time: Timestamp, pairs: &[(NaiveDateTime, TimeDelta)]) -> Timestamp {
    let Timestamp::Local(local) = time else { return time };
    let nearest = pairs.iter().min_by_key(|(at, _)| (*at - local).abs());
    match nearest.filter(|(at, _)| (*at - local).abs() < TimeDelta::days(7)) {
        Some((_, offset)) => Timestamp::Utc((local - *offset).and_utc()),
        None => time,
    }
}

/// Takes nothing down.
struct Nothing;

impl Sink for Nothing {
    fn interest(&self) -> &super::Interest {
        static NONE: std::sync::LazyLock<super::Interest> =
            std::sync::LazyLock::new(super::Interest::default);
        &NONE
    }
    fn event(&mut self, _: crate::event::Event) {}
    fn coverage(&mut self, _: super::CoverageSpan) {}
    fn notice(&mut self, _: Notice) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn copied_events_with_idle_lines_left_out() {
        let text = "Log Name:      System\nSource:        Schannel\nDate:          5/12/2026 8:41:20 AM\n\
            Event ID:      36870\nLevel:         Error\nComputer:      SRV01.example.com\nDescription:\n\
            A fatal error occurred when attempting to access the TLS server credential private key. The error code returned \
            from the cryptographic module is 0x8009030D. The internal error state is 10001.\n";
        let found = parse(&EventList, text);
        for part in ["Schannel 36870", "on SRV01.example.com", "0x8009030D"] {
            assert!(found.contains(part), "no `{part}` in {found}");
        }
    }

    #[test]
    fn copied_events_with_and_without_their_xml() {
        let german = "Protokollname: System\r\nQuelle:        Schannel\r\nDatum:         18.11.2026 14:41:53\r\nEreignis-ID:   36870\r\n\
            Aufgabenkategorie:Keine\r\nEbene:         Fehler\r\nSchlüsselwörter:\r\nBenutzer:      SYSTEM\r\nComputer:      SRV01.example.com\r\n\
            Beschreibung:\r\nFehlercode: 0x8009030d. Interner Fehlerstatus: 10001.\r\n";
        let xml = "Ereignis-XML:\r\n<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\r\n  <System>\r\n    <Provider Name=\"Schannel\" />\r\n    \
            <EventID>36870</EventID>\r\n    <TimeCreated SystemTime=\"2026-11-18T13:41:53.123Z\" />\r\n    <EventRecordID>7</EventRecordID>\r\n    <Channel>System</Channel>\r\n    \
            <Computer>SRV01.example.com</Computer>\r\n  </System>\r\n  <EventData>\r\n    <Data Name=\"Type\">server</Data>\r\n  </EventData>\r\n</Event>\r\n\r\n";
        insta::assert_snapshot!(parse(&EventList, [german, xml, german].concat()), @r#"
        record 7: 2026-11-18T13:41:53.123Z, Schannel 36870 in System on SRV01.example.com Type="server"
        line 27: 2026-11-18T13:41:53Z, Schannel 36870 level 2 in System on SRV01.example.com ErrorCode="0x8009030d" ErrorState="10001"
        coverage: System of SRV01.example.com, 1 records 7..7, 2026-11-18T13:41:53.123Z..2026-11-18T13:41:53.123Z
        coverage:  of SRV01.example.com, 1 records 0..0, 2026-11-18T13:41:53Z..2026-11-18T13:41:53Z
        "#);
    }

    #[test]
    fn format_list() {
        let block = "TimeCreated  : 11/18/2026 2:41:53 PM\r\nProviderName : Schannel\r\nId           : 36888\r\nMachineName  : SRV01\r\n\
            Message      : A fatal alert was generated and sent to the remote endpoint.\r\n               The TLS protocol defined fatal error code is 40.\r\n\r\n               The error state is 1205.\r\n\r\n";
        insta::assert_snapshot!(parse(&EventList, ["\r\n\r\n", block, block].concat()), @r#"
        line 3: 2026-11-18 14:41:53 local, Schannel 36888 on SRV01 AlertDesc="40" ErrorState="1205"
        line 12: 2026-11-18 14:41:53 local, Schannel 36888 on SRV01 AlertDesc="40" ErrorState="1205"
        coverage:  of SRV01, 2 records 0..0, 2026-11-18T14:41:53Z..2026-11-18T14:41:53Z
        "#);
    }

    #[test]
    fn other_lists_are_not_taken() {
        for text in [
            "Hello,\r\nLog Name: System\r\nSource: Schannel\r\nDate: 11/18/2026 2:41:53 PM\r\nEvent ID: 36870\r\n",
            "Name : Spooler\r\nStatus : Running\r\nStartType : Automatic\r\nId : 1\r\n",
            "From: a@example.com\r\nTo: b@example.com\r\nDate: 11/18/2026 2:41:53 PM\r\nSubject: 36870 x\r\n",
        ] {
            assert!(!EventList.sniff(&source(text)), "{text}");
        }
    }
}
