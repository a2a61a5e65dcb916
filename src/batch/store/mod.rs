//! The store: what is known of all tickets, in one SQLite file. `docs/store.md` describes it.

mod inputs;
mod merge;
mod write;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};

pub(super) use self::inputs::{Known, Queued};
pub use self::merge::{Merged, merge};
pub(super) use self::write::Writer;
use crate::error::{Error, Result};

/// The file of a store in its folder.
pub const FILE: &str = "rdpwhy.sqlite";

/// The version of the schema, as `PRAGMA user_version`.
const VERSION: i64 = 1;

const SCHEMA: &str = include_str!("schema.sql");

/// What the answers in a store were made with: stores that differ in it are not mixed.
pub type Meta = Vec<(String, String)>;

/// A store that is being written.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// Reads while the writer writes.
    reader: Mutex<Connection>,
    /// Held as long as this run writes to the folder.
    _lock: Option<File>,
}

/// How many tickets of each status there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Everything was read.
    pub ok: u64,
    /// Something was not.
    pub partial: u64,
    /// No answer.
    pub failed: u64,
    /// Of them all, those that are others again.
    pub duplicates: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub fn all(self) -> u64 {
        self.ok + self.partial + self.failed
    }
}

impl Store {
    /// Begins a store in a folder, which is made when it is not there; or goes on with the one it holds when `resume`.
    ///
    /// # Errors
    /// When it cannot be written, when it holds a store and was not to, when that was made with something else, or when
    /// another run writes to it.
    pub fn open(dir: &Path, resume: bool, meta: &Meta) -> Result<Self> {
        Self::open_file(dir, FILE, resume, meta)
    }

    fn open_file(dir: &Path, name: &str, resume: bool, meta: &Meta) -> Result<Self> {
        std::fs::create_dir_all(dir)
            .map_err(|source| Error::Output { path: dir.to_owned(), source })?;
        let lock = lock(dir)?;
        if !resume && dir.join(FILE).exists() {
            return Err(Error::StoreExists { path: dir.to_owned() });
        }
        let path = dir.join(name);
        let store = |why| Error::Store { path: path.clone(), why };
        let connection = connect(&path, true).map_err(store)?;
        let version: i64 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(store)?;
        match version {
            0 => begin(&connection, meta).map_err(store)?,
            VERSION => compare(&connection, meta, &path)?,
            _ => return Err(Error::StoreVersion { path, version }),
        }
        let reader = Mutex::new(connect(&path, true).map_err(store)?);
        Ok(Self { path, reader, _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, why: rusqlite::Error) -> Error {
        Error::Store { path: self.path.clone(), why }
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a ticket before this one has this content and an answer.
    pub(super) fn has_original(&self, sha256: &str, before: i64) -> Result<bool> {
        let connection = self.reader();
        let query = || {
            connection
                .prepare_cached(
                    "SELECT 1 FROM tickets WHERE sha256 = ?1 AND ticket < ?2 AND status <> 'failed' LIMIT 1",
                )?
                .query_row(params![sha256, before], |_| Ok(()))
                .optional()
        };
        Ok(query().map_err(|source| self.error(source))?.is_some())
    }

    /// How many tickets of each status there are.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn counts(&self) -> Result<Counts> {
        let query = "SELECT count(*) FILTER (WHERE status = 'ok'), count(*) FILTER (WHERE status = 'partial'),
                     count(*) FILTER (WHERE status = 'failed'), count(duplicate_of) FROM tickets";
        let counts = |row: &Row<'_>| {
            Ok(Counts {
                ok: number(row, 0)?,
                partial: number(row, 1)?,
                failed: number(row, 2)?,
                duplicates: number(row, 3)?,
            })
        };
        self.reader().query_row(query, [], counts).map_err(|source| self.error(source))
    }

    /// Verdicts with how many tickets have each, most frequent first; a ticket that is another again is not counted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn verdicts(&self) -> Result<Vec<(String, u64)>> {
        self.list(
            "SELECT verdict, count(*) FROM tickets WHERE status <> 'failed' AND duplicate_of IS NULL
             GROUP BY verdict ORDER BY 2 DESC, 1",
            |row| Ok((row.get(0)?, number(row, 1)?)),
        )
    }

    /// Tickets without an answer, with the reason; the first few.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn failures(&self, at_most: u32) -> Result<Vec<(String, String)>> {
        self.list(
            &format!(
                "SELECT id, coalesce(reason, '') FROM tickets WHERE status = 'failed' ORDER BY ticket LIMIT {at_most}"
            ),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Tickets of the list that have no answer yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn undone(&self) -> Result<u64> {
        let query = "SELECT count(*) FROM inputs WHERE ticket NOT IN (SELECT ticket FROM tickets)";
        self.reader()
            .query_row(query, [], |row| number(row, 0))
            .map_err(|source| self.error(source))
    }

    pub(super) fn list<T>(
        &self,
        query: &str,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let connection = self.reader();
        let query =
            || connection.prepare(query)?.query_map([], row)?.collect::<rusqlite::Result<_>>();
        query().map_err(|source| self.error(source))
    }

    /// Every row of a query, one after the other, without keeping them.
    pub(super) fn each(
        &self,
        query: &str,
        mut take: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let fail = |source| self.error(source);
        let connection = self.reader();
        let mut statement = connection.prepare(query).map_err(fail)?;
        let mut rows = statement.query([]).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            take(row)?;
        }
        Ok(())
    }

    /// Puts everything into the one file, without a journal beside it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn close(self) -> Result<()> {
        let connection = self.reader.into_inner().unwrap_or_else(PoisonError::into_inner);
        connection
            .execute_batch(
                "PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;",
            )
            .map_err(|why| Error::Store { path: self.path.clone(), why })
    }
}

fn connect(path: &Path, write: bool) -> rusqlite::Result<Connection> {
    let flags = if write {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    } else {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    };
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    if write {
        // A kill loses nothing that was committed; a power cut may lose the last transactions, and tears nothing.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
    }
    Ok(connection)
}

fn begin(connection: &Connection, meta: &Meta) -> rusqlite::Result<()> {
    // One transaction: a kill leaves a store with its schema, or an empty file that counts as none.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(SCHEMA)?;
    for (key, value) in meta {
        connection.execute("INSERT INTO meta VALUES (?1, ?2)", [key, value])?;
    }
    connection.execute_batch("COMMIT")
}

/// What a store was made with.
fn meta_of(connection: &Connection) -> rusqlite::Result<Meta> {
    let mut statement = connection.prepare("SELECT key, value FROM meta ORDER BY key")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn compare(connection: &Connection, meta: &Meta, path: &Path) -> Result<()> {
    let had = meta_of(connection).map_err(|why| Error::Store { path: path.to_owned(), why })?;
    let other = meta.iter().find(|pair| !had.contains(pair));
    other.map_or(Ok(()), |(key, value)| {
        let old = had.iter().find(|(known, _)| known == key).map_or("none", |(_, old)| old);
        Err(Error::StoreDiffers {
            path: path.to_owned(),
            what: format!("{key} {old}, not {value}"),
        })
    })
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    Ok(number.unsigned_abs())
}

/// Keeps a second run out of a folder, as long as it is held.
fn lock(dir: &Path) -> Result<Option<File>> {
    let Ok(file) = lockable(dir) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(Error::StoreBusy { path: dir.to_owned() }),
        // File systems without locks exist; two runs in one folder are rarer.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// The folder itself, which leaves nothing behind.
#[cfg(unix)]
fn lockable(dir: &Path) -> std::io::Result<File> {
    File::open(dir)
}

/// A file in it, since a folder has no lock elsewhere. It stays, empty: whoever took it away could take it from under
/// the next run.
#[cfg(not(unix))]
fn lockable(dir: &Path) -> std::io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(dir.join("rdpwhy.lock"))
}
