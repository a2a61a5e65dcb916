//! The page for the terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{NaiveDate, TimeDelta};

use super::FleetReport;
use super::words;
use crate::fleet::{Alike, Fleet, Group, Lift, Outcome, SIGNIFICANT};
use crate::report::page::{BAD, BOLD, DIM, GOOD, Page, WARN};
use crate::report::visible;

/// Columns of a page that nobody told how wide it may be.
pub(super) const WIDTH: usize = 80;
/// Weeks that are drawn, the last ones.
const WEEKS: i64 = 26;
/// Causes that are drawn.
const CAUSES: usize = 15;
/// Rows of a list by computer, build or site.
const GROUPS: usize = 6;
/// Tickets that are named as alike.
const ALIKE: usize = 10;

/// The text page.
#[derive(Debug)]
pub(super) struct Text {
    /// Its columns.
    pub(super) width: usize,
}

impl FleetReport for Text {
    fn write(&self, fleet: &Fleet, out: &mut dyn Write) -> io::Result<()> {
        let mut page = Page::new(self.width);
        page.text_at(
            0,
            &format!("rdpwhy {}: {}", env!("CARGO_PKG_VERSION"), words::summary(fleet)),
        );
        words::left_out(fleet).iter().for_each(|line| page.dim_at(0, line));
        if let Some(alike) = &fleet.alike {
            alike_to(&mut page, alike);
        }
        weeks(&mut page, fleet);
        waves(&mut page, fleet);
        lifts(&mut page, fleet);
        let groups = &fleet.groups;
        for (name, groups) in
            [("COMPUTERS", &groups.hosts), ("BUILDS", &groups.builds), ("SITES", &groups.sites)]
        {
            by(&mut page, name, groups);
        }
        out.write_all(page.text().as_bytes())
    }
}

/// A row for each cause: how many tickets, and a bar for each of the last weeks.
fn weeks(page: &mut Page, fleet: &Fleet) {
    let Some(last) = fleet.weeks.last().map(|week| week.monday) else { return };
    let start = fleet.weeks.first().map_or(last, |week| week.monday);
    let start = start.max(last - TimeDelta::weeks(WEEKS - 1));
    let mut found: BTreeMap<&Outcome, BTreeMap<NaiveDate, usize>> = BTreeMap::new();
    for week in fleet.weeks.iter().filter(|week| week.monday >= start) {
        for count in &week.verdicts {
            found.entry(&count.verdict).or_default().insert(week.monday, count.tickets);
        }
    }
    let mut rows: Vec<_> = found.into_iter().collect();
    rows.sort_by_key(|(outcome, counts)| {
        (**outcome == Outcome::Nothing, std::cmp::Reverse(counts.values().sum::<usize>()))
    });
    page.heading(BOLD, &format!("CAUSES, by week from {start} to {last}"));
    let more = rows.len().saturating_sub(CAUSES);
    for (outcome, counts) in rows.into_iter().take(CAUSES) {
        let most = counts.values().copied().max().unwrap_or(0);
        let all: usize = counts.values().sum();
        let mondays = std::iter::successors(Some(start), |day| Some(*day + TimeDelta::weeks(1)));
        let bars: String = mondays
            .take_while(|day| *day <= last)
            .map(|day| bar(counts.get(&day).copied().unwrap_or(0), most))
            .collect();
        page.line(&format!("  {:<26} {all:>6}  {bars}  {most} at most", words::outcome(outcome)));
    }
    if more > 0 {
        page.dim(&format!("    and {more} more"));
    }
}

/// A block as high as its share of the highest.
fn bar(count: usize, most: usize) -> char {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    match count {
        0 => '·',
        _ => BLOCKS.get((count * 8).div_ceil(most.max(1)) - 1).copied().unwrap_or('█'),
    }
}

fn waves(page: &mut Page, fleet: &Fleet) {
    if fleet.waves.is_empty() {
        return;
    }
    page.heading(BAD, "WAVES");
    for wave in &fleet.waves {
        page.bullet(BOLD, &words::outcome(&wave.cause), &words::wave(wave));
        let shared: Vec<_> = wave.shared.iter().map(words::share).collect();
        if !shared.is_empty() {
            page.dim_at(4, &format!("of these, {}", shared.join("; ")));
        }
    }
}

fn lifts(page: &mut Page, fleet: &Fleet) {
    let shown = words::shown(fleet);
    let stands = shown.iter().filter(|lift| lift.stands).count();
    let style = if stands > 0 { BAD } else { GOOD };
    page.heading(style, &format!("CHANGES BEFORE INCIDENTS, within {} days", fleet.days));
    if fleet.lifts.tested == 0 {
        page.text_at(2, "There are too few tickets with and without any change to compare.");
    } else if stands == 0 {
        page.text_at(2, "No change stands out: none holds once it is counted how many were looked at, and tickets of the same week \
             are compared.",
        );
    }
    if !shown.is_empty() {
        page.dim(
            "  change             with it      without it    odds ratio (95 %)    p corrected",
        );
    }
    let mut before: Option<&Option<String>> = None;
    for lift in shown {
        if before != Some(&lift.cause) {
            page.subheading(&format!("  {}", words::cause(lift)));
            before = Some(&lift.cause);
        }
        row(page, lift);
    }
    for text in words::caution(fleet) {
        page.dim_at(2, &text);
    }
}

fn row(page: &mut Page, lift: &Lift) {
    let of = |(with, none): (u64, u64)| format!("{with} of {}", with + none);
    let name = visible(lift.change.name());
    let (name, long) =
        if name.chars().count() > 17 { (String::new(), Some(name)) } else { (name, None) };
    if let Some(long) = long {
        page.line(&format!("  {long}"));
    }
    page.line(&format!(
        "  {name:<17}  {:<11}  {:<12}  {:<20} {}",
        of(lift.table.with),
        of(lift.table.without),
        words::ratio(lift.odds_ratio),
        words::p(lift.p_corrected)
    ));
    let (style, label) = match lift {
        _ if lift.stands => (BAD, "stands"),
        _ if lift.p_corrected < SIGNIFICANT => (WARN, "not confirmed"),
        _ => (DIM, "not significant"),
    };
    page.bullet(style, label, &words::remarks(lift).join("; "));
}

fn by(page: &mut Page, name: &str, groups: &[Group]) {
    if groups.is_empty() {
        return;
    }
    page.heading(BOLD, name);
    for group in groups.iter().take(GROUPS) {
        let name = group.name.as_deref().map_or_else(|| "not told".to_owned(), visible);
        let verdicts = words::verdicts(&group.verdicts, 2);
        let text = format!("{} of {}; {verdicts}", group.incidents, group.tickets);
        page.bullet(BOLD, &name, &text);
    }
    if groups.len() > GROUPS {
        page.dim(&format!("    and {} more", groups.len() - GROUPS));
    }
}

fn alike_to(page: &mut Page, alike: &Alike) {
    let verdict = words::outcome(&alike.verdict);
    page.heading(BOLD, &format!("ALIKE TO {} ({verdict})", visible(&alike.ticket)));
    for other in alike.others.iter().take(ALIKE) {
        let time = other.time.map_or_else(String::new, |time| format!(" {}", time.date_naive()));
        let host = other.host.as_deref().map(visible).unwrap_or_default();
        let text = format!(
            "{:.0} %, {}, {host}{time}; both have {}",
            other.likeness * 100.0,
            words::outcome(&other.verdict),
            if other.shared.is_empty() {
                "nothing else".to_owned()
            } else {
                visible(&other.shared.join(", "))
            }
        );
        page.bullet(BOLD, &visible(&other.ticket), &text);
    }
}
