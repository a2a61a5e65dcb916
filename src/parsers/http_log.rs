//! Logs of a gateway's web server: IIS (`C:\inetpub\logs\LogFiles\W3SVC1\u_ex261118.log`) and HTTP.sys
//! (`%SystemRoot%\System32\LogFiles\HTTPERR\httperr1.log`), both in the W3C extended format.
//!
//! ```text
//! #Software: Microsoft Internet Information Services 10.0
//! #Date: 2026-11-18 00:00:21
//! #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip … sc-status sc-substatus sc-win32-status time-taken
//! 2026-11-18 08:14:02 192.0.2.20 RDG_OUT_DATA /remoteDesktopGateway/ - 443 - 198.51.100.7 MS-RDGateway/1.0 - 401 1 2148074252 15
//! ```
//!
//! Times are UTC. The columns are those of the last `#Fields:` line, which comes again at every start of the service; where
//! there is no date, it is that of `#Date:`, and goes on at midnight. Values may hold blanks, so columns in front of the address
//! are counted from the left and those behind it from the right.
//!
//! Requests for the gateway become events, and none other. That the server asks for credentials (401) is how every connection
//! begins: it counts only when nothing better began soon after it from the same address. What lasts is logged when it ends,
//! with the time it took, so this is known at the end of the log.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::coverage::Lines;
use super::damage::{self, Damage};
use super::{Parser, Sink};
use crate::event::{Event, Timestamp};
use crate::source::Source;

/// W3C logs of IIS and HTTP.sys.
pub struct HttpLog;

/// A client that is let in comes back within this after being asked for credentials.
const HANDSHAKE: TimeDelta = TimeDelta::minutes(2);

/// Refusals that wait for what follows; more are told as they are.
const WAITING: usize = 10_000;

const IIS: &str = "IIS";
const HTTPERR: &str = "HTTPERR";

impl Parser for HttpLog {
    fn format(&self) -> &'static str {
        "http-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let lines = || text.lines().take(8).map(str::trim);
        let software = |line: &str| {
            line.starts_with("#Software: Microsoft Internet Information Services")
                || line.starts_with("#Software: Microsoft HTTP API")
        };
        let fields = |line: &str| line.starts_with("#Fields:") && line.contains(" c-ip ");
        lines().any(software) || lines().any(fields)
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut reader = Reader::new(source);
        let mut damage = Damage::new(source, "line");
        for (number, line) in lines.by_ref() {
            let line = line.trim_end();
            if let Some(directive) = line.strip_prefix('#') {
                reader.directive(directive);
            } else if !line.trim().is_empty() && reader.request(number, line, sink).is_none() {
                damage.one(format_args!("line {number}"), "the line is cut off", sink);
            }
        }
        reader.tell_refusals(sink);
        reader.covered.finish(source.id, reader.log, sink);
        damage.finish(sink);
        damage::report(&lines, source, sink);
    }
}

struct Reader<'s> {
    source: &'s Source,
    log: &'static str,
    columns: Vec<String>,
    /// The day of lines without one, and the last time of day on it.
    day: Option<NaiveDate>,
    last: NaiveTime,
    /// Requests that were asked for credentials, by address.
    asked: BTreeMap<String, Vec<Asked>>,
    waiting: usize,
    covered: Lines,
}

/// Requests one after the other that were asked for credentials.
struct Asked {
    last: DateTime<Utc>,
    count: u64,
    /// That of the last, for the first has no reason yet.
    event: Event,
}

/// The values of one line.
struct Request<'l> {
    columns: &'l [String],
    values: Vec<&'l str>,
}

impl Request<'_> {
    /// A column's value; empty for `-`. A value with blanks moves what stands behind it.
    fn get(&self, name: &str) -> &str {
        let Some(at) = self.columns.iter().position(|known| known == name) else { return "" };
        let more = self.values.len().saturating_sub(self.columns.len());
        let uri = self.columns.iter().position(|known| known.starts_with("cs-uri"));
        let at = if uri.is_some_and(|uri| at > uri) { at + more } else { at };
        self.values.get(at).copied().filter(|value| *value != "-").unwrap_or_default()
    }
}

impl<'s> Reader<'s> {
    fn new(source: &'s Source) -> Self {
        Self {
            source,
            log: IIS,
            columns: Vec::new(),
            day: None,
            last: NaiveTime::MIN,
            asked: BTreeMap::new(),
            waiting: 0,
            covered: Lines::default(),
        }
    }

    fn directive(&mut self, text: &str) {
        if let Some(names) = text.strip_prefix("Fields:") {
            self.columns = names.split_whitespace().map(str::to_owned).collect();
        } else if let Some(stamp) = text.strip_prefix("Date:") {
            let stamp = NaiveDateTime::parse_from_str(stamp.trim(), "%Y-%m-%d %H:%M:%S").ok();
            self.day = stamp.map(|stamp| stamp.date()).or(self.day);
            self.last = stamp.map_or(self.last, |stamp| stamp.time());
        } else if text.starts_with("Software: Microsoft HTTP API") {
            self.log = HTTPERR;
        }
    }

    /// One line; `None` when it is torn.
    fn request(&mut self, number: u64, line: &str, sink: &mut dyn Sink) -> Option<()> {
        let columns = std::mem::take(&mut self.columns);
        let values: Vec<_> = line.split(' ').collect();
        let whole = values.len() >= columns.len() && columns.len() > 3;
        let request = Request { columns: &columns, values };
        let told = whole.then(|| self.take(number, &request, sink)).flatten();
        self.columns = columns;
        told
    }

    fn take(&mut self, number: u64, request: &Request<'_>, sink: &mut dyn Sink) -> Option<()> {
        let time = self.time(request)?;
        self.covered.add(time);
        if !is_for_gateway(request) {
            return Some(());
        }
        let status = request.get("sc-status").parse::<u16>().ok();
        let address = request.get("c-ip").to_owned();
        let event = self.event(number, time, request, &address);
        match status {
            Some(401) => self.ask(address, time, event, sink),
            Some(100..=399) => {
                let took = request.get("time-taken").parse::<i64>().unwrap_or_default();
                let took = TimeDelta::try_milliseconds(took).unwrap_or_default();
                self.let_in(&address, time - took.min(TimeDelta::days(30)), time);
                sink.event(event.with("Outcome", "accepted"));
            }
            Some(_) => sink.event(event.with("Outcome", "refused")),
            // Nothing was answered.
            None => sink.event(event.with("Outcome", "dropped")),
        }
        Some(())
    }

    fn ask(&mut self, address: String, time: DateTime<Utc>, event: Event, sink: &mut dyn Sink) {
        if self.waiting >= WAITING {
            self.tell_refusals(sink);
        }
        let asked = self.asked.entry(address).or_default();
        match asked.last_mut().filter(|asked| (time - asked.last).abs() <= HANDSHAKE) {
            Some(known) => *known = Asked { last: time, count: known.count + 1, event },
            None => {
                asked.push(Asked { last: time, count: 1, event });
                self.waiting += 1;
            }
        }
    }

    /// What was asked for shortly before, or while this was going on, was given.
    fn let_in(&mut self, address: &str, from: DateTime<Utc>, to: DateTime<Utc>) {
        if let Some(asked) = self.asked.get_mut(address) {
            let before = asked.len();
            asked.retain(|asked| !(from - HANDSHAKE..=to).contains(&asked.last));
            self.waiting -= before - asked.len();
        }
    }

    /// Hands out those that were asked for credentials and did not come back, in the order of the log.
    fn tell_refusals(&mut self, sink: &mut dyn Sink) {
        let mut left: Vec<_> = std::mem::take(&mut self.asked).into_values().flatten().collect();
        self.waiting = 0;
        left.sort_by_key(|asked| asked.event.origin);
        for Asked { count, event, .. } in left {
            let event = event.with("Outcome", "credentials refused");
            sink.event(event.with("Tries", count.to_string()));
        }
    }

    fn time(&mut self, request: &Request<'_>) -> Option<DateTime<Utc>> {
        let time = NaiveTime::parse_from_str(request.get("time"), "%H:%M:%S").ok()?;
        let day = match request.get("date") {
            "" => {
                // Small steps back happen; the one at midnight is of a day.
                if self.last - time > TimeDelta::hours(12) {
                    self.day = self.day.and_then(|day| day.succ_opt());
                }
                self.day?
            }
            date => NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?,
        };
        self.last = time;
        Some(day.and_time(time).and_utc())
    }

    fn event(
        &self,
        number: u64,
        time: DateTime<Utc>,
        request: &Request<'_>,
        address: &str,
    ) -> Event {
        let mut event = Event::text("http-log", Timestamp::Utc(time), self.source.line(number));
        event.channel = Some(self.log.into());
        let uri = request.get("cs-uri-stem");
        let uri = if uri.is_empty() { request.get("cs-uri") } else { uri };
        let scope = if is_local(address) { "itself" } else { "" };
        for (name, value) in [
            ("Method", request.get("cs-method")),
            ("Uri", uri.split('?').next().unwrap_or_default()),
            ("Status", request.get("sc-status")),
            ("SubStatus", request.get("sc-substatus")),
            ("Win32Status", request.get("sc-win32-status")),
            ("Reason", request.get("s-reason")),
            ("Pool", request.get("s-queuename")),
            ("User", request.get("cs-username")),
            ("Address", address),
            ("Scope", scope),
        ] {
            if !value.is_empty() {
                event = event.with(name, value);
            }
        }
        event
    }
}

/// The transports of a gateway: HTTP with a method of its own, RPC over HTTP, a web socket.
fn is_for_gateway(request: &Request<'_>) -> bool {
    let uri = [request.get("cs-uri-stem"), request.get("cs-uri")].concat().to_ascii_lowercase();
    let method = request.get("cs-method");
    method.starts_with("RDG_")
        || uri.starts_with("/remotedesktopgateway")
        || (method.starts_with("RPC_") && uri.contains("rpcproxy.dll"))
}

fn is_local(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    const HEAD: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-18 08:00:00\r\n\
        #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\r\n";

    #[test]
    fn being_asked_for_credentials_counts_when_nothing_followed() {
        let line = |time: &str, ip: &str, user: &str, status: &str| {
            format!(
                "2026-11-18 {time} 192.0.2.20 RDG_OUT_DATA /remoteDesktopGateway/ - 443 {user} {ip} MS-RDGateway/1.0 {status} 15\r\n"
            )
        };
        let log = [
            HEAD,
            &line("08:00:01", "198.51.100.7", "-", "401 2 5"),
            &line("08:00:01", "198.51.100.7", "-", "401 1 2148074254"),
            &line("08:00:02", "198.51.100.7", "CORP\\ann", "200 0 0"),
            &line("08:01:01", "198.51.100.8", "-", "401 2 5"),
            &line("08:01:02", "198.51.100.8", "-", "401 1 2148074252"),
            "2026-11-18 08:05:00 192.0.2.20 GET /index.html - 443 - 198.51.100.9 Mozilla 404 0 2 1\r\n",
            &line("08:06:00", "198.51.100.7", "-", "503 0 0"),
            &line("08:10:00", "198.51.100.9", "-", "401 2 5"),
            // A session of an hour, logged when it ends.
            "2026-11-18 09:10:01 192.0.2.20 RDG_OUT_DATA /remoteDesktopGateway/ - 443 CORP\\eve 198.51.100.9 MS-RDGateway/1.0 101 0 0 3600000\r\n",
            "2026-11-18 08:06:0",
        ]
        .concat();
        insta::assert_snapshot!(parse(&HttpLog, log), @r#"
        line 7: 2026-11-18T08:00:02Z, http-log in IIS Method="RDG_OUT_DATA" Uri="/remoteDesktopGateway/" Status="200" SubStatus="0" Win32Status="0" User="CORP\\ann" Address="198.51.100.7" Outcome="accepted"
        line 11: 2026-11-18T08:06:00Z, http-log in IIS Method="RDG_OUT_DATA" Uri="/remoteDesktopGateway/" Status="503" SubStatus="0" Win32Status="0" Address="198.51.100.7" Outcome="refused"
        line 13: 2026-11-18T09:10:01Z, http-log in IIS Method="RDG_OUT_DATA" Uri="/remoteDesktopGateway/" Status="101" SubStatus="0" Win32Status="0" User="CORP\\eve" Address="198.51.100.9" Outcome="accepted"
        line 9: 2026-11-18T08:01:02Z, http-log in IIS Method="RDG_OUT_DATA" Uri="/remoteDesktopGateway/" Status="401" SubStatus="1" Win32Status="2148074252" Address="198.51.100.8" Outcome="credentials refused" Tries="2"
        coverage: IIS of , 9 records 0..0, 2026-11-18T08:00:01Z..2026-11-18T09:10:01Z
        line 14: notice: the line is cut off (lost: 1 line)
        "#);
    }

    #[test]
    fn a_log_without_days_goes_on_at_midnight() {
        let log = "#Software: Microsoft Internet Information Services 10.0\n#Date: 2026-11-18 23:59:58\n\
            #Fields: time cs-method cs-uri-stem c-ip sc-status\n23:59:59 RDG_IN_DATA /remoteDesktopGateway/ 192.0.2.7 200\n\
            00:00:01 RDG_IN_DATA /remoteDesktopGateway/ 192.0.2.7 404\n";
        insta::assert_snapshot!(parse(&HttpLog, log), @r#"
        line 4: 2026-11-18T23:59:59Z, http-log in IIS Method="RDG_IN_DATA" Uri="/remoteDesktopGateway/" Status="200" Address="192.0.2.7" Outcome="accepted"
        line 5: 2026-11-19T00:00:01Z, http-log in IIS Method="RDG_IN_DATA" Uri="/remoteDesktopGateway/" Status="404" Address="192.0.2.7" Outcome="refused"
        coverage: IIS of , 2 records 0..0, 2026-11-18T23:59:59Z..2026-11-19T00:00:01Z
        "#);
    }

    #[test]
    fn errors_of_http_sys_with_blanks_in_the_address() {
        let log = "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-11-18 08:00:00\r\n\
            #Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n\
            2026-11-18 08:00:00 198.51.100.7 51001 192.0.2.20 443 HTTP/1.1 RDG_OUT_DATA /remoteDesktopGateway/?a b 503 1 AppOffline DefaultAppPool\r\n\
            2026-11-18 08:00:05 198.51.100.7 51002 192.0.2.20 443 - - - - - Timer_ConnectionIdle -\r\n";
        insta::assert_snapshot!(parse(&HttpLog, log), @r#"
        line 5: 2026-11-18T08:00:00Z, http-log in HTTPERR Method="RDG_OUT_DATA" Uri="/remoteDesktopGateway/" Status="503" Reason="AppOffline" Pool="DefaultAppPool" Address="198.51.100.7" Outcome="refused"
        coverage: HTTPERR of , 2 records 0..0, 2026-11-18T08:00:00Z..2026-11-18T08:00:05Z
        "#);
        assert!(
            !HttpLog.sniff(&source(
                "#Software: Microsoft Windows Firewall\n#Fields: date time action\n"
            ))
        );
    }
}
