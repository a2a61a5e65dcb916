//! Many tickets at once: what they have in common, and which change stands before them more often than chance has it.
//!
//! In go the stores of batches, out comes a [`Fleet`]: causes by week ([`Week`]), by computer, build and site
//! ([`Groups`]), sudden rises ([`Wave`]), the lift of every change ([`Lifts`]), and tickets alike to one ([`Alike`]).
//! `docs/fleet.md` says what is counted and how; the statistics are in [`table`] and [`exact`].

mod alike;
pub mod exact;
mod groups;
mod lift;
pub mod report;
mod settings;
mod store;
pub mod table;
mod weeks;

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer};

pub use alike::{Alike, Likeness};
pub use groups::{Count, Group, Groups};
pub use lift::{Beside, Known, Lift, Lifts, RARE, SIGNIFICANT, WITNESSES, Within};
pub use settings::{DAYS, SITE, Settings};
pub use weeks::{AT_LEAST, BEFORE, JUDGED_AFTER, Share, TIMES, WAVE, Wave, Week};

use crate::error::Result;
use crate::signatures::Database;
use store::Tickets;

/// What tickets have in common.
#[derive(Debug, Serialize)]
pub struct Fleet {
    /// Where they stand.
    pub stores: Vec<Store>,
    /// Days after a change.
    pub days: u16,
    /// How many tickets count.
    pub tickets: usize,
    /// How many of them have an incident.
    pub incidents: usize,
    /// Tickets that do not count, and why.
    pub left_out: LeftOut,
    /// By week, the first one first; weeks without tickets are left out.
    pub weeks: Vec<Week>,
    /// Sudden rises, the first one first.
    pub waves: Vec<Wave>,
    /// Changes and what follows them.
    pub lifts: Lifts,
    /// By computer, build and site.
    #[serde(flatten)]
    pub groups: Groups,
    /// Tickets alike to the one that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alike: Option<Alike>,
}

/// A store that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Store {
    /// As it was given.
    pub path: String,
    /// The version of the program that made it.
    pub tool: Option<String>,
    /// SHA-256 of the signatures it was made with.
    pub signatures: Option<String>,
    /// How many of its tickets count.
    pub tickets: usize,
}

/// Tickets that do not count; they are counted here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Nothing could be read.
    pub failed: u64,
    /// The same content as another, in this store or one before.
    pub duplicates: u64,
    /// Nobody knows when: neither in the weeks nor in the lifts.
    pub undated: u64,
}

/// What a ticket is about: the first cause of its first incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Its id.
    Cause(String),
    /// There was an incident, and nobody knows why.
    Abstained,
    /// No incident.
    Nothing,
}

impl Outcome {
    /// As the store has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Cause(id) => id,
            Self::Abstained => "insufficient-evidence",
            Self::Nothing => "none",
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A change that may stand before a ticket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "kind", content = "name", rename_all = "lowercase")]
pub enum Subject {
    /// An update: its KB.
    Update(String),
    /// Another change: the name of its signature, or its kind.
    Other(String),
}

impl Subject {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        let (Self::Update(name) | Self::Other(name)) = self;
        name
    }
}

/// A ticket that counts.
#[derive(Debug, Clone)]
struct Ticket {
    store: usize,
    number: i64,
    id: String,
    outcome: Outcome,
    /// When it failed; without an incident, the last that its logs tell of.
    time: Option<DateTime<Utc>>,
    first_time: Option<DateTime<Utc>>,
    /// Whether anything lists its updates.
    lists_updates: bool,
    host: Option<String>,
    build: Option<String>,
    site: Option<String>,
}

impl Ticket {
    /// The Monday of its week.
    fn week(&self) -> Option<NaiveDate> {
        let day = self.time?.date_naive();
        Some(day.week(chrono::Weekday::Mon).first_day())
    }
}

/// Looks at all tickets of some stores: the folders of batches, or the databases in them.
///
/// # Errors
/// When one of them is no store, or the ticket to compare with is in none.
pub fn fleet(stores: &[PathBuf], settings: &Settings, db: &Database) -> Result<Fleet> {
    let all = Tickets::of(stores, settings)?;
    let lifts = lift::lifts(&all, settings, db);
    let weeks = weeks::weeks(&all.tickets);
    let alike = match &settings.like {
        Some(id) => Some(alike::alike(stores, &all, id)?),
        None => None,
    };
    Ok(Fleet {
        days: settings.days,
        tickets: all.tickets.len(),
        incidents: all.tickets.iter().filter(|one| one.outcome != Outcome::Nothing).count(),
        waves: weeks::waves(&all, &weeks),
        weeks,
        lifts,
        groups: Groups::of(&all.tickets),
        alike,
        left_out: all.left_out,
        stores: all.stores,
    })
}
