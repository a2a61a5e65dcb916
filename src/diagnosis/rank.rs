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
pub(super) const HEAVY_DB: f64 = Weights::DEFAULT.heavy();

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
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cause.cmp(&b.1.cause)));
    let mut race = Race::new(weights, scored.iter().map(|(odds, _)| *odds));
    let tells =
        |suspect: &Suspect| suspect.grounds.iter().any(|ground| is_telling(db, weights, ground));
    let is_named = race.first() >= weights.named && scored.first().is_some_and(|(_, it)| tells(it));
    if is_named {
        race.name_first(weights.kept);
    }
    let probabilities = race.probabilities();
    let considered: Vec<_> = scored
        .into_iter()
        .zip(probabilities)
        .map(|((_, suspect), probability)| Suspect { probability, ..suspect })
        .collect();
    let worth_a_line = considered.iter().filter(|suspect| suspect.probability >= 0.005);
    let suspects: Vec<_> = worth_a_line.take(SUSPECTS).cloned().collect();
    let verdict = if is_named {
        Verdict::Ranked(suspects)
    } else {
        Verdict::InsufficientEvidence { probability: race.something_else(), suspects }
    };
    (verdict, considered)
}

/// The odds of all causes, best first, and of "something else", against each other.
struct Race {
    odds: Vec<f64>,
    unknown: f64,
    doubt: f64,
}

impl Race {
    fn new(weights: &Weights, odds: impl Iterator<Item = f64>) -> Self {
        Self { odds: odds.collect(), unknown: weights.unknown, doubt: weights.doubt }
    }

    fn probability(&self, odds: f64) -> f64 {
        let sum = self.odds.iter().sum::<f64>() + self.unknown;
        odds / sum * (1.0 - self.doubt)
    }

    fn probabilities(&self) -> Vec<f64> {
        self.odds.iter().map(|odds| self.probability(*odds)).collect()
    }

    fn first(&self) -> f64 {
        self.odds.first().map_or(0.0, |odds| self.probability(*odds))
    }

    fn something_else(&self) -> f64 {
        self.probability(self.unknown) + self.doubt
    }

    /// What is named gets the odds that such answers keep.
    fn name_first(&mut self, kept_db: f64) {
        if let Some(odds) = self.odds.first_mut() {
            *odds *= 10f64.powf(kept_db / 10.0);
        }
    }
}

/// Whether a ground can name a cause. What a client shows looks alike for several causes, unless it says more than that.
fn is_telling(db: &Database, weights: &Weights, ground: &Ground) -> bool {
    ground.weight_db >= weights.heavy() && (!ground.is_looks(db) || ground.grade >= Grade::Strong)
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
