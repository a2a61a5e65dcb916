//! The case against one cause, for whoever asks: `analyze --why-not cert-expired`.

use super::evidence::Ground;
use super::incident::Incident;
use super::missing;
use super::rank::{HEAVY_DB, Suspect};
use super::trigger::{Change, Trigger};
use crate::case::Case;
use crate::cause::CauseId;
use crate::signatures::{Database, Grade, Kind};
use crate::timeline::Timeline;

/// What speaks against a cause, what for it, and what would have to be there if it were the one.
#[derive(Debug, Clone)]
pub struct WhyNot {
    /// The cause.
    pub cause: CauseId,
    /// How likely it is, 0 to 1; `None` for a trigger, which is no cause by itself.
    pub probability: Option<f64>,
    /// What speaks for it, weightiest first.
    pub grounds: Vec<Ground>,
    /// What speaks against it, weightiest first.
    pub against: Vec<Ground>,
    /// Logs that reach over the incident and show nothing of it: the item, and what it would show.
    pub absent: Vec<(String, String)>,
    /// Items that were not collected: the item, and what it would show.
    pub unseen: Vec<(String, String)>,
}

/// What is known of an incident.
#[derive(Clone, Copy)]
pub(super) struct Known<'k> {
    pub(super) case: &'k Case,
    pub(super) db: &'k Database,
    pub(super) timeline: &'k Timeline,
    pub(super) incident: &'k Incident,
    pub(super) considered: &'k [Suspect],
    pub(super) changes: &'k [Change],
    pub(super) trigger: Option<&'k Trigger>,
}

/// A change is behind a failure when a documented link ties it to the cause, and never for being near.
fn of_trigger(
    timeline: &Timeline,
    changes: &[Change],
    trigger: Option<&Trigger>,
    kind: CauseId,
) -> WhyNot {
    let ground = |grade: Grade, text: String, entry| Ground {
        signature: "change".to_owned(),
        grade,
        weight_db: if grade.is_against() { -1.0 } else { 1.0 },
        entry,
        text,
    };
    let (mut grounds, mut against) = (Vec::new(), Vec::new());
    for change in changes.iter().filter(|change| change.kind == kind) {
        let what = timeline.get(change.entry).map_or("", |entry| entry.summary.as_str());
        match trigger.filter(|trigger| trigger.change.entry == change.entry) {
            Some(trigger) => {
                let text = format!("it set it off: {what} ({})", trigger.why);
                grounds.push(ground(Grade::Strong, text, Some(change.entry)));
            }
            None => {
                let text = format!(
                    "it came before, and nothing documented ties it to this failure: {what}"
                );
                against.push(ground(Grade::Against, text, Some(change.entry)));
            }
        }
    }
    if grounds.is_empty() && against.is_empty() {
        let text = "no such change is in what was collected for the time before it".to_owned();
        against.push(ground(Grade::Against, text, None));
    }
    WhyNot {
        cause: kind,
        probability: None,
        grounds,
        against,
        absent: Vec::new(),
        unseen: Vec::new(),
    }
}

/// The case against a cause; `considered` are all causes. `None` for what is neither cause nor trigger.
pub(super) fn why_not(
    Known { case, db, timeline, incident, considered, changes, trigger }: Known<'_>,
    cause: CauseId,
) -> Option<WhyNot> {
    let Some(suspect) = considered.iter().find(|suspect| suspect.cause == cause) else {
        return db
            .causes()
            .get(&cause)
            .filter(|known| known.kind == Kind::Trigger)
            .map(|_| of_trigger(timeline, changes, trigger, cause));
    };
    let items = db.causes().get(&cause).map_or(&[][..], |cause| &cause.collect);
    let (there, unseen): (Vec<_>, Vec<_>) =
        items.iter().partition(|item| missing::is_there(case, incident, item));
    let shown = |items: Vec<&crate::signatures::Collect>| {
        items
            .into_iter()
            .map(|item| (format!("{}{}", item.item, missing::side_of(item.side)), item.why.clone()))
            .collect()
    };
    let is_shown = suspect.grounds.iter().any(|ground| ground.weight_db >= HEAVY_DB);
    Some(WhyNot {
        cause,
        probability: Some(suspect.probability),
        grounds: suspect.grounds.clone(),
        against: suspect.against.clone(),
        absent: if is_shown { Vec::new() } else { shown(there) },
        unseen: shown(unseen),
    })
}
