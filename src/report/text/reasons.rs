//! Why this cause and no other, on the page.

use super::page::{BAD, BOLD, DIM, GOOD, Page, WARN, visible};
use super::{evidence, glance, percent, to_second};
use crate::analysis::Analysis;
use crate::diagnosis::{Diagnosis, STAGE_FITS, Suspect, WhyNot};
use crate::report::words::{known, names};

/// Other suspects that are shown; all are in the JSON.
const OTHERS: usize = 3;

/// Excluded families that are shown; all are in the JSON.
const EXCLUDED: usize = 4;

/// Grounds on each side of a case that is argued.
const GROUNDS: usize = 6;

/// The chain of dated facts that ends in the failure.
pub(super) fn chain(page: &mut Page, diagnosis: &Diagnosis) {
    // One fact is no chain.
    if diagnosis.reasons.chain.len() < 2 {
        return;
    }
    page.subheading("How it came about");
    for fact in &diagnosis.reasons.chain {
        let time = fact.time.map_or_else(|| "as collected".to_owned(), to_second);
        let line = fact.entry.map(|entry| format!("  #{}", entry.0 + 1)).unwrap_or_default();
        page.bullet(BOLD, &time, &format!("{}{line}", glance(&fact.text)));
    }
}

/// Other suspects with why they are less likely, and what is out of the question.
pub(super) fn others(
    page: &mut Page,
    analysis: &Analysis<'_>,
    diagnosis: &Diagnosis,
    suspects: &[Suspect],
) {
    let is_named = diagnosis.verdict.first().is_some();
    let reasons = &diagnosis.reasons;
    let objection = |id| reasons.less_likely.iter().find(|objection| objection.cause == id);
    let likely = |one: &&Suspect| one.probability >= 0.01 || objection(one.cause).is_some();
    let shown: Vec<_> = suspects.iter().filter(likely).take(OTHERS).collect();
    if shown.is_empty() && reasons.excluded.is_empty() {
        return;
    }
    page.heading(BOLD, if is_named { "WHY NOT SOMETHING ELSE" } else { "WHAT IT COULD BE" });
    for suspect in shown {
        let title = known(analysis, suspect.cause).map_or("", |cause| &cause.title);
        page.bullet(DIM, &percent(suspect.probability), &format!("{title} ({})", suspect.cause));
        let ground = suspect.against.first().or_else(|| suspect.grounds.first());
        match (objection(suspect.cause), ground) {
            (Some(objection), _) => page.dim_at(4, &glance(&objection.text)),
            (None, Some(ground)) if ground.signature == STAGE_FITS => {
                page.dim_at(4, "only the stage at which the connection broke off speaks for it");
            }
            (None, Some(ground)) => {
                page.dim_at(4, &format!("{}: {}", ground.grade.as_str(), glance(&ground.text)));
            }
            (None, None) => {}
        }
    }
    if !reasons.excluded.is_empty() {
        page.subheading("Out of the question");
        for exclusion in reasons.excluded.iter().take(EXCLUDED) {
            page.bullet(DIM, &names(&exclusion.causes), &visible(&exclusion.text));
        }
    }
    if reasons.excluded.len() > EXCLUDED {
        page.dim(&format!("    and {} more in the JSON result", reasons.excluded.len() - EXCLUDED));
    }
}

/// The cases against the causes that were asked about.
pub(super) fn cases_against(page: &mut Page, analysis: &Analysis<'_>, diagnosis: &Diagnosis) {
    for case in &diagnosis.why_not {
        case_against(page, analysis, diagnosis, case);
    }
}

fn case_against(page: &mut Page, analysis: &Analysis<'_>, diagnosis: &Diagnosis, case: &WhyNot) {
    let is_named = diagnosis.verdict.first().is_some_and(|first| first.cause == case.cause);
    let heading = if is_named { "IT IS" } else { "WHY NOT" };
    let likely = case.probability.map(|p| format!(" ({})", percent(p))).unwrap_or_default();
    page.heading(WARN, &format!("{heading} {}{likely}", case.cause));
    for (title, grounds) in [("Against it", &case.against), ("For it", &case.grounds)] {
        page.subheading(title);
        if grounds.is_empty() {
            page.text_at(2, "Nothing that was collected.");
        }
        grounds.iter().take(GROUNDS).for_each(|ground| evidence(page, analysis, ground));
    }
    for (title, style, items) in [
        ("Would show it, was collected, and does not", GOOD, &case.absent),
        ("Would show it, and was not collected", BAD, &case.unseen),
    ] {
        if !items.is_empty() {
            page.subheading(title);
            items.iter().for_each(|(item, why)| page.bullet(style, item, why));
        }
    }
}
