//! What goes into the store. One connection writes, in transactions of as many tickets as were waiting.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::{Store, connect};
use crate::batch::answer::Answer;
use crate::batch::rows::{Tables, TicketRow};
use crate::error::Result;
use crate::event::TimeQuality;

/// Writes answers.
pub(in crate::batch) struct Writer<'s> {
    store: &'s Store,
    connection: Connection,
    /// Tickets in the transaction that is open.
    open: usize,
}

/// Tickets of one transaction.
const AT_ONCE: usize = 64;

impl<'s> Writer<'s> {
    pub(in crate::batch) fn new(store: &'s Store) -> Result<Self> {
        let connection = connect(&store.path, true).map_err(|source| store.error(source))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { store, connection, open: 0 })
    }

    fn act<T>(&mut self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        if self.open == 0 {
            let begun = self.connection.execute_batch("BEGIN IMMEDIATE");
            begun.map_err(|source| self.store.error(source))?;
        }
        self.open += 1;
        let done = act(&self.connection).map_err(|source| self.store.error(source))?;
        if self.open >= AT_ONCE {
            self.commit()?;
        }
        Ok(done)
    }

    /// Makes what was written last.
    pub(in crate::batch) fn commit(&mut self) -> Result<()> {
        if std::mem::take(&mut self.open) > 0 {
            let done = self.connection.execute_batch("COMMIT");
            done.map_err(|source| self.store.error(source))?;
        }
        Ok(())
    }

    /// Takes the answer to a ticket, in place of an older one. Of tickets with the same content, the first stays the
    /// original, whichever was done first.
    pub(in crate::batch) fn answer(&mut self, answer: &Answer, stamp: Option<&str>) -> Result<()> {
        self.act(|connection| {
            let row = &answer.row;
            remove(connection, row.ticket)?;
            let shared = row.sha256.as_deref().filter(|_| row.status.as_str() != "failed");
            let original = match shared {
                Some(sha256) => original(connection, sha256, row.ticket)?,
                None => None,
            };
            if let Some(original) = original {
                duplicate(connection, row.ticket, &row.id, &row.path, original)?;
            } else {
                insert(connection, row)?;
                insert_tables(connection, row.ticket, &answer.tables)?;
                if !answer.lines.is_empty() {
                    connection
                        .prepare_cached("INSERT INTO lines VALUES (?1, ?2)")?
                        .execute(params![row.ticket, answer.lines])?;
                }
                if let Some(sha256) = shared {
                    demote(connection, sha256, row.ticket)?;
                }
            }
            let ms = i64::try_from(answer.time.as_millis()).unwrap_or(i64::MAX);
            connection
                .prepare_cached("INSERT INTO timings VALUES (?1, ?2)")?
                .execute(params![row.ticket, ms])?;
            put_stamp(connection, row.ticket, stamp)
        })
    }

    /// Takes note that a ticket has the content of one before it, and is not analysed again.
    pub(in crate::batch) fn duplicate(
        &mut self,
        (ticket, id, path): (i64, &str, &str),
        sha256: &str,
        stamp: Option<&str>,
    ) -> Result<()> {
        self.act(|connection| {
            remove(connection, ticket)?;
            // Without an original (it was analysed anew meanwhile) the ticket stays to be done.
            if let Some(original) = original(connection, sha256, ticket)? {
                duplicate(connection, ticket, id, path, original)?;
            }
            put_stamp(connection, ticket, stamp)
        })
    }

    /// Takes note that a ticket was touched and has the content it had.
    pub(in crate::batch) fn touched(&mut self, ticket: i64, stamp: Option<&str>) -> Result<()> {
        self.act(|connection| put_stamp(connection, ticket, stamp))
    }
}

fn put_stamp(connection: &Connection, ticket: i64, stamp: Option<&str>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE inputs SET stamp = ?2 WHERE ticket = ?1")?
        .execute(params![ticket, stamp])
        .map(drop)
}

/// Takes a ticket out, with those that refer to it: they are to be done again.
fn remove(connection: &Connection, ticket: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM tickets WHERE duplicate_of = (SELECT id FROM tickets WHERE ticket = ?1)",
        )?
        .execute([ticket])?;
    connection.prepare_cached("DELETE FROM tickets WHERE ticket = ?1")?.execute([ticket]).map(drop)
}

/// The first ticket with this content, when it stands before this one.
fn original(connection: &Connection, sha256: &str, ticket: i64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT ticket FROM tickets
             WHERE sha256 = ?1 AND ticket < ?2 AND status <> 'failed' AND duplicate_of IS NULL
             ORDER BY ticket LIMIT 1",
        )?
        .query_row(params![sha256, ticket], |row| row.get(0))
        .optional()
}

/// Makes all other tickets with this content refer to this one.
pub(super) fn demote(connection: &Connection, sha256: &str, first: i64) -> rusqlite::Result<()> {
    let mut others = connection.prepare_cached(
        "SELECT t.ticket, t.id, t.path, m.ms FROM tickets t LEFT JOIN timings m USING (ticket)
         WHERE t.sha256 = ?1 AND t.ticket <> ?2 AND t.status <> 'failed'",
    )?;
    let others: Vec<(i64, String, String, Option<i64>)> = others
        .query_map(params![sha256, first], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (ticket, id, path, ms) in others {
        connection.prepare_cached("DELETE FROM tickets WHERE ticket = ?1")?.execute([ticket])?;
        duplicate(connection, ticket, &id, &path, first)?;
        if let Some(ms) = ms {
            connection
                .prepare_cached("INSERT INTO timings VALUES (?1, ?2)")?
                .execute(params![ticket, ms])?;
        }
    }
    Ok(())
}

/// A row that has the answer of another.
fn duplicate(
    connection: &Connection,
    ticket: i64,
    id: &str,
    path: &str,
    original: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO tickets SELECT ?1, ?2, ?3, sha256, status, reason, verdict, probability, incident_time,
                 trigger_id, trigger_kb, incidents, hosts, sources, events, notices, bytes, first_time, last_time, id
             FROM tickets WHERE ticket = ?4",
        )?
        .execute(params![ticket, id, path, original])
        .map(drop)
}

fn insert(connection: &Connection, row: &TicketRow) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO tickets VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, NULL)",
        )?
        .execute(params![
            row.ticket,
            row.id,
            row.path,
            row.sha256,
            row.status.as_str(),
            row.reason,
            row.verdict,
            row.probability,
            row.incident_time,
            row.trigger_id,
            row.trigger_kb,
            count(row.incidents),
            count(row.hosts),
            count(row.sources),
            whole(row.events),
            count(row.notices),
            whole(row.bytes),
            row.first_time,
            row.last_time,
        ])
        .map(drop)
}

/// SQLite's numbers have a sign.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn count(number: usize) -> i64 {
    whole(number as u64)
}

fn insert_tables(connection: &Connection, ticket: i64, tables: &Tables) -> rusqlite::Result<()> {
    let rows = |places: &str, table: &str| {
        connection.prepare_cached(&format!("INSERT INTO {table} VALUES ({places})"))
    };
    let mut to =
        rows("?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18", "incidents")?;
    for row in &tables.incidents {
        to.execute(params![
            ticket,
            count(row.n),
            row.time,
            row.last_time,
            whole(row.attempts),
            row.host,
            row.client,
            row.error_code,
            row.extended_code,
            row.stage,
            row.last_good,
            row.first_good_after,
            row.cause,
            row.probability,
            row.suspected,
            row.trigger_id,
            row.trigger_kb,
            row.trigger_time,
        ])?;
    }
    let mut to = rows("?1,?2,?3,?4,?5", "causes")?;
    for row in &tables.causes {
        to.execute(params![
            ticket,
            count(row.incident),
            count(row.rank),
            row.cause,
            row.probability
        ])?;
    }
    insert_evidence(
        &mut rows("?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14", "evidence")?,
        ticket,
        tables,
    )?;
    let mut to = rows("?1,?2,?3,?4,?5,?6,?7,?8,?9,?10", "changes")?;
    for row in &tables.changes {
        to.execute(params![
            ticket,
            count(row.n),
            row.host,
            row.time,
            quality(row.time_quality),
            row.kind,
            row.kb,
            row.state,
            row.summary,
            row.signature,
        ])?;
    }
    let mut to = rows("?1,?2,?3,?4,?5,?6,?7", "hosts")?;
    for row in &tables.hosts {
        to.execute(params![
            ticket,
            count(row.n),
            row.name,
            row.role,
            row.os,
            row.build,
            row.clock_offset_s
        ])?;
    }
    let mut to = rows("?1,?2,?3,?4,?5,?6,?7", "updates")?;
    for row in &tables.updates {
        let quality = quality(row.time_quality);
        to.execute(params![ticket, count(row.n), row.host, row.kb, row.state, row.time, quality])?;
    }
    Ok(())
}

fn insert_evidence(
    to: &mut CachedStatement<'_>,
    ticket: i64,
    tables: &Tables,
) -> rusqlite::Result<()> {
    for row in &tables.evidence {
        to.execute(params![
            ticket,
            count(row.n),
            count(row.incident),
            row.cause,
            row.signature,
            row.grade,
            row.weight_db,
            row.time,
            row.host,
            row.provider,
            row.event_id,
            row.record.map(whole),
            row.source,
            row.summary,
        ])?;
    }
    Ok(())
}

/// The word for how exact a time is.
fn quality(quality: TimeQuality) -> &'static str {
    match quality {
        TimeQuality::Exact => "exact",
        TimeQuality::Resolved => "resolved",
        TimeQuality::Assumed => "assumed",
        TimeQuality::Day => "day",
        TimeQuality::Undated => "undated",
    }
}
