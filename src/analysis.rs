//! One ticket, from its bundle to its answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use crate::attempts::PeerBook;
use crate::bundle::Bundle;
use crate::case::places::Places;
use crate::case::{Case, Host, HostKey};
use crate::cause::CauseId;
use crate::copies::{self, Copies, Counted, Elsewhere, Standing};
use crate::diagnosis::{self, Diagnosis, Incident, Weights, clock};
use crate::event::{Position, SourceId};
use crate::findings::Findings;
use crate::notice::Notice;
use crate::parsers::Interest;
use crate::scan::{self, Scan, Watch};
use crate::signatures::Database;
use crate::source::Source;
use crate::timeline::Timeline;
use crate::zone::{self, WallClock, Zone};

/// What a caller wants to see of a bundle; the default is everything.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Incidents and lines before this instant are left out.
    pub from: Option<DateTime<Utc>>,
    /// Incidents and lines after this instant are left out.
    pub to: Option<DateTime<Utc>>,
    /// Only incidents of these hosts, as server or client; empty for all.
    pub hosts: Vec<String>,
    /// The numbers of the model; others than the default are for trying what they do.
    pub weights: Weights,
    /// Causes whose case against is wanted.
    pub why_not: Vec<CauseId>,
    /// The zone of logs in local time, for what the bundle does not tell.
    pub zone: Option<Zone>,
}

/// One file of the bundle, as reports name it.
#[derive(Debug, Clone)]
pub struct SourceSummary {
    /// Its label.
    pub path: Arc<str>,
    /// Its format; `None` when no parser knows its content.
    pub format: Option<&'static str>,
    /// SHA-256, lower-case hex; `None` when it was left out or the source could not be read to its end.
    pub sha256: Option<String>,
    /// Size in bytes, unpacked.
    pub bytes: u64,
    /// Events in it.
    pub events: u64,
    /// Earliest time in it.
    pub first: Option<DateTime<Utc>>,
    /// Latest time in it.
    pub last: Option<DateTime<Utc>>,
    /// How many notices concern it.
    pub notices: usize,
}

/// Everything that reports are made of.
#[derive(Debug)]
pub struct Analysis<'db> {
    /// The knowledge it was made with.
    pub db: &'db Database,
    /// The files, by [`SourceId`].
    pub sources: Vec<SourceSummary>,
    /// The computers.
    pub hosts: Vec<Host>,
    /// The dated lines.
    pub timeline: Timeline,
    /// The answers.
    pub diagnoses: Vec<Diagnosis>,
    /// What could not be read.
    pub notices: Vec<Notice>,
    /// Connections in the logs that got into a session.
    pub worked: usize,
    names: BTreeMap<HostKey, String>,
    /// What of a source another one tells as well.
    pub(crate) elsewhere: BTreeMap<SourceId, Elsewhere>,
    /// How the local times of a source are read, where that is known.
    pub(crate) clocks: BTreeMap<SourceId, WallClock>,
}

/// Sees every event of a bundle while it is analysed, whether or not anything knows it.
pub trait Observer: Sync {
    /// Who sees the events of a source. Sources are read in several threads.
    fn watch<'s>(&'s self, source: &'s Source) -> Box<dyn Watch + 's>;
}

/// Sources that are scanned before what they gave is put together, for each thread: what each of them found waits in
/// memory until then.
const AT_ONCE: usize = 2;

/// Analyses one bundle; of one that [`is late`](Bundle::is_late), there is no answer. `progress` is told the bytes of each source that is done; it may be called from any thread.
#[must_use]
pub fn analyze<'db>(
    bundle: &Bundle,
    db: &'db Database,
    scope: &Scope,
    progress: &(dyn Fn(u64) + Sync),
) -> Analysis<'db> {
    analyze_observed(bundle, db, scope, progress, None)
}

/// The same, with somebody who sees every event on the way.
#[must_use]
pub fn analyze_observed<'db>(
    bundle: &Bundle,
    db: &'db Database,
    scope: &Scope,
    progress: &(dyn Fn(u64) + Sync),
    observer: Option<&dyn Observer>,
) -> Analysis<'db> {
    let everything = Interest::everything();
    let interest = if observer.is_some() { &everything } else { scan::interest(db) };
    // Sources are sorted by path and `collect` keeps their order: the result is the same for any number of threads.
    let one = |source: &Source| {
        let watch = observer.map(|observer| observer.watch(source));
        let scan = scan::scan_watched(source, db, interest, watch);
        progress(source.bytes);
        scan
    };
    let again = |scan: &Scan, known: &[Arc<Counted>]| {
        let source = bundle.sources().get(scan.source.index());
        source.map(|source| scan::scan_without(source, db, interest, known))
    };
    let (mut findings, mut attempts) = (Findings::default(), PeerBook::default());
    let mut copies = Copies::of(bundle.sources());
    let mut elsewhere = BTreeMap::new();
    let mut scans: Vec<Scan> = Vec::with_capacity(bundle.sources().len());
    for part in bundle.sources().chunks(AT_ONCE * rayon::current_num_threads().max(1)) {
        let part: Vec<Scan> = part.par_iter().map(one).collect();
        for mut scan in part {
            // What fitted is put together as it comes: only the whole has a limit worth the name.
            if scan.is_log() {
                let known = count_once(&mut scan, &mut copies, None, &again);
                elsewhere.extend(known.map(|known| (scan.source, known)));
                findings.absorb(std::mem::take(&mut scan.findings));
                attempts.absorb(std::mem::take(&mut scan.attempts));
            }
            scans.push(scan);
        }
    }
    if bundle.is_late() {
        // Nobody takes an answer from half of a ticket: what was found is not put in order any more.
        scans.iter_mut().for_each(Scan::forget);
        (findings, attempts) = (Findings::default(), PeerBook::default());
    } else {
        // Texts and exports come behind the logs: what is in local time waits until the zone is known, and whether one
        // is a copy shows when it is known whose logs lie where.
        let places = copies::places(&scans, bundle.sources());
        for scan in scans.iter_mut().filter(|scan| !scan.is_log()) {
            let known = count_once(scan, &mut copies, Some(&places), &again);
            elsewhere.extend(known.map(|known| (scan.source, known)));
        }
    }
    let clocks = zone::resolve(&mut scans, bundle.sources(), scope.zone);
    for scan in scans.iter_mut().filter(|scan| !scan.is_log()) {
        elsewhere.extend(copies.leave_out_told(scan).map(|known| (scan.source, known)));
    }
    if let Some(first) = scans.first_mut() {
        first.findings.absorb(findings);
        first.attempts.absorb(attempts);
    }
    let sources =
        scans.iter().zip(bundle.sources()).map(|(scan, source)| summary(scan, source)).collect();
    let notices: Vec<_> = bundle
        .notices()
        .iter()
        .cloned()
        .chain(copies.notice())
        .chain(scans.iter_mut().flat_map(|scan| std::mem::take(&mut scan.notices)))
        .collect();
    let mut case = Case::new(&mut scans, bundle.sources());
    let offsets = clock::offsets(&case);
    for (client, _, offset) in offsets.paired() {
        if let Some(host) = case.hosts.get_mut(client) {
            host.clock_offset_s = Some(offset.as_seconds_f64());
        }
    }
    let (timeline, mut diagnoses) =
        diagnosis::diagnose(&case, db, &offsets, &scope.weights, &scope.why_not);
    for incident in diagnoses.iter().map(|diagnosis| &diagnosis.incident) {
        note_offsets(&mut case, incident, &offsets);
    }
    diagnoses.retain(|diagnosis| scope.shows(diagnosis));
    let worked = case.attempts.list.iter().filter(|attempt| attempt.succeeded()).count();
    let names = case.hosts.iter().map(|(key, host)| (key.clone(), host.name.clone())).collect();
    Analysis {
        db,
        sources,
        hosts: case.hosts.into_values().collect(),
        timeline,
        diagnoses,
        notices,
        worked,
        names,
        elsewhere,
        clocks,
    }
}

/// Scans a source once more as if it had not what is counted elsewhere.
type Again<'a> = &'a dyn Fn(&Scan, &[Arc<Counted>]) -> Option<Scan>;

/// Leaves out of a scan what was counted before, by reading it again where that is a part of it; `again` does that. Says
/// what was left out.
fn count_once(
    scan: &mut Scan,
    copies: &mut Copies<'_>,
    places: Option<&Places>,
    again: Again<'_>,
) -> Option<Elsewhere> {
    match copies.standing(scan, places) {
        Standing::New => {}
        Standing::Copy(first) => {
            copies.set_aside(scan, first);
            return Some(Elsewhere::All);
        }
        Standing::Shares(known) => {
            if let Some(rest) = again(scan, &known) {
                let events = scan.events;
                *scan = Scan { events, ..rest };
                copies.count(scan, &known);
                copies.note_shared(scan, &known);
                return Some(Elsewhere::Records(known));
            }
        }
    }
    copies.count(scan, &[]);
    None
}

/// Notes how far clocks were off while it failed, where they were set right afterwards.
fn note_offsets(case: &mut Case, incident: &Incident, offsets: &clock::Offsets) {
    let Some(time) = incident.first else { return };
    for key in [&incident.server, &incident.client].into_iter().flatten() {
        let ahead = offsets.ahead(Some(key), time);
        if let Some(host) = case.hosts.get_mut(key).filter(|_| !ahead.is_zero()) {
            host.clock_offset_s.get_or_insert(ahead.as_seconds_f64());
        }
    }
}

fn summary(scan: &Scan, source: &Source) -> SourceSummary {
    SourceSummary {
        path: Arc::clone(&source.path),
        format: scan.format,
        sha256: scan.sha256.clone(),
        bytes: source.bytes,
        events: scan.events,
        first: scan.first,
        last: scan.last,
        notices: scan.notices.len(),
    }
}

impl Scope {
    fn shows(&self, diagnosis: &Diagnosis) -> bool {
        let incident = &diagnosis.incident;
        let early = self.from.zip(incident.last).is_some_and(|(from, last)| last < from);
        let late = self.to.zip(incident.first).is_some_and(|(to, first)| first > to);
        let wanted: Vec<_> = self.hosts.iter().filter_map(|name| HostKey::new(name)).collect();
        let named = |key: &Option<HostKey>| key.as_ref().is_some_and(|key| wanted.contains(key));
        !early && !late && (wanted.is_empty() || named(&incident.server) || named(&incident.client))
    }
}

impl Analysis<'_> {
    /// A source's label.
    #[must_use]
    pub fn path(&self, id: SourceId) -> &str {
        self.sources.get(id.index()).map_or("?", |source| &source.path)
    }

    /// A host's name as logged.
    #[must_use]
    pub fn host_name<'s>(&'s self, key: Option<&'s HostKey>) -> Option<&'s str> {
        let key = key?;
        Some(self.names.get(key).map_or(key.as_str(), String::as_str))
    }

    /// Gives hosts other names: keys by `key`, names by `name`.
    pub(crate) fn rename_hosts(
        &mut self,
        key: &dyn Fn(&HostKey) -> HostKey,
        name: &dyn Fn(&str) -> String,
    ) {
        self.names = self.names.iter().map(|(old, full)| (key(old), name(full))).collect();
    }

    /// Whether everything that was given could be analysed: at least one source was read, and none broke off.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.sources.is_empty() && self.sources.iter().any(|source| source.format.is_some())
    }
}

/// The record or line of a position as a number.
#[must_use]
pub fn number_of(position: Position) -> Option<u64> {
    match position {
        Position::Record(number) | Position::Line(number) => Some(number),
        Position::Whole => None,
    }
}
