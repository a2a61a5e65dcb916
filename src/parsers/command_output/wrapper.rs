//! What the checker of RDP Wrapper shows (`RDPConf`): people copy its window as text.
//!
//! ```text
//! Wrapper state:  Installed          ver. 1.5.0.0
//! Service state:  Running            ver. 10.0.19041.662
//! Listener state: Not listening      [not supported]
//! ```

use std::sync::LazyLock;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// Reads the states in a part; they may stand in one sentence.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static STATE: LazyLock<Expression> =
        LazyLock::new(|| expression(r"(?i)\b(wrapper|service|listener) state:\s*(not \w+|\w+)"));
    let mut lines: Vec<u64> = Vec::new();
    let mut fields: Vec<(&'static str, String)> = Vec::new();
    for line in part.lines {
        let may = ["tate:", "TATE:"].iter().any(|word| line.text.contains(word));
        for state in may.then(|| STATE.captures_iter(&line.text)).into_iter().flatten() {
            let text = |group| state.get(group).map_or("", |part| part.as_str()).to_lowercase();
            let name = match text(1).as_str() {
                "wrapper" => "Wrapper",
                "service" => "Service",
                _ => "Listener",
            };
            lines.push(line.number);
            fields.push((name, text(2)));
        }
    }
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return };
    if fields.len() < 2 {
        return;
    }
    let text = part.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ");
    let supported = if text.contains("[not supported]") { "no" } else { "" };
    let fact = Fact::new("rdp-wrapper", *first).up_to(*last).with("Supported", supported);
    facts.push(fields.into_iter().fold(fact, |fact, (name, value)| fact.with(name, value)));
}

#[cfg(test)]
mod tests {
    use super::super::CommandOutput;
    use crate::parsers::Parser;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn the_window_of_the_checker_and_a_sentence() {
        let expected = "Listener=\"not listening\"";
        let window = "Wrapper state:  Installed   ver. 1.5.0.0\nService state:  Running\n\
            Listener state: Not listening      [not supported]\n";
        let found = parse(&CommandOutput, window);
        assert!(found.contains(expected) && found.contains("Supported=\"no\""), "{found}");
        let sentence = "Service state: Stopped, Listener state: Not listening [not supported].\n";
        assert!(parse(&CommandOutput, sentence).contains(expected));
        assert!(!CommandOutput.sniff(&source("Service state: fine\n")));
    }
}
