//! The timeline's rows: each is one line of HTML, and a short tuple for the chart.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::analysis::{Analysis, number_of};
use crate::case::HostKey;
use crate::report::words::{legible_time, short, visible};
use crate::signatures::Role;
use crate::timeline::{Entry, EntryId};

/// What a row is about; each has a lane of its own below its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Something was changed.
    Change,
    /// A connection, or the dialog that ended it.
    Attempt,
    /// It speaks for or against a suspect.
    Evidence,
    /// Everything else that was found: context and noise.
    Other,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Change, Self::Attempt, Self::Evidence, Self::Other];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Attempt => "attempt",
            Self::Evidence => "evidence",
            Self::Other => "other",
        }
    }

    /// The name of its lanes.
    pub(super) fn lane(self) -> &'static str {
        match self {
            Self::Change => "changes",
            Self::Attempt => "connections",
            Self::Evidence => "evidence",
            Self::Other => "others",
        }
    }
}

/// One row, as far as charts need it.
pub(super) struct Mark {
    pub(super) id: EntryId,
    pub(super) time: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Index of the host in [`Rows::hosts`].
    pub(super) host: usize,
    pub(super) kind: Kind,
    pub(super) incident: Option<usize>,
    /// A connection that failed, or a trigger.
    pub(super) bad: bool,
}

/// All rows.
pub(super) struct Rows {
    /// `<tr>` lines, each ending in a line feed, and now and then a line that begins another table; safe HTML.
    pub(super) html: String,
    /// JSON for the script, safe inside of a script element.
    pub(super) data: String,
    pub(super) count: usize,
    pub(super) hosts: Vec<String>,
    pub(super) marks: Vec<Mark>,
}

/// Letters of a field's value that a row shows, for lines that matter and for the others.
const VALUE: (usize, usize) = (2000, 160);

/// Rows of one table: a browser without script lays out only the tables in view.
const TABLE: usize = 500;

/// What parts two tables, on a line of its own.
const NEXT_TABLE: &str = "</tbody></table></div>\n<div class=chunk><table class=rows><tbody>\n";

/// Fields that a row of lesser weight shows.
const FIELDS: usize = 8;

impl Rows {
    pub(super) fn new(analysis: &Analysis<'_>) -> Self {
        let evidence = evidence(analysis);
        let triggers: BTreeSet<EntryId> = analysis
            .diagnoses
            .iter()
            .filter_map(|diagnosis| diagnosis.trigger.as_ref())
            .map(|trigger| trigger.change.entry)
            .collect();
        let names = analysis.timeline.entries().iter().map(|entry| lane_host(analysis, entry));
        let hosts: Vec<String> = names.collect::<BTreeSet<_>>().into_iter().collect();
        let mut rows =
            Self { html: String::new(), data: String::new(), count: 0, hosts, marks: Vec::new() };
        for (id, entry) in analysis.timeline.numbered() {
            if id.0 > 0 && id.0.is_multiple_of(TABLE) {
                rows.html.push_str(NEXT_TABLE);
            }
            let kind = kind(entry, evidence.contains(&id));
            let failed = entry.attempt.as_ref().is_some_and(|attempt| !attempt.succeeded());
            let host = lane_host(analysis, entry);
            rows.marks.push(Mark {
                id,
                time: entry.time.map(|time| (time, entry.last.unwrap_or(time).max(time))),
                host: rows.hosts.binary_search(&host).unwrap_or_default(),
                kind,
                incident: entry.incident,
                bad: failed || &*entry.provider == "mstsc" || triggers.contains(&id),
            });
            let bad = rows.marks.last().is_some_and(|mark| mark.bad);
            write_row(&mut rows.html, analysis, (id, entry), (kind, bad));
        }
        rows.count = rows.marks.len();
        rows.data = data(analysis, &rows);
        rows
    }

    /// How many rows are of a kind.
    pub(super) fn of(&self, kind: &str) -> usize {
        self.marks.iter().filter(|mark| mark.kind.name() == kind).count()
    }
}

/// The computer a row is drawn below: `SRV01` and `SRV01.corp.example` are one, and what names none came with the ticket.
fn lane_host(analysis: &Analysis<'_>, entry: &Entry) -> String {
    let key = HostKey::new(&entry.host);
    analysis.host_name(key.as_ref()).map_or_else(|| "ticket".to_owned(), visible)
}

/// Lines that speak for or against any suspect.
fn evidence(analysis: &Analysis<'_>) -> BTreeSet<EntryId> {
    let suspects = analysis.diagnoses.iter().flat_map(|one| one.verdict.suspects());
    suspects
        .flat_map(|suspect| suspect.grounds.iter().chain(&suspect.against))
        .filter_map(|ground| ground.entry)
        .collect()
}

fn kind(entry: &Entry, is_evidence: bool) -> Kind {
    if entry.role == Role::Change {
        Kind::Change
    } else if entry.attempt.is_some() || &*entry.provider == "mstsc" {
        Kind::Attempt
    } else if is_evidence {
        Kind::Evidence
    } else {
        Kind::Other
    }
}

/// What the chart is drawn from.
#[derive(Serialize)]
struct Data<'a> {
    hosts: &'a [String],
    kinds: [&'static str; 4],
    lanes: [&'static str; 4],
    /// First and last failure of each incident, in milliseconds since 1970.
    incidents: Vec<(Option<i64>, Option<i64>)>,
    /// First and last time in milliseconds, host, kind, incident from 1 or 0, whether something failed.
    rows: Vec<(Option<i64>, i64, usize, u8, usize, u8)>,
}

fn data(analysis: &Analysis<'_>, rows: &Rows) -> String {
    let millis = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_millis());
    let data = Data {
        hosts: &rows.hosts,
        kinds: Kind::ALL.map(Kind::name),
        lanes: Kind::ALL.map(Kind::lane),
        incidents: analysis
            .diagnoses
            .iter()
            .map(|one| (millis(one.incident.first), millis(one.incident.last)))
            .collect(),
        rows: rows
            .marks
            .iter()
            .map(|mark| {
                let first = mark.time.map(|(first, _)| first.timestamp_millis());
                let length = mark.time.map_or(0, |(first, last)| (last - first).num_milliseconds());
                let incident = mark.incident.map_or(0, |index| index + 1);
                (first, length, mark.host, mark.kind as u8, incident, u8::from(mark.bad))
            })
            .collect(),
    };
    // `<` could end the script element.
    serde_json::to_string(&data).unwrap_or_default().replace('<', "\\u003c")
}

fn write_row(
    out: &mut String,
    analysis: &Analysis<'_>,
    (id, entry): (EntryId, &Entry),
    (kind, bad): (Kind, bool),
) {
    let n = id.0 + 1;
    let time =
        entry.time.map_or_else(|| "undated".to_owned(), |time| legible_time(time, entry.quality));
    // The day can be left out where there is little room.
    let (day, time) = time.split_once(' ').unwrap_or(("", &time));
    let bad = if bad { " bad" } else { "" };
    let event = entry.event_id.map_or_else(
        || short(&entry.provider).to_owned(),
        |event| format!("{} {event}", short(&entry.provider)),
    );
    let times = if entry.count > 1 { format!(" × {}", entry.count) } else { String::new() };
    let at = number_of(entry.origin.position)
        .map(|_| format!(", {}", entry.origin.position))
        .unwrap_or_default();
    let _ = write!(
        out,
        "<tr id=e{n} class=\"{}{bad}\"><td>{n}<td><time><span class=day>{day} </span>{time}</time><td>{}<td>{}<td>{}{times}\
         <td><details><summary>{}</summary><dl>",
        kind.name(),
        escaped(&entry.host),
        entry.role.as_str(),
        escaped(&event),
        escaped(&entry.summary),
    );
    write_details(out, analysis, entry, kind);
    let path = escaped(analysis.path(entry.origin.source));
    let _ = writeln!(out, "</dl></details><td>{path}{at}");
}

fn write_details(out: &mut String, analysis: &Analysis<'_>, entry: &Entry, kind: Kind) {
    let mut item = |name: &str, value: &str| {
        let _ = write!(out, "<dt>{}<dd>{}", escaped(name), escaped(value));
    };
    if let Some(signature) = entry.signature.and_then(|id| analysis.db.signature(id)) {
        item("Signature", &signature.name);
    }
    if let Some(channel) = &entry.channel {
        item("Channel", channel);
    }
    if entry.count > 1
        && let Some(last) = entry.last
    {
        item("Last of them", &legible_time(last, entry.quality));
    }
    for (_, time, step) in entry.attempt.iter().flat_map(|attempt| &attempt.steps) {
        item("Step", &format!("{} {step}", legible_time(*time, entry.quality)));
    }
    let matters = kind != Kind::Other || entry.incident.is_some();
    let (letters, fields) = if matters { (VALUE.0, usize::MAX) } else { (VALUE.1, FIELDS) };
    for (name, value) in entry.fields.iter().take(fields) {
        item(name, &cut(value, letters));
    }
    if entry.fields.len() > fields {
        item("…", &format!("{} more in result.json", entry.fields.len() - fields));
    }
}

fn cut(value: &str, letters: usize) -> String {
    match value.char_indices().nth(letters) {
        Some((end, _)) => {
            let rest = value.len() - end;
            format!("{}… ({rest} more bytes in result.json)", value.get(..end).unwrap_or_default())
        }
        None => value.to_owned(),
    }
}

/// Log text as HTML text: harmless, on one line.
pub(crate) fn escaped(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}
