//! Writes the tickets of a service desk into a folder, for load and for statistics: each one event log and a text with
//! mstsc's box. One update breaks something, the others do nothing; `truth.csv` says what is true. Not shipped.
//!
//! ```text
//! many_tickets COUNT FOLDER [--seed N] [--innocent N] [--effect X] [--patch-tuesday] [--store]
//!     FOLDER/tickets/T000001/{System.evtx,ticket.txt} …
//!     FOLDER/manifest.tsv     path, tab, ticket: for `rdpwhy batch --paths-from -`
//!     FOLDER/truth.csv        ticket, time, server, cause, updates
//!     FOLDER/rdpwhy.sqlite    with --store, and then alone: what a batch would say of them
//! ```

#![allow(clippy::print_stdout, reason = "it says what it did")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;

use support::desk::{Desk, Habit, store, write};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(count), Some(folder)) = (arguments.next(), arguments.next()) else {
        println!(
            "many_tickets COUNT FOLDER [--seed N] [--innocent N] [--effect X] [--patch-tuesday] [--store]"
        );
        return Ok(());
    };
    let mut desk = Desk { tickets: count.parse().expect("a number of tickets"), ..Desk::default() };
    let mut as_store = false;
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{option} needs a value"));
        match option.as_str() {
            "--seed" => desk.seed = value().parse().expect("a number"),
            "--innocent" => desk.innocent = value().parse().expect("a number"),
            "--effect" => desk.effect = value().parse().expect("a number"),
            "--patch-tuesday" => desk.habit = Habit::PatchTuesday,
            "--store" => as_store = true,
            other => panic!("{other} is no option"),
        }
    }
    if as_store {
        std::fs::create_dir_all(&folder)?;
        store::store(&desk.tickets(), Path::new(&folder));
    } else {
        write(&desk, Path::new(&folder))?;
    }
    println!("{count} tickets in {folder}");
    Ok(())
}
