//! What fields are made of, kept from record to record: their names, and room for their texts.

use std::sync::Arc;

use super::super::{Odd, Sure};
use crate::event::Event;

/// Field names, made once for each place in a definition.
#[derive(Debug, Default)]
pub(crate) struct FieldNames {
    /// Names of elements, and texts of their attribute `Name`, by step.
    pub(super) plain: Vec<Option<Arc<str>>>,
    /// `element@attribute`, by step.
    pub(super) joined: Vec<Option<Arc<str>>>,
    positions: Vec<Arc<str>>,
}

impl FieldNames {
    /// Forgets the names of steps from there on.
    pub(crate) fn truncate(&mut self, steps: usize) {
        self.plain.truncate(steps);
        self.joined.truncate(steps);
    }

    /// `param3`.
    pub(super) fn position(&mut self, number: usize) -> Arc<str> {
        while self.positions.len() < number {
            self.positions.push(format!("param{}", self.positions.len() + 1).into());
        }
        let place = number.checked_sub(1);
        place.and_then(|place| self.positions.get(place)).cloned().unwrap_or_default()
    }
}

/// The name at a step, made when it is asked for the first time.
pub(super) fn once(
    names: &mut Vec<Option<Arc<str>>>,
    step: usize,
    make: impl FnOnce() -> Sure<Arc<str>>,
) -> Sure<Arc<str>> {
    if names.len() <= step {
        names.resize(step + 1, None);
    }
    let known = names.get_mut(step).ok_or(Odd)?;
    if let Some(name) = known {
        return Ok(Arc::clone(name));
    }
    let name = make()?;
    *known = Some(Arc::clone(&name));
    Ok(name)
}

/// Room of events that are done with, for the next ones.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    texts: Vec<String>,
    pub(super) fields: Vec<(Arc<str>, String)>,
}

impl Spare {
    /// Texts that are kept for the next event, and how much room they have at least and at most.
    const TEXTS: usize = 64;
    const LEAST: usize = 64;
    const MOST: usize = 1024;

    /// Takes the fields of an event.
    pub(crate) fn give(&mut self, mut event: Event) {
        let room = Self::TEXTS.saturating_sub(self.texts.len());
        let fits = |text: &String| (Self::LEAST..=Self::MOST).contains(&text.capacity());
        let texts = event.data.drain(..).map(|(_, text)| text).filter(fits).take(room);
        self.texts.extend(texts.map(|mut text| {
            text.clear();
            text
        }));
        self.fields = event.data;
    }

    pub(super) fn text(&mut self) -> String {
        // Most texts have room in it, and none has to grow twice.
        self.texts.pop().unwrap_or_else(|| String::with_capacity(Self::LEAST))
    }
}
