//! Where the clock of a log steps back by about an hour: after such a place, an hour that came twice is in its second
//! pass.

use chrono::{NaiveDateTime, TimeDelta};

use super::Pass;
use crate::event::{Event, Position, Timestamp};

/// Steps that are kept; a zone has two a year.
const KEPT: usize = 32;

/// The local times of one source, as they were met.
#[derive(Debug, Default, Clone)]
pub(crate) struct Steps {
    last: Option<(NaiveDateTime, Position)>,
    /// Rises less falls: whether the log goes from old to new.
    direction: i64,
    /// (latest time before the step, position of the first event behind it), for both directions.
    back: Vec<(NaiveDateTime, Position)>,
    forward: Vec<(NaiveDateTime, Position)>,
}

impl Steps {
    /// Takes the next event of the source.
    pub(crate) fn take(&mut self, event: &Event) {
        let Timestamp::Local(time) = event.time else { return };
        let position = event.origin.position;
        if let Some((last, before)) = self.last {
            self.direction += i64::from(time > last) - i64::from(time < last);
            // From 02:59 back to 02:00, or up to 119 minutes when little is logged.
            let step = TimeDelta::minutes(1)..TimeDelta::minutes(120);
            if step.contains(&(last - time)) && self.back.len() < KEPT {
                self.back.push((last, position));
            }
            if step.contains(&(time - last)) && self.forward.len() < KEPT {
                self.forward.push((time, before));
            }
        }
        self.last = Some((time, position));
    }

    /// The pass that a local time at a place of this source lies in, when it may be in either.
    pub(crate) fn pass(&self, time: NaiveDateTime, position: Position) -> Pass {
        let near = |(at, _): &&(NaiveDateTime, Position)| (*at - time).abs() < TimeDelta::hours(2);
        // In a log from new to old, the second pass stands above the step.
        let (steps, newest_first) =
            if self.direction >= 0 { (&self.back, false) } else { (&self.forward, true) };
        match steps.iter().find(near) {
            None => Pass::Unknown,
            Some((_, step)) if newest_first => {
                if position <= *step {
                    Pass::Second
                } else {
                    Pass::First
                }
            }
            Some((_, step)) => {
                if position < *step {
                    Pass::First
                } else {
                    Pass::Second
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Origin, SourceId};

    fn steps(times: &[&str]) -> Steps {
        let mut steps = Steps::default();
        for (number, time) in (1..).zip(times) {
            let time =
                NaiveDateTime::parse_from_str(&format!("2026-10-25 {time}"), "%Y-%m-%d %H:%M")
                    .unwrap();
            let origin = Origin { source: SourceId(0), position: Position::Line(number) };
            steps.take(&Event::text("CBS", Timestamp::Local(time), origin));
        }
        steps
    }

    #[test]
    fn both_directions_of_a_log_tell_the_passes() {
        let at = |hour, minute| {
            chrono::NaiveDate::from_ymd_opt(2026, 10, 25)
                .unwrap()
                .and_hms_opt(hour, minute, 0)
                .unwrap()
        };
        let log = steps(&["01:00", "02:10", "02:50", "02:05", "02:40", "03:30"]);
        assert_eq!(log.pass(at(2, 10), Position::Line(2)), Pass::First);
        assert_eq!(log.pass(at(2, 40), Position::Line(5)), Pass::Second);
        let newest_first = steps(&["05:30", "04:30", "02:40", "02:05", "02:50", "02:10", "01:00"]);
        assert_eq!(newest_first.pass(at(2, 5), Position::Line(4)), Pass::Second);
        assert_eq!(newest_first.pass(at(2, 50), Position::Line(5)), Pass::First);
        assert_eq!(
            steps(&["01:00", "02:10", "03:00"]).pass(at(2, 10), Position::Line(2)),
            Pass::Unknown
        );
    }
}
