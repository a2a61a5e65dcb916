//! Tickets as lines of JSON, one for each line of a list: for Spark's `pipe`, queues and shell scripts. There is no store.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::answer::{Analyst, Answer, Ticket};
use super::content::Content;
use super::list::{Item, Shard};
use super::rows::{Status, Tables, TicketRow};
use super::{Counts, lanes};
use crate::error::{Error, Result};
use crate::report::json_text;

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    tool: &'static str,
    signatures: &'a str,
    #[serde(flatten)]
    row: &'a TicketRow,
    ms: u64,
    tables: &'a Tables,
}

/// Lines that wait for one before them: with more, nobody begins a new ticket.
const AHEAD: u64 = 512;

/// Writes a line for each ticket of a list, in its order, each as soon as it and those before it are known. A ticket that
/// cannot be analysed is a line with the status `failed`.
///
/// # Errors
/// When the list cannot be read, or `out` cannot be written to.
pub fn write(
    analyst: &Analyst<'_>,
    items: impl Iterator<Item = io::Result<Item>> + Send,
    shard: Shard,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<Counts> {
    let gate = Gate::default();
    let mut items = (1_i64..)
        .zip(items)
        .filter(|(_, item)| item.as_ref().map_or(true, |item| shard.has(&item.id)));
    let (mut place, mut next, mut ready) = (0_u64, 0_u64, BTreeMap::new());
    let mut counts = Counts::default();
    let mut take = |done: io::Result<(u64, Answer)>| {
        let (place, answer) = done.map_err(|source| Error::List { source })?;
        ready.insert(place, answer);
        while let Some(answer) = ready.remove(&next) {
            put(analyst, &answer, out)
                .map_err(|source| Error::Output { path: "standard output".into(), source })?;
            count(&mut counts, answer.row.status);
            progress(answer.row.bytes);
            next += 1;
            gate.leave();
        }
        Ok(())
    };
    lanes::run(
        analyst.threads,
        || {
            gate.enter()?;
            let (number, item) = items.next()?;
            let here = place;
            place += 1;
            Some(item.map(|Item { id, path }| (here, Ticket { number, id, path })))
        },
        |item| item.map(|(place, ticket)| (place, answer(analyst, &ticket))),
        |done| take(done).inspect_err(|_| gate.close()),
    )?;
    Ok(counts)
}

fn answer(analyst: &Analyst<'_>, ticket: &Ticket) -> Answer {
    let deadline = analyst.deadline();
    match Content::of(&ticket.path) {
        Ok(content) => {
            let sha256 = content.sha256(deadline.as_ref()).ok();
            analyst.answer(ticket, &content, sha256, deadline.as_ref())
        }
        Err(error) => analyst.cannot_open(ticket, &error),
    }
}

fn put(analyst: &Analyst<'_>, answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let line = Line {
        schema: "rdpwhy/ticket/1",
        tool: env!("CARGO_PKG_VERSION"),
        signatures: analyst.db.sha256(),
        row: &answer.row,
        ms: u64::try_from(answer.time.as_millis()).unwrap_or(u64::MAX),
        tables: &answer.tables,
    };
    let mut text = Vec::new();
    json_text::compact(&mut text, &line)?;
    text.push(b'\n');
    out.write_all(&text)?;
    // Whoever reads may wait for this line before sending the next.
    out.flush()
}

fn count(counts: &mut Counts, status: Status) {
    match status {
        Status::Ok => counts.ok += 1,
        Status::Partial => counts.partial += 1,
        Status::Failed => counts.failed += 1,
    }
}

/// Lets tickets begin as long as not too many are ahead of the line that is to be written.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Tickets begun and not written.
    inside: u64,
    closed: bool,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room; `None` when nothing is to begin any more.
    fn enter(&self) -> Option<()> {
        let full = |state: &mut State| state.inside >= AHEAD && !state.closed;
        let mut state =
            self.changed.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        state.inside += 1;
        (!state.closed).then_some(())
    }

    fn leave(&self) {
        let mut state = self.lock();
        state.inside = state.inside.saturating_sub(1);
        self.changed.notify_one();
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}
