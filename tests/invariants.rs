//! Invariants of `docs/ARCHITECTURE.md` that show in what comes out: lines lead to records, and records say themselves
//! when they were written.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test program, which clippy does not see"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rdpwhy::analysis::{Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::event::Position;
use rdpwhy::parsers::evtx::trial::own;
use rdpwhy::parsers::{Interest, parser_for};
use rdpwhy::signatures::Database;

#[path = "../src/parsers/testing.rs"]
mod testing;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut cases: Vec<_> =
        fs::read_dir(root).unwrap().map(|case| case.unwrap().path().join("bundle")).collect();
    cases.sort();
    cases
}

#[test]
fn every_line_of_a_report_leads_to_a_record_or_line_that_says_it() {
    let db = Database::built_in().unwrap();
    let mut looked = 0;
    for case in cases() {
        let bundle = Bundle::open(&[&case], &Options::default()).unwrap();
        let analysis = analyze(&bundle, &db, &Scope::default(), &|_| ());
        let there: Vec<BTreeSet<(Position, Option<u32>)>> = bundle
            .sources()
            .iter()
            .map(|source| {
                let events =
                    parser_for(source).map(|parser| testing::collect(parser, source).events);
                let places = events.into_iter().flatten();
                places.map(|event| (event.origin.position, event.event_id)).collect()
            })
            .collect();
        for entry in analysis.timeline.entries() {
            let places = &there[entry.origin.source.index()];
            let at = entry.origin.position;
            let said = match &entry.attempt {
                // A connection is told by the first of its records, whichever that is.
                Some(_) => places.iter().any(|place| place.0 == at),
                None => places.contains(&(at, entry.event_id)),
            };
            assert!(said, "{}: {} {at}: {}", case.display(), entry.provider, entry.summary);
            looked += 1;
        }
        for diagnosis in &analysis.diagnoses {
            let suspects = diagnosis.verdict.suspects();
            let grounds = suspects.iter().flat_map(|suspect| &suspect.grounds);
            for ground in grounds.filter(|ground| db.find(&ground.signature).is_some()) {
                let entry = ground.entry.and_then(|id| analysis.timeline.get(id));
                assert!(entry.is_some(), "{}: {} has no record", case.display(), ground.text);
            }
        }
    }
    assert!(looked > 1000, "{looked}");
}

/// Exports renumber the frames of records, and tools that repair logs write what they like into them.
#[test]
fn the_frame_of_a_record_tells_neither_its_number_nor_its_time() {
    const HEADER: usize = 4096;
    const CHUNK: usize = 65_536;
    let mut frames = 0;
    for case in cases() {
        let path = case.join("server/System.evtx");
        let Ok(log) = fs::read(path) else { continue };
        let mut other = log.clone();
        for start in (HEADER..log.len()).step_by(CHUNK) {
            let mut at = start + 512;
            while log.get(at..at + 4) == Some(b"**\0\0") {
                other[at + 8..at + 16].copy_from_slice(&7_u64.to_le_bytes());
                other[at + 16..at + 24].copy_from_slice(&99_u64.to_le_bytes());
                at += u32::from_le_bytes(log[at + 4..at + 8].try_into().unwrap()) as usize;
                frames += 1;
            }
        }
        let (before, after) =
            (own(&log, Interest::everything()), own(&other, Interest::everything()));
        assert_eq!(before.events, after.events, "{}", case.display());
        assert_eq!(before.coverage, after.coverage, "{}", case.display());
    }
    assert!(frames > 500, "{frames}");
}
