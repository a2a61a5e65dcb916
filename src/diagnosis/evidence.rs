//! Evidence: what each finding says for or against each cause of an incident, in decibans of log-odds.
//!
//! A signature counts once per incident, however often it fired. It must stand on the right host, near in time, about
//! the right peer; it counts less towards the edge of its window, and less when it is there in good times as well.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::addresses;
use super::answers;
use super::background::Background;
use super::builds;
use super::clock::Offsets;
use super::downtime;
use super::failure::Basis;
use super::firewall_scope::{self, ClientAddresses};
use super::floods;
use super::incident::Incident;
use super::members;
use super::model;
use super::owners;
use super::peer_certificate;
use super::policies::Policies;
use super::protocols;
use super::rule_changes;
use super::storm;
use super::suites;
use super::traces;
use super::trigger::{self, Change};
use super::weights::Weights;
use crate::case::{Case, HostKey};
use crate::cause::CauseId;
use crate::event::{Event, PERHAPS_ON, TimeQuality};
use crate::findings::{Bucket, Series, SeriesKey};
use crate::signatures::{Database, Grade, Role, Side, Signature};
use crate::timeline::{EntryId, Timeline};

/// Something that speaks for or against a cause.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The signature's name, or the name of a rule of the model (`stage-reached`).
    pub signature: String,
    /// Its grade.
    pub grade: Grade,
    /// What it weighs here, in decibans; negative speaks against.
    pub weight_db: f64,
    /// The timeline line that shows it.
    pub entry: Option<EntryId>,
    /// In words.
    pub text: String,
}

impl Ground {
    /// Whether it tells what the failure looked like to the client. It looks alike for several causes.
    pub(super) fn is_looks(&self, db: &Database) -> bool {
        let by_client =
            |found: &Signature| found.role == Role::Symptom && found.side == Side::Client;
        db.find(&self.signature).is_some_and(by_client)
    }
}

/// All grounds per cause.
pub type Weighed = BTreeMap<CauseId, Vec<Ground>>;

/// Weighs everything that was found for one incident.
#[must_use]
pub fn weigh(
    case: &Case,
    db: &Database,
    timeline: &Timeline,
    incident: &Incident,
    changes: &[Change],
    offsets: &Offsets,
    weights: &Weights,
) -> Weighed {
    let mut weighed = found(case, db, timeline, incident, offsets, weights);
    let repairs = trigger::repairs(db, timeline, case, incident);
    downtime::add_grounds(case, incident, &mut weighed);
    model::add_grounds(case, db, incident, (changes, &repairs), offsets, &mut weighed);
    builds::add_grounds(case, db, incident, &mut weighed);
    for add in [
        addresses::add_grounds,
        peer_certificate::add_grounds,
        protocols::add_grounds,
        firewall_scope::add_grounds,
        owners::add_grounds,
        members::add_grounds,
        suites::add_grounds,
        answers::add_grounds,
        rule_changes::add_grounds,
    ] {
        add(case, incident, &mut weighed);
    }
    storm::add_grounds(case, db, incident, &mut weighed);
    // What the model itself knows stands at the failure and is no noise.
    let own = weighed.values_mut().flatten().filter(|ground| ground.weight_db == 0.0);
    own.for_each(|ground| ground.weight_db = weights.of(ground.grade));
    traces::add_grounds(case, db, incident, weights, &mut weighed);
    weighed
}

/// What signatures found: once per fact and cause, by the hit that weighs most.
fn found(
    case: &Case,
    db: &Database,
    timeline: &Timeline,
    incident: &Incident,
    offsets: &Offsets,
    weights: &Weights,
) -> Weighed {
    let lines = Lines::new(timeline);
    let policies = Policies::of(case);
    let background = Background::new(case);
    let client = ClientAddresses::of(case, incident);
    let gateway = Gateway::of(case, db);
    let mut best: BTreeMap<(CauseId, String), Ground> = BTreeMap::new();
    for (key, series) in case.findings.series() {
        let Some(signature) = db.signature(key.signature) else { continue };
        if signature.evidence.is_empty()
            || !fits_host(case, incident, signature, key)
            || !fits_peer(incident, signature, key)
            || gateway.speaks_of_another(signature, key)
        {
            continue;
        }
        let calm = floods::calm(series);
        let shift = clock_shift(incident, offsets, key);
        let Some((bucket, share, flood)) = nearest(incident, signature, series, &calm, shift)
        else {
            continue;
        };
        if policies.overrule(&bucket.example) || !firewall_scope::counts(&bucket.example, &client) {
            continue;
        }
        let is_noise = flood
            || background.is_crowd(db, key)
            || background.is_boot(signature, key, bucket)
            || background.is_usual(incident, signature, series, &calm);
        let seen = seen_at(incident, signature, series, shift);
        let heard = |cause: &CauseId| is_heard(incident, signature, bucket, *cause);
        for (cause, grade) in signature.evidence.iter().filter(|(cause, _)| heard(cause)) {
            if !speaks_without_time(incident, *cause, *grade, bucket, signature) {
                continue;
            }
            let weight_db = weights.weigh(*grade, share, is_noise);
            let entry = lines.find(key, bucket);
            let text = signature.summarize(&bucket.example) + &seen + &set_by(&bucket.example);
            let ground =
                Ground { signature: signature.name.clone(), grade: *grade, weight_db, entry, text };
            let fact = signature.fact.as_ref().unwrap_or(&signature.name);
            let slot = best.entry((*cause, fact.clone())).or_insert_with(|| ground.clone());
            if ground.weight_db.abs() > slot.weight_db.abs() {
                *slot = ground;
            }
        }
    }
    let mut weighed = Weighed::new();
    for ((cause, _), ground) in best {
        weighed.entry(cause).or_default().push(ground);
    }
    weighed
}

/// The policy that sets a value, where `gpresult` tells.
fn set_by(event: &Event) -> String {
    event.field("GPO").map_or_else(String::new, |name| format!(", set by the policy {name}"))
}

/// Whether a finding speaks of a cause here: a session that ended and a restart that was over hours ago are no answer to
/// who cannot connect.
fn is_heard(incident: &Incident, signature: &Signature, bucket: &Bucket, cause: CauseId) -> bool {
    match cause {
        CauseId::SessionEndedNormally => signature.side == Side::Client || incident.speaks_of_end,
        CauseId::ServerRestarted => incident.may_be_a_restart(bucket),
        _ => true,
    }
}

/// Addresses that a gateway refused. That it let somebody else through says nothing of them.
struct Gateway(BTreeSet<std::sync::Arc<str>>);

impl Gateway {
    fn of(case: &Case, db: &Database) -> Self {
        let refuses = |signature: &&Signature| {
            let denied = signature.evidence.get(&CauseId::GatewayDenied);
            signature.side == Side::Gateway && denied.is_some_and(|grade| *grade >= Grade::Strong)
        };
        let series = case.findings.series().map(|(key, _)| key);
        let refused =
            series.filter(|key| db.signature(key.signature).as_ref().is_some_and(refuses));
        Self(refused.filter(|key| !key.about.is_empty()).map(|key| key.about.clone()).collect())
    }

    fn speaks_of_another(&self, signature: &Signature, key: &SeriesKey) -> bool {
        signature.side == Side::Gateway
            && !self.0.is_empty()
            && !key.about.is_empty()
            && !self.0.contains(&key.about)
    }
}

/// At how many of the failures something close in time was seen; nothing for a single failure.
fn seen_at(
    incident: &Incident,
    signature: &Signature,
    series: &Series,
    shift: TimeDelta,
) -> String {
    let tight = signature.window.before <= TimeDelta::minutes(10) && incident.basis != Basis::Words;
    if !tight || incident.times.len() < 2 {
        return String::new();
    }
    let at = |time: &&DateTime<Utc>| {
        let spans = series.buckets.iter().filter_map(|bucket| bucket.first.zip(bucket.last));
        spans
            .into_iter()
            .any(|(first, last)| distance(**time, first - shift, last - shift, signature).is_some())
    };
    let hits = incident.times.iter().filter(at).count();
    format!(" (at {hits} of {} failures)", incident.times.len())
}

/// Finds the timeline line of a bucket.
struct Lines(BTreeMap<(crate::signatures::SignatureId, crate::event::Origin), EntryId>);

impl Lines {
    fn new(timeline: &Timeline) -> Self {
        Self(
            timeline
                .numbered()
                .filter_map(|(id, entry)| {
                    entry.signature.map(|signature| ((signature, entry.origin), id))
                })
                .collect(),
        )
    }

    fn find(&self, key: &SeriesKey, bucket: &Bucket) -> Option<EntryId> {
        self.0.get(&(key.signature, bucket.example.origin)).copied()
    }
}

fn fits_host(case: &Case, incident: &Incident, signature: &Signature, key: &SeriesKey) -> bool {
    // Logs of other products name no computer, and the one that stands in between is neither side.
    let of_a_product = signature.providers().iter().any(|name| name == "product-log");
    let Some(host) = HostKey::new(&key.host).filter(|_| !of_a_product) else { return true };
    let is = |wanted: &Option<HostKey>| {
        wanted.as_ref().is_none_or(|wanted| *wanted == host || wanted.is_address())
    };
    let roles = case.host(Some(&host)).map(|host| host.roles).unwrap_or_default();
    match signature.side {
        Side::Server => is(&incident.server) && (incident.server.is_some() || !roles.client),
        // A bundle of one client often names neither; the server's own log is not the client's.
        Side::Client => incident.server.as_ref() != Some(&host) && is(&incident.client),
        Side::Either => is(&incident.server) || is(&incident.client),
        Side::DomainController | Side::Gateway | Side::Broker => true,
    }
}

/// An event about another address says nothing about this failure, except where the number of strangers is the point.
fn fits_peer(incident: &Incident, signature: &Signature, key: &SeriesKey) -> bool {
    let about_address = key.about.parse::<std::net::IpAddr>().is_ok();
    !about_address
        || incident.peers.is_empty()
        || incident.peers.contains(&key.about)
        || signature.side != Side::Server
        || signature.evidence.contains_key(&CauseId::ConnectionLimit)
}

/// How far the clock that a finding stands on was ahead of the server's, on which failures stand. What a person copied
/// from the client has the client's time.
fn clock_shift(incident: &Incident, offsets: &Offsets, key: &SeriesKey) -> TimeDelta {
    let host = HostKey::new(&key.host).or_else(|| incident.client.clone());
    let of_client = host.is_some() && host == incident.client && host != incident.server;
    match incident.first.filter(|_| of_client) {
        Some(time) => offsets.between(host.as_ref(), incident.server.as_ref(), time),
        None => TimeDelta::zero(),
    }
}

/// The bucket nearest to a failure within the signature's window, what share of its weight is left there, and whether it
/// is part of a flood. A flood is looked at only where nothing calmer fits.
fn nearest<'s>(
    incident: &Incident,
    signature: &Signature,
    series: &'s Series,
    calm: &[bool],
    shift: TimeDelta,
) -> Option<(&'s Bucket, f64, bool)> {
    let of = |wanted: bool| {
        let buckets = series
            .buckets
            .iter()
            .zip(calm)
            .filter(move |(_, calm)| **calm == wanted)
            .map(|(bucket, _)| bucket)
            .filter(|bucket| is_ours(incident, signature, bucket));
        let shares = buckets.filter_map(|bucket| {
            share(incident, signature, bucket, shift).map(|share| (bucket, share, !wanted))
        });
        // Of what fits alike the first began it; but words without a time are about the last.
        let order = |a: &Bucket, b: &Bucket| {
            let first = b.first.cmp(&a.first);
            if incident.basis == Basis::Words { first.reverse() } else { first }
        };
        shares.max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| order(a.0, b.0)))
    };
    of(true).or_else(|| of(false))
}

/// What another connection of the same server met says nothing of this one; that it *worked* does.
fn is_ours(incident: &Incident, signature: &Signature, bucket: &Bucket) -> bool {
    let event = &bucket.example;
    let is_dialog = &*event.provider == "mstsc" && event.field("ErrorCode").is_some();
    if is_dialog {
        return incident.origins.contains(&event.origin);
    }
    let theirs = |id: &std::sync::Arc<str>| {
        !incident.activities.is_empty() && !incident.activities.contains(id)
    };
    signature.role == Role::Recovery
        || signature.side != Side::Server
        || !bucket.example.activity_id.as_ref().is_some_and(theirs)
}

fn share(
    incident: &Incident,
    signature: &Signature,
    bucket: &Bucket,
    shift: TimeDelta,
) -> Option<f64> {
    let (Some(first), Some(last)) = (bucket.first, bucket.last) else {
        return undated_share(incident, signature, &bucket.example);
    };
    share_of(incident, signature, (first - shift, last - shift), bucket.quality.slack())
}

/// What a state says holds when it was collected. An event whose date can mean two days may be far away: where neither is
/// near, it is; else it counts as at the edge.
fn undated_share(incident: &Incident, signature: &Signature, event: &Event) -> Option<f64> {
    let Some(written) = event.field(PERHAPS_ON) else { return Some(1.0) };
    let moments = written.split(' ').filter_map(|text| text.parse::<NaiveDateTime>().ok());
    let near = |moment: NaiveDateTime| {
        let moment = moment.and_utc();
        share_of(incident, signature, (moment, moment), TimeQuality::Assumed.slack()).is_some()
    };
    moments.into_iter().any(near).then_some(0.0)
}

fn share_of(
    incident: &Incident,
    signature: &Signature,
    (first, last): (DateTime<Utc>, DateTime<Utc>),
    slack: TimeDelta,
) -> Option<f64> {
    if incident.has_no_time() {
        return incident
            .opened
            .or(incident.last)
            .map_or(Some(1.0), |opened| words_share(signature, opened, last));
    }
    let distances = incident
        .times
        .iter()
        .filter_map(|time| distance(*time, first - slack, last + slack, signature));
    distances.max_by(f64::total_cmp)
}

/// A ticket without a code says when it was written, not when it failed: what lies in the day before it fits alike.
fn words_share(signature: &Signature, opened: DateTime<Utc>, last: DateTime<Utc>) -> Option<f64> {
    let reach = signature.window.before.max(TimeDelta::days(1));
    (-TimeDelta::hours(1)..=reach).contains(&(opened - last)).then_some(1.0)
}

/// Whether a bucket can speak of a failure that has no time of its own. That all was well at some other moment says
/// nothing against a cause; and the session that is complained of is the last one.
fn speaks_without_time(
    incident: &Incident,
    cause: CauseId,
    grade: Grade,
    bucket: &Bucket,
    signature: &Signature,
) -> bool {
    if !incident.has_no_time() {
        return true;
    }
    let momentary = signature.window.before <= TimeDelta::hours(1);
    let before_the_last = bucket.last.zip(incident.last_good).is_some_and(|(end, good)| end < good);
    let all_was_well = grade.is_against() && momentary;
    let another_session = cause == CauseId::SessionEndedNormally && before_the_last;
    !all_was_well && !another_session
}

fn distance(
    time: DateTime<Utc>,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    signature: &Signature,
) -> Option<f64> {
    let (gap, reach) = if last < time {
        (time - last, signature.window.before)
    } else if first > time {
        (first - time, signature.window.after)
    } else {
        return Some(1.0);
    };
    if gap > reach || reach <= TimeDelta::zero() {
        return (gap <= reach).then_some(1.0);
    }
    Some(1.0 - gap.as_seconds_f64() / reach.as_seconds_f64())
}
