//! Sorts more than fits into memory: runs of sorted pieces go to one temporary file, which has no name and lies outside
//! of the bundle, and are merged when all are there.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use crate::event::Origin;

/// What pieces are sorted by: time (nanoseconds; undated last), place, and their number in the source, which tells
/// records with the same number apart.
pub type Key = (i128, Origin, u64);

/// Bytes of pieces that are kept before a run is written.
const ROOM: usize = 40 << 20;

/// Bytes of all runs together that are read ahead while merging.
const AHEAD: usize = 8 << 20;

/// A piece: its batch, and where in it.
type Piece = (Key, usize, usize, usize);

/// Takes pieces in any order and gives them back sorted.
#[derive(Default)]
pub struct Sorter {
    /// Pieces one after the other, as they came.
    batches: Vec<Vec<u8>>,
    bytes: usize,
    pieces: Vec<Piece>,
    file: Option<File>,
    /// Where each run begins and ends in the file.
    runs: Vec<(u64, u64)>,
}

impl Sorter {
    /// Takes pieces: each with its key, and where in `bytes` it begins and ends. Pieces may share bytes.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub fn add(&mut self, pieces: &[(Key, Range<usize>)], bytes: Vec<u8>) -> io::Result<()> {
        let batch = self.batches.len();
        self.bytes += bytes.capacity();
        self.batches.push(bytes);
        let placed = pieces.iter().map(|(key, place)| (*key, batch, place.start, place.len()));
        self.pieces.extend(placed);
        if self.bytes + self.pieces.len() * size_of::<Piece>() > ROOM {
            self.write_run()?;
        }
        Ok(())
    }

    fn write_run(&mut self) -> io::Result<()> {
        // Logs are in order of time already, which a stable sort takes advantage of.
        self.pieces.sort();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let begin = self.runs.last().map_or(0, |(_, end)| *end);
        let mut out = io::BufWriter::with_capacity(1 << 18, file);
        let mut end = begin;
        for piece in &self.pieces {
            let (key, .., len) = *piece;
            let head = head(key, len);
            out.write_all(&head)?;
            out.write_all(bytes_of(&self.batches, piece))?;
            end += (head.len() + len) as u64;
        }
        out.flush()?;
        drop(out);
        self.runs.push((begin, end));
        self.batches.clear();
        self.bytes = 0;
        self.pieces.clear();
        Ok(())
    }

    /// Gives every piece, in order.
    ///
    /// # Errors
    /// When the temporary file cannot be read, or `take` fails.
    pub fn finish(mut self, take: &mut dyn FnMut(&Key, &[u8]) -> io::Result<()>) -> io::Result<()> {
        if self.runs.is_empty() {
            self.pieces.sort();
            let mut pieces = self.pieces.iter();
            return pieces.try_for_each(|piece| take(&piece.0, bytes_of(&self.batches, piece)));
        }
        if !self.pieces.is_empty() {
            self.write_run()?;
        }
        (self.batches, self.pieces) = (Vec::new(), Vec::new());
        let Some(mut file) = self.file.take() else { return Ok(()) };
        merge(&mut file, &self.runs, take)
    }
}

fn bytes_of<'b>(batches: &'b [Vec<u8>], (_, batch, start, len): &Piece) -> &'b [u8] {
    batches.get(*batch).and_then(|bytes| bytes.get(*start..start + len)).unwrap_or_default()
}

fn merge(
    file: &mut File,
    runs: &[(u64, u64)],
    take: &mut dyn FnMut(&Key, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let ahead = (AHEAD / runs.len().max(1)).max(16 << 10);
    let mut readers: Vec<_> = runs
        .iter()
        .map(|(at, end)| Run { at: *at, end: *end, ahead, buffer: Vec::new(), used: 0 })
        .collect();
    let mut heap = BinaryHeap::new();
    for (number, run) in readers.iter_mut().enumerate() {
        heap.extend(run.next_head(file)?.map(|(key, len)| Reverse((key, number, len))));
    }
    while let Some(Reverse((key, number, len))) = heap.pop() {
        let Some(run) = readers.get_mut(number) else { continue };
        take(&key, run.next_bytes(file, len)?)?;
        heap.extend(run.next_head(file)?.map(|(key, len)| Reverse((key, number, len))));
    }
    Ok(())
}

/// Bytes before each piece of a run.
const HEAD: usize = 16 + 4 + 1 + 8 + 8 + 8;

/// A key and a length, as they stand in the file.
fn head((time, origin, number): Key, len: usize) -> [u8; HEAD] {
    use crate::event::Position;
    let (kind, position) = match origin.position {
        Position::Record(id) => (0, id),
        Position::Line(line) => (1, line),
        Position::Whole => (2, 0),
    };
    let mut head = [0; HEAD];
    let time = time.to_le_bytes();
    let parts = [
        time.as_slice(),
        &origin.source.0.to_le_bytes(),
        &[kind],
        &u64::to_le_bytes(position),
        &number.to_le_bytes(),
        &(len as u64).to_le_bytes(),
    ];
    let bytes = parts.into_iter().flatten();
    head.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    head
}

fn parse_head(bytes: &[u8]) -> Option<(Key, usize)> {
    use crate::event::{Position, SourceId};
    let number = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let time = i128::from_le_bytes(*bytes.first_chunk()?);
    let source = SourceId(u32::from_le_bytes(*bytes.get(16..)?.first_chunk()?));
    let position = match bytes.get(20)? {
        0 => Position::Record(number(21)?),
        1 => Position::Line(number(21)?),
        _ => Position::Whole,
    };
    let len = usize::try_from(number(37)?).ok()?;
    Some(((time, Origin { source, position }, number(29)?), len))
}

/// One run while it is read.
struct Run {
    at: u64,
    end: u64,
    ahead: usize,
    buffer: Vec<u8>,
    used: usize,
}

impl Run {
    /// Sees to it that so many bytes are in the buffer, and gives them; fewer at the end only.
    fn bytes(&mut self, file: &mut File, wanted: usize) -> io::Result<&[u8]> {
        if self.buffer.len() - self.used < wanted {
            self.buffer.drain(..self.used);
            self.used = 0;
            let want = wanted.max(self.ahead).saturating_sub(self.buffer.len()) as u64;
            let room = want.min(self.end - self.at);
            file.seek(SeekFrom::Start(self.at))?;
            self.at += Read::by_ref(file).take(room).read_to_end(&mut self.buffer)? as u64;
        }
        let end = (self.used + wanted).min(self.buffer.len());
        let start = std::mem::replace(&mut self.used, end);
        Ok(self.buffer.get(start..end).unwrap_or_default())
    }

    fn next_head(&mut self, file: &mut File) -> io::Result<Option<(Key, usize)>> {
        Ok(parse_head(self.bytes(file, HEAD)?))
    }

    fn next_bytes(&mut self, file: &mut File, len: usize) -> io::Result<&[u8]> {
        self.bytes(file, len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Position, SourceId};

    fn key(time: i128, record: u64) -> Key {
        (time, Origin { source: SourceId(3), position: Position::Record(record) }, record)
    }

    #[test]
    fn many_runs_come_back_in_order_and_whole() {
        let mut sorter = Sorter::default();
        let text = vec![b'x'; 200_000];
        for number in (0..1000_u64).rev() {
            let piece = [number.to_le_bytes().as_slice(), &text].concat();
            let len = piece.len();
            sorter.add(&[(key(i128::from(number / 10), number), 0..len)], piece).unwrap();
        }
        assert!(sorter.runs.len() > 3, "{}", sorter.runs.len());
        let mut next = 0_u64;
        sorter
            .finish(&mut |key, bytes| {
                assert_eq!((key.2, bytes.len()), (next, text.len() + 8));
                assert_eq!(bytes.first_chunk(), Some(&next.to_le_bytes()));
                next += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(next, 1000);
    }
}
