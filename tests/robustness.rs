//! What must not change an answer: the order of files, a healthy neighbour, everything collected twice, a clock that is
//! off, a number of the model that is moved by a fifth. And what must: the log that decides is taken away.
//!
//! `cargo test --test robustness -- --nocapture` prints the counts.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test program"
)]

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rdpwhy::analysis::{self, Analysis, Scope};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::diagnosis::{Verdict, Weights};
use rdpwhy::signatures::Database;
use support::story::{Ticket, some_tickets};

type Files = BTreeMap<String, Vec<u8>>;

/// Tickets with a cause that is named rightly, each `step`-th of the suite.
fn named(db: &Database, step: usize) -> Vec<(Ticket, String)> {
    let answered = some_tickets(&stories(), step, 0).filter_map(|ticket| {
        let answer = first(&analyze(&ticket.files, db, &Scope::default()));
        (answer.0 == ticket.truth.cause).then_some((ticket, answer.0))
    });
    answered.collect()
}

fn stories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tickets")
}

fn analyze<'db>(files: &Files, db: &'db Database, scope: &Scope) -> Analysis<'db> {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let bundle = Bundle::open(&[folder.path().to_owned()], &Options::default()).unwrap();
    analysis::analyze(&bundle, db, scope, &|_| ())
}

/// The first cause, and how likely it is.
fn first(analysis: &Analysis<'_>) -> (String, f64) {
    match analysis.diagnoses.first().map(|first| &first.verdict) {
        None => ("none".to_owned(), 1.0),
        Some(Verdict::InsufficientEvidence { probability, .. }) => {
            ("insufficient-evidence".to_owned(), *probability)
        }
        Some(Verdict::Ranked(suspects)) => (suspects[0].cause.to_string(), suspects[0].probability),
    }
}

/// Changes every ticket, and says whose answer changed with it.
fn changed(
    db: &Database,
    tickets: &[(Ticket, String)],
    change: impl Fn(&Files) -> Files,
) -> Vec<String> {
    let other = |(ticket, answer): &(Ticket, String)| {
        let now = first(&analyze(&change(&ticket.files), db, &Scope::default())).0;
        (now != *answer).then(|| format!("{}: {answer} became {now}", ticket.name))
    };
    tickets.iter().filter_map(other).collect()
}

/// Prints what changed, and holds it against what is allowed: a share of the tickets.
fn allow(what: &str, changed: &[String], of: usize, share: f64) {
    println!("{what}: {} of {of} answers change", changed.len());
    let allowed = (of as f64 * share).floor();
    assert!(changed.len() as f64 <= allowed, "{what}:\n{}", changed.join("\n"));
}

fn healthy() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/healthy/file-server/bundle");
    let mut files = Files::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                files.insert(format!("neighbour/{name}"), std::fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn what_has_nothing_to_do_with_it_changes_no_answer() {
    let db = Database::built_in().unwrap();
    let tickets = named(&db, 7);
    assert!(tickets.len() >= 20);
    // Sources are sorted by path, so other names of folders are another order.
    let shuffled = |files: &Files| -> Files {
        let renamed = |(number, (path, bytes)): (usize, (&String, &Vec<u8>))| {
            let order = (number * 7 + 3) % 10;
            (format!("{order}/{path}"), bytes.clone())
        };
        files.iter().enumerate().map(renamed).collect()
    };
    allow("another order", &changed(&db, &tickets, shuffled), tickets.len(), 0.0);
    let neighbour = healthy();
    let beside = |files: &Files| {
        files.iter().chain(&neighbour).map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
    };
    allow("a healthy neighbour", &changed(&db, &tickets, beside), tickets.len(), 0.0);
    let twice = |files: &Files| -> Files {
        let copy = files.iter().map(|(path, bytes)| (format!("copy/{path}"), bytes.clone()));
        files.iter().map(|(path, bytes)| (path.clone(), bytes.clone())).chain(copy).collect()
    };
    allow("everything twice", &changed(&db, &tickets, twice), tickets.len(), 0.0);
}

/// Without the files that add no line to the timeline; what is complained of stays.
fn without_what_tells_nothing(db: &Database, files: &Files) -> Files {
    let before = analyze(files, db, &Scope::default());
    let telling: BTreeSet<_> = before
        .timeline
        .numbered()
        .map(|(_, entry)| before.path(entry.origin.source).to_owned())
        .collect();
    let tells = |name: &String| {
        name.ends_with("ticket.txt") || telling.iter().any(|path| path.ends_with(name.as_str()))
    };
    files.iter().filter(|(name, _)| tells(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

#[test]
fn without_the_files_that_tell_nothing_the_answer_is_the_same() {
    let db = Database::built_in().unwrap();
    let fewer = |files: &Files| without_what_tells_nothing(&db, files);
    let mut tickets = named(&db, 3);
    tickets.retain(|(ticket, _)| fewer(&ticket.files).len() < ticket.files.len());
    assert!(tickets.len() >= 10, "only {} tickets have such files", tickets.len());
    allow("without what tells nothing", &changed(&db, &tickets, fewer), tickets.len(), 0.0);
}

#[test]
fn a_client_whose_clock_is_off_by_minutes_changes_few_answers() {
    let db = Database::built_in().unwrap();
    let tickets = named(&db, 7);
    let names: BTreeSet<_> = tickets.iter().map(|(ticket, _)| ticket.name.clone()).collect();
    let shifted = some_tickets(&stories(), 7, 240).filter(|ticket| names.contains(&ticket.name));
    let other = shifted.filter_map(|ticket| {
        let now = first(&analyze(&ticket.files, &db, &Scope::default())).0;
        (now != ticket.truth.cause).then(|| format!("{}: {now}", ticket.name))
    });
    let other: Vec<_> = other.collect();
    allow("clients four minutes ahead", &other, tickets.len(), 0.05);
}

#[test]
fn without_the_log_that_decides_an_answer_is_less_sure() {
    let db = Database::built_in().unwrap();
    let tickets = named(&db, 7);
    let (mut surer, mut unnamed, mut tried) = (Vec::new(), Vec::new(), 0);
    for (ticket, answer) in &tickets {
        let before = analyze(&ticket.files, &db, &Scope::default());
        let named = before.diagnoses.first().and_then(|first| first.verdict.first());
        let Some(suspect) = named else { continue };
        let Some(entry) = suspect.grounds[0].entry.and_then(|id| before.timeline.get(id)) else {
            continue;
        };
        let path = before.path(entry.origin.source).to_owned();
        let mut files = ticket.files.clone();
        files.retain(|name, _| !path.ends_with(name.as_str()));
        if files.len() == ticket.files.len() || files.is_empty() {
            continue;
        }
        tried += 1;
        let after = analyze(&files, &db, &Scope::default());
        if !asks_for(&db, &after, answer, entry.channel.as_deref()) {
            unnamed.push(format!("{} without {path}", ticket.name));
        }
        let (now, probability) = first(&after);
        if now == *answer && probability > suspect.probability + 0.005 {
            surer.push(format!("{} without {path}: {probability:.3}", ticket.name));
        }
    }
    assert!(tried >= 15, "only {tried} could be tried");
    allow("surer without what decides", &surer, tried, 0.0);
    allow("what decides is not asked for", &unnamed, tried, 0.1);
}

/// Whether a log is named under what to collect. What an answer's own file does not ask for needs not be.
fn asks_for(db: &Database, analysis: &Analysis<'_>, answer: &str, channel: Option<&str>) -> bool {
    let Some(diagnosis) = analysis.diagnoses.first() else { return true };
    let cause = db.causes().values().find(|cause| cause.id.as_str() == answer).unwrap();
    let of_log = |wanted: Option<&str>| wanted.is_some() && wanted == channel;
    let mut items = cause.collect.iter().filter(|item| of_log(item.channel.as_deref())).peekable();
    items.peek().is_none()
        || items.any(|item| {
            diagnosis.missing.iter().any(|wanted| wanted.collect.starts_with(&item.item))
        })
}

#[test]
fn no_number_of_the_model_decides_alone() {
    let db = Database::built_in().unwrap();
    let tickets = named(&db, 15);
    let names: Vec<&'static str> =
        Weights::default().each().iter().map(|(name, _)| *name).collect();
    for (place, name) in names.iter().enumerate() {
        let mut other = Vec::new();
        for factor in [0.8, 1.2] {
            let mut weights = Weights::default();
            *weights.each()[place].1 *= factor;
            let scope = Scope { weights, ..Scope::default() };
            other.extend(tickets.iter().filter_map(|(ticket, answer)| {
                let now = first(&analyze(&ticket.files, &db, &scope)).0;
                (now != *answer).then(|| format!("{}: {answer} became {now}", ticket.name))
            }));
        }
        allow(&format!("{name} moved by a fifth"), &other, tickets.len() * 2, 0.1);
    }
}
