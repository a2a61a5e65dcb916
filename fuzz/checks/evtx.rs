//! Any event log: our own reader and the crate find the same, and a look at the records what reading them finds.

use std::borrow::Cow;

use rdpwhy::parsers::Interest;
use rdpwhy::parsers::evtx::trial::{own, reference};

const HEADER: usize = 4096;
const CHUNK: usize = 65_536;

/// Holds both ways against each other. What does not begin like a log is taken for the used part of a chunk, which
/// keeps inputs small: most of a chunk of a few records is zeroes.
pub fn check(bytes: &[u8]) {
    let log = log_of(bytes);
    let (ours, theirs) =
        (own(&log, Interest::everything()), reference(&log, Interest::everything()));
    assert_eq!(ours.events, theirs.events);
    assert_eq!(ours.coverage, theirs.coverage);
    assert_eq!(ours.notices, theirs.notices);
    let (ours, theirs) = (own(&log, Interest::default()), reference(&log, Interest::default()));
    assert_eq!(ours.coverage, theirs.coverage);
    assert_eq!(ours.notices, theirs.notices);
}

fn log_of(bytes: &[u8]) -> Cow<'_, [u8]> {
    const MAGIC: &[u8] = b"ElfFile\0";
    if bytes.starts_with(MAGIC) {
        return Cow::Borrowed(bytes);
    }
    let mut log = MAGIC.to_vec();
    log.resize(HEADER, 0);
    log.extend_from_slice(bytes);
    log.resize(HEADER + bytes.len().next_multiple_of(CHUNK), 0);
    Cow::Owned(log)
}
