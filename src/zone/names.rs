//! The names of time zones: IANA, Windows, and what Windows shows to people.

use std::sync::LazyLock;

use chrono_tz::Tz;

use super::Zone;

/// Windows name, IANA name, English display name.
type Row = (&'static str, &'static str, &'static str);

static WINDOWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let lines = include_str!("windows_zones.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some((fields.next()?, fields.next()?, fields.next()?))
        })
        .collect()
});

pub(super) fn parse(name: &str) -> Option<Zone> {
    let name = name.trim();
    iana(name).or_else(|| windows(name)).or_else(|| shown(name)).or_else(|| offset(name))
}

fn iana(name: &str) -> Option<Zone> {
    let known = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name));
    known.copied().map(Zone::Named)
}

fn row_zone(row: &Row) -> Option<Zone> {
    row.1.parse::<Tz>().ok().map(Zone::Named)
}

/// `Pacific Standard Time`; `Pacific Daylight Time` is the same clock in summer.
fn windows(name: &str) -> Option<Zone> {
    let standard =
        name.replace("Daylight Time", "Standard Time").replace("Summer Time", "Standard Time");
    WINDOWS.iter().find(|row| row.0.eq_ignore_ascii_case(&standard)).and_then(row_zone)
}

/// `(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna`, also translated: then a city that is spelt alike
/// decides, for the offset alone does not tell whether there is daylight saving.
fn shown(name: &str) -> Option<Zone> {
    let (offset, cities) = name.strip_prefix('(')?.split_once(')')?;
    let minutes = minutes(offset)?;
    let cities = cities.trim();
    if let Some(row) = WINDOWS.iter().find(|row| row.2.eq_ignore_ascii_case(cities)) {
        return row_zone(row);
    }
    let alike = |row: &&Row| words(row.2).any(|word| words(cities).any(|other| other == word));
    let found: Vec<_> =
        WINDOWS.iter().filter(alike).filter(|row| standard(row) == Some(minutes)).collect();
    match found.as_slice() {
        [row] => row_zone(row),
        _ => Some(Zone::Offset { minutes, standard_only: true }),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '(', ')', '&']).filter(|word| word.len() > 3 && *word != "Time")
}

/// The standard offset of a row's zone, in minutes: the smaller one of the year, whichever half of the earth it is on.
fn standard(row: &Row) -> Option<i32> {
    let zone = row_zone(row)?;
    let at =
        |seconds| chrono::DateTime::from_timestamp(seconds, 0).map(|time| zone.minutes_at(time));
    // January and July 2026.
    at(1_768_000_000)?.min(at(1_784_000_000)?).into()
}

/// `UTC+2`, `+05:30`, `-8`, `UTC`, `Z`.
fn offset(name: &str) -> Option<Zone> {
    Some(Zone::Offset { minutes: minutes(name)?, standard_only: false })
}

fn minutes(text: &str) -> Option<i32> {
    let upper = text.to_ascii_uppercase();
    let rest = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper);
    if rest.is_empty() && !upper.is_empty() || rest == "Z" {
        return Some(0);
    }
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |text: &str| text.parse::<u8>().ok().map(i32::from);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_names_a_zone() {
        assert!(WINDOWS.len() > 130);
        for row in WINDOWS.iter() {
            assert!(row_zone(row).is_some(), "{row:?}");
        }
    }

    #[test]
    fn names_as_systems_show_them() {
        for (name, zone) in [
            ("(UTC-08:00) Pacific Time (US & Canada)", "America/Los_Angeles"),
            ("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "Europe/Berlin"),
            ("(UTC+01:00) Bruselas, Copenhague, Madrid, París", "Europe/Paris"),
            ("Pacific Daylight Time", "America/Los_Angeles"),
            ("europe/berlin", "Europe/Berlin"),
            ("UTC", "UTC"),
            ("(UTC-08:00) Hora del Pacífico (EE. UU. y Canadá)", "UTC-08:00"),
            ("(UTC+05:30) Чennai", "UTC+05:30"),
            ("+0530", "UTC+05:30"),
            ("UTC-3", "UTC-03:00"),
        ] {
            assert_eq!(parse(name).map(|zone| zone.to_string()).as_deref(), Some(zone), "{name}");
        }
        for name in ["", "UTC+25", "Winterfell Standard Time", "+x"] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
