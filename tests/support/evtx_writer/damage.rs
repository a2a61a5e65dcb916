//! What happens to log files on their way into a ticket.

use std::ops::Range;

use super::chunk::overwrite;
use super::log::{CHUNK_SIZE, FILE_HEADER_SIZE, seal_file_header};

/// Offset of the flags in the file header and in a chunk.
const FLAGS_AT: usize = 120;
/// Offset of the header checksum in the file header and in a chunk.
const HEADER_CRC_AT: usize = 124;
/// Offset of the records checksum in a chunk.
const RECORDS_CRC_AT: usize = 52;

/// One thing that goes wrong with a file. Chunks are numbered from 0 as they stand in the
/// file; what lies outside the file does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The file ends after so many bytes.
    CutAt(usize),
    /// The file ends inside a chunk, after so many bytes of it.
    CutInChunk(usize, usize),
    /// Zeroes in place of a chunk.
    ZeroChunk(usize),
    /// A chunk that does not begin with its magic.
    BadChunkMagic(usize),
    /// Noise in part of a chunk.
    Noise {
        /// Which chunk.
        chunk: usize,
        /// Which of its bytes.
        range: Range<usize>,
        /// The same seed gives the same noise.
        seed: u64,
    },
    /// Bytes of the whole file are replaced by other ones.
    FlipBytes {
        /// How many.
        count: usize,
        /// The same seed gives the same bytes at the same places.
        seed: u64,
    },
    /// The flag of a log that was not closed.
    Dirty,
    /// A header that knows of the first chunk only, as in a live copy (see [`Damage::Dirty`]).
    StaleHeader,
    /// Zeroes in place of the file header.
    ZeroHeader,
    /// Nothing but the file header.
    HeaderOnly,
    /// Bytes after the last chunk.
    TailGarbage {
        /// How many.
        len: usize,
        /// The same seed gives the same bytes.
        seed: u64,
    },
    /// A wrong checksum of the file header.
    BadFileCrc,
    /// A wrong checksum of a chunk's header.
    BadChunkCrc(usize),
    /// A wrong checksum of a chunk's records.
    BadRecordsCrc(usize),
}

impl Damage {
    /// Does it to a file.
    pub fn apply(&self, file: &mut Vec<u8>) {
        match *self {
            Self::CutAt(len) => file.truncate(len),
            Self::CutInChunk(chunk, len) => file.truncate(chunk_at(chunk).saturating_add(len)),
            Self::ZeroChunk(chunk) => change(file, in_chunk(chunk, 0..CHUNK_SIZE), |_| 0),
            Self::BadChunkMagic(chunk) => change(file, in_chunk(chunk, 0..8), |byte| !byte),
            Self::Noise { chunk, ref range, seed } => {
                let mut noise = Noise(seed);
                change(file, in_chunk(chunk, range.clone()), |_| noise.byte());
            }
            Self::FlipBytes { count, seed } => flip(file, count, seed),
            Self::Dirty => change(file, FLAGS_AT..FLAGS_AT + 1, |flags| flags | 1),
            Self::StaleHeader => make_stale(file),
            Self::ZeroHeader => change(file, 0..FILE_HEADER_SIZE, |_| 0),
            Self::HeaderOnly => file.truncate(FILE_HEADER_SIZE),
            Self::TailGarbage { len, seed } => {
                let mut noise = Noise(seed);
                file.extend((0..len).map(|_| noise.byte()));
            }
            Self::BadFileCrc => spoil(file, HEADER_CRC_AT),
            Self::BadChunkCrc(chunk) => spoil(file, chunk_at(chunk).saturating_add(HEADER_CRC_AT)),
            Self::BadRecordsCrc(chunk) => {
                // The header checksum covers this one, so it has to agree with the wrong value.
                spoil(file, chunk_at(chunk).saturating_add(RECORDS_CRC_AT));
                seal_chunk_header(file, chunk);
            }
        }
    }
}

fn chunk_at(chunk: usize) -> usize {
    chunk.saturating_mul(CHUNK_SIZE).saturating_add(FILE_HEADER_SIZE)
}

fn in_chunk(chunk: usize, range: Range<usize>) -> Range<usize> {
    let start = chunk_at(chunk);
    start.saturating_add(range.start)..start.saturating_add(range.end)
}

/// Changes the bytes of a range, as far as the file has them.
fn change(file: &mut [u8], range: Range<usize>, mut new: impl FnMut(u8) -> u8) {
    let end = range.end.min(file.len());
    for byte in file.get_mut(range.start.min(end)..end).unwrap_or_default() {
        *byte = new(*byte);
    }
}

fn spoil(file: &mut [u8], at: usize) {
    change(file, at..at.saturating_add(1), |byte| !byte);
}

fn flip(file: &mut [u8], count: usize, seed: u64) {
    let mut noise = Noise(seed);
    for _ in 0..count {
        let at = usize::try_from(noise.next()).unwrap_or(0) % file.len().max(1);
        let mask = noise.byte().max(1);
        change(file, at..at + 1, |byte| byte ^ mask);
    }
}

fn seal_chunk_header(file: &mut [u8], chunk: usize) {
    let at = chunk_at(chunk);
    if let Some(bytes) = file.get(in_chunk(chunk, 0..CHUNK_SIZE)) {
        let crc = super::chunk::header_crc(bytes);
        overwrite(file, at.saturating_add(HEADER_CRC_AT), &crc.to_le_bytes());
    }
}

fn make_stale(file: &mut [u8]) {
    let last_number_at = chunk_at(0) + 16;
    let last = file.get(last_number_at..last_number_at + 8).and_then(|bytes| bytes.try_into().ok());
    let next = last.map_or(0, u64::from_le_bytes).wrapping_add(1);
    overwrite(file, 16, &0_u64.to_le_bytes());
    overwrite(file, 24, &next.to_le_bytes());
    overwrite(file, 42, &1_u16.to_le_bytes());
    seal_file_header(file);
}

/// SplitMix64: small, and the same everywhere and always.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn byte(&mut self) -> u8 {
        let [low, ..] = self.next().to_le_bytes();
        low
    }
}
