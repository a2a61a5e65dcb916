//! Which signatures can fit an event, by provider and event id.

use std::collections::BTreeMap;

use super::{Signature, SignatureId};
use crate::event::{Event, TEXT_PROVIDERS};
use crate::parsers::Interest;

/// Event id (`None` for text logs) → providers in lower case → signatures. An empty provider stands for any.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_id: BTreeMap<Option<u32>, Vec<Row>>,
    /// Of those without an id the ones that a record may fit, which has one: a user's rule may name a provider only.
    of_records: Vec<Row>,
}

type Row = (Box<str>, Vec<SignatureId>);

impl Index {
    pub(super) fn new(signatures: &[Signature]) -> Self {
        let mut index = Self::default();
        for (number, signature) in (0u32..).zip(signatures) {
            for id in some_or_none(&signature.event_ids) {
                for provider in some_or_none(&signature.providers) {
                    index.add(
                        id.copied(),
                        provider.map_or("", String::as_str),
                        SignatureId(number),
                    );
                }
            }
        }
        let without_id = index.by_id.get(&None).into_iter().flatten();
        let of_text =
            |name: &str| TEXT_PROVIDERS.iter().any(|known| known.eq_ignore_ascii_case(name));
        index.of_records = without_id.filter(|(provider, _)| !of_text(provider)).cloned().collect();
        index
    }

    fn add(&mut self, id: Option<u32>, provider: &str, signature: SignatureId) {
        let rows = self.by_id.entry(id).or_default();
        match rows.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(provider)) {
            Some((_, signatures)) if signatures.contains(&signature) => {}
            Some((_, signatures)) => signatures.push(signature),
            None => rows.push((provider.into(), vec![signature])),
        }
    }

    pub(super) fn candidates<'i>(
        &'i self,
        event: &'i Event,
    ) -> impl Iterator<Item = SignatureId> + 'i {
        let of_its_id = self.by_id.get(&event.event_id).map_or(&[][..], Vec::as_slice);
        let without_id = if event.event_id.is_some() { self.of_records.as_slice() } else { &[] };
        of_its_id
            .iter()
            .chain(without_id)
            .filter(|(provider, _)| provider.is_empty() || event.is_from(provider))
            .flat_map(|(_, signatures)| signatures.iter().copied())
    }

    pub(super) fn add_interest(&self, interest: &mut Interest) {
        for (id, rows) in &self.by_id {
            for (provider, _) in rows {
                interest.add(provider, *id);
            }
        }
    }
}

/// The items, or one `None` when there are none.
fn some_or_none<T>(items: &[T]) -> Vec<Option<&T>> {
    if items.is_empty() { vec![None] } else { items.iter().map(Some).collect() }
}
