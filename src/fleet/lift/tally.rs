//! Counts of tickets by change and outcome.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{NaiveDate, TimeDelta};

use crate::fleet::store::{Changed, Tickets};
use crate::fleet::table::{Ratio, Table, within};
use crate::fleet::{Outcome, Ticket};

/// Tickets that can be compared: dated, and able to show a change of the days that count.
pub(super) struct Tally<'a> {
    tickets: Vec<One<'a>>,
    /// What tickets are about, in order.
    outcomes: Vec<&'a Outcome>,
    /// How many tickets of each.
    all: Vec<u64>,
    /// For each change, those that had it, by outcome.
    had: Vec<BTreeMap<usize, Had>>,
    /// Tickets that tell too little of what was before them.
    pub(super) short: u64,
}

/// What is looked at: incidents of a cause, by its place among the outcomes, or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incident {
    Any,
    Of(usize),
}

struct One<'a> {
    ticket: &'a Ticket,
    outcome: usize,
    week: NaiveDate,
    changed: &'a [Changed],
}

#[derive(Debug, Clone, Copy, Default)]
struct Had {
    within: u64,
    undated: u64,
}

/// What a ticket knows of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knows {
    Had,
    HadNot,
    Undated,
}

impl One<'_> {
    fn knows(&self, subject: u32) -> Knows {
        let found = self.changed.binary_search_by_key(&subject, |one| one.subject);
        match found.ok().and_then(|place| self.changed.get(place)) {
            Some(Changed { within: true, .. }) => Knows::Had,
            Some(_) => Knows::Undated,
            None => Knows::HadNot,
        }
    }
}

impl<'a> Tally<'a> {
    pub(super) fn of(all: &'a Tickets, days: u16) -> Self {
        let outcomes: BTreeSet<&Outcome> = all.tickets.iter().map(|one| &one.outcome).collect();
        let outcomes: Vec<&Outcome> = outcomes.into_iter().collect();
        let counts = vec![0; outcomes.len()];
        let had = vec![BTreeMap::new(); all.subjects.all.len()];
        let mut tally = Self { tickets: Vec::new(), outcomes, all: counts, had, short: 0 };
        let window = TimeDelta::days(i64::from(days));
        for (ticket, changed) in all.tickets.iter().zip(&all.changed) {
            let Some((time, week)) = ticket.time.zip(ticket.week()) else { continue };
            // A log that begins later cannot tell that something had not been changed.
            let reaches = ticket.first_time.is_some_and(|first| time - first >= window);
            let outcome = tally.outcomes.binary_search(&&ticket.outcome);
            match outcome {
                Ok(outcome) if reaches || ticket.lists_updates => {
                    tally.count(One { ticket, outcome, week, changed });
                }
                _ => tally.short += 1,
            }
        }
        tally
    }

    fn count(&mut self, one: One<'a>) {
        if let Some(all) = self.all.get_mut(one.outcome) {
            *all += 1;
        }
        for changed in one.changed {
            let Some(of_change) = self.had.get_mut(changed.subject as usize) else { continue };
            let had: &mut Had = of_change.entry(one.outcome).or_default();
            if changed.within { had.within += 1 } else { had.undated += 1 }
        }
        self.tickets.push(one);
    }

    /// How many tickets are compared.
    pub(super) fn compared(&self) -> u64 {
        self.tickets.len() as u64
    }

    /// Tickets with an incident and without a cause.
    pub(super) fn abstained(&self) -> u64 {
        let found = self.outcomes.iter().zip(&self.all);
        found.filter(|(one, _)| ***one == Outcome::Abstained).map(|(_, count)| count).sum()
    }

    /// What is looked at: any incident, then those of every cause.
    pub(super) fn incidents(&self) -> Vec<Incident> {
        let causes = self.outcomes.iter().enumerate();
        let causes = causes.filter(|(_, one)| matches!(one, Outcome::Cause(_)));
        std::iter::once(Incident::Any).chain(causes.map(|(place, _)| Incident::Of(place))).collect()
    }

    /// The id of the cause.
    pub(super) fn cause(&self, incident: Incident) -> Option<&'a str> {
        match incident {
            Incident::Any => None,
            Incident::Of(place) => self.outcomes.get(place).map(|outcome| outcome.as_str()),
        }
    }

    /// Whether a ticket about this has the incident; `None` when it does not count.
    fn has(&self, incident: Incident, outcome: usize) -> Option<bool> {
        match (incident, *self.outcomes.get(outcome)?) {
            (Incident::Any, outcome) => Some(*outcome != Outcome::Nothing),
            (Incident::Of(_), Outcome::Abstained) => None,
            (Incident::Of(place), _) => Some(place == outcome),
        }
    }

    /// How many tickets had a change.
    pub(super) fn had(&self, subject: u32) -> u64 {
        let of_change = self.had.get(subject as usize);
        of_change.map_or(0, |had| had.values().map(|had| had.within).sum())
    }

    /// The table of a change, and how many tickets have it without a time.
    pub(super) fn table(&self, subject: u32, incident: Incident) -> (Table, u64) {
        let (mut table, mut undated) = (Table::default(), 0);
        let of_change = self.had.get(subject as usize);
        for (outcome, all) in self.all.iter().enumerate() {
            let Some(has) = self.has(incident, outcome) else { continue };
            let had = of_change.and_then(|had| had.get(&outcome)).copied().unwrap_or_default();
            let rest = all - had.within - had.undated;
            table.add(true, has, had.within);
            table.add(false, has, rest);
            undated += had.undated;
        }
        (table, undated)
    }

    /// The odds ratio and its p among tickets of one week, that are also alike in having had another change or not.
    pub(super) fn within(
        &self,
        subject: u32,
        incident: Incident,
        beside: Option<u32>,
    ) -> Option<(Ratio, f64)> {
        let mut strata: HashMap<(NaiveDate, bool), Table> = HashMap::new();
        for one in &self.tickets {
            let Some(has) = self.has(incident, one.outcome) else { continue };
            let other = beside.map_or(Knows::HadNot, |beside| one.knows(beside));
            let own = one.knows(subject);
            if own != Knows::Undated && other != Knows::Undated {
                let stratum = strata.entry((one.week, other == Knows::Had)).or_default();
                stratum.add(own == Knows::Had, has, 1);
            }
        }
        // Sums of floating numbers depend on their order.
        let mut strata: Vec<_> = strata.into_iter().collect();
        strata.sort_by_key(|(key, _)| *key);
        within(&strata.into_iter().map(|(_, table)| table).collect::<Vec<_>>())
    }

    /// Computers of the tickets that had the change and have the incident; a ticket that names none is one of its own.
    pub(super) fn computers(&self, subject: u32, incident: Incident) -> usize {
        let both = |one: &&One<'_>| {
            self.has(incident, one.outcome) == Some(true) && one.knows(subject) == Knows::Had
        };
        let mut named = BTreeSet::new();
        let hosts = self.tickets.iter().filter(both).map(|one| one.ticket.host.as_deref());
        let mut nameless = 0;
        for host in hosts {
            match host {
                Some(host) => {
                    named.insert(host);
                }
                None => nameless += 1,
            }
        }
        named.len() + nameless
    }

    /// Of the tickets that had one change, the share that had another too.
    pub(super) fn together(&self, subject: u32, other: u32) -> f64 {
        let had = || self.tickets.iter().filter(|one| one.knows(subject) == Knows::Had);
        let both = had().filter(|one| one.knows(other) == Knows::Had).count();
        both as f64 / had().count().max(1) as f64
    }
}
