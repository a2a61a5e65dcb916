//! What the server saw of the failures that the client's side tells of, and the failures that only the server saw.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::Offsets;
use super::failure::{Basis, Failure, origins};
use crate::attempts::{Attempt, AttemptSide, Between};
use crate::case::{Case, HostKey};
use crate::cause::Stage;
use crate::codes::DisconnectReason;

/// mstsc drops a first connection while it asks, and comes back: a death that a success of the same peer follows within
/// this time is no failure.
const RETRY: TimeDelta = TimeDelta::seconds(60);

/// The client notes that it connects (1024) and the server that it accepts (131) at most this far apart, once their
/// clocks are compared: resolving a name may take its time.
const BEGIN: TimeDelta = TimeDelta::seconds(15);

/// A dialog carries whole seconds and shows up to this long after the connection died: TLS and logons time out slowly.
const DIALOG: TimeDelta = TimeDelta::seconds(120);

/// So many connections from one address that die early within such a time are made by no person, who has to read a box
/// and click between them.
const BURSTS: [(usize, TimeDelta); 3] =
    [(5, TimeDelta::seconds(20)), (8, TimeDelta::minutes(1)), (20, TimeDelta::minutes(10))];

/// Adds what the server saw: each known failure takes the death that fits it best, and deaths that are left are failures
/// of their own when they hit somebody who belongs here.
pub(super) fn add_server_side(case: &Case, offsets: &Offsets, failures: &mut Vec<Failure>) {
    let of_server = case.attempts.list.iter().filter(|attempt| attempt.side == AttemptSide::Server);
    let deaths: Vec<_> = of_server
        .filter(|attempt| may_have_died(case, attempt) && !follows_success(case, attempt))
        .collect();
    let mut taken = BTreeSet::new();
    for failure in failures.iter_mut().filter(|failure| failure.peer.is_none()) {
        if let Some(index) = best_death(case, failure, &deaths, &taken, offsets) {
            taken.insert(index);
            deaths.get(index).into_iter().for_each(|death| pair(failure, death));
        }
    }
    failures.iter_mut().filter(|failure| failure.peer.is_none()).for_each(|failure| {
        to_server_clock(failure, offsets);
    });
    let bursts = burst_peers(&deaths);
    let left = deaths
        .iter()
        .enumerate()
        .filter(|(index, death)| !taken.contains(index) && died(death))
        .map(|(_, death)| *death);
    let own =
        left.filter(|death| belongs_to_a_user(case, death) && !bursts.contains(&death.between()));
    failures.extend(own.map(server_failure));
}

/// What only the client saw stands on its clock; evidence is looked for on the server's.
fn to_server_clock(failure: &mut Failure, offsets: &Offsets) {
    if let Some(time) = failure.time {
        let shift = offsets.between(
            failure.client.as_ref(),
            failure.server.as_ref(),
            failure.began.unwrap_or(time),
        );
        failure.time = Some(time - shift);
    }
}

/// Whether an attempt is a failure of somebody who belongs here.
pub(super) fn is_failure_of_a_user(case: &Case, attempt: &Attempt) -> bool {
    died(attempt) && !follows_success(case, attempt) && belongs_to_a_user(case, attempt)
}

/// Whether an attempt is one that failed, when a client says that one did: it failed as the server saw it, or the server
/// knows of no session that came of it.
fn may_have_died(case: &Case, attempt: &Attempt) -> bool {
    let without_session = || {
        let host = HostKey::new(&attempt.host);
        let sessions = case.host(host.as_ref()).and_then(|host| host.coverage.get(SESSIONS));
        let logged = sessions.is_some_and(|log| !log.cleared && log.covers(attempt.start));
        !attempt.in_session && (attempt.closed || logged)
    };
    died(attempt) || (attempt.opened && (attempt.stage == Stage::Tcp || without_session()))
}

/// The log in which a server notes every session.
const SESSIONS: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational";

/// Whether an attempt failed, as the server saw it.
fn died(attempt: &Attempt) -> bool {
    (attempt.died_before_mcs() && attempt.steps.len() > 1)
        || (attempt.is_denied() && !attempt.logged_on)
        || attempt.is_thrown_out()
}

/// The death that is nearest in time; one of somebody who belongs here before one of a stranger. Where only a dialog
/// tells the time and several strangers died around it, none can be told to be the one.
fn best_death(
    case: &Case,
    failure: &Failure,
    deaths: &[&Attempt],
    taken: &BTreeSet<usize>,
    offsets: &Offsets,
) -> Option<usize> {
    let free = deaths.iter().enumerate().filter(|(index, _)| !taken.contains(index));
    let fitting: Vec<_> = free
        .filter_map(|(index, death)| {
            let far = distance(failure, death, offsets)?;
            Some((!belongs_to_a_user(case, death), far, index, death.peer.clone()))
        })
        .collect();
    let (stranger, _, index, _) =
        fitting.iter().min_by_key(|(stranger, far, index, _)| (*stranger, *far, *index))?;
    let peers: BTreeSet<_> = fitting.iter().map(|(_, _, _, peer)| peer).collect();
    let told_apart = !stranger || failure.began.is_some() || peers.len() == 1;
    told_apart.then_some(*index)
}

/// How far a death lies from a failure, when it can be the same connection.
fn distance(failure: &Failure, death: &Attempt, offsets: &Offsets) -> Option<TimeDelta> {
    // A session that Windows ended by itself before there was a desktop is called a normal end, and is none.
    let time = failure.time.filter(|_| !failure.normal_end || death.is_thrown_out())?;
    // Who had a session did not die on the way to it.
    if failure.stages == [Stage::Running] && !death.is_thrown_out() {
        return None;
    }
    // What never reached the server was not accepted by it.
    let arrived = failure.normal_end
        || failure.stages.is_empty()
        || failure.stages.iter().any(|stage| *stage > Stage::Tcp);
    if !arrived {
        return None;
    }
    let here = HostKey::new(&death.host);
    let same_server = failure
        .server
        .as_ref()
        .is_none_or(|server| Some(server) == here.as_ref() || server.is_address());
    let shift =
        offsets.between(failure.client.as_ref(), here.as_ref(), failure.began.unwrap_or(time));
    let far = match failure.began {
        Some(began) => (began - shift - death.start).abs(),
        None => {
            let shown = time - shift;
            let after = shown - death.end;
            if death.start > shown + TimeDelta::seconds(10) || after > DIALOG {
                return None;
            }
            after.abs()
        }
    };
    let reach = if failure.began.is_some() { BEGIN } else { DIALOG };
    (same_server && far <= reach).then_some(far)
}

/// Peers that die faster than people click: scanners and password guessers.
fn burst_peers(deaths: &[&Attempt]) -> HashSet<Between> {
    let mut times: HashMap<Between, Vec<DateTime<Utc>>> = HashMap::new();
    for death in deaths {
        times.entry(death.between()).or_default().push(death.start);
    }
    let is_dense = |times: &[DateTime<Utc>]| {
        BURSTS.iter().any(|(count, within)| {
            times.windows(*count).any(|window| match (window.first(), window.last()) {
                (Some(first), Some(last)) => *last - *first <= *within,
                _ => false,
            })
        })
    };
    times.into_iter().filter(|(_, times)| is_dense(times)).map(|(peer, _)| peer).collect()
}

fn follows_success(case: &Case, death: &Attempt) -> bool {
    let (earliest, latest) = (death.start - RETRY, death.end + RETRY);
    case.attempts.successes_like(death).any(|other| {
        other.end >= death.start
            && other.start >= earliest
            && other.start <= latest
            && other.side == AttemptSide::Server
    })
}

/// A death that nobody complained about counts only when it hits somebody who belongs here: an address that had got in
/// before or after, or one of a private network. The internet knocks on every open port.
fn belongs_to_a_user(case: &Case, death: &Attempt) -> bool {
    let Some(peer) = &death.peer else { return false };
    is_private(peer) || case.attempts.successes_like(death).next().is_some()
}

pub(super) fn is_private(address: &str) -> bool {
    match address.parse() {
        Ok(std::net::IpAddr::V4(address)) => address.is_private() || address.is_link_local(),
        Ok(std::net::IpAddr::V6(address)) => {
            address.is_unique_local() || address.is_unicast_link_local()
        }
        Err(_) => false,
    }
}

fn pair(failure: &mut Failure, death: &Attempt) {
    failure.server = HostKey::new(&death.host);
    failure.peer.clone_from(&death.peer);
    failure.user = failure.user.take().or_else(|| death.user.clone());
    failure.reached = Some(death.stage);
    failure.time = Some(death.start);
    failure.stages = narrowed(&failure.stages, &death.died_in());
    failure.thrown_out = death.is_thrown_out();
    failure.normal_end &= !failure.thrown_out;
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
        began: None,
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
        thrown_out: death.is_thrown_out(),
    }
}
