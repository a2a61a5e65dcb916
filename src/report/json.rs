//! The result as JSON: schema `rdpwhy/result/1`, described by `docs/result.schema.json`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Report, deciban, instant, rounded};
use crate::analysis::{Analysis, SourceSummary, number_of};
use crate::case::{ChannelCoverage, Host};
use crate::cause::CauseId;
use crate::diagnosis::reasons::{Exclusion, Fact};
use crate::diagnosis::{Change, Diagnosis, Ground, Suspect, Verdict, WhyNot};
use crate::event::TimeQuality;
use crate::signatures::Remediation;
use crate::timeline::{Entry, EntryId};

/// The JSON report.
#[derive(Debug)]
pub(super) struct Json;

impl Report for Json {
    fn write(&self, analysis: &Analysis<'_>, out: &mut dyn Write) -> io::Result<()> {
        super::json_text::pretty(out, &result(analysis))?;
        writeln!(out)
    }
}

#[derive(Serialize)]
struct Result<'a> {
    schema: &'static str,
    tool: Tool<'a>,
    sources: Vec<Source<'a>>,
    hosts: Vec<HostOut<'a>>,
    incidents: Vec<IncidentOut<'a>>,
    timeline: Vec<Line<'a>>,
    notices: Vec<NoticeOut<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'static str,
    signatures: &'a str,
}

#[derive(Serialize)]
struct Source<'a> {
    path: &'a str,
    format: Option<&'static str>,
    sha256: Option<&'a str>,
    bytes: u64,
    events: u64,
    first: Option<String>,
    last: Option<String>,
    notices: usize,
}

#[derive(Serialize)]
struct HostOut<'a> {
    name: &'a str,
    role: &'static str,
    os: Option<&'a str>,
    clock_offset_s: Option<f64>,
    coverage: Vec<Coverage<'a>>,
}

#[derive(Serialize)]
struct Coverage<'a> {
    channel: &'a str,
    first: String,
    last: String,
    records: u64,
    cleared: bool,
    first_record: Option<u64>,
    last_record: Option<u64>,
    missing_records: u64,
    gaps: Vec<GapOut>,
    dirty: bool,
    cut: bool,
    zeroed_chunks: usize,
    damaged_chunks: usize,
}

/// Gaps that a result names, the largest first; `missing_records` counts those of all.
const GAPS: usize = 8;

#[derive(Serialize)]
struct GapOut {
    after: u64,
    before: u64,
    records: u64,
}

#[derive(Serialize)]
struct IncidentOut<'a> {
    time: Option<String>,
    last_time: Option<String>,
    attempts: u64,
    suspected: bool,
    host: Option<&'a str>,
    client: Option<&'a str>,
    addresses: Vec<&'a str>,
    error_code: Option<String>,
    extended_code: Option<String>,
    meaning: Option<String>,
    stage: Option<&'static str>,
    died_in: Vec<&'static str>,
    last_good: Option<String>,
    first_good_after: Option<String>,
    causes: Vec<CauseOut<'a>>,
    trigger: Option<TriggerOut<'a>>,
    changes: Vec<ChangeOut<'a>>,
    missing: Vec<MissingOut<'a>>,
    chain: Vec<FactOut<'a>>,
    less_likely: Vec<ObjectionOut<'a>>,
    excluded: Vec<ExclusionOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why_not: Vec<WhyNotOut<'a>>,
}

#[derive(Serialize)]
struct FactOut<'a> {
    time: Option<String>,
    text: &'a str,
    event: Option<usize>,
}

#[derive(Serialize)]
struct ObjectionOut<'a> {
    id: CauseId,
    why: &'a str,
}

#[derive(Serialize)]
struct ExclusionOut<'a> {
    ids: &'a [CauseId],
    why: &'a str,
    event: Option<usize>,
}

#[derive(Serialize)]
struct WhyNotOut<'a> {
    id: CauseId,
    probability: Option<f64>,
    evidence: Vec<EvidenceOut<'a>>,
    against: Vec<EvidenceOut<'a>>,
    absent: Vec<ItemOut<'a>>,
    not_collected: Vec<ItemOut<'a>>,
}

#[derive(Serialize)]
struct ItemOut<'a> {
    collect: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct CauseOut<'a> {
    id: CauseId,
    title: &'a str,
    probability: f64,
    evidence: Vec<EvidenceOut<'a>>,
    against: Vec<EvidenceOut<'a>>,
    remediation: &'a [Remediation],
}

#[derive(Serialize)]
struct EvidenceOut<'a> {
    signature: &'a str,
    grade: &'static str,
    weight_db: f64,
    event: Option<usize>,
    text: &'a str,
}

#[derive(Serialize)]
struct TriggerOut<'a> {
    id: CauseId,
    kb: Option<&'a str>,
    time: Option<String>,
    event: usize,
    why: &'a str,
}

#[derive(Serialize)]
struct ChangeOut<'a> {
    id: CauseId,
    kb: Option<&'a str>,
    time: Option<String>,
    event: usize,
    linked_to: &'a [CauseId],
}

#[derive(Serialize)]
struct MissingOut<'a> {
    collect: &'a str,
    why: &'a str,
    would_decide: &'a [CauseId],
}

#[derive(Serialize)]
struct Line<'a> {
    n: usize,
    time: Option<String>,
    time_quality: TimeQuality,
    count: u64,
    last_time: Option<String>,
    host: &'a str,
    provider: &'a str,
    event_id: Option<u32>,
    channel: Option<&'a str>,
    level: Option<u8>,
    role: &'static str,
    signature: Option<&'a str>,
    causes: Vec<CauseId>,
    incident: Option<usize>,
    delta_s: Option<f64>,
    summary: &'a str,
    fields: BTreeMap<&'a str, &'a str>,
    source: u32,
    record: Option<u64>,
}

#[derive(Serialize)]
struct NoticeOut<'a> {
    source: Option<u32>,
    at: &'a str,
    what: &'a str,
    lost: Option<&'a str>,
}

fn result<'a>(analysis: &'a Analysis<'_>) -> Result<'a> {
    Result {
        schema: "rdpwhy/result/1",
        tool: Tool {
            name: "rdpwhy",
            version: env!("CARGO_PKG_VERSION"),
            signatures: analysis.db.sha256(),
        },
        sources: analysis.sources.iter().map(source).collect(),
        hosts: analysis.hosts.iter().map(host).collect(),
        incidents: analysis
            .diagnoses
            .iter()
            .map(|diagnosis| incident(analysis, diagnosis))
            .collect(),
        timeline: analysis
            .timeline
            .numbered()
            .map(|(id, entry)| line(analysis, id, entry))
            .collect(),
        notices: analysis.notices.iter().map(notice).collect(),
    }
}

/// Lines are numbered from 1 in every output.
fn number(id: EntryId) -> usize {
    id.0 + 1
}

fn source(source: &SourceSummary) -> Source<'_> {
    Source {
        path: &source.path,
        format: source.format,
        sha256: source.sha256.as_deref(),
        bytes: source.bytes,
        events: source.events,
        first: source.first.map(instant),
        last: source.last.map(instant),
        notices: source.notices,
    }
}

fn coverage<'a>(channel: &'a str, log: &ChannelCoverage) -> Coverage<'a> {
    let mut gaps: Vec<_> = log.numbers.gaps().collect();
    gaps.sort_by_key(|gap| (Reverse(gap.records()), gap.after));
    let gaps = gaps.into_iter().take(GAPS).map(|gap| GapOut {
        after: gap.after,
        before: gap.before,
        records: gap.records(),
    });
    Coverage {
        channel,
        first: instant(log.first),
        last: instant(log.last),
        records: log.records,
        cleared: log.cleared,
        first_record: log.numbers.ends().map(|(first, _)| first),
        last_record: log.numbers.ends().map(|(_, last)| last),
        missing_records: log.numbers.missing(),
        gaps: gaps.collect(),
        dirty: log.state.dirty,
        cut: log.state.cut,
        zeroed_chunks: log.state.zeroed_chunks,
        damaged_chunks: log.state.damaged_chunks,
    }
}

fn host(host: &Host) -> HostOut<'_> {
    let coverage = host.coverage.iter().map(|(channel, log)| coverage(channel, log));
    HostOut {
        name: &host.name,
        role: host.roles.as_str(),
        os: host.os.as_deref(),
        clock_offset_s: host.clock_offset_s,
        coverage: coverage.collect(),
    }
}

fn incident<'a>(analysis: &'a Analysis<'_>, diagnosis: &'a Diagnosis) -> IncidentOut<'a> {
    let incident = &diagnosis.incident;
    IncidentOut {
        time: incident.first.map(instant),
        last_time: incident.last.map(instant),
        attempts: incident.attempts,
        suspected: incident.is_suspected(),
        host: analysis.host_name(incident.server.as_ref()),
        client: analysis.host_name(incident.client.as_ref()),
        addresses: incident.peers.iter().map(AsRef::as_ref).collect(),
        error_code: incident.code.map(|code| format!("{:#x}", code.error)),
        extended_code: incident
            .code
            .and_then(|code| code.extended)
            .map(|code| format!("{code:#x}")),
        meaning: incident.code.map(crate::codes::DisconnectReason::meaning),
        stage: incident.stage().map(crate::cause::Stage::as_str),
        died_in: incident.stages.iter().map(|stage| stage.as_str()).collect(),
        last_good: incident.last_good.map(instant),
        first_good_after: incident.first_good_after.map(instant),
        causes: causes(analysis, &diagnosis.verdict),
        trigger: diagnosis.trigger.as_ref().map(|trigger| TriggerOut {
            id: trigger.change.kind,
            kb: trigger.change.kb.as_deref(),
            time: trigger.change.time.map(instant),
            event: number(trigger.change.entry),
            why: &trigger.why,
        }),
        changes: diagnosis.changes.iter().map(change).collect(),
        missing: diagnosis.missing.iter().map(missing).collect(),
        chain: diagnosis.reasons.chain.iter().map(fact).collect(),
        less_likely: diagnosis
            .reasons
            .less_likely
            .iter()
            .map(|objection| ObjectionOut { id: objection.cause, why: &objection.text })
            .collect(),
        excluded: diagnosis.reasons.excluded.iter().map(exclusion).collect(),
        why_not: diagnosis.why_not.iter().map(why_not).collect(),
    }
}

fn fact(fact: &Fact) -> FactOut<'_> {
    FactOut { time: fact.time.map(instant), text: &fact.text, event: fact.entry.map(number) }
}

fn exclusion(exclusion: &Exclusion) -> ExclusionOut<'_> {
    let event = exclusion.entry.map(number);
    ExclusionOut { ids: &exclusion.causes, why: &exclusion.text, event }
}

fn why_not(case: &WhyNot) -> WhyNotOut<'_> {
    WhyNotOut {
        id: case.cause,
        probability: case.probability.map(rounded),
        evidence: case.grounds.iter().map(evidence).collect(),
        against: case.against.iter().map(evidence).collect(),
        absent: items(&case.absent),
        not_collected: items(&case.unseen),
    }
}

fn items(items: &[(String, String)]) -> Vec<ItemOut<'_>> {
    items.iter().map(|(collect, why)| ItemOut { collect, why }).collect()
}

fn causes<'a>(analysis: &'a Analysis<'_>, verdict: &'a Verdict) -> Vec<CauseOut<'a>> {
    let abstains = match verdict {
        Verdict::InsufficientEvidence { probability, .. } => Some(CauseOut {
            id: CauseId::InsufficientEvidence,
            title: title(analysis, CauseId::InsufficientEvidence),
            probability: rounded(*probability),
            evidence: Vec::new(),
            against: Vec::new(),
            remediation: &[],
        }),
        Verdict::Ranked(_) => None,
    };
    abstains
        .into_iter()
        .chain(verdict.suspects().iter().map(|suspect| cause(analysis, suspect)))
        .collect()
}

fn title<'a>(analysis: &'a Analysis<'_>, id: CauseId) -> &'a str {
    analysis.db.causes().get(&id).map_or(id.as_str(), |cause| &cause.title)
}

fn cause<'a>(analysis: &'a Analysis<'_>, suspect: &'a Suspect) -> CauseOut<'a> {
    CauseOut {
        id: suspect.cause,
        title: title(analysis, suspect.cause),
        probability: rounded(suspect.probability),
        evidence: suspect.grounds.iter().map(evidence).collect(),
        against: suspect.against.iter().map(evidence).collect(),
        remediation: analysis
            .db
            .causes()
            .get(&suspect.cause)
            .map_or(&[], |cause| &cause.remediation),
    }
}

fn evidence(ground: &Ground) -> EvidenceOut<'_> {
    EvidenceOut {
        signature: &ground.signature,
        grade: ground.grade.as_str(),
        weight_db: deciban(ground.weight_db),
        event: ground.entry.map(number),
        text: &ground.text,
    }
}

fn change(change: &Change) -> ChangeOut<'_> {
    ChangeOut {
        id: change.kind,
        kb: change.kb.as_deref(),
        time: change.time.map(instant),
        event: number(change.entry),
        linked_to: &change.links,
    }
}

fn missing(wanted: &crate::diagnosis::Wanted) -> MissingOut<'_> {
    MissingOut { collect: &wanted.collect, why: &wanted.why, would_decide: &wanted.would_decide }
}

fn line<'a>(analysis: &'a Analysis<'_>, id: EntryId, entry: &'a Entry) -> Line<'a> {
    let signature = entry.signature.and_then(|signature| analysis.db.signature(signature));
    Line {
        n: number(id),
        time: entry.time.map(instant),
        time_quality: entry.quality,
        count: entry.count,
        last_time: entry.last.filter(|_| entry.count > 1).map(instant),
        host: &entry.host,
        provider: &entry.provider,
        event_id: entry.event_id,
        channel: entry.channel.as_deref(),
        level: entry.level,
        role: entry.role.as_str(),
        signature: signature.map(|signature| signature.name.as_str()),
        causes: signature
            .map(|signature| signature.evidence.keys().copied().collect())
            .unwrap_or_default(),
        incident: entry.incident,
        delta_s: entry.delta_s,
        summary: &entry.summary,
        fields: entry.fields.iter().map(|(name, value)| (&**name, value.as_str())).collect(),
        source: entry.origin.source.0,
        record: number_of(entry.origin.position),
    }
}

fn notice(notice: &crate::notice::Notice) -> NoticeOut<'_> {
    NoticeOut {
        source: notice.source.map(|id| id.0),
        at: &notice.at,
        what: &notice.what,
        lost: notice.lost.as_deref(),
    }
}
