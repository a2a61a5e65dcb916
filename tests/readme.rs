//! What the README shows is what the tool prints, and what it tells to type works.
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail as loudly as the test")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

const README: &str = include_str!("../README.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The first fenced block of a kind.
fn block(kind: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("```{kind}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// Set `RDPWHY_BLESS=1` to write the page of today into the README.
#[expect(clippy::disallowed_methods, reason = "only a test is told to rewrite what it compares")]
fn is_blessing() -> bool {
    std::env::var_os("RDPWHY_BLESS").is_some()
}

#[test]
fn the_page_at_the_top_is_what_the_command_above_it_prints() {
    let command = block("console");
    let arguments = command.trim().strip_prefix("$ cargo run --release -- ").unwrap();
    let output = Command::cargo_bin("rdpwhy")
        .unwrap()
        .current_dir(root())
        .args(arguments.split(' '))
        .output()
        .unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    let shown = block("text");
    let part = shown.trim_end().strip_suffix("...").unwrap();
    if is_blessing() {
        let lines = part.lines().count();
        let today: Vec<_> = page.lines().take(lines).collect();
        fs::write(root().join("README.md"), README.replace(part, &(today.join("\n") + "\n")))
            .unwrap();
    } else {
        assert!(page.starts_with(part), "the README shows another page than this:\n{page}");
    }
}

#[test]
fn every_link_into_the_repository_leads_somewhere() {
    let links = README.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| !link.contains("://")) {
        assert!(root().join(link).exists(), "{link}");
    }
}

#[test]
fn every_cause_is_named() {
    let db = rdpwhy::signatures::Database::built_in().unwrap();
    for cause in db.causes().values().filter(|cause| cause.kind == rdpwhy::signatures::Kind::Cause)
    {
        assert!(README.contains(cause.id.as_str()), "{}", cause.id);
    }
}

#[test]
fn the_number_of_cases_is_right() {
    let cases = fs::read_dir(root().join("fixtures/cases")).unwrap().count();
    assert!(README.contains(&format!("On the {cases} cases")));
}
