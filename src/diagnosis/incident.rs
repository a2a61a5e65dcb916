//! Incidents: failures of the same kind on the same server.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::Offsets;
use super::failure::{Basis, Failure};
use super::trace;
use super::words::Complaint;
use crate::attempts::{Attempt, AttemptSide};
use crate::case::{Case, HostKey};
use crate::cause::Stage;
use crate::codes::DisconnectReason;
use crate::event::Origin;
use crate::findings::Bucket;
use crate::signatures::Database;

/// One occurrence of the failure being explained, made of one or more failed connections.
#[derive(Debug, Clone)]
pub struct Incident {
    /// What it is known from, best first.
    pub basis: Basis,
    /// The first failure; `None` when nobody says when.
    pub first: Option<DateTime<Utc>>,
    /// The last failure.
    pub last: Option<DateTime<Utc>>,
    /// When connections failed, at most [`Incident::TIMES`] of them.
    pub times: Vec<DateTime<Utc>>,
    /// How many connections failed.
    pub attempts: u64,
    /// The server.
    pub server: Option<HostKey>,
    /// The client's computer.
    pub client: Option<HostKey>,
    /// Addresses that failed.
    pub peers: BTreeSet<Arc<str>>,
    /// Users that failed, where told.
    pub users: BTreeSet<Arc<str>>,
    /// `ActivityID`s of its connections on the server.
    pub activities: BTreeSet<Arc<str>>,
    /// What the client showed.
    pub code: Option<DisconnectReason>,
    /// The stages it can have died in; empty when nothing tells.
    pub stages: Vec<Stage>,
    /// Whether it broke off now at one stage and now at another: no failure can narrow that down.
    is_several: bool,
    /// The furthest stage that was entered.
    pub reached: Option<Stage>,
    /// Its records and lines.
    pub origins: BTreeSet<Origin>,
    /// Whether a session simply ended.
    pub normal_end: bool,
    /// Whether somebody complained, be it in words only.
    pub reported: bool,
    /// Whether users were logged on and out again before there was a desktop.
    pub thrown_out: bool,
    /// Whether what was reported is, or may be, that a session ended.
    pub speaks_of_end: bool,
    /// Whether somebody says that it works again.
    pub is_over: bool,
    /// When the ticket was written; failures without a time of their own happened before.
    pub opened: Option<DateTime<Utc>>,
    /// The last connection to this server that worked before it.
    pub last_good: Option<DateTime<Utc>>,
    /// The first connection to this server that worked after it.
    pub first_good_after: Option<DateTime<Utc>>,
    /// Addresses that got in on this server while others failed.
    pub others_in: BTreeSet<Arc<str>>,
}

impl Incident {
    /// Times that are kept; more tell nothing new.
    pub const TIMES: usize = 64;

    /// Whether words without a time can be about a restart: who cannot connect now is not kept out by one that was over
    /// hours before.
    pub(super) fn may_be_a_restart(&self, bucket: &Bucket) -> bool {
        let recent = self
            .opened
            .zip(bucket.last)
            .is_none_or(|(opened, last)| opened - last <= TimeDelta::hours(1));
        self.basis != Basis::Words || self.speaks_of_end || self.is_over || recent
    }

    /// Whether nobody says when it failed: words tell when they were written, and a dialog may be pasted without its time.
    pub(super) fn has_no_time(&self) -> bool {
        self.basis == Basis::Words || self.times.is_empty()
    }

    /// Whether nobody on the client's side said that it failed.
    #[must_use]
    pub fn is_suspected(&self) -> bool {
        matches!(self.basis, Basis::Server | Basis::Trace) && !self.reported
    }

    /// The stage to show: where it died, else the furthest that was entered.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        if let [only] = self.stages.as_slice() { Some(*only) } else { self.reached }
    }

    fn new(failure: &Failure) -> Self {
        Self {
            basis: failure.basis,
            first: failure.time,
            last: failure.time,
            times: Vec::new(),
            attempts: 0,
            server: failure.server.clone(),
            client: None,
            peers: BTreeSet::new(),
            users: BTreeSet::new(),
            activities: BTreeSet::new(),
            code: None,
            stages: failure.stages.clone(),
            is_several: false,
            reached: None,
            origins: BTreeSet::new(),
            normal_end: failure.normal_end,
            reported: matches!(failure.basis, Basis::Dialog | Basis::Words),
            thrown_out: false,
            speaks_of_end: failure.normal_end,
            is_over: false,
            opened: None,
            last_good: None,
            first_good_after: None,
            others_in: BTreeSet::new(),
        }
    }

    /// Failures a week apart are told as two, whatever they have in common.
    const APART: TimeDelta = TimeDelta::days(7);

    fn takes(&self, failure: &Failure) -> bool {
        let same_server = match (&self.server, &failure.server) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        let same_stage = self.stages.is_empty()
            || failure.stages.is_empty()
            || failure.stages.iter().any(|stage| self.stages.contains(stage));
        let near =
            self.last.zip(failure.time).is_none_or(|(last, time)| time - last <= Self::APART);
        let same_code = match (self.code, failure.code) {
            (Some(a), Some(b)) => {
                a.error == b.error
                    || self.basis == Basis::Server
                    || failure.basis == Basis::Server
                    || self.is_alike(failure)
            }
            _ => true,
        };
        let alike = same_stage && near && same_code;
        same_server
            && (alike || self.goes_on_with(failure))
            && self.normal_end == failure.normal_end
    }

    /// Whatever a client calls it: nobody answers, or one person's logon is refused once more.
    fn is_alike(&self, failure: &Failure) -> bool {
        let stages = || self.stages.iter().chain(&failure.stages);
        let told = !self.stages.is_empty() && !failure.stages.is_empty();
        let all = |is: fn(&Stage) -> bool| told && stages().all(is);
        let unanswered = |stages: &[Stage]| stages.contains(&Stage::Tcp);
        all(|stage| *stage <= Stage::Tcp)
            || (self.is_of(failure)
                && (all(|stage| *stage == Stage::CredSsp)
                    || (unanswered(&self.stages) && unanswered(&failure.stages))))
    }

    /// Whether a failure is one of the same computer.
    fn is_of(&self, failure: &Failure) -> bool {
        let same_client = self.client.is_some() && self.client == failure.client;
        same_client || failure.peer.as_ref().is_some_and(|peer| self.peers.contains(peer))
    }

    /// What one client meets within minutes, though the first connection was cut and the next not even
    /// accepted.
    fn goes_on_with(&self, failure: &Failure) -> bool {
        let soon = self
            .last
            .zip(failure.time)
            .is_some_and(|(last, time)| (time - last).abs() <= Self::OUTAGE);
        // A definite refusal is an answer; what comes after it is another matter.
        let refused = |stages: &[Stage]| {
            let definite = |stage: &Stage| (Stage::CredSsp..=Stage::Session).contains(stage);
            !stages.is_empty() && stages.iter().all(definite)
        };
        let outage = !refused(&self.stages) && !refused(&failure.stages);
        ((self.is_of(failure) && soon) || self.is_told_beside(failure)) && outage
    }

    /// What the same text tells besides without a time: a session was cut, and then nobody answered for a while.
    fn is_told_beside(&self, failure: &Failure) -> bool {
        let told = failure.basis == Basis::Dialog && failure.time.is_none();
        let beside = |origin: &Origin| self.origins.iter().any(|own| own.source == origin.source);
        let unanswered =
            !failure.stages.is_empty() && failure.stages.iter().all(|stage| *stage <= Stage::Tcp);
        told && failure.origins.iter().any(beside)
            && unanswered
            && self.reported
            && self.stages.contains(&Stage::Running)
    }

    /// A client that is cut off and tries again does so within this time.
    const OUTAGE: TimeDelta = TimeDelta::minutes(15);

    fn add(&mut self, failure: &Failure) {
        self.attempts += 1;
        self.basis = self.basis.min(failure.basis);
        self.first = [self.first, failure.time].into_iter().flatten().min();
        self.last = [self.last, failure.time].into_iter().flatten().max();
        if let Some(time) = failure.time.filter(|_| self.times.len() < Self::TIMES) {
            self.times.push(time);
        }
        self.server = self.server.take().or_else(|| failure.server.clone());
        self.client = self.client.take().or_else(|| failure.client.clone());
        self.peers.extend(failure.peer.clone());
        self.users.extend(failure.user.clone());
        self.activities.extend(failure.activities.iter().cloned());
        self.code = match (self.code, failure.code) {
            (Some(known), Some(new)) if known.extended.is_none() && known.error == new.error => {
                Some(new)
            }
            (known, new) => known.or(new),
        };
        if !failure.stages.is_empty() {
            let both: Vec<_> = self
                .stages
                .iter()
                .copied()
                .filter(|stage| failure.stages.contains(stage))
                .collect();
            if both.is_empty() {
                self.is_several |= !self.stages.is_empty();
                self.stages.extend(failure.stages.iter().copied());
            } else if !self.is_several {
                self.stages = both;
            }
        }
        self.reached = self.reached.max(failure.reached);
        self.thrown_out |= failure.thrown_out;
        self.origins.extend(failure.origins.iter().copied());
        self.reported |= failure.basis == Basis::Dialog;
    }

    /// Whether a ticket's words, written at `opened`, can be about this.
    fn fits_words(&self, words: &Failure) -> bool {
        let same_server =
            self.server.is_none() || words.server.is_none() || self.server == words.server;
        let recent = self.last.zip(words.time).is_none_or(|(last, opened)| {
            last <= opened + TimeDelta::hours(1) && opened - last <= TimeDelta::days(2)
        });
        same_server && recent
    }

    /// The ticket's words are about this: they say who, not when.
    fn hear(&mut self, words: &Failure) {
        self.reported = true;
        self.server = self.server.take().or_else(|| words.server.clone());
        self.client = self.client.take().or_else(|| words.client.clone());
        self.origins.extend(words.origins.iter().copied());
    }
}

/// Groups failures; what only the server saw must have happened more than once, and not have been put right at once.
#[must_use]
pub fn incidents(
    case: &Case,
    db: &Database,
    offsets: &Offsets,
    failures: &[Failure],
) -> Vec<Incident> {
    let mut incidents: Vec<Incident> = Vec::new();
    for failure in failures.iter().filter(|failure| failure.basis != Basis::Words) {
        match incidents.iter_mut().find(|incident| incident.takes(failure)) {
            Some(known) => known.add(failure),
            None => incidents.push(alone(failure)),
        }
    }
    let complaint = Complaint::of(case);
    let words = failures.iter().find(|failure| failure.basis == Basis::Words);
    // Somebody wrote, and of something else: what the logs show worked.
    let words = words
        .filter(|words| complaint.fails || !(complaint.reassured || worked_lately(case, words)));
    // One death is enough when a ticket complains about it.
    let enough = |incident: &Incident| {
        incident.attempts > 1 || words.is_some_and(|words| incident.fits_words(words))
    };
    // Where all is well for everybody, who never got in is nobody.
    let is_nobody = |incident: &Incident| complaint.reassured && !got_in(case, incident);
    incidents.retain(|incident| {
        incident.basis != Basis::Server
            || (enough(incident) && !put_right_at_once(case, incident) && !is_nobody(incident))
    });
    if let Some(words) = words {
        match incidents.iter_mut().rev().find(|incident| incident.fits_words(words)) {
            Some(known) => known.hear(words),
            None => incidents.push(alone(words)),
        }
    }
    if incidents.is_empty() {
        incidents.extend(trace::find(case, db));
    }
    for incident in &mut incidents {
        look_around(case, offsets, incident);
        incident.opened = case.ticket.iter().filter_map(|fact| fact.time.utc()).max();
        // 3: the server ended it, and why stands in its logs.
        incident.speaks_of_end |= match incident.code {
            Some(code) => code.error == 3 || code.is_normal_end(),
            None => incident.basis == Basis::Words && complaint.ended,
        };
        incident.is_over = complaint.over;
        incident.thrown_out |= incident.basis == Basis::Words && was_cut_short(case, incident);
        incident.speaks_of_end &= !incident.thrown_out;
    }
    put_in_order(case, &mut incidents);
    incidents
}

/// What the ticket is about comes first: the server it names, or whatever its dialog shows.
fn put_in_order(case: &Case, incidents: &mut [Incident]) {
    let about = |incident: &Incident| {
        let dialog = incident.basis == Basis::Dialog;
        let named = case.ticket_server.is_none() || incident.server == case.ticket_server;
        (named && dialog, named)
    };
    incidents.sort_by(|a, b| {
        (Reverse(about(a)), a.first.is_none(), a.first, &a.server).cmp(&(
            Reverse(about(b)),
            b.first.is_none(),
            b.first,
            &b.server,
        ))
    });
}

/// Whether the logs show connections that worked in the two days before a ticket was written.
fn worked_lately(case: &Case, words: &Failure) -> bool {
    case.attempts.list.iter().any(|attempt| {
        let near = |opened: DateTime<Utc>| (opened - attempt.start).abs() <= TimeDelta::days(2);
        attempt.succeeded() && words.time.is_none_or(near)
    })
}

pub(super) fn alone(failure: &Failure) -> Incident {
    let mut incident = Incident::new(failure);
    incident.add(failure);
    incident
}

fn on_server<'c>(case: &'c Case, incident: &'c Incident) -> impl Iterator<Item = &'c Attempt> {
    let here = |attempt: &&Attempt| {
        incident.server.is_some() && HostKey::new(&attempt.host) == incident.server
    };
    case.attempts.list.iter().filter(|attempt| attempt.side == AttemptSide::Server).filter(here)
}

/// Whether the last session before the ticket was over as soon as it had begun: nobody signs out after seconds of work.
fn was_cut_short(case: &Case, incident: &Incident) -> bool {
    let before = |attempt: &&Attempt| {
        incident.last.is_some_and(|opened| {
            attempt.start <= opened && opened - attempt.start <= TimeDelta::days(1)
        })
    };
    let sessions = on_server(case, incident).filter(|attempt| attempt.in_session).filter(before);
    let short = |attempt: &Attempt| attempt.closed && attempt.duration() <= CUT_SHORT;
    sessions.filter(|attempt| short(attempt)).any(|attempt| attempt.logged_on)
}

/// A session of this length was none.
const CUT_SHORT: TimeDelta = TimeDelta::seconds(45);

/// Whether any of those who failed got in on this server at some other time.
fn got_in(case: &Case, incident: &Incident) -> bool {
    on_server(case, incident).any(|attempt| {
        attempt.succeeded()
            && attempt.peer.as_ref().is_some_and(|peer| incident.peers.contains(peer))
    })
}

/// A mistyped password, or a client that tries again by itself: everybody who failed got in soon after.
fn put_right_at_once(case: &Case, incident: &Incident) -> bool {
    let soon = TimeDelta::minutes(10);
    let Some(last) = incident.last else { return false };
    let mut peers = incident.peers.iter();
    !incident.peers.is_empty()
        && peers.all(|peer| {
            on_server(case, incident).any(|attempt| {
                attempt.peer.as_ref() == Some(peer)
                    && attempt.succeeded()
                    && attempt.end >= last
                    && attempt.start - last <= soon
            })
        })
}

fn look_around(case: &Case, offsets: &Offsets, incident: &mut Incident) {
    let (Some(first), Some(last)) = (incident.first, incident.last) else { return };
    let good: Vec<_> = on_server(case, incident)
        .filter(|attempt| attempt.succeeded())
        .map(|attempt| (attempt.start, attempt.peer.clone()))
        .collect();
    let while_failing = |time: &DateTime<Utc>| first - AROUND <= *time && *time <= last + AROUND;
    let others =
        good.iter().filter(|(time, _)| while_failing(time)).filter_map(|(_, peer)| peer.clone());
    // A session that was cut and came back is no sign that others got in.
    let running = incident.stages.contains(&Stage::Running);
    let others = others.filter(|_| !running);
    incident.others_in = others.filter(|peer| !incident.peers.contains(peer)).collect();
    // Where others get in meanwhile, or where the client did not even arrive, only the same client's own success says
    // that it worked: the way to the server is not the same for everybody.
    let own_only = !incident.others_in.is_empty()
        || (!incident.stages.is_empty()
            && incident.stages.iter().all(|stage| *stage <= Stage::Tcp));
    let counts = |peer: &Option<Arc<str>>| {
        !own_only || peer.as_ref().is_some_and(|peer| incident.peers.contains(peer))
    };
    let own = good.iter().filter(|(_, peer)| counts(peer)).map(|(time, _)| *time);
    let worked: Vec<_> = own.chain(client_successes(case, offsets, incident)).collect();
    incident.last_good = worked.iter().copied().filter(|time| *time < first).max();
    incident.first_good_after = worked.iter().copied().filter(|time| *time > last).min();
}

/// Somebody who gets in this near to a failure gets in meanwhile.
const AROUND: TimeDelta = TimeDelta::minutes(2);

/// Connections to the server that worked, by the log of the client that failed and on the server's clock.
fn client_successes(case: &Case, offsets: &Offsets, incident: &Incident) -> Vec<DateTime<Utc>> {
    let own = case.attempts.list.iter().filter(|attempt| {
        attempt.side == AttemptSide::Client
            && attempt.succeeded()
            && incident.client.is_some()
            && HostKey::new(&attempt.host) == incident.client
            && attempt
                .target
                .as_deref()
                .is_none_or(|target| HostKey::new(target) == incident.server)
    });
    let (client, server) = (incident.client.as_ref(), incident.server.as_ref());
    own.map(|attempt| attempt.start - offsets.between(client, server, attempt.start)).collect()
}
