//! The numbers of the model, all of them, each with its reason. None is fitted to a case; a test moves each by a fifth
//! and counts how few verdicts change.

use crate::signatures::Grade;

/// The numbers of the model. Decibans are tenths of a power of ten of the odds: 10 dB = ten times as likely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// dB. Alone it reaches 0.99 from a prior of 0.01, before doubt: the documentation says that this event is this fault.
    /// In the suite of tickets such grounds stand for their own cause 6,500 times as often as for others.
    pub conclusive: f64,
    /// dB. Seen in one of a thousand failures that have another cause. Two causes with a strong ground each stay
    /// undecided. Grounds of this grade are 370 times as frequent with their own cause, and who brings one as the only one
    /// brings the right one: 51 of 53 answers to people who had not seen the tool, and 104 of 104 in the suite, for which
    /// 25 dB had said 0.91 on average, and less than 0.8 of rare causes.
    pub strong: f64,
    /// dB. Seen in one of sixteen, as measured over the suite; three do not reach a strong one.
    pub moderate: f64,
    /// dB. Seen in every other one, and so much is noise worth at most; five do not reach a strong one.
    pub weak: f64,
    /// dB, negative. Takes back a moderate one. So much weighs, too, that all logs which would tell of a cause are silent.
    pub against: f64,
    /// dB, negative. Outweighs whatever fits.
    pub rules_out: f64,
    /// How often the cause is none of those that are known: of 37 tickets that people told in public it never was, so
    /// less than one in ten.
    pub unknown: f64,
    /// A named cause is more likely than all else together.
    pub named: f64,
    /// dB. What is named is right more often than the odds of its grounds say, since a cause that is at work has seldom
    /// left less of a trace than another one that is not. Of answers given at first sight to 827 tickets of people who had
    /// not seen the tool, 35 of 37 were right where the grounds alone said 0.6, 88 of 91 where they said 0.82, and 384 of 386
    /// where they said 0.97, by the weights of those days (`tests/tickets/README.md`); with this they say 0.92, 0.96 and
    /// 0.98.
    pub kept: f64,
    /// Grounds for one cause often stem from one fact, so each further one counts this much of the one before.
    pub further: f64,
    /// No collection of logs makes certain; this much always stays with "something else".
    pub doubt: f64,
    /// What is left of a ground at the edge of its window.
    pub edge: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Weights {
    /// The numbers in use.
    pub const DEFAULT: Self = Self {
        conclusive: 40.0,
        strong: 30.0,
        moderate: 12.0,
        weak: 3.0,
        against: -9.0,
        rules_out: -40.0,
        unknown: 0.1,
        named: 0.5,
        kept: 10.0,
        further: 0.6,
        doubt: 0.02,
        edge: 0.5,
    };

    /// dB. A named cause needs one ground of this weight: half-way between noise and a moderate one at the edge of its
    /// window.
    #[must_use]
    pub const fn heavy(&self) -> f64 {
        f64::midpoint(self.weak, self.moderate * self.edge)
    }

    /// What a grade is worth near a failure, in decibans.
    #[must_use]
    pub fn of(&self, grade: Grade) -> f64 {
        match grade {
            Grade::Conclusive => self.conclusive,
            Grade::Strong => self.strong,
            Grade::Moderate => self.moderate,
            Grade::Weak => self.weak,
            Grade::Against => self.against,
            Grade::RulesOut => self.rules_out,
        }
    }

    /// What a ground weighs: less towards the edge of its window (`near` is 1 at the failure and 0 at the edge), and as
    /// noise next to nothing. What is conclusive is no noise, and what speaks against a cause needs no rarity.
    #[must_use]
    pub fn weigh(&self, grade: Grade, near: f64, is_noise: bool) -> f64 {
        let full = self.of(grade) * (self.edge + (1.0 - self.edge) * near);
        if is_noise && grade < Grade::Conclusive && !grade.is_against() {
            full.min(self.weak)
        } else {
            full
        }
    }

    /// Each number by its name, to be moved one at a time.
    #[must_use]
    pub fn each(&mut self) -> [(&'static str, &mut f64); 12] {
        [
            ("conclusive", &mut self.conclusive),
            ("strong", &mut self.strong),
            ("moderate", &mut self.moderate),
            ("weak", &mut self.weak),
            ("against", &mut self.against),
            ("rules_out", &mut self.rules_out),
            ("unknown", &mut self.unknown),
            ("named", &mut self.named),
            ("kept", &mut self.kept),
            ("further", &mut self.further),
            ("doubt", &mut self.doubt),
            ("edge", &mut self.edge),
        ]
    }
}
