//! The clock: `w32tm /query /status`, `/stripchart`, `/monitor`.
//!
//! Words are translated; the numbers before the brackets, the form of an offset and the names of the built-in clocks are not.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// Reads what the time service says in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    status(part, facts);
    offsets(part, facts);
}

/// `Leap Indicator: 3(not synchronized)` above `Stratum: 0 (unspecified)`.
fn status(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static NUMBER: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^\p{L}[^:]*: (\d{1,2}) ?\(.*\)$"));
    let number = |text: &str| {
        let may = text.ends_with(')') && text.contains(": ");
        may.then(|| NUMBER.captures(text))
            .flatten()
            .and_then(|found| found.get(1)?.as_str().parse::<u32>().ok())
    };
    for pair in part.lines.windows(2) {
        let [leap, stratum] = pair else { continue };
        let (Some(leap_is), Some(level)) = (number(&leap.text), number(&stratum.text)) else {
            continue;
        };
        let own = [
            "Local CMOS Clock",
            "Free-running System Clock",
            "VM IC Time Synchronization Provider",
        ];
        let below = part.lines.iter().skip_while(|line| line.number < leap.number).take(12);
        let source =
            below.flat_map(|line| own.iter().filter(|own| line.text.contains(**own))).next();
        let synchronised = leap_is < 3 && level > 0 && level < 16;
        let fact = Fact::new("w32tm", leap.number).up_to(stratum.number);
        let fact = fact.with("Synchronised", if synchronised { "yes" } else { "no" });
        facts.push(
            fact.with("Stratum", level.to_string()).with("Source", source.map_or("", |own| own)),
        );
        return;
    }
}

/// `14:41:53, d:+00.0012345s o:+00.0123456s  [ * ]`, `14:41:53, +00.0123456s`, `    NTP: +0.0000000s offset from dc1`.
fn offsets(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static OFFSET: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?x)^\d\d[:.]\d\d[:.]\d\d,\ (?:d:[+-]\d+[.,]\d+s\ o:)?(?P<chart>[+-]\d+)[.,]\d+s\b
            |^\s+NTP:\ (?P<monitor>[+-]\d+)[.,]\d+s\ ",
        )
    });
    let seconds = |text: &str| {
        let is_clock = matches!(text.as_bytes().get(2), Some(b':' | b'.'));
        let may = is_clock || text.contains("NTP: ");
        let found = may.then(|| OFFSET.captures(text)).flatten()?;
        found.name("chart").or_else(|| found.name("monitor"))?.as_str().parse::<i64>().ok()
    };
    let samples = part.lines.iter().filter_map(|line| Some((line.number, seconds(&line.text)?)));
    // The worst of all samples: controllers agree, or the machine that asked is off.
    if let Some((line, offset)) = samples.max_by_key(|(_, offset)| offset.unsigned_abs()) {
        let fact = Fact::new("w32tm", line).with("Offset", offset.to_string());
        facts.push(fact.with("Apart", offset.unsigned_abs().to_string()));
    }
}
