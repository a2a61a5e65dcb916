//! Tickets by week, and sudden rises.
//!
//! A week is part of a wave of a cause when all of this holds: it has at least [`AT_LEAST`] tickets of the cause, at least
//! [`TIMES`] as many as the weeks before it on average, and so many would come by chance less often than [`WAVE`] over all
//! weeks and causes looked at. Chance is exact: if the rate had not changed, each ticket of this week and the weeks before
//! would fall into any of them alike, so the number in this week is binomial (the conditional test of two Poisson rates).
//! "Before" are the last [`BEFORE`] weeks that are not part of a wave of that cause; there must be [`JUDGED_AFTER`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

use super::exact::at_least;
use super::groups::{Count, ranked};
use super::store::Tickets;
use super::table::four_digits;
use super::{Outcome, Subject, Ticket};

/// The least number of tickets of a week in a wave.
pub const AT_LEAST: u64 = 5;
/// How many times as many as before.
pub const TIMES: f64 = 2.0;
/// How often chance may give a wave anywhere, at most.
pub const WAVE: f64 = 0.05;
/// So many weeks before are compared with.
pub const BEFORE: usize = 8;
/// With fewer of them, a week is not judged.
pub const JUDGED_AFTER: usize = 4;

/// A week with tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Its Monday.
    pub monday: NaiveDate,
    /// How many tickets.
    pub tickets: usize,
    /// How many for each verdict, the most frequent first.
    pub verdicts: Vec<Count>,
}

impl Week {
    fn of(&self, outcome: &Outcome) -> u64 {
        let found = self.verdicts.iter().find(|one| one.verdict == *outcome);
        found.map_or(0, |one| one.tickets as u64)
    }
}

/// A sudden rise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wave {
    /// Of what.
    pub cause: Outcome,
    /// The Monday of its first week.
    pub from: NaiveDate,
    /// The Monday of its last week.
    pub last: NaiveDate,
    /// Its tickets.
    pub tickets: u64,
    /// Tickets a week before it.
    #[serde(serialize_with = "four_digits")]
    pub before: f64,
    /// How likely chance gives its most unlikely week, as if that were the only one looked at.
    #[serde(serialize_with = "four_digits")]
    pub p: f64,
    /// What most of its tickets share: computers, builds, sites, changes in the days before.
    pub shared: Vec<Share>,
}

/// Something that tickets of a wave share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// `host`, `build`, `site` or `change`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// How many tickets of the wave have it.
    pub tickets: usize,
    /// How many tickets of other times or causes have it.
    pub elsewhere: usize,
}

/// By week.
pub(super) fn weeks(tickets: &[Ticket]) -> Vec<Week> {
    let mut found: BTreeMap<NaiveDate, BTreeMap<&Outcome, usize>> = BTreeMap::new();
    for (week, ticket) in tickets.iter().filter_map(|ticket| ticket.week().zip(Some(ticket))) {
        *found.entry(week).or_default().entry(&ticket.outcome).or_default() += 1;
    }
    let week = |(monday, counts): (NaiveDate, BTreeMap<_, _>)| Week {
        monday,
        tickets: counts.values().sum(),
        verdicts: ranked(counts),
    };
    found.into_iter().map(week).collect()
}

/// Every wave.
pub(super) fn waves(all: &Tickets, weeks: &[Week]) -> Vec<Wave> {
    let causes: BTreeSet<&Outcome> =
        weeks.iter().flat_map(|week| &week.verdicts).map(|one| &one.verdict).collect();
    let causes: Vec<_> = causes.into_iter().filter(|one| **one != Outcome::Nothing).collect();
    let looked_at = (causes.len() * weeks.len()).max(1) as f64;
    let mut waves: Vec<Wave> =
        causes.iter().flat_map(|cause| of_cause(weeks, cause, looked_at)).collect();
    waves.iter_mut().for_each(|wave| wave.shared = shared(all, wave));
    waves.sort_by(|a, b| (a.from, &a.cause).cmp(&(b.from, &b.cause)));
    waves
}

fn of_cause(weeks: &[Week], cause: &Outcome, looked_at: f64) -> Vec<Wave> {
    let week_long = TimeDelta::weeks(1);
    let Some(start) = weeks.first().map(|week| week.monday) else { return Vec::new() };
    let counts: BTreeMap<NaiveDate, u64> =
        weeks.iter().map(|week| (week.monday, week.of(cause))).collect();
    let mut waves: Vec<Wave> = Vec::new();
    let mut in_wave: BTreeSet<NaiveDate> = BTreeSet::new();
    for (monday, count) in counts.iter().map(|(monday, count)| (*monday, *count)) {
        // A week without a ticket is a week with none.
        let before: Vec<u64> =
            std::iter::successors(Some(monday - week_long), |day| Some(*day - week_long))
                .take_while(|day| *day >= start)
                .take(10 * BEFORE)
                .filter(|day| !in_wave.contains(day))
                .take(BEFORE)
                .map(|day| counts.get(&day).copied().unwrap_or(0))
                .collect();
        if before.len() < JUDGED_AFTER || count < AT_LEAST {
            continue;
        }
        let sum: u64 = before.iter().sum();
        let mean = sum as f64 / before.len() as f64;
        let p = at_least(count, count + sum, 1.0 / (before.len() + 1) as f64);
        if p * looked_at > WAVE || (count as f64) < TIMES * mean {
            continue;
        }
        in_wave.insert(monday);
        match waves.last_mut().filter(|wave| wave.last + week_long == monday) {
            Some(wave) => {
                wave.last = monday;
                wave.tickets += count;
                wave.p = wave.p.min(p);
            }
            None => waves.push(Wave {
                cause: cause.clone(),
                from: monday,
                last: monday,
                tickets: count,
                before: mean,
                p,
                shared: Vec::new(),
            }),
        }
    }
    waves
}

/// Names of a kind that are shown.
const SHARES: usize = 3;

/// What at least a quarter of a wave's tickets share, and twice as often as others.
fn shared(all: &Tickets, wave: &Wave) -> Vec<Share> {
    let mut counts: BTreeMap<(&'static str, &str), (usize, usize)> = BTreeMap::new();
    for (ticket, changed) in all.tickets.iter().zip(&all.changed) {
        let week = ticket.week();
        let inside = ticket.outcome == wave.cause
            && week.is_some_and(|week| (wave.from..=wave.last).contains(&week));
        let places = [("host", &ticket.host), ("build", &ticket.build), ("site", &ticket.site)];
        let places = places.iter().filter_map(|(kind, name)| Some((*kind, name.as_deref()?)));
        let subject = |number: u32| all.subjects.all.get(number as usize).map(Subject::name);
        let changes = changed.iter().filter(|one| one.within);
        let changes = changes.filter_map(|one| Some(("change", subject(one.subject)?)));
        for name in places.chain(changes) {
            let count = counts.entry(name).or_default();
            if inside { count.0 += 1 } else { count.1 += 1 }
        }
    }
    let enough = (wave.tickets as usize).div_ceil(4).max(2);
    let others = all.tickets.len() as f64 - wave.tickets as f64;
    let stands_out = |inside: usize, outside: usize| {
        inside as f64 * others >= TIMES * outside as f64 * wave.tickets as f64
    };
    let mut shares: Vec<Share> = counts
        .into_iter()
        .filter(|(_, (inside, outside))| *inside >= enough && stands_out(*inside, *outside))
        .map(|((kind, name), (tickets, elsewhere))| Share {
            kind,
            name: name.to_owned(),
            tickets,
            elsewhere,
        })
        .collect();
    shares.sort_by(|a, b| (a.kind, b.tickets, &a.name).cmp(&(b.kind, a.tickets, &b.name)));
    let mut kept: BTreeMap<&'static str, usize> = BTreeMap::new();
    shares.retain(|share| {
        let count = kept.entry(share.kind).or_default();
        *count += 1;
        *count <= SHARES
    });
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(counts: &[u64]) -> Vec<Wave> {
        let monday = NaiveDate::from_ymd_opt(2026, 6, 1).expect("a Monday");
        let cause = Outcome::Cause("cert-expired".to_owned());
        let weeks: Vec<Week> = (0..)
            .zip(counts)
            .filter(|(_, count)| **count > 0)
            .map(|(number, count)| Week {
                monday: monday + TimeDelta::weeks(number),
                tickets: *count as usize,
                verdicts: vec![Count { verdict: cause.clone(), tickets: *count as usize }],
            })
            .collect();
        of_cause(&weeks, &cause, 26.0)
    }

    #[test]
    fn a_rise_is_one_wave_however_many_weeks_it_lasts() {
        let waves = told(&[2, 3, 1, 2, 0, 3, 2, 2, 25, 40, 18, 3, 2]);
        assert_eq!(waves.len(), 1, "{waves:?}");
        assert_eq!(waves.first().map(|wave| wave.tickets), Some(83));
        assert_eq!(waves.first().map(|wave| wave.from.to_string()).as_deref(), Some("2026-07-27"));
        assert_eq!(waves.first().map(|wave| wave.last.to_string()).as_deref(), Some("2026-08-10"));
    }

    #[test]
    fn ups_and_downs_are_no_wave() {
        assert_eq!(told(&[10, 12, 9, 14, 11, 8, 13, 17, 10, 15, 18, 9]), []);
        assert_eq!(told(&[1, 0, 2, 1, 0, 1, 4, 0]), [], "too few tickets to speak of");
    }

    #[test]
    fn the_first_weeks_are_not_judged() {
        assert_eq!(told(&[1, 1, 30, 1]), []);
    }

    #[test]
    fn something_never_seen_before_may_be_a_wave() {
        let waves = told(&[1, 0, 0, 0, 0, 0, 0, 0, 9]);
        assert_eq!(waves.len(), 1, "{waves:?}");
    }
}
