//! When a computer was off or asleep, or its listener stopped, by what it notes when they go and when they come back.

mod service;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};

use super::evidence::{Ground, Weighed};
use super::incident::Incident;
use crate::attempts::AttemptSide;
use crate::case::{Case, HostKey};
use crate::cause::{CauseId, Stage};
use crate::event::Event;
use crate::signatures::Grade;

/// What a record says of its computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    Goes,
    Comes,
}

/// Kernel-Power 42 and 506 (sleep, standby), Kernel-General 13, EventLog 6006; 107, 507, Kernel-General 12, 6005.
fn power(event: &Event) -> Option<Power> {
    let goes = match (&*event.provider, event.event_id?) {
        ("Microsoft-Windows-Kernel-Power", 42 | 506)
        | ("Microsoft-Windows-Kernel-General", 13)
        | ("EventLog", 6006) => true,
        ("Microsoft-Windows-Kernel-Power", 107 | 507)
        | ("Microsoft-Windows-Power-Troubleshooter", 1)
        | ("Microsoft-Windows-Kernel-General", 12)
        | ("EventLog", 6005) => false,
        _ => return None,
    };
    Some(if goes { Power::Goes } else { Power::Comes })
}

/// Adds what follows for an incident: a server that was not there refuses nobody, and no other cause is needed.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    add_stopped_listener(case, incident, weighed);
    add_crash(case, incident, weighed);
    add_start(case, incident, weighed);
    let (Some(server), Some(time)) = (&incident.server, incident.first) else { return };
    let (since, grade, text) = match gone_since(case, server, time) {
        Some(since) => (since, Grade::Conclusive, "and was not back when it failed"),
        None => match last_seen_going(case, server, time) {
            Some(since) => (since, Grade::Strong, "and none of its logs goes on after that"),
            None => return,
        },
    };
    let text =
        format!("the server was off or asleep from {} on, {text}", super::clock::shown(since));
    weighed.entry(CauseId::ServerRestarted).or_default().push(Ground {
        signature: "was-off".to_owned(),
        grade,
        weight_db: 0.0,
        entry: None,
        text,
    });
}

/// A session that was cut, and minutes later the server starts without having shut down: a crash looks from outside like
/// a line that went dead. Who cannot connect pulls the plug, so this says nothing where no session was.
fn add_crash(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let (Some(server), Some(time)) = (&incident.server, incident.first) else { return };
    if !incident.stages.contains(&Stage::Running) {
        return;
    }
    let dirty = |event: &Event| {
        let told = matches!(
            (&*event.provider, event.event_id),
            ("Microsoft-Windows-Kernel-Power", Some(41))
                | ("EventLog", Some(6008))
                | ("Microsoft-Windows-WER-SystemErrorReporting" | "BugCheck", Some(1001))
        );
        told.then_some(())
    };
    let starts = marks(case, server, dirty);
    let Some((start, ())) = starts.range(time..=time + CRASHED).next() else { return };
    let text = format!(
        "the session was cut, and at {} the server started without having shut down",
        super::clock::shown(*start)
    );
    let ground = super::model::ground("crashed", Grade::Conclusive, text);
    weighed.entry(CauseId::ServerRestarted).or_default().push(ground);
}

/// A session that was cut, and minutes later the server starts, by what `systeminfo` says of its start: its log was not
/// collected, or there would be no need to ask.
fn add_start(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let (Some(server), Some(time)) = (&incident.server, incident.first) else { return };
    if !incident.stages.contains(&Stage::Running) {
        return;
    }
    let started = |event: &Event| event.field("Started").map(|_| ());
    let starts = marks(case, server, started);
    let Some((start, ())) = starts.range(time..=time + CRASHED).next() else { return };
    let text =
        format!("the session was cut, and the server started at {}", super::clock::shown(*start));
    let ground = super::model::ground("started-afterwards", Grade::Strong, text);
    weighed.entry(CauseId::ServerRestarted).or_default().push(ground);
}

/// A machine that crashes writes its memory to disk and starts again within this time.
const CRASHED: TimeDelta = TimeDelta::minutes(15);

/// Since when a computer was gone for all that its logs tell: they end where it goes, and the failure came later.
fn last_seen_going(case: &Case, host: &HostKey, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let marks = marks(case, host, power);
    let (since, last) = marks.range(..time).next_back()?;
    let end = case.host(Some(host))?.coverage.values().map(|log| log.last).max()?;
    let ends_there = end - *since <= TimeDelta::minutes(2) && end < time;
    (*last == Power::Goes && ends_there).then_some(*since)
}

/// What RemoteConnectionManager notes of its listener: 258 it listens; 259 it stopped, 262 it was asked to.
fn listens(event: &Event) -> Option<bool> {
    let ours = event.is_from("Microsoft-Windows-TerminalServices-RemoteConnectionManager");
    match event.event_id.filter(|_| ours)? {
        258 => Some(true),
        259 | 262 => Some(false),
        _ => None,
    }
}

/// When the listener of a server started.
pub(super) fn listener_starts(case: &Case, host: &HostKey) -> Vec<DateTime<Utc>> {
    let marks = marks(case, host, listens);
    marks.into_iter().filter(|(_, listens)| *listens).map(|(time, _)| time).collect()
}

/// Where RemoteConnectionManager notes that its listener starts and stops.
pub(super) const LISTENER: &str =
    "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational";

/// Since when the listener had been stopped at an instant, if it had, with the server itself up.
pub(super) fn listener_stopped_since(
    case: &Case,
    host: &HostKey,
    time: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let log = case.host(Some(host)).and_then(|host| host.coverage.get(LISTENER));
    if log.is_none_or(|log| log.cleared) || gone_since(case, host, time).is_some() {
        return None;
    }
    let marks = marks(case, host, listens);
    let (since, listening) = marks.range(..time).next_back()?;
    (!listening && !accepted(case, host, *since..=time)).then_some(*since)
}

/// Whoever is accepted is accepted by a listener, whatever its log lost.
fn accepted(case: &Case, host: &HostKey, when: RangeInclusive<DateTime<Utc>>) -> bool {
    case.attempts.list.iter().any(|attempt| {
        attempt.side == AttemptSide::Server
            && HostKey::new(&attempt.host).as_ref() == Some(host)
            && when.contains(&attempt.start)
    })
}

fn add_stopped_listener(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let (Some(server), Some(time)) = (&incident.server, incident.first) else { return };
    let Some(since) = listener_stopped_since(case, server, time) else {
        service::add_dead(case, incident, server, time, weighed);
        return;
    };
    let text = format!(
        "the listener had been stopped since {} and had not started again when it failed",
        super::clock::shown(since)
    );
    // Its service going down is a fault of the service; a listener that goes alone was told to.
    let near = TimeDelta::minutes(1);
    let broke = |event: &Event| {
        let rcm = event.is_from("Microsoft-Windows-TerminalServices-RemoteConnectionManager");
        (rcm && matches!(event.event_id, Some(1035 | 1036))).then_some(())
    };
    let broken = marks(case, server, broke).range(since - near..=since + near).next().is_some();
    let with_service = broken || service::went_down(case, server, since - near..=since + near);
    let (disabled, failed) =
        if with_service { (Grade::Weak, Grade::Strong) } else { (Grade::Strong, Grade::Moderate) };
    for (cause, grade) in [(CauseId::RdpDisabled, disabled), (CauseId::ListenerFailure, failed)] {
        let ground = super::model::ground("listener-stopped", grade, text.clone());
        weighed.entry(cause).or_default().push(ground);
    }
}

/// Since when a computer was gone at an instant, if it was.
pub(super) fn gone_since(
    case: &Case,
    host: &HostKey,
    time: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let marks = marks(case, host, power);
    let (since, last) = marks.range(..time).next_back()?;
    // Without a return it may be that the log was simply saved before; then nothing is known.
    let returns = marks.range(time..).any(|(_, power)| *power == Power::Comes);
    (*last == Power::Goes && returns).then_some(*since)
}

/// What the records of a computer say, in order of time.
fn marks<T: Copy>(
    case: &Case,
    host: &HostKey,
    read: impl Fn(&Event) -> Option<T>,
) -> BTreeMap<DateTime<Utc>, T> {
    let mut marks = BTreeMap::new();
    for bucket in case.findings.series().flat_map(|(_, series)| &series.buckets) {
        let event = &bucket.example;
        let here = event.computer.as_deref().and_then(HostKey::new).as_ref() == Some(host);
        if let Some(mark) = read(event).filter(|_| here) {
            marks.extend([bucket.first, bucket.last].into_iter().flatten().map(|at| (at, mark)));
        }
    }
    marks
}
