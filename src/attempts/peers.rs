//! Attempts per host and peer, thinned where they come by the thousand.
//!
//! A scanner or a password guesser makes more attempts in a minute than an office in a year. What counts then is that
//! there were so many, from where, and over which time; a few hundred of them tell that as well as all.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Attempt;

/// Attempts of one kind that are kept per host and peer; past that, every other one is dropped.
const KEPT: usize = 256;

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
}

impl PeerBook {
    /// Takes an attempt.
    pub fn add(&mut self, attempt: Attempt) {
        let peer = attempt.peer.clone().unwrap_or_else(|| "".into());
        let mut key = (Arc::clone(&attempt.host), peer, attempt.died_before_mcs());
        if self.rows.len() >= PEERS && !self.rows.contains_key(&key) {
            key.1 = "".into();
        }
        self.rows.entry(key).or_default().push(attempt);
    }

    /// Takes in another book.
    pub fn absorb(&mut self, other: Self) {
        for (key, row) in other.rows {
            let mine = self.rows.entry(key).or_default();
            let unseen = row.seen - row.kept.len() as u64;
            row.kept.into_iter().for_each(|attempt| mine.push(attempt));
            mine.seen += unseen;
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
    fn push(&mut self, attempt: Attempt) {
        self.stride = self.stride.max(1);
        if self.seen.is_multiple_of(self.stride) {
            self.kept.push(attempt);
        }
        self.seen += 1;
        if self.kept.len() > KEPT {
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
