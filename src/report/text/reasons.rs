//! Why this cause and no other, on the page.

use super::page::{BAD, BOLD, DIM, GOOD, Page, WARN, visible};
use super::{evidence, percent, shown};
use crate::analysis::Analysis;
use crate::diagnosis::{Diagnosis, WhyNot};
use crate::report::words::names;

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
        let time = fact.time.map_or_else(|| "as collected".to_owned(), shown);
        let line = fact.entry.map(|entry| format!("  #{}", entry.0 + 1)).unwrap_or_default();
        page.bullet(BOLD, &time, &format!("{}{line}", visible(&fact.text)));
    }
}

/// Why the next causes are less likely, and what is out of the question.
pub(super) fn others(page: &mut Page, diagnosis: &Diagnosis) {
    let reasons = &diagnosis.reasons;
    if !reasons.less_likely.is_empty() {
        page.subheading("Why not the next ones");
        for objection in &reasons.less_likely {
            page.bullet(DIM, objection.cause.as_str(), &visible(&objection.text));
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
