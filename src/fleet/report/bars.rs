//! Tickets by week and cause as a drawing: a bar a week, a part for each cause.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, TimeDelta};

use crate::fleet::{Fleet, Outcome, Week};

/// Causes with a colour of their own; the rest share one.
const COLOURS: usize = 6;
/// Weeks that are drawn, the last ones.
pub(super) const WEEKS: i64 = 104;
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 40.0;
const TOP: f64 = 18.0;

/// A cause in the drawing.
#[derive(Debug)]
pub(super) struct Key {
    /// Its colour: `c0`, …; `rest` for all that share one.
    pub(super) class: String,
    /// What it stands for.
    pub(super) name: String,
    /// How many tickets.
    pub(super) tickets: usize,
}

/// The drawing, its legend, and how many weeks before it are not drawn.
pub(super) fn weeks(fleet: &Fleet) -> (String, Vec<Key>, usize) {
    let Some(last) = fleet.weeks.last().map(|week| week.monday) else { return Default::default() };
    let start = last - TimeDelta::weeks(WEEKS - 1);
    let drawn: Vec<&Week> = fleet.weeks.iter().filter(|week| week.monday >= start).collect();
    let Some(first) = drawn.first().map(|week| week.monday) else { return Default::default() };
    let parts = parts(&drawn);
    let span = Span { first, weeks: (last - first).num_weeks() + 1, most: most(&drawn) };
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg class=\"figure bars\" viewBox=\"0 0 1000 {:.0}\" role=\"img\" aria-label=\"Tickets with an incident by week and cause, {first} to {last}\">",
        TOP + HEIGHT + 26.0
    );
    grid(&mut svg, &span);
    waves(&mut svg, fleet, &span);
    drawn.iter().for_each(|week| bar(&mut svg, week, &parts, &span));
    svg.push_str("</svg>");
    let keys = legend(&parts);
    (svg, keys, fleet.weeks.len() - drawn.len())
}

struct Span {
    first: NaiveDate,
    weeks: i64,
    most: usize,
}

impl Span {
    fn step(&self) -> f64 {
        WIDTH / self.weeks as f64
    }

    fn x(&self, monday: NaiveDate) -> f64 {
        LEFT + self.step() * (monday - self.first).num_weeks() as f64
    }

    fn height(&self, tickets: usize) -> f64 {
        HEIGHT * tickets as f64 / self.most.max(1) as f64
    }
}

/// Causes by frequency, with how many tickets each has.
fn parts<'a>(drawn: &[&'a Week]) -> Vec<(&'a Outcome, usize)> {
    let mut counts: BTreeMap<&Outcome, usize> = BTreeMap::new();
    for count in drawn.iter().flat_map(|week| &week.verdicts) {
        *counts.entry(&count.verdict).or_default() += count.tickets;
    }
    counts.remove(&Outcome::Nothing);
    let mut parts: Vec<_> = counts.into_iter().collect();
    parts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    parts
}

fn incidents(week: &Week) -> usize {
    let counted = week.verdicts.iter().filter(|count| count.verdict != Outcome::Nothing);
    counted.map(|count| count.tickets).sum()
}

fn most(drawn: &[&Week]) -> usize {
    drawn.iter().map(|week| incidents(week)).max().unwrap_or(0)
}

fn class(place: usize) -> String {
    if place < COLOURS { format!("c{place}") } else { "rest".to_owned() }
}

fn bar(svg: &mut String, week: &Week, parts: &[(&Outcome, usize)], span: &Span) {
    let _ = write!(
        svg,
        "<g><title>Week of {}: {} with an incident</title>",
        week.monday,
        incidents(week)
    );
    let mut below = TOP + HEIGHT;
    for (place, (outcome, _)) in parts.iter().enumerate() {
        let found = week.verdicts.iter().find(|count| count.verdict == **outcome);
        let Some(count) = found else { continue };
        let height = span.height(count.tickets);
        below -= height;
        let _ = write!(
            svg,
            "<rect class=\"{}\" x=\"{:.1}\" y=\"{below:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            class(place),
            span.x(week.monday) + span.step() * 0.08,
            span.step() * 0.84
        );
    }
    svg.push_str("</g>");
}

/// Lines for the eye: the counts, and the beginning of every month.
fn grid(svg: &mut String, span: &Span) {
    let step = nice(span.most);
    for count in (0..=span.most).step_by(step) {
        let y = TOP + HEIGHT - span.height(count);
        let _ = write!(
            svg,
            "<line class=\"rail\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"lane\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{count}</text>",
            LEFT + WIDTH,
            LEFT - 6.0,
            y + 4.0
        );
    }
    let every = (span.weeks / 7).max(1);
    for number in (0..span.weeks).step_by(usize::try_from(every).unwrap_or(1)) {
        let monday = span.first + TimeDelta::weeks(number);
        let format =
            if monday.year() == span.first.year() && number > 0 { "%d %b" } else { "%d %b %Y" };
        let _ = write!(
            svg,
            "<text class=\"lane\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{}</text>",
            span.x(monday),
            TOP + HEIGHT + 18.0,
            if span.x(monday) > LEFT + WIDTH * 0.93 { "end" } else { "start" },
            monday.format(format)
        );
    }
}

/// A distance between lines that gives about five of them.
fn nice(most: usize) -> usize {
    let steps = [1, 2, 5].into_iter().cycle().zip((0..18).map(|place| 10_usize.pow(place / 3)));
    let fits =
        |(digit, power): (usize, usize)| (digit * power * 5 >= most).then_some(digit * power);
    steps.into_iter().find_map(fits).unwrap_or(most.max(1))
}

/// A line above the weeks of a wave.
fn waves(svg: &mut String, fleet: &Fleet, span: &Span) {
    for wave in fleet.waves.iter().filter(|wave| wave.from >= span.first) {
        let weeks = (wave.last - wave.from).num_weeks() + 1;
        let x = span.x(wave.from);
        let _ = write!(
            svg,
            "<line class=\"wave\" x1=\"{x:.1}\" x2=\"{:.1}\" y1=\"{TOP}\" y2=\"{TOP}\"/>\
             <text class=\"lane\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\">wave</text>",
            x + span.step() * weeks as f64,
            x.min(LEFT + WIDTH - 4.0),
            TOP - 5.0,
            if x > LEFT + WIDTH * 0.95 { "end" } else { "start" }
        );
    }
}

fn legend(parts: &[(&Outcome, usize)]) -> Vec<Key> {
    let own = parts.iter().take(COLOURS).enumerate().map(|(place, (outcome, tickets))| Key {
        class: class(place),
        name: super::words::outcome(outcome),
        tickets: *tickets,
    });
    let rest = parts.get(COLOURS..).unwrap_or_default();
    let others = (!rest.is_empty()).then(|| Key {
        class: class(COLOURS),
        name: format!("{} others", rest.len()),
        tickets: rest.iter().map(|(_, tickets)| tickets).sum(),
    });
    own.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_few_and_round() {
        assert_eq!([0, 4, 7, 60, 990].map(nice), [1, 1, 2, 20, 200]);
    }
}
