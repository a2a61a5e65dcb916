//! Records of one chunk that say the same at another time: a flood is one record again and again. What was made of the
//! first of them holds for the others, so they need not be decoded.

use super::binxml::payload::Instance;
use super::binxml::plan::Plan;
use super::binxml::values::{self, Value};

/// Records that are remembered in one chunk.
const KEPT: usize = 16;

/// What became of a record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// The sink kept nothing.
    Nothing,
    /// What it kept stands at this place among the events of the chunk.
    Kept(usize),
}

/// Records that were decoded last.
#[derive(Debug, Default)]
pub(super) struct Alike {
    rows: Vec<Row>,
    used: usize,
    /// The row that is given up next.
    next: usize,
}

#[derive(Debug, Default)]
struct Row {
    instances: Vec<Instance>,
    values: Vec<Value>,
    outcome: Option<Outcome>,
}

/// A record that was read, not decoded.
#[derive(Clone, Copy)]
pub(super) struct Shape<'r> {
    pub(super) data: &'r [u8],
    pub(super) plans: &'r [Plan],
    pub(super) instances: &'r [Instance],
    pub(super) values: &'r [Value],
    /// Holes of the first instance that say when and by whom it was written, see
    /// [`System::passing`](super::binxml::system::System::passing).
    pub(super) passing: u128,
}

impl Alike {
    /// Another chunk begins.
    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.next = 0;
    }

    /// The place of a record that says the same, and what became of it.
    pub(super) fn find(&self, shape: &Shape<'_>) -> Option<(usize, Outcome)> {
        let known = self.rows.get(..self.used)?;
        let place = known.iter().position(|row| row.is_like(shape))?;
        Some((place, known.get(place)?.outcome?))
    }

    /// Remembers a record, in the place of the one that was found for it.
    pub(super) fn remember(&mut self, shape: &Shape<'_>, found: Option<usize>, outcome: Outcome) {
        // Streams without a template are no two times the same.
        let passes =
            |instance: &Instance| shape.plans.get(instance.plan).is_none_or(|plan| plan.passing);
        if shape.instances.iter().any(passes) {
            return;
        }
        let place = found.unwrap_or(self.next);
        if self.rows.len() <= place {
            self.rows.push(Row::default());
        }
        let Some(row) = self.rows.get_mut(place) else { return };
        row.instances.clear();
        row.instances.extend_from_slice(shape.instances);
        row.values.clear();
        row.values.extend_from_slice(shape.values);
        row.outcome = Some(outcome);
        self.used = self.used.max(place + 1);
        if found.is_none() {
            self.next = (self.next + 1) % KEPT;
        }
    }
}

impl Row {
    fn is_like(&self, shape: &Shape<'_>) -> bool {
        let same_plan = |(mine, other): (&Instance, &Instance)| {
            (mine.plan, mine.first, mine.count) == (other.plan, other.first, other.count)
        };
        let pairs = || self.values.iter().zip(shape.values);
        let same_form =
            |(mine, other): (&Value, &Value)| mine.kind == other.kind && mine.bytes == other.bytes;
        let same_value = |(place, (mine, other)): (usize, (&Value, &Value))| {
            let may_differ = place < 128 && shape.passing >> place & 1 == 1 && other.is_passing();
            // Those of a stream are among the values behind.
            may_differ || mine.kind == values::STREAM || {
                mine.stored(shape.data).is_ok_and(|mine| other.stored(shape.data) == Ok(mine))
            }
        };
        self.instances.len() == shape.instances.len()
            && self.values.len() == shape.values.len()
            && self.instances.iter().zip(shape.instances).all(same_plan)
            && pairs().all(same_form)
            && pairs().enumerate().all(same_value)
    }
}
