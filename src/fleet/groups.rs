//! Tickets by computer, by build and by site.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Outcome, Ticket};

/// Three ways to sort tickets, the most incidents first.
#[derive(Debug, Serialize)]
pub struct Groups {
    /// By the computer that failed.
    pub hosts: Vec<Group>,
    /// By its build of Windows.
    pub builds: Vec<Group>,
    /// By what its name says of the site.
    pub sites: Vec<Group>,
}

/// Tickets that have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What; `null` where the ticket does not tell.
    pub name: Option<String>,
    /// How many.
    pub tickets: usize,
    /// How many of them have an incident.
    pub incidents: usize,
    /// How many for each verdict, the most frequent first.
    pub verdicts: Vec<Count>,
}

/// How many tickets have a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The verdict.
    pub verdict: Outcome,
    /// How many.
    pub tickets: usize,
}

impl Groups {
    pub(super) fn of(tickets: &[Ticket]) -> Self {
        Self {
            hosts: by(tickets, |ticket| &ticket.host),
            builds: by(tickets, |ticket| &ticket.build),
            sites: by(tickets, |ticket| &ticket.site),
        }
    }
}

fn by(tickets: &[Ticket], name: fn(&Ticket) -> &Option<String>) -> Vec<Group> {
    let mut found: BTreeMap<&Option<String>, BTreeMap<&Outcome, usize>> = BTreeMap::new();
    for ticket in tickets {
        *found.entry(name(ticket)).or_default().entry(&ticket.outcome).or_default() += 1;
    }
    let mut groups: Vec<Group> =
        found.into_iter().map(|(name, counts)| group(name, counts)).collect();
    groups.sort_by(|a, b| b.incidents.cmp(&a.incidents).then_with(|| a.name.cmp(&b.name)));
    groups
}

fn group(name: &Option<String>, counts: BTreeMap<&Outcome, usize>) -> Group {
    let nothing = counts.get(&Outcome::Nothing).copied().unwrap_or(0);
    let tickets = counts.values().sum();
    Group { name: name.clone(), tickets, incidents: tickets - nothing, verdicts: ranked(counts) }
}

/// The most frequent first.
pub(super) fn ranked(counts: BTreeMap<&Outcome, usize>) -> Vec<Count> {
    let count = |(verdict, tickets): (&Outcome, usize)| Count { verdict: verdict.clone(), tickets };
    let mut ranked: Vec<_> = counts.into_iter().map(count).collect();
    ranked.sort_by(|a, b| b.tickets.cmp(&a.tickets).then_with(|| a.verdict.cmp(&b.verdict)));
    ranked
}
