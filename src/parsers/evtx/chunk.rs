//! One chunk: 65,536 bytes, decoded for itself. A damaged record costs only itself, a damaged chunk only itself.

use super::CHUNK;
use super::fast::{Found, Reader};
use super::header::{array, checksum};
use super::reference::{self, Read};
use crate::event::SourceId;
use crate::notice::Notice;
use crate::parsers::coverage::Coverage;
use crate::parsers::{CoverageSpan, Kept, Sink};

/// First bytes of a chunk.
pub(super) const MAGIC: &[u8] = b"ElfChnk\0";

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
    /// What the sink keeps of the events, in order.
    pub(super) events: Vec<Kept>,
    pub(super) coverage: Vec<CoverageSpan>,
    pub(super) notices: Vec<Notice>,
    pub(super) left: Left,
}

/// What the crate had to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// So many records.
    Records(usize),
    /// All of it, or all behind a damage.
    Chunk,
}

/// Decodes a chunk, of which `filled` bytes were in the file and the rest are zeroes. One from the end of a cut file is
/// read as far as it goes, by the crate; so is every chunk without a `reader`.
pub(super) fn read_chunk(
    source: SourceId,
    number: usize,
    bytes: &[u8],
    filled: usize,
    sink: &dyn Sink,
    reader: Option<&mut Reader>,
) -> ChunkReport {
    let mut report = ChunkReport {
        state: State::NoChunk,
        bytes: filled,
        events: Vec::new(),
        coverage: Vec::new(),
        notices: Vec::new(),
        left: Left::Records(0),
    };
    if is_zero(bytes) {
        report.state = State::Zeroes;
        return report;
    }
    if !bytes.starts_with(MAGIC) {
        return report;
    }
    let whole = filled == CHUNK;
    let claimed = claimed_numbers(bytes);
    let checks = if whole { checksum_complaint(bytes) } else { None };
    match decode(source, bytes, sink, reader.filter(|_| whole), &mut report) {
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

fn is_zero(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<64>();
    let is_zero = |block: &[u8]| block.iter().fold(0, |all, byte| all | byte) == 0;
    blocks.iter().all(|block| is_zero(block)) && is_zero(rest)
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

/// Reads the records; an error when the chunk as a whole cannot be read.
fn decode(
    source: SourceId,
    bytes: &[u8],
    sink: &dyn Sink,
    reader: Option<&mut Reader>,
    report: &mut ChunkReport,
) -> Result<Read, String> {
    let mut coverage = Coverage::default();
    let found = reader.and_then(|reader| reader.read(source, bytes, sink));
    // A chunk that is not ours from its beginning is all rest.
    let Found { records, mut events, coverage: spans, left, rest } =
        found.unwrap_or(Found { rest: Some(0), ..Found::default() });
    report.left = if rest.is_some() { Left::Chunk } else { Left::Records(left.len()) };
    spans.into_iter().for_each(|span| coverage.absorb(span));
    let mut read = Read { records, ..Read::default() };
    if rest.is_some() || !left.is_empty() {
        let asked = |offset: u64| {
            rest.is_some_and(|rest| rest <= offset) || left.binary_search(&offset).is_ok()
        };
        let (more, others) =
            reference::read(source, bytes, &asked, sink.interest(), &mut coverage)?;
        read = Read { records: records + more.records, ..more };
        let kept = |(offset, event)| Some((offset, sink.sift(&event)?));
        events.extend(others.into_iter().filter_map(kept));
        events.sort_by_key(|(offset, _)| *offset);
    }
    report.events = events.into_iter().map(|(_, kept)| kept).collect();
    report.coverage = coverage.into_spans().collect();
    Ok(read)
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
