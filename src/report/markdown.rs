//! A block for a postmortem or a ticket's comment: the answer, its proof, what to do, what is missing.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Report;
use super::words::{
    changed_in_short, client, glance, harmless, known, legible_second, names, percent, place,
    to_begin_with, trail, when,
};
use crate::analysis::Analysis;
use crate::cause::CauseId;
use crate::diagnosis::{Diagnosis, Ground};

/// The Markdown block.
#[derive(Debug)]
pub(super) struct Markdown;

/// Lines of each kind that are shown; all are in the JSON and the timeline.
const SHOWN: usize = 8;

impl Report for Markdown {
    fn write(&self, analysis: &Analysis<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut text = String::new();
        if analysis.diagnoses.is_empty() {
            text.push_str("## No incident\n\nNothing in these files says that a Remote Desktop connection failed.\n");
        }
        for (number, diagnosis) in (1..).zip(&analysis.diagnoses) {
            incident(&mut text, analysis, number, diagnosis);
        }
        let lost = analysis.notices.iter().filter(|notice| notice.lost.is_some()).count();
        let read = match (analysis.notices.len(), lost) {
            (0, _) => "all of them read to the end".to_owned(),
            (notes, 0) => format!("nothing lost, {notes} notes on them in the report"),
            (_, lost) => format!("{lost} losses, told in the report"),
        };
        let _ = write!(
            text,
            "\n---\nrdpwhy {}, {} files, {read}. All times are UTC.\n",
            env!("CARGO_PKG_VERSION"),
            analysis.sources.len(),
        );
        out.write_all(text.as_bytes())
    }
}

fn incident(out: &mut String, analysis: &Analysis<'_>, number: usize, diagnosis: &Diagnosis) {
    let incident = &diagnosis.incident;
    let first = diagnosis.verdict.first();
    let id = first.map_or(CauseId::InsufficientEvidence, |first| first.cause);
    let title = match first {
        Some(first) => {
            let title = known(analysis, id).map_or(id.as_str(), |cause| &cause.title);
            format!("{} ({})", escaped(title), percent(first.probability))
        }
        None => "The cause cannot be told from what was collected".to_owned(),
    };
    if number > 1 {
        out.push('\n');
    }
    let _ = writeln!(out, "## {title}\n");
    let mut facts = vec![
        ("Cause", format!("`{id}`")),
        ("When", escaped(&when(incident, legible_second))),
        ("Server", host(analysis.host_name(incident.server.as_ref()))),
        ("Client", escaped(&client(analysis, incident))),
        ("Reached", escaped(&trail(incident))),
    ];
    if let Some(code) = incident.code {
        facts.push(("Shown", escaped(&format!("{code}: {}", code.meaning()))));
    }
    if let Some(time) = incident.last_good {
        facts.push(("Worked before", legible_second(time)));
    }
    if let Some(text) = changed_in_short(analysis, diagnosis) {
        facts.push(("What changed", escaped(&text)));
    }
    if let Some((_, text)) = to_begin_with(analysis, diagnosis) {
        facts.push((if first.is_some() { "Do first" } else { "Collect first" }, escaped(&text)));
    }
    for (name, text) in facts {
        let _ = writeln!(out, "- **{name}:** {text}");
    }
    if let Some(first) = first {
        grounds(out, analysis, "What shows it", &first.grounds);
        grounds(out, analysis, "What speaks against it", &first.against);
    }
    changes(out, analysis, diagnosis);
    if first.is_some() {
        steps(out, analysis, id);
    }
    missing(out, diagnosis);
    no_other(out, diagnosis);
}

fn host(name: Option<&str>) -> String {
    name.map_or_else(|| "not told".to_owned(), escaped)
}

fn grounds(out: &mut String, analysis: &Analysis<'_>, title: &str, grounds: &[Ground]) {
    if grounds.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n### {title}\n");
    for ground in grounds.iter().take(SHOWN) {
        let _ = write!(out, "- **{}:** {}", ground.grade.as_str(), escaped(&glance(&ground.text)));
        let entry = ground.entry.and_then(|id| analysis.timeline.get(id).map(|entry| (id, entry)));
        if let Some((id, entry)) = entry {
            let _ = write!(out, " ({})", escaped(&place(analysis, id, entry)));
        }
        out.push('\n');
    }
    if grounds.len() > SHOWN {
        let _ = writeln!(out, "- and {} more", grounds.len() - SHOWN);
    }
}

fn no_other(out: &mut String, diagnosis: &Diagnosis) {
    let reasons = &diagnosis.reasons;
    let next = reasons.less_likely.iter();
    let next = next.map(|objection| (objection.cause.to_string(), &objection.text));
    let excluded = reasons.excluded.iter();
    let excluded = excluded.map(|exclusion| (names(&exclusion.causes), &exclusion.text));
    let rows: Vec<_> = next.chain(excluded).collect();
    if rows.is_empty() {
        return;
    }
    out.push_str("\n### Why no other\n\n");
    for (causes, why) in rows {
        let _ = writeln!(out, "- **{}:** {}", escaped(&causes), escaped(why));
    }
}

fn changes(out: &mut String, analysis: &Analysis<'_>, diagnosis: &Diagnosis) {
    out.push_str("\n### What changed before it\n\n");
    if diagnosis.changes.is_empty() {
        out.push_str("Nothing that was collected tells of a change.\n");
    }
    let trigger = diagnosis.trigger.as_ref().map(|trigger| trigger.change.entry);
    let mut changes: Vec<_> = diagnosis.changes.iter().collect();
    changes.sort_by_key(|change| trigger != Some(change.entry));
    for change in changes.into_iter().take(SHOWN) {
        let Some(entry) = analysis.timeline.get(change.entry) else { continue };
        let label = if trigger == Some(change.entry) { "trigger" } else { "context" };
        let place = escaped(&place(analysis, change.entry, entry));
        let _ = writeln!(out, "- **{label}:** {} ({place})", escaped(&glance(&entry.summary)));
    }
}

fn steps(out: &mut String, analysis: &Analysis<'_>, id: CauseId) {
    let Some(cause) = known(analysis, id).filter(|cause| !cause.remediation.is_empty()) else {
        return;
    };
    out.push_str("\n### What to do, least risk first\n\n");
    for (number, step) in (1..).zip(&cause.remediation) {
        let _ = writeln!(out, "{number}. (risk {}) {}", step.risk.as_str(), escaped(&step.step));
        if let Some(command) = &step.command {
            let lines: Vec<_> =
                command.trim_end().lines().map(|line| format!("   {line}")).collect();
            let _ = writeln!(out, "   ```text\n{}\n   ```", lines.join("\n"));
        }
    }
}

fn missing(out: &mut String, diagnosis: &Diagnosis) {
    if diagnosis.missing.is_empty() {
        return;
    }
    out.push_str("\n### What is missing\n\n");
    for wanted in &diagnosis.missing {
        let _ = writeln!(out, "- **{}:** {}", escaped(&wanted.collect), escaped(&wanted.why));
    }
}

/// Text that means nothing in Markdown and in the HTML that it may hold, on one line.
fn escaped(text: &str) -> String {
    let text = harmless(text);
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' => {
                out.push('\\');
                out.push(letter);
            }
            // Addresses become links by themselves.
            ':' => out.push_str(
                if out.ends_with("http") || out.ends_with("https") || out.ends_with("javascript") {
                    "&#58;"
                } else {
                    ":"
                },
            ),
            '@' => out.push_str("&#64;"),
            _ => out.push(letter),
        }
    }
    out
}
