//! The build of the system: `ver`, `winver`, the line that opens a console, `[Environment]::OSVersion`.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::{Line, Part};
use crate::expression::{Expression, expression};

/// Reads the build in a part: `Microsoft Windows [Version 10.0.20348.4648]`, `Version 21H2 (OS Build 20348.4648)`.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static VER: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?x)^Microsoft\ Windows\ \[\S+\ (?P<ver>\d+\.\d+\.\d{4,5}(?:\.\d+)?)\]\s*$
            |^\W*Version\ \w+\ \(\S+?[\ -]\S*\ (?P<winver>\d{5}\.\d+)\)\s*$
            |^Microsoft\ Windows\ NT\ (?P<net>\d+\.\d+\.\d{4,5})\.\d+\s*$",
        )
    });
    // The first lines of a console that was pasted below other words are of whoever pasted it.
    let own = |line: &&Line| {
        let text = line.text.trim();
        text.is_empty() || text.starts_with("(c)") || text.starts_with('©') || VER.is_match(text)
    };
    if part.command.is_none() && !part.lines.iter().all(|line| own(&line)) {
        return;
    }
    for line in part.lines.iter().take(50) {
        let Some(found) = VER.captures(&line.text) else { continue };
        let text = |name: &str| found.name(name).map_or("", |value| value.as_str());
        let version = [text("ver"), text("winver"), text("net")].concat();
        // `10.0.` is in front of the build of all that are in use; 6.1 to 6.3 before that.
        let build = version.splitn(3, '.').nth(2).filter(|_| text("winver").is_empty());
        let build = build.unwrap_or(&version).to_owned();
        facts.push(
            Fact::new("systeminfo", line.number).with("OSVersion", version).with("Build", build),
        );
        return;
    }
}
