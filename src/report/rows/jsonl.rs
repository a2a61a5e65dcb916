//! One JSON object a line: the columns of the CSV by the same names, and all fields of the record.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::csv::quality;
use super::{HERE, Lines, Put, Row, RowFormat, json_tie, members};
use crate::analysis::Analysis;
use crate::report::instant;

/// The JSONL timeline.
#[derive(Debug)]
pub(super) struct Jsonl;

#[derive(Serialize)]
struct Line<'a> {
    time_utc: Option<String>,
    time_quality: &'static str,
    host: &'a str,
    role: &'static str,
    channel: &'a str,
    provider: &'a str,
    event_id: Option<u32>,
    record: Option<u64>,
    level: Option<u8>,
    signature: &'a str,
    causes: Vec<&'a str>,
    summary: &'a str,
    user: &'a str,
    address: &'a str,
    code: &'a str,
    source_file: &'a str,
    count: u64,
    last_time_utc: Option<String>,
    fields: BTreeMap<&'a str, &'a str>,
}

/// The record's values by name; of two with the same name the first, as everywhere in rdpwhy.
pub(super) fn fields<'r>(row: &'r Row<'_>) -> BTreeMap<&'r str, &'r str> {
    let pairs = row.fields.iter().rev();
    pairs.map(|(name, value)| (&**name, value.as_str())).collect()
}

impl RowFormat for Jsonl {
    fn render(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        let line = Line {
            time_utc: row.time.map(instant),
            time_quality: quality(row.quality),
            host: &row.host,
            role: row.role(),
            channel: row.channel,
            provider: row.provider,
            event_id: row.event_id,
            record: row.record(),
            level: row.level,
            signature: &row.signature,
            causes: row.causes.split_whitespace().collect(),
            summary: &row.summary,
            user: &row.user,
            address: &row.address,
            code: &row.code,
            source_file: &row.source,
            count: row.count,
            last_time_utc: row.last.map(instant),
            fields: fields(row),
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
