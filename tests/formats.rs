//! Every sample of `fixtures/formats/` through its parser, and what real files must yield.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test program, which clippy does not see"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rdpwhy::event::{Event, SourceId, Timestamp};
use rdpwhy::parsers::{PARSERS, Parser, parser_for};
use rdpwhy::source::Source;

#[path = "../src/parsers/testing.rs"]
mod testing;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats")
}

/// The files of a folder, sorted; none when there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn open(path: &Path) -> Source {
    let name = path.file_name().unwrap().to_str().unwrap();
    Source::from_bytes(SourceId(0), name, &fs::read(path).unwrap())
}

/// (format, its samples) of every parser that has samples.
fn samples() -> Vec<(&'static dyn Parser, Vec<PathBuf>)> {
    let of = |parser: &&'static dyn Parser| (*parser, files(&fixtures().join(parser.format())));
    PARSERS.iter().map(of).filter(|(_, files)| !files.is_empty()).collect()
}

#[test]
fn every_sample_gives_what_it_gave() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (parser, files) in samples() {
            for file in files {
                let found = testing::collect(parser, &open(&file));
                let name = file.file_name().unwrap().to_str().unwrap();
                insta::assert_snapshot!(
                    format!("{}-{name}", parser.format()),
                    testing::render(&found)
                );
            }
        }
    });
}

#[test]
fn every_parser_takes_its_own_samples_and_no_others() {
    for (owner, files) in samples() {
        for file in files {
            let source = open(&file);
            for parser in PARSERS {
                let expected = parser.format() == owner.format();
                assert_eq!(
                    parser.sniff(&source),
                    expected,
                    "{} of {}",
                    parser.format(),
                    file.display()
                );
            }
        }
    }
}

#[test]
fn no_parser_takes_its_counter_examples() {
    for parser in PARSERS {
        for file in files(&fixtures().join(parser.format()).join("not")) {
            assert!(!parser.sniff(&open(&file)), "{} of {}", parser.format(), file.display());
        }
    }
}

/// A format without a sample, a counter-example or a line in the manual is half a format.
#[test]
fn every_format_has_a_sample_a_counter_example_and_a_line_in_the_manual() {
    let manual = include_str!("../docs/formats.md");
    let mut missing = Vec::new();
    for format in PARSERS.iter().map(|parser| parser.format()) {
        let folder = fixtures().join(format);
        // Event logs are the cases themselves, and hundreds of files of other formats are none.
        let sampled = format == "evtx"
            || (!files(&folder).is_empty() && !files(&folder.join("not")).is_empty());
        if !sampled || !manual.contains(&format!("| `{format}` |")) {
            missing.push(format);
        }
    }
    assert_eq!(missing, Vec::<&str>::new());
}

/// The events of a real file, through whichever parser takes it; `None` where there are no real files.
#[expect(clippy::disallowed_methods, reason = "real files are not part of this repository")]
fn real(name: &str) -> Option<Vec<Event>> {
    let Ok(corpus) = std::env::var("RDPWHY_CORPUS") else {
        eprintln!("skipped: RDPWHY_CORPUS does not say where the real files are");
        return None;
    };
    let source = open(&Path::new(&corpus).join("text").join(name));
    let parser = parser_for(&source)?;
    let found = testing::collect(parser, &source);
    assert_eq!(found.notices, [], "{name}");
    Some(found.events)
}

#[expect(clippy::disallowed_methods, reason = "real files are not part of this repository")]
fn real_source(name: &str) -> Option<Source> {
    let corpus = std::env::var("RDPWHY_CORPUS").ok()?;
    Some(open(&Path::new(&corpus).join("text").join(name)))
}

fn values<'e>(events: &'e [Event], field: &str) -> Vec<&'e str> {
    events.iter().filter_map(|event| event.field(field)).collect()
}

#[test]
fn a_real_update_history() {
    let Some(events) = real("reportingevents-rebuilt-ja-2017.log") else { return };
    assert_eq!(events.len(), 9);
    let codes: BTreeSet<_> = values(&events, "ResultCode").into_iter().collect();
    let expected = ["0x00000000", "0x00240005", "0x80242015", "0x8024402c", "0x80246008"];
    assert_eq!(codes, BTreeSet::from(expected));
    let of = |number: &str| {
        let event = events.iter().find(|event| event.field("EventNumber") == Some(number)).unwrap();
        (event.field("KB").unwrap_or_default().to_owned(), event.time.to_string())
    };
    assert_eq!(of("183"), ("KB4053579".into(), "2017-12-13T08:39:11.176Z".into()));
    assert_eq!(of("182"), ("KB4051033".into(), "2017-12-12T10:46:19.636Z".into()));
    assert_eq!(of("181").0, "KB4053579");
}

#[test]
fn a_real_table_of_get_hotfix() {
    let Some(events) = real("get-hotfix-table-2023.txt") else { return };
    let rows: Vec<_> =
        events.iter().map(|event| (event.field("KB").unwrap(), event.time.to_string())).collect();
    let expected = [
        ("KB5014032", "2023-05-05"),
        ("KB5015684", "2023-05-05"),
        ("KB5025315", "2023-05-05"),
        ("KB5026361", "2023-05-05"),
        ("KB5020683", "2023-05-22"),
        ("KB5025183", "2023-05-22"),
    ];
    assert_eq!(rows, expected.map(|(kb, day)| (kb, day.to_owned())));
}

#[test]
fn real_tables_of_wmic() {
    for (name, rows) in [
        ("wesng-10_1803_x64_proforworkstations_en-us_A_20190305_qfe.txt", 4),
        ("wesng-10_1809_x64_pro_en-us_20190307_qfe.txt", 5),
        ("wesng-srv_2012r2_u1_qfe.txt", 154),
    ] {
        let Some(events) = real(name) else { continue };
        let numbers: BTreeSet<_> = values(&events, "KB").into_iter().collect();
        assert_eq!((events.len(), numbers.len()), (rows, rows), "{name}");
        assert!(events.iter().all(|event| matches!(event.time, Timestamp::Day(_))), "{name}");
    }
    let Some(events) = real("wesng-xp_sp3_x86_professional_en-us_qfe.txt") else { return };
    let numbers: BTreeSet<_> = values(&events, "KB").into_iter().collect();
    assert_eq!(numbers.len(), 134);
    assert!(!values(&events, "HotFixID").iter().any(|id| id.starts_with("File")));
    // An empty list has no header by which to know it; nothing takes it, and nothing is wrong with it.
    assert_eq!(real("wesng-10_1803_x64_proforworkstations_en-us_B_20190306_qfe.txt"), None);
}

#[test]
fn a_real_document_of_a_converter() {
    let Some(events) = real("event-xml-pythonevtx-style.xml") else { return };
    assert_eq!(events.len(), 6);
    assert_eq!(events[0].time.to_string(), "2015-12-22T02:23:19.165775Z");
    assert_eq!((events[0].qualifiers, events[1].qualifiers), (None, Some(32768)));
    assert_eq!(values(&events, "param4"), ["Multiprocessor Free"]);
}

#[test]
fn a_real_export_of_wevtutil() {
    let Some(events) = real("wevtutil-text-system-2023.txt") else { return };
    assert_eq!(events.len(), 3532);
    assert_eq!(events[0].time.to_string(), "2023-05-22 08:05:28.871 local");
    let count =
        |wanted: &dyn Fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count();
    let levels = [4, 3, 2, 1].map(|level| count(&|event| event.level == Some(level)));
    assert_eq!(levels, [3036, 411, 74, 11]);
    let hosts = ["DESKTOP-RVU7BLR", "WIN-OLSM3UC973S"];
    let hosts = hosts.map(|host| count(&|event| event.computer.as_deref() == Some(host)));
    assert_eq!(hosts, [3364, 168]);
    let ids = [
        ("Kernel-Power", 41),
        ("EventLog", 6008),
        ("WindowsUpdateClient", 19),
        ("WindowsUpdateClient", 20),
        ("WindowsUpdateClient", 43),
        ("WindowsUpdateClient", 44),
    ];
    let ids = ids.map(|(source, id)| {
        count(&|event| event.provider.ends_with(source) && event.event_id == Some(id))
    });
    assert_eq!(ids, [11, 10, 37, 5, 42, 55]);
    let starts: Vec<_> = events
        .iter()
        .filter(|event| event.event_id == Some(12) && event.field("StartTime").is_some())
        .collect();
    assert_eq!(starts.len(), 38);
    let installed = events
        .iter()
        .find(|event| event.provider.ends_with("UpdateClient") && event.event_id == Some(19));
    assert_eq!(installed.unwrap().field("KB"), Some("KB5020683"));
}

/// Events, records of the coverage, and its ends as written, of a real log in local time.
fn real_log(name: &str) -> Option<(Vec<Event>, u64, String, String)> {
    let events = real(name)?;
    let source = real_source(name)?;
    let found = testing::collect(parser_for(&source).unwrap(), &source);
    let [span] = found.coverage.as_slice() else { panic!("{name}: {:?}", found.coverage) };
    let shown = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M:%S").to_string();
    Some((events, span.records, shown(span.first), shown(span.last)))
}

/// No event of these logs tells an installation: a number that is spoken of is none.
fn told(events: &[Event]) -> Vec<&str> {
    events.iter().filter_map(|event| event.field("State")).collect()
}

#[test]
fn real_logs_of_cbs() {
    let Some((events, records, first, last)) = real_log("cbs-win7-loghub-2k.log") else { return };
    assert_eq!((records, &*first, &*last), (2000, "2016-09-28 04:30:30", "2016-09-29 02:04:40"));
    assert_eq!((told(&events), values(&events, "KB")), (Vec::new(), Vec::new()));
    let Some((events, records, first, last)) = real_log("cbs-win10-2020.log") else { return };
    assert_eq!((records, &*first, &*last), (2957, "2020-02-03 23:50:28", "2020-02-06 18:34:18"));
    assert_eq!(told(&events), Vec::<&str>::new());
    let repairs: Vec<_> =
        events.iter().filter(|event| event.field("Action") == Some("repair")).collect();
    let codes: Vec<_> = repairs.iter().filter_map(|event| event.field("ErrorCode")).collect();
    assert_eq!(codes, ["0x800f0820", "0x800f081f", "0x800f081f"]);
    assert_eq!(values(&events, "LastBootTime")[0], "2020-02-03 23:47:01.492");
    let Some((events, records, first, last)) = real_log("cbs-win11-2026.log") else { return };
    assert_eq!((records, &*first, &*last), (12993, "2026-05-22 16:22:42", "2026-05-22 20:56:07"));
    assert_eq!(told(&events), Vec::<&str>::new());
}

#[test]
fn real_logs_of_windows_update() {
    let Some((events, records, first, last)) = real_log("windowsupdate-decoded-2021.log") else {
        return;
    };
    assert_eq!((records, &*first, &*last), (5711, "2021-07-13 10:22:58", "2021-07-14 08:58:00"));
    // Offered were four; one was installed, and waits for its restart.
    assert_eq!((told(&events), values(&events, "KB")), (vec!["pending"], vec!["KB4584642"]));
    assert_eq!(events[0].time.to_string(), "2021-07-13 18:08:48 local");
    let Some((events, records, first, last)) = real_log("windowsupdate-decoded-dash-date-2020.log")
    else {
        return;
    };
    assert_eq!((records, &*first, &*last), (8560, "2020-09-20 13:05:38", "2020-09-20 17:02:23"));
    assert!(told(&events).iter().all(|state| *state != "listed"));
    let Some((events, records, first, last)) = real_log("windowsupdate-classic-tab-2021.log")
    else {
        return;
    };
    assert_eq!((records, &*first, &*last), (12665, "2021-08-28 03:07:48", "2022-04-19 22:07:37"));
    assert_eq!(values(&events, "UtcOffset"), ["+0530"]);
}

#[test]
fn real_logs_of_dism_and_setup() {
    let Some((events, records, first, last)) = real_log("dism-win11-pe-2023.log") else { return };
    assert_eq!((records, &*first, &*last), (921, "2023-05-17 08:32:31", "2023-05-17 12:12:14"));
    assert!(values(&events, "Command").iter().any(|command| command.contains("/restorehealth")));
    let Some((events, records, first, last)) = real_log("setupact-upgrade-2022.log") else {
        return;
    };
    assert_eq!((records, &*first, &*last), (6058, "2022-07-06 08:08:29", "2022-07-06 08:23:12"));
    assert_eq!(values(&events, "HostOS"), ["10.0.17134.0"]);
    let Some((events, records, first, last)) = real_log("setupact-rollback-2023.log") else {
        return;
    };
    assert_eq!((records, &*first, &*last), (1335, "2023-05-23 00:33:06", "2023-05-23 00:35:40"));
    assert_eq!(values(&events, "Rollback").len(), 3);
    let Some((_, records, ..)) = real_log("setupact-mediatool-2021.log") else { return };
    assert_eq!(records, 116);
    let Some((_, records, ..)) = real_log("setuperr-mediatool-2021.log") else { return };
    assert_eq!(records, 8);
    let Some(events) = real("setupdiag-results-2023.log") else { return };
    let of = |name| events[0].field(name);
    assert_eq!(
        (of("Profile"), of("Failure")),
        (Some("FindRollbackFailure"), Some("0x8007000D-0x2000C"))
    );
    assert_eq!(
        (of("Phase"), events[0].time.to_string()),
        (Some("Safe OS"), "2023-05-23 00:32:46 local".into())
    );
}

#[test]
fn real_titles_of_updates() {
    let Some(events) = real("wesng-10_1803_x64_proforworkstations_en-us_A_20190305_updates.txt")
    else {
        return;
    };
    assert_eq!(told(&events).iter().filter(|state| **state != "listed").count(), 0);
    let numbers: BTreeSet<_> = values(&events, "KB").into_iter().collect();
    assert!(numbers.contains("KB4100347") && numbers.contains("KB2267602"), "{numbers:?}");
    assert!(events.iter().all(|event| event.time == Timestamp::Undated));
}

#[test]
fn real_dialogs() {
    let codes = |event: &Event| {
        (event.code("ErrorCode"), event.code("ExtendedErrorCode"), event.time.to_string())
    };
    let Some(events) = real("dialog-mstsc-0x204.txt") else { return };
    let expected = (Some(0x204), Some(0), "2023-10-16T09:18:47Z".to_owned());
    assert_eq!(events.last().map(codes), Some(expected));
    let Some(events) = real("dialog-msrdc-avd-0x3000046.txt") else { return };
    let expected = (Some(0x0300_0046), Some(0), "2020-08-11T15:36:44.995Z".to_owned());
    assert_eq!(events.last().map(codes), Some(expected));
    assert_eq!(
        events.last().unwrap().activity_id.as_deref(),
        Some("55f0ccab-5d4c-49ad-8d4c-541e9c200000")
    );
}

#[test]
fn real_systems() {
    for (name, host, build, updates) in [
        ("10_1803_x64_proforworkstations_en-us_A_20190305", "DESKTOP-OOF6NB5", "17134", 4),
        ("10_1809_x64_education_es", "", "17763", 9),
        ("10_1809_x64_enterprise_zh-cn", "DESKTOP-0CQH3P2", "17763", 1),
        ("10_1809_x64_pro_en-us_20190307", "DESKTOP-LOQ9L09", "17763", 5),
        ("11_24H2_x64_enterprise", "WINXI24H2LTSC", "26100", 3),
        ("srv_2012r2_u1", "SRV12R2U1X64", "9600", 154),
        ("srv_2016_1607_datacenter_en-us", "MYSERVER", "14393", 5),
        ("srv_2022", "WIN-RIBN7SM07BK", "20348", 3),
    ] {
        let Some(events) = real(&format!("wesng-{name}_systeminfo.txt")) else { return };
        assert_eq!(events[0].field("Host").unwrap_or_default(), host, "{name}");
        assert_eq!(events[0].field("Build"), Some(build), "{name}");
        assert_eq!(values(&events, "KB").len(), updates, "{name}");
    }
    // The same machine and start twice, once in the code page of the console.
    for (tool, updates) in [("cmd", 73), ("powershell", 93)] {
        let name = format!("wesng-7_sp1_x64_enterprise_fr_systeminfo_{tool}.txt");
        let Some(events) = real(&name) else { return };
        assert_eq!(events[0].field("Host"), Some("WIN-IDKKFN87EL8"), "{name}");
        assert_eq!(values(&events, "KB").len(), updates, "{name}");
    }
    let Some(events) = real("wesng-11_24H2_x64_enterprise_systeminfo.txt") else { return };
    assert_eq!(events[0].field("BootDay"), Some("2024-06-01"));
    let Some(events) = real("wesng-srv_2016_1607_datacenter_en-us_systeminfo.txt") else { return };
    assert_eq!(events[0].field("TimeZone").map(|zone| zone.starts_with("(UTC+01:00)")), Some(true));
}

#[test]
fn a_real_store_whose_keys_are_gone() {
    let Some(events) = real("certutil-store-missing-keyset.txt") else { return };
    assert_eq!(values(&events, "KeyTest"), ["missing"; 3]);
    assert_eq!(values(&events, "Archived"), ["true"]);
    assert_eq!(events[1].field("Subject"), Some("CN=DC01.certificate.htb"));
    assert_eq!(events[1].field("NotAfter"), Some("11/3/2025 8:14 PM"));
    assert_eq!(events[1].field("Hash"), Some("779a97b1d8e492b5bafebc02338845ffdff76ad2"));
}

#[test]
fn a_real_key_folder_that_was_altered() {
    let Some(events) = real("icacls-machinekeys-altered.txt") else { return };
    let of = |name| events[0].field(name);
    assert_eq!((events.len(), of("Object")), (1, Some("folder")));
    assert_eq!((of("Everyone"), of("Administrators")), (Some("read"), Some("none")));
}

/// No log, table or listing of the real files may pass for a ticket.
#[test]
#[expect(clippy::disallowed_methods, reason = "real files are not part of this repository")]
fn real_logs_are_no_tickets() {
    let Ok(corpus) = std::env::var("RDPWHY_CORPUS") else {
        eprintln!("skipped: RDPWHY_CORPUS does not say where the real files are");
        return;
    };
    for file in files(&Path::new(&corpus).join("text")) {
        let name = file.file_name().unwrap().to_str().unwrap();
        if name.starts_with("dialog-") || name == "INDEX.md" {
            continue;
        }
        let format = parser_for(&open(&file)).map(Parser::format);
        assert_ne!(format, Some("ticket-text"), "{name}");
    }
}
