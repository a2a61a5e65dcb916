//! Who listens where: `netstat -ano`, `-abno`, `Get-NetTCPConnection`.
//!
//! Words for states are translated; a socket that listens has no other end in any language.

use std::sync::LazyLock;

use regex::Captures;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// The port of Remote Desktop, unless it was moved.
const RDP: u16 = 3389;

/// A socket that listens.
#[derive(Debug, Default)]
struct Listener {
    line: u64,
    address: String,
    port: u16,
    pid: String,
    /// The service within the process, with `-b`.
    component: String,
    program: String,
}

/// Reads the listening sockets of a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let mut rows = netstat(part);
    rows.extend(connections(part));
    let is_rdp = |row: &&Listener| row.port == RDP || row.component == "TermService";
    let first = rows.first().map(|row| row.line);
    // Every Windows listens on 135 and on ports above that of Remote Desktop: a list without the one was filtered, one without the
    // other may have been cut, for it is in order.
    let has = |fits: fn(u16) -> bool| rows.iter().any(|row| fits(row.port));
    let complete = has(|port| port == 135) && has(|port| port > RDP);
    if !rows.iter().any(|row| is_rdp(&row)) {
        let line = first.filter(|_| complete).or_else(|| searched_in_vain(part));
        facts.extend(line.map(|line| {
            Fact::new("ports", line).with("Port", RDP.to_string()).with("Listening", "no")
        }));
    }
    let mut told: Vec<(u16, &str)> = Vec::new();
    for row in rows.iter().filter(is_rdp) {
        // Once for IPv4 and IPv6.
        if told.contains(&(row.port, &row.pid)) {
            continue;
        }
        told.push((row.port, &row.pid));
        let fact = Fact::new("ports", row.line).with("Port", row.port.to_string());
        let fact = fact.with("Listening", "yes").with("Address", &row.address);
        let fact = fact.with("Pid", &row.pid).with("Component", &row.component);
        facts.push(fact.with("Program", row.program.to_lowercase()));
    }
}

/// `netstat -ano | findstr 3389` that found nothing; the text goes on behind it, so nothing was cut off.
fn searched_in_vain(part: &Part<'_>) -> Option<u64> {
    let command = part.command?;
    let asked = part.runs(&["netstat"])
        && part.runs(&["find", "select-string", "sls "])
        && command.contains(&RDP.to_string());
    let blank = part.lines.iter().all(|line| line.text.trim().is_empty());
    part.lines.first().filter(|_| asked && blank).map(|line| line.number)
}

/// `  TCP    0.0.0.0:3389    0.0.0.0:0    LISTENING    1234`, with `-b` the program below.
fn netstat(part: &Part<'_>) -> Vec<Listener> {
    static ROW: LazyLock<Expression> = LazyLock::new(|| {
        expression(r"^\s*TCP\s+(\S+):(\d{1,5})\s+(\S+):(\d{1,5}|\*)\s+(?:\S.*?\s+)??(\d+)?\s*$")
    });
    static OTHER: LazyLock<Expression> = LazyLock::new(|| expression(r"^\s*(?:TCP|UDP)\s"));
    let mut rows: Vec<Listener> = Vec::new();
    let mut open = false;
    for line in part.lines {
        let text = line.text.as_str();
        if let Some(row) = ROW.captures(text).and_then(|found| listener(&found, line.number)) {
            rows.push(row);
            open = true;
        } else if OTHER.is_match(text) {
            open = false;
        } else if let Some(row) = rows.last_mut().filter(|_| open) {
            let name = text.trim();
            match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                Some(program) => {
                    program.clone_into(&mut row.program);
                    open = false;
                }
                None if !name.contains(' ') => name.clone_into(&mut row.component),
                None => open = false,
            }
        }
    }
    rows
}

fn listener(found: &Captures<'_>, line: u64) -> Option<Listener> {
    let text = |index: usize| found.get(index).map_or("", |value| value.as_str());
    let listens = matches!(text(3), "0.0.0.0" | "[::]" | "*") && matches!(text(4), "0" | "*");
    listens.then_some(())?;
    let (address, pid) = (text(1).to_owned(), text(5).to_owned());
    Some(Listener { line, address, port: text(2).parse().ok()?, pid, ..Listener::default() })
}

/// `Get-NetTCPConnection`, as table, list or CSV.
fn connections(part: &Part<'_>) -> Vec<Listener> {
    let records = part.records();
    let listens = records.iter().filter(|record| record.get("State") == "Listen");
    listens
        .filter_map(|record| {
            let [address, pid] =
                ["LocalAddress", "OwningProcess"].map(|name| record.get(name).to_owned());
            let port = record.get("LocalPort").parse().ok()?;
            Some(Listener { line: record.lines.0, address, port, pid, ..Listener::default() })
        })
        .collect()
}
