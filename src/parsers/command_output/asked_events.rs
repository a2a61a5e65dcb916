//! Events that `Get-WinEvent … | fl TimeCreated, Id, Message` printed without their source: the command says which log was
//! asked, and with most logs the log says who writes it.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::records::Record;
use super::transcript::{Line, Part};
use crate::expression::{Expression, expression};
use crate::parsers::Sink;
use crate::parsers::export::moment::Votes;
use crate::parsers::export::{self, Row, columns, writer_of};
use crate::source::Source;

/// Where the events of a command come from.
struct Asked {
    provider: String,
    channel: String,
}

/// Whether a part holds such events.
pub(super) fn are_in(part: &Part<'_>) -> bool {
    asked(part).is_some() && part.records().iter().any(is_event)
}

/// Hands over the events of a part; the lines they were read from.
pub(super) fn read(part: &Part<'_>, source: &Source, sink: &mut dyn Sink) -> HashSet<u64> {
    let mut used = HashSet::new();
    let Some(asked) = asked(part) else { return used };
    let events = || part.records().iter().filter(|record| is_event(record));
    let mut votes = Votes::default();
    events().for_each(|record| votes.take(record.first(&TIMES)));
    let clock = columns::Clock::Local(votes.order());
    for record in events() {
        let (first, last) = record.lines;
        let (below, message) = message(part, record);
        let row = Row {
            time: Some(columns::read(record.first(&TIMES), clock).0),
            written: record.first(&TIMES).to_owned(),
            provider: asked.provider.clone(),
            event_id: record.first(&IDS).parse::<u32>().ok().map(|id| id & 0xffff),
            level: export::level(record.first(&["LevelDisplayName", "EntryType"])),
            channel: asked.channel.clone(),
            message,
            ..Row::default()
        };
        used.extend(first..=last + below);
        sink.event(row.event(source.line(first)));
    }
    used
}

const TIMES: [&str; 2] = ["TimeCreated", "TimeGenerated"];
const IDS: [&str; 3] = ["Id", "EventID", "InstanceId"];

/// An event that names its source has readers of its own.
fn is_event(record: &Record) -> bool {
    let named = ["ProviderName", "Source"];
    record.first(&named).is_empty()
        && !record.first(&TIMES).is_empty()
        && record.first(&IDS).parse::<u32>().is_ok()
}

/// The message with the lines on which it goes on, indented; and how many those are.
fn message(part: &Part<'_>, record: &Record) -> (u64, String) {
    let mut text = record.get("Message").to_owned();
    let after = part.lines.iter().skip_while(|line| line.number <= record.lines.1);
    let goes_on = |line: &&Line| line.text.starts_with("    ") && !line.text.trim().is_empty();
    let mut below = 0;
    for line in after.take_while(goes_on) {
        text.push(' ');
        text.push_str(line.text.trim());
        below += 1;
    }
    (below, text)
}

/// What a command asks for: `-LogName X`, `-ProviderName Y`, or the same in a hash table.
fn asked(part: &Part<'_>) -> Option<Asked> {
    static LOG: LazyLock<Expression> = LazyLock::new(|| of("(?:LogName|Log)"));
    static PROVIDER: LazyLock<Expression> = LazyLock::new(|| of("(?:ProviderName|Source)"));
    if !part.runs(&["get-winevent", "get-eventlog"]) {
        return None;
    }
    let value = |pattern: &Expression| {
        let found = pattern.captures(part.command?)?;
        let value = (1..=3).find_map(|group| found.get(group))?;
        Some(value.as_str().to_owned())
    };
    let channel = value(&LOG).unwrap_or_default();
    let provider = value(&PROVIDER).or_else(|| writer_of(&channel).map(str::to_owned))?;
    Some(Asked { provider, channel })
}

/// `-Name value` and `Name = value`, with quotation marks or without.
fn of(name: &str) -> Expression {
    let pattern =
        format!(r#"(?i)(?:-{name}\s+|\b{name}\s*=\s*)(?:'([^']+)'|"([^"]+)"|([\w./-]+))"#);
    expression(&pattern)
}

#[cfg(test)]
mod tests {
    use super::super::CommandOutput;
    use crate::parsers::Parser;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn a_log_that_one_source_writes_names_it() {
        let text = "PS C:\\> Get-WinEvent -LogName 'Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin' -MaxEvents 2 | fl TimeCreated,Id,Message\n\n\
            TimeCreated : 5/28/2026 10:11:40 PM\nId          : 1006\n\
            Message     : The RD Session Host server received large number of incomplete connections.  The\n                system may be under attack.\n\n\
            TimeCreated : 5/28/2026 10:10:40 PM\nId          : 1006\nMessage     : The same.\n\n";
        let found = parse(&CommandOutput, text);
        let event = "line 3: 2026-05-28 22:11:40 local, Microsoft-Windows-TerminalServices-RemoteConnectionManager 1006";
        assert!(found.contains(event), "{found}");
        assert_eq!(found.matches(" 1006").count(), 2, "{found}");
    }

    #[test]
    fn a_hash_table_names_the_source() {
        let text = "PS C:\\> Get-WinEvent -FilterHashtable @{LogName='System';ProviderName='Schannel'} | fl TimeCreated,Id,Message\n\n\
            TimeCreated : 18.11.2026 08:14:02\nId          : 36870\nMessage     : A fatal error occurred.\n\n";
        assert!(parse(&CommandOutput, text).contains("Schannel 36870"));
    }

    #[test]
    fn a_log_of_many_writers_names_none() {
        let text = "PS C:\\> Get-WinEvent -LogName System -MaxEvents 1 | fl TimeCreated,Id,Message\n\n\
            TimeCreated : 18.11.2026 08:14:02\nId          : 7036\nMessage     : A service stopped.\n\n";
        assert!(!CommandOutput.sniff(&source(text)));
    }
}
