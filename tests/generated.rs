//! Pages that are made from the knowledge: `docs/causes.md` and `docs/signature-use.md` are what it says today.
//!
//! `RDPWHY_BLESS=1 cargo test --test generated` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rdpwhy::analysis::{self, Scope};
use rdpwhy::bundle::Bundle;
use rdpwhy::cause::Stage;
use rdpwhy::signatures::{Cause, Database, Grade, Kind};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether to write or to compare is asked of the developer, not of the tool"
)]
fn blessing() -> bool {
    std::env::var_os("RDPWHY_BLESS").is_some()
}

#[track_caller]
fn is_current(page: &str, text: &str) {
    let path = root().join("docs").join(page);
    if blessing() {
        std::fs::write(&path, text).expect("docs can be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        known == text,
        "docs/{page} is not current: RDPWHY_BLESS=1 cargo test --test generated"
    );
}

#[test]
fn the_page_of_causes_is_current() {
    let db = Database::built_in().expect("the knowledge loads");
    is_current("causes.md", &causes(&db));
}

#[test]
fn the_page_of_signature_use_is_current() {
    let db = Database::built_in().expect("the knowledge loads");
    is_current("signature-use.md", &signature_use(&db));
}

fn causes(db: &Database) -> String {
    let mut page = String::from(
        "<!-- Made from signatures/ by tests/generated.rs; do not edit. -->\n# Causes\n\nWhat rdpwhy can name, from \
         `signatures/causes/`. Steps stand in the order of their risk. How signatures prove a cause:\n\
         [signatures.md](signatures.md); which case uses which: [signature-use.md](signature-use.md).\n",
    );
    for (kind, title) in
        [(Kind::Cause, "Causes"), (Kind::Trigger, "Triggers"), (Kind::Verdict, "Verdicts")]
    {
        let _ = writeln!(page, "\n## {title}\n");
        for cause in db.causes().values().filter(|cause| cause.kind == kind) {
            let _ = writeln!(page, "* [`{0}`](#{0}): {1}", cause.id, cause.title);
        }
    }
    db.causes().values().for_each(|cause| describe(db, cause, &mut page));
    page
}

fn describe(db: &Database, cause: &Cause, page: &mut String) {
    let _ =
        writeln!(page, "\n## {}\n\n**{}**\n\n{}\n", cause.id, cause.title, cause.mechanism.trim());
    let _ = writeln!(page, "*The client shows:* {}\n", cause.client_shows.trim());
    if !cause.stages.is_empty() {
        let stages: Vec<_> = cause.stages.iter().map(|stage: &Stage| stage.as_str()).collect();
        let _ = writeln!(page, "*Stages:* {}; prior {}\n", stages.join(", "), cause.prior);
    }
    if !cause.remediation.is_empty() {
        let _ = writeln!(page, "### What to do\n");
    }
    for (number, step) in (1..).zip(&cause.remediation) {
        let _ = writeln!(page, "{number}. **risk {}:** {}", step.risk.as_str(), step.step.trim());
        for (label, text) in [("Breaks", &step.breaks), ("Undo", &step.undo)] {
            text.iter().for_each(|text| {
                let _ = writeln!(page, "   {label}: {}.", text.trim().trim_end_matches('.'));
            });
        }
        step.command.iter().for_each(|command| {
            let _ = writeln!(page, "   `{}`", command.trim());
        });
        step.reference.iter().for_each(|link| {
            let _ = writeln!(page, "   <{link}>");
        });
    }
    for never in &cause.never {
        let _ = writeln!(
            page,
            "* **Not: {}.** {}",
            never.advice.trim().trim_end_matches('.'),
            never.why.trim()
        );
    }
    if !cause.collect.is_empty() {
        let _ = writeln!(page, "\n### What would show it\n");
    }
    for collect in &cause.collect {
        let channel =
            collect.channel.as_ref().map(|name| format!(" (`{name}`)")).unwrap_or_default();
        let _ = writeln!(
            page,
            "* {:?}: {}{channel}: {}",
            collect.side,
            collect.item.trim(),
            collect.why.trim()
        );
    }
    let _ =
        writeln!(page, "\n### What speaks for and against it\n\n| grade | signatures |\n|---|---|");
    for grade in [
        Grade::Conclusive,
        Grade::Strong,
        Grade::Moderate,
        Grade::Weak,
        Grade::Against,
        Grade::RulesOut,
    ] {
        let of_grade =
            db.signatures().iter().filter(|rule| rule.evidence.get(&cause.id) == Some(&grade));
        let names: Vec<_> = of_grade.map(|rule| format!("`{}`", rule.name)).collect();
        if !names.is_empty() {
            let _ = writeln!(page, "| {} | {} |", grade.as_str(), names.join(" "));
        }
    }
    if !cause.references.is_empty() {
        let _ = writeln!(page, "\n### Sources\n");
    }
    cause.references.iter().for_each(|link| {
        let _ = writeln!(page, "* <{link}>");
    });
}

/// Which folder of fixtures shows which signatures.
fn uses(db: &Database) -> BTreeMap<String, BTreeSet<String>> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for kind in ["cases", "healthy"] {
        let entries = std::fs::read_dir(root().join("fixtures").join(kind)).expect("committed");
        let folders: BTreeSet<PathBuf> =
            entries.map(|entry| entry.expect("readable").path()).collect();
        for folder in folders {
            let bundle =
                Bundle::open(&[folder.join("bundle")], &rdpwhy::bundle::Options::default())
                    .expect("the bundle can be opened");
            let analysis = analysis::analyze(&bundle, db, &Scope::default(), &|_| ());
            let name = folder.file_name().expect("a name").to_string_lossy();
            for entry in analysis.timeline.entries() {
                let Some(rule) = entry.signature.and_then(|id| db.signature(id)) else { continue };
                uses.entry(rule.name.clone()).or_default().insert(format!("{kind}/{name}"));
            }
        }
    }
    uses
}

fn signature_use(db: &Database) -> String {
    let uses = uses(db);
    let mut page = format!(
        "<!-- Made from signatures/ and fixtures/ by tests/generated.rs; do not edit. -->\n# Which case shows which \
         signature\n\nEvery signature proves itself on the examples in its own file. {} of {} also stand in the timeline of \
         a whole case under\n`fixtures/`; the others have their examples only.\n\n| signature | cases |\n|---|---|\n",
        uses.len(),
        db.signatures().len()
    );
    for rule in db.signatures() {
        let cases =
            uses.get(&rule.name).map(|cases| cases.iter().cloned().collect::<Vec<_>>().join(", "));
        let _ = writeln!(
            page,
            "| [`{}`](../signatures/{}) | {} |",
            rule.name,
            rule.file,
            cases.as_deref().unwrap_or("examples only")
        );
    }
    page
}
