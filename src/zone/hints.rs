//! What a source says about the zone of a machine's clock.

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::Zone;
use crate::event::{Event, Timestamp, parse_code};
use crate::parsers::Interest;

/// Hints of one source that are kept; a log of years has a start a day.
const KEPT: usize = 1024;

/// One statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// The zone by name, or its offset.
    Zone(Zone),
    /// At this local time the clock was so many minutes east of UTC.
    Sample(NaiveDateTime, i32),
    /// The system started at this local time.
    LocalBoot(NaiveDateTime),
    /// The system started at this instant.
    Boot(DateTime<Utc>),
}

/// The statements of one source, each with the computer it is about when the record names one.
#[derive(Debug, Default, Clone)]
pub struct Hints(pub Vec<(Option<Arc<str>>, Hint)>);

impl Hints {
    /// Whether nothing was told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in what was told elsewhere.
    pub fn absorb(&mut self, other: Self) {
        for hint in other.0 {
            if self.0.len() < KEPT && self.0.last() != Some(&hint) {
                self.0.push(hint);
            }
        }
    }

    /// Looks at an event.
    pub fn take(&mut self, event: &Event) {
        for hint in of(event).into_iter().flatten() {
            let known = (event.computer.clone(), hint);
            if self.0.len() < KEPT && self.0.last() != Some(&known) {
                self.0.push(known);
            }
        }
    }
}

/// Adds the events that tell a zone and that nobody else may want.
pub fn add_interest(interest: &mut Interest) {
    interest.add(KERNEL, Some(12));
    interest.add(KERNEL, Some(24));
    interest.add("EventLog", Some(6013));
}

const KERNEL: &str = "Microsoft-Windows-Kernel-General";

fn of(event: &Event) -> [Option<Hint>; 2] {
    match event.event_id {
        // The seventh value, `480 Pacific Standard Time`: minutes west, and a name that may be translated.
        Some(6013) if event.is_from("EventLog") => {
            [event.field("param7").and_then(uptime_zone).map(Hint::Zone), None]
        }
        Some(24) if event.is_from(KERNEL) => {
            let west = event.field("CurrentBias").and_then(parse_code).map(u32::cast_signed);
            [west.and_then(standard).map(Hint::Zone), None]
        }
        Some(12) if event.is_from(KERNEL) => boot(event),
        Some(_) => [None, None],
        None => [text_zone(event).map(Hint::Zone), sample(event).or_else(|| local_boot(event))],
    }
}

/// A start says its instant; where the record around it has a local time, the difference is the offset.
fn boot(event: &Event) -> [Option<Hint>; 2] {
    let start = event.field("StartTime").and_then(instant);
    let sample = match (event.time, start) {
        (Timestamp::Local(local), Some(start)) => {
            offset(local, start).map(|minutes| Hint::Sample(local, minutes))
        }
        _ => None,
    };
    [start.map(Hint::Boot), sample]
}

/// The offset that puts a local time near an instant: a multiple of a quarter of an hour.
fn offset(local: NaiveDateTime, instant: DateTime<Utc>) -> Option<i32> {
    let apart = (local - instant.naive_utc()).num_seconds();
    let quarters = (apart + 450).div_euclid(900);
    let near = (apart - quarters * 900).abs() < 300 && quarters.abs() <= 56;
    near.then(|| i32::try_from(quarters * 15).ok()).flatten()
}

fn uptime_zone(value: &str) -> Option<Zone> {
    let (west, name) = value.trim().split_once(' ')?;
    Zone::parse(name).or_else(|| standard(west.parse().ok()?))
}

/// A bias of which nothing tells the season.
fn standard(west: i32) -> Option<Zone> {
    (west.abs() <= 14 * 60).then_some(Zone::Offset { minutes: -west, standard_only: true })
}

/// `systeminfo`, `Get-TimeZone`, the registry.
fn text_zone(event: &Event) -> Option<Zone> {
    match &*event.provider {
        "systeminfo" | "time zone" => Zone::parse(event.field("TimeZone")?),
        "registry" => {
            let key = event.field("Key")?.to_ascii_lowercase();
            if !key.ends_with("\\control\\timezoneinformation") {
                return None;
            }
            let data = event.field("Data")?;
            match event.field("Name")? {
                "TimeZoneKeyName" => Zone::parse(data.split('\0').next()?),
                "ActiveTimeBias" => standard(parse_code(data)?.cast_signed()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A text log that tells the offset of its own times: `-0600`.
fn sample(event: &Event) -> Option<Hint> {
    let Zone::Offset { minutes, .. } = Zone::parse(event.field("UtcOffset")?)? else { return None };
    match event.time {
        Timestamp::Local(local) => Some(Hint::Sample(local, minutes)),
        Timestamp::Utc(time) => {
            let local = time.naive_utc().checked_add_signed(TimeDelta::minutes(minutes.into()))?;
            Some(Hint::Sample(local, minutes))
        }
        _ => None,
    }
}

fn local_boot(event: &Event) -> Option<Hint> {
    let boot = event.field("LastBootTime")?;
    NaiveDateTime::parse_from_str(boot, "%Y-%m-%d %H:%M:%S%.f").ok().map(Hint::LocalBoot)
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|time| time.to_utc())
}

/// The offset of a machine from the start that two logs tell, one in local time and one in UTC: their fractions of a
/// second are the same, so nothing else can be meant.
pub(super) fn same_boot(local: NaiveDateTime, boot: DateTime<Utc>) -> Option<i32> {
    use chrono::Timelike as _;
    let close = local.nanosecond().abs_diff(boot.nanosecond()) < 2_000_000;
    let apart = (local - boot.naive_utc()).num_milliseconds();
    let minutes = offset(local, boot)?;
    (close && (apart - i64::from(minutes) * 60_000).abs() < 2).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Origin, Position, SourceId};

    fn event(provider: &str, id: Option<u32>, fields: &[(&str, &str)]) -> Event {
        let origin = Origin { source: SourceId(0), position: Position::Whole };
        let mut event = Event::text(provider, Timestamp::Undated, origin);
        event.event_id = id;
        fields.iter().fold(event, |event, (name, value)| event.with(name, *value))
    }

    fn zone(event: &Event) -> Option<String> {
        match of(event)[0] {
            Some(Hint::Zone(zone)) => Some(zone.to_string()),
            _ => None,
        }
    }

    #[test]
    fn records_and_listings_name_the_zone() {
        let uptime = |value| event("EventLog", Some(6013), &[("param7", value)]);
        assert_eq!(
            zone(&uptime("480 Pacific Standard Time")).as_deref(),
            Some("America/Los_Angeles")
        );
        assert_eq!(zone(&uptime("-60 Mitteleuropäische Zeit")).as_deref(), Some("UTC+01:00"));
        assert_eq!(zone(&uptime("60")), None);
        let key = r"HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation";
        let value =
            |name, data| event("registry", None, &[("Key", key), ("Name", name), ("Data", data)]);
        assert_eq!(
            zone(&value("TimeZoneKeyName", "Tokyo Standard Time")).as_deref(),
            Some("Asia/Tokyo")
        );
        assert_eq!(zone(&value("ActiveTimeBias", "4294966756")).as_deref(), Some("UTC+09:00"));
        assert_eq!(zone(&value("Bias", "0")), None);
    }

    #[test]
    fn a_start_in_a_local_log_gives_the_offset() {
        let mut start = event(KERNEL, Some(12), &[("StartTime", "2023-05-22T14:05:16.5Z")]);
        let local =
            NaiveDateTime::parse_from_str("2023-05-22 08:05:16.543", "%Y-%m-%d %H:%M:%S%.f")
                .unwrap();
        start.time = Timestamp::Local(local);
        assert_eq!(of(&start)[1], Some(Hint::Sample(local, -360)));
        let boot: DateTime<Utc> = "2020-02-04T15:35:13.492Z".parse().unwrap();
        let logged = "2020-02-04 16:35:13.492".parse::<chrono::NaiveDateTime>();
        let logged = logged
            .or_else(|_| {
                NaiveDateTime::parse_from_str("2020-02-04 16:35:13.492", "%Y-%m-%d %H:%M:%S%.f")
            })
            .unwrap();
        assert_eq!(same_boot(logged, boot), Some(60));
        assert_eq!(same_boot(logged, boot + TimeDelta::milliseconds(300)), None);
    }
}
