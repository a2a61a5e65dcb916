//! Tickets by the thousand: each becomes a row, whatever it is, in a store ([`Store`]) or as a line of JSON ([`lines`]).
//!
//! ```text
//! list → lanes (a thread each: look, hash, analyse) → one writer → store → tickets.csv, timeline.csv, Parquet
//! ```
//!
//! A ticket is read by the thread that took it; the threads of a pool help with one large ticket at a time
//! ([`Analyst`]). What is in memory is bounded by the number of threads: each has one ticket, and a few answers wait for
//! the writer.

mod answer;
mod content;
mod lanes;
pub mod lines;
mod list;
mod rows;
mod store;
pub mod tables;
mod updates;

use std::sync::atomic::{AtomicU64, Ordering};

use self::answer::Ticket;
pub use self::answer::{Analyst, Answer, id_of};
use self::content::Content;
pub use self::list::{Item, Lines, Shard, folder, paths};
pub use self::rows::{
    CauseRow, ChangeRow, EvidenceRow, HostRow, IncidentRow, Status, Tables, TicketRow, UpdateRow,
};
pub use self::store::{Counts, FILE, Merged, Meta, Store, merge};
use self::store::{Known, Queued, Writer};
use crate::error::Result;

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// The number that [`Store::enlist`] gave.
    pub number: i64,
    /// The part of the tickets that is wanted.
    pub shard: Shard,
    /// Whether tickets that failed are tried again.
    pub retry_failed: bool,
}

/// What became of a ticket of the list.
enum Outcome {
    /// Nobody touched it since it was analysed.
    Same,
    /// It was touched, and has the content it had.
    Touched(Content),
    /// A ticket before it has the same content.
    Duplicate(Content, String),
    /// It was analysed.
    Done(Box<Answer>, Option<Content>),
}

/// Analyses every ticket of a run that has no answer, or not for its content of today. `progress` is told each ticket with
/// its bytes, and whether it had to be analysed.
///
/// # Errors
/// When the store cannot be read or written; what was answered by then stays in it.
pub fn run(
    analyst: &Analyst<'_>,
    store: &Store,
    run: Run,
    progress: &mut dyn FnMut(u64, bool),
) -> Result<()> {
    // Whoever referred to a ticket that has other content now is to be done again, and may have been passed by.
    let mut undone = false;
    while pass(analyst, store, run, undone, progress)? {
        undone = true;
    }
    clear_reports(analyst, store)
}

/// One walk over the list; whether anything was done.
fn pass(
    analyst: &Analyst<'_>,
    store: &Store,
    run: Run,
    undone: bool,
    progress: &mut dyn FnMut(u64, bool),
) -> Result<bool> {
    let mut writer = Writer::new(store)?;
    let waiting = AtomicU64::new(0);
    let mut any = false;
    let mut queue = Queue { store, run, undone, last: 0, page: Vec::new().into_iter() };
    lanes::run(
        analyst.threads,
        || queue.next().transpose(),
        |queued| {
            let done = queued.and_then(|queued| {
                let outcome = look(analyst, store, run, &queued)?;
                Ok((queued.ticket, outcome))
            });
            waiting.fetch_add(1, Ordering::Relaxed);
            done
        },
        |done| {
            let (ticket, outcome) = done?;
            any |= !matches!(outcome, Outcome::Same);
            take(&mut writer, &ticket, outcome, progress)?;
            // With nobody waiting, what is done is made to last: a kill loses what is in hand, and no more.
            if waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
                writer.commit()?;
            }
            Ok(())
        },
    )?;
    writer.commit()?;
    Ok(any)
}

fn take(
    writer: &mut Writer<'_>,
    ticket: &Ticket,
    outcome: Outcome,
    progress: &mut dyn FnMut(u64, bool),
) -> Result<()> {
    let number = ticket.number;
    match outcome {
        Outcome::Same => progress(0, false),
        Outcome::Touched(content) => {
            writer.touched(number, Some(&content.stamp))?;
            progress(content.bytes, false);
        }
        Outcome::Duplicate(content, sha256) => {
            let path = ticket.shown_path();
            writer.duplicate((number, &ticket.id, &path), &sha256, Some(&content.stamp))?;
            progress(content.bytes, false);
        }
        Outcome::Done(answer, content) => {
            writer.answer(&answer, content.as_ref().map(|content| content.stamp.as_str()))?;
            progress(answer.row.bytes, true);
        }
    }
    Ok(())
}

/// What a ticket needs: nothing, a look at its content, or to be analysed.
fn look(analyst: &Analyst<'_>, store: &Store, run: Run, queued: &Queued) -> Result<Outcome> {
    let Queued { ticket, known } = queued;
    let known = known.as_ref().filter(|known| !(known.failed && run.retry_failed));
    let deadline = analyst.deadline();
    let content = Content::of(&ticket.path);
    let stamp = content.as_ref().ok().map(|content| content.stamp.as_str());
    if known.is_some_and(|known| known.stamp.as_deref() == stamp) {
        return Ok(Outcome::Same);
    }
    let content = match content {
        Ok(content) => content,
        Err(error) => {
            return Ok(Outcome::Done(Box::new(analyst.cannot_open(ticket, &error)), None));
        }
    };
    // A content that cannot be read to its end has no hash; what can be read is analysed all the same.
    let sha256 = content.sha256(deadline.as_ref()).ok();
    if let Some(sha256) = &sha256 {
        let same = |known: &Known| known.sha256.as_ref() == Some(sha256) && !known.failed;
        if known.is_some_and(same) {
            return Ok(Outcome::Touched(content));
        }
        if store.has_original(sha256, ticket.number)? {
            return Ok(Outcome::Duplicate(content, sha256.clone()));
        }
    }
    let answer = analyst.answer(ticket, &content, sha256, deadline.as_ref());
    Ok(Outcome::Done(Box::new(answer), Some(content)))
}

/// The tickets of a run, page by page.
struct Queue<'s> {
    store: &'s Store,
    run: Run,
    undone: bool,
    last: i64,
    page: std::vec::IntoIter<Queued>,
}

impl Queue<'_> {
    fn next(&mut self) -> Result<Option<Queued>> {
        loop {
            for queued in self.page.by_ref() {
                self.last = queued.ticket.number;
                if self.run.shard.has(&queued.ticket.id) {
                    return Ok(Some(queued));
                }
            }
            let page = self.store.queued(self.run.number, self.last, self.undone)?;
            if page.is_empty() {
                return Ok(None);
            }
            self.page = page.into_iter();
        }
    }
}

/// Takes away the reports of tickets that turned out to be others again.
fn clear_reports(analyst: &Analyst<'_>, store: &Store) -> Result<()> {
    let Some((dir, _)) = &analyst.reports else { return Ok(()) };
    let duplicates = "SELECT ticket, id FROM tickets WHERE duplicate_of IS NOT NULL";
    let named = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
    for (number, id) in store.list(duplicates, named)? {
        // Most have none.
        let _ = std::fs::remove_dir_all(dir.join(answer::folder_name(number, &id)));
    }
    Ok(())
}
