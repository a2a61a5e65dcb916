//! What the records of one chunk cover, wanted or not.

use std::sync::Arc;

use super::binxml::intern::{Interned, TextId};
use super::binxml::system::Head;
use crate::event::SourceId;
use crate::parsers::{CoverageSpan, RecordNumbers};

/// Records of one channel and computer in one chunk.
#[derive(Debug)]
struct Span {
    channel: TextId,
    computer: TextId,
    /// In ticks, as the last.
    first: u64,
    last: u64,
    records: u64,
    numbers: RecordNumbers,
}

/// The spans of one chunk.
#[derive(Debug, Default)]
pub(super) struct Spans {
    list: Vec<Span>,
}

impl Spans {
    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    /// Counts a record. Those without a believable time say nothing about what a log covers.
    pub(super) fn count(&mut self, head: &Head) {
        let Some(time) = head.time else { return };
        let same = |span: &Span| span.channel == head.channel && span.computer == head.computer;
        let place = match self.list.last() {
            Some(last) if same(last) => Some(self.list.len() - 1),
            _ => self.list.iter().position(same),
        };
        match place.and_then(|place| self.list.get_mut(place)) {
            Some(span) => {
                span.first = span.first.min(time);
                span.last = span.last.max(time);
                span.records += 1;
                span.numbers.add(head.record_id);
            }
            None => self.list.push(Span {
                channel: head.channel,
                computer: head.computer,
                first: time,
                last: time,
                records: 1,
                numbers: RecordNumbers::of([head.record_id..=head.record_id]),
            }),
        }
    }

    pub(super) fn coverage(&self, source: SourceId, interned: &Interned) -> Vec<CoverageSpan> {
        let shown = |span: &Span| {
            Some(CoverageSpan {
                source,
                channel: interned.get(span.channel)?.clone(),
                computer: interned.get(span.computer)?.clone(),
                first: Head::instant(span.first)?,
                last: Head::instant(span.last)?,
                records: span.records,
                numbers: Arc::new(span.numbers.clone()),
            })
        };
        self.list.iter().filter_map(shown).collect()
    }
}
