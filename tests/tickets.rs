//! The suite of tickets: what the library answers to each story of `tests/tickets/`, held against the truth.
//!
//! `cargo test --test tickets -- --nocapture` prints the tables. `RDPWHY_TICKETS=part-of-a-name` takes only some, and
//! `RDPWHY_TICKETS_IN=folder` reads other stories; `RDPWHY_KEEP=folder` keeps their bundles to be looked at;
//! `RDPWHY_WITHOUT=RdpCoreTS` leaves out the files of that name.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program; what is asked of the developer stands in the environment"
)]

#[path = "tickets/measure.rs"]
mod measure;
#[path = "support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rdpwhy::analysis::{self, Analysis, Scope};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::signatures::Database;

use measure::{Outcome, Report};
use support::story::{Ticket, tickets};

fn stories() -> PathBuf {
    std::env::var_os("RDPWHY_TICKETS_IN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tickets"), PathBuf::from)
}

/// Writes a ticket's files below a folder.
fn unpack(ticket: &Ticket, folder: &Path) {
    let without = std::env::var("RDPWHY_WITHOUT").unwrap_or_else(|_| "\0".to_owned());
    for (path, bytes) in ticket.files.iter().filter(|(path, _)| !path.contains(&without)) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn analyze<'db>(ticket: &Ticket, db: &'db Database) -> Analysis<'db> {
    let temporary = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("RDPWHY_KEEP");
    let folder = kept.map_or_else(
        || temporary.path().join("bundle"),
        |kept| Path::new(&kept).join(&ticket.name).join("bundle"),
    );
    unpack(ticket, &folder);
    let bundle = Bundle::open(&[folder], &Options::default()).unwrap();
    analysis::analyze(&bundle, db, &Scope::default(), &|_| ())
}

/// All tickets, built once.
fn told() -> &'static [Ticket] {
    static TOLD: OnceLock<Vec<Ticket>> = OnceLock::new();
    TOLD.get_or_init(|| tickets(&stories()))
}

/// What becomes of each, by as many threads as there are processors.
fn outcomes(tickets: &[&Ticket], db: &Database) -> Vec<Outcome> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = tickets.len().div_ceil(threads).max(1);
    let each = |part: &[&Ticket]| -> Vec<Outcome> {
        part.iter().map(|ticket| Outcome::of(ticket, &analyze(ticket, db))).collect()
    };
    std::thread::scope(|scope| {
        let lanes: Vec<_> =
            tickets.chunks(share).map(|part| scope.spawn(move || each(part))).collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    })
}

#[test]
fn every_story_can_be_told() {
    let told = told();
    assert!(told.iter().all(|ticket| !ticket.files.is_empty()));
    println!("{} tickets", told.len());
}

#[test]
fn tickets_get_the_right_answer() {
    let db = Database::built_in().expect("the built-in database can be read");
    let wanted = std::env::var("RDPWHY_TICKETS").unwrap_or_default();
    let tickets: Vec<_> = told().iter().filter(|ticket| ticket.name.contains(&wanted)).collect();
    let outcomes = outcomes(&tickets, &db);
    let report = Report::of(&outcomes);
    println!("{report}");
    if wanted.is_empty() {
        report.reaches_the_goals();
    }
}
