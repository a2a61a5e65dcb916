//! Floods: so many hits in a minute that no people were behind them.
//!
//! In one public log a scanner wrote 29,205 pairs of Schannel 36874 and 36888 within a minute, while RDP went on working.

use chrono::TimeDelta;

use crate::findings::Series;

/// Hits of one signature within [`MINUTE`] that are a flood: several hundred users at a morning's logon stay below it.
const HITS: u64 = 60;

const MINUTE: TimeDelta = TimeDelta::seconds(60);

/// For each bucket, whether it stands outside of any flood.
#[must_use]
pub fn calm(series: &Series) -> Vec<bool> {
    let mut calm = vec![true; series.buckets.len()];
    let mut start = 0;
    let mut sum = 0;
    for (end, bucket) in series.buckets.iter().enumerate() {
        let Some(time) = bucket.last else { continue };
        sum += bucket.count;
        while let Some(oldest) = series.buckets.get(start).filter(|_| start < end) {
            if oldest.first.is_some_and(|first| time - first <= MINUTE) {
                break;
            }
            // An undated bucket was never added.
            sum -= if oldest.last.is_some() { oldest.count } else { 0 };
            start += 1;
        }
        let lasts = series
            .buckets
            .get(start)
            .and_then(|oldest| oldest.first)
            .map_or(MINUTE, |first| (time - first).max(MINUTE));
        // A bucket may have grown wider than a minute: what counts is its rate.
        let rate = sum as f64 * MINUTE.as_seconds_f64() / lasts.as_seconds_f64();
        if rate >= HITS as f64 {
            calm.iter_mut().take(end + 1).skip(start).for_each(|flag| *flag = false);
        }
    }
    calm
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::event::{Event, Origin, Position, SourceId, Timestamp};
    use crate::findings::Findings;
    use crate::signatures::SignatureId;

    fn series(seconds: impl IntoIterator<Item = i64>) -> Series {
        let mut findings = Findings::default();
        for second in seconds {
            let time = DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap();
            let origin = Origin { source: SourceId(0), position: Position::Record(1) };
            let event = Event::text("Schannel", Timestamp::Utc(time), origin);
            let hit = findings.hit(std::iter::once(SignatureId(0)), &event);
            findings.take(hit.unwrap());
        }
        findings.series().next().map(|(_, series)| series.clone()).unwrap()
    }

    #[test]
    fn a_scanner_is_a_flood_and_the_fault_an_hour_later_is_not() {
        let scanner = (0..60).flat_map(|second| std::iter::repeat_n(second, 10));
        let calm = calm(&series(scanner.chain([3600, 3607])));
        assert_eq!(calm.iter().filter(|calm| !**calm).count() + 2, calm.len());
        assert!(calm.ends_with(&[true, true]));
    }

    #[test]
    fn everybody_failing_all_day_is_no_flood() {
        assert!(calm(&series((0..2000).map(|number| number * 15))).iter().all(|calm| *calm));
    }
}
