//! `rdpwhy fleet` as users meet it: what counts, what is shown, and names that want to be more than names.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test program")]

#[path = "support/browser.rs"]
mod browser;
#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use support::desk::{Desk, Habit, Planned, store};

/// A desk of which everything is to be seen: a guilty update, innocent ones of the same night, a wave.
fn desk() -> Desk {
    Desk {
        tickets: 2000,
        innocent: 40,
        effect: 12.0,
        habit: Habit::PatchTuesday,
        ..Desk::default()
    }
}

struct Made {
    folder: TempDir,
}

impl Made {
    /// The store of some tickets, with changes made by hand.
    fn of(tickets: &[Planned], changes: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = store::store(tickets, folder.path());
        rusqlite::Connection::open(path).unwrap().execute_batch(changes).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn fleet(&self, arguments: &[&str]) -> String {
        said(Command::cargo_bin("rdpwhy").unwrap().arg("fleet").arg(self.path()).args(arguments))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.fleet(&[&["--format", "json"], arguments].concat())).unwrap()
    }
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_page_names_the_update_the_wave_and_the_doubt_in_80_columns() {
    let made = Made::of(&desk().tickets(), "");
    let page = made.fleet(&["--like", "T000007"]);
    for part in [
        "2000 tickets of 1 store",
        "ALIKE TO T000007",
        "cert-key-access-denied",
        "WAVES",
        "KB5990000",
        "- stands: ",
        "Association, not cause",
        "SITES",
    ] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    for line in page.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(!page.contains('\u{1b}'), "styles in a pipe");
}

#[test]
fn the_counts_are_those_of_the_rows() {
    let tickets = desk().tickets();
    let json = Made::of(&tickets, "").json(&[]);
    let with = |kb: &str, ticket: &&Planned| {
        let near = |time| time <= ticket.time && ticket.time - time <= chrono::TimeDelta::days(14);
        ticket.taken.iter().any(|taken| taken.kb == kb && near(taken.time))
    };
    let mut checked = 0;
    for lift in json["lifts"]["found"].as_array().unwrap() {
        let Some(cause) = lift["cause"].as_str() else { continue };
        let kb = lift["change"]["name"].as_str().unwrap();
        let has = |ticket: &&Planned| ticket.fault.cause() == cause;
        let count = |changed: bool, incident: bool| {
            let here = |one: &&Planned| with(kb, one) == changed && has(one) == incident;
            tickets.iter().filter(here).count() as u64
        };
        let expected = serde_json::json!({
            "with": {"incident": count(true, true), "none": count(true, false)},
            "without": {"incident": count(false, true), "none": count(false, false)},
        });
        assert_eq!(lift["table"], expected, "{kb} {cause}");
        checked += 1;
    }
    assert!(checked > 50, "{checked}");
    let weeks = json["weeks"].as_array().unwrap();
    let sum: u64 = weeks.iter().map(|week| week["tickets"].as_u64().unwrap()).sum();
    assert_eq!(sum, 2000);
}

#[test]
fn every_answer_fits_its_schema() {
    let schema: Value = serde_json::from_str(include_str!("../docs/fleet.schema.json")).unwrap();
    let validator =
        jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
    let documented = "UPDATE updates SET kb = 'KB5018410' WHERE kb = 'KB5990000'";
    for (tickets, changes) in
        [(desk().tickets(), ""), (desk().tickets(), documented), (Vec::new(), "")]
    {
        let like: &[&str] = if tickets.is_empty() { &[] } else { &["--like", "T000007"] };
        let json = Made::of(&tickets, changes).json(like);
        let errors: Vec<_> = validator
            .iter_errors(&json)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

/// What is documented of an update stands beside its numbers, with what it means for them.
#[test]
fn a_documented_update_is_shown_with_what_is_known_of_it() {
    let made = Made::of(
        &desk().tickets(),
        "UPDATE updates SET kb = 'KB5018410' WHERE kb = 'KB5990000';
         UPDATE hosts SET name = 'ONE'; UPDATE incidents SET host = 'ONE';",
    );
    let page = made.fleet(&[]).split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["KB5018410", "documented: ", "all from 1 computer: many tickets, few witnesses"] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    let json = made.json(&[]);
    let first = &json["lifts"]["found"][0];
    assert_eq!((&first["computers"], &first["stands"]), (&1.into(), &false.into()));
}

/// What does not count is counted all the same: failures, repetitions, tickets without a time, logs that are too short,
/// abstentions, lists without days.
#[test]
fn what_does_not_count_is_told() {
    let made = Made::of(
        &desk().tickets(),
        "UPDATE tickets SET status = 'failed', reason = 'torn' WHERE ticket <= 3;
         UPDATE tickets SET duplicate_of = 'T000100' WHERE ticket BETWEEN 4 AND 8;
         UPDATE tickets SET incident_time = NULL, last_time = NULL WHERE ticket BETWEEN 9 AND 12;
         DELETE FROM updates WHERE ticket BETWEEN 13 AND 19;
         UPDATE tickets SET first_time = last_time WHERE ticket BETWEEN 13 AND 19;
         UPDATE tickets SET verdict = 'insufficient-evidence', incidents = 1, incident_time = last_time
             WHERE ticket BETWEEN 20 AND 30;
         UPDATE updates SET time = NULL, time_quality = 'undated' WHERE kb = 'KB5990000' AND ticket > 1400;",
    );
    let json = made.json(&[]);
    assert_eq!(json["tickets"], 1992);
    let left_out = serde_json::json!({"failed": 3, "duplicates": 5, "undated": 4});
    assert_eq!(json["left_out"], left_out);
    assert_eq!(json["lifts"]["short"], 7);
    assert_eq!(json["lifts"]["abstained"], 11);
    assert_eq!(json["lifts"]["tickets"], 2000 - 3 - 5 - 4 - 7);
    let planted = json["lifts"]["found"].as_array().unwrap().iter();
    let planted: Vec<_> = planted.filter(|lift| lift["change"]["name"] == "KB5990000").collect();
    assert!(planted.iter().any(|lift| lift["undated"].as_u64().unwrap() > 0), "{planted:?}");
    let page = made.fleet(&[]);
    for part in
        ["3 failed", "5 with the same content", "4 without a time", "7 that tell too little"]
    {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
}

#[test]
fn several_stores_are_one_and_a_ticket_in_two_of_them_counts_once() {
    let tickets = desk().tickets();
    let (first, second) = tickets.split_at(1000);
    let (one, two) = (Made::of(first, ""), Made::of(second, ""));
    let whole = Made::of(&tickets, "");
    let both = |extra: &Path| {
        let mut command = Command::cargo_bin("rdpwhy").unwrap();
        command.arg("fleet").args([one.path(), two.path(), extra]).args(["--format", "json"]);
        serde_json::from_str::<Value>(&said(&mut command)).unwrap()
    };
    let json = both(two.path());
    assert_eq!(json["lifts"], whole.json(&[])["lifts"]);
    assert_eq!(json["left_out"]["duplicates"], 1000);
}

/// A store comes from tickets, and tickets from anybody.
const HOSTILE: &str = "
    UPDATE hosts SET name = '<img src=x onerror=alert(1)>' || char(27) || '[2J' WHERE ticket % 2 = 0;
    UPDATE incidents SET host = '<img src=x onerror=alert(1)>' || char(27) || '[2J' WHERE ticket % 2 = 0;
    UPDATE updates SET kb = '</svg><script>alert(1)</script>' WHERE kb = 'KB5990000';
    UPDATE tickets SET verdict = '<b>' || char(8238) || 'x' WHERE verdict = 'cert-key-access-denied';";

#[test]
fn names_stay_names() {
    let made = Made::of(&desk().tickets(), HOSTILE);
    let page = made.fleet(&["--format", "html"]);
    for way_out in [
        "<img", "<script", "<b>", "<link", "<iframe", "@import", "url(", "src=\"", "\u{1b}",
        "\u{202e}",
    ] {
        assert!(!page.contains(way_out), "{way_out}");
    }
    assert!(
        page.contains(";IMG SRC=X") && page.contains("default-src &#39;none&#39;"),
        "the name is shown"
    );
    for format in ["text", "csv"] {
        let text = made.fleet(&["--format", format]);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{format}");
    }
}

#[test]
fn a_browser_finds_no_fault_in_the_page() {
    let made = Made::of(&desk().tickets(), "");
    let plain = made.fleet(&["--format", "html", "--like", "T000007"]);
    let hostile = Made::of(&desk().tickets(), HOSTILE).fleet(&["--format", "html"]);
    let empty = Made::of(&[], "").fleet(&["--format", "html"]);
    for (name, page) in [("fleet", plain), ("fleet-hostile", hostile), ("fleet-empty", empty)] {
        let Some(found) = browser::faults(&page, name, "1000") else { return };
        assert_eq!(found, "", "{name}");
    }
}

#[test]
fn an_empty_store_and_few_tickets_are_answers_too() {
    for tickets in [0, 1, 12] {
        let made = Made::of(&Desk { tickets, ..desk() }.tickets(), "");
        let page = made.fleet(&[]);
        assert!(page.contains("too few tickets"), "{page}");
        assert_eq!(made.json(&[])["tickets"], tickets);
    }
}

#[test]
fn tables_have_heads_and_every_row_its_cells() {
    let made = Made::of(&desk().tickets(), "");
    for table in ["lifts", "weeks", "waves", "hosts", "builds", "sites", "alike"] {
        let text = made.fleet(&["--format", "csv", "--table", table, "--like", "T000007"]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(Result::unwrap).count();
        assert!(rows > 0, "{table}: {text}");
    }
    let sites = made.fleet(&["--format", "csv", "--table", "sites", "--site-pattern", "^(..)"]);
    assert!(sites.contains("\r\nBE,") && !sites.contains("BER"), "{sites}");
}

#[test]
fn what_is_no_store_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |path: PathBuf, words: &str| {
        let output = Command::cargo_bin("rdpwhy").unwrap().arg("fleet").arg(path).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words) && said.contains("store"), "{said}");
    };
    fails(folder.path().to_owned(), "cannot read the store");
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database, but long enough to be taken for one at first sight").unwrap();
    fails(text, "cannot read the store");
    let other = folder.path().join("other.sqlite");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE tickets (x)").unwrap();
    fails(other, "no store of this version");
    let made = Made::of(&desk().tickets(), "");
    let mut command = Command::cargo_bin("rdpwhy").unwrap();
    let output = command.arg("fleet").arg(made.path()).args(["--like", "T9"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("no ticket `T9`"));
}

/// A batch may still be writing: what is committed counts, though it stands in SQLite's log and not in the store.
#[test]
fn a_store_that_is_being_filled_can_be_read() {
    let made = Made::of(&desk().tickets(), "PRAGMA journal_mode = WAL;");
    let writer = rusqlite::Connection::open(made.path().join("rdpwhy.sqlite")).unwrap();
    writer
        .execute_batch(
            "UPDATE tickets SET status = 'failed' WHERE ticket = 1; BEGIN; DELETE FROM tickets;",
        )
        .unwrap();
    assert_eq!(made.json(&[])["tickets"], 1999);
    writer.execute_batch("ROLLBACK").unwrap();
}

/// Verdicts that are none of ours, by the thousand, cost neither memory nor time.
#[test]
fn verdicts_are_few_whatever_a_store_says() {
    let made = Made::of(
        &desk().tickets(),
        "UPDATE tickets SET verdict = 'x' || ticket WHERE incidents > 0;",
    );
    let json = made.json(&[]);
    let sites = json["sites"].as_array().unwrap();
    let most = sites.iter().map(|site| site["verdicts"].as_array().unwrap().len()).max();
    assert!(most.unwrap() <= 66, "{most:?}");
}

/// Only read: not a byte changes, and nothing appears beside it.
#[test]
fn a_store_is_only_read() {
    let made = Made::of(&desk().tickets(), "PRAGMA journal_mode = WAL;");
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(made.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let (before, bytes) = (names(), fs::read(made.path().join("rdpwhy.sqlite")).unwrap());
    made.fleet(&[]);
    assert_eq!(names(), before);
    assert_eq!(fs::read(made.path().join("rdpwhy.sqlite")).unwrap(), bytes);
}
