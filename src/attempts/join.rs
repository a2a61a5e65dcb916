//! The attempts of a whole bundle: what several logs say about one connection, put together.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::peers::PeerBook;
use super::steps::Step;
use super::{Attempt, AttemptSide, Between, JOIN, may_be_same};

/// The attempts of a whole bundle, both sides, in order of time.
#[derive(Debug, Default)]
pub struct Attempts {
    /// Every attempt that was kept.
    pub list: Vec<Attempt>,
    /// Places of those that succeeded, by host and peer.
    successes: HashMap<Between, Vec<usize>>,
}

impl Attempts {
    /// Joins what the sources of a bundle say: RdpCoreTS, RemoteConnectionManager and LocalSessionManager are files of
    /// their own, and the same log may be there twice.
    #[must_use]
    pub fn join(books: impl IntoIterator<Item = PeerBook>) -> Self {
        let mut all = PeerBook::default();
        books.into_iter().for_each(|book| all.absorb(book));
        // Windows uses ActivityIDs again after a restart, so a day is part of the key.
        type Key = (Arc<str>, Arc<str>, i64);
        let mut by_activity: HashMap<Key, usize> = HashMap::new();
        let mut list: Vec<Attempt> = Vec::new();
        let mut loose = Vec::new();
        for attempt in all.into_list() {
            let Some(activity) = attempt.activity.clone() else {
                loose.push(attempt);
                continue;
            };
            let key = (Arc::clone(&attempt.host), activity, day(attempt.start));
            // What began before midnight goes on after it.
            let before = (Arc::clone(&key.0), Arc::clone(&key.1), key.2 - 1);
            let known = by_activity.get(&key).or_else(|| by_activity.get(&before));
            match known.and_then(|index| list.get_mut(*index)) {
                Some(known) => known.absorb(attempt),
                None => {
                    by_activity.insert(key, list.len());
                    list.push(attempt);
                }
            }
        }
        let mut shelf = Shelf::new(list);
        loose.into_iter().for_each(|attempt| shelf.add(attempt));
        let mut list = shelf.list;
        list.sort_by(|a, b| (a.start, &a.host, &a.activity).cmp(&(b.start, &b.host, &b.activity)));
        let mut successes: HashMap<_, Vec<_>> = HashMap::new();
        for (place, attempt) in list.iter().enumerate().filter(|(_, attempt)| attempt.succeeded()) {
            successes.entry(attempt.between()).or_default().push(place);
        }
        Self { list, successes }
    }

    /// The attempts that succeeded between the two of another one, in order of time. Asked for each of a hundred thousand
    /// that died.
    pub fn successes_like(&self, other: &Attempt) -> impl Iterator<Item = &Attempt> {
        let places = self.successes.get(&other.between()).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.list.get(*place))
    }
}

/// Days since 1970.
fn day(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(86_400)
}

/// Attempts of one side of one host about one peer; `None` for no peer that was told.
type Row = (Arc<str>, AttemptSide, Option<Arc<str>>);

/// Finds the attempt that a part continues without looking at all of them.
struct Shelf {
    list: Vec<Attempt>,
    /// So many have an ActivityID. They stand in order of their start, and so do those behind them.
    with_activity: usize,
    /// Places in the list, ascending.
    rows: HashMap<Row, Vec<usize>>,
    /// The same for all peers together.
    hosts: HashMap<(Arc<str>, AttemptSide), Vec<usize>>,
}

impl Shelf {
    fn new(list: Vec<Attempt>) -> Self {
        let with_activity = list.len();
        let mut shelf = Self { list, with_activity, rows: HashMap::new(), hosts: HashMap::new() };
        (0..with_activity).for_each(|place| shelf.note(place));
        shelf
    }

    fn note(&mut self, place: usize) {
        let Some(attempt) = self.list.get(place) else { return };
        self.rows.entry(row(attempt, attempt.peer.clone())).or_default().push(place);
        self.hosts.entry((Arc::clone(&attempt.host), attempt.side)).or_default().push(place);
    }

    /// Adds a part without ActivityID to the last attempt it can continue, or as one of its own.
    fn add(&mut self, part: Attempt) {
        let found = if part.peer.is_some() {
            let same = self.latest(self.rows.get(&row(&part, part.peer.clone())), &part);
            same.max(self.latest(self.rows.get(&row(&part, None)), &part))
        } else {
            self.latest(self.hosts.get(&(Arc::clone(&part.host), part.side)), &part)
        };
        match found.and_then(|place| self.list.get_mut(place).map(|known| (place, known))) {
            Some((place, known)) => {
                let told = known.peer.is_none() && part.peer.is_some();
                known.absorb(part);
                if told {
                    self.move_to_peer(place);
                }
            }
            None => {
                self.list.push(part);
                self.note(self.list.len() - 1);
            }
        }
    }

    /// The last of these places whose attempt the part can continue.
    fn latest(&self, places: Option<&Vec<usize>>, part: &Attempt) -> Option<usize> {
        let places = places?;
        let middle = places.partition_point(|place| *place < self.with_activity);
        let (with_activity, without) = places.split_at_checked(middle)?;
        let known = |place: &usize| self.list.get(*place);
        let search = |places: &[usize]| {
            let end = places.partition_point(|place| {
                known(place).is_some_and(|known| known.start <= part.start)
            });
            let begun = places.get(..end)?.iter().rev();
            let near =
                |place: &&usize| known(place).is_some_and(|known| part.start - known.start <= JOIN);
            let belongs = |place: &&usize| known(place).is_some_and(|known| belongs(known, part));
            begun.take_while(near).find(belongs).copied()
        };
        search(without).or_else(|| search(with_activity))
    }

    /// An attempt whose peer was not known has been told one.
    fn move_to_peer(&mut self, place: usize) {
        let Some(attempt) = self.list.get(place) else { return };
        if let Some(unknown) = self.rows.get_mut(&row(attempt, None)) {
            unknown.retain(|known| *known != place);
        }
        let places = self.rows.entry(row(attempt, attempt.peer.clone())).or_default();
        places.insert(places.partition_point(|known| *known < place), place);
    }
}

fn row(attempt: &Attempt, peer: Option<Arc<str>>) -> Row {
    (Arc::clone(&attempt.host), attempt.side, peer)
}

/// Whether a part without ActivityID, of the same side of the same host, continues a known attempt.
fn belongs(known: &Attempt, part: &Attempt) -> bool {
    let starts_anew = part.steps.first().is_some_and(|(_, _, label)| {
        *label == Step::Accepted.label() || *label == Step::ClientStart.label()
    });
    let again = starts_anew && known.has(Step::Accepted);
    // What is heard of begins; it does not go on with what was over.
    let over = known.closed && known.end < part.start;
    let heard_again = part.has(Step::Heard) && (known.has(Step::Heard) || over);
    may_be_same(&known.peer, &part.peer) && !again && !heard_again
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempts::{AttemptBuilder, Sighting};
    use crate::event::{Event, Origin, Position, SourceId, Timestamp};

    const ACTIVITY: &str = "f420c124-addc-4fda-abca-2af9e88eceb8";

    fn event(provider: &str, id: u32, time: &str) -> Event {
        let time = DateTime::parse_from_rfc3339(time).unwrap().to_utc();
        let origin = Origin { source: SourceId(0), position: Position::Record(1) };
        Event {
            event_id: Some(id),
            computer: Some("SRV01".into()),
            activity_id: Some(ACTIVITY.into()),
            ..Event::text(provider, Timestamp::Utc(time), origin)
        }
    }

    #[test]
    fn parts_in_three_logs_join_by_their_activity_whatever_the_fraction_of_a_second() {
        let parts = [
            (
                "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS",
                131,
                "2026-11-18T23:59:59.1000754Z",
            ),
            (
                "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
                1149,
                "2026-11-18T23:59:59.6830851Z",
            ),
            (
                "Microsoft-Windows-TerminalServices-LocalSessionManager",
                21,
                "2026-11-19T00:00:00.9000118Z",
            ),
        ];
        let books = parts.map(|(provider, id, time)| {
            let mut builder = AttemptBuilder::default();
            builder.feed(&Sighting::of(&event(provider, id, time)).unwrap());
            builder.finish()
        });
        let joined = Attempts::join(books);
        assert_eq!(joined.list.len(), 1);
        assert!(joined.list.iter().all(|attempt| attempt.succeeded()));
    }
}
