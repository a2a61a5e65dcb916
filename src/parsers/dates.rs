//! The dates of a list that a tool wrote in the format of its user: which number is the day?

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate};
use regex::Captures;

/// What the dates of a file say about the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    MonthFirst,
    DayFirst,
    /// Every date fits both, but they look as the United States write them: `4/9/2018 12:00:00 AM`.
    PerhapsMonthFirst,
    /// Every date fits both, or some fit only the one and some only the other, as when `Get-HotFix` has read
    /// `M/D/YYYY` with the eyes of another country.
    Unknown,
}

impl Order {
    /// Looks at all dates of a file.
    pub(super) fn of<'t>(dates: impl Iterator<Item = &'t str>) -> Self {
        let dates: Vec<_> = dates.filter_map(Parts::of).filter(|date| !date.dots).collect();
        let day_first = dates.iter().any(|date| date.first > 12);
        let month_first = dates.iter().any(|date| date.second > 12);
        match (day_first, month_first) {
            (true, false) => Self::DayFirst,
            (false, true) => Self::MonthFirst,
            (false, false) if dates.iter().all(|date| date.american) => Self::PerhapsMonthFirst,
            _ => Self::Unknown,
        }
    }

    /// What an order that is not sure means for the dates, for a notice.
    pub(super) fn consequence(self) -> &'static str {
        match self {
            Self::PerhapsMonthFirst => "read as month/day",
            _ => "they are left out",
        }
    }
}

/// What a date of a list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Day(NaiveDate),
    /// Day and month may be the other way round; the likelier day, if there is one.
    Undecided(Option<NaiveDate>),
    /// There is none.
    None,
    /// There is one in a form that nobody has met yet.
    Unknown,
}

/// Reads the date of a row.
pub(super) fn read(text: &str, order: Order) -> Reading {
    let text = plain(text);
    if text.is_empty() {
        return Reading::None;
    }
    if let Some(day) = unmistakable(&text) {
        return Reading::Day(day);
    }
    let Some(date) = Parts::of(&text) else { return Reading::Unknown };
    let day = |order| date.day(order);
    let sure = match (date.first, date.second) {
        _ if date.dots => Some(Order::DayFirst),
        (13.., _) => Some(Order::DayFirst),
        (_, 13..) => Some(Order::MonthFirst),
        (first, second) if first == second => Some(Order::MonthFirst),
        _ => matches!(order, Order::MonthFirst | Order::DayFirst).then_some(order),
    };
    match sure {
        Some(order) => day(order).map_or(Reading::Unknown, Reading::Day),
        None if order == Order::PerhapsMonthFirst => Reading::Undecided(day(Order::MonthFirst)),
        None => Reading::Undecided(None),
    }
}

/// Without the invisible marks that Windows puts around the parts of a date, and the `?` they become in 8-bit files.
fn plain(text: &str) -> String {
    let mark =
        |letter: &char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '?');
    let text: String = text.chars().filter(|letter| !mark(letter)).collect();
    text.replace(['\u{a0}', '\u{202f}'], " ").trim().to_owned()
}

/// Forms that can be read in one way only.
fn unmistakable(text: &str) -> Option<NaiveDate> {
    static YEAR_FIRST: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^(\d{4})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{1,2})\b"));
    static WORDS: LazyLock<Expression> =
        LazyLock::new(|| expression(r"\b([A-Z][a-z]{2,8}) (\d{1,2}), (\d{4})\b"));
    if text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return file_time(text);
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    }
    if let Some(parts) = YEAR_FIRST.captures(text) {
        return NaiveDate::from_ymd_opt(
            year(number(&parts, 1)?)?,
            number(&parts, 2)?,
            number(&parts, 3)?,
        );
    }
    let words = WORDS.find(text)?.as_str();
    NaiveDate::parse_from_str(words, "%B %d, %Y").ok()
}

/// 100-nanosecond steps since 1601, in hex: what Vista and 2008 write.
fn file_time(hex: &str) -> Option<NaiveDate> {
    let steps = i64::from_str_radix(hex, 16).ok()?;
    let seconds = steps / 10_000_000 - 11_644_473_600;
    Some(DateTime::from_timestamp(seconds, 0)?.date_naive())
}

fn number(parts: &Captures<'_>, index: usize) -> Option<u32> {
    parts.get(index)?.as_str().parse().ok()
}

/// A year with two digits, or of the Buddhist calendar, in ours.
fn year(year: u32) -> Option<i32> {
    let year = i32::try_from(year).ok()?;
    Some(match year {
        0..100 => year + 2000,
        2400.. => year - 543,
        _ => year,
    })
}

/// A date of two small numbers and a year.
struct Parts {
    first: u32,
    second: u32,
    year: i32,
    /// `11.09.2026`: no country that writes points puts the month first.
    dots: bool,
    /// Without leading zeros, and with AM or PM.
    american: bool,
}

impl Parts {
    fn of(text: &str) -> Option<Self> {
        static DATE: LazyLock<Expression> =
            LazyLock::new(|| expression(r"^(\d{1,2})\s?([./-])\s?(\d{1,2})\s?[./-]\s?(\d{2,4})\b"));
        let text = plain(text);
        let parts = DATE.captures(&text)?;
        let padded = [1, 3]
            .iter()
            .any(|index| parts.get(*index).is_some_and(|part| part.as_str().starts_with('0')));
        Some(Self {
            first: number(&parts, 1)?,
            second: number(&parts, 3)?,
            year: year(number(&parts, 4)?)?,
            dots: parts.get(2)?.as_str() == ".",
            american: !padded && (text.ends_with("AM") || text.ends_with("PM")),
        })
    }

    fn day(&self, order: Order) -> Option<NaiveDate> {
        let (month, day) = match order {
            Order::DayFirst => (self.second, self.first),
            _ => (self.first, self.second),
        };
        NaiveDate::from_ymd_opt(self.year, month, day)
    }
}
use crate::expression::{Expression, expression};
