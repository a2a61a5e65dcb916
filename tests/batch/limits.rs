//! Disks that fill up, folders that cannot be written, tickets that vanish or take too long.
#![cfg(unix)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Place, text};

fn binary() -> PathBuf {
    assert_cmd::cargo::cargo_bin!("rdpwhy").to_owned()
}

#[test]
fn a_full_disk_is_one_clear_line_and_what_was_stored_stays() {
    let place = Place::new();
    for number in 0..40 {
        place.case(&format!("t{number}"), "two-servers-two-causes");
        place.write(&format!("t{number}"), "note.txt", &number.to_string());
    }
    place.batch("whole", &[]).assert().success();
    // A limit on the size of files is met like the end of a disk: by a write that fails.
    let run = |blocks: u32| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        Command::new("bash")
            .args(["-c", &script])
            .arg(binary())
            .arg("batch")
            .arg(place.path("tickets"))
            .arg("-o")
            .arg(place.path("out"))
            .arg("--resume")
            .output()
            .unwrap()
    };
    for blocks in [64, 400, 1024] {
        let output = run(blocks);
        let words = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{blocks}: {words}");
        assert!(words.contains("cannot ") && words.contains("--resume"), "{words}");
        assert_eq!(words.lines().count(), 1, "{words}");
    }
    let kept = place.store("out").rows("SELECT 1 FROM tickets").len();
    assert!(kept > 0, "what was done until then is kept");
    place.batch("out", &["--resume"]).assert().success();
    assert_eq!(place.store("out").all(), place.store("whole").all());
    assert!(
        fs::read(place.path("out/timeline.csv")).unwrap()
            == fs::read(place.path("whole/timeline.csv")).unwrap()
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_line() {
    let place = Place::new();
    place.dialog("t", "SRV01");
    fs::write(place.path("file"), "").unwrap();
    for out in ["file", "file/out", "/proc/rdpwhy"] {
        let output = place.batch(out, &[]).output().unwrap();
        let words = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains("cannot write") && words.contains(out), "{words}");
        assert_eq!(words.lines().count(), 1, "{words}");
    }
}

#[test]
fn lines_that_cannot_be_written_are_one_clear_line() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        println!("SKIPPED: no /dev/full");
        return;
    };
    let place = Place::new();
    let ticket = place.dialog("t", "SRV01");
    let output = Command::new(binary())
        .args(["batch", "--format", "ndjson"])
        .arg(ticket.join("ticket.txt"))
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = text(&output.stderr);
    assert!(
        words.contains("cannot write standard output") && words.lines().count() == 1,
        "{words}"
    );
}

/// A list on a pipe lets the test act between tickets.
#[test]
fn a_ticket_that_vanishes_is_a_row() {
    let place = Place::new();
    let (first, gone) = (place.dialog("first", "SRV01"), place.dialog("gone", "SRV02"));
    let mut child = Command::new(binary())
        .args(["batch", "--paths-from", "-", "--format", "ndjson", "--threads", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut list = child.stdin.take().unwrap();
    writeln!(list, "{}", first.display()).unwrap();
    fs::remove_dir_all(&gone).unwrap();
    writeln!(list, "{}\n{}", gone.display(), first.display()).unwrap();
    drop(list);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let page = text(&output.stdout);
    let rows: Vec<serde_json::Value> =
        page.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let states: Vec<_> = rows.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["ok", "failed", "ok"]);
    assert!(rows[1]["reason"].as_str().unwrap().contains("No such file"));
}

#[test]
fn a_ticket_that_cannot_be_read_in_part_says_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let ticket = place.dialog("t", "SRV01");
    let secret = place.write("t/sub", "more.txt", "x").join("more.txt");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&secret).is_ok() {
        // Nothing is closed to root: a link, which is not followed, cannot be read either.
        fs::remove_file(&secret).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &secret).unwrap();
    }
    place.batch("out", &[]).assert().success();
    let rows = place.store("out").texts("SELECT status, verdict, reason FROM tickets");
    assert!(rows[0].starts_with("partial | insufficient-evidence | sub/more.txt"), "{rows:?}");
    assert!(ticket.exists());
}

/// Twenty thousand million bytes that take no room on the disk, and many seconds to read.
fn endless(ticket: &Path) -> PathBuf {
    let log = ticket.join("CBS.log");
    // The beginning by which the format is told, and a hole.
    let line = "2026-11-17 03:12:37, Info                  CBS    Starting TrustedInstaller\r\n";
    fs::write(&log, line.repeat(2000)).unwrap();
    fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(20_000_000_000).unwrap();
    log
}

#[test]
fn a_ticket_that_takes_too_long_is_given_up_and_the_others_are_not() {
    let place = Place::new();
    place.dialog("quick", "SRV01");
    endless(&place.write("slow", "note.txt", ""));
    let begin = Instant::now();
    let output = place.batch("out", &["--timeout-per-ticket", "2.5"]).output().unwrap();
    assert!(begin.elapsed() < Duration::from_secs(15), "it really ends");
    assert_eq!(output.status.code(), Some(1));
    let rows = place.store("out").texts("SELECT id, status, reason FROM tickets ORDER BY id");
    assert_eq!(rows, ["quick | ok | NULL", "slow | failed | it took longer than 2.5 s"]);
}

#[test]
fn the_reading_of_a_log_ends_at_the_deadline() {
    use rdpwhy::analysis::{Scope, analyze};
    use rdpwhy::bundle::{Bundle, Deadline, Options};
    let place = Place::new();
    let log = endless(&place.write("slow", "note.txt", ""));
    let db = rdpwhy::signatures::Database::built_in().unwrap();
    let deadline = Deadline::after(Duration::from_millis(500));
    let options = Options { deadline, ..Options::default() };
    let begin = Instant::now();
    let bundle = Bundle::open(&[log], &options).unwrap().without_hashes();
    assert!(!bundle.is_late());
    let analysis = analyze(&bundle, &db, &Scope::default(), &|_| ());
    assert!(bundle.is_late() && analysis.diagnoses.is_empty());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn two_runs_do_not_write_into_one_folder() {
    let place = Place::new();
    for number in 0..30 {
        place.case(&format!("t{number}"), "two-servers-two-causes");
        place.write(&format!("t{number}"), "note.txt", &number.to_string());
    }
    let mut first = Command::new(binary())
        .arg("batch")
        .arg(place.path("tickets"))
        .arg("-o")
        .arg(place.path("out"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !place.path("out/rdpwhy.sqlite").exists() {
        sleep(Duration::from_millis(1));
    }
    let output = place.batch("out", &["--resume"]).output().unwrap();
    let words = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("another run writes to"), "{words}");
    assert!(first.wait().unwrap().success());
}
