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
mod header;
mod reference;
mod tally;
#[doc(hidden)]
pub mod trial;

use std::io::{self, Read};
use std::sync::{LazyLock, Mutex, PoisonError};

use rayon::prelude::*;

use self::chunk::{ChunkReport, Left, read_chunk};
use self::header::FileHeader;
use self::tally::Tally;
use super::{Parser, Sink};
use crate::notice::Notice;
use crate::source::Source;

/// Size of a chunk in bytes.
const CHUNK: usize = 65_536;

/// Chunks that are held in memory and decoded at the same time per file.
const BATCH: usize = 16;

/// Windows event logs.
pub struct Evtx;

impl Parser for Evtx {
    fn format(&self) -> &'static str {
        "evtx"
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
    let mut first = Vec::new();
    reader.by_ref().take(header::BYTES as u64).read_to_end(&mut first)?;
    let mut tally = Tally::new(FileHeader::parse(&first), source.bytes);
    let workshop = Workshop::open();
    let mut batch = workshop.take_buffers();
    loop {
        let filled = next_batch(&mut reader, &mut batch)?;
        let more = filled.len() == BATCH && filled.iter().all(|bytes| *bytes == CHUNK);
        let start = tally.chunks();
        let reports: Vec<ChunkReport> = {
            let interest = sink.interest();
            let one = |(index, (bytes, filled)): (usize, (&Vec<u8>, &usize))| {
                let mut own = (way == Way::Own).then(|| workshop.take_reader());
                let number = start + index;
                let report = read_chunk(source.id, number, bytes, *filled, interest, own.as_mut());
                own.into_iter().for_each(|own| workshop.give_reader(own));
                report
            };
            // Most logs have one chunk, which is read sooner than another thread is woken.
            if filled.len() == 1 {
                batch.iter().zip(&filled).enumerate().map(one).collect()
            } else {
                batch.par_iter().zip(&filled).enumerate().map(one).collect()
            }
        };
        for report in reports {
            tally.add(&report);
            match report.left {
                Left::Records(records) => share.records += records,
                Left::Chunk => share.chunks += 1,
            }
            report.events.into_iter().for_each(|event| sink.event(event));
            report.coverage.into_iter().for_each(|span| sink.coverage(span));
            report.notices.into_iter().for_each(|notice| sink.notice(notice));
        }
        if !more {
            break;
        }
    }
    workshop.give_buffers(batch);
    tally.finish(source.id).into_iter().for_each(|notice| sink.notice(notice));
    Ok(())
}

/// Reads up to [`BATCH`] chunks into buffers that are used again and again, and says how many bytes each got. The last
/// one of a file may be shorter; zeroes follow.
fn next_batch(reader: &mut dyn Read, batch: &mut Vec<Vec<u8>>) -> io::Result<Vec<usize>> {
    let mut filled = Vec::with_capacity(BATCH);
    while filled.len() < BATCH {
        if batch.len() == filled.len() {
            batch.push(vec![0; CHUNK]);
        }
        let Some(buffer) = batch.get_mut(filled.len()) else { break };
        let bytes = fill(reader, buffer)?;
        if let Some(rest) = buffer.get_mut(bytes..) {
            rest.fill(0);
        }
        if bytes > 0 {
            filled.push(bytes);
        }
        if bytes < CHUNK {
            break;
        }
    }
    Ok(filled)
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
    buffers: Vec<Vec<Vec<u8>>>,
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

    fn take_buffers(&self) -> Vec<Vec<u8>> {
        Self::idle(|idle| idle.buffers.pop()).unwrap_or_default()
    }

    fn give_buffers(&self, buffers: Vec<Vec<u8>>) {
        Self::idle(|idle| idle.buffers.push(buffers));
    }
}
