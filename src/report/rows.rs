//! Timelines as rows, for tables and other tools: one file a format, one line in [`ROW_FORMATS`].
//!
//! A row is rendered where it was read, in any thread, and numbered and tied to its incident when it is written, in the
//! order of time: so all events of a bundle can be written without any of them being kept (`all`).

pub mod all;
mod csv;
mod ecs;
mod jsonl;
mod l2tcsv;
mod row;
mod timesketch;
mod xlsx;

use std::fmt::Debug;
use std::io::{self, Write};

pub use self::csv::Dialect;
pub use self::row::{Row, Stamp, Tie};
use super::Report;
use crate::analysis::Analysis;

/// A timeline format.
pub trait RowFormat: Sync + Debug {
    /// Appends everything that is known of a row when it is read; [`Put::row`] gets it back.
    fn render(&self, row: &Row<'_>, out: &mut Vec<u8>);

    /// Whether that tells neither the time nor the record, since [`Put::row`] does: rows of events that say the same again
    /// are equal then, and rendered once.
    fn leaves_stamp_open(&self) -> bool {
        false
    }

    /// Begins a file.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    fn begin<'w>(
        &self,
        analysis: &'w Analysis<'w>,
        out: &'w mut dyn Write,
    ) -> io::Result<Box<dyn Put + 'w>>;
}

/// Writes rendered rows in their final order.
pub trait Put {
    /// One row: its number from 1, when and where its event was, its incident, and what [`RowFormat::render`] made of it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn row(&mut self, number: u64, stamp: Stamp, tie: Tie, rendered: &[u8]) -> io::Result<()>;

    /// Ends the file, and says how many rows the format has no place for: some know no line without a time.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(self: Box<Self>) -> io::Result<u64>;
}

/// A timeline format with its names.
#[derive(Debug)]
pub struct NamedRowFormat {
    /// What is typed.
    pub name: &'static str,
    /// The name of its file in an output folder.
    pub file: &'static str,
    /// One line of help.
    pub about: &'static str,
    /// The format.
    pub format: &'static dyn RowFormat,
}

/// Every timeline format.
pub static ROW_FORMATS: &[NamedRowFormat] = &[
    NamedRowFormat {
        name: "csv",
        file: "timeline.csv",
        about: "Comma-separated values; see --csv-dialect",
        format: &csv::Csv(Dialect::Rfc4180),
    },
    NamedRowFormat {
        name: "jsonl",
        file: "timeline.jsonl",
        about: "One JSON object a line, with all fields of the record",
        format: &jsonl::Jsonl,
    },
    NamedRowFormat {
        name: "timesketch",
        file: "timesketch.csv",
        about: "CSV for Timesketch",
        format: &timesketch::Csv,
    },
    NamedRowFormat {
        name: "timesketch-jsonl",
        file: "timesketch.jsonl",
        about: "JSONL for Timesketch, with all fields of the record",
        format: &timesketch::Jsonl,
    },
    NamedRowFormat {
        name: "ecs",
        file: "timeline.ecs.jsonl",
        about: "One JSON object a line in the names of the Elastic Common Schema",
        format: &ecs::Ecs,
    },
    NamedRowFormat {
        name: "l2tcsv",
        file: "timeline.l2t.csv",
        about: "The 17 columns of log2timeline",
        format: &l2tcsv::L2tCsv,
    },
    NamedRowFormat {
        name: "xlsx",
        file: "timeline.xlsx",
        about: "An Excel workbook: Summary, Timeline, Evidence, Changes",
        format: &xlsx::Xlsx,
    },
];

/// The CSV of the standard.
pub(super) const CSV: &dyn RowFormat = &csv::Csv(Dialect::Rfc4180);

/// JSON lines.
pub(super) const JSONL: &dyn RowFormat = &jsonl::Jsonl;

/// The format of a name.
#[must_use]
pub fn row_format(name: &str) -> Option<&'static NamedRowFormat> {
    ROW_FORMATS.iter().find(|format| format.name == name)
}

/// The CSV format of a dialect.
#[must_use]
pub fn csv(dialect: Dialect) -> &'static dyn RowFormat {
    match dialect {
        Dialect::Rfc4180 => &csv::Csv(Dialect::Rfc4180),
        Dialect::Excel => &csv::Csv(Dialect::Excel),
        Dialect::ExcelSemicolon => &csv::Csv(Dialect::ExcelSemicolon),
    }
}

/// The columns of the CSV format, in order.
#[must_use]
pub fn csv_columns() -> &'static [&'static str] {
    &csv::COLUMNS
}

/// Writes the lines of an analysis' timeline, and says how many the format has no place for.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(
    format: &dyn RowFormat,
    analysis: &Analysis<'_>,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let mut put = format.begin(analysis, out)?;
    let mut rendered = Vec::new();
    for (id, entry) in analysis.timeline.numbered() {
        let row = Row::of_entry(analysis, entry);
        rendered.clear();
        format.render(&row, &mut rendered);
        let tie = entry.incident.map(|index| (index as u64 + 1, entry.delta_s));
        put.row(id.0 as u64 + 1, row.stamp(), tie, &rendered)?;
    }
    put.finish()
}

/// A timeline format as one of the outputs of an analysis.
#[derive(Debug)]
pub(super) struct AsReport(pub(super) &'static dyn RowFormat);

impl Report for AsReport {
    fn write(&self, analysis: &Analysis<'_>, out: &mut dyn Write) -> io::Result<()> {
        write(self.0, analysis, out).map(drop)
    }
}

/// Where a rendered row is to be continued with what only its place in the file tells.
const HERE: u8 = 0;

/// A file of lines: a start, the number, what was rendered with the incident in its place.
struct Lines<'w> {
    out: &'w mut dyn Write,
    /// What a line begins with, before and after its number; `None` leaves the number out.
    number: Option<(&'static str, &'static str)>,
    /// Writes the incident, between the two parts of what was rendered.
    tie: fn(&mut dyn Write, Tie) -> io::Result<()>,
    left_out: u64,
}

impl Put for Lines<'_> {
    fn row(&mut self, number: u64, _: Stamp, tie: Tie, rendered: &[u8]) -> io::Result<()> {
        // A format renders nothing for what it has no place for.
        if rendered.is_empty() {
            self.left_out += 1;
            return Ok(());
        }
        if let Some((before, after)) = self.number {
            let mut digits = itoa::Buffer::new();
            for part in [before, digits.format(number), after] {
                self.out.write_all(part.as_bytes())?;
            }
        }
        let here = memchr::memchr(HERE, rendered);
        let (start, rest) = rendered.split_at(here.unwrap_or(rendered.len()));
        self.out.write_all(start)?;
        if let [HERE, rest @ ..] = rest {
            (self.tie)(self.out, tie)?;
            self.out.write_all(rest)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        self.out.flush()?;
        Ok(self.left_out)
    }
}

/// The incident as members of a JSON object.
fn json_tie(out: &mut dyn Write, tie: Tie) -> io::Result<()> {
    let Some((incident, seconds)) = tie else { return Ok(()) };
    write!(out, ",\"incident\":{incident}")?;
    seconds.map_or(Ok(()), |seconds| write!(out, ",\"seconds_to_incident\":{seconds:.3}"))
}

/// Appends a JSON object's members, without its braces.
fn members(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    let start = out.len();
    if super::json_text::compact(out, value).is_ok() {
        out.pop();
        out.remove(start);
    }
}
