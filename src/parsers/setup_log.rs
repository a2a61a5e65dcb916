//! The logs of Windows Setup: `setupact.log`, `setuperr.log`, `setupact_rollback.log`.
//!
//! Written to `C:\Windows\Panther`, `C:\$WINDOWS.~BT\Sources\Panther`, `…\Rollback`, in the form of `CBS.log`, with
//! ANSI bytes inside of UTF-8 and indented lines that belong to the record above. Parts of an upgrade run where the zone
//! is not set yet, so times of different phases may be whole hours off. Told are the systems before and after, the
//! phases, a failure and a rollback: what an upgrade did to keys and settings is not in here.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::servicing::{self, Span};
use super::{Parser, Sink, damage};
use crate::event::{Event, Timestamp};
use crate::source::Source;

/// The logs of Windows Setup.
pub struct SetupLog;

/// Components of Setup; the lines of its engine have none.
const COMPONENTS: [&str; 11] =
    ["", "SP", "MOUPG", "MIG", "CONX", "IBSLIB", "IBS", "PANTHR", "SYSPRP", "UI", "DU"];

impl Parser for SetupLog {
    fn format(&self) -> &'static str {
        "setup-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        servicing::component(source)
            .is_some_and(|component| COMPONENTS.contains(&component.as_str()))
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        static WORDS: LazyLock<[(Finder<'static>, Fact); 6]> = LazyLock::new(|| {
            [
                (Finder::new("Host OS version: "), Fact::Before),
                (Finder::new("Target OS version: "), Fact::After),
                (Finder::new("Setup phase change: ["), Fact::Phase),
                (Finder::new("Initiating rollback/uninstall"), Fact::Rollback),
                (Finder::new("Operation failed: "), Fact::Failure),
                (Finder::new("Overall result"), Fact::Failure),
            ]
        });
        let Some(mut lines) = damage::raw_lines(source, sink) else { return };
        let mut span = Span::default();
        let mut last: Vec<(Fact, String)> = Vec::new();
        while let Some(line) = lines.next() {
            if !span.take(line.bytes) {
                continue;
            }
            let Some((_, fact)) = WORDS.iter().find(|(word, _)| word.find(line.bytes).is_some())
            else {
                continue;
            };
            let text = line.text();
            let Some((_, _, text)) = servicing::parts(&text) else { continue };
            // Each module says the same anew.
            let said = (*fact, fact.value(text));
            if last.contains(&said) {
                continue;
            }
            let time = servicing::time(line.bytes).map_or(Timestamp::Undated, Timestamp::Local);
            let event = Event::text("Windows Setup", time, source.line(line.number));
            let mut event = event.with(fact.name(), &said.1);
            if let Some(code) = servicing::hex_after(text, "Error: ")
                .or_else(|| servicing::hex_after(text, "error: "))
            {
                event = event.with("ErrorCode", code);
            }
            sink.event(event);
            if last.len() < 256 {
                last.push(said);
            }
        }
        span.finish(source, sink);
        damage::report_raw(&lines, source, sink);
    }
}

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Before,
    After,
    Phase,
    Rollback,
    Failure,
}

impl Fact {
    fn name(self) -> &'static str {
        match self {
            Self::Before => "HostOS",
            Self::After => "TargetOS",
            Self::Phase => "Phase",
            Self::Rollback => "Rollback",
            Self::Failure => "Failure",
        }
    }

    fn value(self, text: &str) -> String {
        let value = match self {
            Self::Before | Self::After => text
                .split_once("version: ")
                .map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default()),
            Self::Phase => text.rsplit_once("-> [").map(|(_, rest)| rest.trim_end_matches(']')),
            Self::Rollback | Self::Failure => None,
        };
        value.unwrap_or(text).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn systems_phases_and_the_end() {
        let text = b"2026-07-06 08:08:29, Info                  MOUPG  SetupHost::Initialize\r\n\
            2026-07-06 08:08:29, Info                  CONX   Host OS version: 10.0.17134.0  (0.0) Platform 0x2\r\n\
            \x20   indented, with an ANSI letter: \xe9\r\n\
            2026-07-06 08:08:30, Info                  CONX   Target OS version: 10.0.19041.1253\r\n\
            2026-07-06 08:08:30, Info                  CONX   Target OS version: 10.0.19041.1253\r\n\
            2026-07-06 08:08:32, Info                  MOUPG  Setup phase change: [SetupPhaseUnpack] -> [SetupPhasePrepare]\r\n\
            2026-07-06 08:09:32, Error                 SP     Operation failed: Apply WIM file. Error: 0x8007000D[gle=0x000000b7]\r\n\
            2026-07-06 08:10:32, Info                  SP     Initiating rollback/uninstall, phase = 0\r\n";
        insta::assert_snapshot!(parse(&SetupLog, text), @r#"
        line 2: 2026-07-06 08:08:29 local, Windows Setup HostOS="10.0.17134.0"
        line 4: 2026-07-06 08:08:30 local, Windows Setup TargetOS="10.0.19041.1253"
        line 6: 2026-07-06 08:08:32 local, Windows Setup Phase="SetupPhasePrepare"
        line 7: 2026-07-06 08:09:32 local, Windows Setup Failure="Operation failed: Apply WIM file. Error: 0x8007000D[gle=0x000000b7]" ErrorCode="0x8007000D"
        line 8: 2026-07-06 08:10:32 local, Windows Setup Rollback="Initiating rollback/uninstall, phase = 0"
        coverage:  of , 7 records 0..0, 2026-07-06T08:08:29Z..2026-07-06T08:10:32Z
        "#);
    }

    #[test]
    fn other_logs_are_not_taken() {
        for text in [
            "2026-11-17 03:05:11, Info                  CBS    x\r\n".repeat(4),
            "2026-11-17 03:05:11 Info x\r\n".repeat(4),
        ] {
            assert!(!SetupLog.sniff(&source(&text)), "{text}");
        }
    }
}
