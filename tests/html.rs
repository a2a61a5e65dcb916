//! The HTML report: asks nobody for anything, stays small, and works in a real browser, where one is at hand.
#![allow(clippy::print_stderr, reason = "a test that skips says so aloud")]

#[path = "support/browser.rs"]
mod browser;

use std::fs;
use std::path::{Path, PathBuf};

use rdpwhy::analysis::{Analysis, Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::report;
use rdpwhy::signatures::Database;
use rdpwhy::timeline::Timeline;

use browser::faults;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases").join(name).join("bundle")
}

fn cases() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let folders = fs::read_dir(root).expect("there are cases");
    let mut names: Vec<_> = folders
        .map(|folder| folder.expect("readable").file_name().into_string().expect("a plain name"))
        .collect();
    names.sort();
    names
}

fn analyzed<'db>(db: &'db Database, name: &str) -> Analysis<'db> {
    let bundle = Bundle::open(&[case(name)], &Options::default()).expect("it opens");
    analyze(&bundle, db, &Scope::default(), &|_| ())
}

fn page(analysis: &Analysis<'_>) -> String {
    let mut out = Vec::new();
    report::format("html")
        .expect("there is one")
        .report()
        .write(analysis, &mut out)
        .expect("memory takes it");
    String::from_utf8(out).expect("UTF-8")
}

/// 50,000 lines, made of the lines of a case, an hour apart.
fn crowd(analysis: &mut Analysis<'_>) {
    let lines = analysis.timeline.entries().to_vec();
    let mut many = Vec::new();
    for (number, line) in lines.iter().cycle().take(50_000).enumerate() {
        let mut line = line.clone();
        let hours = chrono::TimeDelta::hours(i64::try_from(number / lines.len()).expect("small"));
        line.time = line.time.map(|time| time + hours);
        line.last = line.last.map(|time| time + hours);
        many.push(line);
    }
    many.sort_by_key(|line| (line.time.is_none(), line.time));
    analysis.timeline = Timeline::from_entries(many);
}

/// Letters that make a browser ask somebody, in places where our own words stand.
#[test]
fn nothing_in_the_page_leads_out_of_it() {
    let db = Database::built_in().expect("our own signatures are valid");
    for name in cases() {
        let page = page(&analyzed(&db, &name));
        for way_out in ["<img", "<link", "<iframe", "@import", "url(", "src=", "fetch(", "XMLHttp"]
        {
            assert!(!page.contains(way_out), "{name}: {way_out}");
        }
        let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        assert!(links.clone().all(|link| link.starts_with('#')), "{name}: {links:?}");
    }
}

#[test]
fn a_page_is_400_kilobytes_and_one_for_each_line_at_most() {
    let db = Database::built_in().expect("our own signatures are valid");
    let mut many = analyzed(&db, "brute-force-storm");
    crowd(&mut many);
    let mut largest = (0, String::new());
    for (name, analysis) in
        cases().iter().map(|name| (name.as_str(), analyzed(&db, name))).chain([("crowd", many)])
    {
        let lines = analysis.timeline.entries().len();
        let bytes = page(&analysis).len();
        assert!(bytes <= 400_000 + 1000 * lines, "{name}: {bytes} bytes for {lines} lines");
        if name != "crowd" {
            largest = largest.max((bytes, format!("{name}, {bytes} bytes for {lines} lines")));
        } else {
            eprintln!("{bytes} bytes for {lines} lines");
        }
    }
    eprintln!("the largest case: {}", largest.1);
}

#[test]
fn a_browser_finds_no_fault() {
    let db = Database::built_in().expect("our own signatures are valid");
    for name in [
        "key-access-denied-after-hardening",
        "two-servers-two-causes",
        "logs-begin-too-late",
        "nothing-is-wrong",
    ] {
        let Some(found) = faults(&page(&analyzed(&db, name)), name, "1000") else { return };
        assert_eq!(found, "", "{name}");
    }
}

#[test]
fn fifty_thousand_lines_stay_usable() {
    let db = Database::built_in().expect("our own signatures are valid");
    let mut analysis = analyzed(&db, "key-access-denied-after-hardening");
    crowd(&mut analysis);
    // A loaded machine is given twice the second that is promised for an idle one; what it took is told.
    let Some(found) = faults(&page(&analysis), "crowd", "20000") else { return };
    assert_eq!(found, "");
}

/// A page whose escaping or policy were broken must not pass.
#[test]
fn the_browser_test_can_fail() {
    let db = Database::built_in().expect("our own signatures are valid");
    let good = page(&analyzed(&db, "logs-begin-too-late"));
    let bad = good.replace("<h1", "<img alt=\"\" src=\"broken.png\"><h1");
    let Some(found) = faults(&bad, "broken", "1000") else { return };
    assert!(found.contains("broken.png") || found.contains("Content Security Policy"), "{found}");
}
