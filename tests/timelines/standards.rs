//! Timelines against the rules of those who read them, each taken from its source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use serde_json::Value;

use super::{CASE, case, column, events, rows, text};

/// What `read_and_validate_csv` of Timesketch (`timesketch/lib/utils.py`) lets through: the mandatory columns are in the
/// header, and pandas makes a time of every `datetime`. It takes the format of the first for that of all, knows times from
/// 1677 to 2262, and makes the `timestamp` anew, in microseconds.
fn timesketch_takes_csv(text: &str) -> usize {
    const MANDATORY: [&str; 3] = ["message", "datetime", "timestamp_desc"];
    let (head, lines) = rows(text);
    assert!(MANDATORY.iter().all(|name| head.iter().any(|column| column == *name)));
    assert!(!head.iter().any(is_removed), "a column that the importer takes out: {head:?}");
    let names: BTreeSet<_> = head.iter().collect();
    assert_eq!(names.len(), head.len(), "a column twice");
    for row in &lines {
        let cell = |name: &str| &row[column(&head, name)];
        let datetime = cell("datetime");
        let time = chrono::DateTime::parse_from_str(datetime, "%Y-%m-%dT%H:%M:%S%.6f%:z");
        let time = time.expect("the one format of all").to_utc();
        assert_eq!(datetime.len(), "2026-11-18T08:15:03.055000+00:00".len(), "{datetime}");
        assert!(("1678".."2262").contains(&&datetime[..4]), "pandas knows no {datetime}");
        assert_eq!(cell("timestamp").parse(), Ok(time.timestamp_micros()));
        // What pandas takes for nothing is taken out of the row.
        for name in MANDATORY {
            let nothing = ["", "NA", "N/A", "NULL", "NaN", "None", "nan", "null", "n/a", "<NA>"];
            assert!(!nothing.contains(&cell(name)), "{name} is nothing in {row:?}");
        }
    }
    lines.len()
}

/// `FIELDS_TO_REMOVE` of the same file.
fn is_removed(name: &str) -> bool {
    ["_id", "_type", "_index", "_source", "__ts_timeline_id"].contains(&name)
}

/// `read_and_validate_jsonl` of the same file: every line is an object with the mandatory fields; a `timestamp` that is
/// there is taken as it is.
fn timesketch_takes_jsonl(text: &str) -> usize {
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let object = line.as_object().expect("an object");
        assert!(!object.keys().any(|name| is_removed(name)));
        let field = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("no {name}"));
        assert!(!field("message").trim().is_empty() && !field("timestamp_desc").is_empty());
        let time = chrono::DateTime::parse_from_rfc3339(field("datetime")).expect("a time");
        assert_eq!(line["timestamp"].as_i64(), Some(time.timestamp_micros()));
    }
    text.lines().count()
}

#[test]
fn timesketch_takes_every_line() {
    let bundle = case(CASE);
    for all in [&["--all"][..], &[]] {
        let run = |format| text(&bundle, &[&["--format", format], all].concat());
        let lines = timesketch_takes_csv(&run("timesketch"));
        assert!(lines > 100);
        assert_eq!(timesketch_takes_jsonl(&run("timesketch-jsonl")), lines);
    }
}

/// A record with the time zero of Windows, the year 1601, is dropped by the importer without a word; so it is left out
/// aloud.
#[test]
fn what_pandas_knows_no_time_for_has_no_place_in_timesketch() {
    let dir = tempfile::tempdir().expect("a folder");
    log(dir.path(), &["1601-01-01T00:00:00Z", "2026-11-18T08:00:00Z"]);
    for format in ["timesketch", "timesketch-jsonl"] {
        let mut command = assert_cmd::Command::cargo_bin("rdpwhy").expect("the binary is built");
        command.arg("timeline").arg(dir.path()).args(["--all", "--format", format]);
        let output = command.output().expect("it runs");
        let (lines, said) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(lines.contains("2026-11-18") && !lines.contains("1601-01"), "{lines}");
        assert!(said.contains("1 of 2 lines"), "{said}");
    }
}

/// A log with a fault of Schannel at these times.
fn log(dir: &Path, times: &[&str]) {
    let event = |(record, time): (usize, &&str)| {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Schannel'/>\
             <EventID>36870</EventID><TimeCreated SystemTime='{time}'/><EventRecordID>{record}</EventRecordID>\
             <Channel>System</Channel><Computer>SRV01</Computer></System><EventData><Data Name='Type'>server</Data>\
             <Data Name='ErrorCode'>0x8009030d</Data></EventData></Event>"
        )
    };
    let events: String = times.iter().enumerate().map(event).collect();
    fs::write(dir.join("log.xml"), format!("<Events>{events}</Events>")).expect("written");
}

/// plaso's `plaso/output/l2t_csv.py`: `_FIELD_NAMES`, put together by `shared_dsv.py` with commas; a comma in a value
/// becomes a blank, a value that is not there `-`, a date without time `00/00/0000`.
#[test]
fn l2tcsv_is_what_plaso_writes() {
    const FIELD_NAMES: [&str; 17] = [
        "date",
        "time",
        "timezone",
        "MACB",
        "source",
        "sourcetype",
        "type",
        "user",
        "host",
        "short",
        "desc",
        "version",
        "filename",
        "inode",
        "notes",
        "format",
        "extra",
    ];
    let text = text(&case(CASE), &["--format", "l2tcsv", "--all"]);
    let mut lines = text.split('\n');
    assert_eq!(lines.next(), Some(FIELD_NAMES.join(",").as_str()));
    assert!(text.ends_with('\n') && !text.contains('\r'));
    for line in text.lines().skip(1) {
        let cells: Vec<_> = line.split(',').collect();
        assert_eq!(cells.len(), FIELD_NAMES.len(), "{line}");
        let (date, time) = (cells[0], cells[1]);
        let dated = chrono::NaiveDate::parse_from_str(date, "%m/%d/%Y").is_ok()
            && chrono::NaiveTime::parse_from_str(time, "%H:%M:%S").is_ok();
        assert!(dated || (date, time) == ("00/00/0000", "--:--:--"), "{line}");
        assert_eq!((cells[2], cells[3], cells[11]), ("UTC", "....", "2"), "{line}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{line}");
    }
    assert_eq!(text.lines().count() as u64 - 1, events(&case(CASE)));
}

/// The fields with their types, as the schema has them.
fn schema() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("ecs.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once('\t').expect("a name and a type")).collect()
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "date" => {
            value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok())
        }
        "keyword" | "match_only_text" => value.as_str().is_some_and(|text| !text.is_empty()),
        "long" => value.is_i64() || value.is_u64(),
        "ip" => value.as_str().is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        // A dot would make a path of a name, and an empty one is refused.
        "object" => value.as_object().is_some_and(|object| {
            object.iter().all(|(name, value)| {
                !name.trim().is_empty() && !name.contains('.') && value.is_string()
            })
        }),
        other => panic!("what is a {other}?"),
    }
}

#[test]
fn ecs_documents_have_the_fields_of_the_schema() {
    let schema = schema();
    let mut met = BTreeSet::new();
    // Of very many hits those that lie close together are one line with an end.
    let dir = tempfile::tempdir().expect("a folder");
    let times: Vec<_> =
        (0..2000).map(|n| format!("2026-11-18T08:{:02}:{:02}Z", n / 60, n % 60)).collect();
    log(dir.path(), &times.iter().map(String::as_str).collect::<Vec<_>>());
    for bundle in [&case(CASE), dir.path()] {
        for all in [&["--all"][..], &[]] {
            let text = text(bundle, &[&["--format", "ecs"], all].concat());
            for line in text.lines() {
                let document: BTreeMap<String, Value> = serde_json::from_str(line).expect("JSON");
                assert_eq!(document["ecs.version"], "8.11.0");
                assert_eq!(document["event.kind"], "event");
                for (name, value) in &document {
                    let Some((known, kind)) = schema.get_key_value(name.as_str()) else {
                        assert!(name.starts_with("rdpwhy."), "{name} is no field of the schema");
                        continue;
                    };
                    assert!(is_of(kind, value), "{name} is no {kind} in {line}");
                    met.insert(*known);
                }
                for field in ["@timestamp", "message", "event.provider", "log.file.path"] {
                    assert!(document.contains_key(field), "no {field} in {line}");
                }
            }
        }
    }
    let listed: BTreeSet<_> = schema.keys().copied().collect();
    assert_eq!(met, listed, "a field that no document has");
}
