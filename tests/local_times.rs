//! Logs in local time: what they mean once the whole bundle is known.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test program, which clippy does not see"
)]

use std::path::{Path, PathBuf};

use rdpwhy::analysis::{Analysis, Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::event::TimeQuality;
use rdpwhy::report::rows;
use rdpwhy::signatures::Database;
use rdpwhy::zone::Zone;

/// Analyses a folder with these files, and gives the lines of its timeline as `time quality summary`, and its notices.
fn lines(files: &[(&str, &str)], zone: Option<&str>) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let db = Database::built_in().unwrap();
    let zone = zone.map(|name| Zone::parse(name).unwrap());
    let analysis = analyzed(&db, folder.path().to_owned(), zone);
    let lines = analysis.timeline.entries().iter().map(|entry| {
        let time = entry.time.map_or_else(String::new, |time| time.to_rfc3339());
        format!("{time} {:?} {}", entry.quality, entry.provider)
    });
    let notices = analysis.notices.iter().map(|notice| notice.what.clone());
    let lines: Vec<String> = lines.collect();
    let all = all(&db, folder.path(), zone);
    for line in lines.iter().filter(|line| line.contains("Resolved") || line.contains("Assumed")) {
        assert!(all.contains(line), "{line} is not among all events: {all:#?}");
    }
    (lines, notices.collect())
}

/// The same of every event, as the list of all of them has it.
fn all(db: &Database, folder: &Path, zone: Option<Zone>) -> Vec<String> {
    let bundle = Bundle::open(&[folder], &Options::default()).unwrap();
    let scope = Scope { zone, ..Scope::default() };
    let format = rows::row_format("jsonl").unwrap().format;
    let mut out = Vec::new();
    rows::all::write(format, &bundle, db, &scope, None, &|_| (), &mut out).unwrap();
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let time = text("time_utc").parse::<chrono::DateTime<chrono::Utc>>();
        let time = time.map_or_else(|_| String::new(), |time| time.to_rfc3339());
        let quality = match text("time_quality").as_str() {
            "resolved" => "Resolved",
            "assumed" => "Assumed",
            _ => "Other",
        };
        format!("{time} {quality} {}", text("provider"))
    };
    let times: Vec<_> = std::str::from_utf8(&out).unwrap().lines().map(line).collect();
    let dated: Vec<_> = times.iter().filter_map(|line| line.split(' ').next()).collect();
    assert!(dated.iter().filter(|time| !time.is_empty()).is_sorted(), "not in order: {times:#?}");
    times
}

fn analyzed<'db>(db: &'db Database, path: PathBuf, zone: Option<Zone>) -> Analysis<'db> {
    let bundle = Bundle::open(&[path], &Options::default()).unwrap();
    analyze(&bundle, db, &Scope { zone, ..Scope::default() }, &|_| ())
}

const CSV: &str = "Level,Date and Time,Source,Event ID,Task Category\r\n\
    Error,11/18/2026 2:41:53 PM,Schannel,36870,None,The TLS server key: 0x8009030d. State 10001.\r\n";

#[test]
fn an_unknown_zone_is_said_and_the_user_may_tell_it() {
    let (lines_without, notices) = lines(&[("events.csv", CSV)], None);
    assert_eq!(lines_without, ["2026-11-18T14:41:53+00:00 Assumed Schannel"]);
    assert!(notices.iter().any(|what| what.contains("--time-zone")), "{notices:?}");
    let (lines_with, notices) = lines(&[("events.csv", CSV)], Some("Central Standard Time"));
    assert_eq!(lines_with, ["2026-11-18T20:41:53+00:00 Resolved Schannel"]);
    assert_eq!(notices, Vec::<String>::new());
}

#[test]
fn the_bundle_tells_the_zone_and_is_believed_before_the_user() {
    let zone = "\r\nId                         : W. Europe Standard Time\r\nBaseUtcOffset              : 01:00:00\r\n";
    let (found, _) = lines(&[("events.csv", CSV), ("zone.txt", zone)], Some("Asia/Tokyo"));
    assert_eq!(found, ["2026-11-18T13:41:53+00:00 Resolved Schannel"]);
    let key = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation]\r\n\
               \"TimeZoneKeyName\"=\"Pacific Standard Time\"\r\n\"ActiveTimeBias\"=dword:000001e0\r\n";
    let (found, _) = lines(&[("events.csv", CSV), ("zone.reg", key)], None);
    assert_eq!(found, ["2026-11-18T22:41:53+00:00 Resolved Schannel"]);
}

/// `systeminfo` of a machine.
fn systeminfo(host: &str, zone: &str) -> String {
    format!(
        "\r\nHost Name:                 {host}\r\nOS Name:                   Microsoft Windows Server 2022 Standard\r\n\
         OS Version:                10.0.20348 N/A Build 20348\r\nOS Build Type:             Multiprocessor Free\r\nTime Zone:                 {zone}\r\n"
    )
}

/// `Get-EventLog | Export-Csv` of a machine.
fn exported(host: &str) -> String {
    format!(
        "EventID,MachineName,EntryType,Message,Source,TimeGenerated\r\n36870,{host},Error,TLS server 0x8009030d,Schannel,2026-11-18 14:41:53\r\n"
    )
}

#[test]
fn two_machines_keep_their_own_clocks() {
    let zone = |id: &str| {
        format!(
            "\r\nId                         : {id}\r\nBaseUtcOffset              : 01:00:00\r\n"
        )
    };
    let (berlin, tokyo) = (zone("W. Europe Standard Time"), zone("Tokyo Standard Time"));
    let (found, _) = lines(
        &[
            ("client/events.csv", &exported("PC7")),
            ("client/zone.txt", &tokyo),
            ("server/events.csv", &exported("SRV01")),
            ("server/zone.txt", &berlin),
        ],
        None,
    );
    let expected = [
        "2026-11-18T05:41:53+00:00 Resolved Schannel",
        "2026-11-18T13:41:53+00:00 Resolved Schannel",
    ];
    assert_eq!(found, expected);
}

#[test]
fn machines_that_disagree_tell_nothing_about_a_log_of_nobody() {
    let (east, west) = (
        systeminfo("SRV01", "(UTC+09:00) Osaka, Sapporo, Tokyo"),
        systeminfo("SRV02", "(UTC-08:00) Pacific Time (US & Canada)"),
    );
    let (found, _) = lines(&[("events.csv", CSV), ("east.txt", &east)], None);
    assert!(found.contains(&"2026-11-18T05:41:53+00:00 Resolved Schannel".to_owned()), "{found:?}");
    let (found, notices) =
        lines(&[("events.csv", CSV), ("a/east.txt", &east), ("b/west.txt", &west)], None);
    assert!(found.contains(&"2026-11-18T14:41:53+00:00 Assumed Schannel".to_owned()), "{found:?}");
    assert!(notices.iter().any(|what| what.contains("--time-zone")), "{notices:?}");
}

#[test]
fn one_zone_is_that_of_every_machine_but_not_of_a_log_that_may_be_of_a_stranger() {
    let east = systeminfo("SRV01", "(UTC+09:00) Osaka, Sapporo, Tokyo");
    let stranger = exported("PC7");
    let bundle = [("a/east.txt", &*east), ("b/pc7.csv", &*stranger), ("events.csv", CSV)];
    let (found, _) = lines(&bundle, None);
    let schannel: Vec<_> = found.iter().filter(|line| line.ends_with("Schannel")).collect();
    let of_pc7 = "2026-11-18T05:41:53+00:00 Resolved Schannel";
    assert_eq!(schannel, [of_pc7, "2026-11-18T14:41:53+00:00 Assumed Schannel"]);
}

#[test]
fn the_hour_that_came_twice_is_told_apart_by_the_order_of_the_file() {
    let row = |time: &str| {
        format!("36870,SRV01,Error,TLS server 0x8009030d,Schannel,2026-10-25 {time}\r\n")
    };
    let rows = ["01:30:00", "02:20:00", "02:50:00", "02:10:00", "03:30:00"].map(row).concat();
    let csv = format!("EventID,MachineName,EntryType,Message,Source,TimeGenerated\r\n{rows}");
    let (found, _) = lines(&[("events.csv", &csv)], Some("Europe/Berlin"));
    let expected = [
        "2026-10-24T23:30",
        "2026-10-25T00:20",
        "2026-10-25T00:50",
        "2026-10-25T01:10",
        "2026-10-25T02:30",
    ];
    assert_eq!(found, expected.map(|time| format!("{time}:00+00:00 Resolved Schannel")));
    // A single event of that hour tells nothing.
    let alone = format!(
        "EventID,MachineName,EntryType,Message,Source,TimeGenerated\r\n{}",
        row("02:20:00")
    );
    let (found, _) = lines(&[("events.csv", &alone)], Some("Europe/Berlin"));
    assert_eq!(found, ["2026-10-25T00:20:00+00:00 Assumed Schannel"]);
}

#[test]
fn a_start_that_two_logs_tell_gives_the_offset() {
    let boot = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Kernel-General'/>\
        <EventID>12</EventID><Level>4</Level><TimeCreated SystemTime='2026-11-16T15:35:14Z'/><EventRecordID>7</EventRecordID><Channel>System</Channel>\
        <Computer>SRV01</Computer></System><EventData><Data Name='BuildVersion'>20348</Data><Data Name='StartTime'>2026-11-16T15:35:13.4920000Z</Data></EventData></Event>";
    let line = |time: &str, text: &str| {
        format!("2026-11-17 {time}, Info                  CBS    {text}\r\n")
    };
    let cbs = [
        line("03:00:00", "TI: Last boot time: 2026-11-16 16:35:13.492"),
        line("03:00:01", "Session: 1_2 initialized by client WindowsUpdateAgent."),
        line(
            "03:05:00",
            "Exec: Processing complete.  Session: 1_2, Package: Package_for_KB5099999~31bf3856ad364e35~amd64~~10.0.1.0 [HRESULT = 0x00000000 - S_OK]",
        ),
        line(
            "03:05:01",
            "Session: 1_2 finalized. Reboot required: no [HRESULT = 0x00000000 - S_OK]",
        ),
    ];
    let (found, _) = lines(&[("System.xml", boot), ("CBS.log", &cbs.concat())], None);
    assert!(found.contains(&"2026-11-17T02:05:00+00:00 Resolved CBS".to_owned()), "{found:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "real files are not part of this repository")]
fn a_real_export_of_wevtutil_tells_its_own_offset() {
    let Ok(corpus) = std::env::var("RDPWHY_CORPUS") else {
        eprintln!("skipped: RDPWHY_CORPUS does not say where the real files are");
        return;
    };
    let db = Database::built_in().unwrap();
    let path = Path::new(&corpus).join("text/wevtutil-text-system-2023.txt");
    let analysis = analyzed(&db, path, None);
    let source = &analysis.sources[0];
    assert_eq!((source.format, source.events), (Some("wevtutil-text"), 3532));
    assert_eq!(source.first.unwrap().to_rfc3339(), "2023-05-22T14:05:16.543+00:00");
    let other = |entry: &&rdpwhy::timeline::Entry| entry.quality != TimeQuality::Resolved;
    assert_eq!(analysis.timeline.entries().iter().find(other), None);
}
