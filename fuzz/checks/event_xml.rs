//! Any text as an export of events: no panic, and the same events when the same text stands there as UTF-16.

use rdpwhy::event::{Event, SourceId};
use rdpwhy::parsers::Parser;
use rdpwhy::parsers::event_xml::EventXml;
use rdpwhy::source::Source;

#[path = "sink.rs"]
mod sink;

/// Reads it, and once more in the other encoding.
pub fn check(bytes: &[u8]) {
    let narrow = events(bytes);
    // NULs are padding; where there are many of them a text of bytes is taken for UTF-16, as it should.
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.contains(['\0', '\u{feff}']) {
        return;
    }
    let marked = [b"\xef\xbb\xbf", bytes].concat();
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let (marked, wide) = (events(&marked), events(&wide));
    assert_eq!(marked, wide, "UTF-8 with a mark, and UTF-16");
    if text.is_ascii() {
        assert_eq!(narrow, marked, "without a mark, and with one");
    }
}

fn events(bytes: &[u8]) -> Vec<Event> {
    let mut sink = sink::Everything::new();
    EventXml.parse(&Source::from_bytes(SourceId(0), "sample.xml", bytes), &mut sink);
    sink.events
}
