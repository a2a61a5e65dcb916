//! Timelines for other tools: each is what its reader's own rules ask for, and has every row that the others have.
#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a helper of a test may fail as loudly as the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

#[path = "support/office.rs"]
mod office;
#[path = "timelines/standards.rs"]
mod standards;
#[path = "timelines/workbook.rs"]
mod workbook;

const CASE: &str = "fixtures/cases/key-access-denied-after-hardening/bundle";

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn timeline(bundle: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::cargo_bin("rdpwhy").expect("the binary is built");
    let output = command.arg("timeline").arg(bundle).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn text(bundle: &Path, arguments: &[&str]) -> String {
    String::from_utf8(timeline(bundle, arguments)).expect("UTF-8")
}

fn rows(text: &str) -> (csv::StringRecord, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().expect("a header").clone();
    (head, reader.records().map(|row| row.expect("RFC 4180")).collect())
}

fn column(head: &csv::StringRecord, name: &str) -> usize {
    head.iter().position(|column| column == name).unwrap_or_else(|| panic!("no column {name}"))
}

fn events(bundle: &Path) -> u64 {
    let mut command = Command::cargo_bin("rdpwhy").expect("the binary is built");
    let output =
        command.arg("analyze").arg(bundle).args(["--format", "json"]).output().expect("it runs");
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let sources = result["sources"].as_array().expect("a list");
    sources.iter().filter_map(|source| source["events"].as_u64()).sum()
}

#[test]
fn all_means_every_event_numbered_in_the_order_of_time() {
    let bundle = case(CASE);
    let (head, rows) = rows(&text(&bundle, &["--all"]));
    assert_eq!(rows.len() as u64, events(&bundle));
    let time = column(&head, "time_utc");
    let instant = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
    let times: Vec<_> = rows.iter().map(|row| instant(&row[time])).collect();
    let dated: Vec<_> = times.iter().flatten().collect();
    assert!(dated.is_sorted(), "not in order");
    assert!(times.iter().skip(dated.len()).all(Option::is_none), "undated lines come last");
    assert!(rows.iter().zip(1..).all(|(row, number): (_, u64)| row[0] == number.to_string()));
}

#[test]
fn an_event_of_an_incident_is_tied_to_it_among_all_the_others() {
    let (head, rows) = rows(&text(&case(CASE), &["--all"]));
    let signature = column(&head, "signature");
    let incident = column(&head, "incident");
    let key = rows.iter().find(|row| {
        row[signature].contains("schannel-36870-key-access-denied") && &row[incident] == "1"
    });
    let key = key.expect("the record that shows the cause");
    assert!(!key[column(&head, "seconds_to_incident")].is_empty());
    assert!(key[column(&head, "causes")].contains("cert-key-access-denied"));
    let unknown = rows.iter().filter(|row| row[signature].is_empty()).count();
    assert!(unknown > 10, "all is more than what signatures know");
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    for format in ["csv", "jsonl", "xlsx"] {
        let run =
            |threads| timeline(&case(CASE), &["--all", "--format", format, "--threads", threads]);
        assert!(run("1") == run("4"), "{format}");
    }
}

#[test]
fn excel_gets_a_mark_its_own_times_and_no_formula() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(
        dir.path().join("ticket.txt"),
        "Error code: 0x904\r\nExtended error code: 0x7\r\nComputer: =cmd|' /C calc'!A0\r\n",
    )
    .expect("it can be written");
    fs::write(
        dir.path().join("hotfixes.csv"),
        "\"Source\",\"Description\",\"HotFixID\",\"InstalledBy\",\"InstalledOn\"\r\n\"=1+1\",\"=cmd|' /C calc'!A0\",\"KB5018410\",\"@SUM(1)\",\"11/17/2026 12:00:00 AM\"\r\n",
    )
    .expect("it can be written");
    for (dialect, delimiter) in [("excel", b','), ("excel-semicolon", b';')] {
        for all in [&["--all"][..], &[]] {
            let arguments = [&["--csv-dialect", dialect], all].concat();
            let text = text(dir.path(), &arguments);
            let body = text.strip_prefix('\u{feff}').expect("a byte order mark");
            assert_eq!(body.matches('\n').count(), body.matches("\r\n").count(), "line ends");
            let mut reader =
                csv::ReaderBuilder::new().delimiter(delimiter).from_reader(body.as_bytes());
            for row in reader.records() {
                let row = row.expect("a row");
                for (index, cell) in row.iter().enumerate() {
                    let formula = cell.trim_start().starts_with(['=', '+', '@', '|'])
                        || (cell.starts_with('-') && index != 13);
                    assert!(!formula, "{dialect}: {cell}");
                }
            }
        }
    }
    let text = text(&case(CASE), &["--csv-dialect", "excel"]);
    assert!(text.contains(",2026-11-18 08:15:03.055,"), "a time as Excel reads it");
}

#[test]
fn lines_without_a_place_are_counted_aloud() {
    let mut command = Command::cargo_bin("rdpwhy").expect("the binary is built");
    command.arg("timeline").arg(case(CASE)).args(["--all", "--format", "timesketch"]);
    let output = command.output().expect("it runs");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    let written = rows(&String::from_utf8(output.stdout).expect("UTF-8")).1.len() as u64;
    let all = events(&case(CASE));
    assert!(written < all);
    assert!(said.contains(&format!("{} of {all} lines carry no time", all - written)), "{said}");
}

#[test]
fn jsonl_says_what_csv_says() {
    let (head, rows) = rows(&text(&case(CASE), &[]));
    let jsonl = text(&case(CASE), &["--format", "jsonl"]);
    assert_eq!(jsonl.lines().count(), rows.len());
    for (line, row) in jsonl.lines().zip(&rows) {
        let line: Value = serde_json::from_str(line).expect("JSON");
        for name in ["host", "provider", "signature", "user", "address", "source_file"] {
            assert_eq!(line[name].as_str(), Some(&row[column(&head, name)]), "{name}");
        }
        assert!(line["fields"].is_object());
    }
}

#[test]
fn from_and_to_cut_all() {
    let arguments = ["--all", "--from", "2026-11-18T08:00:00Z", "--to", "2026-11-18T09:00:00Z"];
    let (head, rows) = rows(&text(&case(CASE), &arguments));
    let time = column(&head, "time_utc");
    let days: BTreeSet<&str> =
        rows.iter().filter_map(|row| row[time].get(..13)).filter(|hour| !hour.is_empty()).collect();
    assert!(days.iter().all(|hour| hour.starts_with("2026-11-18T08") || *hour == "2026-11-18T09"));
    assert!(!days.is_empty());
}
