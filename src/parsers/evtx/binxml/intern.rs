//! Providers, channels, computers and users: few, and the same in record after record.

use std::sync::Arc;

use super::{Sure, text};

/// Texts beyond this are forgotten before the next chunk; a log of forwarded events may name many machines.
const KEPT: usize = 512;

/// Users that are kept.
const USERS: usize = 16;

/// The index of a text in [`Interned`]. 0 is the empty text.
pub(crate) type TextId = u32;

/// Texts by the UTF-16 bytes they were stored as, without blanks around them.
#[derive(Debug)]
pub(crate) struct Interned {
    texts: Vec<(Box<[u8]>, Arc<str>)>,
    /// What was asked for last, by role: most records say the same as the one before.
    last: [TextId; 4],
    /// Security identifiers by their bytes.
    users: Vec<(Box<[u8]>, Arc<str>)>,
}

impl Default for Interned {
    fn default() -> Self {
        Self { texts: vec![(Box::default(), Arc::from(""))], last: [0; 4], users: Vec::new() }
    }
}

impl Interned {
    /// Forgets when there is too much; whether it did, and indexes from before are void.
    pub(crate) fn tidy(&mut self) -> bool {
        let full = self.texts.len() > KEPT;
        if full {
            *self = Self::default();
        }
        full
    }

    pub(crate) fn get(&self, id: TextId) -> Option<&Arc<str>> {
        self.texts.get(index(id)).map(|(_, text)| text)
    }

    /// The text; none when it is empty.
    pub(crate) fn some(&self, id: TextId) -> Option<Arc<str>> {
        self.get(id).filter(|text| !text.is_empty()).cloned()
    }

    pub(crate) fn id(&mut self, stored: &[u8], role: usize) -> TextId {
        let last = self.last.get(role).copied().unwrap_or_default();
        if self.is(last, stored) {
            return last;
        }
        let known = self.texts.iter().position(|(bytes, _)| **bytes == *stored);
        let place = known.unwrap_or_else(|| {
            let mut text = String::new();
            text::utf16(stored, &mut text);
            self.texts.push((stored.into(), text.trim().into()));
            self.texts.len() - 1
        });
        let id = TextId::try_from(place).unwrap_or_default();
        if let Some(last) = self.last.get_mut(role) {
            *last = id;
        }
        id
    }

    /// A security identifier as text, which is made for the first record that has it.
    pub(crate) fn user(
        &mut self,
        stored: &[u8],
        make: impl FnOnce() -> Sure<Arc<str>>,
    ) -> Sure<Arc<str>> {
        if let Some((_, user)) = self.users.iter().find(|(bytes, _)| **bytes == *stored) {
            return Ok(Arc::clone(user));
        }
        let user = make()?;
        if self.users.len() >= USERS {
            self.users.clear();
        }
        self.users.push((stored.into(), Arc::clone(&user)));
        Ok(user)
    }

    fn is(&self, id: TextId, stored: &[u8]) -> bool {
        self.texts.get(index(id)).is_some_and(|(bytes, _)| **bytes == *stored)
    }
}

fn index(id: TextId) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}
