//! Which record numbers of a log are there, as stretches without a gap.

use std::ops::RangeInclusive;

/// Stretches that are told apart; past that, the smallest gaps are closed and only counted. A log that lost or never had
/// every other record has no more to say with thousands of gaps.
const STRETCHES: usize = 1024;

/// Record numbers (`EventRecordID`) that were seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordNumbers {
    /// Ascending, with at least one number missing between two.
    stretches: Vec<(u64, u64)>,
    /// Numbers in gaps that were closed.
    closed: u64,
}

/// Numbers between two records of a log that no record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The last number before it.
    pub after: u64,
    /// The first number behind it.
    pub before: u64,
}

impl Gap {
    /// How many numbers are missing.
    #[must_use]
    pub fn records(self) -> u64 {
        self.before - self.after - 1
    }
}

impl RecordNumbers {
    /// Those of some stretches, in any order.
    pub(crate) fn of(stretches: impl IntoIterator<Item = RangeInclusive<u64>>) -> Self {
        let stretches = stretches.into_iter().map(RangeInclusive::into_inner).collect();
        let mut numbers = Self { stretches, closed: 0 };
        numbers.join();
        numbers
    }

    /// Adds the numbers of another part of the log, or of a copy of it.
    pub fn absorb(&mut self, other: &Self) {
        self.closed = self.closed.saturating_add(other.closed);
        match (self.stretches.last_mut(), other.stretches.as_slice()) {
            (_, []) => {}
            // The usual case: the next chunk goes on behind where the last one ended.
            (Some((_, last)), [(first, end), rest @ ..]) if *first == last.saturating_add(1) => {
                *last = *end;
                self.stretches.extend(rest);
                self.bound();
            }
            (Some((_, last)), [(first, _), ..]) if *first > *last => {
                self.stretches.extend(&other.stretches);
                self.bound();
            }
            _ => {
                self.stretches.extend(&other.stretches);
                self.join();
            }
        }
    }

    /// Adds one number; cheap when it is larger than those before.
    pub(crate) fn add(&mut self, number: u64) {
        match self.stretches.last_mut() {
            Some((_, last)) if number == last.saturating_add(1) => *last = number,
            Some((_, last)) if number <= *last => self.absorb(&Self::of([number..=number])),
            _ => {
                self.stretches.push((number, number));
                self.bound();
            }
        }
    }

    fn join(&mut self) {
        self.stretches.sort_unstable();
        self.stretches.dedup_by(|(first, last), (_, end)| {
            let joins = *first <= end.saturating_add(1);
            if joins {
                *end = (*end).max(*last);
            }
            joins
        });
        self.bound();
    }

    fn bound(&mut self) {
        if self.stretches.len() > STRETCHES {
            self.close_small_gaps();
        }
    }

    fn close_small_gaps(&mut self) {
        let mut sizes: Vec<u64> = self.gaps().map(Gap::records).collect();
        sizes.sort_unstable();
        let limit = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
        let closed: u64 = sizes.iter().filter(|size| **size <= limit).sum();
        self.closed = self.closed.saturating_add(closed);
        self.stretches.dedup_by(|(first, last), (_, end)| {
            let joins = *first - *end - 1 <= limit;
            if joins {
                *end = *last;
            }
            joins
        });
    }

    /// The smallest and the largest number.
    #[must_use]
    pub fn ends(&self) -> Option<(u64, u64)> {
        Some((self.stretches.first()?.0, self.stretches.last()?.1))
    }

    /// The gaps that are told apart, in order.
    pub fn gaps(&self) -> impl Iterator<Item = Gap> {
        let pairs = self.stretches.iter().zip(self.stretches.iter().skip(1));
        pairs.map(|((_, after), (before, _))| Gap { after: *after, before: *before })
    }

    /// Whether every number is told apart: no gap was closed.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.closed == 0
    }

    /// Whether a number was seen; certain only when [`RecordNumbers::is_exact`].
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        let behind = self.stretches.partition_point(|(first, _)| *first <= number);
        let stretch = behind.checked_sub(1).and_then(|index| self.stretches.get(index));
        stretch.is_some_and(|(_, last)| number <= *last)
    }

    /// How many numbers were seen here and there.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> u64 {
        let (mut mine, mut theirs) = (self.stretches.iter(), other.stretches.iter());
        let (mut one, mut two) = (mine.next(), theirs.next());
        let mut shared = 0_u64;
        while let (Some((a, b)), Some((c, d))) = (one, two) {
            let (first, last) = (a.max(c), b.min(d));
            if first <= last {
                shared = shared.saturating_add(last - first).saturating_add(1);
            }
            if b < d { one = mine.next() } else { two = theirs.next() }
        }
        shared
    }

    /// Those that are not among some others.
    #[must_use]
    pub(crate) fn without(&self, others: &Self) -> Self {
        let mut rest = Vec::new();
        let mut theirs = others.stretches.iter().peekable();
        for &(first, last) in &self.stretches {
            let mut from = first;
            while let Some((begin, end)) =
                theirs.next_if(|(begin, end)| *begin <= last && *end < last)
            {
                if from < *begin {
                    rest.push((from, begin - 1));
                }
                from = from.max(end + 1);
            }
            // The next one of them may reach into what follows.
            match theirs.peek() {
                Some((begin, _)) if *begin <= from => {}
                Some((begin, _)) if *begin <= last => rest.push((from, begin - 1)),
                _ => rest.push((from, last)),
            }
        }
        Self { stretches: rest, closed: self.closed }
    }

    /// Gives back the room that further numbers would have had.
    pub(crate) fn trim(&mut self) {
        self.stretches.shrink_to_fit();
    }

    /// How many numbers between the smallest and the largest no record has.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.gaps().map(Gap::records).fold(self.closed, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_is_taken_out() {
        let of = |stretches: &[(u64, u64)]| {
            RecordNumbers::of(stretches.iter().map(|(first, last)| *first..=*last))
        };
        let mut dice = 0x2545_f491_4f6c_dd1d_u64;
        let mut roll = |of: u64| {
            dice = dice.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (dice >> 33) % of
        };
        for _ in 0..2000 {
            let mut some = || {
                let stretches: Vec<_> = (0..roll(6))
                    .map(|_| (roll(40), roll(8)))
                    .map(|(at, len)| (at, at + len))
                    .collect();
                of(&stretches)
            };
            let (one, two) = (some(), some());
            let rest = one.without(&two);
            for number in 0..60 {
                let expected = one.contains(number) && !two.contains(number);
                assert_eq!(rest.contains(number), expected, "{number} of {one:?} without {two:?}");
            }
            assert!(rest.stretches.iter().is_sorted_by(|a, b| a.0 <= a.1 && a.1 < b.0), "{rest:?}");
        }
        assert_eq!(of(&[(0, u64::MAX)]).without(&of(&[(5, u64::MAX)])), of(&[(0, 4)]));
    }

    fn gaps(numbers: &RecordNumbers) -> Vec<(u64, u64)> {
        numbers.gaps().map(|gap| (gap.after, gap.before)).collect()
    }

    #[test]
    fn chunks_in_any_order_and_copies_leave_the_same_gaps() {
        let parts = [1..=10, 21..=30, 11..=14, 25..=40];
        let mut one_by_one = RecordNumbers::default();
        parts.clone().into_iter().flatten().for_each(|number| one_by_one.add(number));
        let mut by_part = RecordNumbers::default();
        parts.clone().into_iter().rev().for_each(|part| by_part.absorb(&RecordNumbers::of([part])));
        assert_eq!(one_by_one, by_part);
        assert_eq!((gaps(&by_part), by_part.missing()), (vec![(14, 21)], 6));
        assert_eq!(by_part.ends(), Some((1, 40)));
        by_part.absorb(&RecordNumbers::of([15..=20]));
        assert_eq!((gaps(&by_part), by_part.missing()), (Vec::new(), 0));
    }

    #[test]
    fn every_other_record_costs_no_memory_and_is_counted() {
        let mut numbers = RecordNumbers::default();
        (0..100_000).for_each(|number| numbers.add(number * 2));
        numbers.add(1 << 40);
        assert!(numbers.gaps().count() <= STRETCHES);
        assert_eq!(numbers.missing(), (1 << 40) - 100_000);
        assert_eq!(gaps(&numbers).last(), Some(&(199_998, 1 << 40)));
    }

    #[test]
    fn what_two_copies_share_is_counted() {
        let one = RecordNumbers::of([1..=10, 21..=30]);
        let two = RecordNumbers::of([5..=25, 40..=50]);
        assert_eq!((one.shared_with(&two), two.shared_with(&one)), (11, 11));
        assert_eq!(one.shared_with(&RecordNumbers::of([11..=20])), 0);
        assert_eq!([1, 10, 11, 21, 31].map(|n| one.contains(n)), [true, true, false, true, false]);
    }

    #[test]
    fn the_ends_of_all_numbers_are_survived() {
        let mut numbers = RecordNumbers::of([u64::MAX..=u64::MAX, 0..=0]);
        numbers.add(u64::MAX);
        numbers.add(5);
        assert_eq!(numbers.missing(), u64::MAX - 2);
    }
}
