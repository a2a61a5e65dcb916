//! What the page says about one incident, ready to be put in its places.

use super::figure;
use super::rows::Rows;
use crate::analysis::{Analysis, number_of};
use crate::cause::{CauseId, Stage};
use crate::diagnosis::{Diagnosis, Ground, Incident, Suspect, Verdict, WhyNot};
use crate::report::words::{
    client, failures, known, legible, legible_time, names, percent, short, visible,
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
    pub(super) mechanism: String,
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
    pub(super) no_other: Vec<Objections>,
    pub(super) asked: Vec<SuspectView>,

    pub(super) figure: String,
}

/// One stage of a connection.
pub(super) struct Rung {
    pub(super) name: &'static str,
    /// `passed`, `died` or `never`; in words beside it, for a colour says nothing to some.
    pub(super) state: &'static str,
    pub(super) words: &'static str,
}

/// One link of the causal chain.
pub(super) struct Link {
    pub(super) label: &'static str,
    pub(super) text: String,
    pub(super) place: Option<Place>,
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
    pub(super) grounds: Vec<GroundView>,
    pub(super) against: Vec<GroundView>,
}

/// Why no other cause: what makes the next ones less likely, what excludes the rest.
pub(super) struct Objections {
    pub(super) heading: &'static str,
    /// Causes, and why not.
    pub(super) rows: Vec<(String, String)>,
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
        let mechanism = match first {
            Some(_) => cause.map(|cause| cause.mechanism.trim().to_owned()).unwrap_or_default(),
            None => "What is there fits several causes, or is noise that healthy machines write as well.".to_owned(),
        };
        let others = match &diagnosis.verdict {
            Verdict::Ranked(suspects) => suspects.get(1..).unwrap_or_default(),
            Verdict::InsufficientEvidence { suspects, .. } => suspects,
        };
        let view = |grounds: &[Ground]| grounds.iter().map(|one| ground(analysis, one)).collect();
        Self {
            number,
            suspected: incident.is_suspected(),
            chain: chain(analysis, diagnosis, &heading),
            heading,
            cause_id: id.as_str(),
            probability: first.map(|suspect| percent(suspect.probability)),
            percent: first.map_or(0, |suspect| whole_percent(suspect.probability)),
            mechanism,
            facts: facts(analysis, incident),
            ladder: ladder(incident),
            grounds: first.map(|suspect| view(&suspect.grounds)).unwrap_or_default(),
            against: first.map(|suspect| view(&suspect.against)).unwrap_or_default(),
            changes: changes(analysis, diagnosis),
            steps: first.map(|_| steps(analysis, id)).unwrap_or_default(),
            never: never(analysis, id),
            missing: missing(diagnosis),
            others: others
                .iter()
                .filter(|suspect| suspect.probability >= 0.005)
                .take(OTHERS)
                .map(|suspect| other(analysis, suspect))
                .collect(),
            no_other: no_other(diagnosis),
            asked: diagnosis.why_not.iter().map(|case| asked(analysis, case)).collect(),
            figure: figure::of_incident(analysis, number - 1, incident, rows),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
fn whole_percent(probability: f64) -> u32 {
    (probability * 100.0).round() as u32
}

fn facts(analysis: &Analysis<'_>, incident: &Incident) -> Vec<(&'static str, String)> {
    let good = |time: Option<chrono::DateTime<chrono::Utc>>| {
        time.map_or_else(|| "no such connection in the logs".to_owned(), legible)
    };
    let mut facts = match (incident.first, incident.last) {
        (Some(first), Some(last)) if first != last => {
            vec![("First failure", legible(first)), ("Last failure", legible(last))]
        }
        (Some(first), _) => vec![("When", legible(first))],
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
    facts
}

fn ladder(incident: &Incident) -> Vec<Rung> {
    let Some(first) = incident.stages.iter().min().copied() else { return Vec::new() };
    let last = incident.stages.iter().max().copied();
    let rung = |stage: &Stage| {
        let (state, words) = if incident.stages.contains(stage) {
            ("died", if incident.stages.len() > 1 { "may have died here" } else { "died here" })
        } else if *stage < first {
            ("passed", "passed")
        } else if Some(*stage) < last {
            ("never", "not told")
        } else {
            ("never", "not reached")
        };
        Rung { name: stage.as_str(), state, words }
    };
    Stage::ALL.iter().map(rung).collect()
}

/// What changed, what that broke, where connections died of it, what the user saw.
fn chain(analysis: &Analysis<'_>, diagnosis: &Diagnosis, heading: &str) -> Vec<Link> {
    let incident = &diagnosis.incident;
    let mut chain = Vec::new();
    if let Some(trigger) = &diagnosis.trigger {
        let text = analysis
            .timeline
            .get(trigger.change.entry)
            .map(|entry| visible(&entry.summary))
            .unwrap_or_default();
        let place = place(analysis, trigger.change.entry);
        chain.push(Link { label: "What changed", text, place });
    }
    if let Some(first) = diagnosis.verdict.first() {
        let strongest = first.grounds.first().and_then(|ground| ground.entry);
        let place = strongest.and_then(|id| place(analysis, id));
        chain.push(Link { label: "What it broke", text: heading.to_owned(), place });
    }
    if !incident.stages.is_empty() {
        let text = crate::report::words::trail(incident);
        chain.push(Link { label: "How far connections got", text, place: None });
    }
    if let Some(code) = incident.code {
        let text = format!("{code}: {}", code.meaning());
        chain.push(Link { label: "What the user saw", text, place: None });
    }
    chain
}

fn no_other(diagnosis: &Diagnosis) -> Vec<Objections> {
    let reasons = &diagnosis.reasons;
    let next = reasons.less_likely.iter();
    let next = next.map(|objection| (objection.cause.to_string(), visible(&objection.text)));
    let excluded = reasons.excluded.iter();
    let excluded = excluded.map(|exclusion| (names(&exclusion.causes), visible(&exclusion.text)));
    let lists = [
        Objections { heading: "Less likely", rows: next.collect() },
        Objections { heading: "Out of the question", rows: excluded.collect() },
    ];
    lists.into_iter().filter(|list| !list.rows.is_empty()).collect()
}

fn asked(analysis: &Analysis<'_>, case: &WhyNot) -> SuspectView {
    let view = |grounds: &[Ground]| grounds.iter().map(|one| ground(analysis, one)).collect();
    SuspectView {
        id: case.cause.as_str(),
        title: known(analysis, case.cause).map_or(String::new(), |cause| cause.title.clone()),
        probability: case.probability.map_or_else(|| "trigger".to_owned(), percent),
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

fn other(analysis: &Analysis<'_>, suspect: &Suspect) -> SuspectView {
    let view = |grounds: &[Ground]| grounds.iter().map(|one| ground(analysis, one)).collect();
    SuspectView {
        id: suspect.cause.as_str(),
        title: known(analysis, suspect.cause).map(|cause| cause.title.clone()).unwrap_or_default(),
        probability: percent(suspect.probability),
        grounds: view(&suspect.grounds),
        against: view(&suspect.against),
    }
}
