//! All events of a bundle as rows, not only what was found. Each is rendered where it is read and goes to a sorter that
//! keeps little in memory; what belongs to an incident, and what another source tells as well, is known only when
//! everything has been read, and is seen to when the rows are written.
//!
//! What a local time means is known only then, too. Sources with local times are texts and exports, which are read once
//! more for their rows: nothing of them has to wait in memory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::{Row, RowFormat, Stamp, Tie};
use crate::analysis::{Analysis, Observer, Scope, analyze_observed, number_of};
use crate::bundle::Bundle;
use crate::event::{Event, Origin, Passing, SourceId, TimeQuality, Timestamp};
use crate::merge::{Key, Sorter};
use crate::parsers::{Interest, Kept};
use crate::redact::Redactor;
use crate::scan::{self, Watch};
use crate::signatures::{Database, SignatureId};
use crate::source::Source;
use crate::zone::WallClock;

/// Bytes of rendered rows that a source gathers before it hands them over: room for them that need not grow, and that
/// most logs fill.
const BATCH: usize = 32 << 10;

/// Bytes that most rows have room in.
const ROW: usize = 512;

/// Events whose rows are gathered at most, however few bytes those have that say the same.
const PIECES: usize = 512;

/// Rows that are looked through for one that is the same: of a flood that goes round a few.
const RECENT: usize = 4;

thread_local! {
    /// Where rows are rendered.
    static RENDERED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Logs of one source that are told apart: by channel and computer.
const LOGS: usize = 4096;

/// Reads a bundle and writes a row for every event, in order of time. Says what the analysis of it gave, how many rows
/// were written, and how many the format has no place for.
///
/// # Errors
/// When a temporary file or `out` cannot be written to.
pub fn write(
    format: &dyn RowFormat,
    bundle: &Bundle,
    db: &Database,
    scope: &Scope,
    redactor: Option<&Redactor>,
    progress: &(dyn Fn(u64) + Sync),
    out: &mut dyn Write,
) -> io::Result<Written> {
    let rows = Rows { format, db, scope, redactor, state: Mutex::default() };
    let mut analysis = analyze_observed(bundle, db, scope, progress, Some(&rows));
    if let Some(redactor) = redactor {
        redactor.analysis(&mut analysis);
    }
    rows.read_local(bundle, &analysis.clocks);
    let State { sorter, outcome, logs, .. } =
        rows.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome?;
    let ties = Ties::of(&analysis);
    let mut put = format.begin(&analysis, out)?;
    let (mut count, mut copies) = (0, 0);
    sorter.finish(&mut |key, rendered| {
        if is_told_elsewhere(&analysis, &logs, key) {
            copies += 1;
            return Ok(());
        }
        count += 1;
        put.row(count, stamp(key), ties.of_key(key), rendered)
    })?;
    let left_out = put.finish()?;
    Ok(Written { rows: count, left_out, copies, complete: analysis.is_complete() })
}

/// What became of the rows.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Rows that were written or left out.
    pub rows: u64,
    /// Rows that the format has no place for.
    pub left_out: u64,
    /// Events that another source tells as well, of which only one is a row.
    pub copies: u64,
    /// Whether anything that was given could be read.
    pub complete: bool,
}

struct Rows<'r> {
    format: &'r dyn RowFormat,
    db: &'r Database,
    scope: &'r Scope,
    redactor: Option<&'r Redactor>,
    state: Mutex<State>,
}

/// What the threads have gathered.
struct State {
    sorter: Sorter,
    outcome: io::Result<()>,
    /// The logs of each source, in the order in which they were met.
    logs: BTreeMap<SourceId, Logs>,
    /// Sources with local times.
    local: BTreeSet<SourceId>,
}

impl Default for State {
    fn default() -> Self {
        let (sorter, logs, local) = Default::default();
        Self { sorter, outcome: Ok(()), logs, local }
    }
}

impl Observer for Rows<'_> {
    fn watch<'s>(&'s self, source: &'s Source) -> Box<dyn Watch + 's> {
        Box::new(SourceRows::new(self, source, Times::Told))
    }
}

/// Which events of a source are made rows.
#[derive(Clone, Copy)]
enum Times<'c> {
    /// Those whose time needs no zone.
    Told,
    /// The others, by the clock of their source, where there is one.
    Local(Option<&'c WallClock>),
}

/// A rendered row, and where it stands in the batch.
type Placed = (Arc<[u8]>, Range<usize>);

/// The rows of one source.
struct SourceRows<'s> {
    rows: &'s Rows<'s>,
    source: &'s Source,
    times: Times<'s>,
    /// Rendered rows one after the other; and of each event the key and the place of its row.
    bytes: Vec<u8>,
    pieces: Vec<(Key, Range<usize>)>,
    /// Rows that were added last, with their places: what is said again is kept once.
    recent: [Option<Placed>; RECENT],
    /// Events so far.
    number: u64,
    logs: Logs,
    /// Whether there are events in local time, which have to wait.
    waits: bool,
}

/// An event, rendered.
struct Rendered {
    time: i128,
    quality: TimeQuality,
    origin: Origin,
    log: Log,
    /// Nothing when it is no row, or not yet.
    row: Option<Arc<[u8]>>,
    is_local: bool,
}

impl<'s> SourceRows<'s> {
    fn new(rows: &'s Rows<'s>, source: &'s Source, times: Times<'s>) -> Self {
        let (bytes, pieces, recent, logs) = Default::default();
        Self { rows, source, times, bytes, pieces, recent, number: 0, logs, waits: false }
    }

    /// Where a row stands among those of the batch.
    fn place(&mut self, row: Arc<[u8]>) -> Range<usize> {
        let known = self.recent.iter().flatten().find(|(known, _)| Arc::ptr_eq(known, &row));
        if let Some((_, place)) = known {
            return place.clone();
        }
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(BATCH + 2 * ROW);
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&row);
        let place = start..self.bytes.len();
        self.recent.rotate_right(1);
        let [newest, ..] = &mut self.recent;
        *newest = Some((row, place.clone()));
        place
    }

    fn hand_over(&mut self) {
        self.bytes.shrink_to_fit();
        self.rows.hand_over(&self.pieces, std::mem::take(&mut self.bytes));
        self.pieces.clear();
        self.recent = Default::default();
    }
}

impl Watch for SourceRows<'_> {
    fn look(&self, event: &Event, found: &[SignatureId]) -> Option<Kept> {
        let is_local = matches!(event.time, Timestamp::Local(_));
        let clock = match (self.times, is_local) {
            (Times::Told, false) => Some(None),
            (Times::Local(clock), true) => Some(clock),
            _ => None,
        };
        let rendered = clock.and_then(|clock| self.rows.render(self.source, (event, found), clock));
        let (time, row) = rendered.unzip();
        Some(Box::new(Rendered {
            time: time.unwrap_or(UNDATED),
            quality: event.time.resolve(None).1,
            origin: event.origin,
            log: (event.channel.clone(), event.computer.clone()),
            row,
            is_local,
        }))
    }

    fn looks_again(&self) -> bool {
        self.rows.format.leaves_stamp_open()
    }

    fn look_again(&self, like: &Kept, passing: &Passing) -> Option<Kept> {
        let like: &Rendered = like.downcast_ref()?;
        let (time, quality) = passing.time.resolve(None);
        let time = time.filter(|_| quality == like.quality && !like.is_local)?;
        let row = match &like.row {
            _ if !self.rows.is_in_scope(time) => None,
            Some(row) => Some(Arc::clone(row)),
            None => return None,
        };
        Some(Box::new(Rendered {
            time: if row.is_some() { nanoseconds(time) } else { UNDATED },
            quality,
            origin: passing.origin,
            log: like.log.clone(),
            row,
            is_local: false,
        }))
    }

    fn take(&mut self, seen: Kept) {
        let Ok(rendered) = seen.downcast::<Rendered>() else { return };
        let Rendered { time, origin, log, row, is_local, .. } = *rendered;
        self.number += 1;
        self.waits |= is_local && matches!(self.times, Times::Told);
        // The number tells records of one place apart; where it says which log, it does so still.
        let number = self.number << 16 | self.logs.index(log);
        if let Some(row) = row {
            let place = self.place(row);
            self.pieces.push(((time, origin, number), place));
        }
        if self.bytes.len() >= BATCH || self.pieces.len() >= PIECES {
            self.hand_over();
        }
    }

    fn end(&mut self) {
        self.hand_over();
        self.rows.note(self.source.id, std::mem::take(&mut self.logs), self.waits);
    }
}

impl Rows<'_> {
    /// Takes note of the logs of a source that is done, and whether it has to be read once more.
    fn note(&self, source: SourceId, logs: Logs, waits: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.logs.insert(source, logs);
        if waits {
            state.local.insert(source);
        }
    }

    /// Makes rows of the events in local time, once it is known what their times mean.
    fn read_local(&self, bundle: &Bundle, clocks: &BTreeMap<SourceId, WallClock>) {
        let local =
            std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).local);
        let everything = Interest::everything();
        bundle.sources().par_iter().filter(|source| local.contains(&source.id)).for_each(
            |source| {
                let clock = clocks.get(&source.id);
                let watch = SourceRows::new(self, source, Times::Local(clock));
                let _ = scan::scan_watched(source, self.db, &everything, Some(Box::new(watch)));
            },
        );
    }

    /// The time of an event, as keys have it, and its row; nothing when it is left out.
    fn render(
        &self,
        source: &Source,
        (event, found): (&Event, &[SignatureId]),
        clock: Option<&WallClock>,
    ) -> Option<(i128, Arc<[u8]>)> {
        let mut row = Row::of_event(self.db, &source.path, event, found);
        if let (Timestamp::Local(local), Some(clock)) = (event.time, clock) {
            let (time, quality) = clock.instant(local, event.origin.position);
            (row.time, row.quality) = (Some(time), quality);
        }
        if row.time.is_some_and(|time| !self.is_in_scope(time)) {
            return None;
        }
        let time = row.time.map_or(UNDATED, nanoseconds);
        if let Some(redactor) = self.redactor {
            redactor.row(&mut row);
        }
        let row = RENDERED.with_borrow_mut(|out| {
            out.clear();
            self.format.render(&row, out);
            Arc::from(out.as_slice())
        });
        Some((time, row))
    }

    fn is_in_scope(&self, time: DateTime<Utc>) -> bool {
        self.scope.from.is_none_or(|from| from <= time) && self.scope.to.is_none_or(|to| time <= to)
    }

    fn hand_over(&self, pieces: &[(Key, Range<usize>)], bytes: Vec<u8>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { sorter, outcome, .. } = &mut *state;
        if outcome.is_ok() {
            *outcome = sorter.add(pieces, bytes);
        }
    }
}

/// What stands in a key for no time: behind all others.
const UNDATED: i128 = i128::MAX;

fn nanoseconds(time: DateTime<Utc>) -> i128 {
    i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos())
}

fn instant(nanoseconds: i128) -> Option<DateTime<Utc>> {
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).ok()?;
    DateTime::from_timestamp(seconds, u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok()?)
}

fn stamp((time, origin, _): &Key) -> Stamp {
    let time = Some(*time).filter(|time| *time != UNDATED).and_then(instant);
    Stamp { time, record: number_of(origin.position) }
}

/// The logs that a source has events of.
#[derive(Default)]
struct Logs(Vec<Log>);

/// Channel and computer.
type Log = (Option<Arc<str>>, Option<Arc<str>>);

impl Logs {
    /// The place of a log in this list; of too many logs the rest is not told apart.
    fn index(&mut self, log: Log) -> u64 {
        let place = match self.0.iter().position(|known| *known == log) {
            Some(place) => place,
            None if self.0.len() < LOGS => {
                self.0.push(log);
                self.0.len() - 1
            }
            None => LOGS,
        };
        place as u64
    }
}

/// Whether a row is of an event that is counted in another source.
fn is_told_elsewhere(
    analysis: &Analysis<'_>,
    logs: &BTreeMap<SourceId, Logs>,
    (time, origin, number): &Key,
) -> bool {
    let Some(elsewhere) = analysis.elsewhere.get(&origin.source) else { return false };
    let log = usize::try_from(number & 0xffff).unwrap_or(LOGS);
    let log = logs.get(&origin.source).and_then(|logs| logs.0.get(log));
    let (channel, computer) = log.map_or((None, None), |log| (log.0.as_deref(), log.1.as_deref()));
    elsewhere.has((channel, computer), origin.position, instant(*time))
}

/// Which records belong to which incident.
struct Ties {
    by_origin: BTreeMap<Origin, (u64, Option<f64>)>,
}

impl Ties {
    fn of(analysis: &Analysis<'_>) -> Self {
        let tied = analysis.timeline.entries().iter().filter_map(|entry| {
            let incident = entry.incident? as u64 + 1;
            Some((entry.origin, (incident, entry.delta_s)))
        });
        Self { by_origin: tied.collect() }
    }

    fn of_key(&self, (_, origin, _): &Key) -> Tie {
        self.by_origin.get(origin).copied()
    }
}
