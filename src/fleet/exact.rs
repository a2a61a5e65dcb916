//! Fisher's exact test, and the tail of a binomial: exact where counts are small, as those of one update are.

use super::table::Table;

/// R's tolerance: tables that are as likely as the one seen must not be missed because of rounding.
const AS_LIKELY: f64 = 1.0 + 1e-7;

/// The two-sided p of Fisher's exact test: how likely is a table with these margins that is no likelier than this one?
#[must_use]
pub fn fisher(table: &Table) -> f64 {
    let Table { with: (a, b), without: (c, d) } = *table;
    let (exposed, others, cases) = (a + b, c + d, a + c);
    let (low, high) = (cases.saturating_sub(others), cases.min(exposed));
    let all = ln_choose(exposed + others, cases);
    let chance =
        |seen: u64| (ln_choose(exposed, seen) + ln_choose(others, cases - seen) - all).exp();
    let here = chance(a) * AS_LIKELY;
    let sum: f64 = (low..=high).map(chance).filter(|one| *one <= here).sum();
    sum.min(1.0)
}

/// How likely it is that of `all` things at least `some` fall where each falls with chance `share`.
#[must_use]
pub fn at_least(some: u64, all: u64, share: f64) -> f64 {
    let (hit, miss) = (share.ln(), (1.0 - share).ln());
    let chance =
        |seen: u64| (ln_choose(all, seen) + seen as f64 * hit + (all - seen) as f64 * miss).exp();
    (some..=all).map(chance).sum::<f64>().min(1.0)
}

/// The logarithm of the number of ways to take `some` of `all`.
fn ln_choose(all: u64, some: u64) -> f64 {
    ln_factorial(all) - ln_factorial(some) - ln_factorial(all - some)
}

/// The logarithm of the gamma function at `number` + 1: the product itself while it is small, then Stirling's series,
/// whose next term is below 1e-16 from here on.
fn ln_factorial(number: u64) -> f64 {
    if number < 32 {
        return (2..=number).fold(1.0, |product, factor| product * factor as f64).ln();
    }
    let x = number as f64;
    let square = x * x;
    let series = (1.0 / 12.0
        - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * square)) / square) / square)
        / x;
    (x + 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: f64, theirs: f64) {
        assert!((ours - theirs).abs() <= 1e-9 * theirs.abs(), "{ours} is not {theirs}");
    }

    /// 999! by `scipy.special.gammaln`; at 32 the two ways meet.
    #[test]
    fn factorials_are_those_of_the_tables() {
        assert_eq!(ln_factorial(0), 0.0);
        close(ln_factorial(10), 3_628_800_f64.ln());
        close(ln_factorial(999), 5_905.220_423_209_181);
        close(ln_factorial(32) - ln_factorial(31), 32_f64.ln());
    }

    /// Fisher's tea (17/35), the convictions of R's help page on `fisher.test` (0.0005367), and tables for which
    /// `scipy.stats.fisher_exact` was asked.
    #[test]
    fn p_is_that_of_the_reference_programs() {
        for (with, without, p) in [
            ((3, 1), (1, 3), 17.0 / 35.0),
            ((2, 10), (15, 3), 0.000_536_724_119_143_435_7),
            ((8, 2), (1, 5), 0.034_965_034_965_034_975),
            ((0, 10), (12, 30), 0.092_380_841_500_380_48),
            ((10, 0), (0, 10), 1.082_508_822_446_903e-5),
            ((60, 240), (90, 1610), 4.805_257_881_869_793e-15),
            ((1, 999), (1, 9999), 0.173_561_232_839_348_97),
            ((35, 12), (400, 4553), 4.142_785_653_458_117e-28),
            ((5, 5), (5, 5), 1.0),
            ((300, 2000), (900, 96_800), 2.566_920_134_291_109e-217),
        ] {
            close(fisher(&Table { with, without }), p);
        }
    }

    /// `scipy.stats.binom.sf`.
    #[test]
    fn tails_are_those_of_the_reference_program() {
        for (some, all, share, p) in [
            (5, 9, 1.0 / 9.0, 0.001_449_280_603_225_917),
            (30, 60, 1.0 / 9.0, 9.257_429_640_104_333e-14),
            (1, 1, 0.25, 0.25),
            (0, 4, 0.2, 1.0),
            (12, 12, 0.2, 4.096e-9),
        ] {
            close(at_least(some, all, share), p);
        }
    }
}
