//! The machine's tie to its domain: `nltest`, `Test-ComputerSecureChannel`.
//!
//! `nltest` is never translated. A refusal of the question itself (`I_NetLogonControl failed: Status = 5`) only says that it
//! was asked without elevation.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// Reads the state of the secure channel in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static STATUS: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?x)^\s*(?P<what>Trusted\ DC\ Connection\ Status|Trust\ Verification\ Status
            |Getting\ DC\ name\ failed:)\s(?:Status\s)?=?\s*(?:Status\ =\ )?(?P<code>\d+)\s+0x[0-9a-fA-F]+
            \s+(?P<name>\w+)",
        )
    });
    for line in part.lines {
        let text = line.text.trim();
        if let Some(found) = STATUS.captures(text) {
            let code = found.name("code").map_or("", |code| code.as_str());
            let code =
                code.parse::<u32>().map_or_else(|_| String::new(), |code| format!("{code:#x}"));
            let what =
                if text.starts_with("Getting") { "find controller" } else { "secure channel" };
            let fact = Fact::new("secure-channel", line.number).with("Asked", what);
            let name = found.name("name").map_or("", |name| name.as_str());
            facts.push(fact.with("Status", code).with("Name", name));
        } else if let Some(works) = works(part, text) {
            let fact = Fact::new("secure-channel", line.number).with("Asked", "secure channel");
            facts.push(fact.with("Works", works));
        }
    }
}

/// What `Test-ComputerSecureChannel` answers: a word, and a sentence with `-Verbose`.
fn works(part: &Part<'_>, line: &str) -> Option<&'static str> {
    let asked = part.runs(&["test-computersecurechannel"]);
    if (asked && line == "False")
        || (line.contains("secure channel between") && line.ends_with("is broken."))
    {
        Some("no")
    } else if (asked && line == "True")
        || (line.contains("secure channel between") && line.ends_with("is in good condition."))
    {
        Some("yes")
    } else {
        None
    }
}
