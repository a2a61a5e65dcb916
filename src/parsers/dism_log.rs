//! `dism.log`: what an administrator or a script did with DISM.
//!
//! Written to `C:\Windows\Logs\DISM`, in the form of `CBS.log`. Told are the command lines that change what is
//! installed (packages, features, editions, repairs), each with how it ended, as far as its process says so. What the
//! packages did then stands in `CBS.log`.

use std::sync::LazyLock;

use chrono::NaiveDateTime;
use memchr::memmem::Finder;

use super::servicing::{self, Span};
use super::{Parser, Sink, damage};
use crate::event::{Event, Timestamp};
use crate::source::Source;

/// The log of DISM.
pub struct DismLog;

/// What changes the system, in a command line.
const COMMANDS: [&str; 10] = [
    "/add-package",
    "/remove-package",
    "/enable-feature",
    "/disable-feature",
    "/add-capability",
    "/remove-capability",
    "/set-edition",
    "/restorehealth",
    "/add-driver",
    "/remove-driver",
];

impl Parser for DismLog {
    fn format(&self) -> &'static str {
        "dism-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        servicing::component(source).as_deref() == Some("DISM")
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        static COMMAND: LazyLock<Finder<'_>> =
            LazyLock::new(|| Finder::new("Executing command line: "));
        static END: LazyLock<Finder<'_>> =
            LazyLock::new(|| Finder::new("CPackageManagerCLIHandler"));
        let Some(mut lines) = damage::raw_lines(source, sink) else { return };
        let (mut span, mut open): (_, Option<Command>) = (Span::default(), None);
        while let Some(line) = lines.next() {
            if !span.take(line.bytes) {
                continue;
            }
            if COMMAND.find(line.bytes).is_some() {
                let text = line.text();
                if let Some((time, command)) = servicing::time(line.bytes).zip(command(&text)) {
                    let command =
                        Command { line: line.number, time, text: command.to_owned(), error: None };
                    // The process tells its number only in other lines, and commands run one after the other.
                    if let Some(before) = open.replace(command) {
                        before.put(source, sink);
                    }
                }
            } else if line.bytes.len() > 30 && END.find(line.bytes).is_some() {
                let text = line.text();
                if let Some(command) = &mut open
                    && servicing::parts(&text).is_some_and(|(level, ..)| level == "Error")
                    && let Some(code) = servicing::hex_after(&text, "(hr:")
                {
                    command.error.get_or_insert_with(|| code.to_owned());
                }
            }
        }
        if let Some(command) = open {
            command.put(source, sink);
        }
        span.finish(source, sink);
        damage::report_raw(&lines, source, sink);
    }
}

struct Command {
    line: u64,
    time: NaiveDateTime,
    text: String,
    error: Option<String>,
}

impl Command {
    fn put(self, source: &Source, sink: &mut dyn Sink) {
        let mut event = Event::text("DISM", Timestamp::Local(self.time), source.line(self.line))
            .with("Command", self.text);
        if let Some(code) = self.error {
            event = event.with("ErrorCode", code);
        }
        sink.event(event);
    }
}

/// A command line that changes something.
fn command(text: &str) -> Option<&str> {
    let command = text.split_once("Executing command line: ")?.1.trim();
    let lower = command.to_ascii_lowercase();
    COMMANDS.iter().any(|word| lower.contains(word)).then_some(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn commands_that_change_something_and_how_they_failed() {
        let text = "2026-11-17 08:44:05, Info                  DISM   PID=7092 TID=5908 Scratch directory set - CDISMManager::put_ScratchDir\r\n\
            2026-11-17 08:44:05, Info                  DISM   DISM.EXE: Executing command line: dism  /online /cleanup-image /scanhealth\r\n\
            2026-11-17 08:47:05, Info                  DISM   DISM.EXE: Executing command line: dism /online /Remove-Package /PackageName:Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0\r\n\
            2026-11-17 08:47:06, Error                 DISM   DISM Package Manager: PID=1 TID=2 Failed processing the package - CPackageManagerCLIHandler::ProcessCmdLine_RemovePackage(hr:0x800f0825)\r\n\
            2026-11-17 08:48:05, Info                  DISM   DISM.EXE: Executing command line: dism /online /enable-feature /featurename:NetFx3\r\n";
        insta::assert_snapshot!(parse(&DismLog, text), @r#"
        line 3: 2026-11-17 08:47:05 local, DISM Command="dism /online /Remove-Package /PackageName:Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0" ErrorCode="0x800f0825"
        line 5: 2026-11-17 08:48:05 local, DISM Command="dism /online /enable-feature /featurename:NetFx3"
        coverage:  of , 5 records 0..0, 2026-11-17T08:44:05Z..2026-11-17T08:48:05Z
        "#);
    }

    #[test]
    fn other_logs_are_not_taken() {
        for text in [
            "2026-11-17 03:05:11, Info                  CBS    DISM called\r\n".repeat(4),
            "dism /online /get-packages\r\n".repeat(4),
        ] {
            assert!(!DismLog.sniff(&source(&text)), "{text}");
        }
    }
}
