//! Whether the service of Remote Desktop had died or could not take its port when a connection failed, by what the
//! service manager and RemoteConnectionManager note.
//!
//! A service that ended by itself stays down until somebody or the next start of the computer starts it: however long ago
//! it ended, it is why nobody answers. Newer systems do not note every start (Service Control Manager 7036), so whatever
//! shows that the service was at work again ends it, too.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};

use super::super::clock;
use super::super::evidence::Weighed;
use super::super::incident::Incident;
use super::super::model::ground;
use super::{Power, accepted, listens, marks, power};
use crate::case::{Case, HostKey};
use crate::cause::{CauseId, Stage};
use crate::event::Event;
use crate::signatures::Grade;

/// What a record says of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// It works, or starts with its computer.
    Up,
    /// It was stopped, or ended and is to be started again.
    Stopped,
    /// It ended or could not start.
    Dead,
    /// It could not take its port.
    Taken,
}

/// Service Control Manager: 7036 it was stopped or runs; 7031 it crashed and will be started again; 7000, 7001, 7023, 7024,
/// 7034 it did not start or ended for good. RemoteConnectionManager: 260 and 1036 with 10048, the port is taken; 1155 it
/// starts; 258, 259, 262 its listener.
fn mark(event: &Event) -> Option<Mark> {
    if power(event) == Some(Power::Comes) {
        return Some(Mark::Up);
    }
    if let Some(listens) = listens(event) {
        return Some(if listens { Mark::Up } else { Mark::Stopped });
    }
    if event.is_from("Service Control Manager") {
        return event
            .field("ServiceName")
            .filter(|name| is_ours(name))
            .and_then(|_| managed(event));
    }
    let manager = event.is_from("Microsoft-Windows-TerminalServices-RemoteConnectionManager")
        || event.is_from("TermService");
    match event.event_id.filter(|_| manager)? {
        260 => Some(Mark::Taken),
        1036 => {
            event.code("StatusCode").filter(|code| code & 0xffff == IN_USE).map(|_| Mark::Taken)
        }
        1155 => Some(Mark::Up),
        _ => None,
    }
}

/// WSAEADDRINUSE.
const IN_USE: u32 = 10_048;

fn is_ours(name: &str) -> bool {
    name.eq_ignore_ascii_case("TermService")
}

fn managed(event: &Event) -> Option<Mark> {
    match event.event_id? {
        7000 | 7001 | 7023 | 7024 | 7034 => Some(Mark::Dead),
        7031 => Some(Mark::Stopped),
        7036 if event.field("ServiceState") == Some("4") => Some(Mark::Up),
        7036 if event.field("ServiceState") == Some("1") => Some(Mark::Stopped),
        _ => None,
    }
}

/// Whether the service went down in a stretch of time.
pub(super) fn went_down(case: &Case, host: &HostKey, when: RangeInclusive<DateTime<Utc>>) -> bool {
    let down =
        |event: &Event| event.is_from("Service Control Manager").then(|| mark(event)).flatten();
    marks(case, host, down).range(when).any(|(_, mark)| *mark != Mark::Up)
}

/// Adds that the service was down when nobody answered.
pub(super) fn add_dead(
    case: &Case,
    incident: &Incident,
    server: &HostKey,
    time: DateTime<Utc>,
    weighed: &mut Weighed,
) {
    // What the service answered it was there to answer; somebody else may answer on its port.
    if !incident.peers.is_empty() {
        return;
    }
    let marks = marks(case, server, mark);
    let Some((since, last)) = marks.range(..time).next_back() else { return };
    let answered = !incident.stages.is_empty() && !incident.stages.contains(&Stage::Tcp);
    if accepted(case, server, *since..=time) || (answered && *last != Mark::Taken) {
        return;
    }
    let since = clock::shown(*since);
    let (rule, grade, text) = match last {
        Mark::Up => return,
        Mark::Taken => (
            "port-taken",
            Grade::Strong,
            format!("another program had the port when the service started at {since}"),
        ),
        Mark::Stopped | Mark::Dead => (
            "service-down",
            if *last == Mark::Dead { Grade::Strong } else { Grade::Moderate },
            format!(
                "the Remote Desktop service was down since {since}, and nothing shows that it came back before it failed"
            ),
        ),
    };
    weighed.entry(CauseId::ListenerFailure).or_default().push(ground(rule, grade, text.clone()));
    if answered {
        let another = weighed.entry(CauseId::ThirdPartyEndpoint).or_default();
        another.push(ground(rule, Grade::Moderate, text));
    }
}
