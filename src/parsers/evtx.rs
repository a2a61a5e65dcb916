//! Windows event logs (`%SystemRoot%\System32\winevt\Logs\*.evtx`).
//!
//! A 4096-byte header, then chunks of 65,536 bytes that can be read each for itself ([MS-EVEN6], libyal's EVTX
//! documentation). Chunks are read one after the other, a few at a time, and decoded in parallel; memory does not depend
//! on the size of the file. The `evtx` crate decodes; what it passes over in silence — a file that is cut, a chunk of
//! zeroes — is noticed here.

mod chunk;
mod header;
mod tally;

use std::io::{self, Read};

use rayon::prelude::*;

use self::chunk::{ChunkReport, read_chunk};
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
        if let Err(error) = parse(source, sink) {
            sink.notice(
                Notice::new(source.id, "", format!("reading stopped: {error}"))
                    .losing("the rest of the log"),
            );
        }
    }
}

fn parse(source: &Source, sink: &mut dyn Sink) -> io::Result<()> {
    let mut reader = source.open()?;
    let mut first = Vec::new();
    reader.by_ref().take(header::BYTES as u64).read_to_end(&mut first)?;
    let mut tally = Tally::new(FileHeader::parse(&first), source.bytes);
    loop {
        let (batch, more) = next_batch(&mut reader)?;
        let start = tally.chunks();
        let reports: Vec<ChunkReport> = {
            let interest = sink.interest();
            batch
                .into_par_iter()
                .enumerate()
                .map(|(index, bytes)| read_chunk(source.id, start + index, bytes, interest))
                .collect()
        };
        for report in reports {
            tally.add(&report);
            report.events.into_iter().for_each(|event| sink.event(event));
            report.coverage.into_iter().for_each(|span| sink.coverage(span));
            report.notices.into_iter().for_each(|notice| sink.notice(notice));
        }
        if !more {
            break;
        }
    }
    tally.finish(source.id).into_iter().for_each(|notice| sink.notice(notice));
    Ok(())
}

/// Reads up to [`BATCH`] chunks; the last of a file may be shorter. Whether there may be more.
fn next_batch(reader: &mut dyn Read) -> io::Result<(Vec<Vec<u8>>, bool)> {
    let mut batch = Vec::with_capacity(BATCH);
    while batch.len() < BATCH {
        let mut bytes = Vec::with_capacity(CHUNK);
        reader.take(CHUNK as u64).read_to_end(&mut bytes)?;
        let whole = bytes.len() == CHUNK;
        if !bytes.is_empty() {
            batch.push(bytes);
        }
        if !whole {
            return Ok((batch, false));
        }
    }
    Ok((batch, true))
}
