//! The hits of one signature on one host about one peer or KB: buckets of time that widen when there are too many.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Hit;
use crate::event::{Event, TimeQuality};

/// Widest bucket, in seconds: no log reaches over more than this century.
const WIDEST: i64 = 100 * 366 * 86_400;

/// The hits of a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// The first of them, whole; shared by all signatures that fit it.
    pub example: Arc<Event>,
    /// When the first was; `None` when the source does not say.
    pub first: Option<DateTime<Utc>>,
    /// When the last was.
    pub last: Option<DateTime<Utc>>,
    /// How exact these times are.
    pub quality: TimeQuality,
    /// How many.
    pub count: u64,
}

/// All hits of one signature on one host about one peer or KB.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// In order of time.
    pub buckets: Vec<Bucket>,
    /// Narrowest distance of two buckets, in seconds.
    width: i64,
}

impl Series {
    pub(super) fn add(&mut self, bucket: Bucket, limit: usize) {
        match self.place(bucket.first).and_then(|place| self.buckets.get_mut(place)) {
            Some(known) => join(known, &bucket),
            None => {
                let place = self.buckets.partition_point(|known| known.first <= bucket.first);
                self.buckets.insert(place, bucket);
            }
        }
        self.shrink(limit);
    }

    /// The same buckets, as if they had been added one by one: another source's hits may stand between them.
    pub(super) fn reopened(self) -> Self {
        Self { width: 0, ..self }
    }

    /// The bucket that a hit falls into, if there is one.
    pub(super) fn place(&self, time: Option<DateTime<Utc>>) -> Option<usize> {
        let place = self.buckets.partition_point(|known| known.first <= time).checked_sub(1)?;
        self.buckets.get(place).is_some_and(|known| self.joins(known.first, time)).then_some(place)
    }

    /// Whether a hit falls into a bucket that begins at `first`, not after it.
    pub(super) fn joins(&self, first: Option<DateTime<Utc>>, time: Option<DateTime<Utc>>) -> bool {
        joins(first, time, self.width)
    }

    /// The bucket nearest to a hit that fell into one before the buckets were widened.
    pub(super) fn place_nearby(&self, time: Option<DateTime<Utc>>) -> usize {
        let dated = self.buckets.partition_point(|known| known.first.is_none());
        let before = self.buckets.partition_point(|known| known.first <= time).saturating_sub(1);
        before.max(dated).min(self.buckets.len().saturating_sub(1))
    }

    /// Whether a hit falls into the bucket at a place.
    pub(super) fn holds(&self, place: usize, time: Option<DateTime<Utc>>) -> bool {
        let next = self.buckets.get(place + 1);
        self.buckets.get(place).is_some_and(|known| {
            known.first <= time
                && next.is_none_or(|next| time < next.first)
                && self.joins(known.first, time)
        })
    }

    pub(super) fn count_at(&mut self, place: usize, hit: &Hit) {
        if let Some(known) = self.buckets.get_mut(place) {
            known.first = known.first.min(hit.first);
            known.last = known.last.max(hit.last);
            known.quality = known.quality.max(hit.quality);
            known.count += hit.count;
        }
    }

    pub(super) fn shrink(&mut self, limit: usize) {
        while self.buckets.len() > limit {
            self.widen(limit);
        }
    }

    fn widen(&mut self, limit: usize) {
        self.join_undated(limit);
        if self.buckets.len() <= limit {
            return;
        }
        self.width = (self.width * 2).clamp(1, WIDEST);
        let width = self.width;
        let mut joined: Vec<Bucket> = Vec::with_capacity(limit);
        for bucket in self.buckets.drain(..) {
            match joined.last_mut() {
                Some(known) if joins(known.first, bucket.first, width) => join(known, &bucket),
                _ => joined.push(bucket),
            }
        }
        self.buckets = joined;
    }

    /// Undated hits can never be told apart by time: where they take more than half of the room, they become one.
    fn join_undated(&mut self, limit: usize) {
        let undated = || self.buckets.iter().filter(|bucket| bucket.first.is_none());
        if undated().count() <= limit / 2 {
            return;
        }
        let hits: u64 = undated().map(|bucket| bucket.count).sum();
        let mut kept = false;
        self.buckets.retain_mut(|bucket| match bucket.first {
            Some(_) => true,
            None => {
                bucket.count = hits;
                !std::mem::replace(&mut kept, true)
            }
        });
    }

    /// How many hits there were in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.count).sum()
    }
}

/// Whether the second of two times comes less than `width` seconds after the first. Asked for every record of a flood.
fn joins(first: Option<DateTime<Utc>>, next: Option<DateTime<Utc>>, width: i64) -> bool {
    let (Some(first), Some(next)) = (first, next) else { return false };
    let seconds = next.timestamp() - first.timestamp();
    let earlier_in_its_second = next.timestamp_subsec_nanos() < first.timestamp_subsec_nanos();
    width > 0 && (seconds < width || (seconds == width && earlier_in_its_second))
}

fn join(known: &mut Bucket, next: &Bucket) {
    known.last = known.last.max(next.last);
    known.quality = known.quality.max(next.quality);
    known.count += next.count;
}
