//! Any bytes to the parser that asks for them, and to one that would not have: the last byte chooses that one.

use rdpwhy::event::SourceId;
use rdpwhy::parsers::{PARSERS, parser_for};
use rdpwhy::source::Source;

#[path = "sink.rs"]
mod sink;

/// Reads them with both.
pub fn check(bytes: &[u8]) {
    let source = Source::from_bytes(SourceId(0), "sample", bytes);
    let asked = parser_for(&source);
    let choice = usize::from(bytes.last().copied().unwrap_or_default());
    for parser in asked.into_iter().chain([PARSERS[choice % PARSERS.len()]]) {
        let mut sink = sink::Everything::new();
        parser.parse(&source, &mut sink);
        let most = bytes.len() + 1;
        assert!(sink.events.len() <= most, "{}: more events than bytes", parser.format());
        // What is said of an event is computed when it is looked at.
        for event in sink.events.iter().take(50) {
            let _ = event.time.resolve(Some(840));
        }
    }
}
