//! The 17 columns of log2timeline, as plaso's `l2tcsv` output writes them: no quotes, and no comma inside of a field.

use std::io::{self, Write};

use super::{HERE, Lines, Put, Row, RowFormat, Tie};
use crate::analysis::Analysis;
use crate::report::words::harmless;

/// The l2tcsv timeline.
#[derive(Debug)]
pub(super) struct L2tCsv;

/// The header, to the letter.
const HEADER: &str = "date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra";

/// Letters of the short description.
const SHORT: usize = 80;

impl RowFormat for L2tCsv {
    fn render(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        let is_log = row.event_id.is_some();
        let event = row.event_id.map(|id| format!(" {id}")).unwrap_or_default();
        let short: String = row.summary.chars().take(SHORT).collect();
        let (date, time) = row.time.map_or_else(
            // As plaso writes what has no time.
            || ("00/00/0000".to_owned(), "--:--:--".to_owned()),
            |time| (time.format("%m/%d/%Y").to_string(), time.format("%H:%M:%S").to_string()),
        );
        let inode = row.record().map(|record| record.to_string());
        let desc = format!("{}{event}: {}", row.provider, row.summary);
        let cells = [
            date.as_str(),
            time.as_str(),
            "UTC",
            "....",
            if is_log { "EVT" } else { "LOG" },
            if is_log { "WinEVTX" } else { "Text" },
            if row.time.is_some() { "Event Logged" } else { "Not a time" },
            or_none(&row.user),
            or_none(&row.host),
            or_none(&short),
            desc.trim_end_matches(": "),
            "2",
            &row.source,
            or_none(inode.as_deref().unwrap_or_default()),
            or_none(&row.signature),
            "rdpwhy",
        ];
        for cell in cells {
            clean(cell, out);
            out.push(b',');
        }
        write_extra(row, out);
        out.push(HERE);
        out.push(b'\n');
    }

    fn begin<'w>(
        &self,
        _: &'w Analysis<'w>,
        out: &'w mut dyn Write,
    ) -> io::Result<Box<dyn Put + 'w>> {
        writeln!(out, "{HEADER}")?;
        let tie = |out: &mut dyn Write, tie: Tie| match tie {
            Some((incident, _)) => write!(out, "; incident: {incident}"),
            None => Ok(()),
        };
        Ok(Box::new(Lines { out, number: None, tie, left_out: 0 }))
    }
}

fn write_extra(row: &Row<'_>, out: &mut Vec<u8>) {
    let exact = row.time.map(crate::report::instant).unwrap_or_default();
    let count = row.count.to_string();
    let pairs = [
        ("time", exact.as_str()),
        ("channel", row.channel),
        ("role", row.role()),
        ("causes", &row.causes),
        ("address", &row.address),
        ("code", &row.code),
        ("count", &count),
    ];
    let mut first = true;
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        if !std::mem::take(&mut first) {
            out.extend(b"; ");
        }
        out.extend(name.as_bytes());
        out.extend(b": ");
        clean(value, out);
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

fn clean(text: &str, out: &mut Vec<u8>) {
    out.extend(harmless(text).bytes().map(|byte| if byte == b',' { b' ' } else { byte }));
}
