//! Text logs of other products that have a hand in Remote Desktop connections: security agents that block or reset them,
//! proxies and servers that answer in place of Windows, clients that are not Microsoft's.
//!
//! There are as many layouts as products. What they share is a time at the beginning of a line, if there is one, and words:
//!
//! ```text
//! 2026-07-14T09:12:05.391Z WARN  rdpshield  threshold reached, BLOCK src=10.20.31.61 port=3389 for 120 min
//! [12:00:01:161] [5121:00001401] [ERROR][com.freerdp.core] - nego_process_negotiation_failure: Error: SSL_CERT_NOT_ON_SERVER
//! ```
//!
//! Only lines that tell something about such a connection become events: `Verdict` says which kind they are of, `Message`
//! is the line, `Address` the first IP address in it.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDateTime};

use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::source::Source;

/// Whatever other products wrote about connections.
pub struct ProductLog;

impl Parser for ProductLog {
    fn format(&self) -> &'static str {
        "product-log"
    }

    fn sniff(&self, source: &Source) -> bool {
        if !source.looks_like_text() {
            return false;
        }
        let text = source.text_head();
        // The extended log format of W3C, such as that of Windows Firewall, has readers of its own.
        if text.trim_start_matches('\u{feff}').starts_with('#') {
            return false;
        }
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).take(200).collect();
        let log = lines.iter().filter(|line| time(line).is_some() || is_of_a_client(line)).count();
        log * 2 >= lines.len() && lines.iter().any(|line| verdict(line).is_some())
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        for (number, line) in lines.by_ref() {
            let Some(verdict) = verdict(&line) else { continue };
            let message: String = line.trim().chars().take(limits::MESSAGE_CHARS).collect();
            let time = time(&line).unwrap_or(Timestamp::Undated);
            let mut event = Event::text("product-log", time, source.line(number))
                .with("Verdict", verdict)
                .with("Message", message);
            if let Some(address) = ADDRESS.captures(&line).and_then(|found| found.get(1)) {
                event = event.with("Address", address.as_str());
            }
            sink.event(event);
        }
        damage::report(&lines, source, sink);
    }
}

/// What a line says of a connection, if it says anything.
fn verdict(line: &str) -> Option<&'static str> {
    if is_of_a_client(line) {
        return FAILS.is_match(line).then_some("client");
    }
    if OTHER_SERVER.is_match(line) {
        return FAILS.is_match(line).then_some("answers");
    }
    (BLOCKS.is_match(line) && REMOTE_DESKTOP.is_match(line)).then_some("blocks")
}

fn is_of_a_client(line: &str) -> bool {
    CLIENT.is_match(line)
}

/// FreeRDP and what is built on it, rdesktop.
static CLIENT: LazyLock<Expression> = LazyLock::new(|| {
    expression(r"(?i)freerdp|\bguacd\b|\brdesktop\b|\bremmina\b|CredSSP required by server")
});

/// Servers and proxies that speak the protocol.
static OTHER_SERVER: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"(?i)\bxrdp\w*|\brdp[-_ ]?proxy|\bbastion\b|\bbackend\b.*\b(?:rdp|client)|gnome-remote-desktop|\bkrdp\b",
    )
});

static FAILS: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"(?i)error|fail|errconnect|cannot|refus|reject|denied|disconnect|clos(?:ed|ing)|unexpected|required by|required_by|_by_server|not_on_server|reset by",
    )
});

static BLOCKS: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"(?i)\b(?:block(?:ed|ing|s)?|bann?(?:ed|ing|s)?|drop(?:ped|ping|s)?|den(?:y|ied|ies)|reset(?:ting|s)?|reject(?:ed|ing|s)?|quarantined?|isolated?|contained)\b",
    )
});

static REMOTE_DESKTOP: LazyLock<Expression> = LazyLock::new(|| {
    expression(
        r"(?i)\b3389\b|\brdp|remote[- ]?desktop|remote access|termservice|\bmstsc\b|\bterminal server",
    )
});

/// The first address of a line: the one a connection comes from stands first.
static ADDRESS: LazyLock<Expression> =
    LazyLock::new(|| expression(r"(?:^|[^\d.])(\d{1,3}(?:\.\d{1,3}){3})(?:[^\d.]|$)"));

/// The time at the beginning of a line: ISO 8601 with or without a zone, or xrdp's `[20260212-10:00:00]`.
fn time(line: &str) -> Option<Timestamp> {
    static TIME: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"^\W{0,2}(\d{4})-?(\d\d)-?(\d\d)[T \-](\d\d:\d\d:\d\d)(?:[.,]\d+)? ?(Z|UTC|[+-]\d\d:?\d\d)?",
        )
    });
    let found = TIME.captures(line)?;
    let text = |group: usize| found.get(group).map_or("", |part| part.as_str());
    let clock = format!("{}-{}-{} {}", text(1), text(2), text(3), text(4));
    let local = NaiveDateTime::parse_from_str(&clock, "%Y-%m-%d %H:%M:%S").ok()?;
    Some(match text(5) {
        "" => Timestamp::Local(local),
        "Z" | "UTC" => Timestamp::Utc(local.and_utc()),
        zone => Timestamp::Utc(
            DateTime::parse_from_str(&format!("{clock} {zone}"), "%Y-%m-%d %H:%M:%S %z")
                .ok()?
                .to_utc(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn what_a_security_agent_blocks() {
        let text = "2026-07-14T09:11:20.412Z INFO  rdpshield  failed logon src=10.20.31.61 user=mika count=1/6\n\
             2026-07-14T09:12:05.391Z WARN  rdpshield  threshold reached, BLOCK src=10.20.31.61 port=3389 for 120 min\n\
             2026-07-14T09:20:00.110Z INFO  web  blocked http://example.com\n";
        insta::assert_snapshot!(parse(&ProductLog, text), @r#"line 2: 2026-07-14T09:12:05Z, product-log Verdict="blocks" Message="2026-07-14T09:12:05.391Z WARN  rdpshield  threshold reached, BLOCK src=10.20.31.61 port=3389 for 120 min" Address="10.20.31.61""#);
    }

    #[test]
    fn who_answers_in_place_of_windows() {
        let text = "[20260212-10:00:00] [INFO ] Socket 12: AF_INET6 connection received from ::ffff:10.71.9.3 port 51111\n\
             [20260212-10:00:00] [ERROR] xrdp_rdp_incoming: xrdp_sec_incoming failed\n";
        insta::assert_snapshot!(parse(&ProductLog, text), @r#"line 2: 2026-02-12 10:00:00 local, product-log Verdict="answers" Message="[20260212-10:00:00] [ERROR] xrdp_rdp_incoming: xrdp_sec_incoming failed""#);
    }

    #[test]
    fn clients_that_are_not_of_microsoft() {
        let text = "[12:00:01:114] [5121:00001401] [INFO][com.freerdp.core] - resetting the state\n\
             [12:00:01:161] [5121:00001401] [ERROR][com.freerdp.core] - negotiation failure: Error: SSL_CERT_NOT_ON_SERVER\n";
        insta::assert_snapshot!(parse(&ProductLog, text), @r#"line 2: undated, product-log Verdict="client" Message="[12:00:01:161] [5121:00001401] [ERROR][com.freerdp.core] - negotiation failure: Error: SSL_CERT_NOT_ON_SERVER""#);
    }

    #[test]
    fn letters_and_other_logs_are_left_alone() {
        for text in [
            "Hello,\nthe firewall blocked RDP on port 3389 and xrdp failed.\n",
            "2026-07-14 09:20:00 GET /index.html 200\n2026-07-14 09:20:01 GET /a.css 200\n",
            "2026-07-14T09:20:00Z service blocked the user\n",
        ] {
            assert!(!ProductLog.sniff(&source(text)), "{text}");
        }
    }
}
