//! Evidence stays as it was, and the same evidence gives the same answer wherever and however it is read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use assert_cmd::Command;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut cases: Vec<_> = fs::read_dir(root)
        .expect("there are cases")
        .map(|case| case.expect("it can be read").path().join("bundle"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 8);
    cases
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// A copy whose files are made from the last to the first, as another file system may list them.
fn copied_backwards(folder: &Path, to: &Path) {
    for file in files(folder).iter().rev() {
        let target = to.join(file.strip_prefix(folder).expect("it is below"));
        fs::create_dir_all(target.parent().expect("it has one")).expect("a new folder");
        fs::copy(file, target).expect("it can be copied");
    }
}

fn rdpwhy() -> Command {
    let mut command = Command::cargo_bin("rdpwhy").expect("the binary is built");
    command.env_remove("TZ").env_remove("LC_ALL").env_remove("LANG");
    command
}

fn stdout(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("it runs");
    assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Everything of a folder that somebody could change: names, bytes, times.
fn state(folder: &Path) -> BTreeMap<PathBuf, (Option<Vec<u8>>, SystemTime)> {
    let mut state: BTreeMap<_, _> = files(folder)
        .into_iter()
        .map(|file| {
            let time = fs::metadata(&file).and_then(|data| data.modified()).expect("it has a time");
            let bytes = fs::read(&file).expect("it can be read");
            (file, (Some(bytes), time))
        })
        .collect();
    let time = fs::metadata(folder).and_then(|data| data.modified()).expect("it has a time");
    state.insert(folder.to_owned(), (None, time));
    state
}

#[test]
fn a_bundle_is_left_as_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let bundle = dir.path().join("bundle");
    for case in cases() {
        copied_backwards(
            &case,
            &bundle.join(case.parent().expect("a case").file_name().expect("a name")),
        );
    }
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    for file in files(&bundle) {
        File::options()
            .write(true)
            .open(&file)
            .expect("ours")
            .set_modified(long_ago)
            .expect("ours");
        let mut rights = fs::metadata(&file).expect("it is there").permissions();
        rights.set_readonly(true);
        fs::set_permissions(&file, rights).expect("ours");
    }
    let before = state(&bundle);
    let out = dir.path().join("out");
    for arguments in [&["analyze"][..], &["timeline", "--all"], &["analyze", "--redact"]] {
        stdout(rdpwhy().args(arguments).arg(&bundle));
    }
    stdout(rdpwhy().arg("analyze").arg(&bundle).arg("-o").arg(&out));
    let done = rdpwhy().arg("batch").arg(&bundle).arg("-o").arg(dir.path().join("store")).output();
    assert!(done.expect("it runs").status.success());
    assert!(state(&bundle) == before, "something in the bundle changed");
}

#[test]
fn place_language_zone_and_threads_change_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    for (number, case) in cases().iter().enumerate() {
        let copy = dir.path().join(format!("{number}/bundle"));
        copied_backwards(case, &copy);
        let expected = stdout(rdpwhy().arg("analyze").arg(case).args(["--format", "json"]));
        for (threads, zone, language) in [
            ("1", "America/St_Johns", "de_DE.UTF-8"),
            ("2", "Asia/Kathmandu", "C"),
            ("8", "UTC", "tr_TR.UTF-8"),
        ] {
            let mut command = rdpwhy();
            command.args(["analyze", "bundle", "--format", "json", "--threads", threads]);
            command.current_dir(copy.parent().expect("it has one"));
            command.env("TZ", zone).env("LC_ALL", language).env("LANG", language);
            let same = stdout(&mut command) == expected;
            assert!(same, "{}: {threads} threads, {zone}, {language}", case.display());
        }
    }
}
