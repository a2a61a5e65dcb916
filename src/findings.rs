//! Findings: signatures that fitted events, kept in memory that does not grow with the number of hits.
//!
//! A signature may fit a million records. What a diagnosis needs of them is when they came and an example of each
//! moment, so hits of one signature, host and discriminator share buckets of time that widen when there are too many.

mod key;
mod series;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use smallvec::SmallVec;

use key::Parts;
pub use key::SeriesKey;
pub use series::{Bucket, Series};

use crate::event::{Event, Passing, TimeQuality, Timestamp};
use crate::signatures::SignatureId;

/// Buckets per series; past that, the width doubles and neighbours are joined.
const BUCKETS: usize = 256;

/// Buckets of all series together; past that, each series may have half as many as before. An example is about 1 KiB.
const ROOM: usize = 8192;

/// Buckets that a series may have in any case.
const FEWEST: usize = 4;

/// Series per signature and host that are told apart by address or KB; further ones share one.
const SERIES: usize = 1024;

/// Where hits of a signature are kept, as far as that is known.
#[derive(Debug, Clone, Copy)]
struct Place {
    signature: SignatureId,
    series: Option<usize>,
    bucket: Option<usize>,
}

/// Events that signatures fitted: one, or several that say the same.
#[derive(Debug)]
pub struct Hit {
    places: SmallVec<[Place; 2]>,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    count: u64,
    quality: TimeQuality,
    /// The event, unless all its series have enough like it.
    example: Option<Example>,
}

/// An event, or what one said before and in what this one differs.
#[derive(Debug, Clone)]
struct Example {
    event: Arc<Event>,
    again: Option<Passing>,
}

impl Example {
    fn into_event(self) -> Arc<Event> {
        match self.again {
            Some(passing) => Arc::new(self.event.again(passing)),
            None => self.event,
        }
    }
}

/// What hits of one signature are told apart by: the computer, and the peer's address or the KB.
fn told_apart_by(event: &Event) -> (&str, &str) {
    let about = event.address().or_else(|| event.field("KB")).unwrap_or_default();
    (event.computer.as_deref().unwrap_or_default(), about)
}

/// The findings of one or more sources.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Places in `series`.
    places: BTreeMap<SeriesKey, usize>,
    series: Vec<Series>,
    per_signature: BTreeMap<(SignatureId, Arc<str>), usize>,
    buckets: usize,
    /// How often the room of each series was halved.
    halved: u32,
}

impl Findings {
    /// An event that signatures fitted; `None` when there are none. Only looks at what is there, so it can be done on any
    /// thread.
    #[must_use]
    pub fn hit(&self, signatures: impl Iterator<Item = SignatureId>, event: &Event) -> Option<Hit> {
        let mut signatures = signatures.peekable();
        signatures.peek()?;
        let (time, quality) = event.time.resolve(None);
        let (host, about) = told_apart_by(event);
        let known = |signature| self.seen(signature, self.place(&(signature, host, about)), time);
        let places: SmallVec<[_; 2]> = signatures.map(known).collect();
        // In a flood, most hits only count: their events need not be copied.
        let counts = places.iter().all(|place| place.bucket.is_some());
        let example = (!counts).then(|| Example { event: Arc::new(event.clone()), again: None });
        Some(Hit { places, first: time, last: time, count: 1, quality, example })
    }

    /// The hit of an event that says the same as that of another one; `None` when the event has to be looked at.
    #[must_use]
    pub fn hit_again(&self, like: &Hit, passing: Passing) -> Option<Hit> {
        let (time, quality) = passing.time.resolve(None);
        let known = |place: &Place| self.seen(place.signature, place.series, time);
        let places: SmallVec<[_; 2]> = like.places.iter().map(known).collect();
        let example = match &like.example {
            _ if places.iter().all(|place| place.bucket.is_some()) => None,
            Some(like) => Some(Example { event: Arc::clone(&like.event), again: Some(passing) }),
            None => return None,
        };
        Some(Hit { places, first: time, last: time, count: 1, quality, example })
    }

    /// Counts an event that says the same into the hit of another one, when both fall into the same buckets, or would
    /// share those that the other one begins. Whether they do.
    pub fn hit_more(&self, like: &mut Hit, time: Timestamp) -> bool {
        let (time, quality) = time.resolve(None);
        let same = |place: &Place| {
            let series = place.series.and_then(|series| self.series.get(series));
            series.is_some_and(|series| match place.bucket {
                Some(bucket) => series.holds(bucket, time),
                None => like.first <= time && series.joins(like.first, time),
            })
        };
        if !like.places.iter().all(same) {
            return false;
        }
        like.first = like.first.min(time);
        like.last = like.last.max(time);
        like.quality = like.quality.max(quality);
        like.count += 1;
        true
    }

    /// Where a hit belongs; the bucket only when there is one into which it falls.
    fn seen(
        &self,
        signature: SignatureId,
        series: Option<usize>,
        time: Option<DateTime<Utc>>,
    ) -> Place {
        let known = series.and_then(|place| self.series.get(place));
        Place { signature, series, bucket: known.and_then(|series| series.place(time)) }
    }

    /// Takes a hit.
    pub fn take(&mut self, mut hit: Hit) {
        let places = std::mem::take(&mut hit.places);
        let mut told = None;
        for Place { signature, series, bucket } in places {
            // Another hit of the same part of a log may have begun the series meanwhile.
            let series = series.or_else(|| {
                let (host, about) = told_apart_by(&hit.example.as_ref()?.event);
                self.place(&(signature, host, about))
            });
            if let Some(series) = series.and_then(|place| self.series.get_mut(place)) {
                // Buckets that have been widened since may begin elsewhere.
                let nearby = || hit.example.is_none().then(|| series.place_nearby(hit.first));
                let there = bucket.filter(|bucket| series.holds(*bucket, hit.first));
                let place = || series.place(hit.first);
                if let Some(bucket) = there.or_else(place).or_else(nearby) {
                    series.count_at(bucket, &hit);
                    continue;
                }
            }
            if told.is_none() {
                told = hit.example.clone().map(Example::into_event);
            }
            if let Some(example) = told.clone() {
                let about = told_apart_by(&example).1.into();
                let host = example.computer.clone().unwrap_or_default();
                let key = SeriesKey { signature, host, about };
                let Hit { first, last, quality, count, .. } = hit;
                let place = self.place_of(key);
                self.insert(place, Bucket { example, first, last, quality, count });
            }
        }
    }

    fn place(&self, key: &(SignatureId, &str, &str)) -> Option<usize> {
        self.places.get(key as &dyn Parts).copied()
    }

    /// The place of a series, which is made when it is not there; of too many about one thing each, they share one.
    fn place_of(&mut self, mut key: SeriesKey) -> usize {
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        let known = self.per_signature.entry((key.signature, Arc::clone(&key.host))).or_default();
        if *known >= SERIES {
            key.about = "".into();
        } else {
            *known += 1;
        }
        self.place_or_new(key)
    }

    fn place_or_new(&mut self, key: SeriesKey) -> usize {
        let new = self.series.len();
        let place = *self.places.entry(key).or_insert(new);
        if place == new {
            self.series.push(Series::default());
        }
        place
    }

    fn insert(&mut self, place: usize, bucket: Bucket) {
        let limit = self.limit();
        let Some(series) = self.series.get_mut(place) else { return };
        let before = series.buckets.len();
        series.add(bucket, limit);
        self.buckets = self.buckets + series.buckets.len() - before;
        while self.buckets > ROOM && self.limit() > FEWEST {
            self.halved += 1;
            let limit = self.limit();
            self.series.iter_mut().for_each(|series| series.shrink(limit));
            self.buckets = self.series.iter().map(|series| series.buckets.len()).sum();
        }
    }

    /// Buckets that a series may have.
    fn limit(&self) -> usize {
        (BUCKETS >> self.halved).max(FEWEST)
    }

    /// Takes in the findings of another source.
    pub fn absorb(&mut self, other: Self) {
        for (key, series) in other.into_series() {
            let place = self.place_of(key);
            self.put(place, series);
        }
    }

    /// Puts a series to what is at its place: as a whole where nothing is, and there is room.
    fn put(&mut self, place: usize, series: Series) {
        let (more, limit) = (series.buckets.len(), self.limit());
        match self.series.get_mut(place).filter(|known| known.buckets.is_empty()) {
            Some(known) if more <= limit && self.buckets + more <= ROOM => {
                *known = series.reopened();
                self.buckets += more;
            }
            _ => series.buckets.into_iter().for_each(|bucket| self.insert(place, bucket)),
        }
    }

    /// Every series, in a fixed order.
    pub fn series(&self) -> impl Iterator<Item = (&SeriesKey, &Series)> {
        self.places.iter().filter_map(|(key, place)| Some((key, self.series.get(*place)?)))
    }

    fn into_series(mut self) -> impl Iterator<Item = (SeriesKey, Series)> {
        self.places.into_iter().filter_map(move |(key, place)| {
            Some((key, std::mem::take(self.series.get_mut(place)?)))
        })
    }

    /// Leaves out what `keep` does not want.
    pub(crate) fn retain(&mut self, keep: &dyn Fn(&Bucket) -> bool) {
        for series in &mut self.series {
            series.buckets.retain(keep);
        }
        self.buckets = self.series.iter().map(|series| series.buckets.len()).sum();
        let empty =
            |place: &usize| self.series.get(*place).is_none_or(|series| series.buckets.is_empty());
        self.places.retain(|_, place| !empty(place));
    }

    /// Changes every example, for the passes that know the whole bundle (host of a text, zone of a local time).
    pub fn rewrite(&mut self, change: &mut dyn FnMut(&mut Bucket)) {
        self.buckets = 0;
        let before = Self {
            places: std::mem::take(&mut self.places),
            series: std::mem::take(&mut self.series),
            ..Self::default()
        };
        for (key, mut series) in before.into_series() {
            let mut is_as_before = true;
            for bucket in &mut series.buckets {
                let first = bucket.first;
                change(bucket);
                is_as_before &= bucket.first == first && host(bucket) == &*key.host;
            }
            if is_as_before {
                let place = self.place_or_new(key);
                self.put(place, series);
                continue;
            }
            for bucket in series.buckets {
                let host = host(&bucket).into();
                let place = self.place_or_new(SeriesKey { host, ..key.clone() });
                self.insert(place, bucket);
            }
        }
    }
}

/// The computer of the events in a bucket.
fn host(bucket: &Bucket) -> &str {
    bucket.example.computer.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Origin, Position, SourceId, Timestamp};

    fn hit(seconds: i64, address: &str) -> Event {
        let time = DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap();
        let origin = Origin { source: SourceId(0), position: Position::Record(1) };
        Event::text("Schannel", Timestamp::Utc(time), origin).with("Address", address)
    }

    fn add(findings: &mut Findings, event: &Event) {
        let hit = findings.hit(std::iter::once(SignatureId(0)), event);
        findings.take(hit.unwrap());
    }

    #[test]
    fn a_flood_costs_no_more_than_its_buckets_and_loses_no_count() {
        let mut findings = Findings::default();
        for second in 0..100_000 {
            add(&mut findings, &hit(second, "192.0.2.9"));
        }
        let (_, series) = findings.series().next().unwrap();
        assert!(series.buckets.len() <= BUCKETS);
        assert_eq!(series.count(), 100_000);
        let ends = (
            series.buckets.first().unwrap().first.unwrap(),
            series.buckets.last().unwrap().last.unwrap(),
        );
        assert_eq!((ends.1 - ends.0).num_seconds(), 99_999);
    }

    #[test]
    fn a_series_that_is_taken_whole_is_what_its_buckets_are_one_by_one() {
        let (mut flood, mut others) = (Findings::default(), Findings::default());
        for second in 0..2000 {
            add(&mut flood, &hit(second * 3, "192.0.2.9"));
            add(&mut others, &hit(second * 7 + 1, if second % 2 == 0 { "192.0.2.9" } else { "" }));
        }
        let mut whole = Findings::default();
        whole.absorb(flood.clone());
        let mut single = Findings::default();
        for (key, series) in flood.into_series() {
            let place = single.place_of(key);
            series.buckets.into_iter().for_each(|bucket| single.insert(place, bucket));
        }
        for findings in [&mut whole, &mut single] {
            findings.absorb(others.clone());
            findings.rewrite(&mut |_| ());
        }
        let told = |findings: &Findings| {
            let series =
                findings.series().map(|(key, series)| (key.clone(), series.buckets.clone()));
            (findings.buckets, series.collect::<Vec<_>>())
        };
        assert_eq!(told(&whole), told(&single));
        assert_eq!(whole.series().map(|(_, series)| series.count()).sum::<u64>(), 4000);
    }

    #[test]
    fn statements_without_a_time_do_not_blur_those_with_one() {
        let mut findings = Findings::default();
        for second in 0..10 {
            add(&mut findings, &hit(second * 3600, ""));
        }
        for _ in 0..60_000 {
            add(&mut findings, &Event { time: Timestamp::Undated, ..hit(0, "") });
        }
        let (_, series) = findings.series().next().unwrap();
        assert_eq!(series.count(), 60_010);
        assert_eq!(series.buckets.iter().filter(|bucket| bucket.first.is_some()).count(), 10);
    }

    #[test]
    fn ten_thousand_addresses_do_not_make_ten_thousand_series() {
        let mut findings = Findings::default();
        for number in 0..10_000 {
            add(&mut findings, &hit(number, &format!("192.0.2.{number}")));
        }
        assert!(findings.series().count() <= SERIES + 1);
        assert_eq!(findings.series().map(|(_, series)| series.count()).sum::<u64>(), 10_000);
    }

    #[test]
    fn floods_from_everywhere_share_the_room_and_lose_no_count() {
        let mut findings = Findings::default();
        for number in 0..40_000 {
            let undated = number % 3 == 0;
            let mut event = hit(number, &format!("192.0.2.{}", number % 250));
            if undated {
                event.time = Timestamp::Undated;
            }
            add(&mut findings, &event);
        }
        assert!(findings.series().map(|(_, series)| series.buckets.len()).sum::<usize>() <= ROOM);
        assert_eq!(findings.series().map(|(_, series)| series.count()).sum::<u64>(), 40_000);
    }

    #[test]
    fn undated_hits_are_bounded_too() {
        let mut findings = Findings::default();
        let origin = Origin { source: SourceId(0), position: Position::Whole };
        for _ in 0..10_000 {
            add(&mut findings, &Event::text("mstsc", Timestamp::Undated, origin));
        }
        let (_, series) = findings.series().next().unwrap();
        assert!(series.buckets.len() <= BUCKETS);
        assert_eq!(series.count(), 10_000);
    }
}
