//! A stretch of bytes that can be read from anywhere: a file, memory, a part of either. What has to be unpacked to get
//! there is kept by [`Spool`].

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::limits;
use crate::source::Content;

/// A stretch of bytes. Cloning it copies nothing.
#[derive(Clone)]
pub struct Area {
    place: Place,
    start: u64,
    len: u64,
}

#[derive(Clone)]
enum Place {
    File(PathBuf),
    Memory(Arc<[u8]>),
    /// The temporary file; readers share its position, so each read is one turn.
    Temp(Arc<Mutex<File>>),
}

impl Area {
    /// A file of the bundle.
    pub(super) fn of_file(path: PathBuf, len: u64) -> Self {
        Self { place: Place::File(path), start: 0, len }
    }

    /// Bytes in memory.
    pub(crate) fn of_bytes(bytes: Arc<[u8]>) -> Self {
        let len = bytes.len() as u64;
        Self { place: Place::Memory(bytes), start: 0, len }
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// A part of it, cut to what is there.
    pub(super) fn part(&self, start: u64, len: u64) -> Self {
        let start = start.min(self.len);
        let len = len.min(self.len - start);
        Self { place: self.place.clone(), start: self.start + start, len }
    }

    /// A reader from its first byte, with a small buffer.
    pub(super) fn reader(&self) -> AreaReader {
        AreaReader { area: self.clone(), at: 0, file: None, buffer: Vec::new(), buffer_at: 0 }
    }
}

impl Content for Area {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(self.reader()))
    }

    fn area(&self) -> Option<Area> {
        Some(self.clone())
    }
}

/// Reads an [`Area`]. A clone reads on by itself.
pub(super) struct AreaReader {
    area: Area,
    at: u64,
    file: Option<File>,
    buffer: Vec<u8>,
    buffer_at: u64,
}

impl Clone for AreaReader {
    fn clone(&self) -> Self {
        Self { at: self.at, ..self.area.reader() }
    }
}

const BUFFER: usize = 32 * 1024;

impl AreaReader {
    /// Reads at the current position, past the buffer.
    fn read_there(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.area.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        let position = self.area.start + self.at;
        match &self.area.place {
            Place::Memory(bytes) => {
                let start = usize::try_from(position).unwrap_or(usize::MAX);
                bytes.get(start..).unwrap_or_default().read(buffer)
            }
            Place::File(path) => {
                let file = match &mut self.file {
                    Some(file) => file,
                    none => none.insert(File::open(path)?),
                };
                file.seek(SeekFrom::Start(position))?;
                file.read(buffer)
            }
            Place::Temp(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(position))?;
                file.read(buffer)
            }
        }
    }

    fn buffered(&self) -> &[u8] {
        self.at
            .checked_sub(self.buffer_at)
            .and_then(|offset| self.buffer.get(usize::try_from(offset).ok()?..))
            .unwrap_or_default()
    }
}

impl Read for AreaReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.buffered().is_empty() && buffer.len() >= BUFFER {
            let count = self.read_there(buffer)?;
            self.at += count as u64;
            return Ok(count);
        }
        if self.buffered().is_empty() {
            let mut fresh = std::mem::take(&mut self.buffer);
            match fresh.capacity() {
                // Of a new one the system gives zeroes.
                0 => fresh = vec![0; BUFFER],
                _ => fresh.resize(BUFFER, 0),
            }
            let count = self.read_there(&mut fresh)?;
            fresh.truncate(count);
            self.buffer = fresh;
            self.buffer_at = self.at;
        }
        let count = self.buffered().read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for AreaReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.area.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Keeps what had to be unpacked: small things in memory, the rest in one temporary file that has no name, so that it
/// is gone with the process, however that ends.
#[derive(Default)]
pub(super) struct Spool {
    in_memory: u64,
    in_file: u64,
    file: Option<Arc<Mutex<File>>>,
}

impl Spool {
    /// Keeps what `reader` gives, at most `limit` bytes of it. What was read before an error or a limit is kept, too;
    /// the second value says what ended it early.
    pub(super) fn keep(&mut self, reader: &mut dyn Read, limit: u64) -> (Area, Option<String>) {
        let mut start = Vec::new();
        let first = limit.min(limits::KEPT_EACH_BYTES as u64);
        let failed = reader.take(first).read_to_end(&mut start).err();
        let whole = failed.is_some() || (start.len() as u64) < first;
        if (whole || limit == first) && self.in_memory + start.len() as u64 <= limits::KEPT_BYTES {
            self.in_memory += start.len() as u64;
            // The end has to be seen as well: checksums are compared there.
            let why = match failed
                .map_or_else(|| if whole { Ok(0) } else { reader.read(&mut [0]) }, Err)
            {
                Ok(0) => None,
                Ok(_) => Some(over("it unpacks to more than it may", limit)),
                Err(error) => Some(error.to_string()),
            };
            return (Area::of_bytes(start.into()), why);
        }
        match self.append(&start, reader, limit, failed.is_some()) {
            Ok((area, why)) => (area, why.or_else(|| failed.map(|error| error.to_string()))),
            Err(error) => (
                Area::of_bytes(Arc::from([])),
                Some(format!("no temporary file can be written: {error}")),
            ),
        }
    }

    fn append(
        &mut self,
        start: &[u8],
        reader: &mut dyn Read,
        limit: u64,
        failed: bool,
    ) -> io::Result<(Area, Option<String>)> {
        let shared = match &self.file {
            Some(file) => Arc::clone(file),
            None => {
                let file = Arc::new(Mutex::new(tempfile::tempfile()?));
                Arc::clone(self.file.insert(file))
            }
        };
        let begin = self.in_file;
        let room = limits::TEMP_BYTES.saturating_sub(begin);
        let mut why = None;
        let mut next = start.to_vec();
        let mut len = 0_u64;
        while !next.is_empty() {
            let allowed = limit.min(room) - len;
            if next.len() as u64 > allowed {
                next.truncate(usize::try_from(allowed).unwrap_or(usize::MAX));
                why = Some(if room < limit {
                    over("temporary files are full", limits::TEMP_BYTES)
                } else {
                    over("it unpacks to more than it may", limit)
                });
            }
            // The lock is held for one write only: `reader` may read from the same file.
            let mut file = shared.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(begin + len))?;
            file.write_all(&next)?;
            drop(file);
            len += next.len() as u64;
            next.clear();
            if why.is_none()
                && !failed
                && let Err(error) = reader.take(256 * 1024).read_to_end(&mut next)
            {
                why = Some(error.to_string());
            }
        }
        self.in_file += len;
        Ok((Area { place: Place::Temp(shared), start: begin, len }, why))
    }
}

fn over(what: &str, limit: u64) -> String {
    format!("{what} (limit {limit})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(area: &Area) -> Vec<u8> {
        let mut bytes = Vec::new();
        area.reader().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_is_kept_in_memory_and_in_the_file_reads_the_same() {
        let mut spool = Spool::default();
        let large: Vec<u8> =
            (0..limits::KEPT_EACH_BYTES as u64 * 2).map(|at| (at % 251) as u8).collect();
        let (first, cut) = spool.keep(&mut large.as_slice(), u64::MAX);
        assert!(cut.is_none() && matches!(first.place, Place::Temp(_)));
        let (second, _) = spool.keep(&mut large.get(7..).unwrap(), u64::MAX);
        let (small, _) = spool.keep(&mut b"abc".as_slice(), 3);
        assert!(matches!(small.place, Place::Memory(_)));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| assert!(all(&first) == large && all(&second) == large[7..]));
            }
        });
        assert_eq!(all(&small), b"abc");
        assert_eq!(all(&first.part(251, 4)), [0, 1, 2, 3]);
        assert_eq!(first.part(u64::MAX, 9).len(), 0);
    }

    #[test]
    fn limits_cut_and_say_so() {
        let mut spool = Spool::default();
        let (area, cut) = spool.keep(&mut io::repeat(1), 10);
        assert_eq!((area.len(), cut.is_some()), (10, true));
        let more = limits::KEPT_EACH_BYTES as u64 + 5;
        let (area, cut) = spool.keep(&mut io::repeat(1), more);
        assert_eq!((area.len(), cut.is_some()), (more, true));
    }
}
