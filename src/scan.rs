//! One pass over one source: sniff, parse, match, and keep what a diagnosis needs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, NaiveDateTime, Utc};
use smallvec::SmallVec;

use crate::attempts::{self, AttemptBuilder, PeerBook, Sighting};
use crate::copies::Counted;
use crate::event::{Event, Passing, Position, SourceId, TimeQuality, Timestamp};
use crate::findings::{Findings, Hit};
use crate::notice::Notice;
use crate::parsers::evtx::Evtx;
use crate::parsers::{
    CoverageSpan, Identity, Interest, Kept, LogState, Parser, Sink, parser_for, unread,
};
use crate::signatures::{Database, SignatureId};
use crate::source::Source;
use crate::zone::{self, Hints, Steps};

/// What one source gave.
#[derive(Debug)]
pub struct Scan {
    /// The source.
    pub source: SourceId,
    /// Its format; `None` when no parser knows its content.
    pub format: Option<&'static str>,
    /// SHA-256 of its bytes, lower-case hex; `None` when it was left out, when it could not be read to its end, or when
    /// no parser knows it and it would have to be unpacked for nothing else.
    pub sha256: Option<String>,
    /// Events in it: all records of a log, all facts of a text.
    pub events: u64,
    /// Earliest time in it.
    pub first: Option<DateTime<Utc>>,
    /// Latest time in it.
    pub last: Option<DateTime<Utc>>,
    /// Signatures that fitted.
    pub findings: Findings,
    /// Attempts, as far as this source tells them.
    pub attempts: PeerBook,
    /// Facts the diagnosis reads itself: the ticket's dialogs and statements.
    pub ticket: Vec<Event>,
    /// Logs it covers.
    pub coverage: Vec<CoverageSpan>,
    /// The state in which it was found, when it is an event log.
    pub state: LogState,
    /// What could not be read.
    pub notices: Vec<Notice>,
    /// Its times are the wall clock of its machine, and everything above has them as if they were UTC.
    pub local: bool,
    /// What it says about the zone of its machine.
    pub hints: Hints,
    /// Where its clock was set back.
    pub(crate) steps: Steps,
    /// Wanted records that were left out because they are counted elsewhere, for each log that has them.
    pub(crate) left_out: Vec<u64>,
}

impl Scan {
    /// Whether anything in it may matter to the case.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.findings.series().next().is_some() || !self.attempts.is_empty()
    }

    /// Lets go of everything that an answer would be made of.
    pub(crate) fn forget(&mut self) {
        self.findings = Findings::default();
        self.attempts = PeerBook::default();
        self.ticket = Vec::new();
    }

    /// Whether it is an event log itself, and not something made of one.
    pub(crate) fn is_log(&self) -> bool {
        self.format == Some(Evtx.format()) && !self.local
    }

    /// Moves everything dated to the instants that the local times mean. Days stay days.
    pub fn settle(
        &mut self,
        instant: &dyn Fn(NaiveDateTime, Position) -> (DateTime<Utc>, TimeQuality),
    ) {
        let moved = |time: DateTime<Utc>, at: Position| instant(time.naive_utc(), at);
        self.findings.rewrite(&mut |bucket| {
            if bucket.quality != TimeQuality::Assumed {
                return;
            }
            let at = bucket.example.origin.position;
            let first = bucket.first.map(|time| moved(time, at));
            bucket.last = bucket.last.map(|time| moved(time, at).0).max(first.map(|first| first.0));
            bucket.first = first.map(|first| first.0);
            bucket.quality = first.map_or(bucket.quality, |first| first.1);
        });
        self.attempts.rewrite(&mut |attempt| {
            let first = attempt.steps.first().map_or(Position::Whole, |step| step.0.position);
            let last = attempt.steps.last().map_or(first, |step| step.0.position);
            attempt.start = moved(attempt.start, first).0;
            attempt.end = moved(attempt.end, last).0.max(attempt.start);
            for (origin, time, _) in &mut attempt.steps {
                *time = moved(*time, origin.position).0;
            }
        });
        let whole = |time| moved(time, Position::Whole).0;
        for span in &mut self.coverage {
            (span.first, span.last) = (whole(span.first), whole(span.last));
        }
        self.first = self.first.map(whole);
        self.last = self.last.map(whole);
    }
}

/// Ticket facts kept per source; a pasted dialog is a handful.
const TICKET_FACTS: usize = 1000;

/// What signatures and attempts want to see.
#[must_use]
pub fn interest(db: &Database) -> &Interest {
    db.interest(|interest| {
        attempts::add_interest(interest);
        zone::add_interest(interest);
    })
}

/// Scans one source.
#[must_use]
pub fn scan(source: &Source, db: &Database, interest: &Interest) -> Scan {
    scan_watched(source, db, interest, None)
}

/// Sees each event of a source.
pub trait Watch: Send + Sync {
    /// What is wanted of an event and the signatures that fit it; asked on any thread, in any order.
    fn look(&self, event: &Event, found: &[SignatureId]) -> Option<Kept>;
    /// Whether nothing is wanted of an event that differs from another one in nothing but [`Passing`] when nothing was of
    /// that, and else [`Self::look_again`] tells.
    fn looks_again(&self) -> bool {
        false
    }
    /// What is wanted of an event that differs in nothing but [`Passing`] from one of which this was wanted. `None` when
    /// only the event itself can tell.
    fn look_again(&self, _like: &Kept, _passing: &Passing) -> Option<Kept> {
        None
    }
    /// Takes what was wanted of the next event, in the order of the file.
    fn take(&mut self, seen: Kept);
    /// The source is at its end.
    fn end(&mut self) {}
}

/// The same, with somebody who sees every event on the way.
#[must_use]
pub(crate) fn scan_watched(
    source: &Source,
    db: &Database,
    interest: &Interest,
    watch: Option<Box<dyn Watch + '_>>,
) -> Scan {
    let mut scanner = Scanner::new(source.id, db, interest);
    scanner.watch = watch;
    run(source, scanner)
}

/// Scans one source as if it had not the records that are counted elsewhere.
#[must_use]
pub(crate) fn scan_without(
    source: &Source,
    db: &Database,
    interest: &Interest,
    known: &[Arc<Counted>],
) -> Scan {
    let left_out = known.iter().map(|_| AtomicU64::new(0)).collect();
    run(source, Scanner { known, left_out, ..Scanner::new(source.id, db, interest) })
}

fn run(source: &Source, mut scanner: Scanner<'_>) -> Scan {
    let parser = parser_for(source);
    match parser {
        Some(parser) => parse(parser, source, &mut scanner),
        None => scanner.notice(unread::notice(source)),
    }
    if parser.is_none() && source.is_packed() {
        return scanner.finish(None, None);
    }
    let sha256 = match source.sha256() {
        Ok(digest) => digest.map(str::to_owned),
        Err(error) => {
            scanner.notice(
                Notice::new(source.id, "", format!("cannot be read to its end: {error}"))
                    .losing("the rest of it"),
            );
            None
        }
    };
    scanner.finish(parser.map(|parser| parser.format()), sha256)
}

/// A parser that breaks on what strangers made costs its own source, not the ticket.
fn parse(parser: &dyn Parser, source: &Source, scanner: &mut Scanner<'_>) {
    let outcome = catch_unwind(AssertUnwindSafe(|| parser.parse(source, scanner)));
    if outcome.is_err() {
        let notice =
            Notice::new(source.id, "", "reading broke off: a fault of the reader, worth reporting");
        scanner.notice(notice.losing("the rest of it"));
    }
}

/// What an event says, told without the others.
#[derive(Default)]
struct Sifted {
    hit: Option<Hit>,
    sighting: Option<Box<Sighting>>,
    /// What the ticket states.
    fact: Option<Box<Event>>,
    /// What it tells of the zone.
    hints: Hints,
    /// What somebody wants of it who sees all events.
    seen: Option<Kept>,
}

impl Sifted {
    fn is_something(&self) -> bool {
        self.hit.is_some()
            || self.sighting.is_some()
            || self.fact.is_some()
            || self.seen.is_some()
            || !self.hints.is_empty()
    }
}

struct Scanner<'s> {
    source: SourceId,
    db: &'s Database,
    interest: &'s Interest,
    watch: Option<Box<dyn Watch + 's>>,
    /// Records that are counted elsewhere.
    known: &'s [Arc<Counted>],
    left_out: Vec<AtomicU64>,
    findings: Findings,
    attempts: AttemptBuilder,
    ticket: Vec<Event>,
    coverage: Vec<CoverageSpan>,
    state: LogState,
    notices: Vec<Notice>,
    texts: u64,
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    local: bool,
    hints: Hints,
    steps: Steps,
}

impl<'s> Scanner<'s> {
    fn new(source: SourceId, db: &'s Database, interest: &'s Interest) -> Self {
        Self {
            source,
            db,
            interest,
            watch: None,
            known: &[],
            left_out: Vec::new(),
            findings: Findings::default(),
            attempts: AttemptBuilder::default(),
            ticket: Vec::new(),
            coverage: Vec::new(),
            state: LogState::default(),
            notices: Vec::new(),
            texts: 0,
            span: None,
            local: false,
            hints: Hints::default(),
            steps: Steps::default(),
        }
    }

    fn widen(&mut self, first: DateTime<Utc>, last: DateTime<Utc>) {
        self.span = Some(match self.span {
            Some((a, b)) => (a.min(first), b.max(last)),
            None => (first, last),
        });
    }

    fn finish(mut self, format: Option<&'static str>, sha256: Option<String>) -> Scan {
        if let Some(watch) = &mut self.watch {
            watch.end();
        }
        // They wait until all sources are read.
        let numbers = self.coverage.iter_mut().map(|span| &mut span.numbers);
        numbers.for_each(|numbers| Arc::make_mut(numbers).trim());
        let records: u64 = self.coverage.iter().map(|span| span.records).sum();
        Scan {
            source: self.source,
            format,
            sha256,
            // Logs of text count their records themselves, whoever wants them.
            events: if self.local { records.max(self.texts) } else { records + self.texts },
            first: self.span.map(|(first, _)| first),
            last: self.span.map(|(_, last)| last),
            findings: self.findings,
            attempts: self.attempts.finish(),
            ticket: self.ticket,
            coverage: self.coverage,
            state: self.state,
            notices: self.notices,
            local: self.local,
            hints: self.hints,
            steps: self.steps,
            left_out: self.left_out.into_iter().map(AtomicU64::into_inner).collect(),
        }
    }
}

impl Sink for Scanner<'_> {
    fn interest(&self) -> &Interest {
        self.interest
    }

    fn is_told(&self, record: &Identity<'_>) -> bool {
        let log = self.known.iter().position(|log| log.has(record));
        if let Some(count) = log.and_then(|log| self.left_out.get(log)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        log.is_some()
    }

    fn event(&mut self, event: Event) {
        if matches!(event.time, Timestamp::Local(_)) {
            self.local = true;
            self.steps.take(&event);
        }
        if event.channel.is_none() && event.event_id.is_none() {
            self.texts += 1;
            if let Some(time) = event.time.resolve(None).0 {
                self.widen(time, time);
            }
        }
        if let Some(kept) = self.sift(&event) {
            self.keep(kept);
        }
    }

    fn sift(&self, event: &Event) -> Option<Kept> {
        // Left out for its number, not for what it says: the next one that says the same is asked for anew.
        if self.is_told(&Identity::from(event)) {
            return Some(Box::new(Sifted::default()));
        }
        let is_fact = matches!(&*event.provider, "mstsc" | "ticket");
        let found: SmallVec<[_; 8]> = self.db.matches(event).collect();
        let mut hints = Hints::default();
        hints.take(event);
        let sifted = Sifted {
            hit: self.findings.hit(found.iter().copied(), event),
            sighting: Sighting::of(event).map(Box::new),
            fact: is_fact.then(|| Box::new(event.clone())),
            hints,
            seen: self.watch.as_ref().and_then(|watch| watch.look(event, &found)),
        };
        sifted.is_something().then(|| Box::new(sifted) as Kept)
    }

    fn sifts_again(&self) -> bool {
        self.known.is_empty() && self.watch.as_ref().is_none_or(|watch| watch.looks_again())
    }

    fn sift_again(&self, like: &Kept, passing: Passing) -> Option<Kept> {
        let Sifted { hit, sighting, fact, hints, seen } = like.downcast_ref()?;
        if fact.is_some() || !hints.is_empty() || !self.known.is_empty() {
            return None;
        }
        let seen = match seen {
            Some(seen) => Some(self.watch.as_ref()?.look_again(seen, &passing)?),
            None => None,
        };
        let sighting = match sighting {
            Some(sighting) => Some(Box::new(sighting.again(&passing)?)),
            None => None,
        };
        let hit = match hit {
            Some(hit) => Some(self.findings.hit_again(hit, passing)?),
            None => None,
        };
        Some(Box::new(Sifted { hit, sighting, fact: None, hints: Hints::default(), seen }))
    }

    fn sift_more(&self, like: &mut Kept, time: Timestamp) -> bool {
        match like.downcast_mut() {
            Some(Sifted { hit: Some(hit), sighting: None, fact: None, hints, seen: None }) => {
                hints.is_empty() && self.known.is_empty() && self.findings.hit_more(hit, time)
            }
            _ => false,
        }
    }

    fn keep(&mut self, kept: Kept) {
        let Ok(sifted) = kept.downcast::<Sifted>() else { return };
        let Sifted { hit, sighting, fact, hints, seen } = *sifted;
        if let Some((watch, seen)) = self.watch.as_mut().zip(seen) {
            watch.take(seen);
        }
        self.hints.absorb(hints);
        if let Some(hit) = hit {
            self.findings.take(hit);
        }
        if let Some(sighting) = sighting {
            self.attempts.feed(&sighting);
        }
        if self.ticket.len() < TICKET_FACTS {
            self.ticket.extend(fact.map(|fact| *fact));
        }
    }

    fn coverage(&mut self, span: CoverageSpan) {
        self.widen(span.first, span.last);
        let same = |known: &&mut CoverageSpan| {
            known.channel == span.channel && known.computer == span.computer
        };
        match self.coverage.iter_mut().find(same) {
            Some(known) => known.absorb(&span),
            None => self.coverage.push(span),
        }
    }

    fn state(&mut self, state: LogState) {
        self.state.absorb(state);
    }

    fn local(&mut self) {
        self.local = true;
    }

    fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}
