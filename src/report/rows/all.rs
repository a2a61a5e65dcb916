//! All events of a bundle as rows, not only what was found. Each is rendered where it is read and goes to a sorter that
//! keeps little in memory; what belongs to an incident is known only when everything has been read, and is put into its
//! place when the rows are written.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::{Row, RowFormat, Tie};
use crate::analysis::{Analysis, Observer, Scope, analyze_observed};
use crate::bundle::Bundle;
use crate::event::{Event, Origin};
use crate::merge::{Key, Sorter};
use crate::redact::Redactor;
use crate::scan::Watch;
use crate::signatures::{Database, SignatureId};
use crate::source::Source;

/// Bytes of rendered rows that a source gathers before it hands them over.
const BATCH: usize = 256 << 10;

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
    let rows = Rows { format, db, scope, redactor, state: Mutex::new((Sorter::default(), Ok(()))) };
    let mut analysis = analyze_observed(bundle, db, scope, progress, Some(&rows));
    if let Some(redactor) = redactor {
        redactor.analysis(&mut analysis);
    }
    let (sorter, outcome) = rows.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome?;
    let ties = Ties::of(&analysis);
    let mut put = format.begin(&analysis, out)?;
    let mut count = 0;
    sorter.finish(&mut |key, rendered| {
        count += 1;
        put.row(count, ties.of_key(key), rendered)
    })?;
    let left_out = put.finish()?;
    Ok(Written { rows: count, left_out, complete: analysis.is_complete() })
}

/// What became of the rows.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Rows that were written or left out.
    pub rows: u64,
    /// Rows that the format has no place for.
    pub left_out: u64,
    /// Whether anything that was given could be read.
    pub complete: bool,
}

struct Rows<'r> {
    format: &'r dyn RowFormat,
    db: &'r Database,
    scope: &'r Scope,
    redactor: Option<&'r Redactor>,
    state: Mutex<(Sorter, io::Result<()>)>,
}

impl Observer for Rows<'_> {
    fn watch<'s>(&'s self, source: &'s Source) -> Watch<'s> {
        let mut bytes = Vec::new();
        let mut pieces: Vec<(Key, usize)> = Vec::new();
        let mut number = 0;
        Box::new(move |event| {
            if let Some((event, found)) = event {
                number += 1;
                let before = bytes.len();
                if let Some(key) = self.render(source, (event, found), number, &mut bytes) {
                    pieces.push((key, bytes.len() - before));
                }
            }
            if bytes.len() >= BATCH || event.is_none() {
                bytes.shrink_to_fit();
                self.hand_over(&pieces, std::mem::take(&mut bytes));
                pieces.clear();
            }
        })
    }
}

impl Rows<'_> {
    fn render(
        &self,
        source: &Source,
        (event, found): (&Event, &[SignatureId]),
        number: u64,
        out: &mut Vec<u8>,
    ) -> Option<Key> {
        let mut row = Row::of_event(self.db, &source.path, event, found);
        let early = self.scope.from.zip(row.time).is_some_and(|(from, time)| time < from);
        let late = self.scope.to.zip(row.time).is_some_and(|(to, time)| time > to);
        if early || late {
            return None;
        }
        let time = row.time.map_or(i128::MAX, |time| {
            i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos())
        });
        if let Some(redactor) = self.redactor {
            redactor.row(&mut row);
        }
        self.format.render(&row, out);
        Some((time, event.origin, number))
    }

    fn hand_over(&self, pieces: &[(Key, usize)], bytes: Vec<u8>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (sorter, outcome) = &mut *state;
        if outcome.is_ok() {
            *outcome = sorter.add(pieces, bytes);
        }
    }
}

/// Which records belong to which incident.
struct Ties {
    by_origin: HashMap<Origin, (u64, Option<f64>)>,
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
