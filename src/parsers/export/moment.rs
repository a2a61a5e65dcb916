//! Local date and time in the format of whoever made an export, and which number of its dates is the day.

use std::sync::LazyLock;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::event::Timestamp;
use crate::expression::{Expression, expression};
use crate::parsers::dates::{self, Order, Reading};

/// What the dates of a file say about the order of day and month, taken one by one: a file may have millions.
#[derive(Debug, Default)]
pub(in crate::parsers) struct Votes {
    day_first: bool,
    month_first: bool,
    /// Met one that is not written as the United States do.
    foreign: bool,
    any: bool,
    /// For (month first, day first): the last day, and how often the order of the file turned round.
    last: [Option<NaiveDate>; 2],
    direction: [i8; 2],
    turns: [u32; 2],
}

impl Votes {
    pub(in crate::parsers) fn take(&mut self, text: &str) {
        match Order::of(std::iter::once(text)) {
            Order::DayFirst => self.day_first = true,
            Order::MonthFirst => self.month_first = true,
            Order::PerhapsMonthFirst => {}
            Order::Unknown => self.foreign = true,
        }
        self.any = true;
        let days = [Order::MonthFirst, Order::DayFirst].map(|order| dates::read(text, order));
        for (index, day) in days.into_iter().enumerate() {
            if let Reading::Day(day) = day {
                self.turn(index, day);
            }
        }
    }

    fn turn(&mut self, index: usize, day: NaiveDate) {
        let (Some(last), Some(direction), Some(turns)) =
            (self.last.get_mut(index), self.direction.get_mut(index), self.turns.get_mut(index))
        else {
            return;
        };
        let way = last.map_or(0, |last| i8::from(day > last) - i8::from(day < last));
        if way != 0 {
            *turns += u32::from(*direction == -way);
            *direction = way;
        }
        *last = Some(day);
    }

    /// The order that a date above twelve shows; else the one by which the file is in order, when by the other it is not.
    pub(in crate::parsers) fn order(&self) -> Order {
        let [month_turns, day_turns] = self.turns;
        match (self.day_first, self.month_first) {
            (true, false) => Order::DayFirst,
            (false, true) => Order::MonthFirst,
            (false, false) if month_turns == 0 && day_turns > 1 => Order::MonthFirst,
            (false, false) if day_turns == 0 && month_turns > 1 => Order::DayFirst,
            (false, false) if self.any && !self.foreign => Order::PerhapsMonthFirst,
            _ => Order::Unknown,
        }
    }
}

/// The local time of a row; the second value says that day and month may be the other way round.
pub(in crate::parsers) fn read(text: &str, order: Order) -> (Timestamp, bool) {
    let (day, doubtful) = match dates::read(text, order) {
        Reading::Day(day) => (day, false),
        Reading::Undecided(Some(day)) => (day, true),
        Reading::Undecided(None) => return (Timestamp::Undated, true),
        Reading::None | Reading::Unknown => return (Timestamp::Undated, false),
    };
    (clock(text).map_or(Timestamp::Day(day), |time| Timestamp::Local(day.and_time(time))), doubtful)
}

/// The two moments that a date means whose day and month cannot be told apart; none where it means one.
pub(in crate::parsers) fn readings(text: &str) -> Option<[NaiveDateTime; 2]> {
    if dates::read(text, Order::Unknown) != Reading::Undecided(None) {
        return None;
    }
    let day = |order| match dates::read(text, order) {
        Reading::Day(day) => Some(day.and_time(clock(text).unwrap_or_default())),
        _ => None,
    };
    Some([day(Order::MonthFirst)?, day(Order::DayFirst)?])
}

/// Whether a column holds a date with a time.
pub(in crate::parsers) fn is_moment(text: &str) -> bool {
    !matches!(dates::read(text, Order::MonthFirst), Reading::None | Reading::Unknown)
        && clock(text).is_some()
}

/// `2:41:53 PM`, `14:41:53,123`, `下午 2:41:53`, `2:41:53 p. m.`
fn clock(text: &str) -> Option<NaiveTime> {
    static CLOCK: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"[\sT](?:(?P<before>上午|下午|午前|午後|오전|오후)\s*)?(?P<h>\d{1,2})[:.](?P<m>\d\d)(?:[:.](?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?)?(?:\s*(?P<after>[AaPp])\.?\s?[Mm]\b)?",
        )
    });
    let text = text.replace(['\u{a0}', '\u{202f}'], " ");
    let found = CLOCK.captures(&text)?;
    let number =
        |name: &str| found.name(name).map_or(Some(0), |part| part.as_str().parse::<u32>().ok());
    let fraction = found.name("f").map_or("", |part| part.as_str());
    let nanos = format!("{fraction:0<9}").parse::<u32>().ok()?;
    let half = found.name("before").or(found.name("after")).map(|part| part.as_str());
    let hour = match (half, number("h")?) {
        (Some("下午" | "午後" | "오후" | "P" | "p"), hour @ 1..12) => hour + 12,
        (Some("上午" | "午前" | "오전" | "A" | "a"), 12) => 0,
        (_, hour) => hour,
    };
    NaiveTime::from_hms_nano_opt(hour, number("m")?, number("s")?, nanos)
}

/// `2026-11-18T14:41:53.123` and the same with a blank: the form that no country changes.
pub(in crate::parsers) fn iso(text: &str) -> Option<NaiveDateTime> {
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text.trim(), format).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes(dates: &[&str]) -> Order {
        let mut votes = Votes::default();
        dates.iter().for_each(|date| votes.take(date));
        votes.order()
    }

    #[test]
    fn the_whole_file_tells_the_order() {
        assert_eq!(votes(&["11/05/2026 08:00:00", "11/18/2026 09:00:00"]), Order::MonthFirst);
        assert_eq!(votes(&["05/11/2026 08:00:00", "18/11/2026 09:00:00"]), Order::DayFirst);
        // In order by days of three months, to and fro by months of three days.
        assert_eq!(
            votes(&[
                "10/09/2026 08:00",
                "11/09/2026 08:00",
                "01/10/2026 08:00",
                "05/10/2026 08:00",
                "02/11/2026 08:00"
            ]),
            Order::DayFirst
        );
        assert_eq!(votes(&["4/9/2026 2:00:00 PM"]), Order::PerhapsMonthFirst);
        assert_eq!(votes(&["04/09/2026 14:00:00"]), Order::Unknown);
    }

    #[test]
    fn times_of_many_countries() {
        for (text, time) in [
            ("11/18/2026 2:41:53 PM", "2026-11-18 14:41:53"),
            ("11/18/2026 12:41:53 AM", "2026-11-18 00:41:53"),
            ("18.11.2026 14:41:53", "2026-11-18 14:41:53"),
            ("2026-11-18 14:41:53", "2026-11-18 14:41:53"),
            ("2026/11/18 下午 2:41:53", "2026-11-18 14:41:53"),
            ("18/11/2026 2:41:53 p. m.", "2026-11-18 14:41:53"),
            ("\u{200e}11/\u{200e}18/\u{200e}2026 2:41:53\u{202f}PM", "2026-11-18 14:41:53"),
            ("11/18/2026 14:41:53.250", "2026-11-18 14:41:53.250"),
        ] {
            let expected = NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S%.f").unwrap();
            assert_eq!(
                read(text, Order::MonthFirst),
                (Timestamp::Local(expected), false),
                "{text}"
            );
        }
        assert_eq!(read("04/09/2026 14:00:00", Order::Unknown), (Timestamp::Undated, true));
        let both = readings("04/09/2026 14:00:00").map(|both| both.map(|time| time.to_string()));
        assert_eq!(both.unwrap(), ["2026-04-09 14:00:00", "2026-09-04 14:00:00"]);
        assert_eq!([readings("14/09/2026 14:00:00"), readings("no date")], [None, None]);
        assert_eq!(read("System", Order::MonthFirst), (Timestamp::Undated, false));
    }
}
