//! What is missing from a whole log: no reader says so of itself.

use super::CHUNK;
use super::chunk::{ChunkReport, State, about, at};
use super::header::FileHeader;
use crate::event::SourceId;
use crate::notice::Notice;
use crate::parsers::LogState;

/// Counts chunks while they pass.
#[derive(Debug)]
pub(super) struct Tally {
    header: Option<FileHeader>,
    bytes: u64,
    chunks: usize,
    /// Number of the last chunk that held anything.
    last_used: Option<usize>,
    /// Zeroed chunks that a used one may yet follow.
    zeroed: Vec<usize>,
    /// Zeroed chunks with a used one behind them, with the records that the numbers around them leave room for.
    holes: Vec<(usize, Option<u64>)>,
    last_number: Option<u64>,
    foreign: Vec<(usize, usize)>,
    state: LogState,
}

impl Tally {
    pub(super) fn new(header: Option<FileHeader>, bytes: u64) -> Self {
        Self {
            header,
            bytes,
            chunks: 0,
            last_used: None,
            zeroed: Vec::new(),
            holes: Vec::new(),
            last_number: None,
            foreign: Vec::new(),
            state: LogState::default(),
        }
    }

    /// Chunks seen so far.
    pub(super) fn chunks(&self) -> usize {
        self.chunks
    }

    pub(super) fn add(&mut self, report: &ChunkReport) {
        let number = self.chunks;
        self.chunks += 1;
        match report.state {
            State::Zeroes => return self.zeroed.push(number),
            State::NoChunk => return self.foreign.push((number, report.bytes)),
            State::Read { .. } | State::Broken => {}
        }
        self.last_used = Some(number);
        self.state.cut |= report.bytes < CHUNK;
        self.state.damaged_chunks +=
            usize::from(!report.notices.is_empty() && report.bytes == CHUNK);
        let numbers = match report.state {
            State::Read { numbers } => numbers,
            _ => None,
        };
        let room = match (self.last_number, numbers) {
            (Some(last), Some((first, _))) if first > last => Some(first - last - 1),
            _ => None,
        };
        self.holes.extend(self.zeroed.drain(..).map(|zeroed| (zeroed, room)));
        self.last_number = numbers.map(|(_, last)| last).or(self.last_number);
    }

    pub(super) fn finish(mut self, source: SourceId) -> (LogState, Vec<Notice>) {
        let mut notices = Vec::new();
        let Some(header) = self.header else {
            notices.push(Notice::new(
                source,
                "file header",
                "it is not that of an event log; the chunks are read all the same",
            ));
            return self.with_chunks(source, notices);
        };
        if !header.checksum_ok {
            notices.push(Notice::new(source, "file header", "its checksum does not fit"));
        }
        if header.dirty {
            self.state.dirty = true;
            notices.push(Notice::new(source, "file header", "the log was not closed (dirty flag): copied while in use, its newest records may be missing"));
        }
        let claimed = usize::from(header.chunks);
        // A log that is in use has a header older than its chunks; fewer chunks than claimed are a loss either way.
        if claimed > self.chunks && self.bytes > 0 {
            self.state.cut = true;
            let what = format!(
                "the file is cut: its header claims {claimed} chunks, {} are there",
                self.chunks
            );
            notices.push(
                Notice::new(source, "end of file", what)
                    .losing(format!("{} chunks of 64 KiB", claimed - self.chunks)),
            );
        }
        // Zeroes at the end are room that was never used, unless the header says the chunks were in use.
        let unused = std::mem::take(&mut self.zeroed);
        self.holes.extend(
            unused
                .into_iter()
                .filter(|number| *number < claimed && !header.dirty)
                .map(|number| (number, None)),
        );
        self.with_chunks(source, notices)
    }

    fn with_chunks(
        mut self,
        source: SourceId,
        mut notices: Vec<Notice>,
    ) -> (LogState, Vec<Notice>) {
        self.state.zeroed_chunks = self.holes.len();
        for run in self.holes.chunk_by(|a, b| a.0 + 1 == b.0) {
            let room = run.iter().find_map(|(_, room)| *room);
            let lost = room.map_or_else(|| "an unknown number of records".to_owned(), about);
            let numbers: Vec<_> = run.iter().map(|(number, _)| *number).collect();
            notices.push(
                Notice::new(source, range(&numbers), "nothing but zeroes where records were")
                    .losing(lost),
            );
        }
        let claimed = self.header.map_or(0, |header| usize::from(header.chunks));
        // Room behind the last chunk may hold anything; what stands between chunks was one.
        let is_slack = |number: usize, bytes: usize| {
            self.last_used.is_none_or(|last| number > last) && (bytes < CHUNK || number >= claimed)
        };
        for run in
            self.foreign.chunk_by(|a, b| a.0 + 1 == b.0 && is_slack(a.0, a.1) == is_slack(b.0, b.1))
        {
            let numbers: Vec<_> = run.iter().map(|(number, _)| *number).collect();
            let bytes: usize = run.iter().map(|(_, bytes)| bytes).sum();
            let slack = run.first().is_some_and(|(number, bytes)| is_slack(*number, *bytes));
            self.state.damaged_chunks += if slack { 0 } else { run.len() };
            notices.push(if slack {
                Notice::new(
                    source,
                    range(&numbers),
                    format!("{bytes} bytes behind the last chunk are no event log data"),
                )
            } else {
                Notice::new(source, range(&numbers), "it does not begin like a chunk")
                    .losing(format!("its records, up to {bytes} bytes"))
            });
        }
        (self.state, notices)
    }
}

/// `chunk 3`, `chunks 3 to 5`.
fn range(numbers: &[usize]) -> String {
    match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) if first != last => format!("chunks {first} to {last}"),
        (Some(first), _) => at(*first),
        _ => String::new(),
    }
}
