//! What is there anyway: events that say nothing about this failure because they come without one as well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::failure::Basis;
use super::incident::Incident;
use super::pairing;
use crate::attempts::{Attempt, AttemptSide};
use crate::case::{Case, HostKey};
use crate::findings::{Bucket, Series, SeriesKey};
use crate::signatures::{Database, Scope, Signature, SignatureId};

/// A finding of which this share has nothing to do with failures is background.
const USUAL: f64 = 0.8;

/// Fewer hits than this make no habit.
const HABIT: usize = 8;

/// Addresses of strangers, or accounts, that one signature speaks of on one host: more of them are the internet that
/// knocks on an open port, not one user with a problem.
const STRANGERS: usize = 3;
const ACCOUNTS: usize = 10;

/// While a machine starts, the network and the domain come late.
const BOOT: TimeDelta = TimeDelta::minutes(2);

/// What a bundle has of noise.
pub(super) struct Background<'c> {
    case: &'c Case,
    crowds: BTreeMap<(SignatureId, Arc<str>), Crowd>,
}

/// Whom a signature speaks of on one host.
#[derive(Default)]
struct Crowd {
    strangers: BTreeSet<Arc<str>>,
    accounts: BTreeSet<String>,
}

impl<'c> Background<'c> {
    /// Looks at all findings once.
    pub(super) fn new(case: &'c Case) -> Self {
        let mut crowds: BTreeMap<_, Crowd> = BTreeMap::new();
        for (key, series) in case.findings.series() {
            let crowd = crowds.entry((key.signature, Arc::clone(&key.host))).or_default();
            if is_stranger(case, &key.about) {
                crowd.strangers.insert(Arc::clone(&key.about));
            }
            let accounts =
                series.buckets.iter().filter_map(|bucket| bucket.example.user()).take(ACCOUNTS + 1);
            crowd.accounts.extend(accounts.map(str::to_lowercase));
        }
        Self { case, crowds }
    }

    /// A fault of one user that many strangers or accounts show is password guessing.
    pub(super) fn is_crowd(&self, db: &Database, key: &SeriesKey) -> bool {
        let Some(signature) = db.signature(key.signature) else { return false };
        let of_one_user =
            signature.evidence.iter().filter(|(_, grade)| !grade.is_against()).all(|(cause, _)| {
                db.causes().get(cause).is_some_and(|cause| cause.scope == Scope::OneUser)
            });
        let crowd = self.crowds.get(&(key.signature, Arc::clone(&key.host)));
        of_one_user
            && (key.about.is_empty() || is_stranger(self.case, &key.about))
            && crowd.is_some_and(|crowd| {
                crowd.strangers.len() >= STRANGERS || crowd.accounts.len() >= ACCOUNTS
            })
    }

    /// Whether it is of the kind that comes with every start, and a start was just before.
    pub(super) fn is_boot(&self, signature: &Signature, key: &SeriesKey, bucket: &Bucket) -> bool {
        let host = HostKey::new(&key.host);
        signature.boot_noise
            && bucket.first.is_some_and(|time| self.case.just_started(host.as_ref(), time, BOOT))
    }

    /// Whether most of a tight-windowed signature's hits have nothing to do with failures: they lie near a connection of
    /// the same server that worked, or near none that failed. What is there at any time says nothing about this time.
    pub(super) fn is_usual(
        &self,
        incident: &Incident,
        signature: &Signature,
        series: &Series,
        calm: &[bool],
    ) -> bool {
        let calm_buckets =
            series.buckets.iter().zip(calm).filter(|(_, calm)| **calm).map(|(bucket, _)| bucket);
        let dated: Vec<_> =
            calm_buckets.filter_map(|bucket| bucket.first.zip(bucket.last)).collect();
        let tight = signature.window.before <= TimeDelta::minutes(10);
        if !tight
            || dated.len() < HABIT
            || incident.basis == Basis::Words
            || incident.times.is_empty()
        {
            return false;
        }
        let reach = signature.window.before.max(signature.window.after);
        let near = |time: &DateTime<Utc>, (first, last): &(DateTime<Utc>, DateTime<Utc>)| {
            *first - reach <= *time && *time <= *last + reach
        };
        let (worked, failed) = self.connections(incident);
        let unrelated = dated.iter().filter(|bucket| {
            let by_failure = failed.iter().chain(&incident.times).any(|time| near(time, bucket));
            !by_failure || worked.iter().any(|time| near(time, bucket))
        });
        unrelated.count() as f64 >= USUAL * dated.len() as f64
    }

    /// When connections of the incident's server worked, and when those of its own peers failed. Strangers who fail for
    /// reasons of their own explain nothing of this incident.
    fn connections(&self, incident: &Incident) -> (Vec<DateTime<Utc>>, Vec<DateTime<Utc>>) {
        let here = |attempt: &&Attempt| {
            attempt.side == AttemptSide::Server && HostKey::new(&attempt.host) == incident.server
        };
        let ours = |attempt: &Attempt| {
            attempt
                .peer
                .as_ref()
                .is_none_or(|peer| incident.peers.is_empty() || incident.peers.contains(peer))
        };
        let (worked, failed): (Vec<_>, Vec<_>) =
            self.case.attempts.list.iter().filter(here).partition(|attempt| attempt.succeeded());
        let starts =
            |attempts: Vec<&Attempt>| attempts.into_iter().map(|attempt| attempt.start).collect();
        (starts(worked), starts(failed.into_iter().filter(|attempt| ours(attempt)).collect()))
    }
}

/// An address of the internet from which nobody ever got in.
fn is_stranger(case: &Case, address: &str) -> bool {
    !address.is_empty()
        && address.parse::<std::net::IpAddr>().is_ok()
        && !pairing::is_private(address)
        && !case
            .attempts
            .list
            .iter()
            .any(|attempt| attempt.peer.as_deref() == Some(address) && attempt.succeeded())
}
