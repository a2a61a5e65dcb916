//! Connection attempts, rebuilt from the events that both sides write about them.
//!
//! Counting event hits is wrong by construction; what failed is a connection, and each connection leaves a trail whose
//! last step says how far it got. The anatomy is in the domain facts of `docs/ARCHITECTURE.md` ("Attempts").

mod builder;
mod join;
mod peers;
mod steps;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

pub use builder::{AttemptBuilder, Sighting};
pub use join::Attempts;
pub use peers::PeerBook;

use crate::cause::Stage;
use crate::codes;
use crate::event::Origin;
use crate::parsers::Interest;
use steps::Step;

/// Events without an ActivityID join an attempt that began at most this long before: the longest time from accept to
/// disconnect measured on an exposed host was 90 s.
const JOIN: TimeDelta = TimeDelta::seconds(120);

/// Whether two peers can be one: either is the same, or was not told.
fn may_be_same(one: &Option<Arc<str>>, other: &Option<Arc<str>>) -> bool {
    one.as_ref().zip(other.as_ref()).is_none_or(|(one, other)| one == other)
}

/// A computer and its peer.
pub(crate) type Between = (Arc<str>, Option<Arc<str>>);

/// Which side wrote about the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptSide {
    /// RdpCoreTS, RemoteConnectionManager, LocalSessionManager.
    Server,
    /// The client control's 1024 to 1029 and 110x.
    Client,
}

/// One connection attempt, as one side saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The computer that logged it.
    pub host: Arc<str>,
    /// Which side that is.
    pub side: AttemptSide,
    /// `ActivityID` that ties its events, when they have one.
    pub activity: Option<Arc<str>>,
    /// First event.
    pub start: DateTime<Utc>,
    /// Last event.
    pub end: DateTime<Utc>,
    /// The furthest stage it entered.
    pub stage: Stage,
    /// The other side's address: the client's on a server, the server's on a client.
    pub peer: Option<Arc<str>>,
    /// The server's name as the client asked for it.
    pub target: Option<Arc<str>>,
    /// The account, when one was told.
    pub user: Option<Arc<str>>,
    /// Its beginning was logged. A log that only tells how a session ended says nothing about how it was made.
    pub opened: bool,
    /// RdpCoreTS wrote about its beginning: how far it got is known step by step.
    pub traced: bool,
    /// Channels, capabilities or the time zone came: MCS was reached.
    pub past_security: bool,
    /// A session was assigned, logged on or reconnected.
    pub in_session: bool,
    /// The user was logged on or reconnected, and not only given a session to be refused by.
    pub logged_on: bool,
    /// The shell started, or a session that had one was reconnected.
    pub shell: bool,
    /// Its end was logged.
    pub closed: bool,
    /// RdpCoreTS 139: the security layer's HRESULT.
    pub security_error: Option<u32>,
    /// RdpCoreTS 72 `SetErrorInfo(0x…)`: what the server told the client (MS-RDPBCGR 2.2.5.1.1).
    pub error_info: Option<u32>,
    /// Client 1026: `discReason`; LocalSessionManager 40: `Reason`.
    pub reason: Option<u32>,
    /// Its events, in order, at most [`Attempt::STEPS_KEPT`].
    pub steps: Vec<(Origin, DateTime<Utc>, &'static str)>,
}

impl Attempt {
    /// How many events of one attempt are kept for the report.
    pub const STEPS_KEPT: usize = 16;

    /// A logon that ends this soon without a shell was cut short; a slow profile takes a minute to fail.
    pub const THROWN_OUT: TimeDelta = TimeDelta::minutes(2);

    /// The computer that logged it, and its peer.
    pub(crate) fn between(&self) -> Between {
        (Arc::clone(&self.host), self.peer.clone())
    }

    /// Whether it got into a session.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        (self.logged_on || (self.in_session && !self.is_denied())) && !self.is_thrown_out()
    }

    /// Whether the user was logged on and out again before there was a desktop: Windows signs a user out whose profile or
    /// shell cannot be loaded, and calls it a normal end.
    #[must_use]
    pub fn is_thrown_out(&self) -> bool {
        self.side == AttemptSide::Server
            && self.opened
            && self.logged_on
            && !self.shell
            && self.closed
            && self.duration() <= Self::THROWN_OUT
    }

    /// Whether the server told the client that it may not connect, and did not just say how a session ended.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        // From 0x1000 on the codes are of the protocol (MS-RDPBCGR), not of a decision.
        self.error_info.is_some_and(|code| code < 0x1000 && !codes::is_normal_error_info(code))
    }

    /// Whether it ended before MCS: the shape that a fault in TLS, its key or CredSSP has on a server.
    #[must_use]
    pub fn died_before_mcs(&self) -> bool {
        self.opened && !self.past_security && !self.in_session && self.stage < Stage::Mcs
    }

    /// The stages it can have died in. Between the answer to X.224 and MCS a server logs nothing when all goes well, so
    /// without a further word a death there may be in either.
    #[must_use]
    pub fn died_in(&self) -> Vec<Stage> {
        if self.is_thrown_out() {
            return vec![Stage::Session];
        }
        match self.stage {
            Stage::X224 | Stage::Tls if self.side == AttemptSide::Server => {
                match self.security_error {
                    Some(code) if is_credential_error(code) => vec![Stage::CredSsp],
                    // The security layer was at work, so X.224 had been agreed.
                    Some(_) => vec![Stage::Tls, Stage::CredSsp],
                    None => vec![Stage::Admission, Stage::X224, Stage::Tls, Stage::CredSsp],
                }
            }
            // Only RemoteConnectionManager heard of it; it would note next that the user was authenticated.
            Stage::Tcp if self.side == AttemptSide::Server && !self.traced => {
                vec![Stage::Admission, Stage::X224, Stage::Tls, Stage::CredSsp]
            }
            Stage::Tcp => vec![Stage::Tcp, Stage::Admission, Stage::X224],
            // Licensing is the last thing a server notes before it looks for a session; a refusal of either has a code.
            Stage::Mcs | Stage::Licensing if self.side == AttemptSide::Server => {
                vec![Stage::Mcs, Stage::Licensing, Stage::Session]
            }
            stage => vec![stage],
        }
    }

    /// Whether it has a step.
    fn has(&self, step: Step) -> bool {
        self.steps.iter().any(|(_, _, label)| *label == step.label())
    }

    /// Takes in what another log says about the same attempt.
    pub fn absorb(&mut self, other: Self) {
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        self.stage = self.stage.max(other.stage);
        self.activity = self.activity.take().or(other.activity);
        self.peer = self.peer.take().or(other.peer);
        self.target = self.target.take().or(other.target);
        self.user = self.user.take().or(other.user);
        self.opened |= other.opened;
        self.traced |= other.traced;
        self.past_security |= other.past_security;
        self.in_session |= other.in_session;
        self.logged_on |= other.logged_on;
        self.shell |= other.shell;
        self.closed |= other.closed;
        self.security_error = self.security_error.or(other.security_error);
        self.error_info = self.error_info.or(other.error_info);
        self.reason = self.reason.or(other.reason);
        self.steps.extend(other.steps);
        self.steps.sort_by_key(|(origin, time, _)| (*time, *origin));
        self.steps.truncate(Self::STEPS_KEPT);
    }

    /// How long it lasted.
    #[must_use]
    pub fn duration(&self) -> TimeDelta {
        self.end - self.start
    }
}

/// HRESULTs of RdpCoreTS 139 that speak of credentials, not of TLS.
fn is_credential_error(code: u32) -> bool {
    matches!(code, 0x8009_030c | 0x8009_030e | 0x8009_0311 | 0x8009_0322 | 0x8009_0324)
}

/// Adds the events that attempts are rebuilt from.
pub fn add_interest(interest: &mut Interest) {
    for (provider, ids) in steps::WANTED {
        for id in *ids {
            interest.add(provider, Some(*id));
        }
    }
}
