//! An analysis as rows, one type a table of the store: what the store, the tables and the NDJSON lines are made of.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::updates;
use crate::analysis::{Analysis, number_of};
use crate::case::HostKey;
use crate::cause::CauseId;
use crate::diagnosis::{Diagnosis, Ground, Trigger};
use crate::report::{deciban, rounded};
use crate::signatures::Role;
use crate::timeline::{Entry, EntryId};

/// What became of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything was read.
    Ok,
    /// Something could not be read; the answer is made of the rest.
    Partial,
    /// There is no answer.
    Failed,
}

impl Status {
    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }
}

/// A row of `tickets`; `docs/store.md` says what the columns mean.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of the schema")]
pub struct TicketRow {
    pub ticket: i64,
    pub id: String,
    pub path: String,
    pub sha256: Option<String>,
    pub status: Status,
    pub reason: Option<String>,
    pub verdict: Option<&'static str>,
    pub probability: Option<f64>,
    pub incident_time: Option<String>,
    pub trigger_id: Option<&'static str>,
    pub trigger_kb: Option<String>,
    pub incidents: usize,
    pub hosts: usize,
    pub sources: usize,
    pub events: u64,
    pub notices: usize,
    pub bytes: u64,
    pub first_time: Option<String>,
    pub last_time: Option<String>,
}

/// The rows of the other tables, without the number of the ticket.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(missing_docs, reason = "the tables of the schema")]
pub struct Tables {
    pub incidents: Vec<IncidentRow>,
    pub causes: Vec<CauseRow>,
    pub evidence: Vec<EvidenceRow>,
    pub changes: Vec<ChangeRow>,
    pub hosts: Vec<HostRow>,
    pub updates: Vec<UpdateRow>,
}

/// A row of `incidents`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of the schema")]
pub struct IncidentRow {
    pub n: usize,
    pub time: Option<String>,
    pub last_time: Option<String>,
    pub attempts: u64,
    pub host: Option<String>,
    pub client: Option<String>,
    pub error_code: Option<String>,
    pub extended_code: Option<String>,
    pub stage: Option<&'static str>,
    pub last_good: Option<String>,
    pub first_good_after: Option<String>,
    pub cause: &'static str,
    pub probability: f64,
    pub suspected: bool,
    pub trigger_id: Option<&'static str>,
    pub trigger_kb: Option<String>,
    pub trigger_time: Option<String>,
}

/// A row of `causes`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of the schema")]
pub struct CauseRow {
    pub incident: usize,
    pub rank: usize,
    pub cause: &'static str,
    pub probability: f64,
}

/// A row of `evidence`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of the schema")]
pub struct EvidenceRow {
    pub n: usize,
    pub incident: usize,
    pub cause: &'static str,
    pub signature: String,
    pub grade: &'static str,
    pub weight_db: f64,
    pub time: Option<String>,
    pub host: Option<String>,
    pub provider: Option<String>,
    pub event_id: Option<u32>,
    pub record: Option<u64>,
    pub source: Option<String>,
    pub summary: String,
}

/// A row of `changes`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of the schema")]
pub struct ChangeRow {
    pub n: usize,
    pub host: Option<String>,
    pub time: Option<String>,
    pub time_quality: crate::event::TimeQuality,
    pub kind: &'static str,
    pub kb: Option<String>,
    pub state: Option<String>,
    pub summary: String,
    pub signature: Option<String>,
}

/// A row of `hosts`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of the schema")]
pub struct HostRow {
    pub n: usize,
    pub name: String,
    pub role: &'static str,
    pub os: Option<String>,
    pub build: Option<String>,
    pub clock_offset_s: Option<f64>,
}

/// A row of `updates`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of the schema")]
pub struct UpdateRow {
    pub n: usize,
    pub host: Option<String>,
    pub kb: String,
    pub state: String,
    pub time: Option<String>,
    pub time_quality: crate::event::TimeQuality,
}

/// A time as the store has it: as many digits for each, so that they sort as text.
pub(super) fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Nothing failed.
const NO_INCIDENT: &str = "none";

impl TicketRow {
    /// The row of a ticket of which there is no answer.
    pub(super) fn failed(ticket: i64, id: String, path: String, reason: String) -> Self {
        Self {
            ticket,
            id,
            path,
            sha256: None,
            status: Status::Failed,
            reason: Some(reason),
            verdict: None,
            probability: None,
            incident_time: None,
            trigger_id: None,
            trigger_kb: None,
            incidents: 0,
            hosts: 0,
            sources: 0,
            events: 0,
            notices: 0,
            bytes: 0,
            first_time: None,
            last_time: None,
        }
    }

    /// Takes what an analysis says.
    pub(super) fn take(&mut self, analysis: &Analysis<'_>, tables: &Tables) {
        let sources = &analysis.sources;
        self.verdict = Some(NO_INCIDENT);
        if let Some(first) = tables.incidents.first() {
            self.verdict = Some(first.cause);
            self.probability = Some(first.probability);
            self.incident_time.clone_from(&first.time);
            self.trigger_id = first.trigger_id;
            self.trigger_kb.clone_from(&first.trigger_kb);
        }
        self.incidents = tables.incidents.len();
        self.hosts = tables.hosts.len();
        self.sources = sources.len();
        self.events = sources.iter().map(|source| source.events).sum();
        self.notices = analysis.notices.len();
        self.first_time = sources.iter().filter_map(|source| source.first).min().map(instant);
        self.last_time = sources.iter().filter_map(|source| source.last).max().map(instant);
    }
}

impl Tables {
    /// Everything that an analysis says, as rows.
    #[must_use]
    pub fn of(analysis: &Analysis<'_>) -> Self {
        let mut tables = Self {
            changes: changes(analysis),
            hosts: hosts(analysis),
            updates: updates::rows(analysis),
            ..Self::default()
        };
        for (n, diagnosis) in (1..).zip(&analysis.diagnoses) {
            tables.incident(analysis, n, diagnosis);
        }
        tables
    }

    fn incident(&mut self, analysis: &Analysis<'_>, n: usize, diagnosis: &Diagnosis) {
        let incident = &diagnosis.incident;
        let causes: Vec<_> = diagnosis.verdict.probabilities().collect();
        // An incident has a verdict, be it an abstention.
        let (cause, probability) =
            causes.first().copied().unwrap_or((CauseId::InsufficientEvidence, 1.0));
        let name = |key: &Option<HostKey>| analysis.host_name(key.as_ref()).map(str::to_owned);
        let change = diagnosis.trigger.as_ref().map(|Trigger { change, .. }| change);
        self.incidents.push(IncidentRow {
            n,
            time: incident.first.map(instant),
            last_time: incident.last.map(instant),
            attempts: incident.attempts,
            host: name(&incident.server),
            client: name(&incident.client),
            error_code: incident.code.map(|code| format!("{:#x}", code.error)),
            extended_code: incident
                .code
                .and_then(|code| code.extended)
                .map(|code| format!("{code:#x}")),
            stage: incident.stage().map(crate::cause::Stage::as_str),
            last_good: incident.last_good.map(instant),
            first_good_after: incident.first_good_after.map(instant),
            cause: cause.as_str(),
            probability: rounded(probability),
            suspected: incident.is_suspected(),
            trigger_id: change.map(|change| change.kind.as_str()),
            trigger_kb: change.and_then(|change| change.kb.clone()),
            trigger_time: change.and_then(|change| change.time).map(instant),
        });
        self.causes.extend((1..).zip(&causes).map(|(rank, (cause, probability))| CauseRow {
            incident: n,
            rank,
            cause: cause.as_str(),
            probability: rounded(*probability),
        }));
        for suspect in diagnosis.verdict.suspects() {
            for ground in suspect.grounds.iter().chain(&suspect.against) {
                let next = self.evidence.len() + 1;
                self.evidence.push(evidence(analysis, next, n, suspect.cause, ground));
            }
        }
    }
}

fn evidence(
    analysis: &Analysis<'_>,
    n: usize,
    incident: usize,
    cause: CauseId,
    ground: &Ground,
) -> EvidenceRow {
    let entry = ground.entry.and_then(|id| analysis.timeline.get(id));
    EvidenceRow {
        n,
        incident,
        cause: cause.as_str(),
        signature: ground.signature.clone(),
        grade: ground.grade.as_str(),
        weight_db: deciban(ground.weight_db),
        time: entry.and_then(|entry| entry.time).map(instant),
        host: entry.and_then(|entry| told(&entry.host)),
        provider: entry.map(|entry| entry.provider.to_string()),
        event_id: entry.and_then(|entry| entry.event_id),
        record: entry.and_then(|entry| number_of(entry.origin.position)),
        source: entry.map(|entry| analysis.path(entry.origin.source).to_owned()),
        summary: ground.text.clone(),
    }
}

/// What is not empty.
pub(super) fn told(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Every change of the timeline, in its order, and those that the diagnosis found out by itself.
fn changes(analysis: &Analysis<'_>) -> Vec<ChangeRow> {
    let signature = |entry: &Entry| entry.signature.and_then(|id| analysis.db.signature(id));
    let mut found: BTreeMap<EntryId, (CauseId, Option<String>)> = BTreeMap::new();
    for (id, entry) in analysis.timeline.numbered().filter(|(_, entry)| entry.role == Role::Change)
    {
        if let Some(kind) = signature(entry).and_then(|signature| signature.trigger) {
            found.insert(id, (kind, updates::kb(entry)));
        }
    }
    for change in analysis.diagnoses.iter().flat_map(|diagnosis| &diagnosis.changes) {
        found.entry(change.entry).or_insert_with(|| (change.kind, change.kb.clone()));
    }
    let row = |(n, (id, (kind, kb))): (usize, (EntryId, (CauseId, Option<String>)))| {
        let entry = analysis.timeline.get(id)?;
        Some(ChangeRow {
            n,
            host: told(&entry.host),
            time: entry.time.map(instant),
            time_quality: entry.quality,
            kind: kind.as_str(),
            kb,
            state: updates::state(entry).map(str::to_owned),
            summary: entry.summary.clone(),
            signature: signature(entry).map(|signature| signature.name.clone()),
        })
    };
    (1..).zip(found).filter_map(row).collect()
}

fn hosts(analysis: &Analysis<'_>) -> Vec<HostRow> {
    let row = |(n, host): (usize, &crate::case::Host)| HostRow {
        n,
        name: host.name.clone(),
        role: host.roles.as_str(),
        os: host.os.clone(),
        build: host.os.as_deref().and_then(build),
        clock_offset_s: host.clock_offset_s,
    };
    (1..).zip(&analysis.hosts).map(row).collect()
}

/// The number of a build in words: `build 20348.4648`.
fn build(os: &str) -> Option<String> {
    let number = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_digit());
    os.split_once("build ")?.1.split([' ', ',', ')']).find(number).map(str::to_owned)
}
