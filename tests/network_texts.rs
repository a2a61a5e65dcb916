//! What real files of the network and of configuration must yield; the figures were counted by other programs.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test program, which clippy does not see"
)]

use std::path::Path;

use rdpwhy::event::{Event, SourceId};
use rdpwhy::parsers::{Parser, parser_for};
use rdpwhy::source::Source;

#[path = "../src/parsers/testing.rs"]
mod testing;

struct Real {
    format: &'static str,
    events: Vec<Event>,
    /// Records of its log, and its ends.
    span: Option<(u64, String, String)>,
    notices: usize,
}

/// A real file through the parser that takes it; `None` where there are no real files.
#[expect(clippy::disallowed_methods, reason = "real files are not part of this repository")]
fn real(name: &str) -> Option<Real> {
    let Ok(corpus) = std::env::var("RDPWHY_CORPUS") else {
        eprintln!("skipped: RDPWHY_CORPUS does not say where the real files are");
        return None;
    };
    let bytes = std::fs::read(Path::new(&corpus).join("text").join(name)).unwrap();
    let source = Source::from_bytes(SourceId(0), name, &bytes);
    let parser: &dyn Parser = parser_for(&source).unwrap_or_else(|| panic!("nobody takes {name}"));
    let found = testing::collect(parser, &source);
    let shown = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M:%S").to_string();
    let span =
        found.coverage.first().map(|span| (span.records, shown(span.first), shown(span.last)));
    Some(Real { format: parser.format(), events: found.events, span, notices: found.notices.len() })
}

fn values<'e>(events: &'e [Event], field: &str) -> Vec<&'e str> {
    events.iter().filter_map(|event| event.field(field)).collect()
}

fn span(records: u64, first: &str, last: &str) -> Option<(u64, String, String)> {
    Some((records, first.to_owned(), last.to_owned()))
}

#[test]
fn logs_of_the_firewall() {
    let Some(log) = real("pfirewall-2019plus.log") else { return };
    assert_eq!((log.format, log.notices), ("firewall-log", 0));
    assert_eq!(log.span, span(16_809, "2021-06-22 12:19:41", "2021-06-22 12:58:49"));
    let actions = values(&log.events, "Action");
    assert_eq!((actions.len(), actions.iter().all(|action| *action == "ALLOW")), (25, true));
    let old = real("pfirewall-xp-2005.log").unwrap();
    assert_eq!(old.span.map(|(records, ..)| records), Some(15));
    assert!(old.events.is_empty());
}

#[test]
fn a_listing_of_rules_without_remote_desktop_says_nothing_of_blocking() {
    let Some(rules) = real("netsh-advfirewall-rules.txt") else { return };
    assert_eq!(values(&rules.events, "Rules"), ["504"]);
    assert!(values(&rules.events, "Action").is_empty(), "no rule is about Remote Desktop");
}

#[test]
fn logs_of_the_web_server() {
    let Some(log) = real("httperr-2015.log") else { return };
    assert_eq!((log.format, log.notices), ("http-log", 0));
    assert_eq!(log.span, span(1018, "2015-01-15 14:11:38", "2018-05-24 14:22:23"));
    // A web server that is no gateway.
    assert!(log.events.is_empty());
    let odd = real("iis10-edge-cases.log").unwrap();
    assert_eq!((odd.format, odd.span.map(|(records, ..)| records)), ("http-log", Some(15)));
    let dateless = real("iis-without-date.log").unwrap();
    assert_eq!((dateless.format, dateless.notices), ("http-log", 0));
    assert!(dateless.span.is_some());
    assert_eq!(real("iis10.log").unwrap().format, "http-log");
}

#[test]
fn connection_files() {
    for (name, settings) in [("default-ansi.rdp", 48), ("default-utf16.rdp", 47)] {
        let Some(file) = real(name) else { return };
        assert_eq!((file.format, file.events.len()), ("rdp-file", settings), "{name}");
        let of = |setting: &str| {
            let mut rows =
                file.events.iter().filter(|event| event.field("Setting") == Some(setting));
            rows.next().and_then(|event| event.field("Value")).map(str::to_owned)
        };
        assert_eq!(of("authentication level").as_deref(), Some("2"), "{name}");
        assert_eq!(of("negotiate security layer").as_deref(), Some("1"), "{name}");
        assert_eq!(of("gatewayusagemethod").as_deref(), Some("4"), "{name}");
        assert_eq!(of("enablecredsspsupport"), None, "{name}");
    }
}

#[test]
fn services_and_processes() {
    let Some(services) = real("services-table-2023.txt") else { return };
    for name in ["TermService", "SessionEnv", "UmRdpService"] {
        let mut rows = services.events.iter().filter(|event| event.field("Service") == Some(name));
        assert_eq!(rows.next().and_then(|event| event.field("State")), Some("stopped"), "{name}");
        // Process 0 is none.
        assert!(rows.all(|event| event.field("Pid").is_none()));
    }
    let processes = real("tasklist.txt").unwrap();
    let count: usize = values(&processes.events, "Count")[0].parse().unwrap();
    assert!(count > 100, "{count}");
    let table = values(&processes.events, "Table")[0];
    assert!(table.contains(";4=System;"), "{table}");
}

#[test]
fn a_port_that_was_tried() {
    let Some(tried) = real("test-netconnection-list.txt") else { return };
    assert_eq!(tried.format, "command-output");
    assert_eq!(values(&tried.events, "Port").len(), 1);
}

#[test]
fn an_event_log_of_windows_xp() {
    let Some(log) = real("SysEvent-xp.evt") else { return };
    assert_eq!((log.format, log.notices), ("evt", 0));
    assert_eq!(log.events.len(), 6063);
    let time = |event: &Event| event.time.to_string();
    let times: Vec<_> = log.events.iter().map(time).collect();
    assert_eq!(times.iter().min().unwrap(), "2011-07-27T06:41:47Z");
    assert_eq!(times.iter().max().unwrap(), "2012-04-07T04:58:01Z");
    for (source, count) in [
        ("Service Control Manager", 3933),
        ("LSASRV", 805),
        ("Windows Update Agent", 483),
        ("NtServicePack", 267),
    ] {
        let of = log.events.iter().filter(|event| &*event.provider == source);
        assert_eq!(of.count(), count, "{source}");
    }
}

#[test]
fn a_log_of_configuration_manager() {
    let Some(log) = real("sccm-various.log") else { return };
    assert_eq!((log.format, log.notices), ("ccm-log", 0));
    assert_eq!(log.span.map(|(records, ..)| records), Some(10));
    // 19:33:19.766-330 is 14:03:19.766 UTC.
    assert_eq!(log.events[0].time.to_string(), "2014-11-28T14:03:19.766Z");
    assert_eq!(log.events[0].field("UtcOffset"), Some("+0530"));
}

/// A name for every real file: a format, or what it is where nobody can read it.
#[test]
#[expect(clippy::disallowed_methods, reason = "real files are not part of this repository")]
fn every_real_file_is_read_or_named() {
    let Ok(corpus) = std::env::var("RDPWHY_CORPUS") else { return };
    let mut unread = Vec::new();
    for entry in std::fs::read_dir(Path::new(&corpus).join("text")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let source = Source::from_bytes(SourceId(0), &name, &std::fs::read(&path).unwrap());
        if name != "INDEX.md" && parser_for(&source).is_none() {
            unread.push(name);
        }
    }
    unread.sort();
    // Transcripts of commands that tell nothing; an empty list of updates.
    let expected = [
        "ps-transcript-2023.txt",
        "ps-transcript-german.txt",
        "wesng-10_1803_x64_proforworkstations_en-us_B_20190306_qfe.txt",
    ];
    assert_eq!(unread, expected);
}
