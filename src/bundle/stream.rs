//! One packed stream without a directory: `.gz`, `.xz`, `.zst`. Its content is one file, or a tar.

use std::io::{self, Read};
use std::sync::Arc;

use super::{Archive, Found, limits, tar};
use crate::source::{Content, Source};

/// Unpacks a stream.
pub(super) type Decoder = fn(Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>>;

/// Adds what is in the packed `source`; `endings` are those that its name loses by it.
pub(super) fn open(
    decoder: Decoder,
    endings: &[&str],
    source: Source,
    depth: usize,
    found: &mut Found<'_>,
) {
    let label = source.path.to_string();
    let packed = source.bytes;
    let stream = Stream { packed: source.into_content().into(), packed_bytes: packed, decoder };
    let mut head = Vec::new();
    let read =
        stream.open().and_then(|reader| reader.take(limits::HEAD_BYTES).read_to_end(&mut head));
    if let Err(error) = read {
        // What was unpacked before the damage is worth reading all the same: the source tells of it again.
        if head.is_empty() {
            return found.problem(&label, format!("cannot be unpacked: {error}"));
        }
    }
    if tar::Tar.sniff(&head) {
        if let Some(area) = found.area(&label, &stream) {
            tar::add_members(&label, &area, depth, found);
        }
        return;
    }
    let name = label.rsplit(['/', '!']).next().unwrap_or_default();
    let name = endings
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .filter(|name| !name.is_empty())
        .unwrap_or("content");
    let Some(path) = found.member(&label, name) else { return };
    let short = (head.len() as u64) < limits::HEAD_BYTES;
    let bytes = if short || !found.wants(&head) {
        // Nobody will read it, so nobody unpacks it for its size.
        head.len() as u64
    } else {
        size_of(&stream)
    };
    found.add(&path, bytes, Box::new(stream), depth);
}

/// The size, up to the first damage or limit. The format does not tell it reliably.
fn size_of(stream: &Stream) -> u64 {
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0;
    let Ok(mut reader) = stream.open() else { return 0 };
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        total += count as u64;
    }
    total
}

/// Unpacked anew at every opening: nothing of it has to be kept.
struct Stream {
    packed: Arc<dyn Content>,
    packed_bytes: u64,
    decoder: Decoder,
}

impl Content for Stream {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let inner = (self.decoder)(self.packed.open()?)?;
        Ok(Box::new(Limited { inner, packed: self.packed_bytes, total: 0 }))
    }
}

/// Stops where a stream without a declared size becomes too much.
struct Limited {
    inner: Box<dyn Read + Send>,
    packed: u64,
    total: u64,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.total += count as u64;
        if let Some(what) = limits::too_much(self.total, self.packed) {
            return Err(io::Error::other(what));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_ends_where_it_becomes_too_much() {
        let total = limits::RATIO_FREE_BYTES - 10;
        let mut stream = Limited { inner: Box::new(io::repeat(0)), packed: 100, total };
        assert_eq!(stream.read(&mut [0; 10]).unwrap(), 10);
        let error = stream.read(&mut [0; 10]).unwrap_err();
        assert!(error.to_string().contains("500 times its packed size"), "{error}");
    }
}
