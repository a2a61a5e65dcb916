//! What was asked for, in the order of the list: by this, tickets have numbers and a run knows what is left to do.

use std::path::{Path, PathBuf};

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Store;
use crate::batch::answer::Ticket;
use crate::batch::list::Item;
use crate::error::Result;

/// A ticket of the list, with what is known of it.
#[derive(Debug)]
pub(in crate::batch) struct Queued {
    pub(in crate::batch) ticket: Ticket,
    pub(in crate::batch) known: Option<Known>,
}

/// What is known of a ticket that was analysed before.
#[derive(Debug)]
pub(in crate::batch) struct Known {
    pub(in crate::batch) stamp: Option<String>,
    pub(in crate::batch) sha256: Option<String>,
    pub(in crate::batch) failed: bool,
}

impl Store {
    /// Takes note of the tickets of a list, in its order, and numbers those it did not know. A name that comes twice
    /// gets a number behind it. Gives the number of this run, and how many tickets it names.
    ///
    /// # Errors
    /// When the list cannot be read or the store not be written.
    pub fn enlist(
        &self,
        items: impl Iterator<Item = Result<Item>>,
        mine: impl Fn(&str) -> bool,
    ) -> Result<(i64, u64)> {
        let fail = |source| self.error(source);
        let mut connection = self.reader();
        let run = connection
            .query_row("SELECT coalesce(max(run), 0) + 1 FROM inputs", [], |row| row.get(0))
            .map_err(fail)?;
        let mut count = 0;
        let mut items = items.peekable();
        while items.peek().is_some() {
            let transaction = connection.transaction().map_err(fail)?;
            for item in items.by_ref().take(ENLISTED_AT_ONCE) {
                let item = item?;
                let id = enlist(&transaction, run, &item).map_err(fail)?;
                count += u64::from(mine(&id));
            }
            transaction.commit().map_err(fail)?;
        }
        Ok((run, count))
    }

    /// Tickets of a run behind one, in order; with `undone`, only those without an answer.
    pub(in crate::batch) fn queued(
        &self,
        run: i64,
        after: i64,
        undone: bool,
    ) -> Result<Vec<Queued>> {
        let connection = self.reader();
        let query = || -> rusqlite::Result<Vec<_>> {
            let mut statement = connection.prepare_cached(
                "SELECT i.ticket, i.id, i.path, i.stamp, t.sha256, t.status
                 FROM inputs i LEFT JOIN tickets t USING (ticket)
                 WHERE i.run = ?1 AND i.ticket > ?2 AND (NOT ?3 OR t.ticket IS NULL)
                 ORDER BY i.ticket LIMIT 256",
            )?;
            statement.query_map(params![run, after, undone], queued)?.collect()
        };
        query().map_err(|source| self.error(source))
    }
}

/// Tickets that are written down at once.
const ENLISTED_AT_ONCE: usize = 4096;

fn enlist(connection: &Connection, run: i64, item: &Item) -> rusqlite::Result<String> {
    let mut known = connection.prepare_cached("SELECT ticket, run FROM inputs WHERE id = ?1")?;
    let mut id = item.id.clone();
    let mut copy = 1;
    loop {
        let found: Option<(i64, i64)> =
            known.query_row([&id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match found {
            Some((_, last)) if last == run => {
                copy += 1;
                id = format!("{} ({copy})", item.id);
            }
            Some((ticket, _)) => {
                connection
                    .prepare_cached("UPDATE inputs SET run = ?2, path = ?3 WHERE ticket = ?1")?
                    .execute(params![ticket, run, path_value(&item.path)])?;
                return Ok(id);
            }
            None => {
                connection
                    .prepare_cached("INSERT INTO inputs (id, path, run) VALUES (?1, ?2, ?3)")?
                    .execute(params![id, path_value(&item.path), run])?;
                return Ok(id);
            }
        }
    }
}

fn queued(row: &Row<'_>) -> rusqlite::Result<Queued> {
    let status: Option<String> = row.get(5)?;
    let stamp = row.get(3)?;
    let sha256 = row.get(4)?;
    Ok(Queued {
        ticket: Ticket { number: row.get(0)?, id: row.get(1)?, path: path_of(row.get_ref(2)?) },
        known: status.map(|status| Known { stamp, sha256, failed: status == "failed" }),
    })
}

/// A path as a value: text, or its bytes when it is none.
fn path_value(path: &Path) -> Value {
    if let Some(text) = path.to_str() {
        return Value::Text(text.to_owned());
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        Value::Blob(path.as_os_str().as_bytes().to_vec())
    }
    #[cfg(not(unix))]
    Value::Text(path.to_string_lossy().into_owned())
}

fn path_of(value: ValueRef<'_>) -> PathBuf {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            #[cfg(unix)]
            {
                use std::os::unix::ffi::OsStrExt as _;
                PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
            }
            #[cfg(not(unix))]
            PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
        }
        _ => PathBuf::new(),
    }
}
