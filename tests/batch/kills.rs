//! Killed at any moment, nothing is lost but what was in hand.
#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Place;

fn start(place: &Place, out: &str) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin!("rdpwhy"))
        .arg("batch")
        .arg(place.path("tickets"))
        .arg("-o")
        .arg(place.path(out))
        .args(["--resume", "--threads", "2"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Numbers as chance would give them, the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

const TICKETS: usize = 36;

fn tickets(place: &Place) {
    for number in 0..TICKETS {
        let id = format!("t{number:03}");
        match number % 6 {
            0 => drop(place.case(&id, "old-name-only")),
            1 => drop(place.write(&id, "empty.txt", "")),
            // Some of them are others again.
            _ => drop(place.dialog(&id, &format!("SRV{}", number % 25))),
        }
        if number % 12 == 0 {
            place.write(&id, "note.txt", &id);
        }
    }
}

#[test]
fn killed_at_twenty_moments_and_resumed_the_store_is_that_of_an_undisturbed_run() {
    let place = Place::new();
    tickets(&place);
    let begin = Instant::now();
    start(&place, "undisturbed").wait().unwrap();
    let length = u64::try_from(begin.elapsed().as_micros()).unwrap();
    let expected = place.store("undisturbed").all();
    let mut dice = Dice(20_261_120);
    let (mut kills, mut partly) = (0, 0);
    let mut round = 0;
    while kills < 20 {
        let out = format!("killed-{round}");
        round += 1;
        assert!(round < 200, "{kills} kills met a run, of {round}");
        let mut child = start(&place, &out);
        sleep(Duration::from_micros(dice.next(length)));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            continue;
        }
        kills += 1;
        let done = std::fs::metadata(place.path(&out).join("rdpwhy.sqlite"))
            .map(|_| rows(&place, &out))
            .unwrap_or_default();
        partly += usize::from(done > 0 && done < TICKETS);
        // Now and then the resumed run is killed, too.
        if dice.next(3) == 0 {
            let mut child = start(&place, &out);
            sleep(Duration::from_micros(dice.next(length)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        start(&place, &out).wait().unwrap();
        assert_eq!(place.store(&out).all(), expected, "round {round}, {done} rows when killed");
        for file in ["tickets.csv", "timeline.csv"] {
            let read = |out: &str| std::fs::read(place.path(out).join(file)).unwrap();
            assert_eq!(read(&out), read("undisturbed"), "{file}");
        }
        let mut files: Vec<_> = std::fs::read_dir(place.path(&out))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, ["rdpwhy.sqlite", "tickets.csv", "timeline.csv"]);
    }
    assert!(partly >= 5, "only {partly} kills met a run halfway");
}

/// Rows of `tickets` that a killed run left; reading them must not mend anything, so a copy is read.
fn rows(place: &Place, out: &str) -> usize {
    let copy = place.path("copy");
    let _ = std::fs::remove_dir_all(&copy);
    super::copy(&place.path(out), &copy);
    let store = rusqlite::Connection::open(copy.join("rdpwhy.sqlite")).unwrap();
    let count = store.query_row("SELECT count(*) FROM tickets", [], |row| row.get::<_, i64>(0));
    count.map_or(0, |count| usize::try_from(count).unwrap())
}
