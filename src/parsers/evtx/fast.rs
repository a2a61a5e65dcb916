//! A chunk read by our own hands: every record looked at, the wanted ones decoded.
//!
//! What this reader is not sure of it names by the offset of the record, and the crate reads it. Where the frame of a
//! record is damaged, the crate takes all that follows, as it knows how to go on behind the damage.

use super::CHUNK;
use super::binxml::cursor::index;
use super::binxml::intern::Interned;
use super::binxml::payload::{self, Parts, Spare};
use super::binxml::system::Head;
use super::binxml::{Odd, Sure};
use super::frame::{Frame, frame, is_blank};
use super::header::array;
use super::spans::Spans;
use super::twins::{Outcome, Twins};
use super::walk::{Mark, Walker};
use super::wanted::Answers;
use crate::event::{Origin, Position, SourceId};
use crate::parsers::{CoverageSpan, Identity, Kept, Sink};

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
    /// From there on the crate has to read everything.
    pub(super) rest: Option<u64>,
}

/// Everything a chunk needs while it is read; used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Reader {
    walker: Walker,
    spare: Spare,
    spans: Spans,
    answers: Answers,
    twins: Twins,
    /// Whose interest the answers are about.
    run: u64,
}

fn identity<'i>(head: &Head, interned: &'i Interned) -> Identity<'i> {
    let text = |id| interned.get(id).map(AsRef::as_ref).filter(|text: &&str| !text.is_empty());
    Identity {
        channel: text(head.channel),
        computer: text(head.computer),
        time: head.timestamp(),
        position: Position::Record(head.record_id),
    }
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
                if !is_blank(data, at, live_end)? {
                    found.rest = Some(at as u64);
                }
                break;
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
        self.twins.clear();
    }

    /// Reads one record; adds what is kept of it when it is wanted.
    fn record(
        &mut self,
        source: SourceId,
        data: &[u8],
        frame: &Frame,
        sink: &dyn Sink,
        found: &mut Found,
    ) -> Sure<()> {
        let twin = self.twins.find(data, frame);
        if let Some(place) = twin
            && self.says_the_same(source, data, frame, place, sink, found)?
        {
            return Ok(());
        }
        let before = self.walker.mark();
        let result = self.looked_at(source, data, frame, sink, found, (before, twin));
        self.walker.forget_passing(before);
        result
    }

    /// Takes a record that differs from one that was decoded only in what is passing; whether that was enough.
    fn says_the_same(
        &mut self,
        source: SourceId,
        data: &[u8],
        frame: &Frame,
        place: usize,
        sink: &dyn Sink,
        found: &mut Found,
    ) -> Sure<bool> {
        let row = self.twins.row(place).ok_or(Odd)?;
        let values = row.values_at(frame);
        let head = row.system.head_again(&row.head, data, values, frame.number)?;
        if let Outcome::Kept { decoded, last } = row.outcome {
            let last = found.events.get_mut(last);
            if !last.is_some_and(|(_, last)| sink.sift_more(last, head.timestamp())) {
                let origin = Origin { source, position: Position::Record(frame.number) };
                let passing = row.system.passing_fields(data, values, &head, origin)?;
                let like = found.events.get(decoded);
                let again = like.and_then(|(_, like)| sink.sift_again(like, passing));
                let Some(again) = again else { return Ok(false) };
                self.twins.note(place, found.events.len());
                found.events.push((frame.content as u64, again));
            }
        }
        self.spans.count(&head);
        Ok(true)
    }

    /// The record's head counts for coverage; the rest is read when it is wanted.
    fn looked_at(
        &mut self,
        source: SourceId,
        data: &[u8],
        frame: &Frame,
        sink: &dyn Sink,
        found: &mut Found,
        (before, twin): (Mark, Option<usize>),
    ) -> Sure<()> {
        let (system, head) = self.walker.look(data, frame)?;
        let wanted = self.answers.wants(&head, sink, &self.walker.interned);
        let known_whole = self.walker.whole;
        if let Some(system) = self.walker.systems.get_mut(system) {
            system.wanted |= wanted;
        }
        if wanted && !sink.is_told(&identity(&head, &self.walker.interned)) {
            if !known_whole {
                self.walker.forget_passing(before);
                self.walker.look(data, frame)?;
            }
            let kept = self.event(source, data, frame, &head, sink, (found.events.len(), twin))?;
            found.events.extend(kept.map(|kept| (frame.content as u64, kept)));
        }
        // Only now: a record that goes to the crate must not be counted twice.
        self.spans.count(&head);
        Ok(())
    }

    /// Decodes a wanted record; gives what is kept of it. `place` is where that will stand, `twin` the one it is like.
    fn event(
        &mut self,
        source: SourceId,
        data: &[u8],
        frame: &Frame,
        head: &Head,
        sink: &dyn Sink,
        (place, twin): (usize, Option<usize>),
    ) -> Sure<Option<Kept>> {
        let Walker {
            interned,
            names,
            steps,
            plans,
            systems,
            values: all,
            instances,
            movable,
            end,
            ..
        } = &mut self.walker;
        let root = instances.first().ok_or(Odd)?;
        let plan = plans.get(root.plan).ok_or(Odd)?;
        let system = plan.system.and_then(|index| systems.get(index)).ok_or(Odd)?;
        let values = all.get(root.first..root.first + root.count).ok_or(Odd)?;
        let origin = Origin { source, position: Position::Record(frame.number) };
        let mut event = system.event(data, values, head, origin, interned)?;
        let parts = Parts { data, steps, plans, instances, values: all };
        payload::decode(parts, names, &mut self.spare, &mut event)?;
        event.derive_fields();
        let kept = sink.sift(&event);
        let may_return = *movable && head.time.is_some() && sink.sifts_again();
        if may_return && event.says_the_same_at_any_time() {
            let outcome = kept
                .as_ref()
                .map_or(Outcome::Nothing, |_| Outcome::Kept { decoded: place, last: place });
            self.twins.remember((frame, *end), values, system, head, twin, outcome);
        }
        self.spare.give(event);
        Ok(kept)
    }
}
