//! What changed between the last connection that worked and the first that failed, and which change set it off.

mod told;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::incident::Incident;
use super::rank::{HEAVY_DB, Suspect, Verdict};
use super::{builds, downtime};
use crate::attempts::{Attempt, AttemptSide};
use crate::case::{Case, HostKey, HostRoles};
use crate::cause::{CauseId, Stage};
use crate::signatures::{Database, Role, Signature};
use crate::timeline::{Entry, EntryId, Timeline};

/// Without a connection that worked, changes are looked for this far back.
const LOOK_BACK: TimeDelta = TimeDelta::days(30);

/// A change on one of the hosts before the incident.
#[derive(Debug, Clone)]
pub struct Change {
    /// The timeline line.
    pub entry: EntryId,
    /// The kind of change.
    pub kind: CauseId,
    /// The KB, for updates.
    pub kb: Option<String>,
    /// When.
    pub time: Option<DateTime<Utc>>,
    /// The causes a documented mechanism ties to it.
    pub links: Vec<CauseId>,
}

/// The change that set the named cause off.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// The change.
    pub change: Change,
    /// Why this one, in words.
    pub why: String,
}

/// Everything that changed, nearest to the incident first; the same KB told by several sources is one change.
#[must_use]
pub fn changes(
    case: &Case,
    db: &Database,
    timeline: &Timeline,
    incident: &Incident,
) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for (id, entry) in timeline.numbered() {
        let Some(signature) = entry.signature.and_then(|signature| db.signature(signature)) else {
            continue;
        };
        let Some(kind) = signature.trigger.filter(|_| signature.role == Role::Change) else {
            continue;
        };
        if !concerns(case, incident, entry) || !in_time(case, incident, entry) {
            continue;
        }
        let kb = entry.field("KB").map(str::to_owned);
        let change = Change {
            entry: id,
            kind,
            links: links(db, signature, kb.as_deref()),
            kb,
            time: entry.time,
        };
        let twin = changes.iter_mut().find(|known| {
            known.kb.is_some() && known.kb == change.kb && same_host(timeline, known, entry)
        });
        match twin {
            // The most exact source wins: an event beats a list with days.
            Some(known) if quality(timeline, known) > entry.quality => *known = change,
            Some(_) => {}
            None => changes.push(change),
        }
    }
    for change in build_changes(case, db, timeline, incident) {
        let told = |known: &Change| change.kb.is_some() && known.kb == change.kb;
        if !changes.iter().any(told) {
            changes.push(change);
        }
    }
    changes.sort_by(|a, b| b.time.cmp(&a.time).then(a.entry.cmp(&b.entry)));
    changes
}

/// A start with another build than the start before: the system was upgraded, or a cumulative update became active,
/// whoever logged it or not.
fn build_changes(
    case: &Case,
    db: &Database,
    timeline: &Timeline,
    incident: &Incident,
) -> Vec<Change> {
    let is_boot = |entry: &Entry| {
        &*entry.provider == "Microsoft-Windows-Kernel-General" && entry.event_id == Some(12)
    };
    let mut known: BTreeMap<HostKey, (String, String)> = BTreeMap::new();
    let mut changes = Vec::new();
    for (id, entry) in timeline.numbered().filter(|(_, entry)| is_boot(entry)) {
        let (Some(host), Some(build)) = (HostKey::new(&entry.host), entry.field("BuildVersion"))
        else {
            continue;
        };
        let revision = entry.field("QfeVersion").unwrap_or_default();
        let before = known.insert(host, (build.to_owned(), revision.to_owned()));
        let Some((old, old_revision)) = before else { continue };
        if !concerns(case, incident, entry) || !in_time(case, incident, entry) {
            continue;
        }
        let change = |kind, kb, links| Change { entry: id, kind, kb, time: entry.time, links };
        if old != build {
            changes.push(change(CauseId::OsUpgrade, None, links_of(db, CauseId::OsUpgrade)));
        } else if old_revision != revision
            && let Some(update) = builds::update_of(db, &format!("{build}.{revision}"))
        {
            let kb = Some(update.kb.clone());
            changes.push(change(CauseId::WindowsUpdate, kb, update.causes.clone()));
        }
    }
    changes
}

/// All causes that a kind of change is documented to lead to.
fn links_of(db: &Database, kind: CauseId) -> Vec<CauseId> {
    let of_kind = db.signatures().iter().filter(|signature| signature.trigger == Some(kind));
    let links: BTreeSet<_> =
        of_kind.flat_map(|signature| signature.links.iter().copied()).collect();
    links.into_iter().collect()
}

/// Changes after the last failure, shortly before connections worked again: whatever they are documented to touch was
/// what had been wrong.
#[must_use]
pub fn repairs(
    db: &Database,
    timeline: &Timeline,
    case: &Case,
    incident: &Incident,
) -> Vec<Change> {
    let Some((last, good)) = incident.last.zip(incident.first_good_after) else {
        return Vec::new();
    };
    let entries = timeline.numbered().filter(|(_, entry)| {
        concerns(case, incident, entry)
            && entry.time.is_some_and(|time| last < time && time <= good && good - time <= REPAIRED)
    });
    let repair = |(id, entry): (EntryId, &Entry)| {
        let signature = db.signature(entry.signature?)?;
        let kind = signature.trigger.filter(|_| signature.role == Role::Change)?;
        let links = links(db, signature, entry.field("KB"));
        Some(Change { entry: id, kind, kb: None, time: entry.time, links })
    };
    entries.filter_map(repair).collect()
}

/// Whoever repairs something tries it soon.
const REPAIRED: TimeDelta = TimeDelta::minutes(30);

fn quality(timeline: &Timeline, change: &Change) -> crate::event::TimeQuality {
    timeline.get(change.entry).map_or(crate::event::TimeQuality::Undated, |entry| entry.quality)
}

fn same_host(timeline: &Timeline, change: &Change, entry: &Entry) -> bool {
    timeline
        .get(change.entry)
        .is_some_and(|known| HostKey::new(&known.host) == HostKey::new(&entry.host))
}

fn concerns(case: &Case, incident: &Incident, entry: &Entry) -> bool {
    let Some(host) = HostKey::new(&entry.host) else { return true };
    let named = |key: &Option<HostKey>| key.as_ref() == Some(&host);
    // A controller, broker or gateway has no connections of its own; and a server that no log knows may be any of them
    // by another name.
    let others = case.hosts.get(&host).is_some_and(|other| {
        let strange = incident.server.as_ref().is_none_or(|server| {
            case.hosts.get(server).is_none_or(|known| known.coverage.is_empty())
        });
        other.roles == HostRoles::default() || (strange && !other.roles.client)
    });
    named(&incident.server) || named(&incident.client) || others || case.hosts.len() == 1
}

fn in_time(case: &Case, incident: &Incident, entry: &Entry) -> bool {
    // A list without dates does not prove when something changed.
    let Some(time) = entry.time else { return false };
    let Some(first) = incident.first else { return true };
    let slack = entry.quality.slack();
    from(case, incident, first) - slack <= time && time <= first + slack
}

/// Since when a change can have set it off: the last connection that worked; but what was changed before a restart acts
/// from the restart on (an update that waited for it, a permission that only a new service meets), so with a restart in
/// between it is the start before that connection.
fn from(case: &Case, incident: &Incident, first: DateTime<Utc>) -> DateTime<Utc> {
    let earliest = first - LOOK_BACK;
    let Some(good) = incident.last_good else { return earliest };
    // A session that was cut later worked when it began; what cuts sessions may have been there already.
    let good = if incident.stages == [Stage::Running] { good - TimeDelta::days(1) } else { good };
    let boots = case.host(incident.server.as_ref()).map_or(&[][..], |host| host.boots.as_slice());
    // A new service meets what a new start meets: it holds none of the credentials of the old one.
    let services = incident.server.as_ref().map(|key| downtime::listener_starts(case, key));
    let mut starts: Vec<_> = boots.iter().copied().chain(services.into_iter().flatten()).collect();
    starts.sort();
    let restarted = starts.iter().any(|start| *start > good && *start <= first + RESTART);
    if restarted {
        starts
            .iter()
            .filter(|start| **start < good)
            .max()
            .map_or(earliest, |start| (*start).max(earliest))
    } else {
        good
    }
}

/// A restart that cuts a connection is logged as a start this much later at most.
const RESTART: TimeDelta = TimeDelta::minutes(15);

/// The signature's own links and those of the known update.
fn links(db: &Database, signature: &Signature, kb: Option<&str>) -> Vec<CauseId> {
    let known = db
        .updates()
        .iter()
        .filter(|update| Some(update.kb.as_str()) == kb)
        .flat_map(|update| update.causes.iter().copied());
    let mut links: Vec<_> = signature.links.iter().copied().chain(known).collect();
    links.sort();
    links.dedup();
    links
}

/// The change that a documented link ties to the named cause; of several the one that is tied to fewest other causes, of
/// those one that names its update, and of those the nearest. A change without a link is
/// context, however near it stands. Where no log tells of a change, the ticket's own words may.
#[must_use]
pub fn trigger(
    case: &Case,
    db: &Database,
    timeline: &Timeline,
    (incident, verdict): (&Incident, &Verdict),
    changes: &[Change],
) -> Option<Trigger> {
    let first = verdict.first()?;
    let linked = |change: &&Change| {
        let by_kind =
            change.links.contains(&first.cause) || links_here(db, timeline, first, change);
        by_kind && !worked_since(case, timeline, incident, first.cause, change)
    };
    logged(db, first.cause, changes, linked).or_else(|| told::trigger(db, timeline, first.cause))
}

/// Links that only the evidence makes: whose port was taken may look at what was installed, and whose listener is wrapped
/// at what replaces the wrapped file, which every cumulative update does.
fn links_here(db: &Database, timeline: &Timeline, first: &Suspect, change: &Change) -> bool {
    let shows = |names: &[&str]| {
        let grounds = first.grounds.iter().filter(|ground| ground.weight_db >= HEAVY_DB);
        grounds.into_iter().any(|ground| names.contains(&&*ground.signature))
    };
    let entry = timeline.get(change.entry).and_then(|entry| entry.signature);
    let installs = entry
        .and_then(|signature| db.signature(signature))
        .is_some_and(|signature| INSTALLS.contains(&&*signature.name));
    let updates = change.kind == CauseId::WindowsUpdate && change.kb.is_some();
    (installs && shows(&TAKEN)) || (updates && shows(&WRAPPED))
}

/// Something was installed that may be anything.
const INSTALLS: [&str; 4] = [
    "msi-1033-installed",
    "msi-11707-installed",
    "scm-7045-service-installed",
    "security-4697-service-installed",
];

/// Another program holds the port.
const TAKEN: [&str; 3] = ["ports-rdp-taken", "port-taken", "rcm-1036-address-in-use"];

/// The listener is not the one that Windows came with.
const WRAPPED: [&str; 3] =
    ["rdp-wrapper-not-listening", "scm-7034-wrapper", "apperror-1000-wrapper"];

/// An update of the server that breaks logons breaks them for everybody: whoever got in after it shows that it did not.
fn worked_since(
    case: &Case,
    timeline: &Timeline,
    incident: &Incident,
    cause: CauseId,
    change: &Change,
) -> bool {
    let on_server = timeline
        .get(change.entry)
        .is_some_and(|entry| HostKey::new(&entry.host) == incident.server);
    let (Some(changed), Some(last)) = (change.time, incident.last) else { return false };
    let got_in = |attempt: &Attempt| {
        attempt.side == AttemptSide::Server
            && HostKey::new(&attempt.host) == incident.server
            && attempt.succeeded()
            && (changed..=last + TimeDelta::hours(1)).contains(&attempt.start)
    };
    on_server
        && cause == CauseId::NlaAuthFailure
        && change.kind == CauseId::WindowsUpdate
        && case.attempts.list.iter().any(got_in)
}

fn logged(
    db: &Database,
    cause: CauseId,
    changes: &[Change],
    linked: impl Fn(&&Change) -> bool,
) -> Option<Trigger> {
    // `min_by_key` keeps the first of equals, which is the nearest.
    let change = changes
        .iter()
        .filter(linked)
        .min_by_key(|change| (change.links.len(), change.kb.is_none()))?;
    let change = update_behind(change, changes).unwrap_or(change).clone();
    let update = change.kb.as_deref().and_then(|kb| {
        db.updates().iter().find(|update| update.kb == kb && update.causes.contains(&cause))
    });
    let why = match update {
        Some(update) => format!("known effect: {}", update.effect),
        None => "such a change is documented to lead to it, and it came before the first failure"
            .to_owned(),
    };
    Some(Trigger { change, why })
}

/// A restart that an update asks for does not name it: it is the last one that was installed before.
fn update_behind<'c>(change: &Change, changes: &'c [Change]) -> Option<&'c Change> {
    let unnamed = change.kind == CauseId::WindowsUpdate && change.kb.is_none();
    let named = |other: &&Change| {
        other.kind == CauseId::WindowsUpdate && other.kb.is_some() && other.time <= change.time
    };
    // Nearest first.
    changes.iter().filter(|_| unnamed).find(named)
}
