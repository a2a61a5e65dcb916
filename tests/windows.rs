//! What is different on Windows: paths in all their spellings, names and lengths, files that another program holds.
//! On Linux `packaging/windows/test-under-wine.sh` runs this.
#![cfg(windows)]

use std::fs;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

const CASE: &str = "fixtures/cases/key-access-denied-after-hardening/bundle";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The case in full, as a drive's path with backslashes.
fn case() -> PathBuf {
    let here = std::env::current_dir().expect("there is one").join(CASE.replace('/', "\\"));
    assert!(here.is_dir(), "{}", here.display());
    here
}

fn rdpwhy() -> Command {
    Command::cargo_bin("rdpwhy").expect("the binary is built")
}

fn json(path: &Path) -> Value {
    let output = rdpwhy().arg("analyze").arg(path).args(["--format", "json"]).output();
    let output = output.expect("it runs");
    let words = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {words}"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("it can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("it can be copied");
        }
    }
}

#[test]
fn every_spelling_of_a_path_gives_the_same_answer() {
    let plain = case();
    let letter = plain.to_str().expect("text").to_owned();
    assert_eq!(letter.get(1..3), Some(":\\"), "a drive");
    let expected = json(&plain);
    assert!(expected["incidents"].as_array().is_some_and(|incidents| !incidents.is_empty()));
    for path in [
        letter.replace('\\', "/"),
        format!("{letter}\\"),
        format!(r"\\?\{letter}"),
        format!(r"\\.\{letter}"),
    ] {
        assert!(json(Path::new(&path)) == expected, "{path}");
    }
}

#[test]
fn a_share_that_is_not_there_is_one_clear_line() {
    let output =
        rdpwhy().args(["analyze", r"\\192.0.2.1\share$\ticket"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("cannot open") && words.contains("ticket"), "{words}");
    assert_eq!(words.lines().count(), 1, "{words}");
}

#[test]
fn paths_longer_than_260_characters_are_read_and_written() {
    let dir = tempfile::tempdir().expect("a folder");
    // Without the prefix, Windows' own functions end at 260; the tool is given what a user would type.
    let mut deep = fs::canonicalize(dir.path()).expect("it is there");
    for _ in 0..5 {
        deep.push("a folder whose name is about sixty characters long, as people make");
    }
    let bundle = deep.join("bundle");
    copy(&case(), &bundle);
    let typed = bundle.to_str().expect("text").trim_start_matches(r"\\?\").to_owned();
    assert!(typed.len() > 300);
    assert_eq!(json(Path::new(&typed)), json(&case()));
    let out = deep.join("out");
    let out = out.to_str().expect("text").trim_start_matches(r"\\?\").to_owned();
    let done = rdpwhy().arg("analyze").arg(&typed).arg("-o").arg(&out).output().expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(deep.join("out").join("report.html").is_file());
}

#[test]
fn a_file_that_another_program_holds_is_named_and_the_others_are_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let bundle = dir.path().join("bundle");
    copy(&case(), &bundle);
    let held = bundle.join("server").join("System.evtx");
    let holder = fs::File::options().read(true).write(true).share_mode(0).open(&held);
    let holder = holder.expect("it can be held");
    let result = json(&bundle);
    let notices = result["notices"].as_array().expect("a list").clone();
    let told = notices.iter().any(|notice| {
        let text = notice.to_string();
        text.contains("server/System.evtx") && text.contains("cannot be opened")
    });
    assert!(told, "{notices:?}");
    let sources = result["sources"].as_array().expect("a list").len();
    drop(holder);
    assert_eq!(json(&bundle)["sources"].as_array().expect("a list").len(), sources + 1);
}

#[test]
fn channels_with_a_percent_in_their_file_names_are_read() {
    let result = json(&case());
    let with_percent = |source: &&Value| {
        source["path"].as_str().is_some_and(|path| path.contains("%4") && path.contains('/'))
    };
    let sources = result["sources"].as_array().expect("a list");
    assert!(sources.iter().filter(with_percent).count() >= 2);
    assert!(!result.to_string().contains(r"server\\"), "a backslash between the parts of a path");
}

#[test]
fn rows_of_a_batch_have_the_paths_that_other_systems_have() {
    let dir = tempfile::tempdir().expect("a folder");
    copy(&root().join(CASE), &dir.path().join("tickets/INC1"));
    let batch = |more: &[&str]| {
        let mut command = rdpwhy();
        command.current_dir(dir.path()).args(["batch", "tickets", "-o", "out"]).args(more);
        command.output().expect("it runs")
    };
    let done = batch(&["--reports", "html"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let rows = fs::read_to_string(dir.path().join("out/tickets.csv")).expect("it was written");
    assert!(rows.contains("tickets/INC1") && !rows.contains('\\'), "{rows}");
    assert!(batch(&["--resume"]).status.success());
}

#[test]
fn a_second_run_in_the_same_folder_is_kept_out() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(dir.path().join("out")).expect("ours");
    copy(&root().join(CASE), &dir.path().join("tickets/INC1"));
    let lock = fs::File::create(dir.path().join("out/rdpwhy.lock")).expect("ours");
    lock.try_lock().expect("nobody else has it");
    let run = || {
        let mut command = rdpwhy();
        command
            .current_dir(dir.path())
            .args(["batch", "tickets", "-o", "out"])
            .output()
            .expect("it runs")
    };
    let refused = run();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(words.contains("another run writes to"), "{words}");
    drop(lock);
    assert!(run().status.success());
}

#[test]
fn pages_are_utf_8_without_styles_in_a_pipe() {
    let output = rdpwhy().arg("analyze").arg(case()).output().expect("it runs");
    let page =
        String::from_utf8(output.stdout).expect("UTF-8, whatever the code page of the console is");
    assert!(page.contains("CAUSE (") && !page.contains('\u{1b}') && !page.contains('\r'), "{page}");
}
