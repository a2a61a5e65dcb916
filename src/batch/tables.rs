//! What is made of a store when a run is done: tables for spreadsheets and lakes.

#[cfg(feature = "parquet")]
mod parquet;

use std::io::{self, Read as _, Write};

use flate2::read::DeflateDecoder;
use rusqlite::Row;
use rusqlite::types::ValueRef;

#[cfg(feature = "parquet")]
pub use self::parquet::{Table, write as write_parquet};
use super::Store;
use crate::error::{Error, Result};
use crate::report::rows;

/// The columns of `tickets.csv`: those of the table.
const TICKETS: [&str; 20] = [
    "ticket",
    "id",
    "path",
    "sha256",
    "status",
    "reason",
    "verdict",
    "probability",
    "incident_time",
    "trigger_id",
    "trigger_kb",
    "incidents",
    "hosts",
    "sources",
    "events",
    "notices",
    "bytes",
    "first_time",
    "last_time",
    "duplicate_of",
];

/// Writes `tickets.csv`: a row a ticket, RFC 4180.
///
/// # Errors
/// When the store cannot be read or `out` not be written to.
pub fn tickets_csv(store: &Store, out: &mut dyn Write) -> Result<()> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let fail = |error: csv::Error| written("tickets.csv", io::Error::from(error));
    table.write_record(TICKETS).map_err(fail)?;
    let query = format!("SELECT {} FROM tickets ORDER BY ticket", TICKETS.join(", "));
    store.each(&query, |row| {
        let cells = (0..TICKETS.len()).map(|column| cell(row, column));
        table.write_record(cells).map_err(fail)
    })?;
    table.flush().map_err(|error| written("tickets.csv", error))
}

/// A value as text; an unknown one is empty. What a log says is shown without control characters, as in timelines.
fn cell(row: &Row<'_>, column: usize) -> String {
    match row.get_ref(column) {
        Ok(ValueRef::Integer(number)) => number.to_string(),
        Ok(ValueRef::Real(number)) => number.to_string(),
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => {
            crate::report::visible(&String::from_utf8_lossy(bytes))
        }
        Ok(ValueRef::Null) | Err(_) => String::new(),
    }
}

fn written(name: &str, source: io::Error) -> Error {
    Error::Output { path: name.into(), source }
}

/// Writes `timeline.csv`: the columns of a ticket's timeline behind its name, ticket after ticket.
///
/// # Errors
/// When the store cannot be read or `out` not be written to.
pub fn timeline_csv(store: &Store, out: &mut dyn Write) -> Result<()> {
    let fail = |error| written("timeline.csv", error);
    write!(out, "ticket,{}\r\n", rows::csv_columns().join(",")).map_err(fail)?;
    let mut text = Vec::new();
    let query = "SELECT t.id, l.csv FROM lines l JOIN tickets t USING (ticket) ORDER BY ticket";
    store.each(query, |row| {
        let name = quoted(&cell(row, 0));
        let packed = row.get_ref(1).ok().and_then(|value| value.as_blob().ok()).unwrap_or_default();
        text.clear();
        DeflateDecoder::new(packed).read_to_end(&mut text).map_err(fail)?;
        // A timeline's cells hold no line ends: each line is a row.
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            out.write_all(name.as_bytes()).map_err(fail)?;
            out.write_all(b",").map_err(fail)?;
            out.write_all(line).map_err(fail)?;
        }
        Ok(())
    })
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', ';']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
