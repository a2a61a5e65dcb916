//! What follows a change: tickets with an incident within some days after it, against those without.
//!
//! For every change and every cause, and for any incident at all, the tickets make a table of two by two. Its odds ratio,
//! interval and Fisher's p come first, corrected for all tables by Holm's method: whoever takes an update back for
//! nothing pays, so the chance of a single false accusation is what is to stay below [`SIGNIFICANT`], and that needs no
//! assumption about how updates hang together.
//!
//! An update is seldom installed alone, and weeks differ for other reasons. So each change that is significant is looked
//! at again among tickets of the same week; and each but the foremost of its cause, among those that are alike in having
//! had the foremost or not ([`Within`]). It `stands` when it is significant there as well, and its tickets are of at least
//! [`WITNESSES`] computers.

mod tally;

use std::collections::BTreeSet;

use serde::Serialize;

use super::settings::Settings;
use super::store::Tickets;
use super::table::{Ratio, Table, four_digits, holm};
use super::{Subject, exact};
use crate::cause::CauseId;
use crate::signatures::Database;
use tally::{Incident, Tally};

/// A corrected p below this is significant.
pub const SIGNIFICANT: f64 = 0.05;
/// Below this, in any margin of its table, nothing is said about a change.
pub const RARE: u64 = 5;
/// From fewer computers than this, tickets are too few witnesses for anything to stand.
pub const WITNESSES: usize = 3;
/// So many of the significant ones are weighed against each other for who is foremost.
const CANDIDATES: usize = 8;

/// What was looked at, and what was found.
#[derive(Debug, Default, Serialize)]
pub struct Lifts {
    /// Tickets that were compared.
    pub tickets: u64,
    /// Tickets that were not: their logs begin within the days that count, and nothing lists updates.
    pub short: u64,
    /// Tickets that count for any incident and for no cause: the verdict is that evidence is insufficient.
    pub abstained: u64,
    /// How many tables were tested; p is corrected for these.
    pub tested: usize,
    /// How many were not, because a margin was below [`RARE`].
    pub too_rare: usize,
    /// How many changes there are.
    pub changes: usize,
    /// Those that were tested: what stands first, then by p.
    pub found: Vec<Lift>,
}

/// A change and what follows it.
#[derive(Debug, Clone, Serialize)]
pub struct Lift {
    /// The cause of the incidents; `null` for any incident.
    pub cause: Option<String>,
    /// The change.
    pub change: Subject,
    /// Tickets.
    pub table: Table,
    /// Tickets that have it and do not say since when; they are in no cell.
    pub undated: u64,
    /// Computers of the tickets with both, counted when it is significant: many tickets of one are not many witnesses.
    pub computers: Option<usize>,
    /// How many times the odds of the incident.
    pub odds_ratio: Ratio,
    /// Whether half a ticket was added to each cell because one is empty (Haldane, Anscombe).
    pub corrected_for_zero: bool,
    /// Fisher's exact test, two-sided.
    #[serde(serialize_with = "four_digits")]
    pub p: f64,
    /// The same, corrected for the number of tables.
    #[serde(serialize_with = "four_digits")]
    pub p_corrected: f64,
    /// The second look; `null` when the first found nothing, or when there is nothing to compare.
    pub within: Option<Within>,
    /// Whether both looks find that the incident follows it more often than chance has it.
    pub stands: bool,
    /// The foremost change of the cause, when this one comes together with it.
    pub beside: Option<Beside>,
    /// What is documented of it.
    pub known: Vec<Known>,
    /// Whether verdicts themselves rest on it: then the association is partly made by rdpwhy.
    pub in_verdict: bool,
}

/// Compared among tickets that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Within {
    /// `week`, or `week and foremost`: of the same week and alike in having had the foremost change or not.
    pub alike_in: &'static str,
    /// How many times the odds, by Mantel and Haenszel.
    pub odds_ratio: Ratio,
    /// The p of that, times the number of tables: what is looked at again was chosen among these.
    #[serde(serialize_with = "four_digits")]
    pub p_corrected: f64,
}

/// The company of a change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    /// The foremost change of the cause.
    pub change: Subject,
    /// The share of this one's tickets that have that one too.
    #[serde(serialize_with = "four_digits")]
    pub share: f64,
}

/// What is documented about a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// What it does.
    pub effect: String,
    /// What it leads to.
    pub causes: Vec<CauseId>,
    /// Who says so.
    pub reference: Option<String>,
}

/// Weighs all changes.
pub(super) fn lifts(all: &Tickets, settings: &Settings, db: &Database) -> Lifts {
    let tally = Tally::of(all, settings.days);
    let mut lifts = Lifts {
        tickets: tally.compared(),
        short: tally.short,
        abstained: tally.abstained(),
        changes: all.subjects.all.len(),
        ..Lifts::default()
    };
    let mut found: Vec<(u32, Lift)> = Vec::new();
    for incident in tally.incidents() {
        for (subject, change) in (0_u32..).zip(&all.subjects.all) {
            // Most of the changes of a large collection are of a few tickets.
            if tally.had(subject) < RARE {
                lifts.too_rare += 1;
                continue;
            }
            let (table, undated) = tally.table(subject, incident);
            if table.least_margin() < RARE {
                lifts.too_rare += 1;
            } else {
                let look = first_look(tally.cause(incident), change, table, undated, db);
                found.push((subject, look));
            }
        }
    }
    lifts.tested = found.len();
    let corrected = holm(&found.iter().map(|(_, lift)| lift.p).collect::<Vec<_>>());
    for ((_, lift), p) in found.iter_mut().zip(corrected) {
        lift.p_corrected = p;
    }
    found.sort_by(|(_, a), (_, b)| {
        a.p.total_cmp(&b.p).then_with(|| (&a.cause, &a.change).cmp(&(&b.cause, &b.change)))
    });
    second_look(&tally, all, &mut found);
    lifts.found = found.into_iter().map(|(_, lift)| lift).collect();
    lifts.found.sort_by_key(|lift| !lift.stands);
    lifts
}

impl Lift {
    /// Whether the incident follows it more often than chance has it, by the first look.
    #[must_use]
    pub fn is_significant(&self) -> bool {
        self.p_corrected < SIGNIFICANT && self.odds_ratio.low > 1.0
    }
}

fn first_look(
    cause: Option<&str>,
    change: &Subject,
    table: Table,
    undated: u64,
    db: &Database,
) -> Lift {
    let (known, in_verdict) = documented(change, cause, db);
    Lift {
        cause: cause.map(str::to_owned),
        change: change.clone(),
        table,
        undated,
        computers: None,
        odds_ratio: table.odds_ratio(),
        corrected_for_zero: table.has_empty_cell(),
        p: exact::fisher(&table),
        p_corrected: 1.0,
        within: None,
        stands: false,
        beside: None,
        known,
        in_verdict,
    }
}

/// What is known of a change, and whether it makes this verdict more likely by itself.
fn documented(change: &Subject, cause: Option<&str>, db: &Database) -> (Vec<Known>, bool) {
    let is_it = |id: &CauseId| cause.is_none_or(|cause| cause == id.as_str());
    match change {
        Subject::Update(kb) => {
            let rows = db.updates().iter().filter(|update| &update.kb == kb);
            let mut known: Vec<Known> = rows
                .map(|update| Known {
                    effect: update.effect.trim().to_owned(),
                    causes: update.causes.clone(),
                    reference: update.reference.clone(),
                })
                .collect();
            known.dedup();
            let leads = known.iter().any(|one| one.causes.iter().any(is_it));
            (known, leads)
        }
        Subject::Other(name) => {
            let Some(signature) = db.find(name) else { return (Vec::new(), false) };
            let grades = signature.evidence.iter();
            let told = grades.filter(|(_, grade)| !grade.is_against()).map(|(cause, _)| *cause);
            let causes: BTreeSet<CauseId> = told.chain(signature.links.iter().copied()).collect();
            let causes: Vec<CauseId> = causes.into_iter().collect();
            let counts = causes.iter().any(is_it);
            let reference = signature.references.first().cloned();
            (vec![Known { effect: signature.title.clone(), causes, reference }], counts)
        }
    }
}

/// Looks again at what is significant.
fn second_look(tally: &Tally<'_>, all: &Tickets, found: &mut [(u32, Lift)]) {
    // What is looked at again was chosen by what was seen: it is corrected for all that was looked at.
    let looks = found.len() as f64;
    for incident in tally.incidents() {
        let cause = tally.cause(incident);
        let mut of_cause: Vec<&mut (u32, Lift)> = found
            .iter_mut()
            .filter(|(_, lift)| lift.is_significant() && lift.cause.as_deref() == cause)
            .collect();
        let subjects: Vec<u32> = of_cause.iter().map(|(subject, _)| *subject).collect();
        let Some(foremost) = foremost(tally, incident, &subjects) else { continue };
        for (subject, lift) in of_cause.iter_mut().map(|found| &mut **found) {
            let beside = (*subject != foremost).then_some(foremost);
            let look = tally.within(*subject, incident, beside);
            lift.within = look.map(|(odds_ratio, p)| Within {
                alike_in: if beside.is_some() { "week and foremost" } else { "week" },
                odds_ratio,
                p_corrected: (p * looks).min(1.0),
            });
            let computers = tally.computers(*subject, incident);
            let holds = |look: Within| look.p_corrected < SIGNIFICANT && look.odds_ratio.low > 1.0;
            lift.stands = lift.within.is_some_and(holds) && computers >= WITNESSES;
            lift.computers = Some(computers);
            lift.beside = beside.and_then(|other| {
                let change = all.subjects.all.get(other as usize)?.clone();
                Some(Beside { change, share: tally.together(*subject, other) })
            });
        }
    }
}

/// Of several significant changes, the one that none of the others explains away: that whose largest p, beside each of
/// the others, is the smallest.
fn foremost(tally: &Tally<'_>, incident: Incident, subjects: &[u32]) -> Option<u32> {
    let candidates = subjects.get(..CANDIDATES.min(subjects.len()))?;
    let explained = |subject: u32| {
        let others = candidates.iter().filter(|other| **other != subject);
        others
            .map(|other| match tally.within(subject, incident, Some(*other)) {
                Some((ratio, p)) if ratio.value > 1.0 => p,
                _ => 1.0,
            })
            .fold(0.0, f64::max)
    };
    let weighed = candidates.iter().map(|subject| (*subject, explained(*subject)));
    // Of equals, the first: candidates come by their p.
    weighed.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(subject, _)| subject)
}
