//! Names and addresses: `nslookup`, `Resolve-DnsName`, the first line of `ping`, `ipconfig`.
//!
//! `nslookup` names its resolver first and then the answer, each as a name and an address; only labels are translated.

use std::net::IpAddr;
use std::sync::LazyLock;

use super::Fact;
use super::transcript::{Line, Part};
use crate::expression::{Expression, expression};

/// Reads what names were looked up, and which addresses the machine has, in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    nslookup(part, facts);
    ping(part, facts);
    ipconfig(part, facts);
    for record in part.records() {
        let address = record.first(&["IPAddress", "IP4Address", "IP6Address"]);
        if matches!(record.get("Type"), "A" | "AAAA") && address.parse::<IpAddr>().is_ok() {
            facts.push(answer(record.lines.0, record.get("Name"), address));
        }
    }
}

fn answer(line: u64, name: &str, addresses: &str) -> Fact {
    let fact = Fact::new("name-lookup", line).with("Name", name);
    fact.with("Found", "yes").with("Addresses", addresses)
}

/// `Label:   value`.
fn pair(line: &Line) -> Option<(&str, &str)> {
    let (label, value) = line.text.split_once(':')?;
    (!label.starts_with([' ', '\t', '*', '>'])).then(|| (label.trim(), value.trim()))
}

fn nslookup(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let mut asked = part.command.filter(|_| part.runs(&["nslookup"])).and_then(last_word);
    let mut lines = part.lines;
    let mut resolver = false;
    // Names stand at the top of a paragraph.
    let mut top = true;
    while let Some((line, rest)) = lines.split_first() {
        lines = rest;
        let at_top = std::mem::replace(&mut top, opens(&line.text));
        if let Some(name) = line.text.strip_prefix("> ") {
            asked = last_word(name);
        }
        if line.text.starts_with("*** ") && resolver {
            // `*** dc1 can't find x: Non-existent domain`; in other languages the name stands elsewhere.
            let named =
                line.text.split("can't find ").nth(1).and_then(|rest| rest.split(':').next());
            if let Some(name) = named.or(asked) {
                let fact = Fact::new("name-lookup", line.number).with("Name", name);
                facts.push(fact.with("Found", "no"));
            }
        }
        let Some((_, name)) = pair(line).filter(|(_, name)| at_top && is_name(name)) else {
            continue;
        };
        let (addresses, last) = addresses(rest);
        if addresses.is_empty() {
            continue;
        }
        if resolver {
            facts.push(answer(line.number, name, &addresses.join("; ")).up_to(last));
        }
        // The resolver again, where the next name is asked for.
        resolver = !resolver;
    }
}

/// Whether a paragraph begins behind a line: a blank one, a question, `Non-authoritative answer:`.
fn opens(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with("> ") || line.ends_with(':')
}

fn last_word(command: &str) -> Option<&str> {
    command.split_whitespace().filter(|word| !word.starts_with('-')).nth_back(0)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.parse::<IpAddr>().is_err()
        && text.chars().all(|letter| letter.is_alphanumeric() || "-._".contains(letter))
}

/// `Address:  10.0.0.1`, or `Addresses:` with more of them indented below.
fn addresses(lines: &[Line]) -> (Vec<String>, u64) {
    let mut found = Vec::new();
    let mut last = 0;
    for line in lines {
        let value = match pair(line) {
            Some((_, value)) if found.is_empty() => value,
            None if !found.is_empty() => line.text.trim(),
            _ => break,
        };
        if value.parse::<IpAddr>().is_err() {
            break;
        }
        found.push(value.to_owned());
        last = line.number;
    }
    (found, last)
}

/// `Pinging srv01.example.com [10.0.0.1] with 32 bytes of data:`.
fn ping(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static PING: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^\p{L}[^\[]*?([^\[\s]+) \[([0-9a-fA-F.:]+)\]\s.*\b32\b"));
    for line in part.lines {
        let may = line.text.contains(" [") && line.text.contains("32");
        let Some(found) = may.then(|| PING.captures(&line.text)).flatten() else { continue };
        let text = |index: usize| found.get(index).map_or("", |value| value.as_str());
        if text(2).parse::<IpAddr>().is_ok() {
            facts.push(answer(line.number, text(1), text(2)));
        }
    }
}

/// `   IPv4 Address. . . . . . . . . . . : 10.0.0.1(Preferred)`; the first line with dots is the machine's name.
/// `ipconfig on the session host: IPv4 Address 10.0.5.21`, as people write it.
fn sentence(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static SAID: LazyLock<Expression> = LazyLock::new(|| {
        expression(r"(?i)\bipconfig\b.{0,60}\bIPv4\W\w+\W{1,3}(\d{1,3}(?:\.\d{1,3}){3})\b")
    });
    for line in part.lines {
        let may = ["v4", "V4"].iter().any(|word| line.text.contains(word));
        let said = may.then(|| SAID.captures(&line.text)).flatten();
        let address = said.and_then(|said| said.get(1));
        if let Some(address) = address.filter(|it| it.as_str().parse::<IpAddr>().is_ok()) {
            facts.push(Fact::new("ipconfig", line.number).with("Addresses", address.as_str()));
        }
    }
}

fn ipconfig(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static DOTS: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^\s{2,}(\S.*?)[ .]*(?:\. ){2,}\.?\s?: ?(.*)$"));
    let mut host = "";
    let mut found: Option<Fact> = None;
    let mut addresses = Vec::new();
    for line in part.lines {
        let Some(row) = DOTS.captures(&line.text) else { continue };
        let text = |index: usize| row.get(index).map_or("", |value| value.as_str().trim());
        let address = text(2).split(['(', '%']).next().unwrap_or_default();
        if found.is_none() {
            found = Some(Fact::new("ipconfig", line.number));
            if is_name(text(2)) && !text(2).contains('.') {
                host = text(2);
            }
        }
        if text(1).contains("IP") && text(2).contains('(') && address.parse::<IpAddr>().is_ok()
            || text(1).contains("IPv4") && address.parse::<IpAddr>().is_ok()
        {
            addresses.push(address.to_owned());
            found = found.map(|fact| fact.up_to(line.number));
        }
    }
    if found.is_none() {
        sentence(part, facts);
    }
    let fact = found.filter(|_| !addresses.is_empty());
    facts.extend(fact.map(|fact| fact.with("Host", host).with("Addresses", addresses.join("; "))));
}
