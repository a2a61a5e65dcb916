//! What failed: single failures, before they are grouped into incidents.
//!
//! A failure is a dialog with a code, a client's disconnect that was no normal end, a connection that died on the server
//! before MCS or was denied by it, or, when there is nothing better, the ticket's own words.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::clock;
use crate::attempts::{Attempt, AttemptSide};
use crate::case::{Case, HostKey};
use crate::cause::Stage;
use crate::codes::{self, DisconnectReason};
use crate::event::Origin;

/// What a failure is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The pasted dialog.
    Dialog,
    /// The client's log.
    Client,
    /// The server's log alone.
    Server,
    /// The ticket's words alone.
    Words,
    /// A fault in the logs that stops every connection, though no connection is in them.
    Trace,
}

/// One failed connection.
#[derive(Debug, Clone)]
pub struct Failure {
    /// When; on the server's clock where both sides could be paired.
    pub time: Option<DateTime<Utc>>,
    /// What it is known from.
    pub basis: Basis,
    /// The server, when known.
    pub server: Option<HostKey>,
    /// The client's computer, when known.
    pub client: Option<HostKey>,
    /// The client's address, when known.
    pub peer: Option<Arc<str>>,
    /// The user, when known.
    pub user: Option<Arc<str>>,
    /// What the client showed.
    pub code: Option<DisconnectReason>,
    /// The stages it can have died in; empty when nothing tells.
    pub stages: Vec<Stage>,
    /// The furthest stage that was entered, as far as logged.
    pub reached: Option<Stage>,
    /// `ActivityID`s of its events on the server.
    pub activities: Vec<Arc<str>>,
    /// Its records and lines.
    pub origins: Vec<Origin>,
    /// Whether a session simply ended.
    pub normal_end: bool,
}

/// mstsc drops a first connection while it asks, and comes back: a death that a success of the same peer follows within
/// this time is no failure.
const RETRY: TimeDelta = TimeDelta::seconds(60);

/// A dialog carries whole seconds and stays until it is read; the disconnect itself was logged at most this long before.
const DIALOG: TimeDelta = TimeDelta::seconds(120);

/// Connections from one address that die early, within [`BURST_TIME`], that no person makes.
const BURST: usize = 20;
const BURST_TIME: TimeDelta = TimeDelta::minutes(10);

/// Every failure of the case, in order of time.
#[must_use]
pub fn failures(case: &Case) -> Vec<Failure> {
    let mut failures = client_side(case);
    add_dialogs(case, &mut failures);
    if failures.is_empty() {
        failures.extend(words(case));
    }
    add_server_side(case, &mut failures);
    failures.sort_by(|a, b| {
        (a.time.is_none(), a.time, a.basis, &a.origins).cmp(&(
            b.time.is_none(),
            b.time,
            b.basis,
            &b.origins,
        ))
    });
    failures
}

fn origins(attempt: &Attempt) -> Vec<Origin> {
    attempt.steps.iter().map(|(origin, _, _)| *origin).collect()
}

/// Client attempts that ended in a code that is no normal end.
fn client_side(case: &Case) -> Vec<Failure> {
    let attempts = case.attempts.list.iter().filter(|attempt| attempt.side == AttemptSide::Client);
    attempts.filter_map(|attempt| client_failure(case, attempt)).collect()
}

fn client_failure(case: &Case, attempt: &Attempt) -> Option<Failure> {
    let code = DisconnectReason { error: attempt.reason?, extended: None };
    // 3 = "by server": the event does not carry the extended code that would tell why.
    let silent = code.error == 0 || code.is_normal_end() || (code.error == 3 && attempt.in_session);
    if silent {
        return None;
    }
    let stages =
        if attempt.in_session { vec![Stage::Running] } else { client_stages(attempt, code) };
    Some(Failure {
        time: Some(attempt.end),
        basis: Basis::Client,
        server: attempt
            .target
            .as_deref()
            .and_then(target_host)
            .or_else(|| case.ticket_server.clone())
            .or_else(|| only_server(case)),
        client: HostKey::new(&attempt.host),
        peer: None,
        user: attempt.user.clone(),
        code: Some(code),
        stages,
        reached: Some(attempt.stage),
        activities: Vec::new(),
        origins: origins(attempt),
        normal_end: false,
    })
}

/// The code's stages, less those the client's own trail shows to be passed.
fn client_stages(attempt: &Attempt, code: DisconnectReason) -> Vec<Stage> {
    let possible = code.stages();
    let passed = |stage: &&Stage| match attempt.stage {
        // 1028: the server answered X.224.
        Stage::Tls | Stage::CredSsp => **stage >= Stage::Admission,
        _ => true,
    };
    let running = |stage: &&Stage| **stage != Stage::Running;
    possible.iter().filter(passed).filter(running).copied().collect()
}

/// `SRV01.corp.example:3390` without its port.
fn target_host(target: &str) -> Option<HostKey> {
    let name = match target.rsplit_once(':') {
        Some((name, port))
            if port.chars().all(|digit| digit.is_ascii_digit()) && !name.contains(':') =>
        {
            name
        }
        _ => target,
    };
    HostKey::new(name)
}

fn only_server(case: &Case) -> Option<HostKey> {
    case.only(|roles| roles.server).or_else(|| case.only(|roles| !roles.client)).cloned()
}

fn only_client(case: &Case) -> Option<HostKey> {
    case.ticket_client.clone().or_else(|| case.only(|roles| roles.client && !roles.server).cloned())
}

/// Dialogs: each names a failure, or confirms the one the client logged at that time.
fn add_dialogs(case: &Case, failures: &mut Vec<Failure>) {
    for dialog in &case.ticket {
        let Some(error) = dialog.code("ErrorCode") else { continue };
        let code = DisconnectReason { error, extended: dialog.code("ExtendedErrorCode") };
        let time = dialog.time.utc();
        let near = |failure: &&mut Failure| {
            let shift = failure.time.zip(time).map(|(a, b)| (a - b).abs());
            failure.code.is_some_and(|known| known.error == error)
                && shift.is_none_or(|shift| shift <= DIALOG)
        };
        if let Some(known) = failures.iter_mut().find(near) {
            known.code = Some(DisconnectReason {
                error,
                extended: code.extended.or(known.code.and_then(|known| known.extended)),
            });
            known.basis = Basis::Dialog;
            known.origins.push(dialog.origin);
            continue;
        }
        // All zeroes: the client had nothing to say. The words above the codes may.
        if error == 0 && code.extended.unwrap_or(0) == 0 {
            continue;
        }
        let named = dialog.field("Server").and_then(HostKey::new);
        failures.push(Failure {
            time,
            basis: Basis::Dialog,
            server: named.or_else(|| case.ticket_server.clone()).or_else(|| only_server(case)),
            client: only_client(case),
            peer: None,
            user: None,
            code: Some(code),
            stages: if code.is_normal_end() {
                vec![Stage::Running]
            } else {
                code.stages().to_vec()
            },
            reached: None,
            activities: Vec::new(),
            origins: vec![dialog.origin],
            normal_end: code.is_normal_end(),
        });
    }
}

/// The ticket's words, when it brings no code: something failed, and nobody says when exactly.
fn words(case: &Case) -> Option<Failure> {
    let first = case.ticket.first()?;
    let times = case.ticket.iter().filter_map(|fact| fact.time.utc());
    Some(Failure {
        time: times.max(),
        basis: Basis::Words,
        server: case.ticket_server.clone().or_else(|| only_server(case)),
        client: only_client(case),
        peer: None,
        user: None,
        code: None,
        stages: Vec::new(),
        reached: None,
        activities: Vec::new(),
        origins: vec![first.origin],
        normal_end: false,
    })
}

/// Server attempts that died: paired with the failures that are known already, else failures of their own.
fn add_server_side(case: &Case, failures: &mut Vec<Failure>) {
    let offsets = clock::offsets(case);
    let deaths: Vec<_> = case
        .attempts
        .list
        .iter()
        .filter(|attempt| attempt.side == AttemptSide::Server && died(attempt))
        .collect();
    let bursts = burst_peers(&deaths);
    for death in deaths {
        if follows_success(case, death) || bursts.contains(&peer_key(death)) {
            continue;
        }
        let near = |failure: &&mut Failure| pairs(failure, death, &offsets);
        if let Some(known) = failures.iter_mut().filter(|failure| failure.peer.is_none()).find(near)
        {
            pair(known, death);
        } else if belongs_to_a_user(case, death) {
            failures.push(server_failure(death));
        }
    }
}

/// Whether an attempt failed, as the server saw it.
fn died(attempt: &Attempt) -> bool {
    let denied =
        attempt.error_info.is_some_and(|code| !codes::is_normal_error_info(code) && code < 0x1000);
    (attempt.died_before_mcs() && attempt.steps.len() > 1) || (denied && !attempt.in_session)
}

fn peer_key(attempt: &Attempt) -> (Arc<str>, Option<Arc<str>>) {
    (Arc::clone(&attempt.host), attempt.peer.clone())
}

/// Peers that die faster than people click: scanners and password guessers.
fn burst_peers(deaths: &[&Attempt]) -> BTreeSet<(Arc<str>, Option<Arc<str>>)> {
    let mut bursts = BTreeSet::new();
    let mut keys: Vec<_> = deaths.iter().map(|death| peer_key(death)).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let times: Vec<_> =
            deaths.iter().filter(|death| peer_key(death) == key).map(|death| death.start).collect();
        let dense = times.windows(BURST).any(|window| match (window.first(), window.last()) {
            (Some(first), Some(last)) => *last - *first <= BURST_TIME,
            _ => false,
        });
        if dense {
            bursts.insert(key);
        }
    }
    bursts
}

fn follows_success(case: &Case, death: &Attempt) -> bool {
    case.attempts.list.iter().any(|other| {
        other.side == AttemptSide::Server
            && other.host == death.host
            && other.peer == death.peer
            && other.succeeded()
            && other.end >= death.start
            && other.start - death.end <= RETRY
            && other.start + RETRY >= death.start
    })
}

/// A death that nobody complained about counts only when it hits somebody who belongs here: an address that had got in
/// before or after, or one of a private network. The internet knocks on every open port.
fn belongs_to_a_user(case: &Case, death: &Attempt) -> bool {
    let Some(peer) = &death.peer else { return false };
    let known = case.attempts.list.iter().any(|other| {
        other.host == death.host && other.peer.as_ref() == Some(peer) && other.succeeded()
    });
    known || is_private(peer)
}

fn is_private(address: &str) -> bool {
    match address.parse() {
        Ok(std::net::IpAddr::V4(address)) => address.is_private() || address.is_link_local(),
        Ok(std::net::IpAddr::V6(address)) => {
            address.is_unique_local() || address.is_unicast_link_local()
        }
        Err(_) => false,
    }
}

fn pairs(failure: &Failure, death: &Attempt, offsets: &clock::Offsets) -> bool {
    let Some(time) = failure.time.filter(|_| !failure.normal_end) else { return false };
    let shift = failure.client.as_ref().map_or(TimeDelta::zero(), |client| offsets.of(client));
    let on_server = time - shift;
    let same_server = failure.server.is_none()
        || HostKey::new(&death.host) == failure.server
        || is_address(failure.server.as_ref());
    same_server
        && death.start - TimeDelta::seconds(10) <= on_server
        && on_server <= death.end + DIALOG
}

fn is_address(key: Option<&HostKey>) -> bool {
    key.is_some_and(HostKey::is_address)
}

fn pair(failure: &mut Failure, death: &Attempt) {
    failure.server = HostKey::new(&death.host);
    failure.peer.clone_from(&death.peer);
    failure.user = failure.user.take().or_else(|| death.user.clone());
    failure.reached = Some(death.stage);
    failure.time = Some(death.start);
    failure.stages = narrowed(&failure.stages, &death.died_in());
    failure.activities.extend(death.activity.clone());
    failure.origins.extend(origins(death));
}

/// What both sides allow; the server knows better where they disagree.
fn narrowed(client: &[Stage], server: &[Stage]) -> Vec<Stage> {
    let both: Vec<_> = server.iter().copied().filter(|stage| client.contains(stage)).collect();
    if both.is_empty() { server.to_vec() } else { both }
}

fn server_failure(death: &Attempt) -> Failure {
    Failure {
        time: Some(death.start),
        basis: Basis::Server,
        server: HostKey::new(&death.host),
        client: None,
        peer: death.peer.clone(),
        user: death.user.clone(),
        code: death.error_info.map(|code| DisconnectReason { error: 0x3, extended: Some(code) }),
        stages: death.died_in(),
        reached: Some(death.stage),
        activities: death.activity.iter().cloned().collect(),
        origins: origins(death),
        normal_end: false,
    }
}
