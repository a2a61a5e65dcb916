//! Tables as CSV (RFC 4180). Columns keep their names and places; new ones are added at the end.

use std::io::{self, Write};

use super::FleetReport;
use crate::fleet::table::Ratio;
use crate::fleet::{Count, Fleet, Group, Lift, Subject};
use crate::report::harmless;

/// One table.
#[derive(Debug)]
pub struct Table {
    /// What is typed.
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    columns: &'static [&'static str],
    rows: fn(&Fleet) -> Vec<Vec<String>>,
}

/// Changes with their counts, the table that is written when none is named.
pub(super) static LIFTS: Table = Table {
    name: "lifts",
    about: "Changes and what follows them",
    columns: &[
        "cause",
        "change_kind",
        "change",
        "with_incident",
        "with_none",
        "without_incident",
        "without_none",
        "undated",
        "odds_ratio",
        "low",
        "high",
        "corrected_for_zero",
        "p",
        "p_corrected",
        "within_alike_in",
        "within_odds_ratio",
        "within_low",
        "within_high",
        "within_p_corrected",
        "stands",
        "beside",
        "beside_share",
        "computers",
        "in_verdict",
        "documented",
    ],
    rows: lifts,
};

/// Every table.
pub static TABLES: &[&Table] = &[
    &LIFTS,
    &Table {
        name: "weeks",
        about: "Verdicts by week",
        columns: &["monday", "verdict", "tickets"],
        rows: weeks,
    },
    &Table {
        name: "waves",
        about: "Sudden rises",
        columns: &["cause", "from", "last", "tickets", "before_a_week", "p"],
        rows: waves,
    },
    &Table {
        name: "hosts",
        about: "Verdicts by computer",
        columns: GROUP,
        rows: |fleet| groups(&fleet.groups.hosts),
    },
    &Table {
        name: "builds",
        about: "Verdicts by build of Windows",
        columns: GROUP,
        rows: |fleet| groups(&fleet.groups.builds),
    },
    &Table {
        name: "sites",
        about: "Verdicts by site",
        columns: GROUP,
        rows: |fleet| groups(&fleet.groups.sites),
    },
    &Table {
        name: "alike",
        about: "Tickets alike to that of --like",
        columns: &["ticket", "likeness", "store", "verdict", "host", "time_utc", "shared"],
        rows: alike,
    },
];

const GROUP: &[&str] = &["name", "verdict", "tickets"];

/// The table of a name.
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}

impl FleetReport for Table {
    fn write(&self, fleet: &Fleet, out: &mut dyn Write) -> io::Result<()> {
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        writer.write_record(self.columns)?;
        for row in (self.rows)(fleet) {
            writer.write_record(row.iter().map(|cell| harmless(cell).into_owned()))?;
        }
        writer.flush()
    }
}

fn lifts(fleet: &Fleet) -> Vec<Vec<String>> {
    fleet.lifts.found.iter().map(lift).collect()
}

fn lift(lift: &Lift) -> Vec<String> {
    let kind = match lift.change {
        Subject::Update(_) => "update",
        Subject::Other(_) => "other",
    };
    let of = |ratio: Ratio| [ratio.value, ratio.low, ratio.high].map(exact);
    let within = lift.within.map(|within| of(within.odds_ratio)).unwrap_or_default();
    let ((a, b), (c, d)) = (lift.table.with, lift.table.without);
    let known: Vec<_> = lift.known.iter().map(|known| known.effect.as_str()).collect();
    let beside = lift.beside.as_ref();
    let mut row = vec![
        lift.cause.clone().unwrap_or_else(|| "any".to_owned()),
        kind.to_owned(),
        lift.change.name().to_owned(),
    ];
    row.extend([a, b, c, d, lift.undated].map(|count| count.to_string()));
    row.extend(of(lift.odds_ratio));
    row.extend([lift.corrected_for_zero.to_string(), exact(lift.p), exact(lift.p_corrected)]);
    row.push(lift.within.map(|within| within.alike_in.to_owned()).unwrap_or_default());
    row.extend(within);
    row.push(lift.within.map(|within| exact(within.p_corrected)).unwrap_or_default());
    row.push(lift.stands.to_string());
    row.push(beside.map(|beside| beside.change.name().to_owned()).unwrap_or_default());
    row.push(beside.map(|beside| exact(beside.share)).unwrap_or_default());
    row.push(lift.computers.map(|count| count.to_string()).unwrap_or_default());
    row.extend([lift.in_verdict.to_string(), known.join(" ")]);
    row
}

/// Four digits that mean something.
fn exact(value: f64) -> String {
    let is_plain = (1e-3..1e6).contains(&value) || value == 0.0;
    if is_plain { format!("{value:.4}") } else { format!("{value:.3e}") }
}

fn weeks(fleet: &Fleet) -> Vec<Vec<String>> {
    let rows = fleet.weeks.iter().flat_map(|week| {
        let row = |count: &Count| {
            let verdict = count.verdict.as_str().to_owned();
            vec![week.monday.to_string(), verdict, count.tickets.to_string()]
        };
        week.verdicts.iter().map(row)
    });
    rows.collect()
}

fn waves(fleet: &Fleet) -> Vec<Vec<String>> {
    let row = |wave: &crate::fleet::Wave| {
        vec![
            wave.cause.as_str().to_owned(),
            wave.from.to_string(),
            wave.last.to_string(),
            wave.tickets.to_string(),
            exact(wave.before),
            exact(wave.p),
        ]
    };
    fleet.waves.iter().map(row).collect()
}

fn groups(groups: &[Group]) -> Vec<Vec<String>> {
    let rows = groups.iter().flat_map(|group| {
        let name = group.name.clone().unwrap_or_default();
        group.verdicts.iter().map(move |count| {
            vec![name.clone(), count.verdict.as_str().to_owned(), count.tickets.to_string()]
        })
    });
    rows.collect()
}

fn alike(fleet: &Fleet) -> Vec<Vec<String>> {
    let others = fleet.alike.iter().flat_map(|alike| &alike.others);
    let row = |other: &crate::fleet::Likeness| {
        vec![
            other.ticket.clone(),
            exact(other.likeness),
            fleet.stores.get(other.store).map(|store| store.path.clone()).unwrap_or_default(),
            other.verdict.as_str().to_owned(),
            other.host.clone().unwrap_or_default(),
            other
                .time
                .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
                .unwrap_or_default(),
            other.shared.join(" "),
        ]
    };
    others.map(row).collect()
}
