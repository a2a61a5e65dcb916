//! Names that were made to do harm: shown harmless by every output there is.
#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a helper of a test may fail as loudly as the test"
)]

#[path = "support/office.rs"]
mod office;

use std::path::Path;
use std::sync::Arc;

use rdpwhy::analysis::{Analysis, Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::event::SourceId;
use rdpwhy::notice::Notice;
use rdpwhy::report::FORMATS;
use rdpwhy::report::rows::{self, Dialect};
use rdpwhy::signatures::Database;
use rdpwhy::timeline::Fields;

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
        let own = entry.fields.iter().map(|_| text);
        let fields = own.chain(["User", "Address", "Status"]);
        entry.fields = Fields::Own(fields.map(|name| (name.into(), text.to_owned())).collect());
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
        check(&name, bytes);
    }
}

/// That an output shows nothing that a terminal, a browser or a table obeys, and is what it should be.
fn check(name: &str, bytes: Vec<u8>) {
    let text = if bytes.starts_with(b"PK") {
        unpacked(&bytes)
    } else {
        String::from_utf8(bytes).expect("UTF-8")
    };
    // The page's own styles; whoever prints it takes them out where they are not wanted.
    let text = anstream::adapter::strip_str(&text).to_string();
    let bad: Vec<char> = text.chars().filter(|letter| obeyed(*letter)).take(5).collect();
    assert!(bad.is_empty(), "{name}: {bad:?}");
    match name {
        "html" | "fleet html" => html(&text, if name == "html" { 2 } else { 0 }),
        "markdown" => markdown(&text),
        "json" | "fleet json" => {
            drop(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"))
        }
        "jsonl"
        | "timeline jsonl"
        | "timeline ecs"
        | "timeline timesketch-jsonl"
        | "batch ndjson" => {
            let lines: Result<Vec<serde_json::Value>, _> =
                text.lines().map(serde_json::from_str).collect();
            assert!(!lines.expect("JSON").is_empty());
        }
        "excel" => table(&text, b','),
        "excel-semicolon" => table(&text, b';'),
        "timeline xlsx" => assert!(!text.contains("<f>") && !text.contains("<hyperlink")),
        "timeline l2tcsv" => assert!(text.lines().all(|line| line.split(',').count() == 17)),
        "csv" | "timeline csv" | "timeline timesketch" | "batch csv" | "fleet csv" => {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let rows: Result<Vec<_>, _> = reader.records().collect();
            drop(rows.expect("RFC 4180"));
        }
        "text" | "fleet text" | "batch said" => assert!(!text.is_empty()),
        other => panic!("nobody looks at {other}"),
    }
}

fn html(text: &str, scripts: usize) {
    assert_eq!(text.matches("<script").count(), scripts, "our own scripts and no other");
    assert_eq!(text.matches("</script").count(), scripts);
    assert_eq!(text.matches("</noscript").count(), scripts / 2);
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

/// The same through the program, from files to every output: tickets whose names, texts and records are hostile.
#[test]
fn hostile_tickets_stay_harmless_from_their_files_to_every_output() {
    let dir = tempfile::tempdir().expect("a folder");
    let tickets = dir.path().join("tickets");
    for (number, text) in HOSTILE.iter().enumerate() {
        write_ticket(&tickets, number, text);
    }
    let one = tickets.read_dir().expect("there").next().expect("a ticket").expect("it").path();
    for format in FORMATS {
        check(format.name, run(&["analyze", "--format", format.name], &one));
    }
    for format in rows::ROW_FORMATS {
        for all in [&["--all"][..], &[]] {
            let arguments = [&["timeline", "--format", format.name][..], all].concat();
            check(&format!("timeline {}", format.name), run(&arguments, &one));
        }
    }
    for dialect in ["excel", "excel-semicolon"] {
        check(dialect, run(&["timeline", "--all", "--csv-dialect", dialect], &one));
    }
    check("batch ndjson", run(&["batch", "--format", "ndjson"], &tickets));
    let store = dir.path().join("store");
    let out = store.to_str().expect("a plain path");
    check("batch said", run(&["batch", "--reports", "html", "-o", out], &tickets));
    for name in ["tickets.csv", "timeline.csv"] {
        check("batch csv", std::fs::read(store.join(name)).expect("it is there"));
    }
    for format in rdpwhy::fleet::report::FLEET_FORMATS {
        let said = run(&["fleet", "--format", format.name], &store);
        check(&format!("fleet {}", format.name), said);
    }
    for table in rdpwhy::fleet::report::TABLES {
        check("fleet csv", run(&["fleet", "--format", "csv", "--table", table.name], &store));
    }
}

fn run(arguments: &[&str], path: &Path) -> Vec<u8> {
    let mut command = assert_cmd::Command::cargo_bin("rdpwhy").expect("the binary is built");
    let output = command.args(arguments).arg(path).output().expect("it runs");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{arguments:?}: {said}");
    assert!(!said.chars().any(obeyed), "{arguments:?}: {said:?}");
    output.stdout
}

/// A ticket with a hostile text in its name, its dialog, its updates and a record, where it stands 100 KB long, too.
fn write_ticket(tickets: &Path, number: usize, text: &str) {
    // What no file system takes in a name.
    let name: String = text.chars().filter(|letter| !matches!(letter, '/' | '\0')).collect();
    let folder = if cfg!(unix) { format!("{number}{name}") } else { number.to_string() };
    let folder = tickets.join(folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let write =
        |name: &str, text: String| std::fs::write(folder.join(name), text).expect("written");
    let line = text.replace(['\r', '\n'], " ");
    write(
        "ticket.txt",
        format!(
            "Remote computer: {line}\r\nUser: {line}\r\nError code: 0x904\r\nExtended error code: 0x7\r\n"
        ),
    );
    let cell = line.replace('"', "\"\"");
    write(
        "hotfixes.csv",
        format!(
            "\"Source\",\"Description\",\"HotFixID\",\"InstalledBy\",\"InstalledOn\"\r\n\
             \"{cell}\",\"{cell}\",\"KB5018410\",\"{cell}\",\"11/17/2026 12:00:00 AM\"\r\n"
        ),
    );
    // What XML does not allow at all is left to the other two.
    let legal = |letter: &char| !letter.is_control();
    let value: String = line.chars().filter(legal).collect();
    let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;");
    let long = value.repeat(100_000 / value.len().max(1));
    write(
        "events.xml",
        format!(
            "<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Schannel'/>\
             <EventID>36870</EventID><Level>2</Level><TimeCreated SystemTime='2026-11-18T08:00:00Z'/>\
             <EventRecordID>7</EventRecordID><Channel>System</Channel><Computer>{value}</Computer></System><EventData>\
             <Data Name='Type'>{value}</Data><Data Name='ErrorCode'>0x8009030d</Data><Data Name='{value}'>{long}</Data>\
             </EventData></Event><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
             <Provider Name='{value}'/><EventID>1</EventID><TimeCreated SystemTime='2026-11-18T08:00:01Z'/>\
             <EventRecordID>8</EventRecordID><Channel>{value}</Channel><Computer>SRV</Computer></System><EventData>\
             <Data Name='SubjectUserName'>{value}</Data><Data Name='{value}'>{long}</Data></EventData></Event></Events>"
        ),
    );
}

/// What a spreadsheet program makes of the workbook: every text as it is, none of them worked out.
#[test]
fn a_spreadsheet_program_works_nothing_out() {
    let db = Database::built_in().expect("our own signatures are valid");
    let analysis = hostile(&db);
    let mut book = Vec::new();
    let format = rows::row_format("xlsx").expect("there is one").format;
    rows::write(format, &analysis, &mut book).expect("memory takes it");
    let Some(sheets) = office::sheets(&book) else { return };
    let mut table = Vec::new();
    rows::write(rows::csv(Dialect::Rfc4180), &analysis, &mut table).expect("memory takes it");
    let mut table = csv::Reader::from_reader(table.as_slice());
    let expected: Vec<_> = table.records().map(|row| row.expect("RFC 4180")).collect();
    let shown = &sheets["Timeline"];
    assert_eq!(shown.len() - 1, expected.len());
    for (row, expected) in shown.iter().skip(1).zip(&expected) {
        // Host, provider, summary, file.
        for column in [3, 6, 14, 18] {
            assert_eq!(row[column], expected[column], "column {column}");
        }
    }
    assert!(
        shown.iter().any(|row| row[14].starts_with("=cmd|")),
        "the text of a formula is a text"
    );
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
