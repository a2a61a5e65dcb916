//! Any bytes as an event log of Windows XP: no panic, and no more records than could be in so many bytes.

use rdpwhy::event::SourceId;
use rdpwhy::parsers::Parser;
use rdpwhy::parsers::evt::Evt;
use rdpwhy::source::Source;

#[path = "sink.rs"]
mod sink;

/// The shortest record there is.
const RECORD: usize = 56;

/// Reads it, whether it begins like one or not.
pub fn check(bytes: &[u8]) {
    let mut sink = sink::Everything::new();
    Evt.parse(&Source::from_bytes(SourceId(0), "sample.evt", bytes), &mut sink);
    assert!(sink.events.len() <= bytes.len() / RECORD + 1, "{} records", sink.events.len());
}
