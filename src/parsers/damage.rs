//! Damaged units of one source: the first ones each get a notice, the others are counted.

use std::fmt::Display;
use std::io;

use super::Sink;
use crate::bundle::limits;
use crate::event::SourceId;
use crate::notice::Notice;
use crate::source::{Lines, RawLines, Source};

/// Counts what was lost of one source.
pub(crate) struct Damage {
    source: SourceId,
    /// What is lost with each, such as `record`.
    unit: &'static str,
    count: usize,
}

impl Damage {
    pub(crate) fn new(source: &Source, unit: &'static str) -> Self {
        Self { source: source.id, unit, count: 0 }
    }

    /// Takes note of one lost unit.
    pub(crate) fn one(&mut self, at: impl Display, what: &str, sink: &mut dyn Sink) {
        self.count += 1;
        if self.count <= limits::NOTICES_EACH {
            let notice = Notice::new(self.source, at.to_string(), what);
            sink.notice(notice.losing(format!("1 {}", self.unit)));
        }
    }

    /// Tells how many more there were.
    pub(crate) fn finish(self, sink: &mut dyn Sink) {
        if let Some(more @ 1..) = self.count.checked_sub(limits::NOTICES_EACH) {
            let notice = Notice::new(self.source, "", "more of the same damage");
            sink.notice(notice.losing(format!("{more} × 1 {}", self.unit)));
        }
    }
}

/// The lines of a source, or a notice why there are none.
pub(crate) fn lines<'s>(source: &'s Source, sink: &mut dyn Sink) -> Option<Lines<'s>> {
    source.lines().map_err(|error| unreadable(source, &error, sink)).ok()
}

/// The lines of a source, decoded only where somebody asks, or a notice why there are none.
pub(crate) fn raw_lines<'s>(source: &'s Source, sink: &mut dyn Sink) -> Option<RawLines<'s>> {
    source.raw_lines().map_err(|error| unreadable(source, &error, sink)).ok()
}

/// A source that cannot be opened.
pub(crate) fn unreadable(source: &Source, error: &io::Error, sink: &mut dyn Sink) {
    sink.notice(Notice::new(source.id, "", format!("cannot be read: {error}")));
}

/// What went wrong while the lines were read.
pub(crate) fn report(lines: &Lines<'_>, source: &Source, sink: &mut dyn Sink) {
    report_raw(lines.raw(), source, sink);
}

/// The same, of lines that were not all decoded.
pub(crate) fn report_raw(lines: &RawLines<'_>, source: &Source, sink: &mut dyn Sink) {
    if let Some(failure) = lines.failure() {
        let what = format!("cannot be read further: {failure}");
        sink.notice(Notice::new(source.id, "", what).losing("the rest"));
    }
    if lines.cut() > 0 {
        let what = format!("{} lines are too long", lines.cut());
        sink.notice(Notice::new(source.id, "", what).losing("their ends"));
    }
}
