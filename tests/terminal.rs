//! What somebody at a terminal sees and does: the bar while it works, and Ctrl-C.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test program, which clippy does not see; a test that skips says so aloud"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const CASE: &str = "fixtures/cases/key-access-denied-after-hardening/bundle";

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rdpwhy"))
}

fn case() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(CASE)
}

/// A packet log that takes longer than a moment to read, however fast the machine is.
fn long_log(dir: &Path) {
    let head = "#Version: 1.5\r\n#Software: Microsoft Windows Firewall\r\n#Time Format: Local\r\n\
        #Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype \
        icmpcode info path\r\n\r\n";
    let line =
        "2026-03-02 08:15:01 ALLOW TCP 192.0.2.9 192.0.2.5 51001 443 0 - 0 0 0 - - - RECEIVE\r\n";
    for lines in [40_000, 400_000, 4_000_000] {
        fs::write(dir.join("pfirewall.log"), head.to_owned() + &line.repeat(lines)).unwrap();
        let start = Instant::now();
        let done = Command::new(binary()).arg("analyze").arg(dir).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "a pipe gets no bar");
        if start.elapsed() > Duration::from_millis(1500) {
            break;
        }
    }
}

/// One large file, not many small ones: it must not stand still until the file is done.
#[test]
fn a_terminal_sees_bytes_files_speed_and_time_left_and_a_pipe_nothing() {
    let dir = tempfile::tempdir().unwrap();
    long_log(dir.path());
    let run = |options: &str| {
        let command = format!(
            "stty cols 120 rows 30; {} analyze {options} {}",
            binary().display(),
            dir.path().display()
        );
        Command::new("script").args(["-qec", &command, "/dev/null"]).stdin(Stdio::null()).output()
    };
    let Ok(seen) = run("") else {
        eprintln!("SKIPPED: no `script` to make a terminal with");
        return;
    };
    let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
    let bars: Vec<_> = seen.split('\r').filter(|line| line.contains("/s, ")).collect();
    assert!(bars.len() > 1, "no bar that moves: {seen}");
    for bar in &bars {
        for word in ["iB/", "/1 files", " left"] {
            assert!(bar.contains(word), "{word} is not in {bar:?}");
        }
    }
    let moving = bars.iter().filter(|bar| bar.contains("0/1 files")).count();
    assert!(moving > 1, "it stands still until the file is done: {seen}");
    assert!(seen.contains("NO INCIDENT"), "the page comes when the bar is gone: {seen}");
    let quiet = String::from_utf8_lossy(&run("--quiet").unwrap().stdout).into_owned();
    assert!(!quiet.contains("/s, ") && quiet.contains("NO INCIDENT"), "{quiet}");
}

fn interrupt(child: &mut Child) -> ExitStatus {
    // The shell's own `kill` is there where no program of this name is.
    let _ = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status();
    child.wait().unwrap()
}

/// Files by their path below a folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Every file below a folder with its content, hidden ones, too.
fn files(dir: &Path) -> Files {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let below = self::files(&path);
            let name = path.file_name().unwrap();
            files.extend(below.into_iter().map(|(file, text)| (Path::new(name).join(file), text)));
        } else if let Ok(text) = fs::read(&path) {
            files.insert(path.file_name().unwrap().into(), text);
        }
    }
    files
}

/// Runs a command that writes into a folder many times, interrupts it each time at another moment, and gives what then is
/// there to `look`. Some must have been interrupted.
fn interrupted(moments: u32, command: &dyn Fn(&Path) -> Command, look: &dyn Fn(&Path, &Files)) {
    let dir = tempfile::tempdir().unwrap();
    let start =
        |out: &Path| command(out).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begin = Instant::now();
    let whole = dir.path().join("whole");
    fs::create_dir(&whole).unwrap();
    assert!(start(&whole).wait().unwrap().success());
    let length = begin.elapsed();
    let expected = files(&whole);
    assert!(!expected.is_empty());
    let mut cut = 0;
    for moment in 1..=moments {
        let out = dir.path().join(format!("out{moment}"));
        fs::create_dir(&out).unwrap();
        let mut child = start(&out);
        sleep(length * moment / moments);
        cut += u32::from(!interrupt(&mut child).success());
        look(&out, &expected);
    }
    assert!(cut > 0, "every run was done before it was interrupted");
}

/// What is there is what an undisturbed run writes.
fn whole_or_not_there(out: &Path, expected: &Files) {
    for (name, text) in files(out) {
        let whole = expected.get(&name);
        assert!(whole == Some(&text), "{} is half a file, or none of ours", name.display());
    }
}

#[test]
fn an_interrupted_analysis_leaves_whole_files_only() {
    let command = |out: &Path| {
        let mut command = Command::new(binary());
        command.arg("analyze").arg(case()).args(["--format", "jsonl", "-q", "-o"]).arg(out);
        command
    };
    interrupted(8, &command, &whole_or_not_there);
}

#[test]
fn an_interrupted_timeline_leaves_nothing_also_with_a_key_map_inside_of_it() {
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(key.path(), "sixteen bytes or more").unwrap();
    let command = |out: &Path| {
        let mut command = Command::new(binary());
        command.arg("timeline").arg(case()).args(["--all", "--format", "xlsx", "-q", "--redact"]);
        command.arg("--redact-key").arg(key.path());
        command.arg("--redact-map").arg(out.join("map.csv")).arg("-o").arg(out.join("t.xlsx"));
        command
    };
    interrupted(8, &command, &whole_or_not_there);
}

/// While it is written a file has another name; that one is gone after Ctrl-C.
#[test]
fn the_file_in_hand_is_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    let (input, out) = (dir.path().join("in"), dir.path().join("out"));
    fs::create_dir(&input).unwrap();
    fs::create_dir(&out).unwrap();
    long_log(&input);
    let mut child = Command::new(binary())
        .args(["timeline", "--all", "-q"])
        .arg(&input)
        .arg("-o")
        .arg(out.join("timeline.csv"))
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while files(&out).is_empty() && begin.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(1));
    }
    let begun: Vec<_> = files(&out).into_keys().collect();
    assert_eq!(begun.len(), 1, "{begun:?}");
    assert!(begun.iter().all(|name| name.to_string_lossy().ends_with(".part")), "{begun:?}");
    let status = interrupt(&mut child);
    assert_eq!(status.code(), Some(130));
    assert!(files(&out).is_empty(), "something was left");
}

/// The store is there to go on with; reports and tables are whole or not there, and `--resume` ends as if nothing had been.
#[test]
fn an_interrupted_batch_leaves_a_store_and_whole_reports() {
    let tickets = tempfile::tempdir().unwrap();
    for number in 0..6 {
        let ticket = tickets.path().join(format!("t{number}"));
        fs::create_dir(&ticket).unwrap();
        for file in ["ticket.txt", "server/System.evtx"] {
            let name = Path::new(file).file_name().unwrap();
            fs::copy(case().join(file), ticket.join(name)).unwrap();
        }
        fs::write(ticket.join("note.txt"), format!("ticket {number}")).unwrap();
    }
    let command = |out: &Path| {
        let mut command = Command::new(binary());
        command.arg("batch").arg(tickets.path()).arg("-o").arg(out);
        command.args(["--reports", "html", "--threads", "2", "-q", "--resume"]);
        command
    };
    let is_store = |name: &Path| name.to_string_lossy().starts_with("rdpwhy.sqlite");
    let look = |out: &Path, expected: &Files| {
        for (name, text) in files(out).iter().filter(|(name, _)| !is_store(name)) {
            let hidden =
                name.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
            assert!(!hidden || text.is_empty(), "{} was left", name.display());
            assert!(
                hidden || expected.get(name) == Some(text),
                "{} is half a file",
                name.display()
            );
        }
        let done = command(out).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let tables = |files: &Files| {
            let of = |name: &str| files.get(Path::new(name)).cloned();
            (of("tickets.csv"), of("timeline.csv"))
        };
        assert!(tables(&files(out)) == tables(expected), "the tables are those of one run");
    };
    interrupted(5, &command, &look);
}
