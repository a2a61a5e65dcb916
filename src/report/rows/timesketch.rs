//! For Timesketch, whose importer wants `message`, `datetime` and `timestamp_desc` in every line, and a `datetime` that
//! it can read (`timesketch/lib/utils.py`, `read_and_validate_csv` and `read_and_validate_jsonl`). A line without a time
//! has no place there, and neither has one of a time that pandas, with which it reads, cannot count: the importer drops
//! that without a word.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{DateTime, Datelike as _, SecondsFormat, Utc};
use serde::Serialize;

use super::jsonl::fields;
use super::{HERE, Lines, Put, Row, RowFormat, Tie, json_tie, members};
use crate::analysis::Analysis;
use crate::report::words::harmless;

/// The CSV that its importer takes.
#[derive(Debug)]
pub(super) struct Csv;

/// The JSONL that its importer takes.
#[derive(Debug)]
pub(super) struct Jsonl;

const COLUMNS: [&str; 17] = [
    "number",
    "message",
    "datetime",
    "timestamp",
    "timestamp_desc",
    "hostname",
    "username",
    "src_ip",
    "source_name",
    "event_identifier",
    "channel",
    "record_number",
    "rdpwhy_role",
    "rdpwhy_signature",
    "code",
    "display_name",
    "incident",
];

fn datetime(time: DateTime<Utc>) -> String {
    // With an offset, as its own exports have it.
    time.to_rfc3339_opts(SecondsFormat::Micros, false)
}

/// Whether pandas knows a time: it counts nanoseconds from 1970 in 64 bits, which reaches from 1677 to 2262.
fn is_counted(time: &DateTime<Utc>) -> bool {
    (1678..2262).contains(&time.year())
}

/// What the time of a row is the time of.
fn described(row: &Row<'_>) -> &'static str {
    if row.count > 1 { "First Event Logged" } else { "Event Logged" }
}

/// A message is never empty: the importer refuses that.
fn message(row: &Row<'_>) -> String {
    let event = row.event_id.map(|id| format!(" {id}")).unwrap_or_default();
    let text = harmless(&row.summary);
    format!("{}{event}: {text}", harmless(row.provider)).trim_end().to_owned()
}

impl RowFormat for Csv {
    fn render(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        let Some(time) = row.time.filter(is_counted) else { return };
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let cells = [
            message(row),
            datetime(time),
            time.timestamp_micros().to_string(),
            described(row).to_owned(),
            row.host.to_string(),
            row.user.to_string(),
            row.address.to_string(),
            row.provider.to_owned(),
            number(row.event_id.map(u64::from)),
            row.channel.to_owned(),
            number(row.record()),
            row.role().to_owned(),
            row.signature.to_string(),
            row.code.to_string(),
            row.source.to_string(),
        ];
        for cell in &cells {
            out.extend(b",\"");
            out.extend(harmless(cell).replace('"', "\"\"").as_bytes());
            out.push(b'"');
        }
        out.push(HERE);
        out.extend(b"\r\n");
    }

    fn begin<'w>(
        &self,
        _: &'w Analysis<'w>,
        out: &'w mut dyn Write,
    ) -> io::Result<Box<dyn Put + 'w>> {
        write!(out, "{}\r\n", COLUMNS.join(","))?;
        let tie = |out: &mut dyn Write, tie: Tie| match tie {
            Some((incident, _)) => write!(out, ",{incident}"),
            None => out.write_all(b","),
        };
        Ok(Box::new(Lines { out, number: Some(("", "")), tie, left_out: 0 }))
    }
}

#[derive(Serialize)]
struct Line<'a> {
    message: String,
    datetime: String,
    timestamp: i64,
    timestamp_desc: &'static str,
    hostname: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    src_ip: &'a str,
    source_name: &'a str,
    event_identifier: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    channel: &'a str,
    record_number: Option<u64>,
    rdpwhy_role: &'static str,
    rdpwhy_signature: &'a str,
    rdpwhy_causes: Vec<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    code: &'a str,
    display_name: &'a str,
    count: u64,
    event_data: BTreeMap<&'a str, &'a str>,
}

impl RowFormat for Jsonl {
    fn render(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        let Some(time) = row.time.filter(is_counted) else { return };
        let line = Line {
            message: message(row),
            datetime: datetime(time),
            timestamp: time.timestamp_micros(),
            timestamp_desc: described(row),
            hostname: &row.host,
            username: &row.user,
            src_ip: &row.address,
            source_name: row.provider,
            event_identifier: row.event_id,
            channel: row.channel,
            record_number: row.record(),
            rdpwhy_role: row.role(),
            rdpwhy_signature: &row.signature,
            rdpwhy_causes: row.causes.split_whitespace().collect(),
            code: &row.code,
            display_name: &row.source,
            count: row.count,
            event_data: fields(row),
        };
        members(out, &line);
        out.push(HERE);
        out.extend(b"}\n");
    }

    fn begin<'w>(
        &self,
        _: &'w Analysis<'w>,
        out: &'w mut dyn Write,
    ) -> io::Result<Box<dyn Put + 'w>> {
        let number = Some(("{\"number\":", ","));
        Ok(Box::new(Lines { out, number, tie: json_tie, left_out: 0 }))
    }
}
