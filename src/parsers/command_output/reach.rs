//! Whether a port answers: `Test-NetConnection`, `portqry`, `psping`.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// Reads the trials of a port in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let mut told = false;
    for record in part.records() {
        let tcp = answers(record.get("TcpTestSucceeded"));
        let port = record.get("RemotePort");
        if tcp.is_empty() || port.is_empty() {
            continue;
        }
        told = true;
        let fact = Fact::new("reachability", record.lines.0).up_to(record.lines.1);
        let fact = fact.with("Host", record.get("ComputerName"));
        let fact = fact.with("To", record.get("RemoteAddress")).with("Port", port);
        let fact = fact.with("Answers", tcp).with("Ping", answers(record.get("PingSucceeded")));
        facts.push(fact.with("From", record.first(&["SourceAddress", "SourceAddress.IPAddress"])));
    }
    if !told {
        facts.extend(part.lines.iter().filter_map(|line| sentence(&line.text, line.number)));
    }
}

fn answers(word: &str) -> &'static str {
    match word {
        "True" => "yes",
        "False" => "no",
        _ => "",
    }
}

/// `WARNING: TCP connect to (10.0.0.1 : 3389) failed`, `TCP port 3389 (ms-wbt-server service): FILTERED`.
fn sentence(line: &str, number: u64) -> Option<Fact> {
    static TRIAL: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?x)TCP\ connect\ to\ \((?P<to>[^\s)]+)\ ?:\ ?(?P<port>\d+)\)\ failed
            |^TCP\ port\ (?P<queried>\d+)\ \(.*\):\ (?P<state>LISTENING|NOT\ LISTENING|FILTERED)",
        )
    });
    let found = TRIAL.captures(line)?;
    let text = |name: &str| found.name(name).map_or("", |value| value.as_str());
    let answers = if text("state") == "LISTENING" { "yes" } else { "no" };
    let fact = Fact::new("reachability", number).with("To", text("to"));
    Some(fact.with("Port", text("port")).with("Port", text("queried")).with("Answers", answers))
}
