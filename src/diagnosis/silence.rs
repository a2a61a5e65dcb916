//! What follows from a server that logs every connection it accepts, and logged none.

use chrono::{DateTime, TimeDelta, Utc};

use super::evidence::Weighed;
use super::failure::Basis;
use super::incident::Incident;
use super::model::ground;
use super::pairing;
use crate::attempts::AttemptSide;
use crate::case::{Case, HostKey};
use crate::cause::{CauseId, Stage};
use crate::signatures::Grade;

/// The log in which a server notes every connection it accepts.
const ACCEPTS: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational";

/// Adds it for an incident.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    add_never_arrived(case, incident, weighed);
    add_someone_else(case, incident, weighed);
}

/// The server's log covers the time and shows no connection from this client: it never arrived.
fn add_never_arrived(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let Some(time) =
        incident.first.filter(|_| incident.peers.is_empty() && incident.stages == [Stage::Tcp])
    else {
        return;
    };
    if !accepted_nobody(case, incident, time) {
        return;
    }
    let text = format!(
        "the server's log covers {} and has no connection from this client",
        super::clock::shown(time)
    );
    // That it did not arrive does not say what kept it away.
    for cause in [CauseId::FirewallBlocked, CauseId::DnsFailure, CauseId::NetworkUnstable] {
        weighed.entry(cause).or_default().push(ground("never-arrived", Grade::Weak, text.clone()));
    }
}

/// The client got an answer, and the server that it asked for took no connection: somebody else answered.
fn add_someone_else(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let answered = !incident.stages.is_empty()
        && incident.stages.iter().all(|stage| (Stage::Admission..=Stage::Session).contains(stage));
    let from_client = matches!(incident.basis, Basis::Dialog | Basis::Client);
    let Some(time) =
        incident.first.filter(|_| answered && from_client && incident.peers.is_empty())
    else {
        return;
    };
    if !accepted_nobody(case, incident, time) {
        return;
    }
    let text = format!(
        "the client got an answer, and the log of the server covers {} and has no connection from it: something else answered",
        super::clock::shown(time)
    );
    let mut add = |cause: CauseId, grade: Grade| {
        weighed.entry(cause).or_default().push(ground("answered-by-another", grade, text.clone()));
    };
    add(CauseId::ThirdPartyEndpoint, Grade::Strong);
    add(CauseId::DnsFailure, Grade::Moderate);
    add(CauseId::ListenerFailure, Grade::Moderate);
    for cause in ON_THE_SERVER {
        add(cause, Grade::Against);
    }
}

/// Causes that bite after the server has accepted a connection.
const ON_THE_SERVER: [CauseId; 9] = [
    CauseId::CertKeyAccessDenied,
    CauseId::CertKeyMissing,
    CauseId::TlsVersionMismatch,
    CauseId::TlsCipherMismatch,
    CauseId::NlaAuthFailure,
    CauseId::LogonNotPermitted,
    CauseId::SecurityPolicyMismatch,
    CauseId::ConnectionLimit,
    CauseId::ProfileFailure,
];

/// Whether the server's log of accepted connections covers a time, is kept at all, and has nothing near it; nor, on the
/// same day, a death that nobody claims, which may be this one on a clock that is off.
fn accepted_nobody(case: &Case, incident: &Incident, time: DateTime<Utc>) -> bool {
    let log = case.host(incident.server.as_ref()).and_then(|host| host.coverage.get(ACCEPTS));
    if !log.is_some_and(|log| !log.cleared && log.covers(time)) {
        return false;
    }
    let mut here = case.attempts.list.iter().filter(|attempt| {
        attempt.side == AttemptSide::Server && HostKey::new(&attempt.host) == incident.server
    });
    let near = TimeDelta::minutes(2);
    let day = TimeDelta::hours(26);
    !here.any(|attempt| {
        let far = (attempt.start - time).abs();
        (far <= near && !attempt.succeeded())
            || (far <= day && pairing::is_failure_of_a_user(case, attempt))
    })
}
