//! Logs of Configuration Manager and of Intune's agent (`C:\Windows\CCM\Logs\WUAHandler.log`, `UpdatesHandler.log`,
//! `IntuneManagementExtension.log`).
//!
//! ```text
//! <![LOG[Update 1 (3cbcf577-…) finished installing (0x00000000), Reboot Required? Yes]LOG]!><time="19:33:19.766-330" date="11-28-2014" component="WUAHandler" context="" type="1" thread="8744" file="x.cpp:31">
//! ```
//!
//! A message may go on over lines. The number behind the time is the bias in minutes: UTC is local time plus bias. An older
//! form has `message  $$<component><11-28-2014 19:33:19.766-330><thread=…>`. What became of updates becomes events; that one
//! is missing or offered is no installation. The log also tells the zone of its machine.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::coverage::Lines as Covered;
use super::damage::{self, Damage};
use super::{Parser, Sink, servicing};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::source::Source;

/// Logs of management agents.
pub struct CcmLog;

const OPEN: &str = "<![LOG[";
const CLOSE: &str = "]LOG]!>";

/// Titles of updates that wait for what became of them.
const TITLES: usize = 10_000;

impl Parser for CcmLog {
    fn format(&self) -> &'static str {
        "ccm-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let mut lines = text.lines();
        lines.any(|line| line.contains("]LOG]!><time=\"")) || text.lines().any(is_old)
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut reader = Reader { source, titles: HashMap::new(), bias: None };
        let mut covered = Covered::default();
        let mut damage = Damage::new(source, "record");
        let mut open: Option<(u64, String)> = None;
        for (number, line) in lines.by_ref() {
            let (start, text) = match (open.take(), line.strip_prefix(OPEN)) {
                // A new record begins where the last one did not end.
                (Some((at, _)), Some(rest)) => {
                    damage.one(format_args!("line {at}"), "the record is cut off", sink);
                    (number, rest.to_owned())
                }
                (None, Some(rest)) => (number, rest.to_owned()),
                (Some((start, text)), None) if text.len() < limits::LINE_BYTES => {
                    (start, text + "\n" + &line)
                }
                (Some(cut), None) => cut,
                (None, None) => {
                    if let Some((message, time, bias)) = old(&line) {
                        covered.add(time.clock().unwrap_or_default());
                        reader.record(number, message, time, bias, sink);
                    }
                    continue;
                }
            };
            let Some((message, tail)) = text.rsplit_once(CLOSE) else {
                open = Some((start, text));
                continue;
            };
            match moment(tail) {
                Some((time, bias)) => {
                    covered.add(time.clock().unwrap_or_default());
                    reader.record(start, message, time, bias, sink);
                }
                None => damage.one(format_args!("line {start}"), "its time cannot be read", sink),
            }
        }
        if let Some((at, _)) = open {
            damage.one(format_args!("line {at}"), "the record is cut off", sink);
        }
        covered.finish(source.id, "ConfigMgr", sink);
        damage.finish(sink);
        damage::report(&lines, source, sink);
    }
}

/// What has been read so far.
struct Reader<'s> {
    source: &'s Source,
    /// By the id of the update.
    titles: HashMap<String, String>,
    /// The last one told.
    bias: Option<i32>,
}

impl Reader<'_> {
    fn record(
        &mut self,
        line: u64,
        message: &str,
        time: Timestamp,
        bias: Option<i32>,
        sink: &mut dyn Sink,
    ) {
        static OFFER: LazyLock<Expression> = LazyLock::new(|| {
            expression(r"Update \((?:Missing|Installed)\): (.+?) \(([0-9a-fA-F-]{36}), \d+\)")
        });
        static DONE: LazyLock<Expression> = LazyLock::new(|| {
            expression(
                r"^\s*Update \d+ \(([0-9a-fA-F-]{36})\) finished installing \((0x[0-9a-fA-F]{8})\)(?:, Reboot Required\? (Yes|No))?",
            )
        });
        if let Some(minutes) = bias.filter(|_| bias != self.bias) {
            self.bias = bias;
            let sign = if minutes > 0 { '-' } else { '+' };
            let offset = format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60);
            let event = Event::text("time zone", time, self.source.line(line));
            sink.event(event.with("UtcOffset", offset));
        }
        if let Some(found) = OFFER.captures(message) {
            let text = |index: usize| found.get(index).map_or("", |value| value.as_str());
            if self.titles.len() < TITLES {
                self.titles.insert(text(2).to_ascii_lowercase(), text(1).to_owned());
            }
        }
        let Some(found) = DONE.captures(message) else { return };
        let text = |index: usize| found.get(index).map_or("", |value| value.as_str());
        let state = match (text(2), text(3)) {
            ("0x00000000" | "0x00240005", "Yes") | ("0x00240005", _) => "pending",
            ("0x00000000", _) => "installed",
            _ => "failed",
        };
        let mut event = Event::text("update history", time, self.source.line(line));
        event = event.with("State", state);
        if let Some(title) = self.titles.get(&text(1).to_ascii_lowercase()) {
            event = event.with("Title", title);
            if let Some(kb) = servicing::kb(title) {
                event = event.with("KB", kb);
            }
        }
        if state == "failed" {
            event = event.with("ErrorCode", text(2).to_ascii_lowercase());
        }
        sink.event(event);
    }
}

/// `<time="19:33:19.766-330" date="11-28-2014" component=…`, and the bias where there is one.
fn moment(tail: &str) -> Option<(Timestamp, Option<i32>)> {
    static TAIL: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r#"^<time="(\d\d?:\d\d:\d\d\.\d{1,9})([+-]\d{1,4})?" date="(\d{1,2}-\d{1,2}-\d{4})""#,
        )
    });
    let found = TAIL.captures(tail)?;
    let text = |index: usize| found.get(index).map_or("", |value| value.as_str());
    instant(text(3), text(1), text(2))
}

fn instant(day: &str, time: &str, bias: &str) -> Option<(Timestamp, Option<i32>)> {
    let day = NaiveDate::parse_from_str(day, "%m-%d-%Y").ok()?;
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S%.f").ok()?;
    let local: NaiveDateTime = day.and_time(time);
    match bias.parse::<i32>().ok().filter(|bias| bias.abs() <= 14 * 60) {
        Some(bias) => {
            let utc = local.checked_add_signed(TimeDelta::minutes(bias.into()))?;
            Some((Timestamp::Utc(utc.and_utc()), Some(bias)))
        }
        None => Some((Timestamp::Local(local), None)),
    }
}

fn old_parts() -> &'static Expression {
    static OLD: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"^(.*?)\s+\$\$<[^>]*><(\d{1,2}-\d{1,2}-\d{4}) (\d\d?:\d\d:\d\d\.\d{1,9})([+-]\d{1,4})?><thread=",
        )
    });
    &OLD
}

fn is_old(line: &str) -> bool {
    old_parts().is_match(line)
}

fn old(line: &str) -> Option<(&str, Timestamp, Option<i32>)> {
    let found = old_parts().captures(line)?;
    let text = |index: usize| found.get(index).map_or("", |value| value.as_str());
    let (time, bias) = instant(text(2), text(3), text(4))?;
    Some((text(1), time, bias))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn what_became_of_updates_and_nothing_of_offers() {
        let record = |message: &str, time: &str| {
            format!(
                "<![LOG[{message}]LOG]!><time=\"{time}\" date=\"11-17-2026\" component=\"WUAHandler\" context=\"\" type=\"1\" thread=\"1\" file=\"a.cpp:1\">\r\n"
            )
        };
        let log = [
            record("1. Update (Missing): 2026-11 Cumulative Update (KB5099999) (3cbcf577-5139-49b8-afe8-620af5c52f95, 200)", "03:10:00.000+360"),
            record("Async installation of updates\nstarted.", "03:11:00.000+360"),
            record("Update 1 (3CBCF577-5139-49b8-afe8-620af5c52f95) finished installing (0x00000000), Reboot Required? Yes", "03:20:00.000+360"),
            record("Update 2 (ada7cf51-66b0-4a00-b37b-68d569d6ff8b) finished installing (0x80070005), Reboot Required? No", "03:21:00.000+360"),
            "<![LOG[torn".to_owned(),
        ]
        .concat();
        insta::assert_snapshot!(parse(&CcmLog, log), @r#"
        line 1: 2026-11-17T09:10:00Z, time zone UtcOffset="-0600"
        line 4: 2026-11-17T09:20:00Z, update history State="pending" Title="2026-11 Cumulative Update (KB5099999)" KB="KB5099999"
        line 5: 2026-11-17T09:21:00Z, update history State="failed" ErrorCode="0x80070005"
        coverage: ConfigMgr of , 4 records 0..0, 2026-11-17T09:10:00Z..2026-11-17T09:21:00Z
        line 6: notice: the record is cut off (lost: 1 record)
        "#);
        let old =
            "Installed it.  $$<WUAHandler><11-17-2026 03:20:00.123-330><thread=8744 (0x2228)>\n";
        insta::assert_snapshot!(parse(&CcmLog, old), @r#"
        line 1: 2026-11-16T21:50:00.123Z, time zone UtcOffset="+0530"
        coverage: ConfigMgr of , 1 records 0..0, 2026-11-16T21:50:00.123Z..2026-11-16T21:50:00.123Z
        "#);
        assert!(!CcmLog.sniff(&source("a time=\"1\" date=\"2\" and a [LOG] in prose\n")));
    }
}
