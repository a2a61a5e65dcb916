//! Every file of every case, damaged in every way we know of: more than two thousand bundles.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use rdpwhy::signatures::Database;

use super::{Dice, analyzed, case, events};

/// What can happen to a file on its way to us.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// Cut at this many hundredths of its length.
    Cut(usize),
    /// So many bytes changed.
    Flipped(usize),
    /// A stretch that was never written: zeroes.
    Zeroed(usize),
    /// A stretch of another file.
    Patched(usize),
    /// The whole 64 KiB chunk around this hundredth, zeroed.
    ChunkZeroed(usize),
    /// Nothing in it.
    Empty,
    /// Padded with NULs, as a copy from a live volume is.
    Padded,
    /// Text of the other kind in the middle of it.
    MixedEncodings,
    /// There twice, one after the other.
    Doubled,
}

const DAMAGES: [Damage; 22] = [
    Damage::Cut(1),
    Damage::Cut(6),
    Damage::Cut(25),
    Damage::Cut(50),
    Damage::Cut(75),
    Damage::Cut(93),
    Damage::Cut(99),
    Damage::Flipped(1),
    Damage::Flipped(3),
    Damage::Flipped(30),
    Damage::Flipped(300),
    Damage::Zeroed(16),
    Damage::Zeroed(512),
    Damage::Zeroed(4096),
    Damage::Patched(16),
    Damage::Patched(1000),
    Damage::ChunkZeroed(10),
    Damage::ChunkZeroed(90),
    Damage::Empty,
    Damage::Padded,
    Damage::MixedEncodings,
    Damage::Doubled,
];

fn damaged(whole: &[u8], damage: Damage, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let stretch = |size: usize, dice: &mut Dice| {
        let start = dice.roll(whole.len());
        start..(start + size).min(whole.len())
    };
    match damage {
        Damage::Cut(part) => bytes.truncate(whole.len() * part / 100),
        Damage::Flipped(count) => {
            for _ in 0..count {
                let at = dice.roll(whole.len());
                bytes[at] ^= u8::try_from(1 + dice.roll(255)).unwrap();
            }
        }
        Damage::Zeroed(size) => bytes[stretch(size, dice)].fill(0),
        Damage::Patched(size) => {
            bytes[stretch(size, dice)]
                .iter_mut()
                .zip(b"<Event xmlns=\"**\0\0".iter().cycle())
                .for_each(|(byte, other)| *byte = *other);
        }
        Damage::ChunkZeroed(part) => {
            let chunk = (whole.len() * part / 100).saturating_sub(4096) / 65_536;
            let start = (4096 + chunk * 65_536).min(whole.len());
            let end = (start + 65_536).min(whole.len());
            bytes[start..end].fill(0);
        }
        Damage::Empty => bytes.clear(),
        Damage::Padded => bytes.extend_from_slice(&[0; 5000]),
        Damage::MixedEncodings => {
            let wide: Vec<u8> = "\r\nWeitere Ausgabe: Zugriff verweigert\r\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
            let at = whole.len() / 2;
            bytes.splice(at..at, wide);
        }
        Damage::Doubled => bytes.extend_from_slice(whole),
    }
    bytes
}

fn cases() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|case| case.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A file of a case: its case, its place there, its name and bytes.
type File = (String, usize, String, Vec<u8>);

fn files() -> Vec<File> {
    let of_case = |name: String| {
        let files = case(&name).into_iter().enumerate();
        files.map(move |(place, (file, bytes))| (name.clone(), place, file, bytes))
    };
    cases().into_iter().flat_map(of_case).collect()
}

/// A witness that nothing happened to, in each bundle beside the damaged file.
const WITNESS: (&str, &[u8]) = (
    "witness/hotfixes.txt",
    b"Source        Description      HotFixID      InstalledBy          InstalledOn\r\n\
      ------        -----------      --------      -----------          -----------\r\n\
      SRV77         Security Update  KB5018410     NT AUTHORITY\\SYSTEM 10/12/2022 12:00:00 AM\r\n\
      SRV77         Update           KB5017022     NT AUTHORITY\\SYSTEM 10/12/2022 12:00:00 AM\r\n",
);

#[test]
fn every_damage_to_every_file_is_survived_and_loss_of_records_is_told() {
    let db = Database::built_in().unwrap();
    let files = files();
    assert!(files.len() * DAMAGES.len() >= 2000, "{} files", files.len());
    let witness = (WITNESS.0.to_owned(), WITNESS.1.to_vec());
    let complaints: Vec<String> = files
        .par_iter()
        .enumerate()
        .flat_map_iter(|(number, (case, _, name, whole))| {
            let before = events(&analyzed(&db, &[(name.clone(), whole.clone())]));
            let mut complaints = Vec::new();
            for (kind, damage) in DAMAGES.into_iter().enumerate() {
                let mut dice = Dice((number * DAMAGES.len() + kind) as u64);
                let bytes = damaged(whole, damage, &mut dice);
                let empty = bytes.is_empty();
                let started = Instant::now();
                let after = analyzed(&db, &[(name.clone(), bytes), witness.clone()]);
                let mut complain = |what: &str| {
                    complaints.push(format!("{case}/{name}, {damage:?}: {what}"));
                };
                if started.elapsed() > Duration::from_secs(60) {
                    complain("takes minutes");
                }
                let (own, others): (Vec<_>, Vec<_>) =
                    after.sources.iter().partition(|source| !source.path.contains("witness"));
                if others.iter().map(|source| source.events).sum::<u64>() != 2 {
                    complain("the witness beside it was not heard");
                }
                let left: u64 = own.iter().map(|source| source.events).sum();
                // What a text lost at its end nobody can tell; event logs, their XML and archives know what they should have.
                let knows = [".evtx", ".zip", ".xml"].iter().any(|end| name.ends_with(end));
                if knows && left < before && after.notices.is_empty() && !empty {
                    complain("records were lost and nothing says so");
                }
                if empty && left > 0 {
                    complain("events out of nothing");
                }
            }
            complaints
        })
        .collect();
    assert_eq!(complaints, [""; 0], "{} complaints", complaints.len());
}

#[test]
fn what_is_whole_answers_as_before() {
    let db = Database::built_in().unwrap();
    let files = files();
    // Every seventh file, with the damages in turn: the other files of its case give what they gave.
    let complaints: Vec<String> = files
        .par_iter()
        .enumerate()
        .filter(|(number, _)| number % 7 == 3)
        .flat_map_iter(|(number, (name, place, file, bytes))| {
            let mut case = case(name);
            let before = analyzed(&db, &case);
            let mut dice = Dice(number as u64);
            case[*place].1 = damaged(bytes, DAMAGES[number % DAMAGES.len()], &mut dice);
            let after = analyzed(&db, &case);
            let changed = before.sources.iter().filter(|source| {
                !source.path.starts_with(file.as_str())
                    && after
                        .sources
                        .iter()
                        .all(|other| (&other.path, other.events) != (&source.path, source.events))
            });
            changed.map(|source| format!("{name}: {} by {file}", source.path)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(complaints, [""; 0]);
}
