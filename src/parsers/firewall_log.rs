//! Windows Firewall log (`%SystemRoot%\System32\LogFiles\Firewall\pfirewall.log`).
//!
//! ```text
//! #Software: Microsoft Windows Firewall
//! #Time Format: Local
//! #Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags … path
//! 2026-11-18 14:41:53 DROP TCP 192.0.2.9 192.0.2.5 51822 3389 52 S 123456789 0 64240 - - - RECEIVE
//! ```
//!
//! The columns are those of the last `#Fields:` line, which may come again further down. By default nothing is logged, and
//! then only what is dropped, so a packet that is not there proves nothing. Only packets to or from the port of Remote
//! Desktop become events.

use std::net::IpAddr;

use chrono::NaiveDateTime;

use super::coverage::Lines;
use super::damage::{self, Damage};
use super::{Parser, Sink};
use crate::event::{Event, Timestamp};
use crate::source::Source;

/// The packet log of the host firewall.
pub struct FirewallLog;

const RDP: &str = "3389";

const LOG: &str = "pfirewall.log";

impl Parser for FirewallLog {
    fn format(&self) -> &'static str {
        "firewall-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let mut head = text.lines().take(8).map(str::trim);
        head.any(|line| line == "#Software: Microsoft Windows Firewall")
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut damage = Damage::new(source, "line");
        let (mut columns, mut utc) = (Columns::default(), false);
        let mut covered = Lines::default();
        for (number, line) in lines.by_ref() {
            let line = line.trim();
            if let Some(names) = line.strip_prefix("#Fields:") {
                columns = Columns::of(names);
            } else if let Some(format) = line.strip_prefix("#Time Format:") {
                utc = format.trim() != "Local";
            } else if !line.is_empty() && !line.starts_with('#') {
                match columns.packet(line, utc) {
                    Some((time, packet)) => {
                        time.clock().into_iter().for_each(|time| covered.add(time));
                        if let Some(fields) = packet {
                            let mut event = Event::text("firewall-log", time, source.line(number));
                            event.channel = Some(LOG.into());
                            let with = |event: Event, (name, value): (&str, String)| {
                                event.with(name, value)
                            };
                            sink.event(fields.into_iter().fold(event, with));
                        }
                    }
                    None => damage.one(format_args!("line {number}"), "the line is cut off", sink),
                }
            }
        }
        if !utc {
            sink.local();
        }
        covered.finish(source.id, LOG, sink);
        damage.finish(sink);
        damage::report(&lines, source, sink);
    }
}

/// The names of the columns, in order.
#[derive(Debug, Default)]
struct Columns(Vec<String>);

/// When, and what to tell of a packet of Remote Desktop.
type Packet = (Timestamp, Option<Vec<(&'static str, String)>>);

impl Columns {
    fn of(names: &str) -> Self {
        Self(names.split_whitespace().map(str::to_owned).collect())
    }

    /// The packet of a line; `None` when the line is torn.
    fn packet(&self, line: &str, utc: bool) -> Option<Packet> {
        let values: Vec<_> = line.split_whitespace().collect();
        // Newer builds write a value more than they name.
        if values.len() < self.0.len() || values.len() < 8 {
            return None;
        }
        let value = |name: &str| {
            let at = self.0.iter().position(|known| known == name);
            at.and_then(|at| values.get(at)).copied().unwrap_or_default()
        };
        let stamp = format!("{} {}", value("date"), value("time"));
        let time = NaiveDateTime::parse_from_str(&stamp, "%Y-%m-%d %H:%M:%S").ok()?;
        let time = if utc { Timestamp::Utc(time.and_utc()) } else { Timestamp::Local(time) };
        if value("dst-port") != RDP {
            return Some((time, None));
        }
        let inbound = value("path") != "SEND";
        let (peer, own) = (value("src-ip"), value("dst-ip"));
        let peer = if inbound { peer } else { own };
        let scope = if is_near(peer) { "near" } else { "internet" };
        Some((
            time,
            Some(vec![
                ("Action", value("action").to_owned()),
                ("Direction", if inbound { "in" } else { "out" }.to_owned()),
                ("Protocol", value("protocol").to_owned()),
                ("Address", peer.to_owned()),
                ("Scope", scope.to_owned()),
                ("Port", RDP.to_owned()),
            ]),
        ))
    }
}

/// Whether an address belongs to a private network, where clients are, and scanners are not.
pub(super) fn is_near(address: &str) -> bool {
    match address.parse() {
        Ok(IpAddr::V4(address)) => {
            address.is_private() || address.is_loopback() || address.is_link_local()
        }
        Ok(IpAddr::V6(address)) => {
            address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local()
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::parse;

    #[test]
    fn a_torn_line_does_not_hide_the_next() {
        let log = "#Version: 1.5\r\n#Software: Microsoft Windows Firewall\r\n#Time Format: Local\r\n\
            #Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags path\r\n\r\n\
            2026-03-02 08:15:01 DROP TCP 192.0\r\n\
            2026-03-02 08:15:02 DROP UDP 192.0.2.9 192.0.2.255 137 137 78 - RECEIVE\r\n\
            2026-03-02 08:15:03 DROP TCP 10.0.2.9 192.0.2.5 51001 3389 52 S RECEIVE\r\n\
            #Time Format: GMT\r\n2026-03-02 07:15:09 ALLOW TCP 192.0.2.5 198.51.100.7 51002 3389 0 - SEND\r\n";
        insta::assert_snapshot!(parse(&FirewallLog, log), @r#"
        line 8: 2026-03-02 08:15:03 local, firewall-log in pfirewall.log Action="DROP" Direction="in" Protocol="TCP" Address="10.0.2.9" Scope="near" Port="3389"
        line 10: 2026-03-02T07:15:09Z, firewall-log in pfirewall.log Action="ALLOW" Direction="out" Protocol="TCP" Address="198.51.100.7" Scope="internet" Port="3389"
        coverage: pfirewall.log of , 3 records 0..0, 2026-03-02T07:15:09Z..2026-03-02T08:15:03Z
        line 6: notice: the line is cut off (lost: 1 line)
        "#);
    }
}
