//! From element to element, through templates and the streams that are embedded in them.

use std::ops::Range;

use super::super::cursor::index;
use super::super::names::Known;
use super::super::plan::{NO_DEPENDENCY, Piece, Step};
use super::super::values::Value;
use super::super::{Odd, Sure};
use super::Decoder;

/// Elements inside elements of one record, over all its streams; more is left to the crate.
const DEPTH: usize = 48;

/// Elements and kilobytes of text that one record may have; templates that use a value again and again could have
/// any number. More is left to the crate, which has a limit of its own.
const BUDGET: usize = 20_000;

/// An element: its step, in the instance it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Place<'r> {
    pub(super) values: &'r [Value],
    pub(super) step: usize,
    pub(super) close: usize,
    pub(super) known: Known,
    pub(super) name: u32,
    /// Whether it is the outermost element of its stream, which nothing leaves out or repeats.
    pub(super) is_root: bool,
}

impl<'r> Decoder<'r, '_> {
    /// The root of an instance.
    pub(super) fn scope(&self, instance: usize) -> Sure<Place<'r>> {
        let instance = self.parts.instances.get(instance).ok_or(Odd)?;
        let plan = self.parts.plans.get(instance.plan).ok_or(Odd)?;
        let end = instance.first + instance.count;
        let values = self.parts.values.get(instance.first..end).ok_or(Odd)?;
        let place = self.place(plan.first, values, true)?;
        place.ok_or(Odd)
    }

    /// The element opened by a step, unless it is left out.
    pub(super) fn place(
        &self,
        step: usize,
        values: &'r [Value],
        is_root: bool,
    ) -> Sure<Option<Place<'r>>> {
        let Some(Step::Open { known, name, dependency, close }) = self.parts.steps.get(step) else {
            return Err(Odd);
        };
        let depends = !is_root && *dependency != NO_DEPENDENCY;
        let value = values.get(usize::from(*dependency));
        if depends && value.is_some_and(|value| value.is_null()) {
            return Ok(None);
        }
        let close = index(*close);
        Ok(Some(Place { values, step, close, known: *known, name: *name, is_root }))
    }

    pub(super) fn enter(&mut self) -> Sure<()> {
        self.depth += 1;
        self.spend(1)?;
        if self.depth > DEPTH { Err(Odd) } else { Ok(()) }
    }

    pub(super) fn spend(&mut self, work: usize) -> Sure<()> {
        self.spent += work;
        if self.spent > BUDGET { Err(Odd) } else { Ok(()) }
    }

    /// The attributes of an element that are there, with their steps.
    pub(super) fn attributes(
        &self,
        place: &Place<'r>,
    ) -> impl Iterator<Item = (usize, Known, u32, Piece)> + use<'r> {
        let steps = self.parts.steps.get(place.step + 1..place.close).unwrap_or_default();
        (place.step + 1..).zip(steps).map_while(|(at, step)| match *step {
            Step::Attr { known, name, value } => Some((at, known, name, value)),
            _ => None,
        })
    }

    /// The value that an element is filled by, when there is nothing else in it.
    pub(super) fn only(&self, place: &Place<'r>) -> Option<&'r Value> {
        let [rest @ .., Step::Content(Piece::Hole(hole))] =
            self.parts.steps.get(place.step + 1..place.close)?
        else {
            return None;
        };
        let is_attribute = |step: &Step| matches!(step, Step::Attr { .. });
        rest.iter().all(is_attribute).then(|| place.values.get(usize::from(*hole)))?
    }

    pub(super) fn content(&self, place: &Place<'r>) -> Range<usize> {
        let steps = self.parts.steps.get(place.step + 1..place.close).unwrap_or_default();
        let attributes = steps.iter().take_while(|step| matches!(step, Step::Attr { .. })).count();
        place.step + 1 + attributes..place.close
    }

    /// Visits the elements in an element, those of embedded streams too. Text between elements means nothing.
    pub(super) fn each_child(
        &mut self,
        place: &Place<'r>,
        mut visit: impl FnMut(&mut Self, Place<'r>) -> Sure<()>,
    ) -> Sure<()> {
        self.enter()?;
        let mut content = self.content(place);
        while let Some(at) = content.next() {
            let child = match self.parts.steps.get(at).ok_or(Odd)? {
                Step::Open { close, .. } => {
                    content.start = index(*close) + 1;
                    self.place(at, place.values, false)?
                }
                Step::Content(Piece::Hole(hole)) => self.embedded(place.values, *hole)?,
                _ => None,
            };
            if let Some(child) = child {
                visit(self, child)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// The root of the stream in a hole, if there is one.
    pub(super) fn embedded(&self, values: &'r [Value], hole: u16) -> Sure<Option<Place<'r>>> {
        let stream = values.get(usize::from(hole)).and_then(|value| value.stream());
        stream.map(|instance| self.scope(instance)).transpose()
    }
}
