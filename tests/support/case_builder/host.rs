//! A computer: its name, its clock, and what stands in its logs.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::evtx_writer::{Log, Record};
use super::channel::Channel;
use super::dice::Dice;

/// A build of Windows. Newer ones write more fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Build(pub u32, pub u32);

impl Build {
    pub const SERVER_2012_R2: Self = Self(9600, 18969);
    pub const SERVER_2016: Self = Self(14393, 7159);
    pub const WINDOWS_10_1709: Self = Self(16299, 431);
    pub const SERVER_2019: Self = Self(17763, 6054);
    pub const WINDOWS_10: Self = Self(19045, 6809);
    pub const SERVER_2022: Self = Self(20348, 4648);
    pub const WINDOWS_11: Self = Self(26200, 7623);
    pub const SERVER_2025: Self = Self(26100, 32230);
}

/// A computer.
#[derive(Debug)]
pub struct Host {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) build: Build,
    /// How far its clock is ahead of the true time.
    pub(super) clock: TimeDelta,
    pub(super) dice: Dice,
    /// Process ids since the last start: the service host of TermService, and lsass.
    pub(super) term_service: u32,
    pub(super) lsass: u32,
    pub(super) connections: u32,
    pub(super) sessions: u32,
    records: BTreeMap<Channel, Vec<(DateTime<Utc>, Record)>>,
}

impl Host {
    /// A computer with empty logs.
    pub fn new(name: &str, address: &str, build: Build) -> Self {
        let mut host = Self {
            name: name.to_owned(),
            address: address.to_owned(),
            build,
            clock: TimeDelta::zero(),
            dice: Dice::new(name),
            term_service: 0,
            lsass: 0,
            connections: 0,
            sessions: 1,
            records: BTreeMap::new(),
        };
        host.new_processes();
        host
    }

    /// A computer whose clock is that far ahead: all it logs, and all its user reads, is late.
    pub fn clock_ahead(mut self, by: TimeDelta) -> Self {
        self.clock = by;
        self
    }

    /// Other ids and delays than in another story.
    pub fn seeded(mut self, story: &str) -> Self {
        self.dice = Dice::new(&format!("{story} {}", self.name));
        self.new_processes();
        self
    }

    /// What a client types to reach it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its NetBIOS name.
    pub fn short_name(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// Adds a record, with a fraction of a millisecond as the clock would have it.
    pub fn log(&mut self, time: DateTime<Utc>, channel: Channel, record: Record) {
        let time = time + self.clock + TimeDelta::nanoseconds(100 * self.dice.between(0, 900));
        self.records.entry(channel).or_default().push((time, record.time(time)));
    }

    /// The log was emptied, or had rolled over: what it held before is gone.
    pub fn lose_before(&mut self, channel: Channel, time: DateTime<Utc>) {
        let start = time + self.clock;
        self.records.entry(channel).or_default().retain(|(time, _)| *time >= start);
    }

    /// The log as a file. Record ids go on from an invented past.
    pub fn evtx(&self, channel: Channel) -> Vec<u8> {
        let mut records = self.records.get(&channel).cloned().unwrap_or_default();
        records.sort_by_key(|(time, _)| *time);
        let first_id = 900 + Dice::new(&format!("{}{}", self.name, channel.name())).next() % 50_000;
        let log = Log::new().channel(channel.name()).computer(&self.name).first_record_id(first_id);
        let log = if self.build >= Build(19041, 0) { log.version_3_2() } else { log };
        log.records(records.into_iter().map(|(_, record)| record)).to_bytes()
    }

    pub(super) fn new_processes(&mut self) {
        let id =
            |dice: &mut Dice, low, high| u32::try_from(4 * dice.between(low, high)).unwrap_or(4);
        self.term_service = id(&mut self.dice, 220, 500);
        self.lsass = id(&mut self.dice, 150, 215);
    }

    pub(super) fn thread(&mut self) -> u32 {
        u32::try_from(4 * self.dice.between(200, 2200)).unwrap_or(4)
    }
}
