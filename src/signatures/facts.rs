//! An event while rules are tried on it. A flood of failed logons meets a dozen rules that ask for the same fields: what
//! one of them has looked up, the next one need not.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use smallvec::SmallVec;

use super::value::Value;
use crate::event::{Event, same_name};

/// An event, with what has been asked of it.
pub(super) struct Facts<'e> {
    pub(super) event: &'e Event,
    pub(super) provider: Value<'e>,
    /// Its classic alias.
    pub(super) alias: Option<Value<'e>>,
    fields: SmallVec<[Field<'e>; 6]>,
}

/// A field of the event's data.
pub(super) struct Field<'e> {
    name: FieldName,
    /// The first value of this name.
    pub(super) first: Option<Value<'e>>,
    /// Whether there are more.
    pub(super) repeats: bool,
}

impl<'e> Facts<'e> {
    pub(super) fn new(event: &'e Event) -> Self {
        Self {
            event,
            provider: Value::new(&event.provider),
            alias: event.event_source.as_deref().map(Value::new),
            fields: SmallVec::new(),
        }
    }

    /// A field by its name, which is also given as text.
    pub(super) fn field(&mut self, name: FieldName, text: &str) -> Option<&Field<'e>> {
        let known = self.fields.iter().position(|field| field.name == name);
        let place = known.unwrap_or_else(|| {
            let mut values = all_of(self.event, text);
            let first = values.next().map(Value::new);
            let repeats = values.next().is_some();
            self.fields.push(Field { name, first, repeats });
            self.fields.len() - 1
        });
        self.fields.get(place)
    }
}

/// All values of this name, in order.
pub(super) fn all_of<'e>(event: &'e Event, name: &str) -> impl Iterator<Item = &'e str> {
    let named = event.data.iter().filter(move |(key, _)| same_name(key, name));
    named.map(|(_, value)| value.as_str())
}

/// The name of a field as a number: rules name the same few again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldName(usize);

impl FieldName {
    pub(super) fn of(text: &str) -> Self {
        static NAMES: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let next = names.len();
        Self(*names.entry(text.to_owned()).or_insert(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Origin, Position, SourceId, Timestamp};

    #[test]
    fn a_field_is_looked_up_once_and_says_whether_its_name_repeats() {
        let origin = Origin { source: SourceId(0), position: Position::Whole };
        let event = Event::text("LsaSrv", Timestamp::Undated, origin);
        let event = event.with("Error Code", "0x5").with("Status", "1").with("status", "2");
        let mut facts = Facts::new(&event);
        for _ in 0..2 {
            let mut told = |name: &str| {
                let field = facts.field(FieldName::of(name), name).unwrap();
                (field.first.as_ref().map(|value| value.text), field.repeats)
            };
            assert_eq!(told("ErrorCode"), (Some("0x5"), false));
            assert_eq!(told("Status"), (Some("1"), true));
            assert_eq!(told("SubStatus"), (None, false));
        }
        assert_eq!(facts.fields.len(), 3);
        assert_eq!(all_of(&event, "Status").collect::<Vec<_>>(), ["1", "2"]);
    }
}
