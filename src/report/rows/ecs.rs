//! In the names of the Elastic Common Schema 8.11 (`winlog.*` as Winlogbeat has it; `tests/timelines/ecs.tsv` says what
//! the schema says of each); what is ours stands below `rdpwhy.*`. A document needs an `@timestamp`, so a line without a time has no place there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::csv::quality;
use super::jsonl::fields;
use super::{HERE, Lines, Put, Row, RowFormat, Tie, members};
use crate::analysis::Analysis;
use crate::report::instant;

/// The ECS timeline.
#[derive(Debug)]
pub(super) struct Ecs;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: String,
    #[serde(rename = "ecs.version")]
    version: &'static str,
    message: Cow<'a, str>,
    #[serde(rename = "event.kind")]
    kind: &'static str,
    #[serde(rename = "event.module")]
    module: &'static str,
    #[serde(rename = "event.provider")]
    provider: &'a str,
    #[serde(rename = "event.code", skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(rename = "event.end", skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(rename = "error.code", skip_serializing_if = "str::is_empty")]
    error: &'a str,
    #[serde(rename = "host.name", skip_serializing_if = "str::is_empty")]
    host: &'a str,
    #[serde(rename = "user.name", skip_serializing_if = "str::is_empty")]
    user: &'a str,
    #[serde(rename = "source.ip", skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(rename = "log.level", skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    #[serde(rename = "log.file.path")]
    file: &'a str,
    #[serde(rename = "rule.name", skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(rename = "winlog.channel", skip_serializing_if = "str::is_empty")]
    channel: &'a str,
    #[serde(rename = "winlog.provider_name")]
    winlog_provider: &'a str,
    #[serde(rename = "winlog.event_id", skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    #[serde(rename = "winlog.record_id", skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    #[serde(rename = "winlog.event_data", skip_serializing_if = "BTreeMap::is_empty")]
    data: BTreeMap<Cow<'a, str>, &'a str>,
    #[serde(rename = "rdpwhy.role", skip_serializing_if = "str::is_empty")]
    role: &'static str,
    #[serde(rename = "rdpwhy.signatures", skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<&'a str>,
    #[serde(rename = "rdpwhy.causes", skip_serializing_if = "Vec::is_empty")]
    causes: Vec<&'a str>,
    #[serde(rename = "rdpwhy.time_quality")]
    quality: &'static str,
    #[serde(rename = "rdpwhy.count")]
    count: u64,
}

fn level(level: u8) -> Option<&'static str> {
    match level {
        1 => Some("critical"),
        2 => Some("error"),
        3 => Some("warning"),
        0 | 4 => Some("information"),
        5 => Some("verbose"),
        _ => None,
    }
}

/// A name that an index takes for one field: a dot would make it a path, and an empty name is refused with its document.
fn plain(name: &str) -> Cow<'_, str> {
    match name.trim() {
        "" => "unnamed".into(),
        name if name.contains('.') => name.replace('.', "_").into(),
        name => name.into(),
    }
}

impl RowFormat for Ecs {
    fn render(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        let Some(time) = row.time else { return };
        let event = row.event_id.map(|id| format!(" {id}")).unwrap_or_default();
        // An event without values still is one.
        let named = || Cow::Owned(format!("{}{event}", row.provider));
        let message = Some(&*row.summary).filter(|text| !text.is_empty());
        let document = Document {
            timestamp: instant(time),
            version: "8.11.0",
            message: message.map_or_else(named, Cow::Borrowed),
            kind: "event",
            module: "rdpwhy",
            provider: row.provider,
            code: row.event_id.map(|id| id.to_string()),
            end: row.last.map(instant),
            error: &row.code,
            host: &row.host,
            user: &row.user,
            // The field is an address in every index, and refuses anything else.
            address: row.address.parse().ok(),
            level: row.level.and_then(level),
            file: &row.source,
            // The schema knows one rule; it is the one that tells most.
            rule: row.signature.split_whitespace().next(),
            signatures: row.signature.split_whitespace().collect(),
            channel: row.channel,
            winlog_provider: row.provider,
            event_id: row.event_id.map(|id| id.to_string()),
            record: row.record().map(|record| record.to_string()),
            data: fields(row).into_iter().map(|(name, value)| (plain(name), value)).collect(),
            role: row.role(),
            causes: row.causes.split_whitespace().collect(),
            quality: quality(row.quality),
            count: row.count,
        };
        members(out, &document);
        out.push(HERE);
        out.extend(b"}\n");
    }

    fn begin<'w>(
        &self,
        _: &'w Analysis<'w>,
        out: &'w mut dyn Write,
    ) -> io::Result<Box<dyn Put + 'w>> {
        let tie = |out: &mut dyn Write, tie: Tie| {
            let Some((incident, seconds)) = tie else { return Ok(()) };
            write!(out, ",\"rdpwhy.incident\":{incident}")?;
            seconds.map_or(Ok(()), |s| write!(out, ",\"rdpwhy.seconds_to_incident\":{s:.3}"))
        };
        let number = Some(("{\"event.sequence\":", ","));
        Ok(Box::new(Lines { out, number, tie, left_out: 0 }))
    }
}
