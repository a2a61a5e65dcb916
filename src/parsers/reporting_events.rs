//! `ReportingEvents.log`: the history of Windows Update.
//!
//! Written by the update service to `C:\Windows\SoftwareDistribution\`, UTF-16LE, one record a line, 12 or 13 fields
//! between tabs; the only update history in text that tells its offset from UTC:
//!
//! ```text
//! {GUID} time number "183 [AGENT_INSTALLING_SUCCEEDED]" 101 {update GUID} revision result caller status category message token
//! 2026-11-17 03:12:40:176-0600                              200 240005 UpdateOrchestrator Success "Content Install" …
//! ```
//!
//! Some writers put the number and the name of the event into two fields.

use chrono::{DateTime, Utc};

use super::damage::{self, Damage};
use super::{Parser, Sink};
use crate::event::{Event, Origin, Timestamp};
use crate::source::Source;

/// The history of Windows Update.
pub struct ReportingEvents;

impl Parser for ReportingEvents {
    fn format(&self) -> &'static str {
        "reporting-events"
    }

    fn sniff(&self, source: &Source) -> bool {
        // The first line may be the tail of one that was rotated away.
        source.text_head().lines().take(20).any(|line| time_field(line).is_some())
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut torn = Damage::new(source, "record");
        for (number, line) in lines.by_ref() {
            let line = line.trim_start_matches('\u{feff}');
            if line.trim().is_empty() {
                continue;
            }
            match record(line, source.line(number)) {
                Some(mut event) => {
                    event.derive_fields();
                    sink.event(event);
                }
                None => torn.one(format_args!("line {number}"), "line is cut off", sink),
            }
        }
        torn.finish(sink);
        damage::report(&lines, source, sink);
    }
}

/// The time of a line that begins as a record does.
fn time_field(line: &str) -> Option<DateTime<Utc>> {
    let (guid, rest) = line.trim_start_matches('\u{feff}').split_once('\t')?;
    let is_guid = guid.len() == 38 && guid.starts_with('{') && guid.ends_with('}');
    let (text, _) = rest.split_once('\t')?;
    if is_guid { time(text) } else { None }
}

/// `2026-11-17 03:12:40:176-0600`; a point before the milliseconds is met too.
fn time(text: &str) -> Option<DateTime<Utc>> {
    ["%Y-%m-%d %H:%M:%S:%3f%z", "%Y-%m-%d %H:%M:%S%.f%z"]
        .iter()
        .find_map(|format| DateTime::parse_from_str(text.trim(), format).ok())
        .map(|time| time.with_timezone(&Utc))
}

fn record(line: &str, origin: Origin) -> Option<Event> {
    let time = time_field(line)?;
    let mut fields = line.split('\t').skip(1);
    let stamp = fields.next()?.trim();
    let offset = stamp.get(stamp.len().checked_sub(5)?..)?;
    let mut fields = fields.skip(1);
    let number = fields.next()?.trim();
    let (number, name) = match number.split_once(char::is_whitespace) {
        Some((number, name)) => (number, name),
        None => (number, fields.next()?),
    };
    let name = name.trim().strip_prefix('[')?.strip_suffix(']')?;
    let mut fields = fields.skip(3);
    let result = u32::from_str_radix(fields.next()?.trim(), 16).ok()?;
    let (caller, status, category) = (fields.next()?, fields.next()?, fields.next()?);
    let title = fields.next()?;
    Some(
        Event::text("ReportingEvents", Timestamp::Utc(time), origin)
            .with("EventNumber", number)
            .with("EventName", name)
            .with("ResultCode", format!("{result:#010x}"))
            .with("Status", status)
            .with("Caller", caller)
            .with("Category", category)
            .with("Title", title)
            .with("UtcOffset", offset),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    const GUID: &str = "{E9D3C1A8-1EEF-4AD9-9FA8-19BFA0C1FD4F}";

    fn line(event: &str, result: &str, status: &str) -> String {
        format!(
            "{GUID}\t2026-11-17 03:12:40:176-0600\t1\t{event}\t101\t{GUID}\t200\t{result}\tUpdateOrchestrator\t\
             {status}\tContent Install\tInstallation: 2026-11 Cumulative Update (KB5099999)"
        )
    }

    #[test]
    fn a_time_with_an_offset_is_an_instant() {
        let text = [
            line("183 [AGENT_INSTALLING_SUCCEEDED]", "0", "Success"),
            line("201 [AGENT_INSTALLING_PENDING]", "240005", "Success") + "\tEfCwogNQ1EeAbVQe.1.0",
            line("182\t[AGENT_INSTALLING_FAILED]", "80242015", "Failure"),
        ];
        insta::assert_snapshot!(parse(&ReportingEvents, text.join("\r\n")), @r#"
        line 1: 2026-11-17T09:12:40.176Z, ReportingEvents EventNumber="183" EventName="AGENT_INSTALLING_SUCCEEDED" ResultCode="0x00000000" Status="Success" Caller="UpdateOrchestrator" Category="Content Install" Title="Installation: 2026-11 Cumulative Update (KB5099999)" UtcOffset="-0600" KB="KB5099999"
        line 2: 2026-11-17T09:12:40.176Z, ReportingEvents EventNumber="201" EventName="AGENT_INSTALLING_PENDING" ResultCode="0x00240005" Status="Success" Caller="UpdateOrchestrator" Category="Content Install" Title="Installation: 2026-11 Cumulative Update (KB5099999)" UtcOffset="-0600" KB="KB5099999"
        line 3: 2026-11-17T09:12:40.176Z, ReportingEvents EventNumber="182" EventName="AGENT_INSTALLING_FAILED" ResultCode="0x80242015" Status="Failure" Caller="UpdateOrchestrator" Category="Content Install" Title="Installation: 2026-11 Cumulative Update (KB5099999)" UtcOffset="-0600" KB="KB5099999"
        "#);
    }

    #[test]
    fn torn_lines_are_counted_and_hide_nothing() {
        let good = line("183 [AGENT_INSTALLING_SUCCEEDED]", "0", "Success");
        let torn = good.split_at(120).0;
        let text = ["lete: yes", &good, torn, torn, torn, torn, &good].join("\n");
        insta::assert_snapshot!(parse(&ReportingEvents, text), @r#"
        line 2: 2026-11-17T09:12:40.176Z, ReportingEvents EventNumber="183" EventName="AGENT_INSTALLING_SUCCEEDED" ResultCode="0x00000000" Status="Success" Caller="UpdateOrchestrator" Category="Content Install" Title="Installation: 2026-11 Cumulative Update (KB5099999)" UtcOffset="-0600" KB="KB5099999"
        line 7: 2026-11-17T09:12:40.176Z, ReportingEvents EventNumber="183" EventName="AGENT_INSTALLING_SUCCEEDED" ResultCode="0x00000000" Status="Success" Caller="UpdateOrchestrator" Category="Content Install" Title="Installation: 2026-11 Cumulative Update (KB5099999)" UtcOffset="-0600" KB="KB5099999"
        line 1: notice: line is cut off (lost: 1 record)
        line 3: notice: line is cut off (lost: 1 record)
        line 4: notice: line is cut off (lost: 1 record)
        whole file: notice: more of the same damage (lost: 2 × 1 record)
        "#);
    }

    #[test]
    fn other_tables_are_not_taken() {
        for text in [
            "",
            "{a}\t2026-11-17 03:12:40:176-0600\t1",
            "2026-11-17\t03:12:40:176\t 648\t13bc\tAgent\tx",
        ] {
            assert!(!ReportingEvents.sniff(&source(text)), "{text}");
        }
    }
}
