//! Whole cases: the library's answer for each of `fixtures/cases/`, held against the truth in its
//! `expected.yaml`; and the healthy hosts, for which there must be no answer.
//!
//! `cargo test --test cases -- --nocapture` prints the table and how well the probabilities keep
//! their promise.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use rdpwhy::analysis::{self, Analysis, Scope};
use rdpwhy::bundle::Bundle;
use rdpwhy::diagnosis::{Diagnosis, Verdict};
use rdpwhy::signatures::Database;
use serde::Deserialize;

/// What is true of a case; [`Deserialize`]d from its `expected.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    incidents: usize,
    first_cause: Option<String>,
    #[serde(default)]
    acceptable: Vec<String>,
    trigger: Option<String>,
    kb: Option<String>,
    stage: Option<String>,
    /// Further incidents, by the server they happened on.
    #[serde(default)]
    others: Vec<OtherIncident>,
    #[expect(dead_code, reason = "it is for the reader of the file")]
    why: String,
    #[serde(default)]
    must_not: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherIncident {
    host: String,
    first_cause: String,
}

/// One line of the table.
struct Outcome {
    case: String,
    truth: String,
    answer: String,
    probability: f64,
    stage: String,
    /// Whether the cause is right; the rest of the answer may still be wrong.
    is_right: bool,
    wrong: Vec<String>,
}

fn folders(kind: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind);
    let entries = std::fs::read_dir(root).expect("the fixtures are committed");
    let mut folders: Vec<_> =
        entries.map(|entry| entry.expect("the folder can be listed").path()).collect();
    folders.sort();
    folders
}

fn analyze<'db>(folder: &Path, db: &'db Database) -> Analysis<'db> {
    let bundle = Bundle::open(&[folder.join("bundle")], &rdpwhy::bundle::Options::default())
        .expect("the bundle can be opened");
    analysis::analyze(&bundle, db, &Scope::default(), &|_| ())
}

fn expected(folder: &Path) -> Expected {
    let path = folder.join("expected.yaml");
    let text = std::fs::read_to_string(&path).expect("every case says what is true");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The named cause or `insufficient-evidence`, and how sure.
fn answer(diagnosis: &Diagnosis) -> (String, f64) {
    match &diagnosis.verdict {
        Verdict::Ranked(suspects) => suspects
            .first()
            .map_or(("none".to_owned(), 0.0), |first| (first.cause.to_string(), first.probability)),
        Verdict::InsufficientEvidence { probability, .. } => {
            ("insufficient-evidence".to_owned(), *probability)
        }
    }
}

fn check(folder: &Path, db: &Database) -> Outcome {
    let truth = expected(folder);
    let analysis = analyze(folder, db);
    let mut wrong = Vec::new();
    if analysis.diagnoses.len() != truth.incidents {
        wrong.push(format!("{} incidents, not {}", analysis.diagnoses.len(), truth.incidents));
    }
    let first = analysis.diagnoses.first();
    let (named, probability) = first.map_or(("nothing".to_owned(), 1.0), answer);
    if let Some(first) = first {
        check_first(&truth, first, &named, &mut wrong);
    }
    for other in &truth.others {
        let there = analysis.diagnoses.iter().any(|diagnosis| {
            let host = diagnosis.incident.server.as_ref().map_or("", |key| key.as_str());
            host.eq_ignore_ascii_case(&other.host) && answer(diagnosis).0 == other.first_cause
        });
        if !there {
            wrong.push(format!("no {} on {}", other.first_cause, other.host));
        }
    }
    for (name, _) in analysis.diagnoses.iter().map(answer) {
        if truth.must_not.contains(&name) {
            wrong.push(format!("{name} must never stand first here"));
        }
    }
    let stage = first
        .and_then(|first| first.incident.stage())
        .map_or("-".to_owned(), |stage| stage.to_string());
    let stage = if truth.stage.as_deref().unwrap_or("-") == stage {
        stage
    } else {
        format!("{stage} (truth {})", truth.stage.as_deref().unwrap_or("-"))
    };
    Outcome {
        case: folder
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        is_right: is_right(&truth, &named),
        truth: truth.first_cause.unwrap_or_else(|| "nothing".to_owned()),
        answer: named,
        probability,
        stage,
        wrong,
    }
}

fn is_right(truth: &Expected, named: &str) -> bool {
    truth.first_cause.as_deref() == Some(named)
        || truth.acceptable.iter().any(|cause| cause == named)
}

fn check_first(truth: &Expected, first: &Diagnosis, named: &str, wrong: &mut Vec<String>) {
    if !is_right(truth, named) {
        wrong.push("another cause".to_owned());
    }
    let change = first.trigger.as_ref().map(|trigger| &trigger.change);
    let trigger = change.map(|change| change.kind.to_string());
    if trigger != truth.trigger {
        wrong.push(format!(
            "trigger {}, not {}",
            trigger.as_deref().unwrap_or("null"),
            truth.trigger.as_deref().unwrap_or("null")
        ));
    }
    let kb = change.and_then(|change| change.kb.clone());
    if kb != truth.kb {
        wrong.push(format!(
            "update {}, not {}",
            kb.as_deref().unwrap_or("null"),
            truth.kb.as_deref().unwrap_or("null")
        ));
    }
}

fn table(outcomes: &[Outcome]) -> String {
    let mut text = format!(
        "{:<36} {:<26} {:<26} {:>5}  {:<22} remarks\n",
        "case", "truth", "answer", "p", "stage"
    );
    for outcome in outcomes {
        let Outcome { case, truth, answer, probability, stage, wrong, .. } = outcome;
        let remarks = if wrong.is_empty() { "ok".to_owned() } else { wrong.join("; ") };
        writeln!(
            text,
            "{case:<36} {truth:<26} {answer:<26} {probability:>5.2}  {stage:<22} {remarks}"
        )
        .expect("writing to memory cannot fail");
    }
    text
}

/// Brier score and reliability of the causes that were named: of those given with about the same probability, how
/// many are right? An abstention promises nothing and is not counted.
fn reliability(outcomes: &[Outcome]) -> String {
    let named =
        |outcome: &&Outcome| !matches!(&*outcome.answer, "nothing" | "insufficient-evidence");
    let given: Vec<(f64, bool)> = outcomes
        .iter()
        .filter(named)
        .map(|outcome| (outcome.probability, outcome.is_right))
        .collect();
    let hit = |right: bool| if right { 1.0 } else { 0.0 };
    let brier = given.iter().map(|(p, right)| (p - hit(*right)).powi(2)).sum::<f64>()
        / given.len().max(1) as f64;
    let mut text = format!("Brier score {brier:.3} over {} named causes\n", given.len());
    for (low, high) in [(0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)] {
        let band: Vec<_> = given.iter().filter(|(p, _)| (low..high).contains(p)).collect();
        if band.is_empty() {
            continue;
        }
        let right = band.iter().filter(|(_, right)| *right).count();
        let mean = band.iter().map(|(p, _)| p).sum::<f64>() / band.len().max(1) as f64;
        writeln!(
            text,
            "  {low:.1} to {:.1}: {:>2} answers, mean {mean:.2}, right {right}",
            f64::min(high, 1.0),
            band.len()
        )
        .expect("writing to memory cannot fail");
    }
    text
}

#[test]
fn every_case_is_answered_with_the_truth() {
    let db = Database::built_in().expect("our own signatures are valid");
    let outcomes: Vec<_> = folders("cases").iter().map(|folder| check(folder, &db)).collect();
    let report = format!("{}\n{}", table(&outcomes), reliability(&outcomes));
    println!("{report}");
    assert!(outcomes.iter().all(|outcome| outcome.wrong.is_empty()), "\n{report}");
}

#[test]
fn healthy_hosts_have_no_incident() {
    let db = Database::built_in().expect("our own signatures are valid");
    for folder in folders("healthy") {
        let analysis = analyze(&folder, &db);
        let incidents: Vec<_> =
            analysis.diagnoses.iter().map(|diagnosis| &diagnosis.incident).collect();
        assert!(incidents.is_empty(), "{}: {incidents:#?}", folder.display());
    }
}
