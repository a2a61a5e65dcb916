//! The one helper for tests of parsers; `tests/formats.rs` uses this file too.

#![allow(dead_code, reason = "no single test program uses all of it")]
#![allow(clippy::unwrap_used, reason = "clippy does not see that a file shared by tests is a test")]

use std::fmt::Write;

use rdpwhy::event::{Event, SourceId, Timestamp};
use rdpwhy::notice::Notice;
use rdpwhy::parsers::{CoverageSpan, Interest, Parser, Sink};
use rdpwhy::source::Source;

/// Everything a parser hands out, as it was handed out.
pub(crate) struct Collected {
    interest: Interest,
    pub(crate) events: Vec<Event>,
    pub(crate) coverage: Vec<CoverageSpan>,
    pub(crate) notices: Vec<Notice>,
}

impl Sink for Collected {
    fn interest(&self) -> &Interest {
        &self.interest
    }
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }
    fn coverage(&mut self, span: CoverageSpan) {
        self.coverage.push(span);
    }
    fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

/// What `parser` finds in a source, wanting everything.
pub(crate) fn collect(parser: &dyn Parser, source: &Source) -> Collected {
    collect_wanted(parser, source, Interest::everything())
}

/// What `parser` finds in a source.
pub(crate) fn collect_wanted(
    parser: &dyn Parser,
    source: &Source,
    interest: Interest,
) -> Collected {
    let (events, coverage, notices) = (Vec::new(), Vec::new(), Vec::new());
    let mut sink = Collected { interest, events, coverage, notices };
    parser.parse(source, &mut sink);
    sink
}

/// A source over a text.
pub(crate) fn source(text: impl AsRef<[u8]>) -> Source {
    Source::from_bytes(SourceId(0), "sample", text.as_ref())
}

/// Asserts that the text is sniffed, and renders what the sink got.
pub(crate) fn parse(parser: &dyn Parser, text: impl AsRef<[u8]>) -> String {
    let source = source(text);
    assert!(parser.sniff(&source), "{} does not know its own format", parser.format());
    render(&collect(parser, &source))
}

/// One line for each event, span and notice.
pub(crate) fn render(found: &Collected) -> String {
    let mut text = String::new();
    for event in &found.events {
        writeln!(text, "{}", event_line(event)).unwrap();
    }
    for span in &found.coverage {
        let [first, last] = [span.first, span.last].map(Timestamp::Utc);
        let (low, high) = span.numbers.ends().unwrap_or_default();
        let (channel, computer, records) = (&span.channel, &span.computer, span.records);
        writeln!(
            text,
            "coverage: {channel} of {computer}, {records} records {low}..{high}, {first}..{last}"
        )
        .unwrap();
    }
    for notice in &found.notices {
        let at = if notice.at.is_empty() { "whole file" } else { &notice.at };
        let lost = notice.lost.as_ref().map(|lost| format!(" (lost: {lost})")).unwrap_or_default();
        writeln!(text, "{at}: notice: {}{lost}", notice.what).unwrap();
    }
    text
}

fn event_line(event: &Event) -> String {
    let mut line = format!("{}: {}, {}", event.origin.position, event.time, event.provider);
    let mut part = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            write!(line, " {name}{value}").unwrap();
        }
    };
    part("alias ", event.event_source.as_ref().map(ToString::to_string));
    part("", event.event_id.map(|id| id.to_string()));
    part("qualifiers ", event.qualifiers.map(|number| number.to_string()));
    part("level ", event.level.map(|number| number.to_string()));
    part("in ", event.channel.as_ref().map(ToString::to_string));
    part("on ", event.computer.as_ref().map(ToString::to_string));
    part("pid ", event.process_id.map(|number| number.to_string()));
    part("activity ", event.activity_id.as_ref().map(ToString::to_string));
    part("sid ", event.user_id.as_ref().map(ToString::to_string));
    for (name, value) in &event.data {
        write!(line, " {name}={value:?}").unwrap();
    }
    line
}
