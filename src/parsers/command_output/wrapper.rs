//! What the checker of RDP Wrapper shows (`RDPConf`): people copy its window as text.
//!
//! ```text
//! Wrapper state:  Installed          ver. 1.5.0.0
//! Service state:  Running            ver. 10.0.19041.662
//! Listener state: Not listening      [not supported]
//! ```

use std::sync::LazyLock;

use regex::Regex;

use super::Fact;
use super::transcript::Part;

/// Reads the states in a part; they may stand in one sentence.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static STATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(wrapper|service|listener) state:\s*(not \w+|\w+)").expect("a constant")
    });
    let mut found: Option<(u64, u64, Vec<(&'static str, String)>)> = None;
    for line in part.lines {
        for state in STATE.captures_iter(&line.text) {
            let text = |group| state.get(group).map_or("", |part| part.as_str()).to_lowercase();
            let name = match text(1).as_str() {
                "wrapper" => "Wrapper",
                "service" => "Service",
                _ => "Listener",
            };
            let (_, last, fields) =
                found.get_or_insert_with(|| (line.number, line.number, Vec::new()));
            *last = line.number;
            fields.push((name, text(2)));
        }
    }
    let Some((first, last, fields)) = found.filter(|(_, _, fields)| fields.len() > 1) else {
        return;
    };
    let text = part.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ");
    let supported = if text.contains("[not supported]") { "no" } else { "" };
    let fact = Fact::new("rdp-wrapper", first).up_to(last).with("Supported", supported);
    facts.push(fields.into_iter().fold(fact, |fact, (name, value)| fact.with(name, value)));
}
