//! `.xz` and `.tar.xz`.

use lzma_rust2::XzReader;

use super::{Archive, Found, limits, stream};
use crate::source::Source;

/// The opener for xz streams.
pub(super) struct Xz;

impl Archive for Xz {
    fn sniff(&self, head: &[u8]) -> bool {
        head.starts_with(b"\xfd7zXZ\0")
    }

    fn open(&self, source: Source, depth: usize, found: &mut Found<'_>) {
        let decoder = |packed| {
            let kib = u32::try_from(limits::DICTIONARY_BYTES / 1024).unwrap_or(u32::MAX);
            Ok(Box::new(XzReader::new_mem_limit(packed, true, kib)) as _)
        };
        stream::open(decoder, &[".xz"], source, depth, found);
    }
}
