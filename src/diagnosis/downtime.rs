//! When a computer was off or asleep, by what it notes when it goes and when it comes back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::evidence::{Ground, Weighed, decibans};
use super::incident::Incident;
use crate::case::{Case, HostKey};
use crate::cause::CauseId;
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
    let (Some(server), Some(time)) = (&incident.server, incident.first) else { return };
    let Some(since) = gone_since(case, server, time) else { return };
    let text = format!(
        "the server was off or asleep from {} on, and was not back when it failed",
        super::clock::shown(since)
    );
    weighed.entry(CauseId::ServerRestarted).or_default().push(Ground {
        signature: "was-off".to_owned(),
        grade: Grade::Conclusive,
        weight_db: decibans(Grade::Conclusive),
        entry: None,
        text,
    });
}

/// Since when a computer was gone at an instant, if it was.
pub(super) fn gone_since(
    case: &Case,
    host: &HostKey,
    time: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut marks: BTreeMap<DateTime<Utc>, Power> = BTreeMap::new();
    for bucket in case.findings.series().flat_map(|(_, series)| &series.buckets) {
        let event = &bucket.example;
        let here = event.computer.as_deref().and_then(HostKey::new).as_ref() == Some(host);
        if let Some(power) = power(event).filter(|_| here) {
            marks.extend([bucket.first, bucket.last].into_iter().flatten().map(|at| (at, power)));
        }
    }
    let (since, last) = marks.range(..time).next_back()?;
    // Without a return it may be that the log was simply saved before; then nothing is known.
    let returns = marks.range(time..).any(|(_, power)| *power == Power::Comes);
    (*last == Power::Goes && returns).then_some(*since)
}
