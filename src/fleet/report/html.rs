//! The page for the browser: one file that asks nobody for anything and needs no script.

use std::io::{self, Write};

use askama::Template;

use super::bars::{self, Key};
use super::{FleetReport, forest, words};
use crate::fleet::{Fleet, Group, Lift, SIGNIFICANT};
use crate::report::{policy, visible};

#[derive(Debug)]
pub(super) struct Html;

/// The style of the reports, and what a fleet's page has beyond it.
const STYLE: &str = concat!(include_str!("../../report/html/style.css"), include_str!("fleet.css"));
/// Rows of a table by computer, build or site.
const GROUPS: usize = 20;
/// Tickets that are named as alike.
const ALIKE: usize = 10;

#[derive(Template)]
#[template(path = "fleet.html")]
struct Page {
    version: &'static str,
    policy: String,
    style: &'static str,
    title: String,
    stands: bool,
    summary: String,
    left_out: Vec<String>,
    bars: String,
    keys: Vec<Key>,
    older: usize,
    waves: Vec<WaveView>,
    days: u16,
    forest: String,
    lifts: Vec<LiftView>,
    caution: [String; 3],
    groups: Vec<GroupsView>,
    alike: Option<AlikeView>,
    stores: Vec<StoreView>,
}

struct WaveView {
    cause: String,
    text: String,
    shared: Vec<String>,
}

struct LiftView {
    change: String,
    cause: String,
    badge: (&'static str, &'static str),
    with: String,
    without: String,
    ratio: String,
    p: String,
    remarks: Vec<String>,
}

struct GroupsView {
    heading: &'static str,
    name: &'static str,
    rows: Vec<GroupView>,
    more: usize,
}

struct GroupView {
    name: String,
    incidents: usize,
    tickets: usize,
    width: usize,
    verdicts: String,
}

struct AlikeView {
    ticket: String,
    verdict: String,
    others: Vec<[String; 6]>,
}

struct StoreView {
    path: String,
    tickets: usize,
    tool: String,
}

impl FleetReport for Html {
    fn write(&self, fleet: &Fleet, out: &mut dyn Write) -> io::Result<()> {
        page(fleet).write_into(&mut &mut *out)
    }
}

fn page(fleet: &Fleet) -> Page {
    let (bars, keys, older) = bars::weeks(fleet);
    let shown = words::shown(fleet);
    let first = fleet.lifts.found.iter().find(|lift| lift.stands);
    let groups = &fleet.groups;
    Page {
        version: env!("CARGO_PKG_VERSION"),
        policy: policy(STYLE, None),
        style: STYLE,
        title: title(fleet, first),
        stands: first.is_some(),
        summary: words::summary(fleet),
        left_out: words::left_out(fleet),
        bars,
        keys,
        older,
        waves: fleet.waves.iter().map(wave).collect(),
        days: fleet.days,
        forest: forest::forest(&shown),
        lifts: shown.iter().map(|lift| view(lift)).collect(),
        caution: words::caution(fleet),
        groups: vec![
            by("By computer", "Computer", &groups.hosts),
            by("By build", "Build", &groups.builds),
            by("By site", "Site", &groups.sites),
        ],
        alike: fleet.alike.as_ref().map(alike),
        stores: fleet
            .stores
            .iter()
            .map(|store| StoreView {
                path: visible(&store.path),
                tickets: store.tickets,
                tool: visible(store.tool.as_deref().unwrap_or("?")),
            })
            .collect(),
    }
}

fn title(fleet: &Fleet, first: Option<&Lift>) -> String {
    match (first, fleet.waves.first()) {
        (Some(lift), _) => {
            let change = visible(lift.change.name());
            format!(
                "{} comes more often within {} days after {change}",
                words::cause(lift),
                fleet.days
            )
        }
        (None, Some(wave)) => {
            format!("A wave of {}, and no change that stands out", words::outcome(&wave.cause))
        }
        (None, None) => "No change stands out".to_owned(),
    }
}

fn wave(wave: &crate::fleet::Wave) -> WaveView {
    WaveView {
        cause: words::outcome(&wave.cause),
        text: words::wave(wave),
        shared: wave.shared.iter().map(words::share).collect(),
    }
}

fn view(lift: &Lift) -> LiftView {
    let of = |(with, none): (u64, u64)| format!("{with} of {}", with + none);
    LiftView {
        change: visible(lift.change.name()),
        cause: words::cause(lift),
        badge: match lift {
            _ if lift.stands => ("trigger", "stands"),
            _ if lift.p_corrected < SIGNIFICANT => ("risk-medium", "not confirmed"),
            _ => ("context", "not significant"),
        },
        with: of(lift.table.with),
        without: of(lift.table.without),
        ratio: words::ratio(lift.odds_ratio),
        p: words::p(lift.p_corrected),
        remarks: words::remarks(lift),
    }
}

fn by(heading: &'static str, name: &'static str, groups: &[Group]) -> GroupsView {
    let most = groups.iter().map(|group| group.incidents).max().unwrap_or(0).max(1);
    let row = |group: &Group| GroupView {
        name: group.name.as_deref().map_or_else(|| "not told".to_owned(), visible),
        incidents: group.incidents,
        tickets: group.tickets,
        width: group.incidents * 1000 / most,
        verdicts: words::verdicts(&group.verdicts, 3),
    };
    GroupsView {
        heading,
        name,
        rows: groups.iter().take(GROUPS).map(row).collect(),
        more: groups.len().saturating_sub(GROUPS),
    }
}

fn alike(alike: &crate::fleet::Alike) -> AlikeView {
    let row = |other: &crate::fleet::Likeness| {
        [
            format!("{:.0} %", other.likeness * 100.0),
            visible(&other.ticket),
            words::outcome(&other.verdict),
            other.host.as_deref().map(visible).unwrap_or_default(),
            other.time.map(|time| time.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
            visible(&other.shared.join(", ")),
        ]
    };
    AlikeView {
        ticket: visible(&alike.ticket),
        verdict: words::outcome(&alike.verdict),
        others: alike.others.iter().take(ALIKE).map(row).collect(),
    }
}
