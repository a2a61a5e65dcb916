//! Records by way of the `evtx` crate: rendered as XML, and read from that. Slow and sure; our own reader is measured
//! against it, and leaves to it what is odd or damaged.

use std::sync::{Arc, LazyLock};

use evtx::{EvtxChunkData, ParserSettings};

use crate::event::{Event, Origin, Position, SourceId};
use crate::notice::Notice;
use crate::parsers::coverage::Coverage;
use crate::parsers::event_xml;
use crate::parsers::{CoverageSpan, Interest, Sink};

/// The crate writes its own warnings; we count and tell the losses ourselves.
static SETTINGS: LazyLock<Arc<ParserSettings>> = LazyLock::new(|| {
    Arc::new(ParserSettings::new().num_threads(1).indent(false).validate_checksums(false))
});

/// Records read and records that could not be.
#[derive(Debug, Default, Clone)]
pub(super) struct Read {
    pub(super) records: u64,
    pub(super) failed: u64,
    pub(super) first_error: Option<String>,
}

/// Reads those records of a chunk of which `asked` says so, by the offset of their content, with which events come.
pub(super) fn read(
    source: SourceId,
    bytes: &[u8],
    asked: &dyn Fn(u64) -> bool,
    interest: &Interest,
    coverage: &mut Coverage,
) -> Result<(Read, Vec<(u64, Event)>), String> {
    let mut data = EvtxChunkData::new(bytes.to_vec(), false).map_err(|error| error.to_string())?;
    let mut chunk = data.parse(Arc::clone(&SETTINGS)).map_err(|error| error.to_string())?;
    let mut read = Read::default();
    let mut events = Vec::new();
    for record in chunk.iter() {
        if record.as_ref().is_ok_and(|record| !asked(record.binxml_offset)) {
            continue;
        }
        let offset = record.as_ref().map_or(0, |record| record.binxml_offset);
        let outcome =
            record.and_then(evtx::EvtxRecord::into_xml).map_err(|error| error.to_string());
        let outcome = outcome.and_then(|record| {
            let at = Origin { source, position: Position::Record(record.event_record_id) };
            let mut capture = Capture { interest, event: None };
            let fed = event_xml::feed(&record.data, at, coverage, &mut capture);
            fed.then_some(capture.event).ok_or_else(|| "it is no event".to_owned())
        });
        match outcome {
            Ok(event) => {
                read.records += 1;
                events.extend(event.map(|event| (offset, event)));
            }
            Err(error) => {
                read.failed += 1;
                read.first_error.get_or_insert(error);
            }
        }
    }
    Ok((read, events))
}

/// Takes the event of one record, if it is wanted.
struct Capture<'c> {
    interest: &'c Interest,
    event: Option<Event>,
}

impl Sink for Capture<'_> {
    fn interest(&self) -> &Interest {
        self.interest
    }

    fn event(&mut self, event: Event) {
        self.event = Some(event);
    }

    fn coverage(&mut self, _: CoverageSpan) {}

    fn notice(&mut self, _: Notice) {}
}
