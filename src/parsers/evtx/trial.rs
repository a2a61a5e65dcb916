//! Both ways through a log, side by side: for the differential tests and the benches of this crate, and nobody else.

use super::{Share, Way, parse};
use crate::event::{Event, Passing, SourceId};
use crate::notice::Notice;
use crate::parsers::{CoverageSpan, Interest, Kept, Sink};
use crate::source::Source;

/// Everything a log gave, in order.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The wanted records.
    pub events: Vec<Event>,
    /// What all records cover.
    pub coverage: Vec<CoverageSpan>,
    /// What could not be read.
    pub notices: Vec<Notice>,
    /// Records that our own reader left to the crate.
    pub left_records: usize,
    /// Chunks that our own reader left to the crate.
    pub left_chunks: usize,
}

/// Reads a log as the program does.
#[must_use]
pub fn own(bytes: &[u8], interest: Interest) -> Outcome {
    run(&Source::from_bytes(SourceId(0), "log", bytes), interest, Way::Own)
}

/// Reads a log by way of the crate only.
#[must_use]
pub fn reference(bytes: &[u8], interest: Interest) -> Outcome {
    run(&Source::from_bytes(SourceId(0), "log", bytes), interest, Way::Crate)
}

/// Reads a source as the program does.
#[must_use]
pub fn own_source(source: &Source, interest: Interest) -> Outcome {
    run(source, interest, Way::Own)
}

/// Looks at every record of a log in place, without copies and checksums; how many there are.
#[must_use]
pub fn look(log: &[u8]) -> u64 {
    let mut reader = super::fast::Reader::default();
    let nobody = Collector { interest: Interest::default(), outcome: Outcome::default() };
    let chunks = log.get(super::header::BYTES..).unwrap_or_default().chunks_exact(super::CHUNK);
    let found = chunks.filter_map(|chunk| {
        chunk.starts_with(super::chunk::MAGIC).then(|| reader.read(SourceId(0), chunk, &nobody))?
    });
    found.map(|found| found.records).sum()
}

fn run(source: &Source, interest: Interest, way: Way) -> Outcome {
    let mut collector = Collector { interest, outcome: Outcome::default() };
    let Share { records, chunks } = parse(source, way, &mut collector);
    Outcome { left_records: records, left_chunks: chunks, ..collector.outcome }
}

struct Collector {
    interest: Interest,
    outcome: Outcome,
}

impl Sink for Collector {
    fn interest(&self) -> &Interest {
        &self.interest
    }

    fn event(&mut self, event: Event) {
        self.outcome.events.push(event);
    }

    fn sifts_again(&self) -> bool {
        true
    }

    fn sift_again(&self, like: &Kept, passing: Passing) -> Option<Kept> {
        Some(Box::new(like.downcast_ref::<Event>()?.again(passing)))
    }

    fn coverage(&mut self, span: CoverageSpan) {
        self.outcome.coverage.push(span);
    }

    fn notice(&mut self, notice: Notice) {
        self.outcome.notices.push(notice);
    }
}
