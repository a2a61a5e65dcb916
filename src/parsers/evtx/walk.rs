//! The way through a record: instances of templates, what they are made of, and where their values are.

use super::CHUNK;
use super::binxml::cursor::{Cursor, index, offset};
use super::binxml::intern::Interned;
use super::binxml::layout::{self, Layout};
use super::binxml::names::{self, Known, Names, Seen};
use super::binxml::payload::{FieldNames, Instance};
use super::binxml::plan::{self, Plan, Step};
use super::binxml::system::{Head, System};
use super::binxml::values::{self, Value};
use super::binxml::{Odd, Sure};
use super::frame::Frame;

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

/// What is known of a chunk, and of the record that was walked through last.
#[derive(Debug)]
pub(super) struct Walker {
    seen: Seen,
    known: Names,
    pub(super) interned: Interned,
    pub(super) names: FieldNames,
    pub(super) steps: Vec<Step>,
    pub(super) plans: Vec<Plan>,
    pub(super) systems: Vec<System>,
    /// By offset of the definition: index of the plan + 1.
    definitions: Vec<u16>,
    /// The offsets that are in use.
    defined: Vec<usize>,
    pub(super) values: Vec<Value>,
    /// By index of the plan; what they know holds in other chunks too.
    layouts: Vec<Layout>,
    /// Whether all values of the record are placed, not only those it is looked at for.
    pub(super) whole: bool,
    pub(super) instances: Vec<Instance>,
    /// Where the content of the record begins.
    start: usize,
    /// Where its first instance ends; what is behind it, but for one zero, means nothing.
    pub(super) end: usize,
    /// Whether the record would mean the same at another place behind it: its templates are defined before it.
    pub(super) movable: bool,
}

/// How much was known at some moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    steps: usize,
    plans: usize,
    systems: usize,
}

impl Default for Walker {
    fn default() -> Self {
        Self {
            seen: Seen::default(),
            known: Names::default(),
            interned: Interned::default(),
            names: FieldNames::default(),
            steps: Vec::new(),
            plans: Vec::new(),
            systems: Vec::new(),
            definitions: vec![UNREAD; CHUNK],
            defined: Vec::new(),
            values: Vec::new(),
            layouts: Vec::new(),
            whole: false,
            instances: Vec::new(),
            start: 0,
            end: 0,
            movable: false,
        }
    }
}

impl Walker {
    /// Forgets the last chunk; whether the ids of texts from before are void.
    pub(super) fn reset(&mut self) -> bool {
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
        self.interned.tidy()
    }

    /// Whether the lists of names of a chunk are sound, see [`names::lists_are_sound`].
    pub(super) fn names_are_sound(&mut self, data: &[u8]) -> bool {
        names::lists_are_sound(data, &mut self.seen)
    }

    /// How much is known now.
    pub(super) fn mark(&self) -> Mark {
        Mark { steps: self.steps.len(), plans: self.plans.len(), systems: self.systems.len() }
    }

    /// Finds the values of a record; gives the index of its `System`, and what that says.
    pub(super) fn look(&mut self, data: &[u8], frame: &Frame) -> Sure<(usize, Head)> {
        self.values.clear();
        self.instances.clear();
        (self.start, self.movable) = (frame.content, true);
        self.stream(data, frame.content, frame.end - 4, 0)?;
        let root = self.instances.first().ok_or(Odd)?;
        let index = self.plans.get(root.plan).and_then(|plan| plan.system).ok_or(Odd)?;
        let system = self.systems.get(index).ok_or(Odd)?;
        let values = self.values.get(root.first..root.first + root.count).ok_or(Odd)?;
        let head = system.head(data, values, frame.number, &mut self.interned)?;
        Ok((index, head))
    }

    /// What was read of streams without a template ends with the record; definitions stay.
    pub(super) fn forget_passing(&mut self, Mark { steps, plans, systems }: Mark) {
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
        self.movable = false;
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
        self.movable &= definition < self.start;
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
        if depth == 0 {
            self.end = cursor.at();
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
