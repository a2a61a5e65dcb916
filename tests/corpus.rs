//! Real logs, where they are at hand: the variable `RDPWHY_CORPUS` names their folder. They are not part of this project.
#![allow(clippy::print_stderr, reason = "a test that skips says so aloud")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use rdpwhy::analysis::{Analysis, Scope, analyze};
use rdpwhy::bundle::Bundle;
use rdpwhy::cause::CauseId;
use rdpwhy::signatures::Database;

/// The folder, or nothing and a word about it.
#[expect(clippy::disallowed_methods, reason = "only a test looks for the corpus")]
fn corpus(below: &str) -> Option<PathBuf> {
    let found = std::env::var_os("RDPWHY_CORPUS")
        .map(|root| PathBuf::from(root).join(below))
        .filter(|path| path.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: RDPWHY_CORPUS names no folder with {below} in it");
    }
    found
}

fn analyzed<'db>(db: &'db Database, path: PathBuf) -> Analysis<'db> {
    let bundle = Bundle::open(&[path], &rdpwhy::bundle::Options::default())
        .expect("the corpus can be opened");
    analyze(&bundle, db, &Scope::default(), &|_| ())
}

/// Files of which we read more than the expectations say, each with the reason.
const MORE: [(&str, u64, &str); 4] = [
    ("dissect/TestLog.evt", 5, "readers of EVTX do not read the older kind of log"),
    ("dissect/TestLog-dirty.evt", 5, "the same, not closed"),
    (
        "derived-damage/cut-mid-chunk_2-vss_7-System.evtx",
        968,
        "the last chunk is cut in the middle; the 50 records before the cut are whole",
    ),
    (
        "derived-damage/header-zeroed_RDPAuth_LocalSessionManager.evtx",
        17,
        "both readers refuse a file without header; its chunk is whole",
    ),
];

#[test]
fn every_log_gives_the_records_it_should() {
    let Some(root) = corpus("evtx") else { return };
    let db = Database::built_in().unwrap();
    let analysis = analyzed(&db, root.clone());
    let found: BTreeMap<&str, u64> =
        analysis.sources.iter().map(|source| (&*source.path, source.events)).collect();
    let mut reader =
        csv::Reader::from_path(root.join("expected.csv")).expect("expected.csv is there");
    let headers = reader.headers().expect("it has a header").clone();
    let column =
        |name: &str| headers.iter().position(|header| header == name).expect("the column is there");
    let (file, records) = (column("file"), column("records_ok"));
    let mut wrong = Vec::new();
    let mut files = 0;
    for row in reader.records() {
        let row = row.expect("expected.csv is well-formed");
        let name = row.get(file).unwrap_or_default();
        let more = MORE.iter().find(|(known, _, _)| *known == name).map(|(_, records, _)| *records);
        let expected = more
            .unwrap_or_else(|| row.get(records).and_then(|text| text.parse().ok()).unwrap_or(0));
        files += 1;
        let got = found.get(name).copied().unwrap_or(0);
        if got != expected {
            wrong.push(format!("{name}: {got} instead of {expected}"));
        }
    }
    assert!(files > 100, "{files}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_damaged_file_has_a_notice() {
    let Some(root) = corpus("evtx") else { return };
    let index = std::fs::read_to_string(root.join("INDEX.md")).expect("INDEX.md is there");
    let table = index
        .split("## Damaged")
        .nth(1)
        .and_then(|rest| rest.split("## ").next())
        .expect("it has the table");
    let damaged: Vec<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .filter(|name| name.contains('/'))
        .collect();
    assert!(damaged.len() >= 10, "{damaged:?}");
    let db = Database::built_in().unwrap();
    let analysis = analyzed(&db, root);
    for name in damaged {
        let source = analysis.sources.iter().position(|source| &*source.path == name).expect(name);
        let noticed = analysis
            .notices
            .iter()
            .any(|notice| notice.source.is_some_and(|id| id.index() == source));
        assert!(noticed, "nothing is said about {name}");
    }
}

#[test]
fn real_hosts_have_no_incident() {
    let Some(root) = corpus("evtx") else { return };
    let db = Database::built_in().unwrap();
    for folder in std::fs::read_dir(root).expect("it can be read") {
        let path = folder.expect("it can be read").path();
        if !path.is_dir() {
            continue;
        }
        let analysis = analyzed(&db, path.clone());
        let incidents: Vec<_> = analysis
            .diagnoses
            .iter()
            .map(|diagnosis| format!("{:?}", diagnosis.verdict.suspects().first()))
            .collect();
        assert_eq!(incidents, Vec::<String>::new(), "{}", path.display());
    }
}

/// 29,205 pairs of Schannel 36874 and 36888 within a minute, from a scanner, while users went on working.
#[test]
fn a_scanned_server_has_no_tls_fault_even_when_a_ticket_complains() {
    let Some(root) = corpus("evtx/szechuan-2012r2") else { return };
    let db = Database::built_in().unwrap();
    let logs = tempfile::tempdir().expect("there is room for a ticket");
    let ticket = logs.path().join("ticket.txt");
    let text = "Subject: Remote Desktop does not work\nError code: 0x904\nExtended error code: 0x7\nTimestamp (UTC): 09/19/20 03:20:10 AM\n";
    std::fs::write(&ticket, text).expect("it can be written");
    for paths in [vec![root.clone()], vec![root, ticket]] {
        let bundle =
            Bundle::open(&paths, &rdpwhy::bundle::Options::default()).expect("it can be opened");
        let analysis = analyze(&bundle, &db, &Scope::default(), &|_| ());
        for diagnosis in &analysis.diagnoses {
            let named = diagnosis.verdict.first().map(|suspect| suspect.cause);
            assert!(
                !matches!(named, Some(CauseId::TlsCipherMismatch | CauseId::TlsVersionMismatch)),
                "{named:?}"
            );
        }
    }
}
