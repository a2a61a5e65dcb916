//! Names that were made to do harm: shown harmless by every output there is.
#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a helper of a test may fail as loudly as the test"
)]

use std::path::Path;
use std::sync::Arc;

use rdpwhy::analysis::{Analysis, Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::event::SourceId;
use rdpwhy::notice::Notice;
use rdpwhy::report::FORMATS;
use rdpwhy::report::rows::{self, Dialect};
use rdpwhy::signatures::Database;

const HOSTILE: [&str; 9] = [
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</script></noscript></style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m",
    "invoice\u{202e}fdp.exe\u{200b}\u{2066}x\u{2069}",
    "a\0b\u{7f}c\r\nd,\"e\";f\tg",
    "[x](javascript:alert(1)) `code` ![i](http://example.com/i.png) | cell",
    "@SUM(1+1)*cmd|' /C calc'!A0",
];

/// A case whose every text is hostile, one of them long.
fn hostile(db: &Database) -> Analysis<'_> {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/cases/key-access-denied-after-hardening/bundle");
    let bundle = Bundle::open(&[bundle], &Options::default()).expect("it opens");
    let mut analysis = analyze(&bundle, db, &Scope::default(), &|_| ());
    let long = "<b>\u{1b}[1m=long".repeat(7000);
    for (number, entry) in analysis.timeline.entries_mut().iter_mut().enumerate() {
        let text = HOSTILE[number % HOSTILE.len()];
        entry.host = text.into();
        entry.summary = if number == 230 { long.clone() } else { text.to_owned() };
        entry.channel = Some(text.into());
        entry.provider = text.into();
        for (name, value) in &mut entry.fields {
            *name = text.into();
            *value = text.to_owned();
        }
        for name in ["User", "Address", "Status"] {
            entry.fields.push((name.into(), text.to_owned()));
        }
    }
    for diagnosis in &mut analysis.diagnoses {
        let incident = &mut diagnosis.incident;
        incident.peers = HOSTILE.iter().map(|text| Arc::from(*text)).collect();
        incident.users = incident.peers.clone();
        incident.others_in = incident.peers.clone();
        match &mut diagnosis.verdict {
            rdpwhy::diagnosis::Verdict::Ranked(suspects) => {
                for (number, ground) in
                    suspects.iter_mut().flat_map(|one| &mut one.grounds).enumerate()
                {
                    ground.text = HOSTILE[number % HOSTILE.len()].to_owned();
                }
            }
            rdpwhy::diagnosis::Verdict::InsufficientEvidence { .. } => {
                panic!("the case has a cause")
            }
        }
    }
    for (number, source) in analysis.sources.iter_mut().enumerate() {
        source.path = HOSTILE[number % HOSTILE.len()].into();
    }
    for (number, host) in analysis.hosts.iter_mut().enumerate() {
        host.name = HOSTILE[number % HOSTILE.len()].to_owned();
        host.os = Some(HOSTILE[(number + 4) % HOSTILE.len()].to_owned());
    }
    for text in HOSTILE {
        assert!(text.len() < 100);
        analysis.notices.push(Notice::new(SourceId(0), text, text).losing(text));
    }
    analysis
}

/// Every output, by name.
fn outputs(analysis: &Analysis<'_>) -> Vec<(String, Vec<u8>)> {
    let mut outputs = Vec::new();
    for format in FORMATS {
        let mut out = Vec::new();
        format.report().write(analysis, &mut out).expect("memory takes it");
        outputs.push((format.name.to_owned(), out));
    }
    for format in rows::ROW_FORMATS {
        let mut out = Vec::new();
        rows::write(format.format, analysis, &mut out).expect("memory takes it");
        outputs.push((format!("timeline {}", format.name), out));
    }
    for (name, dialect) in [("excel", Dialect::Excel), ("excel-semicolon", Dialect::ExcelSemicolon)]
    {
        let mut out = Vec::new();
        rows::write(rows::csv(dialect), analysis, &mut out).expect("memory takes it");
        outputs.push((name.to_owned(), out));
    }
    outputs
}

fn unpacked(bytes: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
    let mut text = String::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).expect("a member");
        std::io::Read::read_to_string(&mut member, &mut text).expect("text");
    }
    text
}

/// What a terminal obeys and an eye cannot see.
fn obeyed(letter: char) -> bool {
    (letter.is_control() && !matches!(letter, '\n' | '\r'))
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn every_output_shows_hostile_names_harmless() {
    let db = Database::built_in().expect("our own signatures are valid");
    let analysis = hostile(&db);
    for (name, bytes) in outputs(&analysis) {
        let text = if bytes.starts_with(b"PK") {
            unpacked(&bytes)
        } else {
            String::from_utf8(bytes).expect("UTF-8")
        };
        // The page's own styles; whoever prints it takes them out where they are not wanted.
        let text = anstream::adapter::strip_str(&text).to_string();
        let bad: Vec<char> = text.chars().filter(|letter| obeyed(*letter)).take(5).collect();
        assert!(bad.is_empty(), "{name}: {bad:?}");
        match name.as_str() {
            "html" => html(&text),
            "markdown" => markdown(&text),
            "json" => drop(serde_json::from_str::<serde_json::Value>(&text).expect("JSON")),
            "jsonl" | "timeline jsonl" | "timeline ecs" | "timeline timesketch-jsonl" => {
                let lines: Result<Vec<serde_json::Value>, _> =
                    text.lines().map(serde_json::from_str).collect();
                assert!(lines.expect("JSON").len() > 1);
            }
            "excel" => table(&text, b','),
            "excel-semicolon" => table(&text, b';'),
            "timeline xlsx" => assert!(!text.contains("<f>") && !text.contains("<hyperlink")),
            "timeline l2tcsv" => assert!(text.lines().all(|line| line.split(',').count() == 17)),
            "csv" | "timeline csv" | "timeline timesketch" => {
                let mut reader = csv::Reader::from_reader(text.as_bytes());
                let rows: Result<Vec<_>, _> = reader.records().collect();
                assert!(rows.expect("RFC 4180").len() > 100);
            }
            "text" => assert!(text.contains("<1B>[2J")),
            other => panic!("nobody looks at {other}"),
        }
    }
}

fn html(text: &str) {
    assert_eq!(text.matches("<script").count(), 2, "our own two scripts and no other");
    assert_eq!(text.matches("</script").count(), 2);
    assert_eq!(text.matches("</noscript").count(), 1);
    for tag in ["<img", "<svg onload", "<b>", "href=\"javascript"] {
        assert!(!text.contains(tag), "{tag}");
    }
}

fn markdown(text: &str) {
    for tag in ["<script", "<img", "](", "![", "javascript:"] {
        let outside: Vec<_> = text.lines().filter(|line| line.contains(tag)).collect();
        // A backslash before the bracket makes it a letter.
        let live = outside.iter().filter(|line| !line.contains("\\](") || tag != "](");
        assert_eq!(live.count(), 0, "{tag}: {outside:?}");
    }
}

fn table(text: &str, delimiter: u8) {
    let body = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(body.as_bytes());
    for row in reader.records() {
        for (index, cell) in row.expect("a row").iter().enumerate() {
            let starts = cell.trim_start().starts_with(['=', '@', '+', '|']);
            assert!(!starts && (index == 13 || !cell.starts_with('-')), "{cell}");
        }
    }
}

#[test]
fn a_field_of_100_kilobytes_does_not_blow_up_a_table() {
    let db = Database::built_in().expect("our own signatures are valid");
    let analysis = hostile(&db);
    for (name, bytes) in outputs(&analysis) {
        if !bytes.starts_with(b"PK") && name.contains("csv") {
            let text = String::from_utf8(bytes).expect("UTF-8");
            let longest = text.lines().map(str::len).max().unwrap_or_default();
            assert!(longest < 120_000, "{name}: {longest}");
        }
    }
}
