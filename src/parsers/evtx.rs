//! Windows event logs (`%SystemRoot%\System32\winevt\Logs\*.evtx`).
//!
//! A 4096-byte header, then chunks of 65,536 bytes that can be read each for itself ([MS-EVEN6], libyal's EVTX
//! documentation). Chunks are read one after the other, a few at a time, and decoded in parallel; memory does not depend
//! on the size of the file.
//!
//! Most records are wanted by nobody: they are only looked at, in place (`fast`). What is odd or damaged goes to the
//! `evtx` crate (`reference`); what that passes over in silence — a file that is cut, a chunk of zeroes — is noticed
//! here.

mod binxml;
mod chunk;
mod fast;
mod frame;
mod header;
mod reference;
mod spans;
mod tally;
#[doc(hidden)]
pub mod trial;
mod twins;
mod walk;
mod wanted;

use std::io::{self, Read};
use std::sync::{LazyLock, Mutex, PoisonError};

use rayon::prelude::*;

use self::chunk::{ChunkReport, Left, read_chunk};
use self::header::FileHeader;
use self::tally::Tally;
use super::{Parser, Sink};
use crate::event::SourceId;
use crate::notice::Notice;
use crate::source::Source;

/// Size of a chunk in bytes.
const CHUNK: usize = 65_536;

/// First bytes of a log by which it shows itself: its header, and how its first chunk begins.
pub(super) const HEAD: usize = header::BYTES + chunk::MAGIC.len();

/// Chunks that are held in memory and decoded at the same time per file.
const BATCH: usize = 16;

/// How many chunks go into a batch. The first of them are small: what is known of a flood by then spares copies of its
/// other events. For any number of threads the same, as results have to be.
fn room(batches: usize) -> usize {
    match batches {
        0 | 1 => BATCH / 4,
        2 => BATCH / 2,
        _ => BATCH,
    }
}

/// Windows event logs.
pub struct Evtx;

impl Parser for Evtx {
    fn format(&self) -> &'static str {
        "evtx"
    }

    fn is_binary(&self) -> bool {
        true
    }

    fn sniff(&self, source: &Source) -> bool {
        let head = source.head();
        head.starts_with(header::MAGIC)
            || head.get(header::BYTES..).is_some_and(|rest| rest.starts_with(chunk::MAGIC))
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        parse(source, Way::Own, sink);
    }
}

/// Who reads the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// We do, and leave to the crate what is odd.
    Own,
    /// The crate, everything.
    Crate,
}

/// What the crate had to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    records: usize,
    chunks: usize,
}

fn parse(source: &Source, way: Way, sink: &mut dyn Sink) -> Share {
    let mut share = Share::default();
    if let Err(error) = read(source, way, &mut share, sink) {
        sink.notice(
            Notice::new(source.id, "", format!("reading stopped: {error}"))
                .losing("the rest of the log"),
        );
    }
    share
}

fn read(source: &Source, way: Way, share: &mut Share, sink: &mut dyn Sink) -> io::Result<()> {
    let mut reader = source.open()?;
    let mut first = Vec::with_capacity(header::BYTES);
    reader.by_ref().take(header::BYTES as u64).read_to_end(&mut first)?;
    let mut tally = Tally::new(FileHeader::parse(&first), source.bytes);
    let workshop = Workshop::open();
    let mut batch = workshop.take_batch();
    let mut rooms = (0..).map(room);
    let mut next_room = || rooms.next().unwrap_or(BATCH);
    batch.fill(&mut reader, next_room())?;
    loop {
        let start = tally.chunks();
        let judge: &dyn Sink = sink;
        // While one batch is decoded, the next one is read.
        let (reports, next) = if batch.is_last() {
            (batch.decode(source.id, start, way, judge, &workshop), None)
        } else {
            let (mut next, room) = (workshop.take_batch(), next_room());
            let (reports, filled) = rayon::join(
                || batch.decode(source.id, start, way, judge, &workshop),
                || next.fill(&mut reader, room),
            );
            (reports, Some(filled.map(|()| next)))
        };
        for report in reports {
            tally.add(&report);
            match report.left {
                Left::Records(records) => share.records += records,
                Left::Chunk => share.chunks += 1,
            }
            report.events.into_iter().for_each(|kept| sink.keep(kept));
            report.coverage.into_iter().for_each(|span| sink.coverage(span));
            report.notices.into_iter().for_each(|notice| sink.notice(notice));
        }
        workshop.give_batch(batch);
        match next {
            Some(next) => batch = next?,
            None => break,
        }
    }
    let (state, notices) = tally.finish(source.id);
    sink.state(state);
    notices.into_iter().for_each(|notice| sink.notice(notice));
    Ok(())
}

/// Some chunks of a log, in buffers that are used again and again.
#[derive(Default)]
struct Batch {
    buffers: Vec<Vec<u8>>,
    /// How many bytes each buffer got; as many buffers are in use.
    filled: Vec<usize>,
    /// How many it was to have.
    room: usize,
}

impl Batch {
    /// Reads up to so many chunks. The last one of a file may be shorter; zeroes follow.
    fn fill(&mut self, reader: &mut dyn Read, room: usize) -> io::Result<()> {
        self.filled.clear();
        self.room = room;
        while self.filled.len() < room {
            if self.buffers.len() == self.filled.len() {
                self.buffers.push(vec![0; CHUNK]);
            }
            let Some(buffer) = self.buffers.get_mut(self.filled.len()) else { break };
            let bytes = fill(reader, buffer)?;
            if let Some(rest) = buffer.get_mut(bytes..) {
                rest.fill(0);
            }
            if bytes > 0 {
                self.filled.push(bytes);
            }
            if bytes < CHUNK {
                break;
            }
        }
        Ok(())
    }

    /// Whether the log ends here.
    fn is_last(&self) -> bool {
        self.filled.len() < self.room || self.filled.iter().any(|bytes| *bytes < CHUNK)
    }

    /// Reads every chunk; `start` is the number of the first.
    fn decode(
        &self,
        source: SourceId,
        start: usize,
        way: Way,
        sink: &dyn Sink,
        workshop: &Workshop,
    ) -> Vec<ChunkReport> {
        let one = |(index, (bytes, filled)): (usize, (&Vec<u8>, &usize))| {
            let mut own = (way == Way::Own).then(|| workshop.take_reader());
            let report = read_chunk(source, start + index, bytes, *filled, sink, own.as_mut());
            own.into_iter().for_each(|own| workshop.give_reader(own));
            report
        };
        // Most logs have one chunk, which is read sooner than another thread is woken.
        if self.filled.len() == 1 {
            self.buffers.iter().zip(&self.filled).enumerate().map(one).collect()
        } else {
            self.buffers.par_iter().zip(&self.filled).enumerate().map(one).collect()
        }
    }
}

/// Reads until the buffer is full or there is no more.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What is needed to read chunks, used again for the next log: never more than were in use at the same time.
#[derive(Default)]
struct Idle {
    readers: Vec<fast::Reader>,
    batches: Vec<Batch>,
    runs: u64,
}

static IDLE: LazyLock<Mutex<Idle>> = LazyLock::new(Mutex::default);

/// Lends what is idle to the reading of one log.
struct Workshop {
    run: u64,
}

impl Workshop {
    fn open() -> Self {
        let run = Self::idle(|idle| {
            idle.runs += 1;
            idle.runs
        });
        Self { run }
    }

    fn idle<T>(act: impl FnOnce(&mut Idle) -> T) -> T {
        // What is idle is never half changed, whatever became of a thread that had it in hand.
        act(&mut IDLE.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_reader(&self) -> fast::Reader {
        let mut reader = Self::idle(|idle| idle.readers.pop()).unwrap_or_default();
        reader.begin(self.run);
        reader
    }

    fn give_reader(&self, reader: fast::Reader) {
        Self::idle(|idle| idle.readers.push(reader));
    }

    fn take_batch(&self) -> Batch {
        Self::idle(|idle| idle.batches.pop()).unwrap_or_default()
    }

    fn give_batch(&self, batch: Batch) {
        Self::idle(|idle| idle.batches.push(batch));
    }
}
