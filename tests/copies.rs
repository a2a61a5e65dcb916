//! What lies in a bundle twice counts once, and what names no machine belongs to the one its place names.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "a test program, which clippy does not see; it uses a part of what tests share"
)]

#[path = "support/mod.rs"]
mod support;

use chrono::{DateTime, TimeDelta, Utc};
use rdpwhy::analysis::{Analysis, Scope, analyze};
use rdpwhy::bundle::Bundle;
use rdpwhy::report::rows;
use rdpwhy::signatures::Database;
use support::evtx_writer::{Log, Record};

fn start() -> DateTime<Utc> {
    "2026-11-18T08:00:00Z".parse().unwrap()
}

/// Records of Schannel 36870, one a minute, with these numbers.
fn log(computer: &str, numbers: std::ops::Range<u64>) -> Vec<u8> {
    let record = |id: u64| {
        let time = start() + TimeDelta::minutes(i64::try_from(id).unwrap());
        Record::new("Schannel", 36870)
            .channel("System")
            .level(2)
            .time(time)
            .data("Type", "server")
            .data("ErrorCode", "0x8009030d")
    };
    Log::new()
        .computer(computer)
        .first_record_id(numbers.start)
        .records(numbers.map(record))
        .to_bytes()
}

/// The same records as Event Viewer saves them, `hours` off.
fn export(computer: &str, numbers: std::ops::Range<u64>, hours: i64) -> Vec<u8> {
    let event = |id: u64| {
        let time =
            start() + TimeDelta::minutes(i64::try_from(id).unwrap()) + TimeDelta::hours(hours);
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Schannel'/>\
             <EventID>36870</EventID><Level>2</Level><TimeCreated SystemTime='{}'/><EventRecordID>{id}</EventRecordID>\
             <Channel>System</Channel><Computer>{computer}</Computer></System><EventData><Data Name='Type'>server</Data>\
             <Data Name='ErrorCode'>0x8009030d</Data></EventData></Event>",
            time.format("%Y-%m-%dT%H:%M:%SZ")
        )
    };
    format!("<Events>{}</Events>", numbers.map(event).collect::<String>()).into_bytes()
}

/// `wevtutil /f:text` of the same records, in the wall clock of a machine two hours east.
fn text(computer: &str, numbers: std::ops::Range<u64>) -> Vec<u8> {
    let event = |id: u64| {
        let time = start() + TimeDelta::minutes(i64::try_from(id).unwrap()) + TimeDelta::hours(2);
        format!(
            "Event[{id}]:\r\n  Log Name: System\r\n  Source: Schannel\r\n  Date: {}Z\r\n  Event ID: 36870\r\n  Task: N/A\r\n  \
             Level: Error\r\n  Opcode: Info\r\n  Keyword: N/A\r\n  User: N/A\r\n  User Name: N/A\r\n  Computer: {computer}\r\n  \
             Description: \r\nA fatal error occurred. The error code is 0x8009030d. The state is 10001.\r\n\r\n",
            time.format("%Y-%m-%dT%H:%M:%S.0000000")
        )
    };
    numbers.map(event).collect::<String>().into_bytes()
}

fn analyzed<'db>(db: &'db Database, files: &[(&str, Vec<u8>)]) -> Analysis<'db> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (*path, &**bytes)).collect();
    let scope = Scope { zone: rdpwhy::zone::Zone::parse("UTC+2"), ..Scope::default() };
    analyze(&Bundle::from_memory(&files), db, &scope, &|_| ())
}

/// How many records the findings count, what is covered, and what was said.
fn counts(files: &[(&str, Vec<u8>)]) -> (u64, u64, Vec<String>) {
    let db = Database::built_in().unwrap();
    let analysis = analyzed(&db, files);
    let hits = analysis.timeline.entries().iter().filter(|entry| &*entry.provider == "Schannel");
    let covered =
        analysis.hosts.iter().flat_map(|host| host.coverage.values()).map(|log| log.records).sum();
    let said = analysis.notices.iter().map(|notice| notice.what.clone());
    let said = said.filter(|what| what.contains("counted once")).collect();
    let hits = hits.map(|entry| entry.count).sum();
    assert_eq!(listed(&db, files), hits, "a list of all events has each record once, too");
    (hits, covered, said)
}

/// How many of the records a list of all events has.
fn listed(db: &Database, files: &[(&str, Vec<u8>)]) -> u64 {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (*path, &**bytes)).collect();
    let scope = Scope { zone: rdpwhy::zone::Zone::parse("UTC+2"), ..Scope::default() };
    let bundle = Bundle::from_memory(&files);
    let format = rows::row_format("jsonl").unwrap().format;
    let mut out = Vec::new();
    let written = rows::all::write(format, &bundle, db, &scope, None, &|_| (), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count() as u64, written.rows);
    let read: u64 =
        analyze(&bundle, db, &scope, &|_| ()).sources.iter().map(|one| one.events).sum();
    assert_eq!(written.rows + written.copies, read, "what is not listed is a copy");
    text.lines().filter(|line| line.contains("\"provider\":\"Schannel\"")).count() as u64
}

#[test]
fn the_same_file_twice() {
    let bytes = log("SRV01", 1..40);
    let (hits, covered, said) = counts(&[("a/System.evtx", bytes.clone()), ("b/Sys.evtx", bytes)]);
    assert_eq!((hits, covered), (39, 39));
    assert_eq!(said, ["the same file as a/System.evtx: counted once"]);
}

#[test]
fn a_shadow_copy_gives_what_the_log_has_lost_and_nothing_twice() {
    let (old, new) = (log("SRV01", 1..60), log("srv01.example.com", 30..90));
    let files = [("uploads/ntfs/System.evtx", new), ("uploads/ntfs_vss/System.evtx", old)];
    let (hits, covered, said) = counts(&files);
    assert_eq!((hits, covered), (89, 89), "{said:?}");
    let what = "30 records of System are also in uploads/ntfs/System.evtx: counted once";
    assert_eq!(said, [what]);
    // The other way round it is the same.
    let [(_, new), (_, old)] = files;
    let turned = counts(&[("uploads/a/System.evtx", old), ("uploads/b/System.evtx", new)]);
    assert_eq!((turned.0, turned.1), (89, 89));
}

#[test]
fn an_export_beside_its_log_counts_for_what_the_log_has_not() {
    let files =
        [("a-export.xml", export("SRV01", 1..50, 0)), ("System.evtx", log("SRV01", 20..70))];
    let (hits, covered, said) = counts(&files);
    assert_eq!((hits, covered), (69, 69), "{said:?}");
    let wall_clock = [("text.txt", text("SRV01", 25..60)), ("System.evtx", log("SRV01", 20..70))];
    let (hits, _, said) = counts(&wall_clock);
    assert_eq!(hits, 50, "{said:?}");
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn what_a_hunting_tool_reports_of_a_log_that_is_there_counts_once() {
    let row = |id: u64| {
        let time = start() + TimeDelta::minutes(i64::try_from(id).unwrap());
        format!(
            "\"{} +00:00\",\"x\",\"med\",\"SRV01\",\"Sys\",36870,{id},\"Type: server ¦ ErrorCode: 0x8009030d\"\r\n",
            time.format("%Y-%m-%d %H:%M:%S%.3f")
        )
    };
    let head = "\"Timestamp\",\"RuleTitle\",\"Level\",\"Computer\",\"Channel\",\"EventID\",\"RecordID\",\"Details\"\r\n";
    let report = format!("{head}{}{}{}", row(12), row(30), row(99)).into_bytes();
    let (hits, _, said) = counts(&[("a-report.csv", report), ("System.evtx", log("SRV01", 1..40))]);
    assert_eq!(hits, 40, "{said:?}");
    assert_eq!(said, ["2 records of System are also in System.evtx: counted once"]);
}

#[test]
fn a_log_that_was_cleared_is_another_log_and_so_is_that_of_another_machine() {
    let days_later = export("SRV01", 1..40, 72);
    let (hits, _, said) = counts(&[("a.evtx", log("SRV01", 1..40)), ("b.xml", days_later)]);
    assert_eq!((hits, said), (78, Vec::<String>::new()));
    let (hits, _, said) =
        counts(&[("a.evtx", log("SRV01", 1..40)), ("b.evtx", log("SRV02", 1..40))]);
    assert_eq!((hits, said), (78, Vec::<String>::new()));
}

#[test]
fn a_machine_that_is_collected_day_after_day_has_each_record_once() {
    // Each collection begins a little later, for the log is full, and ends later; one lies between and has nothing new.
    let reach = |day: u64| (day * 7)..(50 + day * 20);
    let mut files: Vec<_> =
        (0..30).map(|day| (format!("day{day:02}/System.evtx"), log("srv01", reach(day)))).collect();
    files.push(("day10again/System.evtx".into(), log("srv01", 100..200)));
    let files: Vec<_> = files.iter().map(|(path, log)| (path.as_str(), log.clone())).collect();
    let (hits, covered, said) = counts(&files);
    assert_eq!((hits, covered), (50 + 29 * 20, 50 + 29 * 20));
    assert_eq!(said.len(), 30, "{said:#?}");
    assert!(
        said.contains(&"43 records of System are also in day00/System.evtx: counted once".into())
    );
}

#[test]
fn the_same_listing_of_two_machines_is_no_copy() {
    let registry = b"Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server]\r\n\
        \"fDenyTSConnections\"=dword:00000001\r\n".to_vec();
    let hosts = |files: &[(&str, Vec<u8>)]| {
        let db = Database::built_in().unwrap();
        let analysis = analyzed(&db, files);
        let mut hosts: Vec<_> = analysis
            .timeline
            .entries()
            .iter()
            .filter(|entry| &*entry.provider == "registry")
            .map(|entry| entry.host.to_string())
            .collect();
        hosts.sort();
        hosts
    };
    let two = [
        ("MSRD-Results-SRV01/SRV01_RegistryKeys/a.txt", registry.clone()),
        ("MSRD-Results-SRV02/SRV02_RegistryKeys/a.txt", registry.clone()),
    ];
    assert_eq!(hosts(&two), ["SRV01", "SRV02"]);
    let one = [
        ("MSRD-Results-SRV01/SRV01_RegistryKeys/a.txt", registry.clone()),
        ("TSS_SRV01_261118-091400_SDP/a.txt", registry),
    ];
    assert_eq!(hosts(&one), ["SRV01"]);
}

#[test]
fn of_many_copies_the_first_are_named() {
    let bytes = log("SRV01", 1..5);
    let names: Vec<String> = (0..9).map(|number| format!("vss{number}/System.evtx")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), bytes.clone())).collect();
    let (hits, _, said) = counts(&files);
    assert_eq!((hits, said.len()), (4, 4));
    assert!(said.iter().any(|what| what.starts_with("5 more files")), "{said:?}");
}

#[test]
fn who_shows_no_hash_still_tells_copies() {
    let files: [(&str, &[u8]); 3] = [("a.log", b"same"), ("b.log", b"same"), ("c.log", b"else")];
    let bundle = Bundle::from_memory(&files).hashing_copies_only();
    let hashed = |index: usize| bundle.sources()[index].sha256().unwrap().is_some();
    assert_eq!([hashed(0), hashed(1), hashed(2)], [true, true, false]);
}
