//! What a ticket knows of updates: each KB of each host with what became of it, whoever told it.

use std::collections::BTreeMap;

use super::rows::{UpdateRow, instant, told};
use crate::analysis::Analysis;
use crate::case::HostKey;
use crate::event::TimeQuality;
use crate::timeline::Entry;

/// The KB that a line is about.
pub(super) fn kb(entry: &Entry) -> Option<String> {
    let named = entry.field("KB").or_else(|| entry.field("HotFixID"))?;
    let named = named.trim().to_ascii_uppercase();
    let digits = named.strip_prefix("KB")?;
    let is_number = (6..=7).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then_some(named)
}

/// What a line says of an update: by its `State` where parsers put one, else by the event.
pub(super) fn state(entry: &Entry) -> Option<&str> {
    if let Some(state) = entry.field("State").filter(|state| !state.is_empty()) {
        return kb(entry).and(Some(state));
    }
    let field = |name: &str, value: &str| entry.field(name).is_some_and(|found| found == value);
    let removed = || {
        field("IntendedPackageState", "Absent") || field("IntendedPackageStateTextized", "Absent")
    };
    Some(match (&*entry.provider, entry.event_id) {
        ("Microsoft-Windows-WindowsUpdateClient", Some(id)) => match id {
            19 => "installed",
            20 => "failed",
            23 => "removed",
            24 => "removal failed",
            43 => "started",
            _ => return None,
        },
        ("Microsoft-Windows-Servicing", Some(2)) if removed() => "removed",
        ("Microsoft-Windows-Servicing", Some(2)) => "installed",
        ("Microsoft-Windows-Servicing", Some(4)) => "pending",
        ("Get-HotFix" | "wmic qfe", None) => "installed",
        ("ReportingEvents", None) => match entry.field("EventNumber")? {
            "183" => "installed",
            "201" => "pending",
            _ => return None,
        },
        _ => return None,
    })
}

/// One row for each host, KB and state, with the most exact of the times that were told, and the first of those.
pub(super) fn rows(analysis: &Analysis<'_>) -> Vec<UpdateRow> {
    type Told<'a> = (TimeQuality, Option<chrono::DateTime<chrono::Utc>>, &'a Entry);
    type Key<'a> = (Option<HostKey>, String, &'a str);
    let mut found: BTreeMap<Key<'_>, Told<'_>> = BTreeMap::new();
    for entry in analysis.timeline.entries() {
        let (Some(kb), Some(state)) = (kb(entry), state(entry)) else { continue };
        let told = (entry.quality, entry.time, entry);
        found
            .entry((HostKey::new(&entry.host), kb, state))
            .and_modify(|known| {
                if (told.0, told.1) < (known.0, known.1) {
                    *known = told;
                }
            })
            .or_insert(told);
    }
    let row = |(n, ((_, kb, state), (time_quality, time, entry))): (usize, (Key<'_>, Told<'_>))| {
        UpdateRow {
            n,
            host: told(&entry.host),
            kb,
            state: String::from(state),
            time: time.map(instant),
            time_quality,
        }
    };
    (1..).zip(found).map(row).collect()
}
