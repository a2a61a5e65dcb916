//! Whether a session host takes new logons: `change logon /query`.
//!
//! The sentences are known in English only.

use super::Fact;
use super::transcript::Part;

/// Reads the mode of logons in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    for line in part.lines {
        let Some(rest) = line.text.trim().strip_prefix("Session logins are currently ") else {
            continue;
        };
        let mode = match rest.split([' ', ',']).next() {
            Some("ENABLED") => "enabled",
            Some("DISABLED") if rest.contains("restart") => "draining until restart",
            Some("DISABLED") if rest.contains("reconnections") => "draining",
            Some("DISABLED") => "disabled",
            _ => continue,
        };
        facts.push(Fact::new("logon-mode", line.number).with("Mode", mode));
    }
}
