//! The zone of each source in local time, once everything has been parsed.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::hints::{Hint, same_boot};
use super::{Pass, Steps, Zone};
use crate::case::HostKey;
use crate::case::places::Places;
use crate::event::{Position, SourceId, TimeQuality};
use crate::notice::Notice;
use crate::scan::Scan;
use crate::source::Source;

/// Samples further away than this say nothing certain about the season.
const SEASON: TimeDelta = TimeDelta::days(7);

/// How the clock of one source is read.
#[derive(Debug, Clone)]
enum Clock {
    Zone(Zone),
    /// Offsets that were seen, by local time.
    Samples(Vec<(NaiveDateTime, i32)>),
}

/// How the local times of one source are read.
#[derive(Debug)]
pub(crate) struct WallClock {
    clock: Clock,
    steps: Steps,
}

impl WallClock {
    /// The instant that a local time at a place of the source means, and how far to trust it.
    pub(crate) fn instant(
        &self,
        local: NaiveDateTime,
        position: Position,
    ) -> (DateTime<Utc>, TimeQuality) {
        self.clock.instant(local, self.steps.pass(local, position))
    }
}

/// What is known of one machine.
#[derive(Debug, Default)]
struct Machine {
    /// Each with whether its record names the machine, or only stands where its logs stand.
    zones: Vec<(bool, Zone)>,
    samples: Vec<(NaiveDateTime, i32)>,
    boots: Vec<DateTime<Utc>>,
    local_boots: Vec<NaiveDateTime>,
}

/// Moves everything that sources in local time gave to the instants it means. `given` is the user's word, for what the
/// bundle does not tell. A source whose zone stays unknown keeps its times, as if they were UTC, and gets a notice; the
/// clocks of the others are given back.
pub(crate) fn resolve(
    scans: &mut [Scan],
    sources: &[Source],
    given: Option<Zone>,
) -> BTreeMap<SourceId, WallClock> {
    let mut clocks = BTreeMap::new();
    if !scans.iter().any(|scan| scan.local) {
        return clocks;
    }
    let hosts = hosts(scans, sources);
    let mut machines: BTreeMap<Option<HostKey>, Machine> = BTreeMap::new();
    for (scan, host) in scans.iter().zip(&hosts) {
        for (computer, hint) in &scan.hints.0 {
            let key = computer.as_deref().and_then(HostKey::new).or_else(|| host.clone());
            machines.entry(key).or_default().take(computer.is_some(), *hint);
        }
    }
    machines.values_mut().for_each(Machine::pair_boots);
    // So that a machine of which nothing tells the zone counts as one that may have another.
    for host in hosts.iter().flatten() {
        machines.entry(Some(host.clone())).or_default();
    }
    for (scan, host) in scans.iter_mut().zip(hosts).filter(|(scan, _)| scan.local) {
        let own = own_samples(scan);
        match clock(&own, host.as_ref(), &machines, given) {
            Some(clock) => drop(clocks.insert(scan.source, settle(scan, clock))),
            // What tells nothing about the case needs no zone.
            None if !scan.tells() => {}
            None => {
                let what = "its times are local and nothing tells the zone: shown as if they were UTC; \
                            --time-zone would settle it";
                scan.notices.push(Notice::new(scan.source, "", what));
            }
        }
    }
    clocks
}

/// The machine of each source: the one that most of its records name, else the one to which its place points, else the
/// only one.
fn hosts(scans: &[Scan], sources: &[Source]) -> Vec<Option<HostKey>> {
    let named: Vec<_> = scans.iter().map(named_host).collect();
    let path = |scan: &Scan| sources.get(scan.source.index()).map_or("", |source| &*source.path);
    let mut places = Places::default();
    for (scan, host) in scans.iter().zip(&named) {
        if let Some(host) = host {
            places.claim(path(scan), &host.as_str().into());
        }
    }
    let of_bundle = only(named.iter().flatten());
    scans
        .iter()
        .zip(&named)
        .map(|(scan, host)| {
            let placed = || HostKey::new(&places.host(path(scan))?);
            host.clone().or_else(placed).or_else(|| of_bundle.clone())
        })
        .collect()
}

/// The one that all of them are.
fn only<'k>(mut found: impl Iterator<Item = &'k HostKey>) -> Option<HostKey> {
    let first = found.next()?;
    found.all(|other| other == first).then(|| first.clone())
}

fn named_host(scan: &Scan) -> Option<HostKey> {
    let most = scan.coverage.iter().filter(|span| !span.computer.is_empty());
    let logged = most.max_by_key(|span| span.records).and_then(|span| HostKey::new(&span.computer));
    let hinted =
        || scan.hints.0.iter().find_map(|(computer, _)| HostKey::new(computer.as_deref()?));
    logged.or_else(hinted)
}

fn own_samples(scan: &Scan) -> Vec<(NaiveDateTime, i32)> {
    let samples = scan.hints.0.iter().filter_map(|(_, hint)| match hint {
        Hint::Sample(local, minutes) => Some((*local, *minutes)),
        _ => None,
    });
    samples.collect()
}

/// In order of trust: what the source itself shows, its machine, the bundle when all machines agree, the user.
fn clock(
    own: &[(NaiveDateTime, i32)],
    host: Option<&HostKey>,
    machines: &BTreeMap<Option<HostKey>, Machine>,
    given: Option<Zone>,
) -> Option<Clock> {
    // Two files that name no machine need not be of the same.
    let machine = host.and_then(|host| machines.get(&Some(host.clone())));
    let named = machine.and_then(Machine::zone).or_else(|| zone_of_all(host, machines));
    let sure = |zone: &Zone| !matches!(zone, Zone::Offset { standard_only: true, .. });
    let fits = |zone: &Zone| {
        sure(zone) && own.iter().all(|(local, minutes)| zone.agrees(*local, *minutes))
    };
    if !own.is_empty() {
        // A zone that agrees with what was seen knows the seasons that were not seen.
        let zone = [named, given].into_iter().flatten().find(fits);
        return Some(zone.map_or(Clock::Samples(own.to_vec()), Clock::Zone));
    }
    let seen = machine.map(|machine| &machine.samples).filter(|samples| !samples.is_empty());
    let mut told = machines.values().filter(|machine| machine.tells());
    let only = told.next().filter(|_| told.next().is_none()).map(|one| &one.samples);
    named
        .filter(sure)
        .map(Clock::Zone)
        .or_else(|| seen.cloned().map(Clock::Samples))
        .or_else(|| only.filter(|samples| !samples.is_empty()).cloned().map(Clock::Samples))
        .or(given.map(Clock::Zone))
        .or(named.map(Clock::Zone))
}

/// The zone that all machines share. One that tells none is taken to be in the same place as the others; but a file that
/// may be of any of them, and so perhaps of a stranger, has no zone then.
fn zone_of_all(
    host: Option<&HostKey>,
    machines: &BTreeMap<Option<HostKey>, Machine>,
) -> Option<Zone> {
    let mut zones = machines.values().map(Machine::zone);
    let told = || machines.values().filter_map(Machine::zone);
    let first = told().next()?;
    let of_anybody = host.is_none() && zones.any(|zone| zone.is_none());
    (!of_anybody && told().all(|other| other == first)).then_some(first)
}

impl Machine {
    fn take(&mut self, named: bool, hint: Hint) {
        match hint {
            Hint::Zone(zone) => self.zones.push((named, zone)),
            Hint::Sample(local, minutes) => self.samples.push((local, minutes)),
            Hint::Boot(time) => self.boots.push(time),
            Hint::LocalBoot(time) => self.local_boots.push(time),
        }
    }

    fn tells(&self) -> bool {
        let starts = self.boots.len() + self.local_boots.len();
        starts + self.zones.len() + self.samples.len() > 0
    }

    /// The start that CBS tells in local time and the system log in UTC.
    fn pair_boots(&mut self) {
        let pairs = self.local_boots.iter().filter_map(|local| {
            let minutes = self.boots.iter().find_map(|boot| same_boot(*local, *boot))?;
            Some((*local, minutes))
        });
        let found: Vec<_> = pairs.collect();
        self.samples.extend(found);
        self.samples.sort_unstable();
        self.samples.dedup();
    }

    /// Its zone: the last word of records that name the machine, for it may have moved; else what all others agree on. A
    /// name says more than an offset.
    fn zone(&self) -> Option<Zone> {
        let by_name = |zone: &&(bool, Zone)| matches!(zone.1, Zone::Named(_));
        let own = || self.zones.iter().filter(|(named, _)| *named);
        let own_zone = own().rev().find(by_name).or_else(|| own().next_back());
        let mut others = self.zones.iter().filter(by_name).map(|(_, zone)| *zone);
        let first = others.next();
        let agreed = first.filter(|zone| others.all(|other| other == *zone));
        let only_offsets = || self.zones.last().filter(|_| first.is_none()).map(|(_, zone)| *zone);
        own_zone.map(|(_, zone)| *zone).or(agreed).or_else(only_offsets)
    }
}

fn settle(scan: &mut Scan, clock: Clock) -> WallClock {
    let clock = WallClock { clock, steps: std::mem::take(&mut scan.steps) };
    scan.settle(&|local, position| clock.instant(local, position));
    clock
}

impl Clock {
    fn instant(&self, local: NaiveDateTime, pass: Pass) -> (DateTime<Utc>, TimeQuality) {
        match self {
            Self::Zone(zone) => zone.instant(local, pass),
            Self::Samples(samples) => sampled(samples, local),
        }
    }
}

/// By the nearest sample; sure when it is near or when those before and after agree.
fn sampled(samples: &[(NaiveDateTime, i32)], local: NaiveDateTime) -> (DateTime<Utc>, TimeQuality) {
    let before = samples.iter().filter(|(at, _)| *at <= local).max();
    let after = samples.iter().filter(|(at, _)| *at > local).min();
    let nearest = before.into_iter().chain(after).min_by_key(|(at, _)| (*at - local).abs());
    let Some((at, minutes)) = nearest else { return (local.and_utc(), TimeQuality::Assumed) };
    let agree = before.zip(after).is_some_and(|(before, after)| before.1 == after.1);
    let sure = agree || (*at - local).abs() < SEASON;
    let zone = Zone::Offset { minutes: *minutes, standard_only: !sure };
    zone.instant(local, Pass::Unknown)
}
