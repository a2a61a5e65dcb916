//! The timeline as CSV. Columns are stable; new ones are added at the end. `docs/formats.md` describes them.

use std::borrow::Cow;
use std::io::{self, Write};

use chrono::{DateTime, Utc};

use super::{HERE, Put, Row, RowFormat, Stamp, Tie};
use crate::analysis::Analysis;
use crate::event::TimeQuality;
use crate::report::push_instant;
use crate::report::words::{harmless, legible};

/// How a table is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 4180: commas, UTF-8, times as RFC 3339.
    Rfc4180,
    /// For Excel: with a byte order mark, times that it takes for times, and nothing that it takes for a formula.
    Excel,
    /// The same with semicolons and decimal commas, for Excel in most of Europe.
    ExcelSemicolon,
}

/// The CSV timeline.
#[derive(Debug)]
pub(super) struct Csv(pub(super) Dialect);

/// The columns, in order.
pub(super) const COLUMNS: [&str; 21] = [
    "number",
    "time_utc",
    "time_quality",
    "host",
    "role",
    "channel",
    "provider",
    "event_id",
    "record",
    "level",
    "signature",
    "causes",
    "incident",
    "seconds_to_incident",
    "summary",
    "user",
    "address",
    "code",
    "source_file",
    "count",
    "last_time_utc",
];

impl Dialect {
    fn delimiter(self) -> char {
        if self == Self::ExcelSemicolon { ';' } else { ',' }
    }
}

impl RowFormat for Csv {
    fn render(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        let Self(dialect) = *self;
        let mut cells = Cells { dialect, out };
        cells.own(quality(row.quality));
        cells.text(&row.host);
        cells.own(row.role());
        cells.text(row.channel);
        cells.text(row.provider);
        cells.number(row.event_id.map(u64::from));
        cells.out.push(HERE);
        cells.number(row.level.map(u64::from));
        cells.text(&row.signature);
        cells.own(&row.causes);
        cells.out.push(HERE);
        cells.text(&row.summary);
        cells.text(&row.user);
        cells.text(&row.address);
        cells.text(&row.code);
        cells.text(&row.source);
        cells.number(Some(row.count));
        cells.time(row.last);
        out.extend(b"\r\n");
    }

    fn leaves_stamp_open(&self) -> bool {
        true
    }

    fn begin<'w>(
        &self,
        _: &'w Analysis<'w>,
        out: &'w mut dyn Write,
    ) -> io::Result<Box<dyn Put + 'w>> {
        let Self(dialect) = *self;
        if dialect != Dialect::Rfc4180 {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let mut delimiter = [0; 4];
        let head = COLUMNS.join(dialect.delimiter().encode_utf8(&mut delimiter));
        write!(out, "{head}\r\n")?;
        Ok(Box::new(Table { dialect, out, line: Vec::new() }))
    }
}

/// Writes rows with their number, stamp and incident.
struct Table<'w> {
    dialect: Dialect,
    out: &'w mut dyn Write,
    line: Vec<u8>,
}

impl Put for Table<'_> {
    fn row(&mut self, number: u64, stamp: Stamp, tie: Tie, rendered: &[u8]) -> io::Result<()> {
        let mut rest = rendered;
        let mut part = || {
            let end = memchr::memchr(HERE, rest).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            part
        };
        self.line.clear();
        let mut cells = Cells { dialect: self.dialect, out: &mut self.line };
        cells.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        cells.time(stamp.time);
        cells.out.extend_from_slice(part());
        cells.number(stamp.record);
        cells.out.extend_from_slice(part());
        cells.number(tie.map(|(incident, _)| incident));
        cells.decimals(tie.and_then(|(_, seconds)| seconds));
        cells.out.extend_from_slice(part());
        self.out.write_all(&self.line)
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        self.out.flush()?;
        Ok(0)
    }
}

/// Appends cells, each with its delimiter before it: the number stands in front of the first.
struct Cells<'o> {
    dialect: Dialect,
    out: &'o mut Vec<u8>,
}

impl Cells<'_> {
    /// Our own words, which need no quotes.
    fn own(&mut self, text: &str) {
        self.delimiter();
        self.out.extend_from_slice(text.as_bytes());
    }

    fn time(&mut self, time: Option<DateTime<Utc>>) {
        self.delimiter();
        match (time, self.dialect) {
            (None, _) => {}
            (Some(time), Dialect::Rfc4180) => push_instant(time, self.out),
            // Excel knows milliseconds and no zone.
            (Some(time), _) => self.out.extend_from_slice(legible(time).as_bytes()),
        }
    }

    fn number(&mut self, number: Option<u64>) {
        self.delimiter();
        if let Some(number) = number {
            self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
    }

    fn decimals(&mut self, number: Option<f64>) {
        self.delimiter();
        let text = number.map(|number| format!("{number:.3}")).unwrap_or_default();
        let is_european = self.dialect == Dialect::ExcelSemicolon;
        let text = if is_european { text.replace('.', ",") } else { text };
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Text from a log.
    fn text(&mut self, text: &str) {
        self.delimiter();
        // Most cells are so; all bytes are looked at, many at once, which is faster than to stop at the first.
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') & !matches!(byte, b',' | b';' | b'"');
        let is_short = text.len() <= 4096;
        if self.dialect == Dialect::Rfc4180
            && is_short
            && text.bytes().fold(true, |plain, byte| plain & is_plain(byte))
        {
            self.out.extend_from_slice(text.as_bytes());
            return;
        }
        let text = harmless(text);
        let text = if self.dialect == Dialect::Rfc4180 { text } else { guarded(text) };
        if memchr::memchr3(b',', b';', b'"', text.as_bytes()).is_some() {
            self.out.push(b'"');
            let mut from = 0;
            for at in memchr::memchr_iter(b'"', text.as_bytes()) {
                self.out.extend_from_slice(text.as_bytes().get(from..=at).unwrap_or_default());
                from = at;
            }
            self.out.extend_from_slice(text.as_bytes().get(from..).unwrap_or_default());
            self.out.push(b'"');
        } else {
            self.out.extend_from_slice(text.as_bytes());
        }
    }

    fn delimiter(&mut self) {
        self.out.push(if self.dialect == Dialect::ExcelSemicolon { b';' } else { b',' });
    }
}

/// What Excel would take for a formula is made a text by an apostrophe.
fn guarded(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%']) {
        format!("'{text}").into()
    } else {
        text
    }
}

/// The word for how exact a time is.
pub(super) fn quality(quality: TimeQuality) -> &'static str {
    match quality {
        TimeQuality::Exact => "exact",
        TimeQuality::Resolved => "resolved",
        TimeQuality::Assumed => "assumed",
        TimeQuality::Day => "day",
        TimeQuality::Undated => "undated",
    }
}
