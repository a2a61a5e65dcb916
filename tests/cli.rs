//! The command line, as users meet it.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn rdpwhy() -> Command {
    Command::cargo_bin("rdpwhy").expect("the binary is built")
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

const CASE: &str = "cases/key-access-denied-after-hardening/bundle";

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.output().expect("it runs").stdout).expect("it prints UTF-8")
}

#[test]
fn the_page_names_cause_proof_fix_and_gaps() {
    let page = stdout(rdpwhy().arg("analyze").arg(fixture(CASE)));
    for part in [
        "CAUSE (",
        "What shows it",
        "record ",
        "What changed before it",
        "WHAT TO DO, least risk first",
        "you should not do",
    ] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    assert!(!page.contains('\u{1b}'), "styles in a pipe");
}

#[test]
fn every_result_fits_its_schema() {
    let schema: Value = serde_json::from_str(include_str!("../docs/result.schema.json"))
        .expect("the schema is JSON");
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("the schema is one");
    let cases = fs::read_dir(fixture("cases")).expect("there are cases");
    let mut checked = 0;
    for case in cases {
        let bundle = case.expect("it can be read").path().join("bundle");
        let result: Value = serde_json::from_str(&stdout(
            rdpwhy().arg("analyze").arg(&bundle).args(["--format", "json"]),
        ))
        .expect("JSON");
        let errors: Vec<_> = validator
            .iter_errors(&result)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", bundle.display());
        for incident in result["incidents"].as_array().expect("a list") {
            let sum: f64 = incident["causes"]
                .as_array()
                .expect("a list")
                .iter()
                .filter_map(|cause| cause["probability"].as_f64())
                .sum();
            assert!(sum <= 1.0 + 1e-9, "{sum}");
        }
        checked += 1;
    }
    assert!(checked >= 8);
}

#[test]
fn an_output_folder_gets_all_files_and_the_terminal_the_page() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("a/b");
    let page = stdout(rdpwhy().arg("analyze").arg(fixture(CASE)).arg("-o").arg(&out));
    assert!(page.contains("CAUSE ("));
    let mut names: Vec<_> = fs::read_dir(&out)
        .expect("it is there")
        .map(|file| file.expect("readable").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["report.html", "report.txt", "result.json", "timeline.csv"]);
    assert_eq!(fs::read_to_string(out.join("report.txt")).expect("text"), page);
}

#[test]
fn the_csv_timeline_has_one_line_a_finding() {
    let text = stdout(rdpwhy().arg("analyze").arg(fixture(CASE)).args(["--format", "csv"]));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().expect("a header").get(1), Some("time_utc"));
    let rows: Vec<_> = reader.records().map(|row| row.expect("RFC 4180")).collect();
    let result: Value = serde_json::from_str(&stdout(
        rdpwhy().arg("analyze").arg(fixture(CASE)).args(["--format", "json"]),
    ))
    .expect("JSON");
    assert_eq!(rows.len(), result["timeline"].as_array().expect("a list").len());
    assert!(rows.iter().any(|row| row.get(10) == Some("schannel-36870-key-access-denied")));
}

#[test]
fn the_same_bundle_gives_the_same_bytes_for_any_number_of_threads_and_as_a_zip() {
    let run = |threads: &str| {
        stdout(rdpwhy().arg("analyze").arg(fixture(CASE)).args([
            "--format",
            "json",
            "--threads",
            threads,
        ]))
    };
    let one = run("1");
    assert_eq!(one, run("2"));
    assert_eq!(one, run("8"));
    let dir = tempfile::tempdir().expect("a folder");
    let archive = dir.path().join("ticket.zip");
    pack(&fixture(CASE), &archive);
    let zipped = stdout(rdpwhy().arg("analyze").arg(&archive).args(["--format", "json"]));
    assert_eq!(zipped.replace("ticket.zip!", ""), one);
}

fn pack(folder: &Path, archive: &Path) {
    let mut writer = zip::ZipWriter::new(fs::File::create(archive).expect("a file"));
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .expect("it is below")
                    .to_string_lossy()
                    .replace('\\', "/");
                let options = zip::write::SimpleFileOptions::default()
                    .compression_method(zip::CompressionMethod::Deflated);
                writer.start_file(name, options).expect("a member");
                std::io::copy(&mut fs::File::open(&path).expect("a file"), &mut writer)
                    .expect("it can be packed");
            }
        }
    }
    writer.finish().expect("an archive");
}

#[test]
fn a_log_is_known_by_its_content_and_not_by_its_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = fixture(CASE).join("server/System.evtx");
    for name in ["x.evtx_data", "blob.bin", "no-ending"] {
        fs::copy(&log, dir.path().join(name)).expect("it can be copied");
    }
    let result: Value = serde_json::from_str(&stdout(
        rdpwhy().arg("analyze").arg(dir.path()).args(["--format", "json"]),
    ))
    .expect("JSON");
    let formats: Vec<_> = result["sources"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|source| source["format"].as_str())
        .collect();
    assert_eq!(formats, [Some("evtx"); 3]);
}

#[test]
fn nothing_is_written_beside_the_evidence() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = dir.path().join("System.evtx");
    fs::copy(fixture(CASE).join("server/System.evtx"), &log).expect("it can be copied");
    let before = (
        fs::read(&log).expect("readable"),
        fs::metadata(&log).expect("there").modified().expect("dated"),
    );
    rdpwhy().arg("analyze").arg(dir.path()).assert().success();
    assert_eq!(
        before,
        (
            fs::read(&log).expect("readable"),
            fs::metadata(&log).expect("there").modified().expect("dated")
        )
    );
    assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 1);
}

/// Exit status and the one line on stderr.
fn complaint(arguments: &[&str]) -> (Option<i32>, String) {
    let output = rdpwhy().args(arguments).output().expect("it runs");
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn bad_usage_gets_one_line_with_the_next_step() {
    let (code, line) = complaint(&["analyze", "no/such/folder"]);
    assert_eq!(code, Some(1));
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(
        line.starts_with("rdpwhy: cannot open no/such/folder: ")
            && line.contains("; give a folder"),
        "{line}"
    );
    assert_eq!(complaint(&["analyze"]).0, Some(2));
    assert_eq!(complaint(&["analyze", "x", "--format", "pdf"]).0, Some(2));
    assert_eq!(complaint(&["signatures", "show", "no-such"]).0, Some(1));
}

#[test]
fn a_bundle_nobody_can_read_is_not_an_answer() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("a.bin"), [0xde, 0xad, 0xbe, 0xef]).expect("it can be written");
    rdpwhy().arg("analyze").arg(dir.path()).assert().code(1);
}

#[test]
fn no_incident_and_abstaining_are_answers() {
    for case in ["cases/nothing-is-wrong/bundle", "cases/logs-begin-too-late/bundle"] {
        rdpwhy().arg("analyze").arg(fixture(case)).assert().code(0);
    }
}

#[test]
fn signatures_can_be_looked_at() {
    let list = stdout(rdpwhy().args(["signatures", "list"]));
    assert!(list.lines().count() > 40);
    let one = stdout(rdpwhy().args(["signatures", "show", "lsasrv-6041-oracle"]));
    for part in
        ["credssp-oracle-remediation", "source", "match ", "no match", "window", "mark ", "cases/"]
    {
        assert!(one.contains(part), "no `{part}` in\n{one}");
    }
    let cause = stdout(rdpwhy().args(["signatures", "show", "cert-key-missing"]));
    assert!(cause.contains("[risk "), "{cause}");
    rdpwhy().args(["signatures", "lint"]).assert().success();
    rdpwhy().args(["signatures", "test"]).assert().success();
}

#[test]
fn hashes_can_be_left_out_and_nothing_else_changes() {
    let result = |more: &[&str]| {
        let mut command = rdpwhy();
        command.arg("analyze").arg(fixture(CASE)).args(["--format", "json"]).args(more);
        serde_json::from_str::<Value>(&stdout(&mut command)).expect("JSON")
    };
    let (mut with, without) = (result(&[]), result(&["--no-hash"]));
    for source in with["sources"].as_array_mut().expect("a list") {
        assert!(source["sha256"].is_string());
        source["sha256"] = Value::Null;
    }
    assert_eq!(with, without);
}

#[test]
fn the_case_against_a_cause_is_told_when_asked() {
    let ask = |cause: &str| {
        let mut command = rdpwhy();
        command.arg("analyze").arg(fixture(CASE)).args(["--why-not", cause]);
        stdout(&mut command)
    };
    // The update that the ticket blames is a trigger without a link.
    assert!(ask("windows-update").contains("nothing documented ties it to this failure: KB"));
    let wrong_password = ask("nla-auth-failure");
    for part in ["WHY NOT nla-auth-failure", "Against it", "does not", "was not collected"] {
        assert!(wrong_password.contains(part), "no `{part}` in\n{wrong_password}");
    }
    rdpwhy().arg("analyze").arg(fixture(CASE)).args(["--why-not", "gremlins"]).assert().code(2);
}
