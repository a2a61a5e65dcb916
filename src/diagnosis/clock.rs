//! How far clocks are off: from attempts that both sides logged, and from the steps by which a clock was set right.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::failure::target_host;
use super::incident::Incident;
use crate::attempts::{Attempt, AttemptSide};
use crate::case::{Case, HostKey};
use crate::cause::Stage;
use crate::codes::DisconnectReason;
use crate::event::Event;

/// Two records of one connection lie at most this far apart on clocks that agree.
const TOLERANCE: TimeDelta = TimeDelta::seconds(3);

/// Further apart than this a few pairs prove nothing: any two lists fit at some distance.
const FURTHEST: TimeDelta = TimeDelta::hours(26);

/// Attempts of a client that are compared.
const SAMPLE: usize = 64;

/// Pairs that must fit before a clock is called off.
const PAIRS: usize = 2;

/// What the system notes when its clock is set (Kernel-General 1: `NewTime`, `OldTime`).
const SETS: &str = "Microsoft-Windows-Kernel-General";

/// Its `Reason` for a clock that is set from the hardware.
const WAKES: &str = "2";

/// Kerberos takes clocks this far apart for wrong (MS-KILE: `MaxClockSkew`).
const TOLERATED: TimeDelta = TimeDelta::minutes(5);

/// How far clocks are ahead.
#[derive(Debug, Default)]
pub struct Offsets {
    /// Each client's against that of each server it came to, from attempts that both logged.
    paired: BTreeMap<(HostKey, HostKey), TimeDelta>,
    /// When each clock was set, on the clock as it was after, and by how much.
    steps: BTreeMap<HostKey, Vec<(DateTime<Utc>, TimeDelta)>>,
}

impl Offsets {
    /// How far a client's clock was ahead of the server's when it logged `time`; zero when nothing shows otherwise.
    #[must_use]
    pub fn between(
        &self,
        client: Option<&HostKey>,
        server: Option<&HostKey>,
        time: DateTime<Utc>,
    ) -> TimeDelta {
        let known = client.and_then(|client| self.paired_with(client, server));
        known.unwrap_or_else(|| self.ahead(client, time) - self.ahead(server, time))
    }

    /// How far a clock was ahead of the true time when its host logged `time`, by what it was set by afterwards: the last
    /// who set it is taken to have been right.
    #[must_use]
    pub fn ahead(&self, host: Option<&HostKey>, time: DateTime<Utc>) -> TimeDelta {
        let steps = host.and_then(|host| self.steps.get(host)).map_or(&[][..], Vec::as_slice);
        let later = steps.iter().filter(|(set, _)| *set > time);
        -later.fold(TimeDelta::zero(), |sum, (_, step)| sum + *step)
    }

    /// Clients whose clock is off against that of a server, by attempts that both logged.
    pub fn paired(&self) -> impl Iterator<Item = (&HostKey, &HostKey, TimeDelta)> {
        self.paired.iter().map(|((client, server), offset)| (client, server, *offset))
    }

    /// A client's clock against a server's. A server that is known by an address alone, or by no name, is the one the
    /// client came to, if it came to one only.
    fn paired_with(&self, client: &HostKey, server: Option<&HostKey>) -> Option<TimeDelta> {
        let of_client = || self.paired().filter(|(other, ..)| *other == client);
        if let Some((.., offset)) = of_client().find(|(_, other, _)| Some(*other) == server) {
            return Some(offset);
        }
        let mut only = of_client().filter(|_| server.is_none_or(HostKey::is_address));
        let first = only.next()?;
        only.next().is_none().then_some(first.2)
    }

    /// The host of an incident whose clock is so far off that Kerberos refuses, and how far.
    #[must_use]
    pub fn beyond_kerberos(&self, incident: &Incident) -> Option<(HostKey, TimeDelta)> {
        let time = incident.first?;
        let paired = incident
            .client
            .as_ref()
            .and_then(|client| Some((client, self.paired_with(client, incident.server.as_ref())?)));
        let paired = paired.map(|(client, offset)| (client.clone(), offset));
        let set = [&incident.server, &incident.client].into_iter().flatten();
        let set = set.map(|host| (host.clone(), self.ahead(Some(host), time)));
        paired.into_iter().chain(set).find(|(_, offset)| offset.abs() >= TOLERATED)
    }
}

/// Pairs the attempts of each client with those of each server, and takes the shift at which most of them fit; none, when
/// they fit as well without one. With several servers only those attempts count that name the server.
#[must_use]
pub fn offsets(case: &Case) -> Offsets {
    let mut offsets = Offsets { paired: BTreeMap::new(), steps: steps(case) };
    let is_server = |key: &&HostKey| {
        case.host(Some(key)).is_some_and(|host| host.roles.server && !host.roles.client)
    };
    let servers: Vec<_> = case.hosts.keys().filter(is_server).collect();
    let (of_servers, of_clients) =
        (arrived_by_host(case, AttemptSide::Server), arrived_by_host(case, AttemptSide::Client));
    for server in &servers {
        let mut on_server = marks(of_servers.get(*server), |_| true);
        on_server.sort();
        let to_it = |attempt: &Attempt| match attempt.target.as_deref().and_then(target_host) {
            Some(target) => servers.len() == 1 || target == **server,
            None => servers.len() == 1,
        };
        for client in case.hosts.keys().filter(|key| !servers.contains(key)) {
            let on_client = marks(of_clients.get(client), to_it);
            if let Some(offset) = best_shift(&on_client, &on_server) {
                offsets.paired.insert((client.clone(), (*server).clone()), offset);
            }
        }
    }
    offsets
}

/// The attempts that each host logged on one side, as far as the other side can have logged them.
fn arrived_by_host(case: &Case, side: AttemptSide) -> BTreeMap<HostKey, Vec<&Attempt>> {
    let mut by_host: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for attempt in &case.attempts.list {
        if attempt.side == side
            && arrived(attempt)
            && let Some(host) = HostKey::new(&attempt.host)
        {
            by_host.entry(host).or_default().push(attempt);
        }
    }
    by_host
}

fn marks(logged: Option<&Vec<&Attempt>>, counts: impl Fn(&Attempt) -> bool) -> Vec<Mark> {
    let logged = logged.into_iter().flatten();
    logged.filter(|attempt| counts(attempt)).map(|attempt| Mark::of(attempt)).collect()
}

/// When an attempt began, and whether it worked: both sides agree on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    start: DateTime<Utc>,
    worked: bool,
}

impl Mark {
    fn of(attempt: &Attempt) -> Self {
        Self { start: attempt.start, worked: attempt.succeeded() }
    }
}

/// Whether the other side can have logged it: what found no name or no answer was accepted by nobody.
fn arrived(attempt: &Attempt) -> bool {
    let code = attempt.reason.filter(|_| attempt.side == AttemptSide::Client);
    let stages = code.map_or(&[][..], |error| DisconnectReason { error, extended: None }.stages());
    stages.is_empty() || stages.iter().any(|stage| *stage > Stage::Tcp)
}

fn steps(case: &Case) -> BTreeMap<HostKey, Vec<(DateTime<Utc>, TimeDelta)>> {
    let mut steps: BTreeMap<HostKey, Vec<_>> = BTreeMap::new();
    // A computer that slept has its clock set from the hardware when it wakes: it had stood still, and was not wrong.
    let woke = |event: &&Event| event.field("Reason") == Some(WAKES);
    for event in case.found(SETS).filter(|event| !woke(event)) {
        let instant = |name| {
            let text: Option<&str> = event.field(name);
            text.and_then(|text| DateTime::parse_from_rfc3339(text).ok()).map(|time| time.to_utc())
        };
        let host = event.computer.as_deref().and_then(HostKey::new);
        if let (Some(host), Some(new), Some(old)) = (host, instant("NewTime"), instant("OldTime")) {
            // The time service moves every clock by a little, day by day.
            let step = new - old;
            if step.abs() >= TOLERANCE * 3 {
                steps.entry(host).or_default().push((new, step));
            }
        }
    }
    for steps in steps.values_mut() {
        // Several signatures may have kept the same event.
        steps.sort();
        steps.dedup();
    }
    steps
}

/// `server` is sorted.
fn best_shift(client: &[Mark], server: &[Mark]) -> Option<TimeDelta> {
    // A few dozen attempts settle it; comparing thousands with thousands would not settle it better.
    let client = client.get(client.len().saturating_sub(SAMPLE)..).unwrap_or_default();
    let fits = |shift: TimeDelta| {
        let near = |mark: &&Mark| {
            let time = mark.start - shift;
            let from = server.partition_point(|other| other.start < time - TOLERANCE);
            let around =
                server.iter().skip(from).take_while(|other| other.start <= time + TOLERANCE);
            around.take(SAMPLE).any(|other| other.worked == mark.worked)
        };
        client.iter().filter(near).count()
    };
    let without = fits(TimeDelta::zero());
    let recent = || server.iter().rev().take(SAMPLE * 4);
    let pairs = client.iter().flat_map(|mark| recent().map(move |other| mark.start - other.start));
    // A wrong date is believed when everything the client did fits.
    let believed = |(count, shift): &(usize, TimeDelta)| {
        shift.abs() <= FURTHEST || (*count == client.len() && *count > PAIRS)
    };
    let best = pairs
        .map(|shift| (fits(shift), shift))
        .filter(believed)
        .max_by_key(|(count, shift)| (*count, -shift.abs()))?;
    // One that leaves many attempts without a partner fits by chance: others knock at the server as well.
    let most = best.0 * 4 >= client.len() * 3;
    (best.0 >= PAIRS && most && best.0 > without && best.1.abs() > TOLERANCE).then_some(best.1)
}

/// A time for a sentence.
pub(super) fn shown(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(seconds: &[i64]) -> Vec<DateTime<Utc>> {
        seconds
            .iter()
            .filter_map(|second| DateTime::from_timestamp(1_790_000_000 + second, 0))
            .collect()
    }

    #[test]
    fn a_clock_is_off_until_it_is_set_and_right_from_then_on() {
        let host = HostKey::new("SRV01").unwrap();
        let [before, between, after] = [times(&[0])[0], times(&[500])[0], times(&[1000])[0]];
        let step = |at: i64, by: i64| (times(&[at])[0], TimeDelta::seconds(by));
        // A snapshot sets it back by 23 minutes, the time service sets it right.
        let steps = vec![step(100, -1380), step(900, 1380)];
        let offsets =
            Offsets { paired: BTreeMap::new(), steps: BTreeMap::from([(host.clone(), steps)]) };
        let ahead = |time| offsets.ahead(Some(&host), time).num_seconds();
        assert_eq!([ahead(before), ahead(between), ahead(after)], [0, -1380, 0]);
        let client = HostKey::new("PC01");
        assert_eq!(offsets.between(client.as_ref(), Some(&host), between).num_seconds(), 1380);
    }

    fn marks(seconds: &[i64]) -> Vec<Mark> {
        times(seconds).into_iter().map(|start| Mark { start, worked: false }).collect()
    }

    #[test]
    fn a_constant_shift_is_found_and_a_single_pair_proves_none() {
        let server = marks(&[0, 61, 400, 1000]);
        let late = marks(&[437, 498, 837, 1437]);
        assert_eq!(best_shift(&late, &server), Some(TimeDelta::seconds(437)));
        assert_eq!(best_shift(&late[..1], &server[..1]), None);
        assert_eq!(best_shift(&server, &server), None);
    }

    #[test]
    fn a_guesser_who_knocks_all_night_gives_no_client_another_clock() {
        let guesser = marks(&(0..60).map(|number| number * 20).collect::<Vec<_>>());
        let client = marks(&[20_000, 20_030, 20_060, 20_095]);
        assert_eq!(best_shift(&client, &guesser), None);
    }
}
