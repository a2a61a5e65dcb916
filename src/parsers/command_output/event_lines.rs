//! Events as people copy them by hand, one a line, in whatever order their columns had:
//!
//! ```text
//! SRV01, System log (UTC)
//! Error   8/3/2026 9:00:20 AM   TerminalServices-RemoteConnectionManager   1053   The RD Session Host server …
//! 24/02/2026 8:03:50   Error   Schannel   36871   Error irrecuperable al crear una credencial …
//! [RDCB2]  Error  06:58:40  TerminalServices-SessionBroker/Operational  2056  The Remote Desktop Connection Broker …
//! Event ID: 1001, Source: BugCheck, Level: Error
//! ```
//!
//! A line counts when nothing but a computer, a level, a time, a log, a source that is known and a number stand before its
//! message, and a level or a time is among them: prose that mentions an event is none.

use std::collections::HashSet;
use std::sync::LazyLock;

use chrono::{TimeZone, Utc};

use super::transcript::Line;
use crate::event::Timestamp;
use crate::expression::{Expression, expression};
use crate::parsers::Sink;
use crate::parsers::dates::Order;
use crate::parsers::export::moment::{self, Votes};
use crate::parsers::export::{self, Row, full_name, source_at};
use crate::source::Source;

/// What stands before a message.
#[derive(Debug, Default)]
struct Head {
    computer: String,
    level: Option<u8>,
    date: String,
    clock: String,
    provider: String,
    channel: String,
    id: Option<u32>,
}

/// What the lines above say for those below.
#[derive(Debug, Default)]
struct Above {
    date: String,
    provider: String,
    channel: String,
}

/// Whether a text holds such a line.
pub(super) fn are_in(lines: &[Line]) -> bool {
    let mut above = Above::default();
    lines.iter().any(|line| {
        let found = found(&line.text, &above).is_some();
        above.learn(&line.text);
        found
    })
}

/// Hands over the events of such lines; the lines they were read from.
pub(super) fn read(lines: &[Line], source: &Source, sink: &mut dyn Sink) -> HashSet<u64> {
    let mut above = Above::default();
    let mut events = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if let Some((head, mut message)) = found(&line.text, &above) {
            let below = lines.get(index + 1..).unwrap_or_default();
            if message.is_empty() {
                let text = below.iter().map(|line| line.text.trim());
                message = text.take_while(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
            }
            events.push((line.number, head, message));
        } else {
            above.learn(&line.text);
        }
    }
    let mut votes = Votes::default();
    events.iter().for_each(|(_, head, _)| votes.take(&head.date));
    let order = votes.order();
    let is_utc = lines.iter().any(|line| says_utc(&line.text));
    let mut used = HashSet::new();
    for (number, head, message) in events {
        used.insert(number);
        let row = Row {
            time: Some(head.time(order, is_utc)),
            written: format!("{} {}", head.date, head.clock),
            provider: head.provider,
            event_id: head.id,
            level: head.level,
            channel: head.channel,
            computer: head.computer,
            message,
            ..Row::default()
        };
        sink.event(row.event(source.line(number)));
    }
    used
}

fn says_utc(line: &str) -> bool {
    line.split(|letter: char| !letter.is_alphanumeric()).any(|word| matches!(word, "UTC" | "GMT"))
}

impl Head {
    fn time(&self, order: Order, is_utc: bool) -> Timestamp {
        match moment::read(&format!("{} {}", self.date, self.clock), order).0 {
            Timestamp::Local(local) if is_utc => Timestamp::Utc(Utc.from_utc_datetime(&local)),
            other => other,
        }
    }
}

impl Above {
    fn learn(&mut self, line: &str) {
        if let Some(found) = DATE.find(line) {
            found.as_str().clone_into(&mut self.date);
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        for word in &words {
            if let Some((name, channel)) = log_name(word.trim_end_matches([',', ':', ')'])) {
                self.provider = name;
                self.channel = channel;
            }
        }
    }
}

/// `8/3/2026`, `24.02.2026`, `2026-09-14`.
static DATE: LazyLock<Expression> =
    LazyLock::new(|| expression(r"\b(?:\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[-/]\d{2}[-/]\d{2})\b"));

/// `9:00:20`, `06:58`, `18:40:02.5Z`.
static CLOCK: LazyLock<Expression> =
    LazyLock::new(|| expression(r"^\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?Z?$"));

/// `Event ID: 1001, Source: BugCheck, Level: Error`, in any order.
static LABELS: LazyLock<Expression> =
    LazyLock::new(|| expression(r"(?i)\b(event\s?id|source|level|date)\s*[:=]\s*([^,;|]+)"));

/// The head and the message of a line that holds an event.
fn found(line: &str, above: &Above) -> Option<(Head, String)> {
    labelled(line).or_else(|| in_columns(line, above))
}

fn labelled(line: &str) -> Option<(Head, String)> {
    let mut head = Head::default();
    for pair in LABELS.captures_iter(line) {
        let value = pair.get(2).map_or("", |value| value.as_str()).trim();
        match pair.get(1)?.as_str().to_ascii_lowercase().as_str() {
            "source" => value.clone_into(&mut head.provider),
            "level" => head.level = export::level(value),
            "date" => head.date = DATE.find(value)?.as_str().to_owned(),
            _ => head.id = value.parse().ok(),
        }
    }
    let known = source_at(&head.provider.split_whitespace().collect::<Vec<_>>()).is_some();
    (known && head.id.is_some()).then(|| (head, String::new()))
}

fn in_columns(line: &str, above: &Above) -> Option<(Head, String)> {
    let line = line.trim_start_matches(|letter: char| "-*•>| \t".contains(letter));
    let words: Vec<&str> = line
        .split(|letter: char| letter.is_whitespace() || letter == '|')
        .filter(|word| !word.is_empty())
        .collect();
    let mut head = Head::default();
    let mut rest = words.as_slice();
    while let [word, after @ ..] = rest {
        rest = match head.take(word, rest) {
            Some(taken) => rest.get(taken..).unwrap_or_default(),
            None => break,
        };
        if head.id.is_some() && !head.provider.is_empty() && after.is_empty() {
            break;
        }
    }
    if head.provider.is_empty() && head.id.is_some() && !above.provider.is_empty() {
        head.provider.clone_from(&above.provider);
        head.channel.clone_from(&above.channel);
    }
    let dated = head.level.is_some() || !head.clock.is_empty();
    if head.id.is_none() || head.provider.is_empty() || !dated || rest.is_empty() {
        return None;
    }
    if head.date.is_empty() {
        head.date.clone_from(&above.date);
    }
    Some((head, rest.join(" ")))
}

impl Head {
    /// Takes what a word begins; how many words that is, or nothing when the message begins.
    fn take(&mut self, word: &str, rest: &[&str]) -> Option<usize> {
        let bare = word.trim_end_matches([',', ';', ':']);
        if self.id.is_none() || self.provider.is_empty() {
            if let Some((words, name)) = source_at(rest).filter(|_| self.provider.is_empty()) {
                name.clone_into(&mut self.provider);
                return Some(words);
            }
            if let Some((name, channel)) = log_name(bare) {
                (self.provider, self.channel) = (name, channel);
                return Some(1);
            }
            if LOGS.iter().any(|log| log.eq_ignore_ascii_case(bare)) {
                bare.clone_into(&mut self.channel);
                return Some(1);
            }
            if self.id.is_none() && bare.parse::<u16>().is_ok_and(|id| id > 0) {
                self.id = bare.parse().ok();
                return Some(1);
            }
        }
        if let Some(computer) = word.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            computer.clone_into(&mut self.computer);
        } else if let Some(level) =
            export::level(bare).or(bare.eq_ignore_ascii_case("info").then_some(4))
        {
            self.level = Some(level);
        } else if DATE.find(bare).is_some_and(|date| date.as_str() == bare) {
            bare.clone_into(&mut self.date);
        } else if CLOCK.is_match(bare) {
            bare.trim_end_matches('Z').clone_into(&mut self.clock);
        } else if matches!(bare, "AM" | "PM") {
            self.clock = format!("{} {bare}", self.clock);
        } else if !matches!(bare, "UTC" | "GMT" | "(UTC)" | "ID" | "Event" | "-") {
            return None;
        }
        Some(1)
    }
}

const LOGS: [&str; 4] = ["System", "Application", "Security", "Setup"];

/// `TerminalServices-Gateway/Operational`: the source and its log in full.
fn log_name(word: &str) -> Option<(String, String)> {
    let (name, log) = word.rsplit_once('/')?;
    if !matches!(log, "Operational" | "Admin") {
        return None;
    }
    let provider = full_name(name).into_owned();
    source_at(&[provider.as_str()])?;
    let channel = format!("{provider}/{log}");
    Some((provider, channel))
}

#[cfg(test)]
mod tests {
    use super::super::CommandOutput;
    use crate::parsers::Parser;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn lines_as_people_copy_them() {
        let text = "SRV-CONTA - System (UTC), 2026-02-24\n\n\
            24/02/2026 8:04:30   Error         Schannel   36871   Error irrecuperable al crear una credencial de servidor de TLS. El estado de error interno es 10013.\n\
            Error   8/13/2026 9:00:20 PM   TerminalServices-RemoteConnectionManager   1053   The RD Session Host server uses an expired certificate.\n\
            [RDCB2]  Error  06:58:40  TerminalServices-SessionBroker/Operational  2056  Logon to the database failed.\n\
            Application Error 2/24/2026 8:31:00 AM 1000 Faulting application name: svchost.exe_TermService, faulting module name: termsrv.dll\n\
            Event ID: 1001, Source: BugCheck, Level: Error\nThe computer has rebooted from a bugcheck.\n";
        let found = parse(&CommandOutput, text);
        for event in [
            "2026-02-24T08:04:30Z, Schannel 36871",
            "Type=\"server\"",
            "2026-08-13T21:00:20Z, Microsoft-Windows-TerminalServices-RemoteConnectionManager 1053",
            "2026-02-24T06:58:40Z, Microsoft-Windows-TerminalServices-SessionBroker 2056",
            "2026-02-24T08:31:00Z, Application Error 1000",
            "BugCheck 1001",
        ] {
            assert!(found.contains(event), "{event} is not in\n{found}");
        }
    }

    #[test]
    fn a_source_named_above() {
        let text = "gate, TerminalServices-Gateway/Operational (UTC), 2026-09-29:\n\
            18:40:23  Error        304  The user \"X\\y\" could not connect.\n";
        let found = parse(&CommandOutput, text);
        let event = "2026-09-29T18:40:23Z, Microsoft-Windows-TerminalServices-Gateway 304";
        assert!(found.contains(event), "{found}");
    }

    #[test]
    fn prose_that_mentions_an_event_is_none() {
        for text in [
            "I see Schannel 36871 all the time and Remote Desktop fails.\n",
            "Error 36870 from Schannel? What is it?\n",
            "At 08:15 the service 7036 of Service Control Manager stopped.\n",
        ] {
            assert!(!CommandOutput.sniff(&source(text)), "{text}");
        }
    }
}
