//! A chunk read by our own hands: every record looked at, the wanted ones decoded.
//!
//! What this reader is not sure of it names by the offset of the record, and the crate reads it. When the frames of
//! the records themselves are damaged, the crate takes the chunk as a whole, as it knows how to go on behind the damage.

use super::CHUNK;
use super::alike::{Alike, Outcome, Shape};
use super::binxml::cursor::index;
use super::binxml::payload::{self, Parts, Spare};
use super::binxml::system::Head;
use super::binxml::{Odd, Sure};
use super::frame::{Frame, frame, is_blank};
use super::header::array;
use super::spans::Spans;
use super::walk::{Mark, Walker};
use super::wanted::Answers;
use crate::event::{Origin, Position, SourceId};
use crate::parsers::{CoverageSpan, Kept, Sink};

const FIRST_RECORD: usize = 512;
/// What one chunk gave.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Records that were read.
    pub(super) records: u64,
    /// What is kept of the wanted ones, with the offsets of their content.
    pub(super) events: Vec<(u64, Kept)>,
    pub(super) coverage: Vec<CoverageSpan>,
    /// Records for the crate, by the offsets of their content.
    pub(super) left: Vec<u64>,
}

/// Everything a chunk needs while it is read; used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Reader {
    walker: Walker,
    spare: Spare,
    spans: Spans,
    answers: Answers,
    alike: Alike,
    /// Whose interest the answers are about.
    run: u64,
}

impl Reader {
    /// Prepares for another log; somebody else may want other records of it.
    pub(super) fn begin(&mut self, run: u64) {
        if self.run != run {
            self.run = run;
            self.answers.clear();
        }
    }

    /// Reads a chunk of full size that begins with its magic. `None`: the crate has to, as a whole.
    pub(super) fn read(&mut self, source: SourceId, data: &[u8], sink: &dyn Sink) -> Option<Found> {
        self.reset();
        if data.len() != CHUNK || !self.walker.names_are_sound(data) {
            return None;
        }
        let mut found = Found::default();
        let last_id = u64::from_le_bytes(array(data, 32)?);
        let live_end = index(u32::from_le_bytes(array(data, 48)?)).min(CHUNK);
        let mut at = FIRST_RECORD;
        while at < live_end {
            let Some(frame) = frame(data, at) else {
                if is_blank(data, at, live_end)? {
                    break;
                }
                return None;
            };
            match self.record(source, data, &frame, sink, &mut found) {
                Ok(()) => found.records += 1,
                Err(Odd) => found.left.push(frame.content as u64),
            }
            if frame.number == last_id {
                break;
            }
            at = frame.end;
        }
        found.coverage = self.spans.coverage(source, &self.walker.interned);
        Some(found)
    }

    fn reset(&mut self) {
        if self.walker.reset() {
            self.answers.clear();
        }
        self.spans.clear();
        self.alike.clear();
    }

    /// Reads one record; gives the event when it is wanted.
    fn record(
        &mut self,
        source: SourceId,
        data: &[u8],
        frame: &Frame,
        sink: &dyn Sink,
        found: &mut Found,
    ) -> Sure<()> {
        let before = self.walker.mark();
        let result = self.looked_at(source, data, frame, sink, found, before);
        self.walker.forget_passing(before);
        result
    }

    /// The record's head counts for coverage; the rest is read when it is wanted.
    fn looked_at(
        &mut self,
        source: SourceId,
        data: &[u8],
        frame: &Frame,
        sink: &dyn Sink,
        found: &mut Found,
        before: Mark,
    ) -> Sure<()> {
        let (system, head) = self.walker.look(data, frame)?;
        let wanted = self.answers.wants(&head, sink, &self.walker.interned);
        let known_whole = self.walker.whole;
        if let Some(system) = self.walker.systems.get_mut(system) {
            system.wanted = wanted;
        }
        if wanted {
            if !known_whole {
                self.walker.forget_passing(before);
                self.walker.look(data, frame)?;
            }
            self.event(source, data, frame, &head, sink, found)?;
        }
        // Only now: a record that goes to the crate must not be counted twice.
        self.spans.count(&head);
        Ok(())
    }

    /// Decodes a wanted record, unless one that says the same was decoded before.
    fn event(
        &mut self,
        source: SourceId,
        data: &[u8],
        frame: &Frame,
        head: &Head,
        sink: &dyn Sink,
        found: &mut Found,
    ) -> Sure<()> {
        let Walker { interned, names, steps, plans, systems, values: all, instances, .. } =
            &mut self.walker;
        let root = instances.first().ok_or(Odd)?;
        let plan = plans.get(root.plan).ok_or(Odd)?;
        let system = plan.system.and_then(|index| systems.get(index)).ok_or(Odd)?;
        let values = all.get(root.first..root.first + root.count).ok_or(Odd)?;
        let shape = Shape { data, plans, instances, values: all, passing: system.passing };
        let origin = Origin { source, position: Position::Record(frame.number) };
        let like = self.alike.find(&shape);
        let again = match like {
            Some((_, Outcome::Kept(place))) => {
                let passing = system.passing_fields(data, values, head, origin)?;
                let like = found.events.get(place);
                like.and_then(|(_, kept)| sink.sift_again(kept, passing)).map(Some)
            }
            Some((_, Outcome::Nothing)) => Some(None),
            None => None,
        };
        if let Some(kept) = again {
            found.events.extend(kept.map(|kept| (frame.content as u64, kept)));
            return Ok(());
        }
        let mut event = system.event(data, values, head, origin, interned)?;
        let parts = Parts { data, steps, plans, instances, values: all };
        payload::decode(parts, names, &mut self.spare, &mut event)?;
        event.derive_fields();
        let kept = sink.sift(&event);
        if head.time.is_some() && event.says_the_same_at_any_time() {
            let place = found.events.len();
            let outcome = kept.as_ref().map_or(Outcome::Nothing, |_| Outcome::Kept(place));
            self.alike.remember(&shape, like.map(|(place, _)| place), outcome);
        }
        self.spare.give(event);
        found.events.extend(kept.map(|kept| (frame.content as u64, kept)));
        Ok(())
    }
}
