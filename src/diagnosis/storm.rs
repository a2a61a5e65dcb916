//! A storm of connections: so many at once that a server which counts unfinished ones turns further ones away.

use chrono::{DateTime, TimeDelta, Utc};

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::{Case, HostKey};
use crate::cause::{CauseId, Stage};
use crate::signatures::{Database, Grade};

/// Connections in a minute that make a storm: no office logs on as fast.
const A_MINUTE: u64 = 100;

/// How long unfinished connections of a storm stand in the way.
const BEFORE: TimeDelta = TimeDelta::minutes(5);

/// What servers note of each connection: RdpCoreTS 131, RemoteConnectionManager 261.
const ACCEPTED: [&str; 2] = ["rdpcorets-131-accepted", "rcm-261-connection"];

/// Adds it for an incident whose connections can have died in admission.
pub(super) fn add_grounds(case: &Case, db: &Database, incident: &Incident, weighed: &mut Weighed) {
    let Some(time) = incident.first.filter(|_| incident.stages.contains(&Stage::Admission)) else {
        return;
    };
    let most = ACCEPTED.iter().map(|name| connections(case, db, incident, name, time)).max();
    let minutes = BEFORE.num_minutes().unsigned_abs();
    let Some(count) = most.filter(|count| *count >= A_MINUTE * minutes) else { return };
    let text = format!("{count} connections came in the {minutes} minutes before it failed");
    let limit = weighed.entry(CauseId::ConnectionLimit).or_default();
    limit.push(ground("storm-of-connections", Grade::Strong, text));
}

fn connections(
    case: &Case,
    db: &Database,
    incident: &Incident,
    name: &str,
    time: DateTime<Utc>,
) -> u64 {
    let is_it = |id| db.signature(id).is_some_and(|signature| signature.name == name);
    let here = |host: &str| incident.server.is_none() || HostKey::new(host) == incident.server;
    let series = case.findings.series().filter(|(key, _)| is_it(key.signature) && here(&key.host));
    let near = |first: DateTime<Utc>, last: DateTime<Utc>| last >= time - BEFORE && first <= time;
    let buckets = series.flat_map(|(_, series)| &series.buckets);
    let near = buckets.filter(|bucket| {
        bucket.first.zip(bucket.last).is_some_and(|(first, last)| near(first, last))
    });
    near.map(|bucket| bucket.count).sum()
}
