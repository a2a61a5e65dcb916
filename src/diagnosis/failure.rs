//! What failed: single failures, before they are grouped into incidents.
//!
//! A failure is a dialog with a code, a client's disconnect that was no normal end, a connection that died on the server
//! before MCS or was denied by it, or, when there is nothing better, the ticket's own words.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::Offsets;
use super::pairing;
use super::words;
use crate::attempts::{Attempt, AttemptSide};
use crate::case::{Case, HostKey};
use crate::cause::Stage;
use crate::codes::DisconnectReason;
use crate::event::{Event, Origin};

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
    /// When the client began the connection, on its own clock.
    pub began: Option<DateTime<Utc>>,
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
    /// Whether the user was logged on and out again before there was a desktop.
    pub thrown_out: bool,
}

/// A dialog carries whole seconds and stays until it is read; the disconnect itself was logged at most this long before.
const DIALOG: TimeDelta = TimeDelta::seconds(120);

/// Every failure of the case, in order of time.
#[must_use]
pub fn failures(case: &Case, offsets: &Offsets) -> Vec<Failure> {
    let mut failures = client_side(case);
    add_dialogs(case, &mut failures);
    if failures.is_empty() {
        failures.extend(told(case));
    }
    pairing::add_server_side(case, offsets, &mut failures);
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

pub(super) fn origins(attempt: &Attempt) -> Vec<Origin> {
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
        began: Some(attempt.start),
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
        thrown_out: false,
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
pub(super) fn target_host(target: &str) -> Option<HostKey> {
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

/// Whether a bare number stands in a sentence about an earlier day.
fn is_retold(case: &Case, dialog: &Event) -> bool {
    let bare = dialog.field("Match") == Some("loose") && dialog.time.utc().is_none();
    let beside = case.ticket.iter().filter(|fact| fact.origin == dialog.origin);
    bare && beside.filter_map(|fact| fact.field("Message")).any(words::is_of_another_day)
}

/// Dialogs: each names a failure, or confirms the one the client logged at that time.
fn add_dialogs(case: &Case, failures: &mut Vec<Failure>) {
    for dialog in &case.ticket {
        let Some(error) = dialog.code("ErrorCode") else { continue };
        if is_retold(case, dialog) {
            continue;
        }
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
            began: None,
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
            thrown_out: false,
        });
    }
}

/// The ticket's words, when it brings no code: something failed, and nobody says when exactly.
fn told(case: &Case) -> Option<Failure> {
    let first = case.ticket.first()?;
    let times = case.ticket.iter().filter_map(|fact| fact.time.utc());
    Some(Failure {
        time: times.max(),
        began: None,
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
        thrown_out: false,
    })
}
