//! The knowledge keeps itself healthy: it lints clean, its examples behave, and wrong files are refused with their place.
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail as loudly as the test")]

use std::fs;

use rdpwhy::signatures::{Database, Grade, Kind};

#[test]
fn the_built_in_files_have_no_complaints() {
    let complaints: Vec<_> = Database::lint(None).iter().map(ToString::to_string).collect();
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn every_example_behaves() {
    let results = Database::test_examples(None);
    assert!(results.len() >= 2 * Database::built_in().unwrap().signatures().len());
    let failed: Vec<_> = results.iter().filter(|result| !result.passed).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn every_cause_can_be_reached_and_can_be_fixed() {
    let db = Database::built_in().unwrap();
    for cause in db.causes().values().filter(|cause| cause.kind == Kind::Cause) {
        let speaks_for = |grade: &&Grade| **grade >= Grade::Weak;
        let evidence: Vec<_> = db
            .signatures()
            .iter()
            .filter_map(|signature| signature.evidence.get(&cause.id))
            .collect();
        assert!(evidence.iter().any(speaks_for), "nothing speaks for {}", cause.id);
        assert!(!cause.stages.is_empty(), "{} bites nowhere", cause.id);
        assert!(!cause.collect.is_empty(), "{}: nothing to collect", cause.id);
        let risks: Vec<_> = cause.remediation.iter().map(|step| step.risk).collect();
        assert!(risks.is_sorted(), "{}: the riskier step stands first", cause.id);
    }
}

#[test]
fn harmful_advice_is_never_a_step() {
    let db = Database::built_in().unwrap();
    for cause in db.causes().values() {
        for step in &cause.remediation {
            let command = step.command.as_deref().unwrap_or_default().to_lowercase();
            let harmful = [
                "takeown",
                "machinekeys_old",
                "userauthentication /t reg_dword /d 0",
                "allprofiles state off",
                "graceperiod",
            ];
            let found = harmful.iter().find(|word| command.contains(**word));
            assert_eq!(found, None, "{}: {}", cause.id, step.step);
        }
    }
}

#[test]
fn probabilities_before_evidence_leave_room_for_something_else() {
    let db = Database::built_in().unwrap();
    let sum: f64 = db
        .causes()
        .values()
        .filter(|cause| cause.kind == Kind::Cause)
        .map(|cause| cause.prior)
        .sum();
    assert!((0.3..=0.8).contains(&sum), "{sum}");
}

const GOOD: &str = r#"title: A title
id: 2c5f7c3e-55c5-4d8e-9d0a-6d1f6f7a8b9c
name: a-rule
status: test
logsource: {product: windows, service: system}
detection:
  event: {Provider_Name: Schannel, EventID: 36870}
  code: {ErrorCode: '0x8009030d'}
  condition: event and code
falsepositives: [another service]
level: low
references: ['https://example.com']
rdpwhy:
  role: precursor
  stage: tls
  evidence: {cert-key-access-denied: strong}
  window: 2m
  mark: D
  summary: "code {ErrorCode}"
  examples:
    match: [{Provider_Name: Schannel, EventID: 36870, ErrorCode: '2148074253'}]
    no_match: [{Provider_Name: Schannel, EventID: 36870, ErrorCode: '0x80090016'}]
"#;

/// What `lint` says of these files, without the folder.
fn lint(files: &[(&str, &str)]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let prefix = format!("{}/", dir.path().display());
    Database::lint(Some(dir.path()))
        .iter()
        .map(|complaint| complaint.to_string().replace(&prefix, ""))
        .collect()
}

#[test]
fn a_good_file_passes_and_its_examples_run() {
    assert_eq!(lint(&[("a-rule.yaml", GOOD)]), Vec::<String>::new());
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a-rule.yaml"), GOOD).unwrap();
    let results = Database::test_examples(Some(dir.path()));
    assert_eq!(results.iter().map(|result| result.passed).collect::<Vec<_>>(), [true, true]);
}

#[track_caller]
fn refused(from: &str, to: &str, place: &str, what: &str) {
    assert!(GOOD.contains(from));
    let complaints = lint(&[("a-rule.yaml", &GOOD.replacen(from, to, 1))]);
    let found = complaints
        .iter()
        .any(|line| line.starts_with(&format!("a-rule.yaml:{place}: ")) && line.contains(what));
    assert!(found, "wanted {place}: …{what}…, got {complaints:#?}");
}

#[test]
fn a_name_that_other_readers_take_for_a_truth_value_is_refused() {
    let named = |name: &str| {
        let text = GOOD.replacen("  code: {", &format!("  {name}: {{"), 1);
        lint(&[("a-rule.yaml", &text.replacen("event and code", "event and off", 1))])
    };
    assert!(named("off").iter().any(|line| line.contains("8:3: a selection called `off`")));
    assert_eq!(named("'off'"), Vec::<String>::new());
}

#[test]
fn wrong_files_are_refused_with_line_and_column() {
    refused("  stage: tls", "  stages: tls", "15:3", "unknown field `stages`");
    refused("status: test", "status: test\nseverity: 3", "5:1", "unknown field `severity`");
    refused(
        "cert-key-access-denied: strong",
        "cert-key-denied: strong",
        "16:14",
        "unknown variant `cert-key-denied`",
    );
    refused("strong", "sure", "16:38", "unknown variant `sure`");
    refused("'0x8009030d'", "0x8009030d", "8:21", "unquoted code");
    refused("name: a-rule", "name: b-rule", "3:7", "the name is that of the file");
    refused("condition: event and code", "condition: event and cod", "9:14", "no selection `cod`");
    refused(
        "{Provider_Name: Schannel, EventID: 36870}\n  code",
        "{Provider_Name: Schannel}\n  code",
        "7:3",
        "names an EventID",
    );
    refused("['https://example.com']", "[]", "12:13", "at least one reference");
    refused("window: 2m", "window: soon", "17:3", "a time such as 2m");
}

#[test]
fn an_id_or_name_is_never_given_twice() {
    let twin = GOOD.replace("a-rule", "b-rule");
    let complaints = lint(&[("a-rule.yaml", GOOD), ("b-rule.yaml", &twin)]);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(
        complaints[0].contains("is taken by") && complaints[0].starts_with("b-rule.yaml:2:5"),
        "{complaints:?}"
    );
}

#[test]
fn a_provider_that_nobody_knows_is_refused_unless_it_is_listed() {
    let text = GOOD.replace("Schannel", "Schanel");
    let complaints = lint(&[("a-rule.yaml", &text)]);
    assert_eq!(complaints, ["a-rule.yaml:7:3: the provider `schanel` is not in providers.yaml"]);
    let list = "- {name: Schanel, channels: [System]}\n";
    assert_eq!(lint(&[("a-rule.yaml", &text), ("providers.yaml", list)]), Vec::<String>::new());
}

#[test]
fn two_rules_that_say_the_same_of_one_event_are_refused() {
    let twin = GOOD.replace("a-rule", "b-rule").replace("2c5f7c3e", "3c5f7c3e");
    let complaints = lint(&[("a-rule.yaml", GOOD), ("b-rule.yaml", &twin)]);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains("the same as that rule"), "{complaints:?}");
}

#[test]
fn what_is_conclusive_has_a_source_that_can_be_opened() {
    let text = GOOD.replace("strong", "conclusive").replace("'https://example.com'", "a colleague");
    let complaints = lint(&[("a-rule.yaml", &text)]);
    assert!(complaints.iter().any(|line| line.contains("has a source")), "{complaints:?}");
}

#[test]
fn encoded_values_of_sigma_are_understood() {
    let rule = GOOD.replace(
        "code: {ErrorCode: '0x8009030d'}",
        "code: {Text|wide|base64offset|contains: secret}",
    );
    let rule = rule
        .replace("ErrorCode: '2148074253'", "Text: 'eHMAZQBjAHIAZQB0AA=='")
        .replace("code {ErrorCode}", "text");
    assert_eq!(lint(&[("a-rule.yaml", &rule)]), Vec::<String>::new());
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a-rule.yaml"), rule).unwrap();
    let results = Database::test_examples(Some(dir.path()));
    assert!(results.iter().all(|result| result.passed), "{results:?}");
}

#[test]
fn an_unverified_fact_is_never_conclusive() {
    let text = GOOD.replace("mark: D", "mark: U").replace("strong", "conclusive");
    let complaints = lint(&[("a-rule.yaml", &text)]);
    assert!(complaints.iter().any(|line| line.contains("unverified")), "{complaints:?}");
}

#[test]
fn a_sigma_rule_of_a_users_own_loads_as_context() {
    let rule = "title: Any failed logon\nid: 3c5f7c3e-55c5-4d8e-9d0a-6d1f6f7a8b9c\nlogsource: {product: windows, service: security}\n\
                detection:\n  sel: {EventID: 4625}\n  filter: {IpAddress|cidr: 10.0.0.0/8}\n  condition: sel and not filter\nlevel: low\n";
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("my-rule.yml"), rule).unwrap();
    let db = Database::with_user_dir(dir.path()).unwrap();
    let mine = db.find("my-rule").unwrap();
    assert_eq!(mine.role, rdpwhy::signatures::Role::Context);
    assert!(mine.evidence.is_empty());
}
