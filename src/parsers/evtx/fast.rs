//! A chunk read by our own hands: every record looked at, the wanted ones decoded.
//!
//! What this reader is not sure of it names by the offset of the record, and the crate reads it. When the frames of
//! the records themselves are damaged, the crate takes the chunk as a whole, as it knows how to go on behind the damage.

use super::CHUNK;
use super::alike::{Alike, Outcome, Shape};
use super::binxml::cursor::{Cursor, index, offset};
use super::binxml::intern::Interned;
use super::binxml::layout::{self, Layout};
use super::binxml::names::{self, Known, Names, Seen};
use super::binxml::payload::{self, FieldNames, Instance, Parts, Spare};
use super::binxml::plan::{self, Plan, Step};
use super::binxml::system::{Head, System};
use super::binxml::values::{self, Value};
use super::binxml::{Odd, Sure};
use super::frame::{Frame, frame, is_blank};
use super::header::array;
use super::spans::Spans;
use super::wanted::Answers;
use crate::event::{Origin, Position, SourceId};
use crate::parsers::{CoverageSpan, Kept, Sink};

const FIRST_RECORD: usize = 512;
/// Templates in templates; real records have one or two.
const NESTING: usize = 8;
/// Values of one instance, as many as a set has room for; Windows stops near 100.
const VALUES: usize = 128;
/// Template definitions that one chunk has room for.
const DEFINITIONS: usize = CHUNK / 24;
/// Definition offsets for which nothing is known yet.
const UNREAD: u16 = 0;
/// A definition that we leave to the crate.
const ODD: u16 = u16::MAX;

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
#[derive(Debug)]
pub(super) struct Reader {
    seen: Seen,
    known: Names,
    interned: Interned,
    names: FieldNames,
    spare: Spare,
    steps: Vec<Step>,
    plans: Vec<Plan>,
    systems: Vec<System>,
    /// By offset of the definition: index of the plan + 1.
    definitions: Vec<u16>,
    /// The offsets that are in use.
    defined: Vec<usize>,
    values: Vec<Value>,
    /// By index of the plan; what they know holds in other chunks too.
    layouts: Vec<Layout>,
    /// Whether all values of a record are placed, not only those it is looked at for.
    whole: bool,
    instances: Vec<Instance>,
    spans: Spans,
    answers: Answers,
    alike: Alike,
    /// Whose interest the answers are about.
    run: u64,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            seen: Seen::default(),
            known: Names::default(),
            interned: Interned::default(),
            names: FieldNames::default(),
            spare: Spare::default(),
            steps: Vec::new(),
            plans: Vec::new(),
            systems: Vec::new(),
            definitions: vec![UNREAD; CHUNK],
            defined: Vec::new(),
            values: Vec::new(),
            layouts: Vec::new(),
            whole: false,
            instances: Vec::new(),
            spans: Spans::default(),
            answers: Answers::default(),
            alike: Alike::default(),
            run: 0,
        }
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
        if data.len() != CHUNK || !names::lists_are_sound(data, &mut self.seen) {
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
        found.coverage = self.spans.coverage(source, &self.interned);
        Some(found)
    }

    fn reset(&mut self) {
        if self.interned.tidy() {
            self.answers.clear();
        }
        for offset in self.defined.drain(..) {
            if let Some(known) = self.definitions.get_mut(offset) {
                *known = UNREAD;
            }
        }
        self.known.clear();
        self.names.truncate(0);
        self.steps.clear();
        self.plans.clear();
        self.systems.clear();
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
        let before = (self.steps.len(), self.plans.len(), self.systems.len());
        let result = self.looked_at(source, data, frame, sink, found, before);
        self.forget_passing(before);
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
        before: (usize, usize, usize),
    ) -> Sure<()> {
        let (system, head) = self.look(data, frame)?;
        let wanted = self.answers.wants(&head, sink, &self.interned);
        let known_whole = self.whole;
        if let Some(system) = self.systems.get_mut(system) {
            system.wanted = wanted;
        }
        if wanted {
            if !known_whole {
                self.forget_passing(before);
                self.look(data, frame)?;
            }
            self.event(source, data, frame, &head, sink, found)?;
        }
        // Only now: a record that goes to the crate must not be counted twice.
        self.spans.count(&head);
        Ok(())
    }

    /// Finds the values of a record; gives the index of its `System`, and what that says.
    fn look(&mut self, data: &[u8], frame: &Frame) -> Sure<(usize, Head)> {
        self.values.clear();
        self.instances.clear();
        self.stream(data, frame.content, frame.end - 4, 0)?;
        let root = self.instances.first().ok_or(Odd)?;
        let index = self.plans.get(root.plan).and_then(|plan| plan.system).ok_or(Odd)?;
        let system = self.systems.get(index).ok_or(Odd)?;
        let values = self.values.get(root.first..root.first + root.count).ok_or(Odd)?;
        let head = system.head(data, values, frame.number, &mut self.interned)?;
        Ok((index, head))
    }

    /// What was read of streams without a template ends with the record; definitions stay.
    fn forget_passing(&mut self, (steps, plans, systems): (usize, usize, usize)) {
        let new = self.plans.get(plans..).unwrap_or_default();
        let ends = new.is_empty() || new.iter().any(|plan| plan.passing);
        if self.steps.len() == steps || !ends {
            return;
        }
        self.steps.truncate(steps);
        self.names.truncate(steps);
        self.plans.truncate(plans);
        self.systems.truncate(systems);
        // Definitions that were met in between are read again at their next use.
        let limit = u16::try_from(plans).unwrap_or(u16::MAX);
        for offset in &self.defined {
            if let Some(known) = self.definitions.get_mut(*offset)
                && *known > limit
                && *known != ODD
            {
                *known = UNREAD;
            }
        }
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
        let root = self.instances.first().ok_or(Odd)?;
        let plan = self.plans.get(root.plan).ok_or(Odd)?;
        let system = plan.system.and_then(|index| self.systems.get(index)).ok_or(Odd)?;
        let values = self.values.get(root.first..root.first + root.count).ok_or(Odd)?;
        let shape = Shape {
            data,
            plans: &self.plans,
            instances: &self.instances,
            values: &self.values,
            passing: system.passing,
        };
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
        let mut event = system.event(data, values, head, origin, &self.interned)?;
        let parts = Parts {
            data,
            steps: &self.steps,
            plans: &self.plans,
            instances: &self.instances,
            values: &self.values,
        };
        payload::decode(parts, &mut self.names, &mut self.spare, &mut event)?;
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

    /// Reads a stream: one instance of a template, or one element. Gives the index of its instance.
    fn stream(&mut self, data: &[u8], start: usize, end: usize, depth: usize) -> Sure<usize> {
        if depth > NESTING {
            return Err(Odd);
        }
        let mut cursor = Cursor::new(data, start);
        let token = match data.get(start..end).ok_or(Odd)? {
            [0x0f, _, _, _, token, ..] => {
                cursor.skip(4)?;
                *token
            }
            [token, ..] => *token,
            [] => return Err(Odd),
        };
        if token != 0x0c {
            return self.bare(data, start, end, depth);
        }
        cursor.skip(1)?;
        let instance = self.instance(&mut cursor, end, depth)?;
        // Behind the instance the stream ends.
        match data.get(cursor.at()..end) {
            Some([] | [0x00, ..]) => Ok(instance),
            _ => Err(Odd),
        }
    }

    /// A stream without a template.
    fn bare(&mut self, data: &[u8], start: usize, end: usize, depth: usize) -> Sure<usize> {
        let mut plan =
            plan::read(data, start, end - start, false, &mut self.known, &mut self.steps)?;
        plan.passing = true;
        if depth == 0 {
            if plan.root != Known::Event {
                return Err(Odd);
            }
            self.whole = true;
            plan.system = Some(self.system(data, &mut plan)?);
        }
        let instance = Instance { plan: self.plans.len(), first: self.values.len(), count: 0 };
        self.plans.push(plan);
        self.instances.push(instance);
        Ok(self.instances.len() - 1)
    }

    fn system(&mut self, data: &[u8], plan: &mut Plan) -> Sure<usize> {
        let system = System::of(data, plan, &self.steps, &mut self.interned)?;
        self.systems.push(system);
        Ok(self.systems.len() - 1)
    }

    /// An instance of a template, from behind its token.
    fn instance(&mut self, cursor: &mut Cursor<'_>, end: usize, depth: usize) -> Sure<usize> {
        let data = cursor.data();
        cursor.skip(5)?;
        let definition = index(cursor.u32()?);
        if cursor.at() == definition {
            cursor.skip(20)?;
            let size = index(cursor.u32()?);
            cursor.skip(size)?;
        }
        let plan = self.definition(data, definition)?;
        // What a look has to place for the fields of `System`.
        let mut reach = 0;
        if depth == 0 {
            let system = self.plans.get(plan).and_then(|plan| plan.system).ok_or(Odd)?;
            let system = self.systems.get(system).ok_or(Odd)?;
            (self.whole, reach) = (system.wanted, system.reach);
        }
        let count = index(cursor.u32()?);
        if count > VALUES {
            return Err(Odd);
        }
        let table = cursor.take(count * 4)?.as_chunks::<4>().0;
        let first = self.values.len();
        let special = self.take_values(cursor, table, plan, reach)?;
        if cursor.at() > end {
            return Err(Odd);
        }
        let instance = self.instances.len();
        self.instances.push(Instance { plan, first, count: self.values.len() - first });
        if special != 0 {
            self.check_special(data, special, instance, depth)?;
        }
        Ok(instance)
    }

    /// Finds where the values are, by type and size: all of them, or those that a look is about. Gives the set of those
    /// that need a closer look.
    fn take_values(
        &mut self,
        cursor: &mut Cursor<'_>,
        table: &[[u8; 4]],
        plan: usize,
        reach: usize,
    ) -> Sure<u128> {
        if self.layouts.len() <= plan {
            self.layouts.resize_with(plan + 1, Layout::default);
        }
        let layout = self.layouts.get_mut(plan).ok_or(Odd)?;
        let at = offset(cursor.at());
        let bytes = match layout.accepts(table) {
            Some(bytes) => bytes,
            None => layout.learn(table)?,
        };
        let placed = if self.whole { table.len() } else { reach.max(layout.reach()) };
        let placed = table.get(..placed).unwrap_or(table);
        self.values.extend(layout::place(placed, at));
        cursor.skip(index(bytes))?;
        Ok(layout.special)
    }

    /// Looks closer at some values of an instance, and reads the streams that are embedded in it.
    fn check_special(
        &mut self,
        data: &[u8],
        mut special: u128,
        instance: usize,
        depth: usize,
    ) -> Sure<()> {
        let Instance { plan, first, .. } = *self.instances.get(instance).ok_or(Odd)?;
        while special != 0 {
            let hole = special.trailing_zeros() as usize;
            special &= special - 1;
            let value = *self.values.get(first + hole).ok_or(Odd)?;
            let plan = self.plans.get(plan).ok_or(Odd)?;
            if !values::is_sound(data, value, plan, hole) {
                return Err(Odd);
            }
            if value.kind == values::STREAM && value.bytes > 0 {
                let start = index(value.at);
                let end = start + usize::from(value.bytes);
                let inner = self.stream(data, start, end, depth + 1)?;
                if let Some(value) = self.values.get_mut(first + hole) {
                    value.at = offset(inner);
                }
            }
        }
        Ok(())
    }

    /// The plan of the definition at an offset.
    fn definition(&mut self, data: &[u8], definition: usize) -> Sure<usize> {
        match self.definitions.get(definition).copied().ok_or(Odd)? {
            ODD => Err(Odd),
            UNREAD => self.define(data, definition),
            known => Ok(usize::from(known) - 1),
        }
    }

    fn define(&mut self, data: &[u8], definition: usize) -> Sure<usize> {
        let plan = self.read_definition(data, definition);
        let index = self.plans.len();
        let known = u16::try_from(index + 1).ok().filter(|_| index < DEFINITIONS);
        if let Some(entry) = self.definitions.get_mut(definition) {
            *entry = known.filter(|_| plan.is_ok()).unwrap_or(ODD);
            self.defined.push(definition);
        }
        self.plans.push(plan?);
        known.map(|_| index).ok_or(Odd)
    }

    fn read_definition(&mut self, data: &[u8], definition: usize) -> Sure<Plan> {
        let mut cursor = Cursor::new(data, definition);
        cursor.skip(20)?;
        let size = index(cursor.u32()?);
        let start = cursor.at();
        cursor.skip(size)?;
        let mut plan = plan::read(data, start, size, true, &mut self.known, &mut self.steps)?;
        if plan.root == Known::Event {
            plan.system = Some(self.system(data, &mut plan)?);
        }
        Ok(plan)
    }
}
