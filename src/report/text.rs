//! The page for a support engineer: cause, confidence, what proves it, what changed, the safe fix, what is missing, what
//! could not be read. Styled with ANSI sequences, which whoever prints it takes out where they are not wanted.

pub(crate) mod page;
mod reasons;

use std::io::{self, Write};

use self::page::{BAD, BOLD, DIM, GOOD, Page, WARN};
use super::Report;
use super::unread;
use super::words::{
    UNTOLD, changed_in_short, client, first_sentences, glance, known, percent, place,
    to_begin_with, to_second, trail, visible, when,
};
use crate::analysis::Analysis;
use crate::cause::{CauseId, Stage};
use crate::diagnosis::{Change, Diagnosis, Ground, Incident, Suspect, Verdict};
use crate::signatures::Risk;

/// The text page.
#[derive(Debug)]
pub(super) struct Text {
    /// Columns of the page.
    pub(super) width: usize,
}

/// Columns of a page that nobody told how wide it may be.
pub(super) const WIDTH: usize = 96;

/// Lines of evidence that are shown per cause; all are in the JSON and the timeline.
const EVIDENCE: usize = 6;

/// Stages that are explained.
const EXPLAINED: usize = 4;

/// Changes that are shown.
const CHANGES: usize = 6;

/// Hosts that are named.
const HOSTS: usize = 6;

/// Notices that are shown.
const NOTICES: usize = 12;

impl Report for Text {
    fn write(&self, analysis: &Analysis<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut page = Page::new(self.width);
        head(&mut page, analysis);
        if analysis.diagnoses.is_empty() {
            no_incident(&mut page, analysis);
        }
        for (number, diagnosis) in (1..).zip(&analysis.diagnoses) {
            answer(&mut page, analysis, number, diagnosis);
            facts(&mut page, analysis, &diagnosis.incident);
            proof(&mut page, analysis, diagnosis);
            reasons::cases_against(&mut page, analysis, diagnosis);
        }
        not_read(&mut page, analysis);
        out.write_all(page.text().as_bytes())
    }
}

fn head(page: &mut Page, analysis: &Analysis<'_>) {
    let events: u64 = analysis.sources.iter().map(|source| source.events).sum();
    let read = analysis.sources.iter().filter(|source| source.format.is_some()).count();
    page.line(&format!(
        "rdpwhy {}: {read} of {} files read, {events} events",
        env!("CARGO_PKG_VERSION"),
        analysis.sources.len()
    ));
    // A bundle is of a few machines as a rule; a whole collection would fill the page.
    for host in analysis.hosts.iter().take(HOSTS) {
        let os = host.os.as_deref().map(|os| format!(", {}", visible(os))).unwrap_or_default();
        let clock = host
            .clock_offset_s
            .map(|offset| format!(", clock {offset:+.0} s against the server"))
            .unwrap_or_default();
        page.dim(&format!("{} ({}{os}{clock})", visible(&host.name), host.roles.as_str()));
    }
    if analysis.hosts.len() > HOSTS {
        page.dim(&format!("and {} more computers", analysis.hosts.len() - HOSTS));
    }
}

fn no_incident(page: &mut Page, analysis: &Analysis<'_>) {
    page.heading(GOOD, "NO INCIDENT");
    page.text_at(2, "Nothing in these files says that a Remote Desktop connection failed.");
    if analysis.worked > 0 {
        page.text_at(
            2,
            &format!("{} connections in the logs got into a session.", analysis.worked),
        );
    }
    page.text_at(
        2,
        "If one did, add the client's dialog text and the server's logs for that time.",
    );
}

/// What people look for first: the cause, how sure it is, what to begin with, what changed.
fn answer(page: &mut Page, analysis: &Analysis<'_>, number: usize, diagnosis: &Diagnosis) {
    let of = analysis.diagnoses.len();
    let suspected = if diagnosis.incident.is_suspected() {
        " (suspected: only the server's logs show it)"
    } else {
        ""
    };
    page.heading(BOLD, &format!("INCIDENT {number} of {of}{suspected}"));
    match diagnosis.verdict.first() {
        Some(first) => {
            let cause = known(analysis, first.cause);
            let title = cause.map_or(first.cause.as_str(), |cause| &cause.title);
            page.title(BAD, &format!("CAUSE ({}): {title}", percent(first.probability)));
            page.dim(&format!("  {}", first.cause));
            if let Some(cause) = cause {
                page.text_at(2, first_sentences(&cause.mechanism));
            }
        }
        None => {
            page.title(WARN, "CAUSE: not to be told from what was collected");
            page.text_at(2, UNTOLD);
        }
    }
    if let Some(first) = to_begin_with(analysis, diagnosis) {
        page.field(first.0, &first.1);
    }
    if let Some(text) = changed_in_short(analysis, diagnosis) {
        page.field("what changed", &text);
    }
}

fn facts(page: &mut Page, analysis: &Analysis<'_>, incident: &Incident) {
    page.field("when", &when(incident, to_second));
    page.field("server", analysis.host_name(incident.server.as_ref()).unwrap_or("not told"));
    page.field("client", &client(analysis, incident));
    if let Some(code) = incident.code {
        page.field("shown", &format!("{code}: {}", code.meaning()));
    }
    page.field("reached", &trail(incident));
    ladder(page, incident);
    let good = |time: Option<chrono::DateTime<chrono::Utc>>| {
        time.map_or_else(|| "no such connection in the logs".to_owned(), to_second)
    };
    page.field("worked before", &good(incident.last_good));
    if incident.first_good_after.is_some() {
        page.field("works again", &good(incident.first_good_after));
    }
    if !incident.others_in.is_empty() {
        let others: Vec<_> = incident.others_in.iter().map(|peer| visible(peer)).collect();
        page.field("meanwhile", &format!("{} got in on the same server", others.join(", ")));
    }
}

/// The stages of a connection, with those that were passed and those it may have died in.
fn ladder(page: &mut Page, incident: &Incident) {
    let Some(first) = incident.stages.iter().min().copied() else { return };
    let rungs: Vec<_> = Stage::ALL
        .iter()
        .map(|stage| {
            if incident.stages.contains(stage) {
                (BAD, "--", stage.as_str(), "X")
            } else if *stage < first {
                (GOOD, "--", stage.as_str(), "ok")
            } else {
                (DIM, "  ", stage.as_str(), "")
            }
        })
        .collect();
    page.row(2, &rungs);
    // Of many, the words would say nothing.
    if incident.stages.len() <= EXPLAINED {
        let about = incident.stages.iter().map(|stage| format!("{stage}: {}", stage.about()));
        page.dim_at(2, &about.collect::<Vec<_>>().join("; "));
    }
}

/// What shows it, what to do, what is missing, and why it is nothing else.
fn proof(page: &mut Page, analysis: &Analysis<'_>, diagnosis: &Diagnosis) {
    match &diagnosis.verdict {
        Verdict::Ranked(suspects) => {
            let Some((first, others)) = suspects.split_first() else { return };
            grounds(page, analysis, first);
            reasons::chain(page, diagnosis);
            changed(page, analysis, diagnosis);
            fix(page, analysis, first.cause);
            missing(page, diagnosis, "WOULD MAKE IT SURER");
            reasons::others(page, analysis, diagnosis, others);
        }
        Verdict::InsufficientEvidence { suspects, .. } => {
            missing(page, diagnosis, "WHAT TO COLLECT");
            reasons::others(page, analysis, diagnosis, suspects);
            changed(page, analysis, diagnosis);
            never(page, analysis, CauseId::InsufficientEvidence);
        }
    }
}

fn grounds(page: &mut Page, analysis: &Analysis<'_>, suspect: &Suspect) {
    page.line("");
    page.subheading("What shows it");
    suspect.grounds.iter().take(EVIDENCE).for_each(|ground| evidence(page, analysis, ground));
    if suspect.grounds.len() > EVIDENCE {
        page.dim(&format!("    and {} more in the JSON result", suspect.grounds.len() - EVIDENCE));
    }
    if !suspect.against.is_empty() {
        page.subheading("What speaks against it");
        suspect.against.iter().take(EVIDENCE).for_each(|ground| evidence(page, analysis, ground));
    }
}

fn evidence(page: &mut Page, analysis: &Analysis<'_>, ground: &Ground) {
    let style = if ground.weight_db > 0.0 { GOOD } else { WARN };
    let entry = ground.entry.and_then(|id| analysis.timeline.get(id).map(|entry| (id, entry)));
    page.bullet(style, ground.grade.as_str(), &glance(&ground.text));
    if let Some((id, entry)) = entry {
        page.dim_at(4, &place(analysis, id, entry));
    }
}

fn changed(page: &mut Page, analysis: &Analysis<'_>, diagnosis: &Diagnosis) {
    page.subheading("What changed before it");
    if diagnosis.changes.is_empty() {
        page.text_at(2, "Nothing that was collected tells of a change.");
        return;
    }
    let trigger = diagnosis.trigger.as_ref();
    let is_first =
        |change: &&Change| trigger.is_some_and(|trigger| trigger.change.entry == change.entry);
    let (first, others): (Vec<_>, Vec<_>) = diagnosis.changes.iter().partition(is_first);
    for change in first.into_iter().chain(others).take(CHANGES) {
        let Some(entry) = analysis.timeline.get(change.entry) else { continue };
        let is_trigger = trigger.is_some_and(|trigger| trigger.change.entry == change.entry);
        let label = if is_trigger { "trigger" } else { "context" };
        page.bullet(if is_trigger { BAD } else { DIM }, label, &glance(&entry.summary));
        page.dim_at(4, &place(analysis, change.entry, entry));
        if let Some(trigger) = trigger.filter(|_| is_trigger) {
            page.text_at(4, &format!("{}: {}", trigger.change.kind, trigger.why));
        }
    }
    rest(page, &diagnosis.changes);
}

fn rest(page: &mut Page, changes: &[Change]) {
    if changes.len() > CHANGES {
        page.dim(&format!("    and {} more in the timeline", changes.len() - CHANGES));
    }
    if changes.iter().any(|change| change.links.is_empty()) {
        page.dim("  context: it came before, and nothing documented ties it to this failure");
    }
}

fn fix(page: &mut Page, analysis: &Analysis<'_>, id: CauseId) {
    let Some(cause) = known(analysis, id) else { return };
    if !cause.remediation.is_empty() {
        page.heading(BOLD, "WHAT TO DO, least risk first");
    }
    for (number, step) in (1..).zip(&cause.remediation) {
        let style = match step.risk {
            Risk::None | Risk::Low => GOOD,
            Risk::Medium => WARN,
            Risk::High => BAD,
        };
        page.step(number, style, &format!("risk {}", step.risk.as_str()), &step.step);
        if let Some(command) = &step.command {
            page.command(command);
        }
        let costs = [("breaks", &step.breaks), ("undo", &step.undo)];
        let costs = costs
            .iter()
            .filter_map(|(label, text)| Some(format!("{label}: {}", text.as_ref()?.trim())));
        page.dim_at(5, &costs.collect::<Vec<_>>().join("; "));
    }
    never(page, analysis, id);
}

fn never(page: &mut Page, analysis: &Analysis<'_>, id: CauseId) {
    let Some(cause) = known(analysis, id).filter(|cause| !cause.never.is_empty()) else { return };
    page.subheading("What the web advises and you should not do");
    for never in &cause.never {
        page.bullet(BAD, "not", &format!("{}: {}", never.advice, never.why));
    }
}

fn missing(page: &mut Page, diagnosis: &Diagnosis, title: &str) {
    if diagnosis.missing.is_empty() {
        return;
    }
    page.heading(BOLD, title);
    for wanted in &diagnosis.missing {
        let causes: Vec<_> = wanted
            .would_decide
            .iter()
            .filter(|id| **id != CauseId::InsufficientEvidence)
            .map(|id| id.as_str())
            .collect();
        let decides =
            if causes.is_empty() { String::new() } else { format!(" [{}]", causes.join(", ")) };
        page.bullet(BOLD, &wanted.collect, &format!("{}{decides}", wanted.why));
    }
}

fn not_read(page: &mut Page, analysis: &Analysis<'_>) {
    let groups = unread::grouped(analysis);
    let Some(worst) = groups.first() else { return };
    page.heading(if worst.lost.is_some() { WARN } else { DIM }, "WHAT COULD NOT BE READ");
    for group in groups.iter().take(NOTICES) {
        let style = if group.lost.is_some() { WARN } else { DIM };
        let label = group
            .lost
            .as_deref()
            .map_or_else(|| "note".to_owned(), |lost| format!("lost: {}", visible(lost)));
        page.bullet(style, &label, &visible(&group.text()));
    }
    let more = groups.len().saturating_sub(NOTICES);
    if more > 0 {
        page.dim(&format!("    and {more} more in the JSON result"));
    }
}
