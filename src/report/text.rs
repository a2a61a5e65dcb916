//! The page for a support engineer: cause, confidence, what proves it, what changed, the safe fix, what is missing, what
//! could not be read. Styled with ANSI sequences, which whoever prints it takes out where they are not wanted.

pub(crate) mod page;
mod reasons;
mod unread;

use std::io::{self, Write};

use self::page::{BAD, BOLD, DIM, GOOD, Page, WARN};
use super::Report;
use super::words::{client, first_sentences, known, percent, place, shown, trail, visible, when};
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
            incident(&mut page, analysis, number, diagnosis);
            verdict(&mut page, analysis, diagnosis);
            reasons::cases_against(&mut page, analysis, diagnosis);
        }
        unread(&mut page, analysis);
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

fn incident(page: &mut Page, analysis: &Analysis<'_>, number: usize, diagnosis: &Diagnosis) {
    let incident = &diagnosis.incident;
    let of = analysis.diagnoses.len();
    let suspected =
        if incident.is_suspected() { " (suspected: only the server's logs show it)" } else { "" };
    page.heading(BOLD, &format!("INCIDENT {number} of {of}{suspected}"));
    page.field("when", &when(incident, shown));
    page.field("server", analysis.host_name(incident.server.as_ref()).unwrap_or("not told"));
    page.field("client", &client(analysis, incident));
    if let Some(code) = incident.code {
        page.field("shown", &format!("{code}: {}", code.meaning()));
    }
    page.field("reached", &trail(incident));
    ladder(page, incident);
    let good = |time: Option<chrono::DateTime<chrono::Utc>>| {
        time.map_or_else(|| "no such connection in the logs".to_owned(), shown)
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
}

fn verdict(page: &mut Page, analysis: &Analysis<'_>, diagnosis: &Diagnosis) {
    match &diagnosis.verdict {
        Verdict::Ranked(suspects) => {
            let Some((first, others)) = suspects.split_first() else { return };
            named(page, analysis, first);
            reasons::chain(page, diagnosis);
            less_likely(page, analysis, "Other suspects", others);
            reasons::others(page, diagnosis);
            changed(page, analysis, diagnosis);
            fix(page, analysis, first.cause);
            missing(page, diagnosis, "WOULD MAKE IT SURER");
        }
        Verdict::InsufficientEvidence { suspects, .. } => {
            page.heading(WARN, "CAUSE: not to be told from what was collected");
            page.text_at(2, "What is there fits several causes, or is noise that healthy machines write as well.");
            less_likely(page, analysis, "What it could be", suspects);
            reasons::others(page, diagnosis);
            changed(page, analysis, diagnosis);
            missing(page, diagnosis, "WHAT TO COLLECT");
            never(page, analysis, CauseId::InsufficientEvidence);
        }
    }
}

fn named(page: &mut Page, analysis: &Analysis<'_>, suspect: &Suspect) {
    let cause = known(analysis, suspect.cause);
    let title = cause.map_or(suspect.cause.as_str(), |cause| &cause.title);
    page.heading(BAD, &format!("CAUSE ({}): {title}", percent(suspect.probability)));
    page.dim(&format!("  {}", suspect.cause));
    if let Some(cause) = cause {
        page.text_at(2, first_sentences(&cause.mechanism));
    }
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
    page.bullet(style, ground.grade.as_str(), &visible(&ground.text));
    if let Some((id, entry)) = entry {
        page.dim_at(4, &place(analysis, id, entry));
    }
}

fn less_likely(page: &mut Page, analysis: &Analysis<'_>, heading: &str, suspects: &[Suspect]) {
    let worth: Vec<_> =
        suspects.iter().filter(|suspect| suspect.probability >= 0.01).take(3).collect();
    if worth.is_empty() {
        return;
    }
    page.subheading(heading);
    for suspect in worth {
        let title = known(analysis, suspect.cause).map_or("", |cause| &cause.title);
        page.bullet(DIM, &percent(suspect.probability), &format!("{} ({title})", suspect.cause));
        let why = suspect.against.first().or_else(|| suspect.grounds.first());
        if let Some(ground) = why {
            page.dim_at(4, &format!("{}: {}", ground.grade.as_str(), visible(&ground.text)));
        }
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
        page.bullet(if is_trigger { BAD } else { DIM }, label, &visible(&entry.summary));
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
        for (label, text) in
            [("$", &step.command), ("breaks:", &step.breaks), ("undo:", &step.undo)]
        {
            if let Some(text) = text {
                page.detail(label, text);
            }
        }
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

fn unread(page: &mut Page, analysis: &Analysis<'_>) {
    let groups = unread::grouped(analysis);
    let Some(worst) = groups.first() else { return };
    page.heading(if worst.lost.is_some() { WARN } else { DIM }, "WHAT COULD NOT BE READ");
    for group in groups.iter().take(NOTICES) {
        let style = if group.lost.is_some() { WARN } else { DIM };
        let label = group
            .lost
            .as_deref()
            .map_or_else(|| "nothing lost".to_owned(), |lost| format!("lost: {}", visible(lost)));
        page.bullet(style, &label, &visible(&group.text));
    }
    let more = groups.len().saturating_sub(NOTICES);
    if more > 0 {
        page.dim(&format!("    and {more} more in the JSON result"));
    }
}
