//! Words and numbers that the page and the browser's page share.

use crate::fleet::table::Ratio;
use crate::fleet::{Count, Fleet, LeftOut, Lift, Outcome, Share, WITNESSES, Wave};
use crate::report::visible;

/// `4.5`, `0.23`, `120`: three digits that mean something are more than anybody needs.
pub(super) fn number(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// `4.5 (3.1 to 6.4)`.
pub(super) fn ratio(ratio: Ratio) -> String {
    format!("{} ({} to {})", number(ratio.value), number(ratio.low), number(ratio.high))
}

/// `0.034`, `4e-12`.
pub(super) fn p(p: f64) -> String {
    match p {
        _ if p >= 0.1 => format!("{p:.1}"),
        _ if p >= 0.001 => format!("{p:.3}"),
        _ if p > 0.0 => format!("{p:.0e}"),
        _ => "below 1e-300".to_owned(),
    }
}

/// What a lift is of.
pub(super) fn cause(lift: &Lift) -> String {
    lift.cause.as_deref().map_or_else(|| "any incident".to_owned(), visible)
}

pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Nothing => "no incident".to_owned(),
        other => visible(other.as_str()),
    }
}

/// The most frequent verdicts with an incident, and how many tickets each has.
pub(super) fn verdicts(counts: &[Count], most: usize) -> String {
    let counts = counts.iter().filter(|one| one.verdict != Outcome::Nothing).take(most);
    let words = counts.map(|one| format!("{} {}", outcome(&one.verdict), one.tickets));
    words.collect::<Vec<_>>().join(", ")
}

pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// How many tickets, of how many stores, from when until when.
pub(super) fn summary(fleet: &Fleet) -> String {
    let span = match (fleet.weeks.first(), fleet.weeks.last()) {
        (Some(first), Some(last)) => {
            format!(", weeks of {} to {}", first.monday, last.monday)
        }
        _ => String::new(),
    };
    format!(
        "{} of {}, {} with an incident{span}",
        count(fleet.tickets, "ticket", "tickets"),
        count(fleet.stores.len(), "store", "stores"),
        fleet.incidents
    )
}

/// What does not count, in words; nothing when everything counts.
pub(super) fn left_out(fleet: &Fleet) -> Vec<String> {
    let LeftOut { failed, duplicates, undated } = fleet.left_out;
    let lifts = &fleet.lifts;
    [
        (failed, "failed: nothing is known of them"),
        (duplicates, "with the same content as another"),
        (undated, "without a time: counted by computer, not by week, not in lifts"),
        (lifts.short, "that tell too little of the days before: not in lifts"),
        (
            lifts.abstained,
            "with insufficient evidence: in the lifts of any incident, not in those of a cause",
        ),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect()
}

/// What the numbers of lifts mean and what they do not.
pub(super) fn caution(fleet: &Fleet) -> [String; 3] {
    let lifts = &fleet.lifts;
    [
        format!(
            "Association, not cause. Compared are {} tickets: those whose first incident has the cause against all \
             others, each by whether the change was made on one of its computers in the {} days before the incident \
             (without one, before the last thing its logs tell).",
            lifts.tickets, fleet.days
        ),
        format!(
            "{} tables of {} changes were tested (Fisher, two-sided; Holm's correction for all of them), {} were too \
             rare to say anything.",
            lifts.tested, lifts.changes, lifts.too_rare
        ),
        "\"Stands\" means: from three computers or more, and significant also among tickets of the same week, and, \
         but for the foremost change of a cause, among those that are alike in having had the foremost. What always \
         comes together cannot be told apart by counting."
            .to_owned(),
    ]
}

/// What else is to be said of a change.
pub(super) fn remarks(lift: &Lift) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(beside) = &lift.beside {
        let share = beside.share * 100.0;
        remarks.push(format!(
            "{share:.0} % of its tickets have {} too",
            visible(beside.change.name())
        ));
    }
    if lift.is_significant() {
        remarks.push(match lift.within {
            Some(within) => format!(
                "in the same {}: {}, p {}",
                within.alike_in.replace(" and foremost", ", with and without the foremost"),
                ratio(within.odds_ratio),
                p(within.p_corrected)
            ),
            None => {
                "cannot be told from the time: within no week are there tickets with and without it"
                    .to_owned()
            }
        });
        if let Some(few) = lift.computers.filter(|computers| *computers < WITNESSES) {
            let hosts = count(few, "computer", "computers");
            remarks.push(format!("all from {hosts}: many tickets, few witnesses"));
        }
    }
    if lift.corrected_for_zero {
        remarks.push(
            "a cell is empty: half a ticket was added to each (Haldane, Anscombe)".to_owned(),
        );
    }
    if lift.undated > 0 {
        remarks.push(format!("{} tickets have it without a date and are left out", lift.undated));
    }
    for known in &lift.known {
        let causes: Vec<_> = known.causes.iter().map(|cause| cause.as_str()).collect();
        let leads = if causes.is_empty() { "no cause".to_owned() } else { causes.join(", ") };
        remarks.push(format!("documented: {} (leads to {leads})", known.effect));
    }
    if lift.known.is_empty() {
        remarks.push("nothing documented ties it to Remote Desktop".to_owned());
    }
    if lift.in_verdict {
        remarks.push(
            "verdicts rest on it in part, so part of the association is of our making".to_owned(),
        );
    }
    remarks
}

/// A wave in a sentence.
pub(super) fn wave(wave: &Wave) -> String {
    let weeks = if wave.from == wave.last {
        format!("in the week of {}", wave.from)
    } else {
        format!("in the weeks of {} to {}", wave.from, wave.last)
    };
    format!(
        "{} {weeks}, {} a week before (p {})",
        count(wave.tickets as usize, "ticket", "tickets"),
        number(wave.before),
        p(wave.p)
    )
}

/// What a wave's tickets share, in words.
pub(super) fn share(share: &Share) -> String {
    let what = match share.kind {
        "change" => "had",
        "host" => "computer",
        other => other,
    };
    format!("{} {what} {} ({} elsewhere)", share.tickets, visible(&share.name), share.elsewhere)
}

/// The lifts that a page shows: all that is significant, else a few that come nearest to it.
pub(super) fn shown(fleet: &Fleet) -> Vec<&Lift> {
    /// So many at most; all are in the JSON.
    const MOST: usize = 25;
    const NEAREST: usize = 3;
    let significant = fleet.lifts.found.iter().filter(|lift| lift.is_significant());
    let significant: Vec<_> = significant.take(MOST).collect();
    if significant.is_empty() {
        let more = fleet.lifts.found.iter().filter(|lift| lift.odds_ratio.value > 1.0);
        more.take(NEAREST).collect()
    } else {
        significant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_mean_something() {
        assert_eq!([123.4, 12.34, 1.234, 0.1234].map(number), ["123", "12.3", "1.23", "0.12"]);
        assert_eq!([1.0, 0.034, 4.2e-12].map(p), ["1.0", "0.034", "4e-12"]);
    }
}
