//! One chunk: 65,536 bytes, decoded for itself. A damaged record costs only itself, a damaged chunk only itself.

use std::sync::{Arc, LazyLock};

use evtx::{EvtxChunkData, ParserSettings};

use super::CHUNK;
use super::header::{array, checksum};
use crate::event::{Event, Origin, Position, SourceId};
use crate::notice::Notice;
use crate::parsers::coverage::Coverage;
use crate::parsers::event_xml;
use crate::parsers::{CoverageSpan, Interest, Sink};

/// First bytes of a chunk.
pub(super) const MAGIC: &[u8] = b"ElfChnk\0";

/// The crate writes its own warnings; we count and tell the losses ourselves.
static SETTINGS: LazyLock<Arc<ParserSettings>> = LazyLock::new(|| {
    Arc::new(ParserSettings::new().num_threads(1).indent(false).validate_checksums(false))
});

/// What became of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Read; with the record numbers its header claims.
    Read { numbers: Option<(u64, u64)> },
    /// Nothing but zeroes: never used, or wiped.
    Zeroes,
    /// Begins like no chunk.
    NoChunk,
    /// Begins like a chunk and cannot be decoded.
    Broken,
}

/// What one chunk gave.
#[derive(Debug)]
pub(super) struct ChunkReport {
    pub(super) state: State,
    pub(super) bytes: usize,
    pub(super) events: Vec<Event>,
    pub(super) coverage: Vec<CoverageSpan>,
    pub(super) notices: Vec<Notice>,
}

/// Decodes a chunk; a short one, from the end of a cut file, is read as far as it goes.
pub(super) fn read_chunk(
    source: SourceId,
    number: usize,
    mut bytes: Vec<u8>,
    interest: &Interest,
) -> ChunkReport {
    let mut report = ChunkReport {
        state: State::NoChunk,
        bytes: bytes.len(),
        events: Vec::new(),
        coverage: Vec::new(),
        notices: Vec::new(),
    };
    if bytes.iter().all(|byte| *byte == 0) {
        report.state = State::Zeroes;
        return report;
    }
    if !bytes.starts_with(MAGIC) {
        return report;
    }
    let whole = bytes.len() == CHUNK;
    bytes.resize(CHUNK, 0);
    let claimed = claimed_numbers(&bytes);
    let checks = if whole { checksum_complaint(&bytes) } else { None };
    match decode(source, bytes, interest, &mut report) {
        Ok(read) => {
            report.state = State::Read { numbers: claimed };
            complain(source, number, claimed, read, whole, checks, &mut report);
        }
        Err(error) => {
            report.state = State::Broken;
            let lost = claimed
                .map_or_else(|| "its records".to_owned(), |(first, last)| about(last - first + 1));
            report.notices.push(
                Notice::new(source, at(number), format!("chunk cannot be decoded: {error}"))
                    .losing(lost),
            );
        }
    }
    report
}

/// `chunk 3`, counted from 0 as other tools do.
pub(super) fn at(number: usize) -> String {
    format!("chunk {number}")
}

/// `about 120 records`.
pub(super) fn about(records: u64) -> String {
    format!("about {records} record{}", if records == 1 { "" } else { "s" })
}

/// First and last record number in the chunk's header, when they make sense.
fn claimed_numbers(bytes: &[u8]) -> Option<(u64, u64)> {
    let first = u64::from_le_bytes(array(bytes, 8)?);
    let last = u64::from_le_bytes(array(bytes, 16)?);
    // A record has 24 bytes of frame at the least.
    (first <= last && last - first < (CHUNK as u64) / 24).then_some((first, last))
}

/// Which checksum of the chunk does not fit: a changed byte need not make a record unreadable.
fn checksum_complaint(bytes: &[u8]) -> Option<&'static str> {
    let header_parts = [bytes.get(..120)?, bytes.get(128..512)?];
    let stored_header = u32::from_le_bytes(array(bytes, 124)?);
    let free = usize::try_from(u32::from_le_bytes(array(bytes, 48)?)).ok()?;
    let stored_records = u32::from_le_bytes(array(bytes, 52)?);
    let records_fit =
        bytes.get(512..free).is_some_and(|records| checksum(&[records]) == stored_records);
    match (checksum(&header_parts) == stored_header, records_fit) {
        (true, true) => None,
        (false, _) => Some("the checksum of the chunk header does not fit"),
        (true, false) => Some("the checksum of the records does not fit"),
    }
}

/// Records read and records that could not be.
#[derive(Debug, Default, Clone)]
struct Read {
    records: u64,
    failed: u64,
    first_error: Option<String>,
}

fn decode(
    source: SourceId,
    bytes: Vec<u8>,
    interest: &Interest,
    report: &mut ChunkReport,
) -> Result<Read, String> {
    let mut data = EvtxChunkData::new(bytes, false).map_err(|error| error.to_string())?;
    let mut chunk = data.parse(Arc::clone(&SETTINGS)).map_err(|error| error.to_string())?;
    let mut read = Read::default();
    let mut coverage = Coverage::default();
    let mut capture = Capture { interest, events: Vec::new(), coverage: Vec::new() };
    for record in chunk.iter() {
        let outcome =
            record.and_then(evtx::EvtxRecord::into_xml).map_err(|error| error.to_string());
        let outcome = outcome.and_then(|record| {
            let at = Origin { source, position: Position::Record(record.event_record_id) };
            let fed = event_xml::feed(&record.data, at, &mut coverage, &mut capture);
            fed.then_some(()).ok_or_else(|| "it is no event".to_owned())
        });
        match outcome {
            Ok(()) => read.records += 1,
            Err(error) => {
                read.failed += 1;
                read.first_error.get_or_insert(error);
            }
        }
    }
    coverage.finish(&mut capture);
    report.events = capture.events;
    report.coverage = capture.coverage;
    Ok(read)
}

/// Keeps the wanted events of one chunk until its turn comes.
struct Capture<'c> {
    interest: &'c Interest,
    events: Vec<Event>,
    coverage: Vec<CoverageSpan>,
}

impl Sink for Capture<'_> {
    fn interest(&self) -> &Interest {
        self.interest
    }

    fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    fn coverage(&mut self, span: CoverageSpan) {
        self.coverage.push(span);
    }

    fn notice(&mut self, _: Notice) {}
}

fn complain(
    source: SourceId,
    number: usize,
    claimed: Option<(u64, u64)>,
    read: Read,
    whole: bool,
    checks: Option<&str>,
    report: &mut ChunkReport,
) {
    let expected = claimed.map_or(0, |(first, last)| last - first + 1);
    let missing = expected.saturating_sub(read.records).max(read.failed);
    let notice = if !whole {
        let lost = if missing > 0 { about(missing) } else { "unknown".into() };
        Notice::new(source, at(number), "the file is cut in this chunk").losing(lost)
    } else if let Some(error) = read.first_error {
        Notice::new(source, at(number), format!("damaged records: {error}")).losing(about(missing))
    } else if missing > 0 {
        let what = format!("its header claims {expected} records, {} can be read", read.records);
        Notice::new(source, at(number), what).losing(about(missing))
    } else if let Some(what) = checks {
        Notice::new(
            source,
            at(number),
            format!("{what}; all records can be read, single values may be altered"),
        )
    } else {
        return;
    };
    report.notices.push(notice);
}
