//! The same log more than once in a bundle: two collections of one machine, shadow copies, an export beside its log. Each
//! record counts once.
//!
//! * A file with the bytes of another is its copy, when it is written by people, names its machine, or lies where the other
//!   one's machine lies: the same listing of two machines is no copy.
//! * A log of the same channel and computer that shares record numbers, over a time that both reach, is a copy as far as it
//!   shares them: it is read once more without those records. A log that was cleared begins anew with its numbers, but at
//!   another time.
//! * An export without record numbers is a copy as far as a whole log of the same channel and computer reaches.
//!
//! Of copies the one with the smaller path counts, event logs before their exports, so the answer is the same for any
//! order of files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::attempts::PeerBook;
use crate::bundle::limits;
use crate::case::HostKey;
use crate::case::places::{self, Places};
use crate::event::{Event, Position, SourceId, Timestamp};
use crate::findings::{Bucket, Findings};
use crate::notice::Notice;
use crate::parsers::{CoverageSpan, Identity, RecordNumbers};
use crate::scan::Scan;
use crate::source::Source;

/// How far a local time may be from UTC.
const ANY_ZONE: TimeDelta = TimeDelta::hours(14);

/// Records of one log that have been counted: those of a file that no file before it had.
#[derive(Debug)]
pub(crate) struct Counted {
    source: SourceId,
    computer: HostKey,
    channel: Arc<str>,
    numbers: Arc<RecordNumbers>,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    /// Whether that file has every record from its first to its last.
    whole: bool,
}

impl Counted {
    /// Whether this is one of these records.
    pub(crate) fn has(&self, record: &Identity<'_>) -> bool {
        let Some(time) = record.time.clock() else { return false };
        let slack = slack(matches!(record.time, Timestamp::Local(_)));
        self.has_number(record.position, time, slack)
            && self.is_log(record.channel, record.computer)
    }

    fn has_number(&self, position: Position, time: DateTime<Utc>, slack: TimeDelta) -> bool {
        let Position::Record(id) = position else { return false };
        self.numbers.contains(id) && (self.first - slack..=self.last + slack).contains(&time)
    }

    /// Whether an event names this log of this computer.
    fn is_about(&self, event: &Event) -> bool {
        self.is_log(event.channel.as_deref(), event.computer.as_deref())
    }

    fn is_log(&self, channel: Option<&str>, computer: Option<&str>) -> bool {
        channel == Some(&*self.channel)
            && computer.and_then(HostKey::new).as_ref() == Some(&self.computer)
    }

    /// The time that it reaches, for texts that leave out fractions of seconds.
    fn reach(&self) -> std::ops::RangeInclusive<DateTime<Utc>> {
        self.first - TimeDelta::seconds(1)..=self.last + TimeDelta::seconds(1)
    }

    /// Whether records of a span of a computer are of this log; a selection may be of several logs, and names none.
    fn shares(&self, span: &CoverageSpan, computer: &HostKey, slack: TimeDelta) -> bool {
        (*self.channel == *span.channel || span.channel.is_empty())
            && self.computer == *computer
            && self.first - slack <= span.last
            && span.first <= self.last + slack
            && self.numbers.shared_with(&span.numbers) > 0
    }

    fn is_of(&self, span: &CoverageSpan) -> bool {
        *self.channel == *span.channel
            && HostKey::new(&span.computer).as_ref() == Some(&self.computer)
    }
}

fn slack(local: bool) -> TimeDelta {
    if local { ANY_ZONE } else { TimeDelta::zero() }
}

/// What of a scan was counted before.
pub(crate) enum Standing {
    /// Nothing of it.
    New,
    /// All of it, in this source.
    Copy(SourceId),
    /// These records.
    Shares(Vec<Arc<Counted>>),
}

/// What of a source another one tells as well: whoever shows every event shows these once.
#[derive(Debug)]
pub(crate) enum Elsewhere {
    /// All of it.
    All,
    /// These records.
    Records(Vec<Arc<Counted>>),
    /// What it tells of the time that this log reaches.
    Reached(Arc<Counted>),
}

impl Elsewhere {
    /// Whether an event of a channel and computer, at a place and time, is told elsewhere.
    pub(crate) fn has(
        &self,
        (channel, computer): (Option<&str>, Option<&str>),
        position: Position,
        time: Option<DateTime<Utc>>,
    ) -> bool {
        let Some(time) = time else { return matches!(self, Self::All) };
        match self {
            Self::All => true,
            // A number of the same log is enough; the zone of an export need not be known.
            Self::Records(logs) => logs.iter().any(|log| {
                log.has_number(position, time, ANY_ZONE) && log.is_log(channel, computer)
            }),
            Self::Reached(log) => log.reach().contains(&time) && log.is_log(channel, computer),
        }
    }
}

/// What has been counted so far.
pub(crate) struct Copies<'s> {
    sources: &'s [Source],
    files: BTreeMap<String, SourceId>,
    logs: Vec<Arc<Counted>>,
    /// Copies of files, for only the first ones are named.
    copies: usize,
}

impl<'s> Copies<'s> {
    /// Nothing has been counted of these sources.
    pub(crate) fn of(sources: &'s [Source]) -> Self {
        Self { sources, files: BTreeMap::new(), logs: Vec::new(), copies: 0 }
    }

    /// What of a scan has been counted before; `places` is known once all sources are read.
    pub(crate) fn standing(&self, scan: &Scan, places: Option<&Places>) -> Standing {
        let known = scan.sha256.as_ref().and_then(|digest| self.files.get(digest));
        if let Some(first) = known.filter(|_| scan.format.is_some()) {
            let named = scan.coverage.iter().any(|span| !span.computer.is_empty());
            let together = || {
                places.is_some_and(|places| {
                    lie_together(places, self.path(scan.source), self.path(*first))
                })
            };
            if named || !scan.ticket.is_empty() || together() {
                return Standing::Copy(*first);
            }
        }
        let slack = slack(scan.local);
        let spans = scan.coverage.iter();
        let spans: Vec<_> =
            spans.filter_map(|span| Some((span, HostKey::new(&span.computer)?))).collect();
        let shares = |log: &&Arc<Counted>| {
            spans.iter().any(|(span, computer)| log.shares(span, computer, slack))
        };
        let shared: Vec<_> = self.logs.iter().filter(shares).cloned().collect();
        if shared.is_empty() { Standing::New } else { Standing::Shares(shared) }
    }

    /// Takes note of what a scan counts from now on. What it shares with logs before it is theirs: a machine that was
    /// collected a hundred times has each record here once.
    pub(crate) fn count(&mut self, scan: &Scan, shared: &[Arc<Counted>]) {
        if let Some(digest) = &scan.sha256 {
            self.files.entry(digest.clone()).or_insert(scan.source);
        }
        if scan.local {
            return;
        }
        for span in scan.coverage.iter().filter(|span| !span.channel.is_empty()) {
            // A log of which not every number is told apart cannot say which records it has.
            let told_apart = is_numbered(span) && span.numbers.is_exact();
            let Some(computer) = HostKey::new(&span.computer).filter(|_| told_apart) else {
                continue;
            };
            let before = || shared.iter().filter(|log| log.is_of(span));
            let rest = |numbers: Arc<RecordNumbers>, log: &Arc<Counted>| {
                Arc::new(numbers.without(&log.numbers))
            };
            let numbers = before().fold(Arc::clone(&span.numbers), rest);
            let whole = span.numbers.missing() == 0;
            let says_more = whole && !before().any(|log| log.whole);
            if numbers.ends().is_some() || says_more {
                self.logs.push(Arc::new(Counted {
                    source: scan.source,
                    computer,
                    channel: Arc::clone(&span.channel),
                    numbers,
                    first: span.first,
                    last: span.last,
                    whole,
                }));
            }
        }
    }

    /// Empties a scan of a copy, and says so.
    pub(crate) fn set_aside(&mut self, scan: &mut Scan, first: SourceId) {
        scan.findings = Findings::default();
        scan.attempts = PeerBook::default();
        scan.ticket.clear();
        scan.coverage.clear();
        self.copies += 1;
        if self.copies <= limits::NOTICES_EACH {
            let what = format!("the same file as {}: counted once", self.path(first));
            scan.notices.push(Notice::new(scan.source, "", what));
        }
    }

    /// Says which records were left out of a scan; its coverage, which had them, is corrected.
    pub(crate) fn note_shared(&self, scan: &mut Scan, shared: &[Arc<Counted>]) {
        let mut told: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for span in &mut scan.coverage {
            let mut logs = shared.iter().filter(|log| log.is_of(span)).peekable();
            let Some(first) = logs.peek().copied() else { continue };
            let mut known = RecordNumbers::default();
            logs.for_each(|log| known.absorb(&log.numbers));
            let records = known.shared_with(&span.numbers);
            span.records = span.records.saturating_sub(records);
            told.insert((&first.channel, self.path(first.source)), records);
        }
        // Of a selection only what was wanted is known to be there.
        for (log, count) in shared.iter().zip(&scan.left_out).filter(|(_, count)| **count > 0) {
            if !told.keys().any(|(channel, _)| *channel == &*log.channel) {
                told.insert((&log.channel, self.path(log.source)), *count);
            }
        }
        for ((channel, first), records) in told {
            let what = format!("{records} records of {channel} are also in {first}: counted once");
            scan.notices.push(Notice::new(scan.source, "", what));
        }
    }

    /// Leaves out of an export without record numbers what a whole log tells, once its times are settled.
    pub(crate) fn leave_out_told(&self, scan: &mut Scan) -> Option<Elsewhere> {
        if scan.coverage.is_empty() || scan.coverage.iter().any(is_numbered) {
            return None;
        }
        let buckets = || scan.findings.series().flat_map(|(_, series)| &series.buckets);
        // Lines of one log or of none: its connections can be of no other.
        let logs: BTreeSet<_> =
            buckets().filter_map(|bucket| self.whole_log(scan.source, &bucket.example)).collect();
        let [log] = logs.into_iter().collect::<Vec<_>>()[..] else { return None };
        let log = self.logs.get(log)?;
        let reach = log.reach();
        let told = |time: DateTime<Utc>| reach.contains(&time);
        let dated = |time: Option<DateTime<Utc>>| time.is_some_and(told);
        let is_told = |bucket: &Bucket| {
            dated(bucket.first) && dated(bucket.last) && log.is_about(&bucket.example)
        };
        let records: u64 = buckets().filter(|it| is_told(it)).map(|bucket| bucket.count).sum();
        if records == 0 {
            return None;
        }
        let what = format!(
            "tells of {} what {} tells as well, from {} to {} UTC: counted once",
            log.channel,
            self.path(log.source),
            log.first.format("%Y-%m-%d %H:%M"),
            log.last.format("%Y-%m-%d %H:%M"),
        );
        scan.findings.retain(&|bucket| !is_told(bucket));
        scan.attempts.retain(&|attempt| !told(attempt.start) || !told(attempt.end));
        scan.notices.push(Notice::new(scan.source, "", what));
        Some(Elsewhere::Reached(Arc::clone(log)))
    }

    /// The log without gaps that an event of another source stands in, if there is one; its place.
    fn whole_log(&self, source: SourceId, event: &Event) -> Option<usize> {
        self.logs.iter().position(|log| log.source != source && log.whole && log.is_about(event))
    }

    /// What there is to say of copies that were not named one by one.
    pub(crate) fn notice(&self) -> Option<Notice> {
        let more = self.copies.checked_sub(limits::NOTICES_EACH).filter(|more| *more > 0)?;
        let what = format!("{more} more files are the same as others: counted once");
        Some(Notice { source: None, at: String::new(), what, lost: None })
    }

    fn path(&self, id: SourceId) -> &str {
        self.sources.get(id.index()).map_or("?", |source| &source.path)
    }
}

/// Whether its records have numbers; exports without them have zeroes.
fn is_numbered(span: &CoverageSpan) -> bool {
    span.numbers.ends().is_some_and(|(_, last)| last > 0)
}

/// Where each source lies, by what all of them say.
pub(crate) fn places(scans: &[Scan], sources: &[Source]) -> Places {
    let mut all = Places::default();
    for span in scans.iter().flat_map(|scan| &scan.coverage) {
        let path = sources.get(span.source.index()).map_or("", |source| &*source.path);
        all.claim(path, &span.computer);
    }
    all
}

/// Whether two files that name no machine are of the same. Of folders about which nothing is known, each may be one.
fn lie_together(places: &Places, one: &str, other: &str) -> bool {
    let host = |path: &str| places.host(path).as_deref().and_then(HostKey::new);
    let together = match (host(one), host(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => places::folder(one) == places::folder(other),
        _ => false,
    };
    together && places::role(one) == places::role(other)
}
