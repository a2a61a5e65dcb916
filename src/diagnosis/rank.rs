//! From decibans to probabilities, with "something else" in the race, or to an abstention.

use super::evidence::{Ground, Weighed};
use super::weights::Weights;
use crate::cause::CauseId;
use crate::signatures::{Database, Grade, Kind};

/// A cause with its probability and the grounds for and against it.
#[derive(Debug, Clone)]
pub struct Suspect {
    /// The cause.
    pub cause: CauseId,
    /// How likely it is, 0 to 1.
    pub probability: f64,
    /// What speaks for it, weightiest first.
    pub grounds: Vec<Ground>,
    /// What speaks against it, weightiest first.
    pub against: Vec<Ground>,
}

/// The answer.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Causes by probability.
    Ranked(Vec<Suspect>),
    /// Nothing that was collected names a cause; the causes are what is left possible.
    InsufficientEvidence {
        /// How likely it is that it is none of them.
        probability: f64,
        /// By probability.
        suspects: Vec<Suspect>,
    },
}

impl Verdict {
    /// The causes by probability, whether or not one of them could be named.
    #[must_use]
    pub fn suspects(&self) -> &[Suspect] {
        match self {
            Self::Ranked(suspects) | Self::InsufficientEvidence { suspects, .. } => suspects,
        }
    }

    /// Every cause with its probability, best first; an abstention is one of them, and stands first.
    pub fn probabilities(&self) -> impl Iterator<Item = (CauseId, f64)> {
        let abstains = match self {
            Self::InsufficientEvidence { probability, .. } => Some(*probability),
            Self::Ranked(_) => None,
        };
        let suspects = self.suspects().iter().map(|suspect| (suspect.cause, suspect.probability));
        abstains
            .map(|probability| (CauseId::InsufficientEvidence, probability))
            .into_iter()
            .chain(suspects)
    }

    /// The cause that is named, if one is.
    #[must_use]
    pub fn first(&self) -> Option<&Suspect> {
        match self {
            Self::Ranked(suspects) => suspects.first(),
            Self::InsufficientEvidence { .. } => None,
        }
    }
}

/// What a ground weighs that is worth a word of its own: see [`Weights::heavy`].
pub(super) const HEAVY_DB: f64 = Weights::DEFAULT.heavy;

/// Suspects that are worth a line.
const SUSPECTS: usize = 6;

/// Ranks the causes of an incident: the verdict, and all causes by probability.
#[must_use]
pub fn rank(db: &Database, weights: &Weights, mut weighed: Weighed) -> (Verdict, Vec<Suspect>) {
    let mut scored: Vec<(f64, Suspect)> = Vec::new();
    let causes = || db.causes().values().filter(|cause| cause.kind == Kind::Cause);
    let known: f64 = causes().map(|cause| cause.prior).sum();
    for cause in causes() {
        let prior = cause.prior / known * (1.0 - weights.unknown);
        let suspect = suspect(cause.id, weighed.remove(&cause.id).unwrap_or_default());
        let odds = prior * 10f64.powf(total(weights, &suspect) / 10.0);
        scored.push((odds, suspect));
    }
    let other = weights.unknown;
    let sum: f64 = scored.iter().map(|(odds, _)| odds).sum::<f64>() + other;
    for (odds, suspect) in &mut scored {
        suspect.probability = *odds / sum * (1.0 - weights.doubt);
    }
    scored.sort_by(|a, b| {
        b.1.probability.total_cmp(&a.1.probability).then(a.1.cause.cmp(&b.1.cause))
    });
    let considered: Vec<_> = scored.into_iter().map(|(_, suspect)| suspect).collect();
    let suspects: Vec<_> = considered
        .iter()
        .filter(|suspect| suspect.probability >= 0.005)
        .take(SUSPECTS)
        .cloned()
        .collect();
    let verdict = match suspects.first() {
        Some(first)
            if first.probability >= weights.named
                && first.grounds.iter().any(|ground| is_telling(db, weights, ground)) =>
        {
            Verdict::Ranked(suspects)
        }
        _ => Verdict::InsufficientEvidence {
            probability: other / sum * (1.0 - weights.doubt) + weights.doubt,
            suspects,
        },
    };
    (verdict, considered)
}

/// Whether a ground can name a cause. What a client shows looks alike for several causes, unless it says more than that.
fn is_telling(db: &Database, weights: &Weights, ground: &Ground) -> bool {
    ground.weight_db >= weights.heavy && (!ground.is_looks(db) || ground.grade >= Grade::Strong)
}

fn suspect(cause: CauseId, grounds: Vec<Ground>) -> Suspect {
    let (mut grounds, mut against): (Vec<_>, Vec<_>) =
        grounds.into_iter().partition(|ground| ground.weight_db > 0.0);
    let heaviest = |a: &Ground, b: &Ground| {
        b.weight_db.abs().total_cmp(&a.weight_db.abs()).then_with(|| a.signature.cmp(&b.signature))
    };
    grounds.sort_by(heaviest);
    against.sort_by(heaviest);
    Suspect { cause, probability: 0.0, grounds, against }
}

/// The sum of decibans. What rules a cause out is not outvoted by what fits it.
fn total(weights: &Weights, suspect: &Suspect) -> f64 {
    let fading = |grounds: &[Ground]| {
        let mut factor = 1.0;
        grounds.iter().fold(0.0, |sum, ground| {
            let part = ground.weight_db * factor;
            factor *= weights.further;
            sum + part
        })
    };
    let ruled_out = suspect
        .against
        .iter()
        .any(|ground| ground.grade == Grade::RulesOut && ground.weight_db <= -20.0);
    let sum = fading(&suspect.grounds) + fading(&suspect.against);
    if ruled_out { sum.min(-20.0) } else { sum }
}
