//! An Excel workbook: what was found, all lines, the evidence, the changes. Every cell is a text, a number or a time,
//! never a formula, whatever a log says.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::csv::{COLUMNS, quality};
use super::{Put, Row, RowFormat, Stamp, Tie};
use crate::analysis::Analysis;
use crate::diagnosis::Diagnosis;
use crate::report::words::{
    changed_in_short, client, harmless, known, legible_second, percent, to_begin_with, trail, when,
};
use crate::timeline::EntryId;

/// The workbook.
#[derive(Debug)]
pub(super) struct Xlsx;

/// What parts two cells of a rendered row; no text has it, for control characters are shown as codes.
const CELL: char = '\u{1f}';

/// Letters of a line in the column of texts.
const LINE: usize = 90;

/// Rows of a sheet, the header included.
const SHEET: u32 = 1_048_576;

/// Days from Excel's epoch to that of Unix.
const EPOCH: f64 = 25_569.0;

impl RowFormat for Xlsx {
    fn render(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        let time = |time: Option<DateTime<Utc>>| time.map(serial).unwrap_or_default();
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let cells = [
            &time(row.time),
            quality(row.quality),
            &harmless(&row.host),
            row.role(),
            &harmless(row.channel),
            &harmless(row.provider),
            &number(row.event_id.map(u64::from)),
            &number(row.record()),
            &number(row.level.map(u64::from)),
            &harmless(&row.signature),
            &row.causes,
            &harmless(&row.summary),
            &harmless(&row.user),
            &harmless(&row.address),
            &harmless(&row.code),
            &harmless(&row.source),
            &row.count.to_string(),
            &time(row.last),
        ];
        let mut letter = [0; 4];
        out.extend(cells.join(CELL.encode_utf8(&mut letter)).as_bytes());
    }

    fn begin<'w>(
        &self,
        analysis: &'w Analysis<'w>,
        out: &'w mut dyn Write,
    ) -> io::Result<Box<dyn Put + 'w>> {
        let mut workbook = Workbook::new();
        // The same input gives the same bytes: no date of today.
        if let Ok(date) = ExcelDateTime::from_ymd(2000, 1, 1) {
            workbook.set_properties(&DocProperties::new().set_creation_datetime(&date));
        }
        let mut book = Book { analysis, out, workbook, row: 0, sheets: 0, styles: Styles::new() };
        book.summary().map_err(io::Error::other)?;
        book.new_sheet().map_err(io::Error::other)?;
        Ok(Box::new(book))
    }
}

/// Days since Excel's epoch, as text.
fn serial(time: DateTime<Utc>) -> String {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of four thousand years fit")]
    let days = time.timestamp_millis() as f64 / 86_400_000.0 + EPOCH + HAIR;
    format!("{days:.11}")
}

/// Two microseconds, in days: LibreOffice cuts milliseconds off where Excel rounds, and a number of days is seldom exact.
const HAIR: f64 = 2e-11;

struct Styles {
    head: Format,
    time: Format,
    wrap: Format,
    bold: Format,
}

impl Styles {
    fn new() -> Self {
        Self {
            head: Format::new().set_bold(),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss.000"),
            wrap: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            bold: Format::new().set_bold().set_align(FormatAlign::Top),
        }
    }
}

struct Book<'w> {
    analysis: &'w Analysis<'w>,
    out: &'w mut dyn Write,
    workbook: Workbook,
    /// The next row of the timeline's current sheet.
    row: u32,
    sheets: usize,
    styles: Styles,
}

impl Put for Book<'_> {
    fn row(&mut self, number: u64, _: Stamp, tie: Tie, rendered: &[u8]) -> io::Result<()> {
        self.put(number, tie, &String::from_utf8_lossy(rendered)).map_err(io::Error::other)
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        let end = |book: &mut Self| -> Result<(), XlsxError> {
            book.end_sheet()?;
            book.evidence()?;
            book.changes()
        };
        end(&mut self).map_err(io::Error::other)?;
        // A zip archive is written back and forth, which a pipe cannot.
        let bytes = self.workbook.save_to_buffer().map_err(io::Error::other)?;
        self.out.write_all(&bytes)?;
        self.out.flush()?;
        Ok(0)
    }
}

impl Book<'_> {
    /// A further sheet for the timeline, written as it grows, with rows kept nowhere.
    fn new_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        let name =
            if self.sheets == 1 { "Timeline".into() } else { format!("Timeline {}", self.sheets) };
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        for (column, width) in [(1, 23.0), (3, 24.0), (6, 30.0), (10, 28.0), (14, 70.0), (18, 40.0)]
        {
            sheet.set_column_width(column, width)?;
        }
        header(sheet, &COLUMNS, &self.styles)?;
        self.row = 1;
        Ok(())
    }

    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        let (row, index) = (self.row, self.sheets);
        let sheet = self.workbook.worksheet_from_index(index)?;
        filter(sheet, row, COLUMNS.len())
    }

    fn put(&mut self, number: u64, tie: Tie, rendered: &str) -> Result<(), XlsxError> {
        if self.row >= SHEET {
            self.end_sheet()?;
            self.new_sheet()?;
        }
        let (row, time) = (self.row, self.styles.time.clone());
        let sheet = self.workbook.worksheet_from_index(self.sheets)?;
        #[expect(clippy::cast_precision_loss, reason = "a sheet has a million rows")]
        sheet.write_number(row, 0, number as f64)?;
        let before = rendered.split(CELL).take(11).zip(1_u16..);
        // Incident and seconds stand between.
        let after = rendered.split(CELL).skip(11).zip(14_u16..);
        for (cell, column) in before.chain(after).filter(|(cell, _)| !cell.is_empty()) {
            match (column, cell.parse::<f64>()) {
                (1 | 20, Ok(days)) => sheet.write_number_with_format(row, column, days, &time)?,
                (7 | 8 | 9 | 19, Ok(number)) => sheet.write_number(row, column, number)?,
                _ => sheet.write_string(row, column, cell)?,
            };
        }
        if let Some((incident, seconds)) = tie {
            #[expect(clippy::cast_precision_loss, reason = "a handful of incidents")]
            sheet.write_number(row, 12, incident as f64)?;
            if let Some(seconds) = seconds {
                sheet.write_number(row, 13, seconds)?;
            }
        }
        self.row += 1;
        Ok(())
    }

    fn summary(&mut self) -> Result<(), XlsxError> {
        let analysis = self.analysis;
        let sheet = self.workbook.add_worksheet();
        sheet.set_name("Summary")?;
        sheet.set_column_width(0, 22)?;
        sheet.set_column_width(1, 100)?;
        let mut lines: Vec<(&str, String)> =
            vec![("rdpwhy", format!("{}; all times are UTC", env!("CARGO_PKG_VERSION")))];
        if analysis.diagnoses.is_empty() {
            lines.push(("No incident", "Nothing says that a connection failed".into()));
        }
        for (number, diagnosis) in (1..).zip(&analysis.diagnoses) {
            lines.extend(incident(analysis, number, diagnosis));
        }
        let lost = analysis.notices.iter().filter(|notice| notice.lost.is_some()).count();
        lines.push(("Files", analysis.sources.len().to_string()));
        lines.push(("Notices", format!("{}, of which {lost} tell a loss", analysis.notices.len())));
        for (row, (name, text)) in (0..).zip(&lines) {
            sheet.write_string_with_format(row, 0, *name, &self.styles.bold)?;
            let text = harmless(text);
            // Not every program makes room for a text of several lines by itself.
            let lines = text.chars().count().div_ceil(LINE).clamp(1, 20);
            sheet.set_row_height(row, 15 * u32::try_from(lines).unwrap_or(1))?;
            sheet.write_string_with_format(row, 1, text, &self.styles.wrap)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(())
    }

    fn evidence(&mut self) -> Result<(), XlsxError> {
        let analysis = self.analysis;
        let sheet = self.workbook.add_worksheet();
        sheet.set_name("Evidence")?;
        let columns = ["incident", "cause", "probability", "grade", "weight_db", "text", "line"];
        header(sheet, &columns, &self.styles)?;
        sheet.set_column_width(1, 28)?;
        sheet.set_column_width(5, 90)?;
        let mut row = 1;
        for (number, diagnosis) in (1..).zip(&analysis.diagnoses) {
            for suspect in diagnosis.verdict.suspects() {
                for ground in suspect.grounds.iter().chain(&suspect.against) {
                    sheet.write_number(row, 0, f64::from(number))?;
                    sheet.write_string(row, 1, suspect.cause.as_str())?;
                    sheet.write_number(row, 2, (suspect.probability * 1000.0).floor() / 1000.0)?;
                    sheet.write_string(row, 3, ground.grade.as_str())?;
                    sheet.write_number(row, 4, (ground.weight_db * 10.0).round() / 10.0)?;
                    sheet.write_string(row, 5, harmless(&ground.text))?;
                    line(sheet, row, 6, ground.entry)?;
                    row += 1;
                }
            }
        }
        filter(sheet, row, columns.len())
    }

    fn changes(&mut self) -> Result<(), XlsxError> {
        let analysis = self.analysis;
        let sheet = self.workbook.add_worksheet();
        sheet.set_name("Changes")?;
        let columns = ["incident", "time_utc", "is_trigger", "kind", "kb", "text", "line"];
        header(sheet, &columns, &self.styles)?;
        sheet.set_column_width(1, 23)?;
        sheet.set_column_width(5, 90)?;
        let mut row = 1;
        for (number, diagnosis) in (1..).zip(&analysis.diagnoses) {
            for change in &diagnosis.changes {
                let trigger = diagnosis.trigger.as_ref();
                let is_trigger = trigger.is_some_and(|one| one.change.entry == change.entry);
                let entry = analysis.timeline.get(change.entry);
                sheet.write_number(row, 0, f64::from(number))?;
                if let Some(days) = change.time.and_then(|time| serial(time).parse::<f64>().ok()) {
                    sheet.write_number_with_format(row, 1, days, &self.styles.time)?;
                }
                sheet.write_string(row, 2, if is_trigger { "yes" } else { "no" })?;
                sheet.write_string(row, 3, change.kind.as_str())?;
                sheet.write_string(row, 4, harmless(change.kb.as_deref().unwrap_or_default()))?;
                let text = entry.map_or("", |entry| entry.summary.as_str());
                sheet.write_string(row, 5, harmless(text))?;
                line(sheet, row, 6, Some(change.entry))?;
                row += 1;
            }
        }
        filter(sheet, row, columns.len())
    }
}

fn incident(
    analysis: &Analysis<'_>,
    number: usize,
    diagnosis: &Diagnosis,
) -> Vec<(&'static str, String)> {
    let incident = &diagnosis.incident;
    let first = diagnosis.verdict.first();
    let cause = first.map_or_else(
        || "not to be told from what was collected".to_owned(),
        |first| {
            let title = known(analysis, first.cause).map_or("", |cause| &cause.title);
            format!("{title} ({}, {})", first.cause, percent(first.probability))
        },
    );
    let mut lines = vec![
        ("Incident", format!("{number} of {}", analysis.diagnoses.len())),
        ("Cause", cause),
        ("When", when(incident, legible_second)),
        ("Server", analysis.host_name(incident.server.as_ref()).unwrap_or("not told").to_owned()),
        ("Client", client(analysis, incident)),
        ("Reached", trail(incident)),
    ];
    if let Some(code) = incident.code {
        lines.push(("Shown", format!("{code}: {}", code.meaning())));
    }
    lines.extend(changed_in_short(analysis, diagnosis).map(|text| ("What changed", text)));
    if let Some((_, text)) = to_begin_with(analysis, diagnosis) {
        lines.push((if first.is_some() { "Do first" } else { "Collect first" }, text));
    }
    lines
}

fn header(sheet: &mut Worksheet, columns: &[&str], styles: &Styles) -> Result<(), XlsxError> {
    for (column, name) in (0..).zip(columns) {
        sheet.write_string_with_format(0, column, *name, &styles.head)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn filter(sheet: &mut Worksheet, rows: u32, columns: usize) -> Result<(), XlsxError> {
    let last = u16::try_from(columns.saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.autofilter(0, 0, rows.saturating_sub(1), last)?;
    Ok(())
}

/// The number of a line of the timeline.
fn line(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    entry: Option<EntryId>,
) -> Result<(), XlsxError> {
    if let Some(EntryId(index)) = entry {
        #[expect(clippy::cast_precision_loss, reason = "a sheet has a million rows")]
        sheet.write_number(row, column, (index + 1) as f64)?;
    }
    Ok(())
}
