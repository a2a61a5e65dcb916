//! Times as reports write them: RFC 3339 in UTC.

use chrono::{DateTime, Datelike as _, SecondsFormat, Timelike as _, Utc};

/// A time with the digits it has.
pub(super) fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Appends the same: timelines have one a row, and digit by digit it costs a fifth.
pub(super) fn push_instant(time: DateTime<Utc>, out: &mut Vec<u8>) {
    // Asked of `DateTime`, each part would be found anew.
    let parts = time.naive_utc();
    let (year, nanos) = (parts.year(), parts.nanosecond());
    // A leap second, and years of more digits.
    let Some(year) =
        u32::try_from(year).ok().filter(|year| *year < 10_000 && nanos < 1_000_000_000)
    else {
        out.extend_from_slice(instant(time).as_bytes());
        return;
    };
    let mut text = *b"0000-00-00T00:00:00.000000000";
    let [
        y1,
        y2,
        y3,
        y4,
        _,
        mo1,
        mo2,
        _,
        d1,
        d2,
        _,
        h1,
        h2,
        _,
        mi1,
        mi2,
        _,
        s1,
        s2,
        _,
        fraction @ ..,
    ] = &mut text;
    let two = |number: u32, [tens, ones]: [&mut u8; 2]| {
        *tens += (number / 10 % 10) as u8;
        *ones += (number % 10) as u8;
    };
    two(year / 100, [y1, y2]);
    two(year % 100, [y3, y4]);
    two(parts.month(), [mo1, mo2]);
    two(parts.day(), [d1, d2]);
    two(parts.hour(), [h1, h2]);
    two(parts.minute(), [mi1, mi2]);
    two(parts.second(), [s1, s2]);
    let mut rest = nanos;
    for digit in fraction.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    let end = match nanos {
        0 => 19,
        _ if nanos % 1_000_000 == 0 => 23,
        _ if nanos % 1000 == 0 => 26,
        _ => 29,
    };
    out.extend_from_slice(text.get(..end).unwrap_or_default());
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_rows_are_those_of_reports() {
        let seconds = [-62_135_596_800, -1, 0, 1_795_000_000, 253_402_300_799, 253_402_300_800];
        let nanos = [0, 1, 100, 1000, 999_000, 120_000_000, 999_999_999, 1_999_999_999];
        for (seconds, nanos) in seconds.into_iter().flat_map(|at| nanos.map(|nanos| (at, nanos))) {
            let Some(time) = DateTime::from_timestamp(seconds, nanos) else { continue };
            let mut written = Vec::new();
            push_instant(time, &mut written);
            assert_eq!(String::from_utf8(written).expect("ASCII"), instant(time));
        }
    }
}
