//! `wevtutil qe LOG /f:text`: a block an event.
//!
//! ```text
//! Event[0]:
//!   Log Name: System
//!   Source: Schannel
//!   Date: 2026-11-18T14:41:53.1230000Z
//!   Event ID: 36870
//!   …
//!   Computer: SRV01.example.com
//!   Description:
//! A fatal error occurred when …
//! ```
//!
//! **The `Z` is false: the date is local time.** In a real export all 38 starts of the system stand exactly the machine's
//! offset away from the instant in their own message; those starts therefore tell the offset of the file. Labels are
//! translated, their order is not. The number in brackets is no record number.

use super::export::{self, Exported, Row, moment};
use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::Timestamp;
use crate::notice::Notice;
use crate::source::Source;

/// The text output of `wevtutil`.
pub struct WevtutilText;

/// The lines of a block above its message, the last of which is `Description:`.
const LINES: usize = 12;

impl Parser for WevtutilText {
    fn format(&self) -> &'static str {
        "wevtutil-text"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let mut lines = text.lines().skip_while(|line| !is_start(line));
        lines.next().is_some() && lines.take(4).filter(|line| value(line).is_some()).count() == 4
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::raw_lines(source, sink) else { return };
        let mut exported = Exported::default();
        let mut block: Option<Block> = None;
        let mut torn = 0_u64;
        loop {
            let line = lines.next().map(|line| (line.number, line.text()));
            let Some((number, text)) = line else { break };
            if is_start(&text) {
                torn += put(block.take(), source, &mut exported, sink);
                block = Some(Block { line: number, ..Block::default() });
            } else if let Some(block) = &mut block {
                block.take(&text);
            } else {
                // The tail of an event whose head is gone.
                torn += u64::from(torn == 0 && !text.trim().is_empty());
            }
        }
        torn += put(block, source, &mut exported, sink);
        exported.finish(sink);
        if torn > 0 {
            sink.notice(
                Notice::new(source.id, "", "events are cut off").losing(format!("{torn} events")),
            );
        }
        damage::report_raw(&lines, source, sink);
    }
}

/// `Event[17]:`; newer builds leave out the colon.
fn is_start(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    let number = line.strip_prefix("Event[").map(|rest| rest.trim_end_matches(':'));
    number
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|number| number.parse::<u64>().is_ok())
}

/// The value of a header line.
fn value(line: &str) -> Option<&str> {
    let line = line.strip_prefix("  ")?;
    let (label, value) = line.split_once(':')?;
    (!label.is_empty() && !label.starts_with(' ')).then(|| value.trim())
}

#[derive(Debug, Default)]
struct Block {
    line: u64,
    header: Vec<String>,
    message: String,
}

impl Block {
    fn take(&mut self, line: &str) {
        if self.header.len() < LINES {
            if let Some(value) = value(line) {
                if self.header.len() + 1 == LINES {
                    value.clone_into(&mut self.message);
                }
                self.header.push(value.to_owned());
            }
        } else if self.message.len() < limits::EVENT_XML_BYTES {
            if !self.message.is_empty() {
                self.message.push('\n');
            }
            self.message.push_str(line);
        }
    }

    fn row(self) -> Option<Row> {
        let [
            channel,
            provider,
            date,
            id,
            _task,
            level,
            _opcode,
            _keyword,
            user,
            _name,
            computer,
            ..,
        ] = self.header.as_slice()
        else {
            return None;
        };
        let id = id.parse::<u32>().ok()?;
        let date = date.trim_end_matches(['Z', 'z']);
        Some(Row {
            time: Some(moment::iso(date).map_or(Timestamp::Undated, Timestamp::Local)),
            provider: provider.clone(),
            event_id: Some(id & 0xffff),
            level: export::level(level),
            channel: channel.clone(),
            computer: computer.clone(),
            user_id: if user.starts_with("S-1-") { user.clone() } else { String::new() },
            message: self.message.trim_end().to_owned(),
            ..Row::default()
        })
    }
}

/// Hands a block over; how many events were lost by it.
fn put(block: Option<Block>, source: &Source, exported: &mut Exported, sink: &mut dyn Sink) -> u64 {
    let Some(block) = block else { return 0 };
    let at = source.line(block.line);
    match block.row() {
        Some(row) => exported.put(row, at, sink),
        None => return 1,
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    fn block(number: u32, labels: [&str; 4], date: &str, id: u32, message: &str) -> String {
        let [log, origin, when, event] = labels;
        format!(
            "Event[{number}]:\r\n  {log}: System\r\n  {origin}: Schannel\r\n  {when}: {date}\r\n  {event}: {id}\r\n  Task: N/A\r\n  Level: Error\r\n  \
             Opcode: Info\r\n  Keyword: N/A\r\n  User: S-1-5-18\r\n  User Name: NT AUTHORITY\\SYSTEM\r\n  Computer: SRV01.example.com\r\n  \
             Description: \r\n{message}\r\n\r\n"
        )
    }

    const ENGLISH: [&str; 4] = ["Log Name", "Source", "Date", "Event ID"];

    #[test]
    fn the_z_of_a_date_is_not_believed() {
        let message = "A fatal error occurred when attempting to access the TLS server credential private key.\r\nThe error code is 0x8009030d. State: 10001.";
        insta::assert_snapshot!(parse(&WevtutilText, block(0, ENGLISH, "2026-11-18T14:41:53.1230000Z", 36870, message)), @r#"
        line 1: 2026-11-18 14:41:53.123 local, Schannel 36870 level 2 in System on SRV01.example.com sid S-1-5-18 Type="server" ErrorCode="0x8009030d" ErrorState="10001"
        coverage:  of SRV01.example.com, 1 records 0..0, 2026-11-18T14:41:53.123Z..2026-11-18T14:41:53.123Z
        "#);
    }

    #[test]
    fn translated_labels_and_torn_ends() {
        let german = ["Protokollname", "Quelle", "Datum", "Ereignis-ID"];
        let whole = block(
            1,
            german,
            "2026-11-18T14:41:53.123",
            36888,
            "Fehlercode 40. Status 1205.\r\nLog: no label",
        );
        let text = format!("tail of an event\r\n\r\n{whole}{}", whole.split_at(60).0);
        insta::assert_snapshot!(parse(&WevtutilText, text), @r#"
        line 3: 2026-11-18 14:41:53.123 local, Schannel 36888 level 2 in System on SRV01.example.com sid S-1-5-18 AlertDesc="40" ErrorState="1205"
        coverage:  of SRV01.example.com, 1 records 0..0, 2026-11-18T14:41:53.123Z..2026-11-18T14:41:53.123Z
        whole file: notice: events are cut off (lost: 2 events)
        "#);
    }

    #[test]
    fn other_texts_are_not_taken() {
        for text in [
            "Event[0]:\r\nsomething\r\n",
            "Event log[1]:\r\n  a: b\r\n",
            "an event[0]: was seen\r\n  a: 1\r\n  b: 2\r\n  c: 3\r\n  d: 4\r\n",
        ] {
            assert!(!WevtutilText.sniff(&source(text)), "{text}");
        }
    }
}
