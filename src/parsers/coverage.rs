//! Which logs of which machines a source covers, and from when to when.

mod numbers;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::numbers::{Gap, RecordNumbers};
use super::{CoverageSpan, Sink};
use chrono::{DateTime, Utc};

use crate::event::{Event, Position, SourceId};

/// Counts the lines of a log whose records have no numbers and name no computer.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    ends: Option<(DateTime<Utc>, DateTime<Utc>)>,
    records: u64,
}

impl Lines {
    /// Counts one line.
    pub(crate) fn add(&mut self, time: DateTime<Utc>) {
        let (first, last) = self.ends.unwrap_or((time, time));
        self.ends = Some((first.min(time), last.max(time)));
        self.records += 1;
    }

    /// Hands over what was counted, as the log of this name.
    pub(crate) fn finish(self, source: SourceId, log: &str, sink: &mut dyn Sink) {
        let Some((first, last)) = self.ends else { return };
        sink.coverage(CoverageSpan {
            source,
            channel: log.into(),
            computer: "".into(),
            first,
            last,
            records: self.records,
            numbers: Arc::default(),
        });
    }
}

/// Counts the records of one source, wanted or not, by channel and computer.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    spans: BTreeMap<(Arc<str>, Arc<str>), CoverageSpan>,
}

impl Coverage {
    /// Counts one record. Those without a believable time say nothing about what a log covers and are left out.
    pub(crate) fn add(&mut self, event: &Event) {
        let Some(time) = event.time.clock() else { return };
        let id = match event.origin.position {
            Position::Record(id) => id,
            _ => 0,
        };
        self.absorb(CoverageSpan {
            source: event.origin.source,
            channel: event.channel.clone().unwrap_or_default(),
            computer: event.computer.clone().unwrap_or_default(),
            first: time,
            last: time,
            records: 1,
            numbers: Arc::new(RecordNumbers::of([id..=id])),
        });
    }

    /// Counts records that were counted elsewhere.
    pub(crate) fn absorb(&mut self, span: CoverageSpan) {
        self.spans
            .entry((Arc::clone(&span.channel), Arc::clone(&span.computer)))
            .and_modify(|known| known.absorb(&span))
            .or_insert(span);
    }

    /// The spans, in order of channel and computer.
    pub(crate) fn into_spans(self) -> impl Iterator<Item = CoverageSpan> {
        self.spans.into_values()
    }

    /// Hands the spans over, in order of channel and computer.
    pub(crate) fn finish(self, sink: &mut dyn Sink) {
        self.into_spans().for_each(|span| sink.coverage(span));
    }
}
