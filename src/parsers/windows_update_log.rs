//! `WindowsUpdate.log`: the update agent's own log, in two forms.
//!
//! ```text
//! 2021-08-28⇥11:05:07:920⇥ 576⇥a70⇥Misc⇥=====  Logging initialized (build: 7.6.7600.256, tz: +0530)  =====
//! 2026/11/17 03:12:40.6295131 8096  8116  Handler         Completed install of CBS update with type=3, requiresReboot=1, …
//! ```
//!
//! Windows 7 to 8.1 write the first, between tabs, and tell the offset of their times at each start. The second is
//! decoded from traces by `Get-WindowsUpdateLog`, in the local time of the decoding machine and with the separator of its
//! country. A title is an offer and a download is no installation: told are the records that the first form hands to the
//! history (`REPORT EVENT`), and in the second the end of the installation of a package, by the thread that named it.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::DateTime;
use memchr::memmem::Finder;

use super::servicing::{self, Span, State};
use super::{Parser, Sink, damage};
use crate::event::{Event, Timestamp};
use crate::notice::Notice;
use crate::source::Source;

/// The log of the update agent.
pub struct WindowsUpdateLog;

const PROVIDER: &str = "WindowsUpdate";

/// Threads that are followed at once.
const THREADS: usize = 256;

impl Parser for WindowsUpdateLog {
    fn format(&self) -> &'static str {
        "windows-update-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let known = |line: &&str| is_classic(line) || is_decoded(line);
        text.trim_start_matches('\u{feff}').lines().filter(known).take(3).count() == 3
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        static OFFSET: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(", tz: "));
        static REPORT: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("REPORT EVENT: "));
        // `CBS package identity: …`, `Completed install of CBS update …`
        static PACKAGE: LazyLock<Finder<'_>> =
            LazyLock::new(|| Finder::new("CBS package identity: "));
        static DONE: LazyLock<Finder<'_>> =
            LazyLock::new(|| Finder::new("Completed install of CBS"));
        let Some(mut lines) = damage::raw_lines(source, sink) else { return };
        let classic = source.text_head().lines().any(is_classic);
        let (mut span, mut packages) = (Span::default(), HashMap::new());
        let (mut offset, mut unread) = (String::new(), 0_u64);
        while let Some(line) = lines.next() {
            if !span.take(line.bytes) {
                continue;
            }
            unread += u64::from(line.bytes.starts_with(b"16"));
            let (at, bytes) = (source.line(line.number), line.bytes);
            let local = || servicing::time(bytes).map_or(Timestamp::Undated, Timestamp::Local);
            if classic && OFFSET.find(bytes).is_some() {
                let text = line.text();
                let told = text.split_once(", tz: ").map_or("", |(_, rest)| rest).split(')').next();
                if let Some(told) = told.filter(|told| *told != offset) {
                    told.clone_into(&mut offset);
                    sink.event(Event::text(PROVIDER, local(), at).with("UtcOffset", told));
                }
            } else if classic && REPORT.find(bytes).is_some() {
                let text = line.text();
                if let Some((time, state, code, title)) = report(&text) {
                    let event = servicing::change(PROVIDER, time, at, state, title);
                    sink.event(event.with("ErrorCode", code));
                }
            } else if !classic && PACKAGE.find(bytes).is_some() {
                let text = line.text();
                if let Some((thread, package)) =
                    thread(&text).zip(text.split_once("CBS package identity: "))
                    && packages.len() < THREADS
                {
                    packages.insert(thread, package.1.trim().to_owned());
                }
            } else if !classic && DONE.find(bytes).is_some() {
                let text = line.text();
                if let Some(package) = thread(&text).and_then(|thread| packages.remove(&thread)) {
                    let (state, code) = outcome(&text);
                    let event = servicing::change(PROVIDER, local(), at, state, &package);
                    sink.event(event.with("ErrorCode", code));
                }
            }
        }
        span.finish(source, sink);
        if unread > 0 {
            let what = "lines without their text: the log was decoded without symbols; decode it on the machine itself";
            sink.notice(Notice::new(source.id, "", what).losing(format!("{unread} lines")));
        }
        damage::report_raw(&lines, source, sink);
    }
}

/// Date, time with milliseconds, process, thread, component, text; between tabs.
fn is_classic(line: &str) -> bool {
    let fields: Vec<_> = line.splitn(6, '\t').collect();
    let [date, time, process, thread, component, _] = fields.as_slice() else { return false };
    servicing::is_stamped(format!("{date}\t{time}").as_bytes())
        && process.trim().parse::<u32>().is_ok()
        && u32::from_str_radix(thread.trim(), 16).is_ok()
        && !component.is_empty()
}

/// Date, time with seven digits of a second, process, thread, component; between blanks.
fn is_decoded(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let stamped = servicing::is_stamped(line.as_bytes());
    let fraction = words.nth(1).and_then(|time| time.split_once('.')).is_some_and(|(_, digits)| {
        digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let number = |word: Option<&str>| word.is_some_and(|word| word.parse::<u32>().is_ok());
    stamped && fraction && number(words.next()) && number(words.next()) && words.next().is_some()
}

/// Process and thread of a decoded line.
fn thread(line: &str) -> Option<(u32, u32)> {
    let mut words = line.split_whitespace().skip(2);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// `… requiresReboot=1, installerError=0, hr=0x0`
fn outcome(text: &str) -> (State, String) {
    let code = servicing::hex_after(text, "hr=").unwrap_or_default();
    let number = u32::from_str_radix(code.trim_start_matches("0x"), 16).unwrap_or(1);
    let state = match number {
        // ERROR_SUCCESS_REBOOT_REQUIRED
        0x8007_0bc2 | 0xbc2 => State::Pending,
        0 if text.contains("requiresReboot=1") => State::Pending,
        0 => State::Installed,
        _ => State::Failed,
    };
    (state, format!("{number:#010x}"))
}

/// `REPORT EVENT: {…}`, time with offset, number, event number, …, result, caller, status, category, text: a record of
/// `ReportingEvents.log`.
fn report(line: &str) -> Option<(Timestamp, State, String, &str)> {
    let mut fields = line.split_once("REPORT EVENT: ")?.1.split('\t').skip(1);
    let time = DateTime::parse_from_str(fields.next()?.trim(), "%Y-%m-%d %H:%M:%S:%3f%z").ok()?;
    let number = fields.nth(1)?.split_whitespace().next()?.to_owned();
    let state = match number.as_str() {
        "183" => State::Installed,
        "182" => State::Failed,
        "201" => State::Pending,
        _ => return None,
    };
    let code = u32::from_str_radix(fields.nth(3)?.trim(), 16).ok()?;
    let text = fields.nth(3)?;
    let title = text.rsplit_once(": ").map_or(text, |(_, title)| title);
    Some((Timestamp::Utc(time.to_utc()), state, format!("{code:#010x}"), title))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn the_classic_form_tells_its_offset_and_hands_records_to_the_history() {
        let text = "2026-08-28\t11:05:07:920\t 576\ta70\tMisc\t===========  Logging initialized (build: 7.6.7600.256, tz: +0530)  ===========\r\n\
            2026-08-28\t11:05:08:000\t 576\ta70\tAgent\t  * Title = Security Update for Windows (KB5088888)\r\n\
            2026-08-28\t11:06:00:000\t 576\ta70\tReport\tREPORT EVENT: {E9D3C1A8-1EEF-4AD9-9FA8-19BFA0C1FD4F}\t2026-08-28 11:05:59:176+0530\t1\t183\t101\t{E9D3C1A8-1EEF-4AD9-9FA8-19BFA0C1FD4F}\t200\t0\tAutomaticUpdates\tSuccess\tContent Install\tInstallation Successful: Windows successfully installed the following update: Security Update for Windows (KB5099999)\r\n";
        insta::assert_snapshot!(parse(&WindowsUpdateLog, text), @r#"
        line 1: 2026-08-28 11:05:07 local, WindowsUpdate UtcOffset="+0530"
        line 3: 2026-08-28T05:35:59.176Z, WindowsUpdate State="installed" Title="Security Update for Windows (KB5099999)" KB="KB5099999" ErrorCode="0x00000000"
        coverage:  of , 3 records 0..0, 2026-08-28T11:05:07Z..2026-08-28T11:06:00Z
        "#);
    }

    #[test]
    fn the_decoded_form_tells_how_a_package_ended_by_its_thread() {
        let text = "2026/11/17 03:12:36.4012702 3736  9756  Agent           Updates to install = 1\r\n\
            2026/11/17 03:12:37.4015818 3736  9756  Agent             Title = 2026-11 Cumulative Update (KB5088888)\r\n\
            2026/11/17 03:12:38.3712917 752   6180  Handler         CBS package identity: Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0\r\n\
            2026/11/17 03:12:38.4712917 752   6181  Handler         CBS package identity: Package_for_KB5077777~31bf3856ad364e35~amd64~~10.0.1.0\r\n\
            2026/11/17 03:12:48.8688284 752   6180  Handler         Completed install of CBS update with type=3, requiresReboot=1, installerError=0, hr=0x0\r\n\
            2026/11/17 03:12:49.8688284 752   6181  Handler         Completed install of CBS update with type=3, requiresReboot=0, installerError=1, hr=0x800f0922\r\n\
            1601/01/01 00:00:00.0000000 0     0                     Unknown( 10): GUID=0 (No Format Information found).\r\n";
        insta::assert_snapshot!(parse(&WindowsUpdateLog, text), @r#"
        line 5: 2026-11-17 03:12:48 local, WindowsUpdate State="pending" Title="Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0" KB="KB5099999" ErrorCode="0x00000000"
        line 6: 2026-11-17 03:12:49 local, WindowsUpdate State="failed" Title="Package_for_KB5077777~31bf3856ad364e35~amd64~~10.0.1.0" KB="KB5077777" ErrorCode="0x800f0922"
        coverage:  of , 7 records 0..0, 2026-11-17T03:12:36Z..2026-11-17T03:12:49Z
        whole file: notice: lines without their text: the log was decoded without symbols; decode it on the machine itself (lost: 1 lines)
        "#);
    }

    #[test]
    fn other_logs_are_not_taken() {
        for line in [
            "2026-11-17 03:05:11, Info                  CBS    x\r\n",
            "2026/11/17 03:12:36 3736 9756 Agent x\r\n",
            "a\tb\tc\td\te\tf\r\n",
        ] {
            assert!(!WindowsUpdateLog.sniff(&source(line.repeat(5))), "{line}");
        }
    }
}
