//! Attempts per host and peer, thinned where they come by the thousand.
//!
//! A scanner or a password guesser makes more attempts in a minute than an office in a year. What counts then is that
//! there were so many, from where, and over which time; a few hundred of them tell that as well as all.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Attempt;

/// Attempts of one kind that are kept per host and peer; past that, every other one is dropped.
const KEPT: usize = 256;

/// Attempts of all hosts and peers together; past that, each pair may have half as many as before. One is about 0.7 KiB.
const ROOM: usize = 16_384;

/// Attempts of one kind that every pair may have in any case.
const FEWEST: usize = 8;

/// Host and peer pairs that are told apart; later ones are counted under no address.
const PEERS: usize = 4096;

type Key = (Arc<str>, Arc<str>, bool);

#[derive(Debug, Default, Clone)]
struct Row {
    kept: Vec<Attempt>,
    seen: u64,
    /// Every `stride`-th attempt is kept.
    stride: u64,
}

/// The attempts of one or more sources.
#[derive(Debug, Default, Clone)]
pub struct PeerBook {
    rows: BTreeMap<Key, Row>,
    kept: usize,
    /// How often the room of each pair was halved.
    halved: u32,
}

impl PeerBook {
    /// Takes an attempt.
    pub fn add(&mut self, attempt: Attempt) {
        let peer = attempt.peer.clone().unwrap_or_else(|| "".into());
        let mut key = (Arc::clone(&attempt.host), peer, attempt.died_before_mcs());
        if self.rows.len() >= PEERS && !self.rows.contains_key(&key) {
            key.1 = "".into();
        }
        self.push(key, attempt);
    }

    fn push(&mut self, key: Key, attempt: Attempt) {
        let limit = self.limit();
        let row = self.rows.entry(key).or_default();
        let before = row.kept.len();
        row.push(attempt, limit);
        self.kept = self.kept + row.kept.len() - before;
        while self.kept > ROOM && self.limit() > FEWEST {
            self.halved += 1;
            let limit = self.limit();
            self.rows.values_mut().for_each(|row| row.thin(limit));
            self.kept = self.rows.values().map(|row| row.kept.len()).sum();
        }
    }

    /// Attempts of one kind that are kept per host and peer.
    fn limit(&self) -> usize {
        (KEPT >> self.halved).max(FEWEST)
    }

    /// Takes in another book.
    pub fn absorb(&mut self, other: Self) {
        for (key, row) in other.rows {
            let unseen = row.seen - row.kept.len() as u64;
            row.kept.into_iter().for_each(|attempt| self.push(key.clone(), attempt));
            if let Some(mine) = self.rows.get_mut(&key) {
                mine.seen += unseen;
            }
        }
    }

    /// Whether there are no attempts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Changes every attempt, for the pass that knows the zone of a local time.
    pub fn rewrite(&mut self, change: &mut dyn FnMut(&mut Attempt)) {
        self.rows.values_mut().flat_map(|row| &mut row.kept).for_each(change);
    }

    /// Leaves out what `keep` does not want.
    pub(crate) fn retain(&mut self, keep: &dyn Fn(&Attempt) -> bool) {
        for row in self.rows.values_mut() {
            let before = row.kept.len();
            row.kept.retain(keep);
            row.seen -= (before - row.kept.len()) as u64;
        }
        self.rows.retain(|_, row| !row.kept.is_empty());
        self.kept = self.rows.values().map(|row| row.kept.len()).sum();
    }

    /// The attempts, in order of time.
    #[must_use]
    pub fn into_list(self) -> Vec<Attempt> {
        let mut list: Vec<_> = self.rows.into_values().flat_map(|row| row.kept).collect();
        list.sort_by(|a, b| (a.start, &a.host, &a.activity).cmp(&(b.start, &b.host, &b.activity)));
        list
    }
}

impl Row {
    fn push(&mut self, attempt: Attempt, limit: usize) {
        self.stride = self.stride.max(1);
        if self.seen.is_multiple_of(self.stride) {
            self.kept.push(attempt);
        }
        self.seen += 1;
        self.thin(limit);
    }

    fn thin(&mut self, limit: usize) {
        while self.kept.len() > limit {
            // The first and the last stay: they bound the time.
            let last = self.kept.len() - 1;
            let mut index = 0;
            self.kept.retain(|_| {
                index += 1;
                (index - 1) % 2 == 0 || index - 1 == last
            });
            self.stride *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempts::{AttemptBuilder, Sighting};
    use crate::event::{Event, Origin, Position, SourceId, Timestamp};

    fn accepted(second: i64) -> Event {
        let time = chrono::DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap();
        let origin = Origin { source: SourceId(0), position: Position::Record(1) };
        let core = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
        let event = Event::text(core, Timestamp::Utc(time), origin);
        Event { event_id: Some(131), ..event }.with("Address", format!("192.0.2.{}", second % 200))
    }

    #[test]
    fn attempts_from_everywhere_share_the_room_and_are_all_counted() {
        let mut builder = AttemptBuilder::default();
        for second in 0..60_000 {
            builder.feed(&Sighting::of(&accepted(second)).unwrap());
        }
        let book = builder.finish();
        assert!(book.kept <= ROOM);
        assert_eq!(book.rows.values().map(|row| row.seen).sum::<u64>(), 60_000);
        let list = book.into_list();
        assert!(list.len() >= ROOM / 4, "{}", list.len());
        let reach = list.last().unwrap().start - list.first().unwrap().start;
        assert!(reach.num_seconds() > 59_000, "{reach}");
    }
}
