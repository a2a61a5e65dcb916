//! Times as exactly as a source says them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;

/// When something happened, as exactly as the source says. Parsers never guess an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamp {
    /// An instant.
    Utc(DateTime<Utc>),
    /// The wall clock of the machine that wrote it; its zone is not in the source.
    Local(NaiveDateTime),
    /// A calendar day on the machine that wrote it.
    Day(NaiveDate),
    /// The source says nothing: ticket text, state as of its collection.
    Undated,
}

/// How far a time in a report may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeQuality {
    /// The source said UTC or an offset.
    Exact,
    /// Local time, and the bundle or the user told the zone.
    Resolved,
    /// Local time of an unknown zone, shown as if it were UTC.
    Assumed,
    /// Only the day is known; shown as its noon.
    Day,
    /// No time at all.
    Undated,
}

impl TimeQuality {
    /// How far the true instant may lie from the shown one.
    #[must_use]
    pub fn slack(self) -> TimeDelta {
        match self {
            Self::Exact | Self::Resolved => TimeDelta::zero(),
            // Zones reach from UTC-12 to UTC+14.
            Self::Assumed => TimeDelta::hours(14),
            // Noon, half a day to either end, and the zone of the machine.
            Self::Day => TimeDelta::hours(26),
            Self::Undated => TimeDelta::MAX,
        }
    }
}

impl Timestamp {
    /// The instant and how far to trust it; `offset_minutes` is what to add to UTC to get local time, when known.
    #[must_use]
    pub fn resolve(self, offset_minutes: Option<i32>) -> (Option<DateTime<Utc>>, TimeQuality) {
        match self {
            Self::Utc(time) => (Some(time), TimeQuality::Exact),
            Self::Local(time) => {
                let quality = if offset_minutes.is_some() {
                    TimeQuality::Resolved
                } else {
                    TimeQuality::Assumed
                };
                let shift = TimeDelta::minutes(i64::from(offset_minutes.unwrap_or(0)));
                (time.and_utc().checked_sub_signed(shift), quality)
            }
            Self::Day(day) => {
                (day.and_hms_opt(12, 0, 0).map(|noon| noon.and_utc()), TimeQuality::Day)
            }
            Self::Undated => (None, TimeQuality::Undated),
        }
    }

    /// The instant, or the wall clock as if it were UTC: what is put in order while the zone is not known yet.
    #[must_use]
    pub fn clock(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Utc(time) => Some(time),
            Self::Local(time) => Some(time.and_utc()),
            Self::Day(_) | Self::Undated => None,
        }
    }

    /// The instant, when the source itself told it.
    #[must_use]
    pub fn utc(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Utc(time) => Some(time),
            _ => None,
        }
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Utc(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::Local(time) => write!(f, "{time} local"),
            Self::Day(day) => write!(f, "{day}"),
            Self::Undated => f.write_str("undated"),
        }
    }
}
