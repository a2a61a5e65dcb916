//! What the page says about one incident, ready to be put in its places.

use super::figure;
use super::rows::Rows;
use crate::analysis::{Analysis, number_of};
use crate::cause::{CauseId, Stage};
use crate::diagnosis::reasons::Fact;
use crate::diagnosis::{Diagnosis, Ground, Incident, Suspect, Verdict, WhyNot};
use crate::report::words::{
    UNTOLD, changed_in_short, client, failures, first_sentences, known, legible_second,
    legible_time, names, percent, short, to_begin_with, visible,
};
use crate::timeline::EntryId;

/// One incident.
pub(super) struct IncidentView {
    pub(super) number: usize,
    pub(super) suspected: bool,
    /// The title of the cause, or that none can be told.
    pub(super) heading: String,
    pub(super) cause_id: &'static str,
    pub(super) probability: Option<String>,
    /// 0 to 100, for the bar.
    pub(super) percent: u32,
    /// How it works, in two sentences, and the rest of them.
    pub(super) mechanism: (String, String),
    /// What to begin with: its label, what it is, and where more of it stands.
    pub(super) begin: Option<Begin>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) ladder: Vec<Rung>,
    pub(super) chain: Vec<Link>,
    pub(super) grounds: Vec<GroundView>,
    pub(super) against: Vec<GroundView>,
    pub(super) changes: Vec<ChangeView>,
    pub(super) steps: Vec<StepView>,
    pub(super) never: Vec<(String, String)>,
    pub(super) missing: Vec<MissingView>,
    pub(super) others: Vec<SuspectView>,
    /// Causes that are out of the question, and why.
    pub(super) excluded: Vec<(String, String)>,
    pub(super) asked: Vec<SuspectView>,

    pub(super) figure: String,
}

/// What to begin with.
pub(super) struct Begin {
    pub(super) label: &'static str,
    pub(super) text: String,
    /// Where all of it stands.
    pub(super) place: &'static str,
    pub(super) more: String,
}

/// One stage of a connection.
pub(super) struct Rung {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// `passed`, `died` or `never`; in words beside it, for a colour says nothing to some.
    pub(super) state: &'static str,
    pub(super) words: &'static str,
}

/// One fact of the causal chain.
pub(super) struct Link {
    pub(super) time: String,
    pub(super) text: String,
    /// Number of its line.
    pub(super) n: Option<usize>,
}

/// Something that speaks for or against a cause.
pub(super) struct GroundView {
    pub(super) grade: &'static str,
    pub(super) weight: String,
    pub(super) text: String,
    pub(super) place: Option<Place>,
}

/// A change before the incident.
pub(super) struct ChangeView {
    pub(super) is_trigger: bool,
    pub(super) text: String,
    pub(super) why: String,
    pub(super) place: Option<Place>,
}

/// Where something stands.
pub(super) struct Place {
    pub(super) n: usize,
    pub(super) time: String,
    pub(super) host: String,
    pub(super) event: String,
    pub(super) source: String,
}

/// A step of the fix.
pub(super) struct StepView {
    pub(super) text: String,
    pub(super) risk: &'static str,
    pub(super) command: Option<String>,
    pub(super) breaks: Option<String>,
    pub(super) undo: Option<String>,
    pub(super) reference: Option<String>,
}

/// Something to collect.
pub(super) struct MissingView {
    pub(super) collect: String,
    pub(super) why: String,
    pub(super) decides: String,
}

/// Another cause in the race.
pub(super) struct SuspectView {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) probability: String,
    /// Why it is less likely than the first.
    pub(super) objection: String,
    pub(super) grounds: Vec<GroundView>,
    pub(super) against: Vec<GroundView>,
}

/// Other suspects that are shown; all are in the JSON.
const OTHERS: usize = 8;

impl IncidentView {
    pub(super) fn new(
        analysis: &Analysis<'_>,
        number: usize,
        diagnosis: &Diagnosis,
        rows: &Rows,
    ) -> Self {
        let incident = &diagnosis.incident;
        let first = diagnosis.verdict.first();
        let id = first.map_or(CauseId::InsufficientEvidence, |suspect| suspect.cause);
        let cause = known(analysis, id);
        let heading = first.map_or_else(
            || "The cause cannot be told from what was collected".to_owned(),
            |_| cause.map_or(id.as_str(), |cause| &cause.title).to_owned(),
        );
        let mechanism = first.and(cause).map_or(UNTOLD, |cause| cause.mechanism.trim());
        let mechanism = mechanism.split_at(first_sentences(mechanism).len());
        let others = match &diagnosis.verdict {
            Verdict::Ranked(suspects) => suspects.get(1..).unwrap_or_default(),
            Verdict::InsufficientEvidence { suspects, .. } => suspects,
        };
        let view = |grounds: &[Ground]| grounds.iter().map(|one| ground(analysis, one)).collect();
        Self {
            number,
            suspected: incident.is_suspected(),
            chain: chain(diagnosis),
            begin: begin(analysis, diagnosis),
            heading,
            cause_id: id.as_str(),
            probability: first.map(|suspect| percent(suspect.probability)),
            percent: first.map_or(0, |suspect| whole_percent(suspect.probability)),
            mechanism: (mechanism.0.to_owned(), mechanism.1.trim().to_owned()),
            facts: facts(analysis, diagnosis),
            ladder: ladder(incident),
            grounds: first.map(|suspect| view(&suspect.grounds)).unwrap_or_default(),
            against: first.map(|suspect| view(&suspect.against)).unwrap_or_default(),
            changes: changes(analysis, diagnosis),
            steps: first.map(|_| steps(analysis, id)).unwrap_or_default(),
            never: never(analysis, id),
            missing: missing(diagnosis),
            others: others
                .iter()
                .map(|suspect| (suspect, objection(diagnosis, suspect)))
                .filter(|(suspect, objection)| {
                    suspect.probability >= 0.005 || !objection.is_empty()
                })
                .take(OTHERS)
                .map(|(suspect, objection)| other(analysis, suspect, objection))
                .collect(),
            excluded: excluded(diagnosis),
            asked: diagnosis.why_not.iter().map(|case| asked(analysis, case)).collect(),
            figure: figure::of_incident(analysis, number - 1, incident, rows),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
fn whole_percent(probability: f64) -> u32 {
    (probability * 100.0).round() as u32
}

fn begin(analysis: &Analysis<'_>, diagnosis: &Diagnosis) -> Option<Begin> {
    let (_, text) = to_begin_with(analysis, diagnosis)?;
    let steps = |suspect: &Suspect| {
        known(analysis, suspect.cause).map_or(0, |cause| cause.remediation.len())
    };
    let (place, all) = match diagnosis.verdict.first() {
        Some(first) => ("todo", steps(first)),
        None => ("collect", diagnosis.missing.len()),
    };
    let (label, things) =
        if place == "todo" { ("Do first", "steps") } else { ("Collect first", "things") };
    let more = if all > 1 { format!("all {all} {things}") } else { "more about it".to_owned() };
    Some(Begin { label, text, place, more })
}

fn facts(analysis: &Analysis<'_>, diagnosis: &Diagnosis) -> Vec<(&'static str, String)> {
    let incident = &diagnosis.incident;
    let good = |time: Option<chrono::DateTime<chrono::Utc>>| {
        time.map_or_else(|| "no such connection in the logs".to_owned(), legible_second)
    };
    let mut facts = match (incident.first, incident.last) {
        (Some(first), Some(last)) if first != last => {
            vec![("First failure", legible_second(first)), ("Last failure", legible_second(last))]
        }
        (Some(first), _) => vec![("When", legible_second(first))],
        _ => vec![("When", "not told".to_owned())],
    };
    facts.extend([
        ("Failures", failures(incident.attempts)),
        ("Server", analysis.host_name(incident.server.as_ref()).map_or("not told".into(), visible)),
        ("Client", client(analysis, incident)),
    ]);
    if !incident.users.is_empty() {
        let users: Vec<_> = incident.users.iter().take(5).map(|user| visible(user)).collect();
        facts.push(("User", users.join(", ")));
    }
    if let Some(code) = incident.code {
        facts.push(("Shown to the user", format!("{code}: {}", code.meaning())));
    }
    facts.push(("Worked before", good(incident.last_good)));
    if incident.first_good_after.is_some() {
        facts.push(("Works again", good(incident.first_good_after)));
    }
    if !incident.others_in.is_empty() {
        let others: Vec<_> = incident.others_in.iter().take(5).map(|peer| visible(peer)).collect();
        facts.push(("Meanwhile", format!("{} got in on the same server", others.join(", "))));
    }
    facts.extend(changed_in_short(analysis, diagnosis).map(|text| ("What changed", text)));
    facts
}

fn ladder(incident: &Incident) -> Vec<Rung> {
    let Some(first) = incident.stages.iter().min().copied() else { return Vec::new() };
    let last = incident.stages.iter().max().copied();
    let rung = |stage: &Stage| {
        let (state, words) = if incident.stages.contains(stage) {
            (
                "died",
                if incident.stages.len() > 1 {
                    "may have broken off here"
                } else {
                    "broke off here"
                },
            )
        } else if *stage < first {
            ("passed", "passed")
        } else if Some(*stage) < last {
            ("never", "not told")
        } else {
            ("never", "not reached")
        };
        Rung { name: stage.as_str(), about: stage.about(), state, words }
    };
    Stage::ALL.iter().map(rung).collect()
}

/// From the last connection that worked over the change and what shows the cause to the failure, in order of time.
fn chain(diagnosis: &Diagnosis) -> Vec<Link> {
    let link = |fact: &Fact| Link {
        time: fact.time.map_or_else(|| "as collected".to_owned(), legible_second),
        text: visible(&fact.text),
        n: fact.entry.map(|entry| entry.0 + 1),
    };
    diagnosis.reasons.chain.iter().map(link).collect()
}

fn excluded(diagnosis: &Diagnosis) -> Vec<(String, String)> {
    let excluded = diagnosis.reasons.excluded.iter();
    excluded.map(|exclusion| (names(&exclusion.causes), visible(&exclusion.text))).collect()
}

fn asked(analysis: &Analysis<'_>, case: &WhyNot) -> SuspectView {
    let view = |grounds: &[Ground]| grounds.iter().map(|one| ground(analysis, one)).collect();
    SuspectView {
        id: case.cause.as_str(),
        title: known(analysis, case.cause).map_or(String::new(), |cause| cause.title.clone()),
        probability: case.probability.map_or_else(|| "trigger".to_owned(), percent),
        objection: String::new(),
        grounds: view(&case.grounds),
        against: view(&case.against),
    }
}

fn ground(analysis: &Analysis<'_>, ground: &Ground) -> GroundView {
    GroundView {
        grade: ground.grade.as_str(),
        weight: format!("{:+.0} dB", ground.weight_db),
        text: visible(&ground.text),
        place: ground.entry.and_then(|id| place(analysis, id)),
    }
}

fn place(analysis: &Analysis<'_>, id: EntryId) -> Option<Place> {
    let entry = analysis.timeline.get(id)?;
    let provider = short(&entry.provider);
    let event =
        entry.event_id.map_or_else(|| provider.to_owned(), |event| format!("{provider} {event}"));
    let times = if entry.count > 1 { format!(" × {}", entry.count) } else { String::new() };
    let at = number_of(entry.origin.position)
        .map(|_| format!(", {}", entry.origin.position))
        .unwrap_or_default();
    Some(Place {
        n: id.0 + 1,
        time: entry
            .time
            .map_or_else(|| "undated".to_owned(), |time| legible_time(time, entry.quality)),
        host: visible(&entry.host),
        event: visible(&event) + &times,
        source: format!("{}{at}", visible(analysis.path(entry.origin.source))),
    })
}

fn changes(analysis: &Analysis<'_>, diagnosis: &Diagnosis) -> Vec<ChangeView> {
    let trigger = diagnosis.trigger.as_ref();
    let mut changes: Vec<_> = diagnosis
        .changes
        .iter()
        .filter_map(|change| {
            let entry = analysis.timeline.get(change.entry)?;
            let why = trigger.filter(|trigger| trigger.change.entry == change.entry);
            Some(ChangeView {
                is_trigger: why.is_some(),
                text: visible(&entry.summary),
                why: why
                    .map(|trigger| format!("{}: {}", trigger.change.kind, trigger.why))
                    .unwrap_or_default(),
                place: place(analysis, change.entry),
            })
        })
        .collect();
    changes.sort_by_key(|change| !change.is_trigger);
    changes
}

fn steps(analysis: &Analysis<'_>, id: CauseId) -> Vec<StepView> {
    let remediation = known(analysis, id).map_or(&[][..], |cause| &cause.remediation);
    let step = |step: &crate::signatures::Remediation| StepView {
        text: step.step.trim().to_owned(),
        risk: step.risk.as_str(),
        command: step.command.as_ref().map(|command| command.trim_end().to_owned()),
        breaks: step.breaks.clone(),
        undo: step.undo.clone(),
        reference: step.reference.clone(),
    };
    remediation.iter().map(step).collect()
}

fn never(analysis: &Analysis<'_>, id: CauseId) -> Vec<(String, String)> {
    let never = known(analysis, id).map_or(&[][..], |cause| &cause.never);
    never.iter().map(|never| (never.advice.clone(), never.why.clone())).collect()
}

fn missing(diagnosis: &Diagnosis) -> Vec<MissingView> {
    let view = |wanted: &crate::diagnosis::Wanted| {
        let causes = wanted.would_decide.iter();
        let decides: Vec<_> = causes
            .filter(|id| **id != CauseId::InsufficientEvidence)
            .map(|id| id.as_str())
            .collect();
        MissingView {
            collect: wanted.collect.clone(),
            why: wanted.why.clone(),
            decides: decides.join(", "),
        }
    };
    diagnosis.missing.iter().map(view).collect()
}

fn objection(diagnosis: &Diagnosis, suspect: &Suspect) -> String {
    let known = diagnosis.reasons.less_likely.iter();
    let mut own = known.filter(|objection| objection.cause == suspect.cause);
    own.next().map_or_else(String::new, |objection| visible(&objection.text))
}

fn other(analysis: &Analysis<'_>, suspect: &Suspect, objection: String) -> SuspectView {
    let view = |grounds: &[Ground]| grounds.iter().map(|one| ground(analysis, one)).collect();
    SuspectView {
        id: suspect.cause.as_str(),
        title: known(analysis, suspect.cause).map(|cause| cause.title.clone()).unwrap_or_default(),
        probability: percent(suspect.probability),
        objection,
        grounds: view(&suspect.grounds),
        against: view(&suspect.against),
    }
}
