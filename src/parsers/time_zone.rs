//! `Get-TimeZone` of PowerShell: the zone of the machine, by which logs in local time are read.
//!
//! ```text
//! Id                         : W. Europe Standard Time
//! DisplayName                : (UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna
//! …
//! BaseUtcOffset              : 01:00:00
//! SupportsDaylightSavingTime : True
//! ```
//!
//! The property names and the id are not translated.

use super::{Parser, Sink, damage};
use crate::event::{Event, Timestamp};
use crate::source::Source;

/// The output of `Get-TimeZone`.
pub struct TimeZone;

impl Parser for TimeZone {
    fn format(&self) -> &'static str {
        "time-zone"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(16);
        let first = lines.next().and_then(|line| value(line, "Id"));
        first.is_some() && lines.any(|line| value(line, "BaseUtcOffset").is_some())
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        for (number, line) in lines.by_ref() {
            if let Some(id) = value(line.trim(), "Id") {
                let event = Event::text("time zone", Timestamp::Undated, source.line(number));
                sink.event(event.with("TimeZone", id));
            }
        }
        damage::report(&lines, source, sink);
    }
}

/// The value of `Name   : value`.
fn value<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (label, value) = line.split_once(':')?;
    (label.trim_end().trim_start_matches('\u{feff}') == name && !value.trim().is_empty())
        .then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn the_id_is_the_zone() {
        let text = "\r\n\r\nId                         : W. Europe Standard Time\r\nDisplayName                : (UTC+01:00) Amsterdam, Berlin\r\n\
                    StandardName               : Mitteleuropäische Zeit\r\nBaseUtcOffset              : 01:00:00\r\n";
        insta::assert_snapshot!(parse(&TimeZone, text), @r#"
        line 3: undated, time zone TimeZone="W. Europe Standard Time"
        "#);
    }

    #[test]
    fn other_lists_of_powershell_are_none() {
        for text in
            ["Id : 712\r\nProcessName : svchost\r\n", "Id : \r\nBaseUtcOffset : 01:00:00\r\n"]
        {
            assert!(!TimeZone.sniff(&source(text)), "{text}");
        }
    }
}
