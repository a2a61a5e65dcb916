//! Sigma's "goodlog" rule: what speaks strongly on a host where nothing is wrong must be listed, one by one, with its
//! reason. The hosts are those of `fixtures/healthy/` and, where `RDPWHY_CORPUS` names them, ordinary hosts from public
//! collections of logs, which are not part of this project.
//!
//! The list is `tests/healthy.tsv`; a line of it that no longer occurs must go.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(clippy::print_stderr, reason = "a test that skips says so aloud")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rdpwhy::analysis::{Analysis, Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::signatures::{Database, Grade, Signature};

/// A signature and the host or collection that it speaks on.
type Finding = (String, String);

/// The list: what is known to speak, and why it does.
fn listed() -> BTreeMap<Finding, String> {
    let lines = include_str!("healthy.tsv").lines().skip(1);
    let read = lines.map(|line| {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut next = || cells.next().unwrap_or_default();
        ((next(), next()), next())
    });
    read.collect()
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.filter(|path| path.is_dir()).collect()
}

fn name(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Damaged copies of logs that stand elsewhere in the corpus say nothing new.
#[expect(clippy::disallowed_methods, reason = "only a test looks for the corpus")]
fn corpus() -> Option<Vec<PathBuf>> {
    let root = PathBuf::from(std::env::var_os("RDPWHY_CORPUS")?).join("evtx");
    Some(folders(&root).into_iter().filter(|folder| name(folder) != "derived-damage").collect())
}

fn analyzed<'db>(db: &'db Database, folder: &Path) -> Analysis<'db> {
    let bundle =
        Bundle::open(&[folder.to_owned()], &Options::default()).expect("the logs can be opened");
    analyze(&bundle, db, &Scope::default(), &|_| ())
}

fn speaks_strongly(signature: &Signature) -> bool {
    signature.evidence.values().any(|grade| *grade >= Grade::Strong)
}

/// Signatures that speak strongly for a cause, with a line that shows each.
fn strong(db: &Database, source: &str, folder: &Path) -> BTreeMap<Finding, String> {
    let analysis = analyzed(db, folder);
    let entries = analysis.timeline.numbered().filter_map(|(_, entry)| {
        let signature = db.signature(entry.signature?).filter(|known| speaks_strongly(known))?;
        let line = format!("{:?} {} {}", entry.time, entry.host, entry.summary);
        Some(((signature.name.clone(), source.to_owned()), line))
    });
    entries.collect()
}

#[test]
fn what_speaks_strongly_where_nothing_is_wrong_is_on_the_list() {
    let db = Database::built_in().expect("our own signatures are valid");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/healthy");
    let mut found = BTreeMap::new();
    let mut looked_at = BTreeSet::new();
    for folder in folders(&fixtures) {
        let source = format!("fixtures/healthy/{}", name(&folder));
        found.extend(strong(&db, &source, &folder.join("bundle")));
        looked_at.insert(source);
    }
    match corpus() {
        Some(folders) => {
            for folder in folders {
                found.extend(strong(&db, &name(&folder), &folder));
                looked_at.insert(name(&folder));
            }
        }
        None => eprintln!("SKIPPED: RDPWHY_CORPUS names no real hosts"),
    }
    let listed = listed();
    let unlisted: Vec<_> =
        found.iter().filter(|(finding, _)| !listed.contains_key(*finding)).collect();
    assert!(unlisted.is_empty(), "not on the list: {unlisted:#?}");
    let gone: Vec<_> = listed
        .keys()
        .filter(|finding| looked_at.contains(&finding.1) && !found.contains_key(*finding))
        .collect();
    assert!(gone.is_empty(), "on the list, and no longer there: {gone:#?}");
}

#[test]
fn every_line_of_the_list_has_a_reason_and_a_signature() {
    let db = Database::built_in().expect("our own signatures are valid");
    for ((signature, source), reason) in listed() {
        assert!(db.find(&signature).is_some(), "there is no {signature}");
        assert!(reason.len() > 20, "{signature} on {source}: no reason");
    }
}
