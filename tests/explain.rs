//! `rdpwhy explain`, as a user with a code in his hand meets it.

use std::sync::LazyLock;

use rdpwhy::codes;
use rdpwhy::explain::{Explanation, explain};
use rdpwhy::signatures::Database;

/// The answers to these words, each with its facts, one a line.
fn ask(words: &str) -> Vec<Explanation> {
    static DB: LazyLock<Database> =
        LazyLock::new(|| Database::built_in().expect("the knowledge loads"));
    let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
    explain(&DB, &words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
}

#[track_caller]
fn says(words: &str, label: &str, part: &str) {
    let answers = ask(words);
    let facts = answers.iter().flat_map(|answer| &answer.facts);
    let found = facts.clone().any(|fact| fact.label == label && fact.text.contains(part));
    assert!(found, "`explain {words}` has no {label} with `{part}`: {answers:#?}");
    let sourced = facts.clone().any(|fact| fact.label == "source" && fact.text.starts_with("http"));
    assert!(sourced, "`explain {words}` names no source: {answers:#?}");
}

#[test]
fn the_pair_of_the_dialog_is_explained_together_and_apart() {
    says("0x904 0x7", "means", "socket was closed by the other end");
    says("0x904 0x7", "beware", "a blocked port gives 0x204");
    says("0x904/0x7", "counts as", "firewall-blocked against");
    assert_eq!(ask("0x904 0x7").len(), 3);
    says("0x3 0xb", "hints at", "session-ended-normally");
}

#[test]
fn codes_are_known_however_they_are_written() {
    says("2308", "beware", "names no cause");
    for code in ["0x8009030d", "0x8009030D", "2148074253", "-2146893043"] {
        says(code, "hints at", "cert-key-access-denied");
    }
    says("0xc000015b", "hints at", "logon-not-permitted");
    says("alert 40", "beware", "scanner");
    says("state 10013", "beware", "Type client");
    says("kerberos 0x25", "hints at", "time-skew");
    says("50331675", "hints at", "gateway-denied");
    says("update 0x800f0922", "note", "speaks against");
    says("x224 3", "hints at", "cert-key-missing");
}

#[test]
fn a_code_inside_a_code_is_unwrapped() {
    says("0x80072740", "means", "port is in use");
    says("0xd0000184", "beware", "consequence");
    says("3489660929", "beware", "only says that the connection was cut");
}

#[test]
fn an_event_id_gives_its_rules_by_provider() {
    says("36870", "provider", "Schannel");
    says("36870", "rule", "schannel-36870-key-access-denied");
    says("event 1001", "beware", "several providers");
}

#[test]
fn updates_are_known_or_plainly_not() {
    says("KB5018410", "fixed by", "KB5020435");
    says("kb5020435", "repairs", "KB5018410");
    let answer = ask("KB9999999");
    let fact = answer[0].facts.first().expect("it says so");
    assert!(fact.label == "unknown" && fact.text.contains("neither guilt nor innocence"));
}

#[test]
fn causes_and_rules_are_explained_by_name() {
    says("cert-key-access-denied", "shown by", "conclusive");
    says("cert-key-access-denied", "never", "MachineKeys");
    says("schannel-36870-key-access-denied", "evidence", "strong for cert-key-access-denied");
}

#[test]
fn what_is_not_known_is_refused_by_its_name() {
    let db = Database::built_in().expect("the knowledge loads");
    for words in [vec!["gibberish"], vec!["0x904", "0x12345"], vec!["event", "64999"], vec!["KB12"]]
    {
        let words: Vec<_> = words.into_iter().map(str::to_owned).collect();
        let error = explain(&db, &words).expect_err("nothing is known of it");
        assert!(error.to_string().starts_with("nothing is known of `"), "{error}");
    }
    let mut command = assert_cmd::Command::cargo_bin("rdpwhy").expect("the binary is built");
    let output = command.args(["explain", "gibberish"]).output().expect("it runs");
    let line = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!((output.status.code(), line.lines().count()), (Some(1), 1), "{line}");
    assert!(output.stdout.is_empty());
}

#[test]
fn every_row_of_every_table_can_be_asked_for() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/signatures/codes"));
    assert_eq!(codes::families().len(), files.expect("the tables are there").count());
    for family in codes::families() {
        assert!(family.reference.starts_with("https://"), "{}", family.family);
        for row in &family.codes {
            let words = format!("{} {}", family.keyword, family.write(row.code));
            assert!(!ask(&words).is_empty(), "{words}");
        }
    }
}
