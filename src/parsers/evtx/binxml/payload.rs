//! `EventData` and `UserData` of a record that is wanted, in the same terms as
//! [`event_xml`](crate::parsers::event_xml), which reads them from XML.

mod elements;
mod fields;

use std::sync::Arc;

use self::elements::Place;
use self::fields::once;
pub(crate) use self::fields::{FieldNames, Spare};
use super::cursor::{Cursor, index};
use super::names::{self, Known};
use super::plan::{Piece, Plan, Step};
use super::values::{self, Value};
use super::{Odd, Sure, text};
use crate::bundle::limits;
use crate::event::Event;
use crate::parsers::event_xml::{binary, strings};

/// An instance of a template, or a stream without one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance {
    /// Index of its plan.
    pub(crate) plan: usize,
    /// Its values among those of the record.
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// What was read of the chunk and of the record.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'r> {
    pub(crate) data: &'r [u8],
    pub(crate) steps: &'r [Step],
    pub(crate) plans: &'r [Plan],
    pub(crate) instances: &'r [Instance],
    pub(crate) values: &'r [Value],
}

/// Adds the data of a record to its event.
pub(crate) fn decode(
    parts: Parts<'_>,
    names: &mut FieldNames,
    spare: &mut Spare,
    event: &mut Event,
) -> Sure<()> {
    event.data = std::mem::take(&mut spare.fields);
    let mut decoder = Decoder { parts, names, spare, event, unnamed: 0, depth: 0, spent: 0 };
    let at = decoder.scope(0)?;
    decoder.each_child(&at, |decoder, child| decoder.section(child))
}

struct Decoder<'r, 'o> {
    parts: Parts<'r>,
    names: &'o mut FieldNames,
    spare: &'o mut Spare,
    event: &'o mut Event,
    /// `Data` elements without a name so far.
    unnamed: usize,
    depth: usize,
    spent: usize,
}

impl<'r> Decoder<'r, '_> {
    /// A child of `Event`.
    fn section(&mut self, place: Place<'r>) -> Sure<()> {
        match place.known {
            Known::System if !place.is_root => Ok(()),
            // A second one, by way of a stream.
            Known::System => Err(Odd),
            Known::EventData => {
                if let Some((_, name)) = self.name_attribute(&place)? {
                    self.push("EventData".into(), name)?;
                }
                self.each_child(&place, |decoder, child| decoder.data(&child))
            }
            Known::UserData => {
                self.each_child(&place, |decoder, child| decoder.user_data(&child, true))
            }
            _ => Ok(()),
        }
    }

    /// The attribute `Name`, when it is not empty: its step and text.
    fn name_attribute(&self, place: &Place<'r>) -> Sure<Option<(usize, String)>> {
        for (at, known, _, piece) in self.attributes(place) {
            if known == Known::Name {
                let mut text = String::new();
                self.scalar(place.values, piece, &mut text)?;
                // An empty attribute is not written, and another one may follow.
                if !text.is_empty() {
                    return Ok(Some((at, text)));
                }
            }
        }
        Ok(None)
    }

    /// A child of `EventData`.
    fn data(&mut self, place: &Place<'r>) -> Sure<()> {
        let name = self.data_name(place)?;
        if let Some(texts) = self.repeated(place)? {
            for text in texts {
                let (name, unnamed) = self.named(name.as_ref());
                self.value(name, unnamed, text)?;
            }
            return Ok(());
        }
        let (name, unnamed) = self.named(name.as_ref());
        let mut text = self.spare.text();
        self.collect(place, &mut text)?;
        if name.as_ref() == "Binary" && self.is_hex(place) {
            return if text.is_empty() { Ok(()) } else { self.push(name, text) };
        }
        self.value(name, unnamed, text)
    }

    /// The name of a child of `EventData`; `None` when it is told by its position.
    fn data_name(&mut self, place: &Place<'r>) -> Sure<Option<Arc<str>>> {
        let mut attributes = self.attributes(place).filter(|(_, known, ..)| *known == Known::Name);
        match (attributes.next(), attributes.next()) {
            // One text in the template: the same in all records.
            (Some((at, _, _, piece @ Piece::Text { .. })), None) => {
                let (parts, values) = (self.parts, place.values);
                let name = once(&mut self.names.plain, at, || {
                    let mut text = String::new();
                    scalar(parts.data, values, piece, &mut text)?;
                    Ok(text.into())
                })?;
                if !name.is_empty() {
                    return Ok(Some(name));
                }
            }
            (None, _) => {}
            _ => {
                if let Some((_, name)) = self.name_attribute(place)? {
                    return Ok(Some(name.into()));
                }
            }
        }
        if place.known == Known::Data { Ok(None) } else { self.element_name(place).map(Some) }
    }

    /// The name, and whether it is only a position.
    fn named(&mut self, name: Option<&Arc<str>>) -> (Arc<str>, bool) {
        match name {
            Some(name) => (Arc::clone(name), false),
            None => {
                self.unnamed += 1;
                (self.names.position(self.unnamed), true)
            }
        }
    }

    fn element_name(&mut self, place: &Place<'r>) -> Sure<Arc<str>> {
        let data = self.parts.data;
        once(&mut self.names.plain, place.step, || ascii(data, place.name).map(Arc::from))
    }

    /// Whether an element is filled by bytes and nothing else.
    fn is_hex(&self, place: &Place<'r>) -> bool {
        self.only(place).is_some_and(|value| value.kind == values::BINARY)
    }

    fn value(&mut self, name: Arc<str>, unnamed: bool, text: String) -> Sure<()> {
        // A `Name` can call anything `Binary`, and `Binary` anything.
        if name.as_ref() == "Binary" {
            let hex = binary(&text);
            return if hex.is_empty() { Ok(()) } else { self.push(name, hex) };
        }
        let parts = if unnamed { strings(&text) } else { Vec::new() };
        if parts.is_empty() {
            return self.push(name, text);
        }
        self.unnamed -= 1;
        for part in parts {
            self.unnamed += 1;
            let name = self.names.position(self.unnamed);
            self.push(name, part)?;
        }
        Ok(())
    }

    /// The texts of an element that an array repeats.
    fn repeated(&self, place: &Place<'r>) -> Sure<Option<Vec<String>>> {
        let Some(value) = self.only(place).filter(|value| value.kind == values::TEXTS) else {
            return Ok(None);
        };
        if place.is_root {
            return Err(Odd);
        }
        let stored = value.stored(self.parts.data)?;
        let units = stored.as_chunks::<2>().0;
        // Each ends with a NUL, the last one too.
        let texts = units.strip_suffix(&[[0, 0]]).ok_or(Odd)?.split(|unit| *unit == [0, 0]);
        let shown = |units: &[[u8; 2]]| {
            let mut out = String::new();
            text::utf16(units.as_flattened(), &mut out);
            out
        };
        Ok(Some(texts.map(shown).collect()))
    }

    /// All text in an element and in those inside it.
    fn collect(&mut self, place: &Place<'r>, out: &mut String) -> Sure<()> {
        self.enter()?;
        // Most elements are filled by a value and nothing else.
        if let Some(value) = self.only(place).filter(|value| value.stream().is_none()) {
            self.spend(1 + out.len() / 1024)?;
            text::push(self.parts.data, *value, out)?;
            self.depth -= 1;
            return Ok(());
        }
        let mut content = self.content(place);
        while let Some(at) = content.next() {
            let child = match *self.parts.steps.get(at).ok_or(Odd)? {
                Step::Open { close, .. } => {
                    content.start = index(close) + 1;
                    self.place(at, place.values, false)?
                }
                Step::Content(piece) => {
                    let stream = match piece {
                        Piece::Hole(hole) => self.embedded(place.values, hole)?,
                        Piece::Text { .. } => None,
                    };
                    if stream.is_none() {
                        self.spend(1 + out.len() / 1024)?;
                        self.scalar(place.values, piece, out)?;
                    }
                    stream
                }
                _ => return Err(Odd),
            };
            if let Some(child) = child {
                match self.repeated(&child)? {
                    Some(texts) => out.extend(texts),
                    None => self.collect(&child, out)?,
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn scalar(&self, values: &[Value], piece: Piece, out: &mut String) -> Sure<()> {
        scalar(self.parts.data, values, piece, out)
    }

    /// An element of `UserData`: only the innermost ones have values.
    fn user_data(&mut self, place: &Place<'r>, outermost: bool) -> Sure<()> {
        if let Some(texts) = self.repeated(place)? {
            for text in texts {
                let attributes = self.user_start(place, outermost)?;
                self.user_leaf(place, outermost || attributes, text)?;
            }
            return Ok(());
        }
        let attributes = self.user_start(place, outermost)?;
        let mut children = false;
        self.each_child(place, |decoder, child| {
            children = true;
            decoder.user_data(&child, false)
        })?;
        if children {
            return Ok(());
        }
        let mut text = self.spare.text();
        self.collect(place, &mut text)?;
        self.user_leaf(place, outermost || attributes, text)
    }

    /// What the start tag of an element of `UserData` says; whether it has attributes.
    fn user_start(&mut self, place: &Place<'r>, outermost: bool) -> Sure<bool> {
        if outermost {
            let name = self.element_name(place)?;
            self.push("UserData".into(), name.as_ref().to_owned())?;
        }
        let mut some = false;
        for (at, known, name, piece) in self.attributes(place) {
            let mut text = String::new();
            if known != Known::Namespace {
                self.scalar(place.values, piece, &mut text)?;
            }
            if !text.is_empty() {
                let data = self.parts.data;
                let name = once(&mut self.names.joined, at, || {
                    Ok(format!("{}@{}", ascii(data, place.name)?, ascii(data, name)?).into())
                })?;
                self.push(name, text)?;
                some = true;
            }
        }
        Ok(some)
    }

    /// `said`: the element is named already, or its attributes have said what there is to say.
    fn user_leaf(&mut self, place: &Place<'r>, said: bool, text: String) -> Sure<()> {
        if !(said && text.trim().is_empty()) {
            let name = self.element_name(place)?;
            self.push(name, text)?;
        }
        Ok(())
    }

    fn push(&mut self, name: Arc<str>, value: String) -> Sure<()> {
        self.spend(value.len() / 1024)?;
        if self.event.data.len() < limits::EVENT_FIELDS {
            self.event.data.push((name, value));
        }
        Ok(())
    }
}

/// A text of the definition, or a value that is no stream.
fn scalar(data: &[u8], values: &[Value], piece: Piece, out: &mut String) -> Sure<()> {
    match piece {
        Piece::Text { at, bytes } => {
            text::utf16(Cursor::new(data, index(at)).take(index(bytes))?, out);
            Ok(())
        }
        Piece::Hole(hole) => match values.get(usize::from(hole)) {
            Some(value) if value.stream().is_some() => Err(Odd),
            Some(value) => text::push(data, *value, out),
            None => Ok(()),
        },
    }
}

/// A name; those of plans are ASCII.
fn ascii(data: &[u8], name: u32) -> Sure<String> {
    let mut out = String::new();
    text::utf16(names::units(data, name)?, &mut out);
    Ok(out)
}
