//! The same files through libevtx and python-evtx, where they are installed.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value as Json;

use super::read::{Records, comparable, read};
use super::support::evtx_writer::{
    Layout, Log, Node, Record, filetime, guid, hex32, hex64, sid, text_nul, texts,
};
use super::{ALL_LAYOUTS, TERM_SERVICE_GUID, certificate_failure, connection, many, time};

/// The Python that may have the readers: the variable names a program or a virtual
/// environment; without it, that of the system.
#[expect(clippy::disallowed_methods, reason = "says where the optional readers are installed")]
fn python() -> PathBuf {
    let named = std::env::var_os("RDPWHY_PYTHON").map(PathBuf::from);
    match named {
        Some(folder) if folder.is_dir() && cfg!(windows) => folder.join("Scripts").join("python"),
        Some(folder) if folder.is_dir() => folder.join("bin").join("python3"),
        Some(program) => program,
        None => "python3".into(),
    }
}

/// What `reader` finds in a file; `None`, said aloud, if it is not installed.
fn read_with(reader: &str, module: &str, file: &[u8]) -> Option<Records> {
    let python = python();
    let import = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {} has no {reader} (tests/support/requirements.txt)", python.display());
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.evtx");
    std::fs::write(&path, file).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/read_evtx.py");
    let output = Command::new(&python).args([script, reader]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{reader}: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| record_of(&serde_json::from_str(line).unwrap())).collect())
}

fn record_of(line: &Json) -> (u64, Vec<String>) {
    let fields = line["fields"].as_array().unwrap().iter();
    let fields = fields.map(|field| field.as_str().unwrap().to_owned());
    (line["number"].as_u64().unwrap(), fields.collect())
}

/// Compares with the evtx crate, whose reading the tests above check against the description.
fn assert_same(reader: &str, module: &str, digits: usize, file: &[u8]) {
    let Some(mut found) = read_with(reader, module, file) else { return };
    let mut ours = read(file);
    // Some readers begin with the oldest chunk, others with the first in the file.
    found.sort();
    ours.sort();
    assert_eq!(found.len(), ours.len(), "{reader}");
    for ((number, found), (our_number, ours)) in found.iter().zip(&ours) {
        assert_eq!(number, our_number);
        let comparable = |fields: &[String]| -> Vec<String> {
            let full = fields.iter().filter(|field| !field.ends_with('='));
            full.map(|field| comparable(field, digits)).collect()
        };
        assert_eq!(comparable(found), comparable(ours), "{reader}");
    }
    eprintln!("{reader} agrees on {} records", ours.len());
}

/// Every payload form and value type that both other readers know, in all layouts given.
fn forms(layouts: &[Layout]) -> Vec<Record> {
    let mut forms = Vec::new();
    for &layout in layouts {
        let base = || connection().layout(layout);
        let typed = base()
            .data("Bool", true)
            .data("U8", 200_u8)
            .data("U16", 60_000_u16)
            .data("I32", 54_000)
            .data("U64", u64::MAX)
            .data("Hex32", hex32(0xd00a_0032))
            .data("Hex64", hex64(0x3e7))
            .data("Guid", guid(TERM_SERVICE_GUID))
            .data("Sid", sid("S-1-5-21-1004336348-1177238915-682003330-512"))
            .data("FileTime", filetime(time("2026-03-02T08:15:00.5Z")))
            .data("Nul", text_nul("rdpcmd"))
            .data("Names", texts(["a", "b"]))
            .data("Text", "Müller <漢字> & Ελληνικά \u{1f600} ");
        let xml = Node::new("EventXML").namespace("Event_NS").field("Param1", "alice").child(
            Node::new("Result").attribute("value", hex32(5)).attribute("id", "q").value("denied"),
        );
        forms.extend([
            typed,
            base().version(None).opcode(None).data_name("TMP"),
            base().no_payload(),
            base().user_data(xml),
            Record::new("K", 5).layout(layout).data("Server", "x$").binary(&[1, 2]),
            certificate_failure().layout(layout),
            Record::classic("NETLOGON", 5719, 0).layout(layout).strings(["EXAMPLE", "%%1311"]),
            Record::classic("TermDD", 56, 49162).layout(layout).binary(&[0x32, 0, 0x0a, 0xd0]),
        ]);
    }
    forms
}

#[test]
fn libevtx_agrees() {
    let tree = Node::new("CertRejectedTask").child(Node::new("Info").attribute("cn", "RDSH1"));
    // libevtx shows negative numbers wrongly, so there are none here.
    let log = many(700).records(forms(&ALL_LAYOUTS)).record(connection().user_data_as_text(tree));
    assert_same("libevtx", "pyevtx", 7, &log.to_bytes());
}

#[test]
fn python_evtx_agrees() {
    // python-evtx reads neither records without a template nor payloads of tokens, not in real
    // logs either, and its times are not exact below a millisecond.
    let negative = connection().data("I32", -16_938_018);
    let templates = forms(&[Layout::Substituted, Layout::Literal]);
    let log = many(700).records(templates).record(negative);
    assert_same("python-evtx", "Evtx.Evtx", 3, &log.to_bytes());
}

#[test]
fn other_readers_take_wrapped_and_exported_logs() {
    let log = many(700).first_record_id(9_000).exported(time("2026-03-05T10:00:00Z"));
    assert_same("libevtx", "pyevtx", 7, &log.to_bytes());
    assert_same("python-evtx", "Evtx.Evtx", 3, &log.wrapped(1).to_bytes());
    assert_same("libevtx", "pyevtx", 7, &Log::new().to_bytes());
}
