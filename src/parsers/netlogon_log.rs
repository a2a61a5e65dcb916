//! The debug log of Netlogon (`%SystemRoot%\debug\netlogon.log`).
//!
//! ```text
//! 06/18 19:20:11 [CRITICAL] [2088] CONTOSO: NlDiscoverDc: Cannot find DC.
//! 06/18 19:20:11 [LOGON] [2088] CONTOSO: SamLogon: Network logon of CONTOSO\ann from PC7 Returns 0xC000005E
//! ```
//!
//! Times are local and name no year, so events carry none. The log reaches up to its collection, which is near the failure
//! as a rule: only what stands on its last two days is taken, each statement once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Days, NaiveDate};
use regex::Captures;

use super::{Parser, Sink, damage};
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::source::Source;

/// What the domain member, or the controller, says about logons and its secure channel.
pub struct NetlogonLog;

impl Parser for NetlogonLog {
    fn format(&self) -> &'static str {
        "netlogon-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
        let fitting = lines.iter().filter(|line| entry(line).is_some()).count();
        fitting > 1 && fitting * 2 > lines.len()
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut found: BTreeMap<Statement, Seen> = BTreeMap::new();
        let mut last = None;
        for (number, line) in lines.by_ref() {
            let Some(parts) = entry(&line) else { continue };
            let text = |name: &str| parts.name(name).map_or("", |value| value.as_str());
            last = day(text("day")).or(last);
            let Some(statement) = statement(text("text")) else { continue };
            let at = || format!("{} {}", text("day"), text("time"));
            let fresh = Seen { first: number, at: at(), day: last, count: 0 };
            if found.len() >= STATEMENTS && !found.contains_key(&statement) {
                found.retain(|_, seen| is_late(seen.day, last));
            }
            if found.len() < STATEMENTS || found.contains_key(&statement) {
                let seen = found.entry(statement).or_insert(fresh);
                if seen.day != last {
                    (seen.first, seen.at, seen.day) = (number, at(), last);
                }
                seen.count += 1;
            }
        }
        damage::report(&lines, source, sink);
        let mut found: Vec<_> =
            found.into_iter().filter(|(_, seen)| is_late(seen.day, last)).collect();
        found.sort_by_key(|(_, seen)| seen.first);
        for (statement, seen) in found {
            sink.event(statement.event(&seen, source));
        }
    }
}

/// Statements kept; each is about another account or machine.
const STATEMENTS: usize = 2000;

/// One line: day, time, kind, text.
fn entry(line: &str) -> Option<Captures<'_>> {
    static LINE: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"^(?P<day>[0-9]{2}/[0-9]{2}) (?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}) \[[A-Z_]+\] (?:\[[0-9]+\] )?(?P<text>.*)$",
        )
    });
    LINE.captures(line.trim_end())
}

/// A day of some leap year: the log names none.
fn day(text: &str) -> Option<NaiveDate> {
    let (month, day) = text.split_once('/')?;
    NaiveDate::from_ymd_opt(2000, month.parse().ok()?, day.parse().ok()?)
}

fn is_late(day: Option<NaiveDate>, last: Option<NaiveDate>) -> bool {
    let before = last.and_then(|last| last.checked_sub_days(Days::new(1)));
    day == last || day == before || last.is_some_and(|last| is_new_year(day, last))
}

/// The first of January follows the last of December.
fn is_new_year(day: Option<NaiveDate>, last: NaiveDate) -> bool {
    Some(last) == NaiveDate::from_ymd_opt(2000, 1, 1)
        && day == NaiveDate::from_ymd_opt(2000, 12, 31)
}

/// What one or more lines say.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Statement {
    /// How a logon ended: kind, account, workstation, status.
    Logon(String, String, String, String),
    /// No controller could be found or picked.
    NoController(String),
}

struct Seen {
    first: u64,
    at: String,
    day: Option<NaiveDate>,
    count: u64,
}

fn statement(text: &str) -> Option<Statement> {
    static RETURNS: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"SamLogon: (?P<kind>.+?) logon of (?P<user>.+?) from (?P<from>.*?)(?: \(via .*\))? Returns (?P<status>0x[0-9A-Fa-f]+)",
        )
    });
    if let Some(found) = RETURNS.captures(text) {
        let [kind, user, from, status] = ["kind", "user", "from", "status"]
            .map(|name| found.name(name).map_or("", |value| value.as_str()).to_owned());
        // Logons that worked say nothing about a machine that has other trouble.
        let failed = u32::from_str_radix(status.trim_start_matches("0x"), 16) != Ok(0);
        return failed.then_some(Statement::Logon(kind, user, from, status));
    }
    let none = [
        "Cannot find DC",
        "cannot pick trusted DC",
        "Session setup Failed",
        "ERROR_NO_LOGON_SERVERS",
    ];
    none.iter()
        .find(|words| text.contains(**words))
        .map(|words| Statement::NoController((*words).to_owned()))
}

impl Statement {
    fn event(self, seen: &Seen, source: &Source) -> Event {
        let event = Event::text("netlogon-log", Timestamp::Undated, source.line(seen.first))
            .with("At", &seen.at)
            .with("Count", seen.count.to_string());
        match self {
            Self::Logon(kind, user, from, status) => event
                .with("Statement", "logon")
                .with("Kind", kind)
                .with("Account", user)
                .with("Workstation", from)
                .with("Status", status),
            Self::NoController(words) => {
                event.with("Statement", "no controller").with("Message", words)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn what_stands_on_the_last_days() {
        let log = "12/01 07:00:00 [CRITICAL] [100] CONTOSO: NlDiscoverDc: Cannot find DC.\r\n\
            12/31 23:59:58 [LOGON] [100] CONTOSO: SamLogon: Network logon of CONTOSO\\bob from PC8 Entered\r\n\
            12/31 23:59:59 [LOGON] [100] CONTOSO: SamLogon: Network logon of CONTOSO\\bob from PC8 Returns 0xC000006A\r\n\
            01/01 08:00:00 [LOGON] SamLogon: Transitive Network logon of CONTOSO\\ann from PC7 (via RDS1) Returns 0xC000005E\r\n\
            01/01 08:00:01 [LOGON] [100] CONTOSO: SamLogon: Network logon of CONTOSO\\ann from PC7 Returns 0x0\r\n";
        insta::assert_snapshot!(parse(&NetlogonLog, log), @r#"
        line 3: undated, netlogon-log At="12/31 23:59:59" Count="1" Statement="logon" Kind="Network" Account="CONTOSO\\bob" Workstation="PC8" Status="0xC000006A"
        line 4: undated, netlogon-log At="01/01 08:00:00" Count="1" Statement="logon" Kind="Transitive Network" Account="CONTOSO\\ann" Workstation="PC7" Status="0xC000005E"
        "#);
        assert!(!NetlogonLog.sniff(&source("11/18 I called the user.\n11/19 No answer.\n")));
    }
}
