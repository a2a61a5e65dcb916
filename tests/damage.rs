//! Bundles arrive torn: whatever happens to a file, the analysis ends, says what is lost, and keeps what is whole.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test may fail as loudly as the test"
)]

#[path = "damage/every_file.rs"]
mod every_file;

use std::fs;
use std::path::{Path, PathBuf};

use rdpwhy::analysis::{Analysis, Scope, analyze};
use rdpwhy::bundle::Bundle;
use rdpwhy::signatures::Database;

fn files_below(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            files_below(&path, &format!("{name}/"), files);
        } else {
            files.push((name, fs::read(&path).unwrap()));
        }
    }
}

fn case(name: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    files_below(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases").join(name).join("bundle"),
        "",
        &mut files,
    );
    files
}

fn analyzed<'db>(db: &'db Database, files: &[(String, Vec<u8>)]) -> Analysis<'db> {
    let files: Vec<_> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    analyze(&Bundle::from_memory(&files), db, &Scope::default(), &|_| ())
}

/// A small generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below.max(1)
    }
}

fn events(analysis: &Analysis<'_>) -> u64 {
    analysis.sources.iter().map(|source| source.events).sum()
}

#[test]
fn a_log_that_lost_records_is_never_silent_about_it() {
    let db = Database::built_in().unwrap();
    let mut dice = Dice(7);
    for name in ["key-access-denied-after-hardening", "credssp-after-may-2018"] {
        let whole = case(name);
        let before = events(&analyzed(&db, &whole));
        for _ in 0..30 {
            let mut files = whole.clone();
            let logs: Vec<_> =
                (0..files.len()).filter(|index| files[*index].0.ends_with(".evtx")).collect();
            let hit = logs[dice.roll(logs.len())];
            let bytes = &mut files[hit].1;
            match dice.roll(3) {
                0 => bytes.truncate(dice.roll(bytes.len())),
                1 => {
                    let start = 4096 + 65_536 * dice.roll((bytes.len() - 4096) / 65_536);
                    bytes[start..start + 65_536].fill(0);
                }
                _ => {
                    let start = 4096 + 512 + dice.roll(8000);
                    let end = (start + 400).min(bytes.len());
                    bytes[start..end].fill(0x5a);
                }
            }
            let after = analyzed(&db, &files);
            let noticed = after
                .notices
                .iter()
                .any(|notice| notice.source.is_some_and(|id| id.index() == hit));
            assert!(
                events(&after) == before || noticed,
                "{name}: {} lost records and nothing says so",
                files[hit].0
            );
        }
    }
}

#[test]
fn bytes_flipped_anywhere_break_nothing() {
    let db = Database::built_in().unwrap();
    let mut dice = Dice(11);
    for name in ["tls-versions-hardened", "two-servers-two-causes", "cleared-log-in-zip"] {
        for _ in 0..30 {
            let mut files = case(name);
            for (_, bytes) in &mut files {
                for _ in 0..dice.roll(40) {
                    let at = dice.roll(bytes.len());
                    bytes[at] ^= u8::try_from(1 + dice.roll(255)).unwrap();
                }
            }
            let analysis = analyzed(&db, &files);
            assert_eq!(
                analysis.sources.is_empty(),
                analysis.sources.iter().all(|source| source.bytes == 0)
            );
        }
    }
}

#[test]
fn a_missing_decisive_log_lowers_the_answer_and_is_asked_for() {
    let db = Database::built_in().unwrap();
    let whole = case("key-access-denied-after-hardening");
    let sure = analyzed(&db, &whole).diagnoses[0].verdict.suspects()[0].probability;
    let without: Vec<_> =
        whole.into_iter().filter(|(name, _)| !name.ends_with("server/System.evtx")).collect();
    let analysis = analyzed(&db, &without);
    let diagnosis = &analysis.diagnoses[0];
    assert!(diagnosis.verdict.suspects()[0].probability < sure);
    assert!(
        diagnosis.missing.iter().any(|wanted| wanted.collect.contains("System")),
        "{:?}",
        diagnosis.missing
    );
}
