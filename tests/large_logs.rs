//! Logs of many chunks, which several threads read at the same time.

#[path = "support/mod.rs"]
mod support;

use chrono::{DateTime, TimeDelta, Utc};
use rdpwhy::analysis::{Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::report;
use rdpwhy::signatures::Database;
use serde_json::Value;
use support::evtx_writer::{CHUNK_SIZE, Damage, FILE_HEADER_SIZE, Log, Record};

const RECORDS: u32 = 12_000;

/// A scanner's handshakes, the same again and again, with attempts and logons between them that differ.
fn flood() -> Vec<Record> {
    let start: DateTime<Utc> = "2026-11-18T20:00:00Z".parse().expect("a time");
    let record = |number: u32| {
        let peer = format!("192.0.2.{}", number % 7);
        let record = match number % 20 {
            0 => Record::new("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 131)
                .channel("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational")
                .activity(&format!("f4a2b3c4-0000-4000-8000-{number:012x}"))
                .data("ConnType", "TCP")
                .data("ClientIP", format!("{peer}:51001")),
            1 => Record::new("Microsoft-Windows-Security-Auditing", 4625)
                .channel("Security")
                .data("TargetUserName", format!("user{number}"))
                .data("IpAddress", peer.as_str()),
            even if even % 2 == 0 => Record::new("Schannel", 36874).data("Protocol", "TLS 1.2"),
            _ => Record::new("Schannel", 36888)
                .data("AlertDesc", 40_u32)
                .data("ErrorState", 1205_u32),
        };
        record.time(start + TimeDelta::milliseconds(i64::from(number) * 40))
    };
    (0..RECORDS).map(record).collect()
}

fn result(log: &[u8], threads: usize) -> Value {
    let db = Database::built_in().expect("it loads");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let mut json = Vec::new();
    pool.install(|| {
        let bundle = Bundle::from_memory(&[("server/System.evtx", log)]);
        let analysis = analyze(&bundle, &db, &Scope::default(), &|_| ());
        report::format("json")
            .expect("a format")
            .report()
            .write(&analysis, &mut json)
            .expect("there is room for it");
    });
    serde_json::from_slice(&json).expect("it is JSON")
}

#[test]
fn a_flood_reads_the_same_for_any_number_of_threads_and_counts_every_record() {
    let log = Log::new().channel("System").records(flood()).to_bytes();
    assert!(log.len() > FILE_HEADER_SIZE + 40 * CHUNK_SIZE, "more than two batches of chunks");
    let one = result(&log, 1);
    assert_eq!(one["sources"][0]["events"], RECORDS);
    assert_eq!(one, result(&log, 2));
    assert_eq!(one, result(&log, 5));
}

fn all_rows(log: &[u8], format: &str, scope: &Scope) -> String {
    let db = Database::built_in().expect("it loads");
    let bundle = Bundle::from_memory(&[("server/System.evtx", log)]);
    let format = report::rows::row_format(format).expect("a format").format;
    let mut out = Vec::new();
    report::rows::all::write(format, &bundle, &db, scope, None, &|_| (), &mut out)
        .expect("there is room for it");
    String::from_utf8(out).expect("UTF-8")
}

/// CSV renders what is said again once; JSONL renders every event for itself.
#[test]
fn what_a_flood_says_again_has_its_own_time_record_and_row() {
    let log = Log::new().channel("System").records(flood()).to_bytes();
    let middle: DateTime<Utc> = "2026-11-18T20:03:20Z".parse().expect("a time");
    let scopes = [
        (RECORDS, Scope::default()),
        (RECORDS / 8 * 5, Scope { to: Some(middle + TimeDelta::seconds(99)), ..Scope::default() }),
        (
            RECORDS / 8 * 3 + 1,
            Scope { from: Some(middle + TimeDelta::seconds(100)), ..Scope::default() },
        ),
    ];
    for (expected, scope) in &scopes {
        let csv = all_rows(&log, "csv", scope);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let head = reader.headers().expect("a header").clone();
        let rows: Vec<_> = reader.records().map(|row| row.expect("RFC 4180")).collect();
        let jsonl = all_rows(&log, "jsonl", scope);
        assert_eq!(rows.len(), jsonl.lines().count());
        assert!(rows.len().abs_diff(*expected as usize) < 100, "{}", rows.len());
        for (row, line) in rows.iter().zip(jsonl.lines()) {
            let line: Value = serde_json::from_str(line).expect("JSON");
            for (name, cell) in head.iter().zip(row) {
                let value = match &line[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    Value::Array(ids) => {
                        ids.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
                    }
                    Value::Number(number) if name == "seconds_to_incident" => {
                        format!("{:.3}", number.as_f64().expect("a number"))
                    }
                    other => other.to_string(),
                };
                assert_eq!(cell, value, "{name} of {line}");
            }
        }
    }
}

#[test]
fn coverage_says_which_records_are_missing_and_why() {
    let log = Log::new().channel("System").computer("SRV01").first_record_id(100);
    let records = (0..3000_u32).map(|number| Record::new("Schannel", 36874).data("n", number));
    let log = log.records(records);
    let whole = result(&log.to_bytes(), 1);
    let system = &whole["hosts"][0]["coverage"][0];
    assert_eq!([&system["first_record"], &system["last_record"]], [100, 3099]);
    assert_eq!((&system["missing_records"], &system["gaps"]), (&0.into(), &Value::Array(vec![])));
    let state = |system: &Value| {
        ["dirty", "cut", "zeroed_chunks", "damaged_chunks"].map(|key| system[key].to_string())
    };
    assert_eq!(state(system), ["false", "false", "0", "0"]);

    let damaged = log.damage(Damage::ZeroChunk(2)).damage(Damage::Dirty).to_bytes();
    let damaged = result(&damaged, 1);
    let system = &damaged["hosts"][0]["coverage"][0];
    assert_eq!(state(system), ["true", "false", "1", "0"]);
    let missing = 3000 - damaged["sources"][0]["events"].as_u64().expect("a number");
    assert!(missing > 50, "a chunk of records");
    assert_eq!(system["missing_records"], missing);
    let gap = &system["gaps"][0];
    assert_eq!(gap["records"], missing);
    let number = |key: &str| gap[key].as_u64().expect("a number");
    assert_eq!(number("before") - number("after") - 1, missing);
}

#[test]
fn of_an_event_log_few_bytes_wait_in_memory_and_tell_its_format_still() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::new().channel("System").records(flood()).to_bytes();
    std::fs::write(folder.path().join("a.evtx"), &log).expect("it is written");
    std::fs::write(folder.path().join("b.txt"), "x".repeat(100_000)).expect("it is written");
    let options = Options {
        wanted: rdpwhy::parsers::is_known,
        head: rdpwhy::parsers::head_needed,
        ..Options::default()
    };
    let bundle = Bundle::open(&[folder.path()], &options).expect("it can be read");
    let heads: Vec<_> = bundle.sources().iter().map(|source| source.head().len()).collect();
    assert_eq!(heads, [FILE_HEADER_SIZE + 8, 65_536]);
    let db = Database::built_in().expect("it loads");
    let analysis = analyze(&bundle, &db, &Scope::default(), &|_| ());
    let formats: Vec<_> = analysis.sources.iter().map(|source| source.format).collect();
    assert_eq!(formats, [Some("evtx"), None]);
}
