//! `rdpwhy signatures …`: the knowledge, as text. Belongs to the binary.

use std::io::{self, Write};
use std::path::Path;

use anyhow::bail;
use rdpwhy::explain::Explanation;
use rdpwhy::signatures::{Cause, Database, Signature};

/// One line a signature.
pub(crate) fn list(db: &Database, out: &mut dyn Write) -> io::Result<bool> {
    for signature in db.signatures() {
        let causes: Vec<_> = signature
            .evidence
            .iter()
            .map(|(cause, grade)| format!("{cause}={}", grade.as_str()))
            .collect();
        writeln!(
            out,
            "{:<44} {:<10} {}",
            signature.name,
            signature.role.as_str(),
            causes.join(" ")
        )?;
    }
    Ok(true)
}

/// Everything about one signature or cause.
pub(crate) fn one(db: &Database, name: &str, out: &mut dyn Write) -> anyhow::Result<bool> {
    if let Some(signature) = db.find(name) {
        show_signature(signature, out)?;
    } else if let Some(cause) = db.causes().values().find(|cause| cause.id.as_str() == name) {
        show_cause(db, cause, out)?;
    } else {
        bail!("there is no signature or cause `{name}`; `rdpwhy signatures list` names them");
    }
    Ok(true)
}

fn show_signature(signature: &Signature, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n{}\n", signature.name, signature.title)?;
    if let Some(description) = &signature.description {
        writeln!(out, "{}\n", description.trim())?;
    }
    let ids: Vec<_> = signature.event_ids().iter().map(ToString::to_string).collect();
    writeln!(out, "id        {}", signature.id)?;
    writeln!(out, "file      {}", signature.file)?;
    writeln!(out, "event     {} {}", signature.provider_names().join(", "), ids.join(", "))?;
    writeln!(out, "role      {}", signature.role.as_str())?;
    if let Some(stage) = signature.stage {
        writeln!(out, "stage     {stage}")?;
    }
    for (cause, grade) in &signature.evidence {
        writeln!(out, "evidence  {} for {cause}", grade.as_str())?;
    }
    writeln!(out, "window    {}", signature.window)?;
    if let Some(trigger) = signature.trigger {
        let links: Vec<_> = signature.links.iter().map(|cause| cause.as_str()).collect();
        writeln!(out, "trigger   {trigger}; tied to {}", links.join(", "))?;
    }
    writeln!(out, "mark      {:?}: {}", signature.mark, signature.mark.in_words())?;
    writeln!(out, "summary   {}", signature.summary)?;
    for (label, lines) in [("beware", &signature.falsepositives), ("source", &signature.references)]
    {
        for line in lines {
            writeln!(out, "{label:<9} {line}")?;
        }
    }
    for (kind, fields) in Database::examples_of(&signature.name) {
        writeln!(out, "{kind:<9} {fields}")?;
    }
    writeln!(out, "cases     {}", used_by(&signature.name))
}

/// The cases of the project that show a signature, from the page that a test keeps current.
fn used_by(name: &str) -> &'static str {
    let page = include_str!("../docs/signature-use.md");
    let row = page.lines().find(|line| line.starts_with(&format!("| [`{name}`]")));
    row.and_then(|line| line.split(" | ").nth(1))
        .map_or("none: a rule of your own", |cases| cases.trim_end_matches('|').trim())
}

fn show_cause(db: &Database, cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n{}\n\n{}\n", cause.id, cause.title, cause.mechanism.trim())?;
    writeln!(out, "The client shows: {}\n", cause.client_shows.trim())?;
    for (number, step) in (1..).zip(&cause.remediation) {
        writeln!(out, "{number}. [risk {}] {}", step.risk.as_str(), step.step)?;
    }
    for never in &cause.never {
        writeln!(out, "Not: {}. {}", never.advice, never.why)?;
    }
    writeln!(out)?;
    for signature in db.signatures() {
        if let Some(grade) = signature.evidence.get(&cause.id) {
            writeln!(out, "{:<11} {}", grade.as_str(), signature.name)?;
        }
    }
    Ok(())
}

/// The answers of `explain`.
pub(crate) fn explanations(answers: &[Explanation], out: &mut dyn Write) -> io::Result<()> {
    for (number, answer) in answers.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}", answer.title)?;
        for fact in &answer.facts {
            let first = format!("  {:<10}", fact.label);
            let options = textwrap::Options::new(100)
                .initial_indent(&first)
                .subsequent_indent("            ")
                .break_words(false)
                .word_splitter(textwrap::WordSplitter::NoHyphenation);
            writeln!(out, "{}", textwrap::fill(&fact.text, options))?;
        }
    }
    Ok(())
}

/// Says what is wrong with signature files; whether nothing is.
pub(crate) fn lint(dir: Option<&Path>, out: &mut dyn Write) -> io::Result<bool> {
    let complaints = Database::lint(dir);
    for complaint in &complaints {
        writeln!(out, "{complaint}")?;
    }
    if complaints.is_empty() {
        writeln!(out, "no complaints")?;
    }
    Ok(complaints.is_empty())
}

/// Runs the examples of signature files; whether all behaved.
pub(crate) fn test(dir: Option<&Path>, out: &mut dyn Write) -> io::Result<bool> {
    let results = Database::test_examples(dir);
    let failed: Vec<_> = results.iter().filter(|result| !result.passed).collect();
    for result in &failed {
        writeln!(out, "{}: example {} does not behave", result.signature, result.example)?;
    }
    writeln!(out, "{} examples, {} failed", results.len(), failed.len())?;
    Ok(failed.is_empty())
}
