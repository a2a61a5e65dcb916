//! `--format ndjson`: one line for each line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Place, rdpwhy, text};

fn lines(list: &str, more: &[&str]) -> Vec<Value> {
    let output = rdpwhy()
        .args(["batch", "--paths-from", "-", "--format", "ndjson"])
        .args(more)
        .write_stdin(list)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_of_the_list_is_a_line_in_its_order() {
    let place = Place::new();
    let slow = place.case("slow", "brute-force-storm");
    let quick = place.dialog("quick", "SRV01");
    let mut list = String::new();
    for number in 0..20 {
        list += &format!("{}\ts{number}\n{}\tq{number}\n\n", slow.display(), quick.display());
    }
    list += "/nowhere\tlast";
    let rows = lines(&list, &["--threads", "4"]);
    assert_eq!(rows.len(), 61);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row["ticket"], number as u64 + 1);
        assert_eq!(row["schema"], "rdpwhy/ticket/1");
        let (id, status) = match (number, number % 3) {
            (60, _) => ("last".to_owned(), "failed"),
            (_, 0) => (format!("s{}", number / 3), "ok"),
            (_, 1) => (format!("q{}", number / 3), "ok"),
            _ => (format!("line {}", number + 1), "failed"),
        };
        assert_eq!((row["id"].as_str(), row["status"].as_str()), (Some(id.as_str()), Some(status)));
    }
    let slow = &rows[0];
    assert_eq!(slow["verdict"], "connection-limit");
    assert_eq!(slow["tables"]["incidents"].as_array().unwrap().len(), 1);
    assert_eq!(slow["incidents"], 1);
}

#[test]
fn the_lines_say_what_the_store_says() {
    let place = Place::new();
    place.case("a", "two-servers-two-causes");
    place.case("b", "nothing-is-wrong");
    place.batch("out", &[]).assert().success();
    let list = format!("{0}/tickets/a\n{0}/tickets/b\n", place.0.path().display());
    let rows = lines(&list, &[]);
    let told = |row: &Value| {
        format!(
            "{} | {} | {}",
            row["id"].as_str().unwrap(),
            row["verdict"].as_str().unwrap(),
            row["sha256"].as_str().unwrap()
        )
    };
    assert_eq!(
        rows.iter().map(told).collect::<Vec<_>>(),
        place.store("out").texts("SELECT id, verdict, sha256 FROM tickets ORDER BY ticket")
    );
    for table in ["incidents", "causes", "evidence", "changes", "hosts", "updates"] {
        let count: usize =
            rows.iter().map(|row| row["tables"][table].as_array().unwrap().len()).sum();
        assert_eq!(
            place.store("out").texts(&format!("SELECT count(*) FROM {table}")),
            [count.to_string()],
            "{table}"
        );
    }
}

#[test]
fn every_line_fits_its_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/ticket.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut list = "/nowhere\n\n".to_owned();
    let cases = std::fs::read_dir(super::fixture("cases")).unwrap();
    for case in cases {
        list += &format!("{}\n", case.unwrap().path().join("bundle").display());
    }
    let rows = lines(&list, &[]);
    assert!(rows.len() > 20);
    for row in &rows {
        let errors: Vec<_> = validator
            .iter_errors(row)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", row["path"]);
    }
    let wrong = serde_json::json!({"schema": "rdpwhy/ticket/1", "verdict": "bad luck"});
    assert!(!validator.is_valid(&wrong), "the schema can say no");
}

#[test]
fn a_line_is_answered_before_the_next_is_sent() {
    let place = Place::new();
    let ticket = place.dialog("t", "SRV01");
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("rdpwhy"))
        .args(["batch", "--paths-from", "-", "--format", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut list = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for number in 0..5 {
        writeln!(list, "{}\t{number}", ticket.display()).unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let row: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(row["id"], number.to_string());
    }
    drop(list);
    assert!(child.wait().unwrap().success());
}

#[test]
fn whoever_has_seen_enough_may_go() {
    let place = Place::new();
    let ticket = place.dialog("t", "SRV01");
    let list = place.path("list");
    std::fs::write(&list, format!("{}\n", ticket.display()).repeat(3000)).unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("rdpwhy"))
        .args(["batch", "--format", "ndjson", "--paths-from"])
        .arg(&list)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(first.contains("rdpwhy/ticket/1"));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}
