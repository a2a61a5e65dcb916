//! `SetupDiagResults.log`: why an upgrade failed, as Microsoft's SetupDiag found out from the logs of Setup.
//!
//! `Key = value` lines below a line with the profile that fits. Times are local, in the format of the user, and
//! `1/1/0001` means never.

use super::dates::Order;
use super::export::moment;
use super::{Parser, Sink, damage};
use crate::event::{Event, Timestamp};
use crate::source::Source;

/// The result of SetupDiag.
pub struct SetupDiag;

/// Keys that are told, and their names in the event.
const KEYS: [(&str, &str); 7] = [
    ("Machine Name", "Host"),
    ("HostOSBuildString", "HostOS"),
    ("TargetOSBuildString", "TargetOS"),
    ("UpgradeStartTime", "UpgradeStartTime"),
    ("UpgradeEndTime", "UpgradeEndTime"),
    ("Last Phase", "Phase"),
    ("Error", "Failure"),
];

impl Parser for SetupDiag {
    fn format(&self) -> &'static str {
        "setupdiag"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        text.contains("SetupDiag version")
            && text.lines().filter(|line| value(line).is_some()).count() > 2
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut event = Event::text("Windows Setup", Timestamp::Undated, source.line(1));
        let mut dates = Vec::new();
        for (_, line) in lines.by_ref() {
            if let Some(profile) = line.split_once("Matching Profile found: ").map(|(_, rest)| rest)
            {
                event =
                    event.with("Profile", profile.split(" - ").next().unwrap_or(profile).trim());
            }
            // A date below the summary speaks for the order of day and month, too.
            if let Some((_, date)) = line.split_once(": ").or_else(|| line.split_once("= "))
                && moment::is_moment(date.trim())
            {
                dates.push(date.trim().to_owned());
            }
            if let Some((name, value)) =
                value(&line).filter(|(name, _)| event.field(name).is_none())
            {
                event = event.with(name, value);
            }
        }
        damage::report(&lines, source, sink);
        let order =
            Order::of(dates.iter().map(String::as_str).filter(|date| !date.contains("/0001")));
        let end = event.field("UpgradeEndTime").map(|end| moment::read(end, order).0);
        event.time = end.unwrap_or(Timestamp::Undated);
        event.computer = event.field("Host").map(Into::into);
        if let Some(code) = event
            .field("Failure")
            .and_then(|code| code.split('-').next())
            .filter(|code| code.starts_with("0x"))
        {
            let code = code.to_owned();
            event = event.with("ErrorCode", code);
        }
        sink.event(event);
    }
}

/// A line `Key = value` that is told.
fn value(line: &str) -> Option<(&'static str, &str)> {
    let (key, value) = line.trim().split_once(" = ")?;
    let (_, name) = KEYS.iter().find(|(known, _)| *known == key)?;
    (!value.trim().is_empty()).then(|| (*name, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn a_failed_upgrade() {
        let text = "\r\nMatching Profile found: FindRollbackFailure - 3A43C9B5-05B3-4F7C-A955-88F991BB5A48\r\nSetupDiag version: 1.6.2107.27002\r\n\
            System Information:\r\n\tMachine Name = PC7\r\n\tHostOSBuildString = 19041.1.amd64fre.vb_release.191206-1406\r\n\tTargetOSBuildString = \r\n\
            \tUpgradeStartTime = 5/23/2026 12:21:30 AM\r\n\tUpgradeEndTime = 5/23/2026 12:32:46 AM\r\n\r\nLast Phase = Safe OS\r\nError = 0x8007000D-0x2000C\r\n\
            \tPhase Ended: 1/1/0001 12:00:00 AM\r\n";
        insta::assert_snapshot!(parse(&SetupDiag, text), @r#"
        line 1: 2026-05-23 00:32:46 local, Windows Setup on PC7 Profile="FindRollbackFailure" Host="PC7" HostOS="19041.1.amd64fre.vb_release.191206-1406" UpgradeStartTime="5/23/2026 12:21:30 AM" UpgradeEndTime="5/23/2026 12:32:46 AM" Phase="Safe OS" Failure="0x8007000D-0x2000C" ErrorCode="0x8007000D"
        "#);
    }

    #[test]
    fn other_texts_are_not_taken() {
        assert!(!SetupDiag.sniff(&source("run SetupDiag version 1\r\nError = 0x1\r\n")));
    }
}
