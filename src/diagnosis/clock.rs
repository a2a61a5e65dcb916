//! How far the clocks of client and server disagree, from attempts that both of them logged.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::attempts::AttemptSide;
use crate::case::{Case, HostKey};

/// Two records of one connection lie at most this far apart on clocks that agree.
const TOLERANCE: TimeDelta = TimeDelta::seconds(3);

/// Clocks further apart than this are not compared: any two lists fit at some distance.
const FURTHEST: TimeDelta = TimeDelta::hours(26);

/// Pairs that must fit before a clock is called off.
const PAIRS: usize = 2;

/// Seconds each client's clock is ahead of the server's.
#[derive(Debug, Default)]
pub struct Offsets(BTreeMap<HostKey, TimeDelta>);

impl Offsets {
    /// How far a client's clock is ahead; zero when nothing shows otherwise.
    #[must_use]
    pub fn of(&self, client: &HostKey) -> TimeDelta {
        self.0.get(client).copied().unwrap_or_default()
    }

    /// The clients whose clock is off.
    pub fn iter(&self) -> impl Iterator<Item = (&HostKey, TimeDelta)> {
        self.0.iter().map(|(key, offset)| (key, *offset))
    }
}

/// Pairs the attempts of each client with those of the only server, and takes the shift at which most of them fit; none,
/// when they fit as well without one.
#[must_use]
pub fn offsets(case: &Case) -> Offsets {
    let mut offsets = Offsets::default();
    let Some(server) = case.only(|roles| roles.server && !roles.client) else { return offsets };
    let starts = |side: AttemptSide, host: &HostKey| -> Vec<DateTime<Utc>> {
        let of = case.attempts.list.iter().filter(|attempt| {
            attempt.side == side && HostKey::new(&attempt.host).as_ref() == Some(host)
        });
        of.map(|attempt| attempt.start).collect()
    };
    let on_server = starts(AttemptSide::Server, server);
    for client in case.hosts.keys().filter(|key| *key != server) {
        let on_client = starts(AttemptSide::Client, client);
        if let Some(offset) = best_shift(&on_client, &on_server) {
            offsets.0.insert(client.clone(), offset);
        }
    }
    offsets
}

fn best_shift(client: &[DateTime<Utc>], server: &[DateTime<Utc>]) -> Option<TimeDelta> {
    let fits = |shift: TimeDelta| {
        client
            .iter()
            .filter(|time| server.iter().any(|other| (**time - shift - *other).abs() <= TOLERANCE))
            .count()
    };
    let without = fits(TimeDelta::zero());
    // A few dozen attempts settle it; comparing thousands with thousands would not settle it better.
    let pairs = client
        .iter()
        .take(64)
        .flat_map(|time| server.iter().rev().take(512).map(move |other| *time - *other));
    let best = pairs
        .filter(|shift| shift.abs() <= FURTHEST)
        .map(|shift| (fits(shift), shift))
        .max_by_key(|(count, shift)| (*count, -shift.abs()))?;
    (best.0 >= PAIRS && best.0 > without && best.1.abs() > TOLERANCE).then_some(best.1)
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
    fn a_constant_shift_is_found_and_a_single_pair_proves_none() {
        let server = times(&[0, 61, 400, 1000]);
        let late: Vec<_> = server.iter().map(|time| *time + TimeDelta::seconds(437)).collect();
        assert_eq!(best_shift(&late, &server), Some(TimeDelta::seconds(437)));
        assert_eq!(best_shift(&late[..1], &server[..1]), None);
        assert_eq!(best_shift(&server, &server), None);
    }
}
