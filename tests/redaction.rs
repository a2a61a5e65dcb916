//! What was redacted tells no name: every output of a case is searched for every name that its logs hold.
#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a helper of a test may fail as loudly as the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

const CASES: [&str; 4] = [
    "key-access-denied-after-hardening",
    "locked-account-not-the-update",
    "two-servers-two-causes",
    "domain-unreachable-clock-ahead",
];

fn bundle(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases").join(case).join("bundle")
}

fn run(arguments: &[&str], bundle: &Path) -> Vec<u8> {
    let mut command = Command::cargo_bin("rdpwhy").expect("the binary is built");
    let output = command.args(arguments).arg(bundle).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What every Windows has, and what our own words are made of.
fn tells_nothing(name: &str) -> bool {
    let common = [
        "",
        "-",
        "SYSTEM",
        "NETWORK SERVICE",
        "LOCAL SERVICE",
        "NT AUTHORITY",
        "Administrator",
        "LOCAL",
    ];
    common.contains(&name) || name.len() < 3
}

/// Names in what a case tells without redaction: hosts with their parts, users, addresses, SIDs.
fn names(bundle: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let lines = run(&["timeline", "--all", "--format", "jsonl"], bundle);
    for line in String::from_utf8(lines).expect("UTF-8").lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let host = text("host");
        // `example` is the domain of all fixtures and of pseudonyms.
        names.extend(host.split('.').filter(|part| *part != "example").map(str::to_owned));
        names.insert(host);
        names.insert(text("address"));
        names.insert(text("user"));
        for (name, value) in line["fields"].as_object().expect("an object") {
            let value = value.as_str().unwrap_or_default();
            if name.ends_with("UserName") || name.ends_with("DomainName") {
                names.insert(value.trim_end_matches('$').to_owned());
            }
            if value.starts_with("S-1-5-21-") {
                names.insert(value.to_owned());
            }
        }
    }
    names.retain(|name| !tells_nothing(name));
    names
}

/// All text of an output; a workbook is unpacked.
fn readable(bytes: Vec<u8>) -> String {
    if !bytes.starts_with(b"PK") {
        return String::from_utf8(bytes).expect("UTF-8");
    }
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
    let mut text = String::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).expect("a member");
        member.read_to_string(&mut text).expect("text");
    }
    text
}

/// A name as a word of its own; `user` inside of `users` is not one.
fn tells(text: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    text.match_indices(&name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

fn outputs(bundle: &Path, key: &Path) -> Vec<(String, String)> {
    let key = key.to_str().expect("a plain path");
    let redacted = ["--redact", "--redact-key", key];
    let mut outputs = Vec::new();
    for format in rdpwhy::report::FORMATS {
        let arguments = [&["analyze", "--format", format.name][..], &redacted].concat();
        outputs.push((format.name.to_owned(), readable(run(&arguments, bundle))));
    }
    for format in rdpwhy::report::rows::ROW_FORMATS {
        for all in [&["--all"][..], &[]] {
            let arguments = [&["timeline", "--format", format.name][..], all, &redacted].concat();
            outputs.push((format!("timeline {}", format.name), readable(run(&arguments, bundle))));
        }
    }
    outputs
}

#[test]
fn no_output_tells_a_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let key = dir.path().join("key");
    fs::write(&key, "sixteen bytes or more").expect("it can be written");
    for case in CASES {
        let bundle = bundle(case);
        let names = names(&bundle);
        assert!(names.len() > 4, "{case}: {names:?}");
        for (format, text) in outputs(&bundle, &key) {
            let text = text.to_lowercase();
            let told: Vec<_> = names.iter().filter(|name| tells(&text, name)).collect();
            assert!(told.is_empty(), "{case}, {format}: {told:?}");
        }
    }
}

/// The search above must be able to find something.
#[test]
fn without_redaction_every_output_tells_names() {
    let bundle = bundle(CASES[0]);
    let names = names(&bundle);
    for format in rdpwhy::report::FORMATS {
        let text = readable(run(&["analyze", "--format", format.name], &bundle)).to_lowercase();
        assert!(names.iter().any(|name| tells(&text, name)), "{}", format.name);
    }
}

#[test]
fn the_answer_stays_the_same() {
    for case in CASES {
        let causes = |more: &[&str]| {
            let arguments = [&["analyze", "--format", "json"][..], more].concat();
            let result: Value =
                serde_json::from_slice(&run(&arguments, &bundle(case))).expect("JSON");
            let incidents = result["incidents"].as_array().expect("a list").clone();
            let of = |incident: &Value| {
                (incident["causes"][0]["id"].clone(), incident["causes"][0]["probability"].clone())
            };
            incidents.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(causes(&[]), causes(&["--redact"]), "{case}");
    }
}

#[test]
fn a_key_gives_the_same_pseudonyms_and_the_map_goes_to_its_own_file_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let (key, map) = (dir.path().join("key"), dir.path().join("map.csv"));
    fs::write(&key, "sixteen bytes or more").expect("it can be written");
    let key = key.to_str().expect("plain");
    let redacted = ["analyze", "--format", "json", "--redact", "--redact-key", key];
    let bundle = bundle(CASES[0]);
    let once = run(&redacted, &bundle);
    assert!(once == run(&redacted, &bundle), "the same key");
    assert!(once != run(&["analyze", "--format", "json", "--redact"], &bundle), "a key of chance");
    assert!(!map.exists());
    let with_map = [&redacted[..], &["--redact-map", map.to_str().expect("plain")]].concat();
    assert!(once == run(&with_map, &bundle), "the map changes nothing");
    let map = fs::read_to_string(map).expect("it is there");
    assert!(map.starts_with("original,pseudonym"), "{map}");
    assert!(map.contains("SRV01,host-"), "{map}");
}

#[test]
fn a_short_key_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let key = dir.path().join("key");
    fs::write(&key, "short").expect("it can be written");
    let mut command = Command::cargo_bin("rdpwhy").expect("the binary is built");
    command.arg("analyze").arg(bundle(CASES[0])).args(["--redact", "--redact-key"]).arg(key);
    command.assert().code(1);
}

/// What commands print has names in places of its own.
#[test]
fn members_of_groups_tickets_and_controllers_get_pseudonyms() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("it can be written")
    };
    file(
        "groups.txt",
        &format!(
            "Alias name     Remote Desktop Users\n\nMembers\n\n{}\nQUILLCORP\\mirabel\nThe command completed successfully.\n",
            "-".repeat(79)
        ),
    );
    file(
        "klist.txt",
        "Current LogonId is 0:0x4f2a1\n\nCached Tickets: (1)\n\n#0>     Client: osbert @ QUILLCORP.EXAMPLE\n        \
        Server: TERMSRV/vaultbox.quillcorp.example @ QUILLCORP.EXAMPLE\n        KerbTicket Encryption Type: AES\n",
    );
    file(
        "gpresult.txt",
        "C:\\>gpresult /r\n\nCOMPUTER SETTINGS\n------------------\n    \
        Group Policy was applied from:      dcwest.quillcorp.example\n\n    \
        Applied Group Policy Objects\n    -----------------------------\n        Default Domain Policy\n",
    );
    let lines = ["timeline", "--all", "--format", "jsonl"];
    let plain = String::from_utf8(run(&lines, folder.path())).expect("UTF-8").to_lowercase();
    let redacted = [lines.as_slice(), &["--redact"]].concat();
    let redacted = String::from_utf8(run(&redacted, folder.path())).expect("UTF-8").to_lowercase();
    for name in ["mirabel", "osbert", "vaultbox", "dcwest", "quillcorp"] {
        assert!(plain.contains(name), "{name} is not in {plain}");
        assert!(!redacted.contains(name), "{name} is in {redacted}");
    }
}
