//! From attempts and findings to an answer per incident: which cause, how sure, what shows it, what changed.
//!
//! The model, in the order it runs: [`failure`] says what failed, [`incident`] groups failures, [`evidence`] weighs
//! findings for each, [`rank`] turns weights into probabilities or abstains, [`trigger`] names what changed, [`missing`]
//! what would decide, [`reasons`] and [`why_not`] why it is this cause and no other.

mod addresses;
mod answers;
mod background;
mod builds;
pub mod clock;
mod downtime;
pub mod evidence;
pub mod failure;
mod firewall_scope;
pub mod floods;
pub mod incident;
mod lines;
mod members;
pub mod missing;
mod model;
mod owners;
mod pairing;
mod peer_certificate;
mod policies;
mod protocols;
pub mod rank;
pub mod reasons;
mod rule_changes;
mod silence;
mod storm;
mod suites;
mod trace;
mod traces;
pub mod trigger;
pub mod weights;
pub mod why_not;
mod words;

use crate::case::Case;
use crate::cause::CauseId;
use crate::signatures::Database;
use crate::timeline::{Entry, EntryId, Timeline};

use clock::Offsets;
pub use evidence::{Ground, Weighed};
pub use incident::Incident;
pub use missing::Wanted;
pub(crate) use model::STAGE_FITS;
pub use rank::{Suspect, Verdict};
pub use reasons::Reasons;
pub use trigger::{Change, Trigger};
pub use weights::Weights;
pub use why_not::WhyNot;

/// The answer for one incident.
#[derive(Debug)]
pub struct Diagnosis {
    /// What failed.
    pub incident: Incident,
    /// Why, as far as it can be told.
    pub verdict: Verdict,
    /// What changed to make it so.
    pub trigger: Option<Trigger>,
    /// Everything that changed before it, nearest first.
    pub changes: Vec<Change>,
    /// What to collect, most telling first.
    pub missing: Vec<Wanted>,
    /// Why this cause and no other.
    pub reasons: Reasons,
    /// The case against each cause that was asked about.
    pub why_not: Vec<WhyNot>,
}

/// The timeline and an answer for each incident, with the case against the causes in `asked`.
#[must_use]
pub fn diagnose(
    case: &Case,
    db: &Database,
    offsets: &Offsets,
    weights: &Weights,
    asked: &[CauseId],
) -> (Timeline, Vec<Diagnosis>) {
    let failures = failure::failures(case, offsets);
    let incidents = incident::incidents(case, db, offsets, &failures);
    let mut timeline = Timeline::new(case, db, lines::entries(case, &incidents));
    let diagnoses = incidents
        .into_iter()
        .enumerate()
        .map(|(number, incident)| {
            let changes = trigger::changes(case, db, &timeline, &incident);
            let weighed =
                evidence::weigh(case, db, &timeline, &incident, &changes, offsets, weights);
            let (verdict, considered) = rank::rank(db, weights, weighed);
            let trigger = trigger::trigger(case, db, &timeline, (&incident, &verdict), &changes);
            let missing = missing::missing(case, db, &incident, &verdict);
            let reasons = reasons::reasons(
                case,
                &timeline,
                &incident,
                &verdict,
                &considered,
                trigger.as_ref(),
            );
            let known = why_not::Known {
                case,
                db,
                timeline: &timeline,
                incident: &incident,
                considered: &considered,
                changes: &changes,
                trigger: trigger.as_ref(),
            };
            let against = |cause: &CauseId| why_not::why_not(known, *cause);
            let why_not = asked.iter().filter_map(against).collect();
            tie(&mut timeline, number, &incident, &verdict, &changes);
            Diagnosis { incident, verdict, trigger, changes, missing, reasons, why_not }
        })
        .collect();
    (timeline, diagnoses)
}

fn tie(
    timeline: &mut Timeline,
    number: usize,
    incident: &Incident,
    verdict: &Verdict,
    changes: &[Change],
) {
    let own = |entry: &Entry| entry.signature.is_none() && incident.origins.contains(&entry.origin);
    let evidence = verdict
        .suspects()
        .iter()
        .flat_map(|suspect| suspect.grounds.iter().filter_map(|ground| ground.entry));
    let own_lines = timeline.numbered().filter(|(_, entry)| own(entry)).map(|(id, _)| id);
    let lines: Vec<EntryId> =
        own_lines.chain(evidence).chain(changes.iter().map(|change| change.entry)).collect();
    for line in lines {
        timeline.tie(line, number, incident.first);
    }
}
