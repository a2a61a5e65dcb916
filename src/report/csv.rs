//! The timeline as CSV (RFC 4180): one line a finding, with its source. Columns are stable; new ones are added at the end.

use std::io::{self, Write};

use super::{Report, instant};
use crate::analysis::{Analysis, number_of};
use crate::codes::DisconnectReason;
use crate::event::{TimeQuality, parse_code};
use crate::timeline::{Entry, EntryId};

/// The CSV timeline.
pub(super) struct Csv;

/// The columns, in order.
const COLUMNS: [&str; 21] = [
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

impl Report for Csv {
    fn write(&self, analysis: &Analysis<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut writer =
            ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
        writer.write_record(COLUMNS)?;
        for (id, entry) in analysis.timeline.numbered() {
            writer.write_record(row(analysis, id, entry))?;
        }
        writer.flush()
    }
}

fn row(analysis: &Analysis<'_>, id: EntryId, entry: &Entry) -> [String; COLUMNS.len()] {
    let signature = entry.signature.and_then(|signature| analysis.db.signature(signature));
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let causes: Vec<_> = signature
        .iter()
        .flat_map(|signature| signature.evidence.keys())
        .map(|cause| cause.as_str())
        .collect();
    [
        (id.0 + 1).to_string(),
        entry.time.map(instant).unwrap_or_default(),
        quality(entry.quality).to_owned(),
        entry.host.to_string(),
        entry.role.as_str().to_owned(),
        text(entry.channel.as_deref()),
        entry.provider.to_string(),
        number(entry.event_id.map(u64::from)),
        number(number_of(entry.origin.position)),
        number(entry.level.map(u64::from)),
        text(signature.map(|signature| signature.name.as_str())),
        causes.join(" "),
        number(entry.incident.map(|index| index as u64 + 1)),
        entry.delta_s.map(|seconds| format!("{seconds:.3}")).unwrap_or_default(),
        entry.summary.clone(),
        text(entry.field("User")),
        text(entry.field("Address")),
        code(entry),
        analysis.path(entry.origin.source).to_owned(),
        entry.count.to_string(),
        entry.last.filter(|_| entry.count > 1).map(instant).unwrap_or_default(),
    ]
}

fn quality(quality: TimeQuality) -> &'static str {
    match quality {
        TimeQuality::Exact => "exact",
        TimeQuality::Resolved => "resolved",
        TimeQuality::Assumed => "assumed",
        TimeQuality::Day => "day",
        TimeQuality::Undated => "undated",
    }
}

/// The code an event carries, with its meaning where there is one.
fn code(entry: &Entry) -> String {
    if let Some(error) =
        entry.field("ErrorCode").and_then(parse_code).filter(|_| &*entry.provider == "mstsc")
    {
        let code = DisconnectReason {
            error,
            extended: entry.field("ExtendedErrorCode").and_then(parse_code),
        };
        return format!("{code} {}", code.meaning());
    }
    let names = ["StatusCode", "ErrorCode", "ResultCode", "SubStatus", "Status"];
    names.iter().find_map(|name| entry.field(name)).unwrap_or_default().to_owned()
}
