//! The store that a batch over a desk's tickets makes, without logs: for statistics over many desks.

use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rusqlite::{Connection, Transaction, params};

use super::{Fault, Planned};

const SCHEMA: &str = include_str!("../../../src/batch/store/schema.sql");

/// An empty store in a folder.
pub fn empty(folder: &Path) -> (PathBuf, Connection) {
    let path = folder.join("rdpwhy.sqlite");
    let store = Connection::open(&path).expect("a new file");
    store.execute_batch(SCHEMA).expect("the schema is SQL");
    (path, store)
}

/// Writes the store of some tickets into a folder.
pub fn store(planned: &[Planned], folder: &Path) -> PathBuf {
    let (path, mut store) = empty(folder);
    let rows = store.transaction().expect("a new store is free");
    planned.iter().for_each(|ticket| add(&rows, ticket).expect("the rows fit the schema"));
    rows.commit().expect("the store can be written");
    path
}

fn add(rows: &Transaction<'_>, ticket: &Planned) -> rusqlite::Result<()> {
    let number = ticket.number as i64;
    let fails = ticket.fault != Fault::Nothing;
    let incident = fails.then(|| instant(ticket.time));
    let (first, last) = (instant(ticket.time - TimeDelta::days(61)), instant(ticket.time));
    rows.execute(
        "INSERT INTO tickets (ticket, id, path, sha256, status, verdict, probability, incident_time, incidents, hosts,
                              sources, events, notices, bytes, first_time, last_time)
         VALUES (?1, ?2, ?2, ?2, 'ok', ?3, 0.9, ?4, ?5, 1, 2, 40, 0, 70000, ?6, ?7)",
        params![number, format!("T{number:06}"), ticket.fault.cause(), incident, fails, first, last],
    )?;
    let build = format!("{}.{}", ticket.build.0, ticket.build.1);
    rows.execute(
        "INSERT INTO hosts (ticket, n, name, role, build) VALUES (?1, 1, ?2, 'server', ?3)",
        params![number, ticket.server, build],
    )?;
    if fails {
        rows.execute(
            "INSERT INTO incidents (ticket, n, time, attempts, host, error_code, cause, probability, suspected)
             VALUES (?1, 1, ?2, 3, ?3, '0x904', ?4, 0.9, 0)",
            params![number, incident, ticket.server, ticket.fault.cause()],
        )?;
    }
    let mut update = rows.prepare_cached(
        "INSERT INTO updates (ticket, n, host, kb, state, time, time_quality)
         VALUES (?1, ?2, ?3, ?4, 'installed', ?5, 'exact')",
    )?;
    for (n, taken) in (1_i64..).zip(&ticket.taken) {
        update.execute(params![number, n, ticket.server, taken.kb, instant(taken.time)])?;
    }
    Ok(())
}

/// As a store has it.
pub fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
