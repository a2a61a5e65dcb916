//! Puts events together into attempts while they stream by, in memory that does not grow with their number.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::peers::PeerBook;
use super::steps::Step;
use super::{Attempt, AttemptSide, JOIN, is_credential_error, may_be_same};
use crate::cause::Stage;
use crate::event::{Event, Origin, Passing};

/// Attempts whose end has not been seen yet; a torn log may leave any number of them open.
const OPEN: usize = 4096;

/// Collects the attempts of one source.
#[derive(Debug, Default)]
pub struct AttemptBuilder {
    /// Large ones, which stay where they are when there are more.
    open: HashMap<Arc<str>, Box<Attempt>>,
    /// Attempts without ActivityID, newest last.
    loose: Vec<Attempt>,
    book: PeerBook,
}

impl AttemptBuilder {
    /// Takes what one event says, in the order of the log.
    pub fn feed(&mut self, sighting: &Sighting) {
        match &sighting.activity {
            Some(activity) => self.feed_activity(activity, sighting),
            None => self.feed_loose(sighting),
        }
    }

    fn feed_activity(&mut self, activity: &Arc<str>, sighting: &Sighting) {
        if sighting.step == Step::ClientStart
            && self.open.get(activity).is_some_and(|attempt| attempt.closed)
        {
            self.close(activity);
        }
        let attempt =
            self.open.entry(Arc::clone(activity)).or_insert_with(|| Box::new(begin(sighting)));
        apply(attempt, sighting);
        if self.open.len() > OPEN {
            self.close_oldest();
        }
    }

    fn feed_loose(&mut self, sighting: &Sighting) {
        let fits = |attempt: &&mut Attempt| {
            attempt.host == sighting.host
                && sighting.time - attempt.start <= JOIN
                && attempt.start <= sighting.time
                && may_be_same(&attempt.peer, &sighting.peer)
                && !(sighting.step == Step::Heard && attempt.has(Step::Heard))
        };
        let begins = sighting.step.begins();
        let found = if begins { None } else { self.loose.iter_mut().rev().find(fits) };
        match found {
            Some(attempt) => apply(attempt, sighting),
            None => {
                let mut attempt = begin(sighting);
                apply(&mut attempt, sighting);
                self.loose.push(attempt);
            }
        }
        if self.loose.len() > OPEN {
            self.loose.drain(..OPEN / 2).for_each(|attempt| self.book.add(attempt));
        }
    }

    fn close(&mut self, activity: &Arc<str>) {
        if let Some(attempt) = self.open.remove(activity) {
            self.book.add(*attempt);
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
        open.into_iter()
            .map(|attempt| *attempt)
            .chain(self.loose)
            .for_each(|attempt| self.book.add(attempt));
        self.book
    }
}

/// What one event says about an attempt. Telling that needs no other event, so it can be done on any thread.
#[derive(Debug, Clone)]
pub struct Sighting {
    step: Step,
    time: DateTime<Utc>,
    host: Arc<str>,
    side: AttemptSide,
    activity: Option<Arc<str>>,
    peer: Option<Arc<str>>,
    user: Option<Arc<str>>,
    target: Option<Arc<str>>,
    /// Whether it stands in the log that tells how far a connection got.
    traced: bool,
    origin: Origin,
}

impl Sighting {
    /// Reads an event; `None` when it says nothing about an attempt.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let step = Step::of(event)?;
        let client = event.is_from("Microsoft-Windows-TerminalServices-ClientActiveXCore");
        let target = if step == Step::ClientStart { event.field("Value") } else { None };
        Some(Self {
            step,
            time: event.time.clock()?,
            host: event.computer.clone().unwrap_or_else(|| "".into()),
            side: if client { AttemptSide::Client } else { AttemptSide::Server },
            activity: event.activity_id.clone(),
            peer: event.address().map(Arc::from),
            user: event.user().map(Arc::from),
            target: target.map(Arc::from),
            traced: step.is_of_core(event),
            origin: event.origin,
        })
    }

    /// What an event says that says the same again.
    #[must_use]
    pub fn again(&self, passing: &Passing) -> Option<Self> {
        Some(Self {
            time: passing.time.utc()?,
            origin: passing.origin,
            activity: passing.activity_id.clone(),
            ..self.clone()
        })
    }
}

fn begin(sighting: &Sighting) -> Attempt {
    // A server that logs anything at all has been reached; a client that starts has only its target's name.
    let start = sighting.step == Step::ClientStart;
    Attempt {
        host: Arc::clone(&sighting.host),
        side: sighting.side,
        activity: sighting.activity.clone(),
        start: sighting.time,
        end: sighting.time,
        stage: if start { Stage::Name } else { Stage::Tcp },
        peer: None,
        target: None,
        user: None,
        opened: false,
        traced: false,
        past_security: false,
        in_session: false,
        logged_on: false,
        shell: false,
        closed: false,
        security_error: None,
        error_info: None,
        reason: None,
        steps: Vec::new(),
    }
}

/// Adds what one event says to an attempt.
fn apply(attempt: &mut Attempt, sighting: &Sighting) {
    let Sighting { step, time, .. } = *sighting;
    attempt.start = attempt.start.min(time);
    attempt.end = attempt.end.max(time);
    if attempt.steps.len() < Attempt::STEPS_KEPT {
        attempt.steps.push((sighting.origin, time, step.label()));
    }
    if attempt.peer.is_none() {
        attempt.peer.clone_from(&sighting.peer);
    }
    if attempt.user.is_none() {
        attempt.user.clone_from(&sighting.user);
    }
    if step == Step::ClientStart {
        attempt.target.clone_from(&sighting.target);
    }
    attempt.opened |= step.opens();
    attempt.traced |= sighting.traced;
    attempt.stage = attempt.stage.max(reach(attempt, step));
}

/// Notes what a step says, and returns the stage it was made in.
fn reach(attempt: &mut Attempt, step: Step) -> Stage {
    match step {
        Step::Reached(stage, _) => stage,
        Step::Accepted | Step::Heard | Step::ClientStart => attempt.stage,
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
        Step::LoggedOn(_) | Step::Desktop(_) => {
            attempt.past_security = true;
            attempt.in_session = true;
            attempt.logged_on = true;
            attempt.shell |= matches!(step, Step::Desktop(_));
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
