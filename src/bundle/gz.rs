//! `.gz` and `.tar.gz`: what Linux jump hosts and log shippers make.

use flate2::read::MultiGzDecoder;

use super::{Archive, Found, stream};
use crate::source::Source;

/// The opener for gzip streams.
pub(super) struct Gz;

impl Archive for Gz {
    fn sniff(&self, head: &[u8]) -> bool {
        head.starts_with(b"\x1f\x8b\x08")
    }

    fn open(&self, source: Source, depth: usize, found: &mut Found<'_>) {
        let decoder = |packed| Ok(Box::new(MultiGzDecoder::new(packed)) as _);
        stream::open(decoder, &[".gz", ".gzip"], source, depth, found);
    }
}
