//! Tickets that are alike to a given one.
//!
//! Likeness is the mean, by [`WEIGHTS`], of four comparisons, each from 0 to 1: the verdict (the same or not); the codes
//! of the dialog with the stage; the signatures that speak for the verdict; and the changes in the days before. Of each
//! of the last three, it is how many the two have in common out of those that either has (Jaccard); what neither has is
//! left out.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::Serialize;

use super::store::{self, Tickets};
use super::table::four_digits;
use super::{Outcome, Ticket};
use crate::error::{Error, Result};

/// What verdict, codes, evidence and changes weigh.
const WEIGHTS: [f64; 4] = [0.3, 0.15, 0.3, 0.25];

/// So many are named.
const NAMED: usize = 20;

/// A ticket and those that are alike to it.
#[derive(Debug, Serialize)]
pub struct Alike {
    /// The ticket.
    pub ticket: String,
    /// Its verdict.
    pub verdict: Outcome,
    /// The others, the most alike first.
    pub others: Vec<Likeness>,
}

/// Another ticket.
#[derive(Debug, Clone, Serialize)]
pub struct Likeness {
    /// From 0 to 1.
    #[serde(serialize_with = "four_digits")]
    pub likeness: f64,
    /// Its id.
    pub ticket: String,
    /// The number of its store, from 0.
    pub store: usize,
    /// Its verdict.
    pub verdict: Outcome,
    /// The computer that failed.
    pub host: Option<String>,
    /// When.
    pub time: Option<DateTime<Utc>>,
    /// Codes, signatures and changes that both have.
    pub shared: Vec<String>,
}

/// What is compared of a ticket.
#[derive(Debug, Clone, Default)]
struct Traits {
    codes: BTreeSet<String>,
    evidence: BTreeSet<String>,
    changes: BTreeSet<String>,
}

/// Finds the tickets most alike to the one with that id.
pub(super) fn alike(stores: &[PathBuf], all: &Tickets, id: &str) -> Result<Alike> {
    let place = all.tickets.iter().position(|ticket| ticket.id == id);
    let no_such = || Error::NoSuchTicket { id: id.to_owned() };
    let place = place.ok_or_else(no_such)?;
    let traits = traits(stores, all)?;
    let one = |place: usize| Some((all.tickets.get(place)?, traits.get(place)?));
    let (ticket, own) = one(place).ok_or_else(no_such)?;
    let mut others: Vec<Likeness> = (0..all.tickets.len())
        .filter(|other| *other != place)
        .filter_map(one)
        .map(|(other, theirs)| likeness((ticket, own), (other, theirs)))
        .collect();
    // Of equals, the nearest in time.
    let away = |other: &Likeness| {
        ticket
            .time
            .zip(other.time)
            .map_or(i64::MAX, |(one, other)| (one - other).num_seconds().abs())
    };
    others.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then_with(|| away(a).cmp(&away(b))));
    others.truncate(NAMED);
    Ok(Alike { ticket: ticket.id.clone(), verdict: ticket.outcome.clone(), others })
}

fn likeness((one, own): (&Ticket, &Traits), (other, theirs): (&Ticket, &Traits)) -> Likeness {
    let verdict = Some(f64::from(u8::from(one.outcome == other.outcome)));
    let sets = [
        (&own.codes, &theirs.codes),
        (&own.evidence, &theirs.evidence),
        (&own.changes, &theirs.changes),
    ];
    let parts = std::iter::once(verdict).chain(sets.map(|(ours, theirs)| jaccard(ours, theirs)));
    let told: Vec<(f64, f64)> =
        parts.zip(WEIGHTS).filter_map(|(part, weight)| Some((part?, weight))).collect();
    let whole: f64 = told.iter().map(|(_, weight)| weight).sum();
    let shared =
        sets.iter().flat_map(|(ours, theirs)| ours.intersection(theirs).cloned()).collect();
    Likeness {
        likeness: told.iter().map(|(part, weight)| part * weight).sum::<f64>() / whole,
        ticket: other.id.clone(),
        store: other.store,
        verdict: other.outcome.clone(),
        host: other.host.clone(),
        time: other.time,
        shared,
    }
}

/// How many are in both, out of those that are in either.
fn jaccard(one: &BTreeSet<String>, other: &BTreeSet<String>) -> Option<f64> {
    let either = one.union(other).count();
    (either > 0).then(|| one.intersection(other).count() as f64 / either as f64)
}

fn traits(stores: &[PathBuf], all: &Tickets) -> Result<Vec<Traits>> {
    let mut traits = vec![Traits::default(); all.tickets.len()];
    for (own, changed) in traits.iter_mut().zip(&all.changed) {
        let subjects = changed.iter().filter(|one| one.within);
        let subjects = subjects.filter_map(|one| all.subjects.all.get(one.subject as usize));
        own.changes = subjects.map(|subject| subject.name().to_owned()).collect();
    }
    for (number, path) in stores.iter().enumerate() {
        let places: HashMap<i64, usize> = (0..)
            .zip(&all.tickets)
            .filter(|(_, ticket)| ticket.store == number)
            .map(|(place, ticket)| (ticket.number, place))
            .collect();
        let store = store::open(path)?;
        take(&store, &places, &mut traits)
            .map_err(|source| Error::ReadStore { path: path.clone(), source })?;
    }
    Ok(traits)
}

fn take(
    store: &Connection,
    places: &HashMap<i64, usize>,
    traits: &mut [Traits],
) -> rusqlite::Result<()> {
    let mut codes = store
        .prepare("SELECT ticket, error_code, extended_code, stage FROM incidents WHERE n = 1")?;
    let mut rows = codes.query([])?;
    while let Some(row) = rows.next()? {
        let place = places.get(&row.get(0)?).copied();
        let Some(own) = place.and_then(|place| traits.get_mut(place)) else { continue };
        for (column, name) in [(1, "error"), (2, "extended error"), (3, "stage")] {
            let value: Option<String> = row.get(column)?;
            own.codes.extend(value.map(|value| format!("{name} {value}")));
        }
    }
    // Grounds for what is less likely would make everything alike.
    let mut evidence = store.prepare(
        "SELECT DISTINCT evidence.ticket, signature FROM evidence JOIN incidents
         ON incidents.ticket = evidence.ticket AND incidents.n = 1
         WHERE evidence.incident = 1 AND weight_db > 0 AND evidence.cause = incidents.cause",
    )?;
    let mut rows = evidence.query([])?;
    while let Some(row) = rows.next()? {
        let place = places.get(&row.get(0)?).copied();
        let Some(own) = place.and_then(|place| traits.get_mut(place)) else { continue };
        own.evidence.insert(row.get(1)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neither_has_says_nothing() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(jaccard(&set(&[]), &set(&[])), None);
        assert_eq!(jaccard(&set(&["a", "b"]), &set(&["b", "c"])), Some(1.0 / 3.0));
    }
}
