//! The reports of every case, word for word: `fixtures/cases/<case>` → `tests/reports/<case>/`. A change of wording shows
//! up in the review. `RDPWHY_BLESS=1 cargo test --test reports` writes them anew.
#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a helper of a test may fail as loudly as the test"
)]

use std::fs;
use std::path::{Path, PathBuf};

use rdpwhy::analysis::{Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::report::{self, Report};
use rdpwhy::signatures::Database;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[expect(clippy::disallowed_methods, reason = "only a test is told to rewrite what it compares")]
fn is_blessing() -> bool {
    std::env::var_os("RDPWHY_BLESS").is_some()
}

fn cases() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("fixtures/cases")).expect("there are cases");
    let mut cases: Vec<_> = folders.map(|folder| folder.expect("readable").path()).collect();
    cases.sort();
    cases
}

/// The HTML up to the timeline: what stands below it is in the CSV, and style and script have their own files.
fn answer(html: &str) -> &str {
    let start = html.find("<main").expect("there is a main part");
    let end = html.find("<section id=\"timeline\"").expect("there is a timeline");
    &html[start..end]
}

#[test]
fn the_reports_of_all_cases_are_those_that_were_reviewed() {
    let db = Database::built_in().expect("our own signatures are valid");
    let mut other = Vec::new();
    for case in cases() {
        let bundle = Bundle::open(&[case.join("bundle")], &Options::default()).expect("it opens");
        let analysis = analyze(&bundle, &db, &Scope::default(), &|_| ());
        let write = |report: &dyn Report| {
            let mut out = Vec::new();
            report.write(&analysis, &mut out).expect("memory takes it");
            String::from_utf8(out).expect("UTF-8")
        };
        let of = |name: &str| write(report::format(name).expect("there is one").report());
        let page = anstream::adapter::strip_str(&write(&report::page(80))).to_string();
        // A path is never broken, for it is copied; a command stands as it is typed.
        let may = |line: &&str| {
            line.starts_with("       ") || line.split_whitespace().any(|word| word.len() > 55)
        };
        let wide: Vec<_> =
            page.lines().filter(|line| line.chars().count() > 80 && !may(line)).collect();
        assert!(wide.is_empty(), "{}: {wide:#?}", case.display());
        let folder = root().join("tests/reports").join(case.file_name().expect("it has a name"));
        for (name, text) in [
            ("page.txt", page.as_str()),
            ("report.md", &of("markdown")),
            ("answer.html", answer(&of("html"))),
            ("timeline.csv", &of("csv")),
        ] {
            let file = folder.join(name);
            if is_blessing() {
                fs::create_dir_all(&folder).expect("it can be made");
                fs::write(&file, text).expect("it can be written");
            } else if fs::read_to_string(&file).ok().as_deref() != Some(text) {
                other.push(file);
            }
        }
    }
    assert!(other.is_empty(), "look at them, then RDPWHY_BLESS=1: {other:#?}");
}

#[test]
fn there_is_no_report_of_a_case_that_is_gone() {
    for folder in fs::read_dir(root().join("tests/reports")).expect("there are reports") {
        let name = folder.expect("readable").file_name();
        assert!(root().join("fixtures/cases").join(&name).exists(), "{}", name.display());
    }
}
