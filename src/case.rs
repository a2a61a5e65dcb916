//! What all sources of a bundle say together: hosts with their roles, attempts, findings, the ticket, the coverage.

pub(crate) mod places;
mod texts;
mod tried;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::attempts::{AttemptSide, Attempts};
use crate::event::Event;
use crate::findings::{Bucket, Findings};
use crate::parsers::{CoverageSpan, LogState, RecordNumbers};
use crate::scan::Scan;
use crate::source::Source;

/// What a host did in the connections of this bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostRoles {
    /// It took connections, or the ticket or its folder says so.
    pub server: bool,
    /// It made connections, or the ticket or its folder says so.
    pub client: bool,
}

impl HostRoles {
    /// The word in results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match (self.server, self.client) {
            (true, true) => "server and client",
            (true, false) => "server",
            (false, true) => "client",
            (false, false) => "unknown",
        }
    }
}

/// One computer of the bundle.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// Its name as logged.
    pub name: String,
    /// What it did.
    pub roles: HostRoles,
    /// Its operating system build, when a record tells it (Kernel-General 12).
    pub os: Option<String>,
    /// Seconds its clock is ahead of the server's, as paired attempts show.
    pub clock_offset_s: Option<f64>,
    /// When it started, as far as logged.
    pub boots: Vec<DateTime<Utc>>,
    /// Its logs, by channel.
    pub coverage: BTreeMap<Arc<str>, ChannelCoverage>,
}

/// What of one log was collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelCoverage {
    /// Its first record.
    pub first: DateTime<Utc>,
    /// Its last record.
    pub last: DateTime<Utc>,
    /// Until when it would have told: the last record of any log of its host, for they are collected together, and a log
    /// in which nothing happens has none.
    pub until: DateTime<Utc>,
    /// How many records.
    pub records: u64,
    /// Whether it was cleared: what came before is gone.
    pub cleared: bool,
    /// Its record numbers. An export by query has gaps as well as a log that lost records.
    pub numbers: RecordNumbers,
    /// The state of the files it was read from.
    pub state: LogState,
}

impl ChannelCoverage {
    /// Whether it reaches over an instant, so that not finding something there means something.
    #[must_use]
    pub fn covers(&self, time: DateTime<Utc>) -> bool {
        self.first <= time && time <= self.until
    }
}

/// Names of hosts are compared by their first label, without case: `SRV01` is `srv01.corp.example`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostKey(String);

impl HostKey {
    /// The key of a name; `None` for an empty one, or one without a letter.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let name = name.trim().trim_end_matches('.').to_lowercase();
        // Asked for every record of some exports: most names are too plain for an address.
        let may = name.contains(':') || name.starts_with(|letter: char| letter.is_ascii_digit());
        let is_address = may && name.parse::<std::net::IpAddr>().is_ok();
        let label =
            if is_address { name.as_str() } else { name.split('.').next().unwrap_or_default() };
        // `-` stands where nobody is named.
        label.contains(char::is_alphanumeric).then(|| Self(label.to_owned()))
    }

    /// The name, lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an IP address and not a name.
    #[must_use]
    pub fn is_address(&self) -> bool {
        self.0.parse::<std::net::IpAddr>().is_ok()
    }
}

/// Everything the sources say.
#[derive(Debug)]
pub struct Case {
    /// The computers, by key.
    pub hosts: BTreeMap<HostKey, Host>,
    /// Connection attempts of both sides.
    pub attempts: Attempts,
    /// Signatures that fitted, each with a host where one can be told.
    pub findings: Findings,
    /// Dialogs and statements of the ticket.
    pub ticket: Vec<Event>,
    /// The server the ticket names, or that was tried for it.
    pub ticket_server: Option<HostKey>,
    /// The client the ticket names.
    pub ticket_client: Option<HostKey>,
}

impl Case {
    /// Puts the scans of a bundle's sources together.
    #[must_use]
    pub fn new(scans: &mut [Scan], sources: &[Source]) -> Self {
        let mut findings = Findings::default();
        let mut ticket = Vec::new();
        let mut hosts = BTreeMap::new();
        for scan in scans.iter_mut() {
            findings.absorb(std::mem::take(&mut scan.findings));
            ticket.append(&mut scan.ticket);
            scan.coverage.iter().for_each(|span| cover(&mut hosts, span, scan.state));
        }
        let attempts =
            Attempts::join(scans.iter_mut().map(|scan| std::mem::take(&mut scan.attempts)));
        let named =
            |field: &str| ticket.iter().filter_map(|fact| fact.field(field)).find_map(HostKey::new);
        let ticket_server = named("Server").or_else(|| tried::server(&findings, &attempts));
        let ticket_client = named("Client");
        let mut case = Self { hosts, attempts, findings, ticket, ticket_server, ticket_client };
        case.give_roles(scans, sources);
        case.give_texts_a_host(scans, sources);
        case.note_cleared_logs_and_builds();
        for host in case.hosts.values_mut() {
            let end = host.coverage.values().map(|log| log.last).max();
            for log in host.coverage.values_mut() {
                log.until = log.until.max(end.unwrap_or(log.last));
            }
        }
        case
    }

    /// An example of everything that was found of a provider.
    pub fn found(&self, provider: &str) -> impl Iterator<Item = &Event> {
        let buckets = self.findings.series().flat_map(|(_, series)| &series.buckets);
        buckets.map(|bucket| &*bucket.example).filter(move |event| event.is_from(provider))
    }

    /// The same, of one host or of none that was told; of all when `host` is not known.
    pub fn found_on(&self, host: Option<&HostKey>, provider: &str) -> impl Iterator<Item = &Event> {
        self.found(provider).filter(move |event| {
            let told = event.computer.as_deref().and_then(HostKey::new);
            told.is_none() || host.is_none() || told.as_ref() == host
        })
    }

    /// The host of a name, when the bundle has it.
    #[must_use]
    pub fn host(&self, key: Option<&HostKey>) -> Option<&Host> {
        key.and_then(|key| self.hosts.get(key))
    }

    /// Whether a host had started at most `within` before an instant.
    #[must_use]
    pub fn just_started(
        &self,
        key: Option<&HostKey>,
        time: DateTime<Utc>,
        within: TimeDelta,
    ) -> bool {
        self.host(key).is_some_and(|host| {
            host.boots.iter().any(|boot| *boot <= time && time - *boot <= within)
        })
    }

    /// The only host with a role, when there is just one.
    #[must_use]
    pub fn only(&self, role: fn(&HostRoles) -> bool) -> Option<&HostKey> {
        let mut found = self.hosts.iter().filter(|(_, host)| role(&host.roles)).map(|(key, _)| key);
        let first = found.next();
        if found.next().is_some() { None } else { first }
    }

    fn give_roles(&mut self, scans: &[Scan], sources: &[Source]) {
        for attempt in &self.attempts.list {
            if let Some(host) = HostKey::new(&attempt.host).and_then(|key| self.hosts.get_mut(&key))
            {
                host.roles.server |= attempt.side == AttemptSide::Server;
                host.roles.client |= attempt.side == AttemptSide::Client;
            }
        }
        for (key, host) in &mut self.hosts {
            host.roles.server |= self.ticket_server.as_ref() == Some(key);
            host.roles.client |= self.ticket_client.as_ref() == Some(key);
        }
        // Content first; the name of a folder only where content says nothing.
        for scan in scans {
            let hint = sources
                .get(scan.source.index())
                .map(|source| places::role(&source.path))
                .unwrap_or_default();
            for span in &scan.coverage {
                let host = HostKey::new(&span.computer).and_then(|key| self.hosts.get_mut(&key));
                if let Some(host) = host.filter(|host| host.roles == HostRoles::default()) {
                    host.roles = hint;
                }
            }
        }
        for (key, name) in [(&self.ticket_server, true), (&self.ticket_client, false)] {
            if let Some(key) = key {
                let host = self.hosts.entry(key.clone()).or_default();
                if host.name.is_empty() {
                    host.name.clone_from(&key.0);
                }
                host.roles.server |= name;
                host.roles.client |= !name;
            }
        }
    }

    fn note_cleared_logs_and_builds(&mut self) {
        let mut revisions: BTreeMap<HostKey, String> = BTreeMap::new();
        for (key, series) in self.findings.series() {
            let key = HostKey::new(&key.host);
            let Some(host) = key.and_then(|key| self.hosts.get_mut(&key)) else { continue };
            for bucket in &series.buckets {
                if let Some(revision) = host.note(bucket) {
                    revisions.extend(HostKey::new(&host.name).zip(Some(revision)));
                }
            }
        }
        for (key, revision) in revisions {
            let os = self.hosts.get_mut(&key).and_then(|host| host.os.as_mut());
            if let Some(os) = os.filter(|os| !os.contains('.')) {
                os.push_str(&format!(".{revision}"));
            }
        }
    }
}

impl Host {
    /// What an event says of the host itself: logs that were cleared, starts, the build. Gives the revision of the build
    /// where it stands by itself.
    fn note(&mut self, bucket: &Bucket) -> Option<String> {
        let event = &bucket.example;
        match (&*event.provider, event.event_id) {
            ("Microsoft-Windows-Eventlog", Some(104 | 1102)) => self.note_cleared(event),
            ("systeminfo", None) => self.note_systeminfo(event),
            ("EventLog", Some(6005)) => self.boots.extend(bucket.first),
            // `10.00.` and the build; strings without names.
            ("EventLog", Some(6009)) if self.os.is_none() => {
                self.os = event.field("param2").map(|build| format!("build {build}"));
            }
            ("registry", None) => return self.note_registry(event),
            ("Microsoft-Windows-Kernel-General", Some(12)) => {
                self.boots.extend(bucket.first);
                let revision = event.field("QfeVersion").map(|revision| format!(".{revision}"));
                let build = event.field("BuildVersion");
                let build =
                    build.map(|build| format!("build {build}{}", revision.unwrap_or_default()));
                self.os = build.or_else(|| self.os.take());
            }
            _ => {}
        }
        None
    }

    fn note_cleared(&mut self, event: &Event) {
        let security = || (event.event_id == Some(1102)).then_some("Security");
        let cleared = event.field("Channel").or_else(security);
        if let Some(log) = cleared.and_then(|name| self.coverage.get_mut(name)) {
            log.cleared = true;
        }
    }

    /// A record of a start is more exact, and knows the revision.
    fn note_systeminfo(&mut self, event: &Event) {
        let build = event.field("Build").map(|build| format!("build {build}"));
        let exact = |os: &Option<String>| os.as_ref().is_some_and(|os| os.contains('.'));
        if self.os.is_none() || (exact(&build) && !exact(&self.os)) {
            self.os = build.or_else(|| self.os.take());
        }
    }

    fn note_registry(&mut self, event: &Event) -> Option<String> {
        let data = event.field("Data")?;
        match event.field("Name")? {
            "UBR" => return Some(data.to_owned()),
            "CurrentBuild" | "CurrentBuildNumber" if self.os.is_none() => {
                self.os = Some(format!("build {data}"));
            }
            _ => {}
        }
        None
    }
}

fn cover(hosts: &mut BTreeMap<HostKey, Host>, span: &CoverageSpan, state: LogState) {
    let Some(key) = HostKey::new(&span.computer) else { return };
    let host = hosts.entry(key).or_default();
    // The longest spelling is the one with the domain.
    if span.computer.len() > host.name.len() {
        host.name = span.computer.to_string();
    }
    // A selection of a log names none: it proves no absence.
    if span.channel.is_empty() {
        return;
    }
    let fresh = ChannelCoverage {
        first: span.first,
        last: span.last,
        until: span.last,
        records: 0,
        cleared: false,
        numbers: RecordNumbers::default(),
        state: LogState::default(),
    };
    let log = host.coverage.entry(Arc::clone(&span.channel)).or_insert(fresh);
    log.first = log.first.min(span.first);
    log.last = log.last.max(span.last);
    log.records += span.records;
    log.numbers.absorb(&span.numbers);
    log.state.absorb(state);
}
