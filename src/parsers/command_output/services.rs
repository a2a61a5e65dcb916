//! Services: `sc query`, `sc queryex`, `sc qc`, `Get-Service`, `Win32_Service`, `wmic service`.
//!
//! The numbers and words behind the colons of `sc` are never translated, its labels are in part.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// The services a connection depends on, and those of the roles around it.
const SERVICES: &[&str] = &[
    "TermService",
    "SessionEnv",
    "UmRdpService",
    "KeyIso",
    "CryptSvc",
    "CertPropSvc",
    "Netlogon",
    "W32Time",
    "RpcSs",
    "Dnscache",
    "NlaSvc",
    "MpsSvc",
    "BFE",
    "Tssdis",
    "TSGateway",
    "TermServLicensing",
    "frxsvc",
];

/// Reads every listing of services in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    read_sc(part, facts);
    for record in part.records() {
        let state = state(record.first(&["State", "Status"]));
        let start = start(record.first(&["StartMode", "StartType"]));
        let name = record.first(&["Name", "ServiceName"]);
        if let Some(name) = known(name).filter(|_| !state.is_empty() || !start.is_empty()) {
            let fact = Fact::new("services", record.lines.0).up_to(record.lines.1);
            let fact = fact.with("Service", name).with("State", state).with("Start", start);
            let pid = record.first(&["ProcessId", "ProcessID"]);
            let pid = if pid == "0" { "" } else { pid };
            facts.push(fact.with("Account", record.get("StartName")).with("Pid", pid));
        }
    }
}

fn known(name: &str) -> Option<&'static str> {
    SERVICES.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// `SERVICE_NAME: x`, then indented `LABEL : number  WORD`.
fn read_sc(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static NAME: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^\s{0,2}\p{Lu}+_\p{Lu}[\p{Lu}_]*\s?: (\S+)$"));
    static VALUE: LazyLock<Expression> = LazyLock::new(|| {
        expression(r"^\s+\S[^:]*: (?:(\d)\s+([A-Z_]{6,})\b|(\d+)\s+\((0x[0-9a-f]+)\)|(\S.*)$)")
    });
    let mut open: Option<Fact> = None;
    for line in part.lines {
        let may = line.text.contains('_') && line.text.contains(": ");
        let name = may.then(|| NAME.captures(&line.text)).flatten();
        if let Some(name) = name.and_then(|found| found.get(1)) {
            facts.extend(open.take().filter(|fact| fact.fields.len() > 1));
            open = known(name.as_str())
                .map(|name| Fact::new("services", line.number).with("Service", name));
        } else if open.is_some()
            && let Some(found) = VALUE.captures(&line.text)
        {
            let text = |index: usize| found.get(index).map_or("", |value| value.as_str());
            let (name, value) = match (text(2), text(4)) {
                ("", "") if line.text.contains("SERVICE_START_NAME") => ("Account", text(5)),
                ("", "") if line.text.trim_start().starts_with("PID ") && text(5) != "0" => {
                    ("Pid", text(5))
                }
                ("", "") => continue,
                ("", code) => ("ExitCode", code),
                (word, _) if !start(word).is_empty() => ("Start", start(word)),
                (word, _) => ("State", state(word)),
            };
            // The service's own code follows that of Windows; the first counts.
            let again = |fact: &Fact| fact.fields.iter().any(|(known, _)| *known == name);
            open = open.map(|fact| {
                if again(&fact) { fact } else { fact.with(name, value).up_to(line.number) }
            });
        } else {
            facts.extend(not_there(part, &line.text, line.number));
        }
    }
    facts.extend(open.filter(|fact| fact.fields.len() > 1));
}

/// `[SC] EnumQueryServicesStatus:OpenService FAILED 1060:`: there is no such service.
fn not_there(part: &Part<'_>, line: &str, number: u64) -> Option<Fact> {
    let missing = line.starts_with("[SC]") && line.contains(" 1060");
    let mut words = part.command.unwrap_or_default().split_whitespace();
    let name = words.find_map(known).filter(|_| missing)?;
    Some(Fact::new("services", number).with("Service", name).with("State", "absent"))
}

fn state(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "running" | "4" => "running",
        "stopped" | "1" => "stopped",
        "paused" => "paused",
        "start_pending" | "startpending" | "start pending" => "starting",
        "stop_pending" | "stoppending" | "stop pending" => "stopping",
        _ => "",
    }
}

fn start(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "auto_start" | "auto" | "automatic" | "automaticdelayedstart" => "automatic",
        "demand_start" | "manual" => "manual",
        "disabled" => "disabled",
        _ => "",
    }
}
