//! One pass over one source: sniff, parse, match, and keep what a diagnosis needs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};

use crate::attempts::{self, AttemptBuilder, PeerBook};
use crate::event::{Event, SourceId};
use crate::findings::Findings;
use crate::notice::Notice;
use crate::parsers::{CoverageSpan, Interest, Parser, Sink, parser_for, unread};
use crate::signatures::{Database, SignatureId};
use crate::source::Source;

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
    /// What could not be read.
    pub notices: Vec<Notice>,
}

/// Ticket facts kept per source; a pasted dialog is a handful.
const TICKET_FACTS: usize = 1000;

/// What signatures and attempts want to see.
#[must_use]
pub fn interest(db: &Database) -> Interest {
    let mut interest = Interest::default();
    db.add_interest(&mut interest);
    attempts::add_interest(&mut interest);
    interest
}

/// Scans one source.
#[must_use]
pub fn scan(source: &Source, db: &Database, interest: &Interest) -> Scan {
    scan_watched(source, db, interest, None)
}

/// Called with each event of a source and the signatures that fit it, in file order, and with `None` at its end.
pub type Watch<'w> = Box<dyn FnMut(Option<(&Event, &[SignatureId])>) + 'w>;

/// The same, with somebody who sees every event on the way.
#[must_use]
pub(crate) fn scan_watched(
    source: &Source,
    db: &Database,
    interest: &Interest,
    watch: Option<Watch<'_>>,
) -> Scan {
    let mut scanner = Scanner::new(source.id, db, interest);
    scanner.watch = watch;
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

struct Scanner<'s> {
    source: SourceId,
    db: &'s Database,
    interest: &'s Interest,
    watch: Option<Watch<'s>>,
    findings: Findings,
    attempts: AttemptBuilder,
    ticket: Vec<Event>,
    coverage: Vec<CoverageSpan>,
    notices: Vec<Notice>,
    texts: u64,
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl<'s> Scanner<'s> {
    fn new(source: SourceId, db: &'s Database, interest: &'s Interest) -> Self {
        Self {
            source,
            db,
            interest,
            watch: None,
            findings: Findings::default(),
            attempts: AttemptBuilder::default(),
            ticket: Vec::new(),
            coverage: Vec::new(),
            notices: Vec::new(),
            texts: 0,
            span: None,
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
            watch(None);
        }
        let records: u64 = self.coverage.iter().map(|span| span.records).sum();
        Scan {
            source: self.source,
            format,
            sha256,
            events: records + self.texts,
            first: self.span.map(|(first, _)| first),
            last: self.span.map(|(_, last)| last),
            findings: self.findings,
            attempts: self.attempts.finish(),
            ticket: self.ticket,
            coverage: self.coverage,
            notices: self.notices,
        }
    }
}

impl Sink for Scanner<'_> {
    fn interest(&self) -> &Interest {
        self.interest
    }

    fn event(&mut self, event: Event) {
        if event.channel.is_none() && event.event_id.is_none() {
            self.texts += 1;
            if let Some(time) = event.time.resolve(None).0 {
                self.widen(time, time);
            }
        }
        let found: Vec<_> = self.db.matches(&event).collect();
        if let Some(watch) = &mut self.watch {
            watch(Some((&event, &found)));
        }
        for signature in found {
            self.findings.add(signature, &event);
        }
        self.attempts.feed(&event);
        if matches!(&*event.provider, "mstsc" | "ticket") && self.ticket.len() < TICKET_FACTS {
            self.ticket.push(event);
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

    fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}
