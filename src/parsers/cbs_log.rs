//! `CBS.log`: what Component Based Servicing did, session by session.
//!
//! Written to `C:\Windows\Logs\CBS`, rotated to `CbsPersist_*.log`; UTF-8, local time:
//!
//! ```text
//! … CBS    Session: 31184422_1709866484 initialized by client WindowsUpdateAgent.
//! … CBS    Exec: Processing complete.  Session: 31184422_1709866484, Package: Package_for_RollupFix~… [HRESULT = 0x00000000 - S_OK]
//! … CBS    Session: 31184422_1709866484 finalized. Reboot required: yes [HRESULT = 0x00000000 - S_OK]
//! ```
//!
//! Hundreds of KB numbers stand in such a log without one of them being installed: applicability, caches, repairs. Only
//! the lines above tell a change. A session ends as its last line says; one whose end is missing ends as its packages do.
//! The package may be a container; then the numbers in lines of the same session name the update. `TI: Last boot time` is
//! a start of the system in local time, by which the zone can be told.

use std::collections::VecDeque;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::servicing::{self, Span, State};
use super::{Parser, Sink, damage};
use crate::event::{Event, Timestamp};
use crate::source::{RawLine, Source};

/// The log of Component Based Servicing.
pub struct CbsLog;

/// Sessions that are followed at once; the system has one or two open.
const SESSIONS: usize = 64;

/// Packages of one session.
const PACKAGES: usize = 4096;

impl Parser for CbsLog {
    fn format(&self) -> &'static str {
        "cbs-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        matches!(servicing::component(source).as_deref(), Some("CBS" | "CSI" | "SXS" | "DPX"))
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        // `Session: 1_2`, `session(Corruption Repairing): 1_2`; `Last boot time`.
        static SESSION: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("ession"));
        static BOOT: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("Last boot time: "));
        let Some(mut lines) = damage::raw_lines(source, sink) else { return };
        let (mut span, mut sessions) = (Span::default(), Sessions::default());
        let mut last_boot = String::new();
        while let Some(line) = lines.next() {
            if !span.take(line.bytes) {
                continue;
            }
            let after = |at: usize| line.bytes.get(at + "ession".len());
            if SESSION.find_iter(line.bytes).any(|at| matches!(after(at), Some(b':' | b'('))) {
                sessions.take(line, source, sink);
            } else if BOOT.find(line.bytes).is_some() {
                let text = line.text();
                let boot = text.split_once("Last boot time: ").map_or("", |(_, boot)| boot.trim());
                // Written at each start of the installer, and the same until the next boot.
                if boot != last_boot {
                    boot.clone_into(&mut last_boot);
                    let event = Event::text("CBS", Timestamp::Undated, source.line(line.number));
                    sink.event(event.with("LastBootTime", boot));
                }
            }
        }
        sessions.finish(source, sink);
        span.finish(source, sink);
        damage::report_raw(&lines, source, sink);
    }
}

/// What is known of a session that has not ended yet.
#[derive(Debug, Default)]
struct Session {
    id: String,
    client: String,
    /// KB numbers in its lines.
    numbers: Vec<String>,
    packages: Vec<Done>,
}

/// A package whose processing is complete.
#[derive(Debug)]
struct Done {
    line: u64,
    time: Timestamp,
    package: String,
    result: String,
}

#[derive(Debug, Default)]
struct Sessions {
    open: VecDeque<Session>,
}

impl Sessions {
    fn take(&mut self, line: RawLine<'_>, source: &Source, sink: &mut dyn Sink) {
        let (number, whole) = (line.number, line.text());
        let time = || servicing::time(line.bytes).map_or(Timestamp::Undated, Timestamp::Local);
        let Some((_, component, text)) = servicing::parts(&whole) else { return };
        let Some(id) = id(text).filter(|_| matches!(component, "CBS" | "")) else { return };
        if text.starts_with("Exec: Processing complete, session(") {
            // A repair of the store changes no update.
            let result = servicing::hex_after(text, "[HRESULT = ").unwrap_or_default();
            let event = Event::text("CBS", time(), source.line(number));
            sink.event(
                event.with("Action", "repair").with("Session", id).with("ErrorCode", result),
            );
            return;
        }
        let session = self.session(id, source, sink);
        if let Some((_, client)) = text.split_once(" initialized by client ") {
            client.trim_end_matches('.').clone_into(&mut session.client);
        }
        if let Some(kb) = servicing::kb(text)
            .filter(|kb| !session.numbers.contains(kb) && session.numbers.len() < PACKAGES)
        {
            session.numbers.push(kb);
        }
        if text.starts_with("Exec: Processing complete.") && session.packages.len() < PACKAGES {
            let package = text.split_once("Package: ").map_or("", |(_, rest)| rest);
            let package = package.split([' ', ',']).next().unwrap_or_default().to_owned();
            let result = servicing::hex_after(text, "[HRESULT = ").unwrap_or_default().to_owned();
            session.packages.push(Done { line: number, time: time(), package, result });
        }
        if let Some((_, rest)) = text.split_once(" finalized. Reboot required: ") {
            let restart = rest.starts_with("yes");
            if let Some(index) = self.open.iter().position(|session| session.id == id)
                && let Some(session) = self.open.remove(index)
            {
                session.finish(restart, source, sink);
            }
        }
    }

    fn session(&mut self, id: &str, source: &Source, sink: &mut dyn Sink) -> &mut Session {
        let index = match self.open.iter().position(|session| session.id == id) {
            Some(index) => index,
            None => {
                if self.open.len() >= SESSIONS
                    && let Some(oldest) = self.open.pop_front()
                {
                    oldest.finish(false, source, sink);
                }
                self.open.push_back(Session { id: id.to_owned(), ..Session::default() });
                self.open.len() - 1
            }
        };
        self.open.get_mut(index).expect("the index was just found")
    }

    fn finish(self, source: &Source, sink: &mut dyn Sink) {
        self.open.into_iter().for_each(|session| session.finish(false, source, sink));
    }
}

/// `31184422_1709866484` of a line about a session.
fn id(text: &str) -> Option<&str> {
    let rest = text.split_once("Session: ").map(|(_, rest)| rest);
    let rest =
        rest.or_else(|| text.split_once("session(")?.1.split_once("): ").map(|(_, rest)| rest))?;
    let end =
        rest.find(|letter: char| !letter.is_ascii_digit() && letter != '_').unwrap_or(rest.len());
    rest.get(..end).filter(|id| id.contains('_'))
}

impl Session {
    fn finish(self, restart: bool, source: &Source, sink: &mut dyn Sink) {
        let container = |package: &str| !package.contains("_for_");
        for done in &self.packages {
            let state = match done.result.as_str() {
                "0x00000000" if restart => State::Pending,
                "0x00000000" | "" => State::Installed,
                // ERROR_SUCCESS_REBOOT_REQUIRED
                "0x00000bc2" => State::Pending,
                _ => State::Failed,
            };
            // A container is the update that the session speaks of, when it speaks of one.
            let name = match self.numbers.as_slice() {
                [only] if container(&done.package) => format!("{} ({only})", done.package),
                _ => done.package.clone(),
            };
            let at = source.line(done.line);
            let event = servicing::change("CBS", done.time, at, state, &name);
            sink.event(
                event
                    .with("ErrorCode", &done.result)
                    .with("Client", &self.client)
                    .with("Session", &self.id),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    fn log(lines: &[&str]) -> String {
        let stamped = (0..).zip(lines).map(|(second, line)| match line.strip_prefix(' ') {
            Some(line) => line.to_owned(),
            None => format!("2026-11-17 03:05:{second:02}, Info                  CBS    {line}"),
        });
        stamped.collect::<Vec<_>>().join("\r\n")
    }

    #[test]
    fn a_session_ends_as_its_last_line_says() {
        let package = "Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0";
        let container = "Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.20348.1";
        let text = log(&[
            "TI: Last boot time: 2026-11-16 16:35:13.492",
            "Session: 1_2 initialized by client WindowsUpdateAgent.",
            &format!(
                "Exec: Processing complete.  Session: 1_2, Package: {package} [HRESULT = 0x00000000 - S_OK]"
            ),
            "Session: 1_2 finalized. Reboot required: yes [HRESULT = 0x00000000 - S_OK]",
            " a line of the record above",
            "Session: 3_4 initialized by client DISM Package Manager Provider.",
            "Session: 3_4, Package_for_KB5088888~31bf3856ad364e35 is queued",
            &format!(
                "Exec: Processing complete.  Session: 3_4, Package: {container} [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]"
            ),
            "Session: 3_4 finalized. Reboot required: no [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]",
            "Exec: Processing complete, session(Corruption Repairing): 5_6 [HRESULT = 0x800f081f - CBS_E_SOURCE_MISSING]",
            &format!(
                "Exec: Processing complete.  Session: 7_8, Package: {package} [HRESULT = 0x00000000 - S_OK]"
            ),
        ]);
        insta::assert_snapshot!(parse(&CbsLog, text), @r#"
        line 1: undated, CBS LastBootTime="2026-11-16 16:35:13.492"
        line 3: 2026-11-17 03:05:02 local, CBS State="pending" Title="Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0" KB="KB5099999" ErrorCode="0x00000000" Client="WindowsUpdateAgent" Session="1_2"
        line 8: 2026-11-17 03:05:07 local, CBS State="failed" Title="Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.20348.1 (KB5088888)" KB="KB5088888" ErrorCode="0x800f0922" Client="DISM Package Manager Provider" Session="3_4"
        line 10: 2026-11-17 03:05:09 local, CBS Action="repair" Session="5_6" ErrorCode="0x800f081f"
        line 11: 2026-11-17 03:05:10 local, CBS State="installed" Title="Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0" KB="KB5099999" ErrorCode="0x00000000" Client="" Session="7_8"
        coverage:  of , 10 records 0..0, 2026-11-17T03:05:00Z..2026-11-17T03:05:10Z
        "#);
    }

    #[test]
    fn a_number_that_is_only_spoken_of_is_no_update() {
        let text = log(&[
            "Read out cached applicability from TiLight for package: Package_for_KB3064238~31bf3856ad364e35~amd64~~10.0.1.2, ApplicableState: 0, CurrentState:0",
            "Appl: Selfupdate, Component: x, Package_for_KB5099999~31bf3856ad364e35",
            "Session: 1_2 initialized by client WindowsUpdateAgent.",
            "InternalOpenPackage failed for Package_for_KB3025096~31bf3856ad364e35~amd64~~6.4.1.0 [HRESULT = 0x800f0805 - CBS_E_INVALID_PACKAGE]",
        ]);
        insta::assert_snapshot!(parse(&CbsLog, text), @r#"
        coverage:  of , 4 records 0..0, 2026-11-17T03:05:00Z..2026-11-17T03:05:03Z
        "#);
    }

    #[test]
    fn other_logs_are_not_taken() {
        for text in [
            "2026-11-17 03:05:11, Info                  DISM   PID=1 TID=2 x\r\n".repeat(4),
            "2026-11-17 03:05:11, Info                  MOUPG  x\r\n".repeat(4),
            "2026-11-17 03:05:11 CBS restarted\r\n".repeat(4),
            "2026-11-17 03:05:11, Info                  CBS    x\r\n".to_owned(),
        ] {
            assert!(!CbsLog.sniff(&source(&text)), "{text}");
        }
    }
}
