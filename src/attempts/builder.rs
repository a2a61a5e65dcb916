//! Puts events together into attempts while they stream by, in memory that does not grow with their number.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::peers::PeerBook;
use super::steps::Step;
use super::{Attempt, AttemptSide, is_credential_error};
use crate::cause::Stage;
use crate::event::Event;

/// Events without an ActivityID join an attempt that began at most this long before: the longest time from accept to
/// disconnect measured on an exposed host was 90 s.
const JOIN: TimeDelta = TimeDelta::seconds(120);

/// Attempts whose end has not been seen yet; a torn log may leave any number of them open.
const OPEN: usize = 4096;

/// Collects the attempts of one source.
#[derive(Debug, Default)]
pub struct AttemptBuilder {
    open: HashMap<Arc<str>, Attempt>,
    /// Attempts without ActivityID, newest last.
    loose: Vec<Attempt>,
    book: PeerBook,
}

impl AttemptBuilder {
    /// Takes one event, in the order of the log.
    pub fn feed(&mut self, event: &Event) {
        let (Some(step), Some(time)) = (Step::of(event), event.time.clock()) else { return };
        match &event.activity_id {
            Some(activity) => self.feed_activity(activity, event, step, time),
            None => self.feed_loose(event, step, time),
        }
    }

    fn feed_activity(
        &mut self,
        activity: &Arc<str>,
        event: &Event,
        step: Step,
        time: DateTime<Utc>,
    ) {
        if step == Step::ClientStart
            && self.open.get(activity).is_some_and(|attempt| attempt.closed)
        {
            self.close(activity);
        }
        let attempt =
            self.open.entry(Arc::clone(activity)).or_insert_with(|| begin(event, step, time));
        apply(attempt, event, step, time);
        if self.open.len() > OPEN {
            self.close_oldest();
        }
    }

    fn feed_loose(&mut self, event: &Event, step: Step, time: DateTime<Utc>) {
        let host = host_of(event);
        let address = event.address();
        let fits = |attempt: &&mut Attempt| {
            attempt.host == host
                && time - attempt.start <= JOIN
                && attempt.start <= time
                && address.is_none_or(|address| {
                    attempt.peer.as_deref().is_none_or(|peer| peer == address)
                })
        };
        let found = if step.begins() { None } else { self.loose.iter_mut().rev().find(fits) };
        match found {
            Some(attempt) => apply(attempt, event, step, time),
            None => {
                let mut attempt = begin(event, step, time);
                apply(&mut attempt, event, step, time);
                self.loose.push(attempt);
            }
        }
        if self.loose.len() > OPEN {
            self.loose.drain(..OPEN / 2).for_each(|attempt| self.book.add(attempt));
        }
    }

    fn close(&mut self, activity: &Arc<str>) {
        if let Some(attempt) = self.open.remove(activity) {
            self.book.add(attempt);
        }
    }

    fn close_oldest(&mut self) {
        let mut by_age: Vec<_> = self
            .open
            .iter()
            .map(|(activity, attempt)| (attempt.end, Arc::clone(activity)))
            .collect();
        by_age.sort();
        for (_, activity) in by_age.iter().take(OPEN / 2) {
            self.close(activity);
        }
    }

    /// Everything that was collected.
    #[must_use]
    pub fn finish(mut self) -> PeerBook {
        let mut open: Vec<_> = self.open.into_values().collect();
        open.sort_by(|a, b| (a.start, &a.activity).cmp(&(b.start, &b.activity)));
        open.into_iter().chain(self.loose).for_each(|attempt| self.book.add(attempt));
        self.book
    }
}

fn host_of(event: &Event) -> Arc<str> {
    event.computer.clone().unwrap_or_else(|| "".into())
}

fn begin(event: &Event, step: Step, time: DateTime<Utc>) -> Attempt {
    let client = event.is_from("Microsoft-Windows-TerminalServices-ClientActiveXCore");
    let side = if client { AttemptSide::Client } else { AttemptSide::Server };
    // A server that logs anything at all has been reached; a client that starts has only its target's name.
    let stage = if matches!(step, Step::ClientStart) { Stage::Name } else { Stage::Tcp };
    Attempt {
        host: host_of(event),
        side,
        activity: event.activity_id.clone(),
        start: time,
        end: time,
        stage,
        peer: None,
        target: None,
        user: None,
        opened: false,
        past_security: false,
        in_session: false,
        logged_on: false,
        closed: false,
        security_error: None,
        error_info: None,
        reason: None,
        steps: Vec::new(),
    }
}

/// Adds one event to an attempt.
fn apply(attempt: &mut Attempt, event: &Event, step: Step, time: DateTime<Utc>) {
    attempt.start = attempt.start.min(time);
    attempt.end = attempt.end.max(time);
    if attempt.steps.len() < Attempt::STEPS_KEPT {
        attempt.steps.push((event.origin, time, step.label()));
    }
    if attempt.peer.is_none() {
        attempt.peer = event.address().map(Arc::from);
    }
    if attempt.user.is_none() {
        attempt.user = event.user().map(Arc::from);
    }
    if step == Step::ClientStart {
        attempt.target = event.field("Value").map(Arc::from);
    }
    attempt.opened |= step.opens();
    attempt.stage = attempt.stage.max(reach(attempt, step));
}

/// Notes what a step says, and returns the stage it was made in.
fn reach(attempt: &mut Attempt, step: Step) -> Stage {
    match step {
        Step::Reached(stage, _) => stage,
        Step::Accepted | Step::ClientStart => attempt.stage,
        Step::BadCredentials => Stage::CredSsp,
        Step::SecurityError(code) => {
            attempt.security_error = attempt.security_error.or(code);
            if code.is_some_and(is_credential_error) { Stage::CredSsp } else { Stage::Tls }
        }
        Step::Authenticated => Stage::Mcs,
        Step::PastSecurity(_) => {
            attempt.past_security = true;
            Stage::Licensing
        }
        Step::Assigned => {
            attempt.past_security = true;
            attempt.in_session = true;
            Stage::Session
        }
        Step::LoggedOn(_) => {
            attempt.past_security = true;
            attempt.in_session = true;
            attempt.logged_on = true;
            Stage::Running
        }
        Step::ErrorInfo(code) => {
            attempt.error_info = Some(code);
            // A Set Error Info PDU needs the share that only an established connection has.
            Stage::Mcs
        }
        Step::Closed(_) => {
            attempt.closed = true;
            attempt.stage
        }
        Step::Reason(code) | Step::ClientEnd(code) => {
            attempt.reason = code;
            attempt.closed = true;
            attempt.stage
        }
    }
}

/// The attempts of a whole bundle, both sides, in order of time.
#[derive(Debug, Default)]
pub struct Attempts {
    /// Every attempt that was kept.
    pub list: Vec<Attempt>,
}

impl Attempts {
    /// Joins what the sources of a bundle say: RdpCoreTS, RemoteConnectionManager and LocalSessionManager are files of
    /// their own, and the same log may be there twice.
    #[must_use]
    pub fn join(books: impl IntoIterator<Item = PeerBook>) -> Self {
        let mut all = PeerBook::default();
        books.into_iter().for_each(|book| all.absorb(book));
        // Windows uses ActivityIDs again after a restart, so a day is part of the key.
        type Key = (Arc<str>, Arc<str>, DateTime<Utc>);
        let mut by_activity: HashMap<Key, usize> = HashMap::new();
        let mut list: Vec<Attempt> = Vec::new();
        let mut loose = Vec::new();
        for attempt in all.into_list() {
            let Some(activity) = attempt.activity.clone() else {
                loose.push(attempt);
                continue;
            };
            let key = (Arc::clone(&attempt.host), activity, day(attempt.start));
            match by_activity.get(&key).and_then(|index| list.get_mut(*index)) {
                Some(known) => known.absorb(attempt),
                None => {
                    by_activity.insert(key, list.len());
                    list.push(attempt);
                }
            }
        }
        for attempt in loose {
            match list.iter_mut().rev().find(|known| belongs(known, &attempt)) {
                Some(known) => known.absorb(attempt),
                None => list.push(attempt),
            }
        }
        list.sort_by(|a, b| (a.start, &a.host, &a.activity).cmp(&(b.start, &b.host, &b.activity)));
        Self { list }
    }
}

fn day(time: DateTime<Utc>) -> DateTime<Utc> {
    time - TimeDelta::seconds(time.timestamp().rem_euclid(86_400))
}

/// Whether a part without ActivityID continues a known attempt.
fn belongs(known: &Attempt, part: &Attempt) -> bool {
    let same_peer = match (&known.peer, &part.peer) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    let starts_anew = part.steps.first().is_some_and(|(_, _, label)| {
        *label == Step::Accepted.label() || *label == Step::ClientStart.label()
    });
    known.host == part.host
        && known.side == part.side
        && same_peer
        && !(starts_anew
            && known.steps.iter().any(|(_, _, label)| *label == Step::Accepted.label()))
        && known.start <= part.start
        && part.start - known.start <= JOIN
}
