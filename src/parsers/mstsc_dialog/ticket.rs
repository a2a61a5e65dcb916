//! The heading of a ticket: which machines, and when it was opened.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::dialogs;
use super::text::Text;
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::source::Source;

/// How many lines a heading may have; `Server:` further down is the output of some tool.
const LINES: usize = 40;

/// The event of the heading, if there is one, and the lines that it is made of.
pub(super) fn heading(text: &Text, source: &Source) -> (Option<Event>, HashSet<u64>) {
    let mut used = HashSet::new();
    let mut fields: Vec<(&str, String)> = Vec::new();
    let mut time = Timestamp::Undated;
    for line in text.lines.iter().take(LINES) {
        let Some((label, value)) = label(&line.text) else { continue };
        if fields.iter().any(|(known, _)| *known == label) {
            continue;
        }
        used.insert(line.number);
        if label == "Opened" {
            time = opened(&line.text, &value).unwrap_or(time);
        }
        fields.push((label, value));
    }
    let first = used.iter().min().copied();
    let named = fields.iter().any(|(label, _)| matches!(*label, "Server" | "Client"));
    if let Some(number) = first
        && (named || time != Timestamp::Undated)
    {
        let mut event = Event::text("ticket", time, source.line(number));
        for (label, value) in fields {
            event = host(event, label, &value);
        }
        return (Some(event), used);
    }
    (None, HashSet::new())
}

/// How many different labels of a heading a text begins with.
pub(super) fn labels<'t>(lines: impl Iterator<Item = &'t str>) -> usize {
    lines.take(LINES).filter_map(label).map(|(label, _)| label).collect::<HashSet<_>>().len()
}

fn label(line: &str) -> Option<(&'static str, String)> {
    static LABEL: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?ix)^(?:
            (?<server>server(?:\ name)?|target|destination|session\ host|rd\ server)
            |(?<client>client(?:\ (?:pc|name|computer))?|source\ pc|workstation)
            |(?<opened>(?:opened|created|reported|submitted)(?:\ (?:at|on))?(?:\ \(UTC\))?)
            )\s*[:=]\s*(?<value>\S.*)$
            |^(?:ticket|incident|case)\s*(?:id|no\.?|number)?\s*[:\#]?\s*(?<ticket>[A-Z]{0,5}-?\d{3,})$",
        )
    });
    let found = LABEL.captures(line.trim())?;
    if let Some(ticket) = found.name("ticket") {
        return Some(("Ticket", ticket.as_str().to_owned()));
    }
    let label = ["Server", "Client", "Opened"]
        .into_iter()
        .find(|label| found.name(&label.to_ascii_lowercase()).is_some())?;
    Some((label, found.name("value")?.as_str().trim().to_owned()))
}

/// The instant a ticket was opened, when its heading says that it means UTC.
fn opened(line: &str, value: &str) -> Option<Timestamp> {
    let plain = value.trim_end_matches("UTC").trim_end_matches(" GMT").trim();
    let is_utc = line.contains("(UTC)") || plain != value || value.ends_with('Z');
    let time = is_utc.then(|| dialogs::time(plain)).flatten()?;
    Some(Timestamp::Utc(time))
}

/// `SRV01.example.com (Windows Server 2022)` is a name and what it runs.
fn host(event: Event, label: &str, value: &str) -> Event {
    let (name, system) = match value.split_once('(') {
        Some((name, system)) if matches!(label, "Server" | "Client") => {
            (name.trim(), system.trim().strip_suffix(')').unwrap_or(system))
        }
        _ => (value, ""),
    };
    let event = event.with(label, name);
    if system.is_empty() { event } else { event.with(&format!("{label}System"), system) }
}
