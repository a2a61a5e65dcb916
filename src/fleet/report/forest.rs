//! Odds ratios with their intervals as a drawing, the way medicine draws them: a point, a line, and where 1 is.

use std::fmt::Write as _;

use super::words;
use crate::fleet::Lift;
use crate::fleet::table::Ratio;
use crate::report::escaped;

const WIDTH: f64 = 640.0;
const LEFT: f64 = 12.0;
const RIGHT: f64 = 628.0;
/// Name, cause with numbers, and line stand below each other, so that a phone shows all of them.
const ROW: f64 = 68.0;
const TOP: f64 = 4.0;
/// Letters of a name that fit.
const NAME: usize = 44;

/// A logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    /// Whole powers of ten around all intervals, but not beyond what can be seen.
    fn of(lifts: &[&Lift]) -> Self {
        let ends = lifts.iter().flat_map(|lift| [lift.odds_ratio.low, lift.odds_ratio.high]);
        let ends: Vec<f64> = ends.map(|end| end.log10().clamp(-3.0, 4.0)).collect();
        let low = ends.iter().copied().fold(-0.5, f64::min);
        let high = ends.iter().copied().fold(1.0, f64::max);
        Self { low: (low * 2.0).floor() / 2.0, high: (high * 2.0).ceil() / 2.0 }
    }

    fn x(&self, value: f64) -> f64 {
        let place = (value.log10().clamp(self.low, self.high) - self.low) / (self.high - self.low);
        LEFT + (RIGHT - LEFT) * place
    }
}

/// The drawing; empty without a lift.
pub(super) fn forest(lifts: &[&Lift]) -> String {
    if lifts.is_empty() {
        return String::new();
    }
    let axis = Axis::of(lifts);
    let bottom = TOP + ROW * lifts.len() as f64 + 6.0;
    let mut svg = format!(
        "<svg class=\"figure forest\" viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"Odds ratios with 95 % intervals\">",
        bottom + 30.0
    );
    ticks(&mut svg, &axis, bottom);
    for (place, lift) in lifts.iter().enumerate() {
        row(&mut svg, &axis, lift, TOP + ROW * place as f64);
    }
    svg.push_str("</svg>");
    svg
}

fn ticks(svg: &mut String, axis: &Axis, bottom: f64) {
    for value in [0.001, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0, 10_000.0_f64] {
        if value.log10() < axis.low - 1e-9 || value.log10() > axis.high + 1e-9 {
            continue;
        }
        let class = if value == 1.0 { "one" } else { "tick" };
        let x = axis.x(value);
        let _ = write!(
            svg,
            "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom:.1}\"/>\
             <text class=\"lane\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value}</text>",
            bottom + 22.0
        );
    }
}

fn row(svg: &mut String, axis: &Axis, lift: &Lift, top: f64) {
    let y = top + 58.0;
    let Ratio { value, low, high } = lift.odds_ratio;
    let class = if lift.stands { "stands" } else { "open" };
    let name = lift.change.name();
    let short: String = name.chars().take(NAME).collect();
    let dots = if short.len() < name.len() { "…" } else { "" };
    let _ = write!(
        svg,
        "<g class=\"{class}\"><text class=\"host\" x=\"0\" y=\"{:.1}\">{}{dots}</text>\
         <text class=\"lane\" x=\"0\" y=\"{:.1}\">{}</text>\
         <text class=\"lane\" x=\"{WIDTH}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
         <line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"5\"/></g>",
        top + 20.0,
        escaped(&short),
        top + 42.0,
        escaped(&words::cause(lift)),
        top + 42.0,
        words::ratio(lift.odds_ratio),
        axis.x(low),
        axis.x(high),
        axis.x(value)
    );
}
