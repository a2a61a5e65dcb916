//! A fault that stops every connection, in logs that have no connection in them.

use chrono::{DateTime, TimeDelta, Utc};

use super::failure::{Basis, Failure};
use super::incident::{Incident, alone};
use crate::attempts::Attempt;
use crate::case::{Case, HostKey};
use crate::cause::Stage;
use crate::signatures::{Database, Grade, Role, Side};

/// Logs without any connection in them can still hold a fault that stops every connection. Only what vendor
/// documentation calls so counts, and only where nothing shows that connections worked after it.
pub(super) fn find(case: &Case, db: &Database) -> Option<Incident> {
    if case.attempts.list.iter().any(Attempt::succeeded) {
        return None;
    }
    let mut best: Option<Failure> = None;
    for (key, series) in case.findings.series() {
        let Some(signature) = db.signature(key.signature) else { continue };
        let conclusive = signature.evidence.values().any(|grade| *grade == Grade::Conclusive);
        let stops_all =
            signature.stage.is_some_and(|stage| (Stage::X224..=Stage::CredSsp).contains(&stage));
        if !(conclusive && stops_all && matches!(signature.role, Role::Precursor | Role::Symptom)) {
            continue;
        }
        let host = HostKey::new(&key.host);
        let Some(bucket) =
            series.buckets.last().filter(|bucket| is_recent(case, host.as_ref(), bucket.last))
        else {
            continue;
        };
        let of_client = signature.side == Side::Client;
        if best.as_ref().is_none_or(|known| known.time < bucket.last) {
            best = Some(Failure {
                time: bucket.last,
                began: None,
                basis: Basis::Trace,
                server: if of_client { None } else { host.clone() },
                client: if of_client { host } else { None },
                peer: None,
                user: None,
                code: None,
                stages: Vec::new(),
                reached: None,
                activities: Vec::new(),
                origins: vec![bucket.example.origin],
                normal_end: false,
                thrown_out: false,
            });
        }
    }
    let failure = best?;
    let mut incident = alone(&failure);
    incident.attempts = 0;
    Some(incident)
}

/// Logs are collected soon after something failed; what stands long before their end was lived with, or put right.
fn is_recent(case: &Case, host: Option<&HostKey>, time: Option<DateTime<Utc>>) -> bool {
    let logs = case.host(host).into_iter().flat_map(|host| host.coverage.values());
    let end = logs.map(|log| log.last).max();
    end.zip(time).is_none_or(|(end, time)| end - time <= TimeDelta::days(3))
}
