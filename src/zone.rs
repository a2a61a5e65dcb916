//! Local times: which zone a machine's wall clock kept, and what instant a local time means.
//!
//! Parsers never guess an offset. While a source is parsed its local times are handled as if they were UTC; once all
//! sources are parsed, `resolve` finds the zone for each and moves what it gave, once.

mod hints;
mod names;
mod resolve;
mod steps;

use chrono::{DateTime, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

pub use self::hints::{Hint, Hints, add_interest};
pub(crate) use self::resolve::{WallClock, resolve};
pub(crate) use self::steps::Steps;
use crate::event::TimeQuality;

/// The rule by which a wall clock differs from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// A zone with its history of daylight saving.
    Named(Tz),
    /// Minutes to add to UTC, all year as far as known; whether that is certain.
    Offset {
        /// Minutes east of UTC.
        minutes: i32,
        /// Nothing but the standard offset is known: in summer it may be an hour more.
        standard_only: bool,
    },
}

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(zone) => f.write_str(zone.name()),
            Self::Offset { minutes, .. } => {
                let sign = if *minutes < 0 { '-' } else { '+' };
                write!(f, "UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

/// In which of the two passes through an hour that the clock went through twice a local time lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pass {
    /// Before the clock was set back.
    First,
    /// After it.
    Second,
    /// Nothing tells.
    #[default]
    Unknown,
}

impl Zone {
    /// A zone by any name it has: IANA (`Europe/Berlin`), Windows (`W. Europe Standard Time`), as Windows shows it
    /// (`(UTC+01:00) Amsterdam, Berlin, …`, also translated), or an offset (`UTC+2`, `-05:30`).
    ///
    /// ```
    /// use rdpwhy::zone::Zone;
    /// assert_eq!(Zone::parse("w. europe standard time"), Zone::parse("Europe/Berlin"));
    /// assert_eq!(Zone::parse("Middle Earth"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        names::parse(name)
    }

    /// The instant of a local time, and how far to trust it. An hour that came twice is decided by `pass`; a local time
    /// that never was (the clock had been set forward) is taken by the offset before.
    #[must_use]
    pub fn instant(self, local: NaiveDateTime, pass: Pass) -> (DateTime<Utc>, TimeQuality) {
        match self {
            Self::Offset { minutes, standard_only } => {
                let quality =
                    if standard_only { TimeQuality::Assumed } else { TimeQuality::Resolved };
                (shift(local, minutes), quality)
            }
            Self::Named(zone) => match zone.from_local_datetime(&local) {
                chrono::LocalResult::Single(time) => (time.to_utc(), TimeQuality::Resolved),
                chrono::LocalResult::Ambiguous(first, second) => match pass {
                    Pass::First => (first.to_utc(), TimeQuality::Resolved),
                    Pass::Second => (second.to_utc(), TimeQuality::Resolved),
                    Pass::Unknown => (first.to_utc(), TimeQuality::Assumed),
                },
                chrono::LocalResult::None => {
                    let before = local - TimeDelta::hours(3);
                    let offset = zone.offset_from_local_datetime(&before).earliest();
                    let minutes = offset.map_or(0, |offset| offset.fix().local_minus_utc() / 60);
                    (shift(local, minutes), TimeQuality::Assumed)
                }
            },
        }
    }

    /// Minutes east of UTC at an instant.
    #[must_use]
    pub fn minutes_at(self, time: DateTime<Utc>) -> i32 {
        match self {
            Self::Offset { minutes, .. } => minutes,
            Self::Named(zone) => {
                zone.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc() / 60
            }
        }
    }

    /// Whether the clock of this zone can have shown `local` at `instant`.
    pub(crate) fn agrees(self, local: NaiveDateTime, minutes: i32) -> bool {
        self.minutes_at(shift(local, minutes)) == minutes
    }
}

fn shift(local: NaiveDateTime, minutes: i32) -> DateTime<Utc> {
    let time = local.and_utc();
    time.checked_sub_signed(TimeDelta::minutes(i64::from(minutes))).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    #[test]
    fn summer_and_winter_differ_within_one_log() {
        let zone = Zone::parse("Pacific Standard Time").unwrap();
        let utc = |text| zone.instant(local(text), Pass::Unknown);
        let winter = utc("2026-01-15 12:00:00");
        assert_eq!(
            (winter.0.to_rfc3339(), winter.1),
            ("2026-01-15T20:00:00+00:00".into(), TimeQuality::Resolved)
        );
        assert_eq!(utc("2026-07-15 12:00:00").0.to_rfc3339(), "2026-07-15T19:00:00+00:00");
    }

    #[test]
    fn the_hour_that_came_twice_is_told_by_its_pass_or_not_sure() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let at = |pass| zone.instant(local("2026-10-25 02:30:00"), pass);
        assert_eq!(
            at(Pass::First),
            ("2026-10-25T00:30:00Z".parse().unwrap(), TimeQuality::Resolved)
        );
        assert_eq!(
            at(Pass::Second),
            ("2026-10-25T01:30:00Z".parse().unwrap(), TimeQuality::Resolved)
        );
        assert_eq!(at(Pass::Unknown).1, TimeQuality::Assumed);
    }

    #[test]
    fn the_hour_that_never_was_is_not_sure() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let never = zone.instant(local("2026-03-29 02:30:00"), Pass::Unknown);
        assert_eq!(never, ("2026-03-29T01:30:00Z".parse().unwrap(), TimeQuality::Assumed));
    }
}
