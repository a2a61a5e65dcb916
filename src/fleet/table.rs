//! Two by two: tickets with and without a change before them, with and without the incident.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// Writes the four digits that mean something: the last ones of a logarithm differ between processors.
pub(super) fn four_digits<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    let text = format!("{value:.3e}");
    serializer.serialize_f64(text.parse().unwrap_or(*value))
}

/// Half the width of a 95 % interval, in standard errors.
const NINETY_FIVE: f64 = 1.959_963_984_540_054;

/// Counts of tickets: (with the incident, without it) for those that had the change, and for those that had not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Of the tickets with the change: how many have the incident, and how many have not.
    #[serde(serialize_with = "named")]
    pub with: (u64, u64),
    /// Of the tickets without the change.
    #[serde(serialize_with = "named")]
    pub without: (u64, u64),
}

fn named<S: Serializer>(cells: &(u64, u64), serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("incident", &cells.0)?;
    map.serialize_entry("none", &cells.1)?;
    map.end()
}

/// A ratio with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// The ratio; 1 is no association.
    #[serde(serialize_with = "four_digits")]
    pub value: f64,
    /// The lower end.
    #[serde(serialize_with = "four_digits")]
    pub low: f64,
    /// The upper end.
    #[serde(serialize_with = "four_digits")]
    pub high: f64,
}

impl Ratio {
    /// From the logarithm and its standard error.
    fn of_log(log: f64, error: f64) -> Self {
        let end = |sign: f64| (log + sign * NINETY_FIVE * error).exp();
        Self { value: log.exp(), low: end(-1.0), high: end(1.0) }
    }
}

impl Table {
    /// Counts tickets.
    pub fn add(&mut self, changed: bool, incident: bool, tickets: u64) {
        let row = if changed { &mut self.with } else { &mut self.without };
        if incident { row.0 += tickets } else { row.1 += tickets }
    }

    /// Whether a cell is empty, so that the odds ratio needs the correction of Haldane and Anscombe.
    #[must_use]
    pub fn has_empty_cell(&self) -> bool {
        let Self { with: (a, b), without: (c, d) } = *self;
        [a, b, c, d].contains(&0)
    }

    /// The smallest of the four margins: nothing can be learned about a change that hardly anybody had, or all had.
    #[must_use]
    pub fn least_margin(&self) -> u64 {
        let Self { with: (a, b), without: (c, d) } = *self;
        [a + b, c + d, a + c, b + d].into_iter().min().unwrap_or(0)
    }

    /// The odds ratio with Woolf's interval; half a ticket is added to every cell when one is empty (Haldane, Anscombe).
    #[must_use]
    pub fn odds_ratio(&self) -> Ratio {
        let more = if self.has_empty_cell() { 0.5 } else { 0.0 };
        let Self { with: (a, b), without: (c, d) } = *self;
        let [a, b, c, d] = [a, b, c, d].map(|count| count as f64 + more);
        Ratio::of_log((a * d / (b * c)).ln(), (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt())
    }
}

/// The odds ratio within strata (Mantel and Haenszel) with the interval of Robins, Breslow and Greenland, and its p; `None`
/// when no stratum has tickets of both kinds with both outcomes to compare.
#[must_use]
pub fn within(strata: &[Table]) -> Option<(Ratio, f64)> {
    let (mut r, mut s, mut pr, mut mixed, mut qs) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for table in strata {
        let Table { with: (a, b), without: (c, d) } = *table;
        let [a, b, c, d] = [a, b, c, d].map(|count| count as f64);
        let all = a + b + c + d;
        if all == 0.0 {
            continue;
        }
        let (own_r, own_s, p, q) = (a * d / all, b * c / all, (a + d) / all, (b + c) / all);
        r += own_r;
        s += own_s;
        pr += p * own_r;
        mixed += p * own_s + q * own_r;
        qs += q * own_s;
    }
    if r == 0.0 || s == 0.0 {
        return None;
    }
    let error = (pr / (2.0 * r * r) + mixed / (2.0 * r * s) + qs / (2.0 * s * s)).sqrt();
    let log = (r / s).ln();
    Some((Ratio::of_log(log, error), two_sided(log / error)))
}

/// The two-sided p of a standard normal deviate: the complementary error function by Chebyshev's fit in Numerical Recipes
/// (`erfcc`), everywhere within 1.2e-7 of its value.
fn two_sided(z: f64) -> f64 {
    const FIT: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    t * (-x * x + FIT.iter().rev().fold(0.0, |sum, part| sum * t + part)).exp()
}

/// Holm's correction for the number of tests: the p of each as if it were the only one. Order is kept.
#[must_use]
pub fn holm(ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = ps.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut corrected = vec![1.0; ps.len()];
    let mut before = 0.0_f64;
    for (rank, (index, p)) in order.into_iter().enumerate() {
        before = before.max((p * (ps.len() - rank) as f64).min(1.0));
        if let Some(place) = corrected.get_mut(index) {
            *place = before;
        }
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: f64, theirs: f64, within: f64) {
        assert!((ours - theirs).abs() <= within * theirs.abs(), "{ours} is not {theirs}");
    }

    fn ratio_is(ours: Ratio, (value, low, high): (f64, f64, f64)) {
        close(ours.value, value, 1e-12);
        close(ours.low, low, 1e-12);
        close(ours.high, high, 1e-12);
    }

    /// `statsmodels.stats.Table2x2`.
    #[test]
    fn the_interval_is_that_of_the_reference_program() {
        let table = Table { with: (60, 240), without: (90, 1610) };
        let expected = (4.472_222_222_222_222, 3.139_902_281_342_330_5, 6.369_870_719_794_441_5);
        ratio_is(table.odds_ratio(), expected);
    }

    #[test]
    fn an_empty_cell_gives_a_wide_interval_and_no_infinity() {
        let ratio = Table { with: (5, 0), without: (10, 100) }.odds_ratio();
        close(ratio.value, 5.5 * 100.5 / (0.5 * 10.5), 1e-12);
        assert!(ratio.low > 1.0 && ratio.high > 1000.0 && ratio.high.is_finite(), "{ratio:?}");
    }

    /// `statsmodels.stats.StratifiedTable`: pooled odds ratio and its interval.
    #[test]
    fn strata_are_pooled_as_the_reference_program_does() {
        let strata =
            [((12, 8), (30, 90)), ((3, 1), (10, 40)), ((0, 4), (5, 50)), ((7, 7), (11, 29))];
        let strata = strata.map(|(with, without)| Table { with, without });
        let (ratio, p) = within(&strata).expect("there is something to compare");
        let expected = (3.737_540_227_353_377, 1.849_518_867_574_105, 7.552_886_967_521_044);
        ratio_is(ratio, expected);
        // Of the log odds over their standard error, 0.35893627.
        close(p, 0.000_239_0, 0.01);
    }

    #[test]
    fn what_everybody_had_at_once_cannot_be_told_from_the_time() {
        let (before, after) =
            (Table { with: (0, 0), without: (3, 50) }, Table { with: (40, 60), without: (0, 0) });
        assert_eq!(within(&[before, after]), None);
    }

    /// `scipy.stats.norm.sf`, doubled.
    #[test]
    fn deviates_have_the_p_of_the_tables() {
        for (z, p) in [
            (0.0, 1.0),
            (0.5, 0.617_075_077_4),
            (1.96, 0.049_995_790_3),
            (-2.0, 0.045_500_263_9),
            (6.0, 1.973_175e-9),
        ] {
            close(two_sided(z), p, 1.3e-7);
        }
    }

    /// `statsmodels.stats.multitest.multipletests(…, method='holm')`.
    #[test]
    fn holm_is_that_of_the_reference_program() {
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005, 0.5]);
        for (ours, theirs) in corrected.into_iter().zip([0.04, 0.09, 0.09, 0.025, 0.5]) {
            close(ours, theirs, 1e-12);
        }
    }
}
