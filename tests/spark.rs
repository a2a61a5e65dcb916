//! The job of `integrations/spark` on a cluster of two workers on this machine, held against `rdpwhy batch` and
//! `rdpwhy fleet`: every row and every count.
//!
//! Needs a Java runtime and a Python with `integrations/spark/requirements.txt`, named by `RDPWHY_PYTHON` (a virtual
//! environment or a program) when it is not the `python3` of the path; elsewhere the test says that it was skipped.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(clippy::print_stderr, clippy::unwrap_used, reason = "a test program")]

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::desk::{Desk, Habit, write};

/// Workers, cores of each, megabytes of each: separate processes, as on a cluster.
const MASTER: &str = "local-cluster[2,1,1024]";

#[expect(clippy::disallowed_methods, reason = "where Python is, only the developer knows")]
fn python() -> PathBuf {
    let named = std::env::var_os("RDPWHY_PYTHON").map(PathBuf::from);
    match named {
        Some(venv) if venv.is_dir() => venv.join("bin/python"),
        named => named.unwrap_or_else(|| "python3".into()),
    }
}

fn can_run() -> bool {
    let works = |program: &Path, argument: &str, text: &str| {
        let output = Command::new(program).args([argument, text]).output();
        output.is_ok_and(|output| output.status.success())
    };
    works(Path::new("java"), "-version", "-version") && works(&python(), "-c", "import pyspark")
}

/// Tickets, one of them twice, one that is not there, and one that holds nothing that can be read.
fn tickets(folder: &Path) {
    let desk = Desk { tickets: 240, innocent: 20, habit: Habit::PatchTuesday, ..Desk::default() };
    write(&desk, folder).unwrap();
    let tickets = folder.join("tickets");
    let (first, again, torn) =
        (tickets.join("T000007"), tickets.join("again"), tickets.join("torn.zip"));
    fs::create_dir(&again).unwrap();
    for entry in fs::read_dir(first).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, again.join(path.file_name().unwrap())).unwrap();
    }
    fs::write(&torn, b"PK\x03\x04 and no more").unwrap();
    let mut manifest =
        fs::OpenOptions::new().append(true).open(folder.join("manifest.tsv")).unwrap();
    writeln!(
        manifest,
        "{}\tagain\n{}\ttorn\n/nowhere/at all.zip\tgone",
        again.display(),
        torn.display()
    )
    .unwrap();
}

#[test]
fn spark_finds_what_one_machine_finds() {
    if !can_run() {
        eprintln!("SKIPPED: no Java, or RDPWHY_PYTHON names no Python with pyspark");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    tickets(folder.path());
    let program = assert_cmd::cargo::cargo_bin("rdpwhy");
    let rdpwhy = |arguments: &[&str], output: &Path| {
        let mut command = Command::new(&program);
        command.args(arguments).arg("-o").arg(output).output().unwrap()
    };
    let manifest = path("manifest.tsv");
    rdpwhy(&["batch", "--quiet", "--paths-from", manifest.to_str().unwrap()], &path("store"));
    let store = path("store").join("rdpwhy.sqlite");
    let told = rdpwhy(&["fleet", "--format", "json", store.to_str().unwrap()], &path("fleet.json"));
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations/spark/check.py");
    let output = Command::new(python())
        .arg(check)
        .arg(&program)
        .arg(&manifest)
        .args([store, path("fleet.json"), path("spark")])
        .arg(MASTER)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // Workers talk to each other; nobody else is to be asked for this machine's name.
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("243 tickets under {MASTER}")), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "");
}
