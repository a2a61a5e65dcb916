//! Every log of the repository's fixtures and of the corpus, those in archives too.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Tally, compare};

#[test]
fn real_logs_read_the_same_both_ways() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut folders = vec![fixtures];
    match std::env::var_os("RDPWHY_CORPUS") {
        Some(corpus) => folders.push(Path::new(&corpus).join("evtx")),
        None => eprintln!("skipped: RDPWHY_CORPUS is not set, so no real logs are compared"),
    }
    let (mut files, mut all) = (0, Tally::default());
    for path in folders.iter().flat_map(|folder| files_below(folder)) {
        for (name, log) in logs(&path) {
            let tally = compare(&name, &log);
            if tally.left_records + tally.left_chunks > 0 {
                eprintln!("{name}: {tally:?}");
            }
            files += 1;
            all.records += tally.records;
            all.left_records += tally.left_records;
            all.left_chunks += tally.left_chunks;
        }
    }
    eprintln!("{files} files: {all:?}");
}

pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The log in a file, or the logs in an archive.
fn logs(path: &Path) -> Vec<(String, Vec<u8>)> {
    let name = path.display().to_string();
    let is = |extension: &str| path.extension().is_some_and(|found| found == extension);
    if is("evtx") {
        return vec![(name, std::fs::read(path).unwrap())];
    }
    if !is("zip") {
        return Vec::new();
    }
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let members = 0..archive.len();
    let read = members.filter_map(|index| {
        // An encrypted member is for the tests of archives.
        let mut member = archive.by_index(index).ok()?;
        let name = format!("{name}!{}", member.name().unwrap());
        let mut log = Vec::new();
        name.ends_with(".evtx").then(|| member.read_to_end(&mut log).unwrap())?;
        Some((name, log))
    });
    read.collect()
}
