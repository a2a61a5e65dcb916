//! Kerberos tickets: `klist`, `klist get TERMSRV/host`.
//!
//! Labels are translated; the number before each ticket, the form of a name (`TERMSRV/srv01 @ REALM`) and codes are not.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// Reads tickets and what went wrong when one was asked for, in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static LOGON: LazyLock<Expression> = LazyLock::new(|| expression(r"\b0:0x[0-9a-f]+\s*$"));
    static COUNT: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^\p{L}[^:#]*: \((\d{1,5})\)$"));
    let mut session = false;
    let mut rest = part.lines;
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        let text = line.text.as_str();
        session |= text.contains("0:0x") && LOGON.is_match(text);
        let count = session.then(|| COUNT.captures(text)).flatten();
        if let Some(count) = count.as_ref().and_then(|found| found.get(1)) {
            facts.push(Fact::new("klist", line.number).with("Tickets", count.as_str()));
        }
        if is_numbered(text) {
            facts.extend(ticket(rest, text, line.number));
        }
        facts.extend(failure(part, text, line.number));
    }
}

/// `#0>     Client: ann @ CORP.EXAMPLE`.
fn is_numbered(line: &str) -> bool {
    let number = line.strip_prefix('#').and_then(|line| line.split_once('>'));
    number.is_some_and(|(number, _)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The ticket whose first line is above; those of Remote Desktop and those that ticket others are of interest.
fn ticket(below: &[super::Line], first: &str, number: u64) -> Option<Fact> {
    let name = |text: &str| {
        let (_, value) = text.split_once(": ")?;
        let (name, realm) = value.trim().split_once(" @ ")?;
        (!realm.trim().contains(' ')).then(|| name.trim().to_owned())
    };
    let inside: Vec<_> = below
        .iter()
        .take_while(|line| !line.text.trim().is_empty() && !is_numbered(&line.text))
        .take(12)
        .collect();
    let server = inside.first().and_then(|line| name(&line.text))?;
    let (kind, of) = server.split_once('/')?;
    let kind = ["TERMSRV", "krbtgt"].into_iter().find(|known| known.eq_ignore_ascii_case(kind))?;
    // Begin, end and renewal follow one another.
    let mut times = inside.iter().filter(|line| line.text.trim_end().ends_with(')'));
    let end = times.nth(1).and_then(|line| line.text.split_once(": "));
    let last = inside.last().map_or(number, |line| line.number);
    let fact = Fact::new("klist", number).up_to(last).with("Ticket", kind);
    let fact = fact.with(if kind == "TERMSRV" { "Server" } else { "Realm" }, of);
    let fact = fact.with("User", name(first).unwrap_or_default());
    Some(fact.with("End", end.map_or("", |(_, end)| end.trim())))
}

/// `klist failed with 0xc0000133/-1073741517: …`, `… (GetTicket substatus): 0x80090324`.
fn failure(part: &Part<'_>, line: &str, number: u64) -> Option<Fact> {
    static FAILED: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?i)^\s*klist\b.*\b(0x[0-9a-f]{8})(?:/-?\d+)?\b|\(GetTicket substatus\): (0x[0-9a-f]{3,8})",
        )
    });
    let found = line.contains("0x").then(|| FAILED.captures(line)).flatten()?;
    let code = found.get(1).or_else(|| found.get(2))?.as_str().to_ascii_lowercase();
    let asked = part.command.filter(|_| part.runs(&["klist"])).unwrap_or_default();
    let asked = asked.split_whitespace().find_map(|word| word.split_once('/'));
    let (kind, server) = asked.unwrap_or_default();
    let fact = Fact::new("klist", number).with("Code", code);
    Some(fact.with("AskedFor", kind).with("AskedServer", server))
}
