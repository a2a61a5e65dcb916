//! What other machines' clocks show: `net time \\DC01`, asked of several one after the other.

use std::sync::LazyLock;

use chrono::NaiveDateTime;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};
use crate::parsers::dates::{self, Order, Reading};

/// Reads the answers of `net time` in a part: `Current time at \\DC01 is 11/18/2026 2:41:53 PM`, in any language.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static ANSWER: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"^\p{L}[^\\]*\\\\([^\\\s]+)\s\D*?(\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}),? (\d{1,2}[:.]\d\d[:.]\d\d)(?: ([AaPp])\.?[Mm]\.?)?\s*$",
        )
    });
    let mut told: Vec<(u64, String, String, String)> = Vec::new();
    for line in part.lines {
        let named = line.text.contains(r"\\").then(|| ANSWER.captures(&line.text));
        let Some(found) = named.flatten() else { continue };
        let text = |index: usize| found.get(index).map_or("", |value| value.as_str());
        let mut time = text(3).replace('.', ":");
        if !text(4).is_empty() {
            time.push_str(&format!(" {}M", text(4).to_ascii_uppercase()));
        }
        // With a local time behind it where the zones differ, which says the same again.
        if told.last().is_none_or(|(_, host, ..)| host != text(1)) {
            told.push((line.number, text(1).to_owned(), text(2).to_owned(), time));
        }
    }
    let order = Order::of(told.iter().map(|(_, _, day, _)| day.as_str()));
    for (number, host, day, time) in told {
        let fact = Fact::new("clock", number).with("Host", host);
        facts.push(fact.with("Time", shown(&day, &time, order)));
    }
}

/// The time in one form, so that two can be compared; as it is written where the day cannot be told.
fn shown(day: &str, time: &str, order: Order) -> String {
    let Reading::Day(date) = dates::read(day, order) else { return format!("{day} {time}") };
    let text = format!("{date} {time}");
    let half_day = if time.ends_with('M') { "%I:%M:%S %p" } else { "%H:%M:%S" };
    let read = NaiveDateTime::parse_from_str(&text, &format!("%Y-%m-%d {half_day}"));
    read.map_or(text, |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
}
