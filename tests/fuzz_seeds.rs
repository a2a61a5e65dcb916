//! What the fuzz targets begin from, put through the same checks, without nightly and without a fuzzer.
//!
//! `RDPWHY_FUZZ_CORPUS=fuzz/corpus cargo test --test fuzz_seeds` writes the seeds, a folder for each target.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    dead_code,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::duplicate_mod,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test program, which clippy does not see; the checks are shared with the fuzz targets"
)]

use std::fs;
use std::path::{Path, PathBuf};

use zip::CompressionMethod;

#[path = "../fuzz/checks/containers.rs"]
mod containers;
#[path = "../fuzz/checks/event_xml.rs"]
mod event_xml;
#[path = "../fuzz/checks/evt.rs"]
mod evt;
#[path = "../fuzz/checks/evtx.rs"]
mod evtx;
#[path = "../fuzz/checks/formats.rs"]
mod formats;
#[path = "support/packers.rs"]
mod packers;
#[path = "../fuzz/checks/signatures.rs"]
mod signatures;
#[path = "support/mod.rs"]
mod support;
#[path = "../fuzz/checks/ticket.rs"]
mod ticket;
#[path = "../fuzz/checks/times.rs"]
mod times;
#[path = "../fuzz/checks/words.rs"]
mod words;

use support::evtx_writer::{Layout, Log, Node, Record, filetime, guid, hex64, sid};

const HEADER: usize = 4096;

/// Dates as they stand in logs of all kinds.
const TIMES: [&str; 29] = [
    "2026-11-18T09:15:03.1234567Z",
    "2026-11-18T09:15:03+01:00",
    "2026-11-18 09:15:03",
    "2026-11-18 09:15:03:176-0600",
    "2026-11-18 09:15:03:176+0100",
    "2026-11-18",
    "2026/11/18 09:15:03.8688284",
    "2026/11/18 9:15",
    "18.11.2026 09:15:03",
    "18/11/2026 09:15",
    "11/18/2026 9:15:03 AM",
    "11/18/2026 12:00:00 AM",
    "11/18/2026",
    "11/18 09:15:03",
    "11/18/26 09:15:03 PM",
    "Wednesday, November 18, 2026 9:15:03 AM",
    "November 18, 2026",
    "20261118",
    "01dc588c8ddb1e00",
    "25.11.2569 09:15",
    "2026-11-18T09:15:03.123",
    "2026-11-18T09:15:03.0000000-08:00",
    "/Date(1763457303000)/",
    "time=\"09:15:03.123+480\" date=\"11-18-2026\"",
    "01:00:00",
    "2026.11.17 03:12:36.4012702",
    "2026-08-28\t11:05:07:920",
    "11/17/2026 6:26 PM",
    "W. Europe Standard Time",
];

const WORDS: [&str; 8] = [
    "0x904 0x7",
    "2308",
    "36870",
    "0x8009030d",
    "KB5018410 cert-key-access-denied",
    "Microsoft-Windows-TerminalServices-LocalSessionManager 40",
    "UTC+05:30",
    "Africa/Cairo",
];

type Seeds = Vec<Vec<u8>>;

fn files(folder: &str, ends: &[&str]) -> Seeds {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let ends_so = |path: &PathBuf| ends.iter().any(|end| path.to_str().unwrap().ends_with(end));
    files.iter().filter(|path| ends.is_empty() || ends_so(path)).map(|path| read(path)).collect()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

/// The used part of the first chunk of a log, as `checks/evtx.rs` takes it.
fn first_chunk(log: &[u8]) -> Vec<u8> {
    let chunk = &log[HEADER..];
    let free = u32::from_le_bytes(chunk[48..52].try_into().unwrap()) as usize;
    chunk[..free.min(12 * 1024)].to_vec()
}

/// Records of every layout and type of value, a few a chunk.
fn chunks() -> Seeds {
    let plain = || Record::new("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 131);
    let data = |record: Record| record.data("ConnType", "TCP").data("ClientIP", "192.0.2.7:51001");
    let typed = |record: Record| {
        record
            .data("Id", guid("12345678-1234-5678-9abc-def012345678"))
            .data("Sid", sid("S-1-5-21-1-2-3-1001"))
            .data("Handle", hex64(0x3e7))
            .data("Since", filetime("2026-11-18T09:15:03Z".parse().unwrap()))
            .data("Empty", "")
    };
    let user = |record: Record| {
        record
            .user_data(Node::new("EventXML").field("Param1", "contoso\\a").child(Node::new("Bare")))
    };
    let classic = || Record::classic("TermDD", 56, 49_162).strings([r"\Device\Termdd"]);
    let mut logs = Vec::new();
    for layout in [Layout::Substituted, Layout::Inline, Layout::Literal] {
        logs.push(
            Log::new().record(data(plain()).layout(layout)).record(data(plain()).layout(layout)),
        );
        logs.push(Log::new().record(typed(plain()).layout(layout)));
        logs.push(Log::new().record(user(plain()).layout(layout)).record(classic().layout(layout)));
    }
    logs.iter().map(|log| first_chunk(&log.to_bytes())).collect()
}

fn archives() -> Seeds {
    let small: packers::Files = vec![
        (
            "server/System.evtx".into(),
            Log::new().record(Record::new("Schannel", 36_870)).to_bytes(),
        ),
        (
            "dialog.txt".into(),
            b"Remote Desktop Connection\r\nError code: 0x904\r\nExtended error code: 0x7\r\n"
                .to_vec(),
        ),
        ("a/b/empty".into(), Vec::new()),
    ];
    use packers::*;
    let tar = tar_of(&small);
    let deflated = zipped(&small, method(CompressionMethod::Deflated));
    let inner: Files =
        vec![("inner.zip".into(), deflated.clone()), ("inner.tar.gz".into(), gz(&tar))];
    vec![
        zipped(&small, method(CompressionMethod::Stored)),
        zipped(&small, method(CompressionMethod::Bzip2)),
        zipped(&small, method(CompressionMethod::Xz)),
        aes_zip(&small, "infected"),
        zipped(&inner, method(CompressionMethod::Stored)),
        deflated,
        seven_z(&small, true, None),
        seven_z(&small, false, None),
        seven_z(&small, true, Some("infected")),
        seven_z(&inner, true, None),
        cabinet(&small, cab::CompressionType::MsZip),
        cabinet(&small, cab::CompressionType::None),
        gz(&tar),
        xz(&tar),
        zst(&tar),
        gz(&small[1].1),
        xz(&small[1].1),
        zst(&small[1].1),
        tar,
    ]
}

/// Ticket text and logs together, as a ticket has them; the logs in the middle, where they are cut first.
fn tickets() -> Seeds {
    let texts = files("fixtures/formats", &[".txt", ".log", ".reg", ".csv"]);
    let between = b"\n=8<=\n".as_slice();
    texts.chunks(3).map(|parts| parts.join(between)).filter(|seed| seed.len() < 20_000).collect()
}

fn texts(texts: &[&str]) -> Seeds {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn with_text(check: fn(&str)) -> impl Fn(&[u8]) {
    move |bytes| std::str::from_utf8(bytes).into_iter().for_each(check)
}

/// Puts the seeds of a target through its check, whole and cut in the middle, and writes them where that is asked for.
fn run(target: &str, mut seeds: Seeds, check: impl Fn(&[u8])) {
    // What the fuzzer once found stays a seed.
    let found = format!("fuzz/found/{target}");
    if Path::new(env!("CARGO_MANIFEST_DIR")).join(&found).exists() {
        seeds.extend(files(&found, &[]));
    }
    assert!(seeds.len() > 3, "{target}");
    for seed in &seeds {
        check(seed);
        check(&seed[..seed.len() / 2]);
    }
    let Some(corpus) = std::env::var_os("RDPWHY_FUZZ_CORPUS") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(corpus).join(target);
    fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:03}")), seed).unwrap();
    }
}

#[test]
fn event_logs() {
    let real = files("fixtures/cases", &[".evtx"]);
    let seeds = real.iter().step_by(4).map(|log| first_chunk(log)).chain(chunks()).collect();
    run("evtx", seeds, evtx::check);
}

#[test]
fn event_logs_of_windows_xp() {
    run(
        "evt",
        files("fixtures/formats", &[".evt"]).into_iter().cycle().take(4).collect(),
        evt::check,
    );
}

#[test]
fn exports_of_events() {
    run("event_xml", files("fixtures/formats/event-xml", &[]), event_xml::check);
}

#[test]
fn text_logs() {
    run("formats", files("fixtures/formats", &[]), formats::check);
}

#[test]
fn dates() {
    run("times", texts(&TIMES), with_text(times::check));
    // Each record is read where it is given a date it knows, or the target would look at nothing.
    let heard: std::collections::BTreeSet<usize> =
        TIMES.into_iter().flat_map(times::heard).collect();
    let silent: Vec<_> =
        (0..times::RECORDS.len()).filter(|number| !heard.contains(number)).collect();
    assert_eq!(silent.iter().map(|number| times::RECORDS[*number]).collect::<Vec<_>>(), []);
}

#[test]
fn whole_tickets() {
    run("ticket", tickets(), ticket::check);
}

#[test]
fn archives_of_every_kind() {
    let seeds =
        files("fixtures/archives", &[".zip", ".7z"]).into_iter().chain(archives()).collect();
    run("containers", seeds, containers::check);
}

#[test]
fn rules() {
    let rules = files("signatures", &[".yaml"]);
    run("signatures", rules.into_iter().step_by(12).collect(), with_text(signatures::check));
}

#[test]
fn questions() {
    run("words", texts(&WORDS), with_text(words::check));
}
