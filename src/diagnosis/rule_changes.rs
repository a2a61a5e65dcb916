//! Rules of the firewall that were changed, against the addresses that had been able to connect until then.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::evidence::Weighed;
use super::firewall_scope;
use super::incident::Incident;
use super::model::ground;
use crate::attempts::AttemptSide;
use crate::case::{Case, HostKey};
use crate::cause::{CauseId, Stage};
use crate::event::Event;
use crate::findings::Bucket;
use crate::signatures::Grade;

/// The log of the firewall's own changes.
const FIREWALL: &str = "Microsoft-Windows-Windows Firewall With Advanced Security";

/// Adds a rule that shuts out an address which had got in before and did not arrive any more.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let never_came = !incident.stages.is_empty()
        && incident.stages.iter().all(|stage| *stage <= Stage::Tcp)
        && incident.peers.is_empty();
    let Some(first) = incident.first.filter(|_| never_came) else { return };
    let here = |event: &Event| {
        let told = event.computer.as_deref().and_then(HostKey::new);
        event.is_from(FIREWALL) && (told.is_none() || told == incident.server)
    };
    let buckets = case.findings.series().flat_map(|(_, series)| &series.buckets);
    let changes = buckets.filter(|bucket| here(&bucket.example));
    let shut = changes.filter_map(|bucket| {
        let time = bucket.last.filter(|time| *time <= first)?;
        shut_out(case, incident, bucket, time)
    });
    if let Some(text) = shut.last() {
        let grounds = weighed.entry(CauseId::FirewallBlocked).or_default();
        grounds.push(ground("rule-shuts-out", Grade::Strong, text));
    }
}

/// The address that a rule shuts out, in words.
fn shut_out(
    case: &Case,
    incident: &Incident,
    bucket: &Bucket,
    time: DateTime<Utc>,
) -> Option<String> {
    let rule = &bucket.example;
    let list = rule.field("RemoteAddresses").filter(|list| !matches!(*list, "" | "*"))?;
    if rule.field("Active") != Some("1") || rule.field("Direction") == Some("2") {
        return None;
    }
    // 2 blocks, 3 allows.
    let blocks = match rule.field("Action")? {
        "2" => true,
        "3" => false,
        _ => return None,
    };
    let address = gone(case, incident, time).into_iter().find(|address| {
        let named =
            address.parse().ok().and_then(|address| firewall_scope::includes(list, address));
        named == Some(blocks)
    })?;
    let name = rule.field("RuleName").unwrap_or("a rule");
    let does = if blocks { "blocks" } else { "lets in only" };
    Some(format!(
        "since {} the rule {name} {does} {list}; {address} had got in before and did not arrive any more",
        super::clock::shown(time)
    ))
}

/// Addresses that got in before an instant and never came after it.
fn gone(case: &Case, incident: &Incident, time: DateTime<Utc>) -> BTreeSet<String> {
    let here = case.attempts.list.iter().filter(|attempt| {
        attempt.side == AttemptSide::Server && HostKey::new(&attempt.host) == incident.server
    });
    let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
    for attempt in here {
        let Some(peer) = attempt.peer.as_deref() else { continue };
        if attempt.start > time {
            after.insert(peer.to_owned());
        } else if attempt.succeeded() {
            before.insert(peer.to_owned());
        }
    }
    before.difference(&after).cloned().collect()
}
