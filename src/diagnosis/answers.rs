//! Two machines asked for their time one after the other, in one console: their clocks against each other.

use chrono::{NaiveDateTime, TimeDelta};

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::Case;
use crate::cause::CauseId;
use crate::event::{Event, Position};
use crate::signatures::Grade;

/// What Kerberos tolerates.
const TOLERATED: TimeDelta = TimeDelta::minutes(5);

/// Lines between two answers of one sitting, at most.
const NEAR: u64 = 12;

/// Adds that two answers are further apart than Kerberos tolerates. Whole hours are zones, for each answers in its own.
pub(super) fn add_grounds(case: &Case, _: &Incident, weighed: &mut Weighed) {
    let mut answers: Vec<&Event> = case.found("clock").collect();
    answers.sort_by_key(|event| event.origin);
    for pair in answers.windows(2) {
        let [one, other] = pair else { continue };
        let (Some(first), Some(second)) = (time(one), time(other)) else { continue };
        let near = one.origin.source == other.origin.source
            && line(other).saturating_sub(line(one)) <= NEAR
            && one.field("Host") != other.field("Host");
        let apart = (second - first).abs();
        // Zones differ by half hours, and some by a quarter.
        let beyond = |step: i64| {
            let rest = apart.num_seconds() % step;
            rest.min(step - rest)
        };
        if near && beyond(1800) > TOLERATED.num_seconds() && beyond(900) > 60 {
            let text = format!(
                "the clocks of {} and {} are {} seconds apart",
                one.field("Host").unwrap_or_default(),
                other.field("Host").unwrap_or_default(),
                apart.num_seconds()
            );
            let grounds = weighed.entry(CauseId::TimeSkew).or_default();
            return grounds.push(ground("answers-apart", Grade::Moderate, text));
        }
    }
}

fn time(event: &Event) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(event.field("Time")?, "%Y-%m-%d %H:%M:%S").ok()
}

fn line(event: &Event) -> u64 {
    match event.origin.position {
        Position::Line(number) => number,
        _ => 0,
    }
}
