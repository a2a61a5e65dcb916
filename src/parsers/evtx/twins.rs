//! Records of one chunk that say the same at another time: a flood is one record again and again. What was made of the
//! first of them holds for the others, so they need not be walked through, let alone decoded.
//!
//! Two records say the same when their bytes are equal but for those that say when, by which process and in which
//! activity they were written. That is decided on the bytes as they lie there, which is why a record is remembered only
//! when nothing in it means something else in another place: see [`Twins::remember`].

use std::ops::Range;

use super::binxml::cursor::{index, offset};
use super::binxml::system::{Head, Shifted, System};
use super::binxml::values::Value;
use super::frame::Frame;

/// Records that are remembered in one chunk.
const KEPT: usize = 16;

/// What became of a record.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Outcome {
    /// The sink kept nothing.
    #[default]
    Nothing,
    /// What it kept stands at these places among the events of the chunk: of the one that was decoded, and of the twin
    /// that came last.
    Kept { decoded: usize, last: usize },
}

/// Records that were decoded last.
#[derive(Debug, Default)]
pub(super) struct Twins {
    rows: Vec<Row>,
    used: usize,
    /// The row that is given up next.
    next: usize,
    /// The row that was found last: floods come in runs.
    last: usize,
}

/// A record that was decoded.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Where its content begins in the chunk, and how long it is.
    content: usize,
    bytes: usize,
    /// Stretches of the content in which a twin must be equal: all of it but what is passing.
    equal: Vec<Range<usize>>,
    /// The values that `System` is read from.
    values: Vec<Value>,
    pub(super) system: System,
    pub(super) head: Head,
    pub(super) outcome: Outcome,
}

impl Row {
    /// Its values, and how far from them those of another record lie that is its twin.
    pub(super) fn values_at(&self, frame: &Frame) -> Shifted<'_> {
        let shift = offset(frame.content).wrapping_sub(offset(self.content));
        Shifted { values: &self.values, shift }
    }

    /// Takes the place of another record, with its buffers.
    fn become_like(
        &mut self,
        frame: &Frame,
        end: usize,
        values: &[Value],
        system: &System,
    ) -> Option<()> {
        self.content = frame.content;
        self.bytes = frame.end.checked_sub(frame.content + 4)?;
        self.values.clear();
        self.values.extend_from_slice(values);
        self.equal.clear();
        let mut from = 0;
        for (hole, value) in values.iter().enumerate().take(128) {
            if system.passing >> hole & 1 == 1 && value.is_passing() {
                let at = index(value.at).checked_sub(frame.content)?;
                self.equal.push(from..at);
                from = at + usize::from(value.bytes);
            }
        }
        // One zero ends the stream; the padding behind it is whatever lay there.
        let end = (end.checked_sub(frame.content)? + 1).min(self.bytes);
        self.equal.push(from..end);
        Some(())
    }

    fn is_twin(&self, data: &[u8], content: Range<usize>) -> bool {
        let known = data.get(self.content..self.content + self.bytes);
        let Some((known, other)) = known.zip(data.get(content)) else { return false };
        // What differs mostly stands at the end, in the event's own data.
        self.equal.iter().rev().all(|part| known.get(part.clone()) == other.get(part.clone()))
    }
}

impl Twins {
    /// Another chunk begins.
    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.next = 0;
        self.last = 0;
    }

    /// The place of a record that says the same.
    pub(super) fn find(&mut self, data: &[u8], frame: &Frame) -> Option<usize> {
        let content = frame.content..frame.end.checked_sub(4)?;
        let known = self.rows.get(..self.used)?;
        let fits = |row: &Row| row.bytes == content.len() && row.is_twin(data, content.clone());
        if known.get(self.last).is_some_and(fits) {
            return Some(self.last);
        }
        let place = known.iter().position(fits)?;
        self.last = place;
        Some(place)
    }

    pub(super) fn row(&self, place: usize) -> Option<&Row> {
        self.rows.get(place)
    }

    /// Notes at which place that stands which was kept of another twin of a record.
    pub(super) fn note(&mut self, place: usize, kept: usize) {
        let outcome = self.rows.get_mut(place).map(|row| &mut row.outcome);
        if let Some(Outcome::Kept { last, .. }) = outcome {
            *last = kept;
        }
    }

    /// Remembers a record, in the place of the one that was found for it. `values` are those of its first instance. All
    /// templates in it must be defined before it in the chunk, for a definition is read where its offset is reached; and
    /// none of its streams may be without a template, for those name things by where they are. `end` is where that instance
    /// ends.
    pub(super) fn remember(
        &mut self,
        (frame, end): (&Frame, usize),
        values: &[Value],
        system: &System,
        head: &Head,
        found: Option<usize>,
        outcome: Outcome,
    ) {
        let place = found.unwrap_or(self.next);
        if self.rows.len() <= place {
            self.rows.push(Row::default());
        }
        let Some(row) = self.rows.get_mut(place) else { return };
        if row.become_like(frame, end, values, system).is_none() {
            // Its place holds nothing that could be found.
            row.bytes = usize::MAX;
            return;
        }
        (row.system, row.head, row.outcome) = (*system, *head, outcome);
        self.used = self.used.max(place + 1);
        if found.is_none() {
            self.next = (self.next + 1) % KEPT;
        }
    }
}
