//! What was read: coverage of logs, files with their hashes, and what could not be read.

use chrono::{DateTime, TimeDelta, Utc};

use crate::analysis::{Analysis, SourceSummary};
use crate::report::unread::{self, Group};
use crate::report::words::{legible_second, short, visible};

/// One computer.
pub(super) struct HostView {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) logs: Vec<LogView>,
}

/// What was collected of one log.
pub(super) struct LogView {
    pub(super) channel: String,
    /// What stands behind the stroke: `Operational`.
    pub(super) kind: String,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) records: u64,
    pub(super) cleared: bool,
    /// Where its bar begins and how long it is, in thousandths.
    pub(super) bar: (u32, u32),
    /// Where incidents stand, in thousandths.
    pub(super) marks: Vec<u32>,
}

/// One notice.
pub(super) struct NoticeView {
    pub(super) place: String,
    pub(super) what: String,
    pub(super) lost: Option<String>,
}

/// One file.
pub(super) struct SourceView {
    pub(super) path: String,
    pub(super) format: &'static str,
    pub(super) bytes: String,
    pub(super) events: u64,
    pub(super) span: String,
    pub(super) sha256: String,
}

/// A stretch of time, as thousandths of which the bars are drawn.
struct Scale {
    first: DateTime<Utc>,
    seconds: i64,
}

impl Scale {
    /// From some time before the first incident, or before the end, to the end: a log that goes back to the year in which
    /// an image was made would else leave no room for the day that matters. Its bar begins at the edge.
    fn of(analysis: &Analysis<'_>) -> Option<Self> {
        let logs = || analysis.hosts.iter().flat_map(|host| host.coverage.values());
        let mut lengths: Vec<_> = logs().map(|log| log.last - log.first).collect();
        lengths.sort_unstable();
        let usual = *lengths.get(lengths.len() / 2)?;
        let before = (usual * 4).clamp(TimeDelta::days(1), TimeDelta::days(30));
        let last = logs().map(|log| log.last).max()?;
        let incidents = analysis.diagnoses.iter().filter_map(|one| one.incident.first);
        let from = incidents.min().unwrap_or(last).min(last) - before;
        let first = logs().map(|log| log.first).min()?.max(from);
        Some(Self { first, seconds: (last - first).num_seconds().max(1) })
    }

    fn words(&self) -> String {
        let end = self.first + TimeDelta::seconds(self.seconds);
        format!("{} to {}", legible_second(self.first), legible_second(end))
    }

    fn at(&self, time: DateTime<Utc>) -> u32 {
        let seconds = (time - self.first).num_seconds().clamp(0, self.seconds);
        u32::try_from(seconds.saturating_mul(1000) / self.seconds).unwrap_or(1000)
    }
}

/// Thousandths of the shortest bar.
const LEAST: u32 = 4;

/// The computers that logs were collected of, and the time over which their coverage is drawn.
pub(super) fn hosts(analysis: &Analysis<'_>) -> (Vec<HostView>, String) {
    let Some(scale) = Scale::of(analysis) else { return (Vec::new(), String::new()) };
    let times = analysis.diagnoses.iter().filter_map(|diagnosis| diagnosis.incident.first);
    let marks: Vec<_> = times.map(|time| scale.at(time)).collect();
    let covered = analysis.hosts.iter().filter(|host| !host.coverage.is_empty());
    let views = covered
        .map(|host| {
            let os = host.os.as_deref().map(|os| format!(", {}", visible(os)));
            let clock = host
                .clock_offset_s
                .map(|offset| format!(", clock {offset:+.0} s against the server"));
            let logs = host.coverage.iter().map(|(channel, log)| {
                // However short, it is seen.
                let start = scale.at(log.first).min(1000 - LEAST);
                let (name, kind) = channel.split_once('/').unwrap_or((channel, ""));
                LogView {
                    channel: if channel.is_empty() {
                        "(none)".into()
                    } else {
                        visible(short(name))
                    },
                    kind: visible(kind),
                    first: legible_second(log.first),
                    last: legible_second(log.last),
                    records: log.records,
                    cleared: log.cleared,
                    bar: (start, scale.at(log.last).saturating_sub(start).max(LEAST)),
                    marks: marks.clone(),
                }
            });
            HostView {
                name: visible(&host.name),
                about: [host.roles.as_str(), &os.unwrap_or_default(), &clock.unwrap_or_default()]
                    .concat(),
                logs: logs.collect(),
            }
        })
        .collect();
    (views, scale.words())
}

/// Places that are named for one remark.
const PLACES: usize = 30;

/// Losses first.
pub(super) fn notices(analysis: &Analysis<'_>) -> Vec<NoticeView> {
    let view = |group: &Group| NoticeView {
        place: visible(&group.some_places(PLACES)),
        what: visible(&group.what),
        lost: group.lost.as_deref().map(visible),
    };
    unread::grouped(analysis).iter().map(view).collect()
}

impl SourceView {
    pub(super) fn new(source: &SourceSummary) -> Self {
        let span = match (source.first, source.last) {
            (Some(first), Some(last)) => {
                format!("{} to {}", first.date_naive(), last.date_naive())
            }
            _ => String::new(),
        };
        Self {
            path: visible(&source.path),
            format: source.format.unwrap_or("not known"),
            bytes: size(source.bytes),
            events: source.events,
            span,
            sha256: source.sha256.clone().unwrap_or_else(|| "not made".to_owned()),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.0} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
