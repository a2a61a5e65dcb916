//! Who wants which kinds of records: asked once a kind, for few kinds make up most of a log.

use super::binxml::cursor::index;
use super::binxml::intern::{Interned, TextId};
use super::binxml::system::Head;
use crate::parsers::Sink;

/// Provider, alias and id of a record.
type Ask = (TextId, TextId, u32);

/// Answers of [`Interest::wants`](crate::parsers::Interest::wants) that are kept.
const ASKED: usize = 256;

/// The answers that are known.
#[derive(Debug)]
pub(super) struct Answers {
    asked: Vec<Option<(Ask, bool)>>,
}

impl Default for Answers {
    fn default() -> Self {
        Self { asked: vec![None; ASKED] }
    }
}

impl Answers {
    pub(super) fn clear(&mut self) {
        self.asked.fill(None);
    }

    /// Whether somebody wants such a record.
    pub(super) fn wants(&mut self, head: &Head, sink: &dyn Sink, interned: &Interned) -> bool {
        let id = head.event_id.unwrap_or_default();
        let ask = (head.provider, head.event_source, id);
        let place = index(id ^ head.provider.wrapping_mul(31)) % ASKED;
        if let Some(Some((known, answer))) = self.asked.get(place)
            && *known == ask
        {
            return *answer;
        }
        let text = |id| interned.get(id).map_or("", AsRef::as_ref);
        let alias = text(head.event_source);
        let answer =
            sink.interest().wants(text(head.provider), (!alias.is_empty()).then_some(alias), id);
        if let Some(entry) = self.asked.get_mut(place) {
            *entry = Some((ask, answer));
        }
        answer
    }
}
