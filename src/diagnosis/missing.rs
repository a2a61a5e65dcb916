//! What to collect: the items that would confirm or refute the leading causes, least of them that tell most.

use std::collections::BTreeMap;

use super::incident::Incident;
use super::rank::Verdict;
use crate::case::{Case, ChannelCoverage, HostKey};
use crate::cause::CauseId;
use crate::signatures::{Collect, Database, Side};

/// Items that are named at most.
const ITEMS: usize = 5;

/// Something to collect.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// What, with the side it is on.
    pub collect: String,
    /// Why.
    pub why: String,
    /// The causes it would tell apart.
    pub would_decide: Vec<CauseId>,
}

/// What would decide between the suspects and is not there.
#[must_use]
pub fn missing(case: &Case, db: &Database, incident: &Incident, verdict: &Verdict) -> Vec<Wanted> {
    let mut worth: BTreeMap<String, (f64, Wanted)> = BTreeMap::new();
    let mut consider = |cause: CauseId, weight: f64| {
        for collect in db.causes().get(&cause).map_or(&[][..], |cause| &cause.collect) {
            if is_there(case, incident, collect) {
                continue;
            }
            let key = collect.channel.clone().unwrap_or_else(|| collect.item.clone())
                + side_of(collect.side);
            let item = worth.entry(key).or_insert_with(|| {
                let what = format!("{}{}", collect.item, side_of(collect.side));
                (0.0, Wanted { collect: what, why: collect.why.clone(), would_decide: Vec::new() })
            });
            item.0 += weight;
            item.1.would_decide.push(cause);
        }
    };
    let suspects = verdict.suspects();
    for suspect in suspects.iter().take(4) {
        consider(suspect.cause, suspect.probability.max(0.02));
    }
    if verdict.first().is_none() {
        consider(CauseId::InsufficientEvidence, 0.3);
    }
    let mut items: Vec<_> = worth.into_values().collect();
    items.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.collect.cmp(&b.1.collect)));
    items.into_iter().map(|(_, wanted)| wanted).take(ITEMS).collect()
}

pub(super) fn side_of(side: Side) -> &'static str {
    match side {
        Side::Server => " (server)",
        Side::Client => " (client)",
        Side::Either => " (both sides)",
        Side::DomainController => " (domain controller)",
        Side::Gateway => " (gateway)",
        Side::Broker => " (connection broker)",
    }
}

/// Whether the log was collected and reaches over the incident.
pub(super) fn is_there(case: &Case, incident: &Incident, collect: &Collect) -> bool {
    any_log(case, incident, collect, |log| {
        incident.last.is_none_or(|time| log.covers(time) || log.last >= time || log.first <= time)
    })
}

/// Whether the log was collected and tells of the time of the failure, so that its silence means something.
pub(super) fn covers(case: &Case, incident: &Incident, collect: &Collect) -> bool {
    any_log(case, incident, collect, |log| {
        !log.cleared && incident.first.is_some_and(|time| log.covers(time))
    })
}

/// Whether such a log of the side it is on is as asked.
fn any_log(
    case: &Case,
    incident: &Incident,
    collect: &Collect,
    is: impl Fn(&ChannelCoverage) -> bool,
) -> bool {
    let Some(channel) = &collect.channel else { return false };
    let log = |key: &HostKey| {
        let host = case.hosts.get(key);
        host.and_then(|host| host.coverage.get(channel.as_str())).is_some_and(&is)
    };
    match collect.side {
        Side::Server => incident.server.as_ref().is_some_and(log),
        Side::Client => incident.client.as_ref().is_some_and(log),
        _ => case.hosts.keys().any(log),
    }
}
