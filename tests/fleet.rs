//! Statistics over many tickets: what is planted is found, what is innocent is not accused.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(clippy::print_stderr, clippy::unwrap_used, reason = "a test program")]

#[path = "support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::sync::LazyLock;

use rdpwhy::fleet::{self, Fleet, Lift, SITE, Settings, Subject};
use rdpwhy::signatures::Database;
use regex::Regex;

use support::desk::{Desk, Habit, PLANTED, store::store, write};

fn settings() -> Settings {
    Settings { days: fleet::DAYS, site: Regex::new(SITE).unwrap(), like: None }
}

fn looked_at(stores: &[PathBuf]) -> Fleet {
    static DB: LazyLock<Database> = LazyLock::new(|| Database::built_in().unwrap());
    fleet::fleet(stores, &settings(), &DB).unwrap()
}

fn simulated(desk: &Desk) -> Fleet {
    let folder = tempfile::tempdir().unwrap();
    looked_at(&[store(&desk.tickets(), folder.path())])
}

fn is_planted(lift: &Lift) -> bool {
    lift.change == Subject::Update(PLANTED.to_owned())
}

/// Of twenty desks with 200 innocent updates, in how many the planted one comes first, and in how many an innocent one
/// is accused.
fn seeds(habit: Habit, accused: fn(&Lift) -> bool) -> (usize, usize) {
    let (mut found, mut wronged) = (0, 0);
    for seed in 1..=20 {
        let fleet = simulated(&Desk { seed, habit, tickets: 2000, ..Desk::default() });
        let first = fleet.lifts.found.first().unwrap();
        found += usize::from(is_planted(first) && first.odds_ratio.low > 1.0 && first.stands);
        let innocent: Vec<_> =
            fleet.lifts.found.iter().filter(|lift| accused(lift) && !is_planted(lift)).collect();
        for lift in &innocent {
            eprintln!("{habit:?} {seed}: {lift:?}");
        }
        wronged += usize::from(!innocent.is_empty());
    }
    eprintln!("{habit:?}: found in {found} of 20, an innocent one accused in {wronged}");
    (found, wronged)
}

#[test]
fn the_planted_update_is_found_and_innocent_ones_are_not_accused() {
    let (found, wronged) = seeds(Habit::Scattered, |lift| lift.p_corrected < fleet::SIGNIFICANT);
    assert!(found >= 19 && wronged <= 1, "found in {found} of 20, innocent accused in {wronged}");
}

/// Updates of one night look guilty together; the second look tells them apart.
#[test]
fn updates_of_the_same_night_are_told_apart() {
    let (found, wronged) = seeds(Habit::PatchTuesday, |lift| lift.stands);
    assert!(found >= 19 && wronged <= 1, "found in {found} of 20, innocent accused in {wronged}");
}

/// A test that could not fail would say nothing: without an effect, nothing may stand.
#[test]
fn without_an_effect_nothing_is_found() {
    let fleet = simulated(&Desk { effect: 1.0, tickets: 2000, ..Desk::default() });
    assert!(fleet.lifts.tested > 200, "{}", fleet.lifts.tested);
    assert!(fleet.lifts.found.iter().all(|lift| !lift.stands));
}

/// From logs and dialogs through the batch: the same as what the statistics above were made with.
#[test]
fn real_tickets_give_what_was_simulated() {
    let desk = Desk { tickets: 300, innocent: 30, effect: 15.0, ..Desk::default() };
    let folder = tempfile::tempdir().unwrap();
    write(&desk, folder.path()).unwrap();
    let results = folder.path().join("results");
    let mut batch = assert_cmd::Command::cargo_bin("rdpwhy").unwrap();
    batch.arg("batch").arg(folder.path().join("tickets")).arg("-o").arg(&results).arg("--quiet");
    batch.assert().success();
    let (real, simulated) = (looked_at(&[results]), simulated(&desk));
    assert_eq!(real.weeks, simulated.weeks);
    let tables = |fleet: &Fleet| -> Vec<_> {
        let found = fleet.lifts.found.iter();
        found.map(|lift| (lift.cause.clone(), lift.change.clone(), lift.table)).collect()
    };
    assert_eq!(tables(&real), tables(&simulated));
    let first = real.lifts.found.first().unwrap();
    assert!(is_planted(first) && first.stands && first.odds_ratio.low > 1.0, "{first:?}");
}
