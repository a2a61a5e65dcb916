//! Any bytes to the parser that asks for them, and to one that would not have: the last byte chooses that one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpwhy::event::{Event, SourceId};
use rdpwhy::notice::Notice;
use rdpwhy::parsers::{CoverageSpan, Interest, PARSERS, Sink, parser_for};
use rdpwhy::source::Source;

struct Count(Interest, usize);

impl Sink for Count {
    fn interest(&self) -> &Interest {
        &self.0
    }
    fn event(&mut self, _: Event) {
        self.1 += 1;
    }
    fn coverage(&mut self, _: CoverageSpan) {}
    fn notice(&mut self, _: Notice) {}
}

fuzz_target!(|bytes: &[u8]| {
    let source = Source::from_bytes(SourceId(0), "sample", bytes);
    let asked = parser_for(&source);
    let choice = usize::from(bytes.last().copied().unwrap_or_default());
    for parser in asked.into_iter().chain([PARSERS[choice % PARSERS.len()]]) {
        let mut count = Count(Interest::everything(), 0);
        parser.parse(&source, &mut count);
        assert!(count.1 <= bytes.len() + 1, "{}: more events than bytes", parser.format());
    }
});
