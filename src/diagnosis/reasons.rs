//! Why this cause and no other: the named cause as a chain of dated facts, what makes the next ones less likely, and what
//! excludes the rest.

use chrono::{DateTime, Utc};

use super::evidence::Ground;
use super::incident::Incident;
use super::model::{STAGE_EXCLUDES, STAGE_FITS};
use super::rank::{HEAVY_DB, Suspect, Verdict};
use super::trigger::Trigger;
use crate::case::Case;
use crate::cause::CauseId;
use crate::signatures::Grade;
use crate::timeline::{EntryId, Timeline};

/// Why this cause and no other.
#[derive(Debug, Clone, Default)]
pub struct Reasons {
    /// From the last connection that worked over the trigger and what shows the cause to the failure, in order of time;
    /// empty when no cause is named.
    pub chain: Vec<Fact>,
    /// For the next two causes, why they are less likely.
    pub less_likely: Vec<Objection>,
    /// What is excluded, and by what.
    pub excluded: Vec<Exclusion>,
}

/// A dated fact.
#[derive(Debug, Clone)]
pub struct Fact {
    /// When; `None` for a state that was found.
    pub time: Option<DateTime<Utc>>,
    /// In words.
    pub text: String,
    /// The timeline line that shows it.
    pub entry: Option<EntryId>,
}

/// Why a cause is less likely than the one that is named.
#[derive(Debug, Clone)]
pub struct Objection {
    /// The cause.
    pub cause: CauseId,
    /// In words.
    pub text: String,
}

/// Causes that one fact excludes.
#[derive(Debug, Clone)]
pub struct Exclusion {
    /// The causes.
    pub causes: Vec<CauseId>,
    /// The fact, in words.
    pub text: String,
    /// The timeline line that shows it.
    pub entry: Option<EntryId>,
}

/// Facts about the cause itself that a chain has room for.
const SHOWN: usize = 3;

/// Suspects that are objected to.
const NEXT: usize = 2;

/// Puts the reasons together. `considered` are all causes, by probability.
pub(super) fn reasons(
    case: &Case,
    timeline: &Timeline,
    incident: &Incident,
    verdict: &Verdict,
    considered: &[Suspect],
    trigger: Option<&Trigger>,
) -> Reasons {
    let first = verdict.first();
    let rest =
        considered.iter().filter(|suspect| first.is_some_and(|first| first.cause != suspect.cause));
    Reasons {
        chain: first
            .map(|first| chain(case, timeline, incident, first, trigger))
            .unwrap_or_default(),
        less_likely: rest
            .filter(|suspect| excluding(suspect).is_none())
            .take(NEXT)
            .map(|suspect| Objection { cause: suspect.cause, text: objection(suspect, first) })
            .collect(),
        excluded: exclusions(incident, considered),
    }
}

fn chain(
    case: &Case,
    timeline: &Timeline,
    incident: &Incident,
    first: &Suspect,
    trigger: Option<&Trigger>,
) -> Vec<Fact> {
    let fact = |time, text: &str, entry| Fact { time, text: text.to_owned(), entry };
    let mut chain = Vec::new();
    if let Some(time) = incident.last_good {
        chain.push(fact(Some(time), "the last connection before it that worked", None));
    }
    if let Some(time) = restart(case, incident) {
        chain.push(fact(
            Some(time),
            "the server starts: what was changed before acts from here on",
            None,
        ));
    }
    let entry = trigger.map(|trigger| trigger.change.entry);
    if let Some((trigger, line)) = trigger.zip(entry.and_then(|entry| timeline.get(entry))) {
        chain.push(fact(trigger.change.time, &format!("trigger: {}", short(&line.summary)), entry));
    }
    let shown = first.grounds.iter().filter(|ground| ground.weight_db >= HEAVY_DB);
    let shown = shown.filter(|ground| ground.entry.is_some() && ground.entry != entry).take(SHOWN);
    chain.extend(shown.map(|ground| {
        let time = ground.entry.and_then(|entry| timeline.get(entry)).and_then(|entry| entry.time);
        fact(time, &ground.text, ground.entry)
    }));
    let failed = match incident.code {
        Some(code) => format!("the connection fails: {code}, {}", code.meaning()),
        None => "the connection fails".to_owned(),
    };
    if incident.first.is_some() {
        chain.push(fact(incident.first, &failed, None));
    }
    if let Some(time) = incident.first_good_after {
        chain.push(fact(Some(time), "the first connection after it that works", None));
    }
    // What is a state and has no time of its own stands first.
    chain.sort_by_key(|fact| fact.time);
    chain
}

/// The last start of the server between the connection that worked and the first that failed.
fn restart(case: &Case, incident: &Incident) -> Option<DateTime<Utc>> {
    let (good, first) = incident.last_good.zip(incident.first)?;
    let boots = &case.host(incident.server.as_ref())?.boots;
    boots.iter().copied().filter(|boot| (good..=first).contains(boot)).max()
}

/// A script may be pages long.
fn short(text: &str) -> String {
    const LETTERS: usize = 160;
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{} …", text.get(..end).unwrap_or(text).trim_end()),
        None => text.to_owned(),
    }
}

/// What excludes a cause, if something does.
fn excluding(suspect: &Suspect) -> Option<&Ground> {
    suspect.against.iter().find(|ground| ground.grade == Grade::RulesOut)
}

fn objection(suspect: &Suspect, first: Option<&Suspect>) -> String {
    if let Some(against) = suspect.against.first() {
        return against.text.clone();
    }
    let Some(best) = suspect.grounds.first() else {
        return "nothing that was collected speaks for it".to_owned();
    };
    if best.signature == STAGE_FITS {
        return "nothing speaks for it but the stage at which the connection broke off".to_owned();
    }
    if best.weight_db < HEAVY_DB {
        return format!("only this speaks for it, which is weak: {}", best.text);
    }
    let shared = |first: &Suspect| {
        let same = |ground: &&Ground| ground.signature == best.signature;
        first.grounds.iter().find(same).is_some_and(|ground| ground.weight_db > best.weight_db)
    };
    if first.is_some_and(shared) {
        return format!("the same fact speaks for it, but less: {}", best.text);
    }
    format!("less speaks for it than for the first: {}", best.text)
}

/// Causes by the fact that excludes them. The stage is one fact, wherever else they act.
fn exclusions(incident: &Incident, considered: &[Suspect]) -> Vec<Exclusion> {
    let stages: Vec<_> = incident.stages.iter().map(|stage| stage.as_str()).collect();
    let other_stage = format!(
        "they act at other stages than the connection broke off at ({})",
        stages.join(", ")
    );
    let mut exclusions: Vec<Exclusion> = Vec::new();
    for suspect in considered {
        let Some(ground) = excluding(suspect) else { continue };
        let text = if ground.signature == STAGE_EXCLUDES { &other_stage } else { &ground.text };
        match exclusions.iter_mut().find(|known| known.text == *text) {
            Some(known) => known.causes.push(suspect.cause),
            None => exclusions.push(Exclusion {
                causes: vec![suspect.cause],
                text: text.clone(),
                entry: ground.entry,
            }),
        }
    }
    for exclusion in &mut exclusions {
        exclusion.causes.sort();
    }
    exclusions.sort_by(|a, b| a.causes.cmp(&b.causes));
    exclusions
}
