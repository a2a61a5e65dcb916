//! What had changed on the computers of a ticket in the days before it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, Row, Statement};

use super::Tickets;
use crate::fleet::{Subject, Ticket};

/// A change and whether it stands before a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fleet) struct Changed {
    /// Its number.
    pub(in crate::fleet) subject: u32,
    /// Whether it was made within the days before; otherwise nobody knows when it was made.
    pub(in crate::fleet) within: bool,
}

/// When something happened, seen from a ticket; what is most certain comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum When {
    Unknown,
    Outside,
    Within,
}

/// Updates. Those that a list names without a day are there, and nobody knows since when.
pub(super) fn updates(
    all: &mut Tickets,
    store: &Connection,
    places: &HashMap<i64, usize>,
    window: TimeDelta,
) -> rusqlite::Result<()> {
    let query = store.prepare(
        "SELECT ticket, kb AS name, time, time_quality FROM updates
         WHERE state IN ('installed', 'superseded', 'listed') ORDER BY ticket",
    )?;
    take(all, query, places, window, Subject::Update)
}

/// Changes that are no updates, by the signature that knows them.
pub(super) fn others(
    all: &mut Tickets,
    store: &Connection,
    places: &HashMap<i64, usize>,
    window: TimeDelta,
) -> rusqlite::Result<()> {
    let query = store.prepare(
        "SELECT ticket, coalesce(signature, kind) AS name, time, time_quality FROM changes
         WHERE kb IS NULL AND (state IS NULL OR state = 'installed') ORDER BY ticket",
    )?;
    take(all, query, places, window, Subject::Other)
}

fn take(
    all: &mut Tickets,
    mut query: Statement<'_>,
    places: &HashMap<i64, usize>,
    window: TimeDelta,
    subject: fn(String) -> Subject,
) -> rusqlite::Result<()> {
    let lists = matches!(subject(String::new()), Subject::Update(_));
    let mut rows = query.query([])?;
    let mut of_one: BTreeMap<u32, When> = BTreeMap::new();
    let mut current = None;
    while let Some(row) = rows.next()? {
        let place = places.get(&row.get("ticket")?).copied();
        if place != current {
            keep(all, current, &mut of_one);
            current = place;
        }
        let Some(ticket) = place.and_then(|place| all.tickets.get_mut(place)) else { continue };
        ticket.lists_updates |= lists;
        let when = when(ticket, row, window)?;
        let number = all.subjects.number(subject(row.get("name")?));
        let known = of_one.entry(number).or_insert(when);
        *known = (*known).max(when);
    }
    keep(all, current, &mut of_one);
    Ok(())
}

/// Keeps what may count of one ticket.
fn keep(all: &mut Tickets, place: Option<usize>, of_one: &mut BTreeMap<u32, When>) {
    let found = std::mem::take(of_one).into_iter().filter(|(_, when)| *when != When::Outside);
    let found = found.map(|(subject, when)| Changed { subject, within: when == When::Within });
    if let Some(changed) = place.and_then(|place| all.changed.get_mut(place)) {
        changed.extend(found);
    }
}

fn when(ticket: &Ticket, row: &Row<'_>, window: TimeDelta) -> rusqlite::Result<When> {
    let (Some(until), Some(time)) = (ticket.time, super::instant(row, "time")?) else {
        return Ok(When::Unknown);
    };
    let day = row.get_ref("time_quality")?.as_str()? == "day";
    Ok(if is_within(time, day, until, window) { When::Within } else { When::Outside })
}

/// A day counts as a whole: nobody knows whether it was before the incident of the same day.
fn is_within(time: DateTime<Utc>, day: bool, until: DateTime<Utc>, window: TimeDelta) -> bool {
    let before = if day { until.date_naive() - time.date_naive() } else { until - time };
    TimeDelta::zero() <= before && before <= window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_before_and_not_long_before_is_within() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        let until = at("2026-11-20T09:00:00Z");
        let within = |time: &str, day| is_within(at(time), day, until, TimeDelta::days(14));
        assert!(within("2026-11-20T08:59:59Z", false));
        assert!(within("2026-11-06T09:00:00Z", false));
        assert!(!within("2026-11-06T08:59:59Z", false), "a second more than fourteen days");
        assert!(!within("2026-11-20T09:00:01Z", false), "after the incident");
        assert!(within("2026-11-06T00:00:00Z", true), "a day counts as a whole");
        assert!(!within("2026-11-21T00:00:00Z", true));
    }
}
