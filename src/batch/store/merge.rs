//! Stores of shards, or of several folders, as one.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::write::demote;
use super::{FILE, Meta, Store, VERSION, compare, connect, meta_of};
use crate::error::{Error, Result};

/// What was put together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Merged {
    /// Tickets that were taken.
    pub tickets: u64,
    /// Tickets that another store had as well, with the same content.
    pub same: u64,
    /// Tickets that got another name, because another store has one of that name with other content.
    pub renamed: u64,
}

/// The tables that hang on `tickets`.
const TABLES: [&str; 8] =
    ["incidents", "causes", "evidence", "changes", "hosts", "updates", "lines", "timings"];

/// Puts stores into a new one in `into`, in the order given. Tickets keep their numbers where these are free, so the
/// shards of one list give the store that one run over it would have made.
///
/// # Errors
/// When one cannot be read, when they were made with different things, or when the new one cannot be written.
pub fn merge(dirs: &[PathBuf], into: &Path) -> Result<(Store, Merged)> {
    let files: Vec<PathBuf> =
        dirs.iter().map(|dir| if dir.is_dir() { dir.join(FILE) } else { dir.clone() }).collect();
    let mut meta = None;
    for path in &files {
        std::fs::metadata(path).map_err(|source| Error::Open { path: path.clone(), source })?;
        let fail = |why| Error::Store { path: path.clone(), why };
        let connection = connect(path, false).map_err(fail)?;
        let version: i64 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fail)?;
        if version != VERSION {
            return Err(Error::StoreVersion { path: path.clone(), version });
        }
        match &meta {
            None => meta = Some(meta_of(&connection).map_err(fail)?),
            Some(meta) => compare(&connection, meta, path)?,
        }
    }
    let meta = meta.unwrap_or_default();
    // Half of a merge is no store: it gets its name when it is whole.
    let part = into.join(PART);
    let clear = || {
        for end in ["", "-wal", "-shm", "-journal"] {
            // Those of a merge that was killed; as a rule there are none.
            let _ = std::fs::remove_file(into.join(format!("{PART}{end}")));
        }
    };
    clear();
    let merged = fill(&files, into, &meta).inspect_err(|_| clear())?;
    std::fs::rename(&part, into.join(FILE))
        .map_err(|source| Error::Output { path: into.join(FILE), source })?;
    Ok((Store::open(into, true, &meta)?, merged))
}

/// A store that is not whole yet.
const PART: &str = ".rdpwhy-merge.part";

fn fill(files: &[PathBuf], into: &Path, meta: &Meta) -> Result<Merged> {
    let store = Store::open_file(into, PART, false, meta)?;
    let mut merged = Merged::default();
    {
        let mut connection = store.reader();
        for path in files {
            add(&mut connection, path, &mut merged)
                .map_err(|why| Error::Store { path: path.clone(), why })?;
        }
        join_duplicates(&mut connection).map_err(|source| store.error(source))?;
    }
    store.close()?;
    Ok(merged)
}

fn add(connection: &mut Connection, path: &Path, merged: &mut Merged) -> rusqlite::Result<()> {
    connection.execute("ATTACH ?1 AS other", [path.to_string_lossy()])?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(
        "CREATE TEMP TABLE taken (old INTEGER PRIMARY KEY, new INTEGER NOT NULL, id TEXT NOT NULL, done INTEGER)",
    )?;
    take_tickets(&transaction, merged)?;
    transaction.execute_batch(
        "INSERT INTO main.inputs (ticket, id, path, run, stamp)
             SELECT taken.new, taken.id, path, 0, stamp FROM other.inputs i JOIN taken ON old = i.ticket;
         INSERT INTO main.tickets
             SELECT taken.new, taken.id, path, sha256, status, reason, verdict, probability, incident_time, trigger_id,
                    trigger_kb, incidents, hosts, sources, events, notices, bytes, first_time, last_time,
                    coalesce((SELECT o.id FROM other.tickets d JOIN taken o ON o.old = d.ticket
                              WHERE d.id = t.duplicate_of), t.duplicate_of)
             FROM other.tickets t JOIN taken ON old = t.ticket;",
    )?;
    for table in TABLES {
        let columns: Vec<String> = transaction
            .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let others: Vec<_> = columns.iter().filter(|name| *name != "ticket").collect();
        let others = others.iter().map(|name| format!("x.{name}")).collect::<Vec<_>>().join(", ");
        transaction.execute_batch(&format!(
            "INSERT INTO main.{table} SELECT taken.new, {others} FROM other.{table} x JOIN taken ON old = x.ticket"
        ))?;
    }
    transaction.execute_batch("DROP TABLE taken")?;
    transaction.commit()?;
    connection.execute_batch("DETACH other")
}

/// Decides which tickets of the other store are taken, with which numbers and names.
fn take_tickets(connection: &Connection, merged: &mut Merged) -> rusqlite::Result<()> {
    let mut theirs = connection.prepare(
        "SELECT i.ticket, i.id, t.sha256, t.ticket IS NOT NULL
         FROM other.inputs i LEFT JOIN other.tickets t USING (ticket) ORDER BY i.ticket",
    )?;
    let mut ours = connection.prepare(
        "SELECT i.ticket, t.sha256, t.ticket IS NOT NULL
         FROM main.inputs i LEFT JOIN main.tickets t USING (ticket) WHERE i.id = ?1",
    )?;
    let mut is_free = connection.prepare(
        "SELECT NOT EXISTS (SELECT 1 FROM main.inputs WHERE ticket = ?1)
             AND NOT EXISTS (SELECT 1 FROM taken WHERE new = ?1)",
    )?;
    let mut next = connection.prepare(
        "SELECT 1 + max((SELECT coalesce(max(ticket), 0) FROM main.inputs),
                        (SELECT coalesce(max(ticket), 0) FROM other.inputs),
                        (SELECT coalesce(max(new), 0) FROM taken))",
    )?;
    let mut is_theirs = connection.prepare(
        "SELECT EXISTS (SELECT 1 FROM other.inputs WHERE id = ?1) OR EXISTS (SELECT 1 FROM taken WHERE id = ?1)",
    )?;
    let mut take = connection.prepare("INSERT INTO taken VALUES (?1, ?2, ?3, ?4)")?;
    let mut drop_undone = connection.prepare("DELETE FROM main.inputs WHERE ticket = ?1")?;
    let mut rows = theirs.query([])?;
    while let Some(row) = rows.next()? {
        let (old, name): (i64, String) = (row.get(0)?, row.get(1)?);
        let (sha256, done): (Option<String>, bool) = (row.get(2)?, row.get(3)?);
        let (mut id, mut copy) = (name.clone(), 1);
        let number = loop {
            if copy > 1 && is_theirs.query_row([&id], |row| row.get(0))? {
                copy += 1;
                id = format!("{name} ({copy})");
                continue;
            }
            let known: Option<(i64, Option<String>, bool)> = ours
                .query_row([&id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            match known {
                // A shard names all tickets of its list, and has answers to its own.
                Some(_) if !done => break None,
                Some((number, _, false)) => {
                    drop_undone.execute([number])?;
                    break Some(number);
                }
                Some((_, ours, true)) if ours == sha256 => {
                    merged.same += 1;
                    break None;
                }
                Some(_) => {
                    copy += 1;
                    id = format!("{name} ({copy})");
                }
                None if is_free.query_row([old], |row| row.get(0))? => break Some(old),
                None => break Some(next.query_row([], |row| row.get(0))?),
            }
        };
        if let Some(number) = number {
            take.execute(params![old, number, id, done])?;
            merged.tickets += u64::from(done);
            merged.renamed += u64::from(copy > 1);
        }
    }
    Ok(())
}

/// Tickets with the same content may stand in several stores: the first is the original.
fn join_duplicates(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let groups: Vec<(String, i64)> = transaction
        .prepare(
            "SELECT sha256, min(ticket) FILTER (WHERE duplicate_of IS NULL) AS first FROM tickets
             WHERE sha256 IS NOT NULL AND status <> 'failed'
             GROUP BY sha256 HAVING count(*) > 1 AND first IS NOT NULL",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (sha256, first) in groups {
        demote(&transaction, &sha256, first)?;
    }
    transaction.commit()
}
