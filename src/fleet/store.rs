//! What the stores of batches say about tickets: who counts, about what and when, and what had changed before.
//!
//! A store is only read. Rows pass by; what stays of a ticket is a line, and of its changes those that may count.

mod changed;

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;
use rusqlite::{Connection, OpenFlags, Row};

use super::settings::Settings;
use super::{LeftOut, Outcome, Store, Subject, Ticket};
use crate::batch::FILE;
use crate::error::{Error, Result};

pub(super) use changed::Changed;

/// What the header of a store says: `rdpw`, and the version of the schema.
const APPLICATION: i64 = 0x7264_7077;
const VERSION: i64 = 1;
/// Twice as many verdicts as there are causes; more are no verdicts of ours.
const VERDICTS: usize = 64;

/// All tickets of some stores.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    pub(super) stores: Vec<Store>,
    pub(super) tickets: Vec<Ticket>,
    /// Of each ticket, what had changed.
    pub(super) changed: Vec<Vec<Changed>>,
    pub(super) subjects: Subjects,
    pub(super) left_out: LeftOut,
    hashes: HashSet<String>,
    verdicts: HashSet<String>,
}

/// Everything that changed anywhere, numbered.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    pub(super) all: Vec<Subject>,
    numbers: HashMap<Subject, u32>,
}

impl Subjects {
    fn number(&mut self, subject: Subject) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(subject).or_insert_with_key(|subject| {
            self.all.push(subject.clone());
            next
        })
    }
}

/// Opens a store to read it.
///
/// # Errors
/// When it is none.
pub(super) fn open(path: &Path) -> Result<Connection> {
    let file = if path.is_dir() { path.join(FILE) } else { path.to_owned() };
    let open = || -> rusqlite::Result<(Connection, i64, i64)> {
        let store = Connection::open_with_flags(address(&file), flags())?;
        store.pragma_update(None, "trusted_schema", false)?;
        let application = store.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version = store.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((store, application, version))
    };
    match open().map_err(|source| Error::ReadStore { path: file.clone(), source })? {
        (store, APPLICATION, VERSION) => Ok(store),
        (_, _, version) => Err(Error::StoreVersion { path: file, version }),
    }
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// A store that nobody is writing is opened as one that cannot change: SQLite puts files beside any other, and fails
/// where it may not.
fn address(file: &Path) -> String {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let quiet = std::fs::metadata(PathBuf::from(log)).map_or(true, |log| log.len() == 0);
    // `file:///C:/…` is how SQLite wants a drive.
    let root = if cfg!(windows) && file.is_absolute() { "file:///" } else { "file:" };
    let mut address = String::from(root);
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                address.push(char::from(*byte));
            }
            b'\\' if cfg!(windows) => address.push('/'),
            b':' if cfg!(windows) => address.push(':'),
            _ => {
                // Memory takes everything.
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    if quiet { address + "?immutable=1" } else { address }
}

impl Tickets {
    /// Reads stores one after the other.
    ///
    /// # Errors
    /// When one is none, or is damaged.
    pub(super) fn of(paths: &[PathBuf], settings: &Settings) -> Result<Self> {
        let mut all = Self::default();
        for path in paths {
            let store = open(path)?;
            all.take(path, &store, settings)
                .map_err(|source| Error::ReadStore { path: path.clone(), source })?;
        }
        Ok(all)
    }

    fn take(
        &mut self,
        path: &Path,
        store: &Connection,
        settings: &Settings,
    ) -> rusqlite::Result<()> {
        // One look, though a batch may be adding tickets.
        let store = store.unchecked_transaction()?;
        let number = self.stores.len();
        let from = self.tickets.len();
        let places = self.take_tickets(&store, number)?;
        self.take_hosts(&store, &places, &settings.site)?;
        self.changed.resize(self.tickets.len(), Vec::new());
        let window = TimeDelta::days(i64::from(settings.days));
        changed::updates(self, &store, &places, window)?;
        changed::others(self, &store, &places, window)?;
        self.changed.iter_mut().skip(from).for_each(|of_one| of_one.sort_by_key(|one| one.subject));
        let meta = |key: &str| {
            store.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).ok()
        };
        self.stores.push(Store {
            path: path.display().to_string(),
            tool: meta("tool"),
            signatures: meta("signatures"),
            tickets: self.tickets.len() - from,
        });
        Ok(())
    }

    /// Takes the tickets that count, and gives their places by their numbers in this store.
    fn take_tickets(
        &mut self,
        store: &Connection,
        number: usize,
    ) -> rusqlite::Result<HashMap<i64, usize>> {
        let mut places = HashMap::new();
        let mut query = store.prepare(
            "SELECT ticket, id, sha256, status, verdict, incidents, incident_time, first_time, last_time, duplicate_of,
                    (SELECT host FROM incidents WHERE incidents.ticket = tickets.ticket AND n = 1) AS host
             FROM tickets ORDER BY ticket",
        )?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if row.get_ref("status")?.as_str()? == "failed" {
                self.left_out.failed += 1;
                continue;
            }
            let hash: Option<String> = row.get("sha256")?;
            // The same content may also stand in two stores.
            let again = hash.is_some_and(|hash| !self.hashes.insert(hash));
            if again || row.get::<_, Option<String>>("duplicate_of")?.is_some() {
                self.left_out.duplicates += 1;
                continue;
            }
            let mut ticket = ticket(row, number)?;
            self.bound(&mut ticket.outcome);
            self.left_out.undated += u64::from(ticket.time.is_none());
            places.insert(row.get("ticket")?, self.tickets.len());
            self.tickets.push(ticket);
        }
        Ok(places)
    }

    /// Keeps the number of verdicts small, whatever a store says.
    fn bound(&mut self, outcome: &mut Outcome) {
        let Outcome::Cause(cause) = outcome else { return };
        if !self.verdicts.contains(cause) {
            if self.verdicts.len() < VERDICTS {
                self.verdicts.insert(cause.clone());
            } else {
                *outcome = Outcome::Cause("other verdicts".to_owned());
            }
        }
    }

    /// Finds the computer that each ticket is about: that of its first incident, else the first server, else the first.
    fn take_hosts(
        &mut self,
        store: &Connection,
        places: &HashMap<i64, usize>,
        site: &Regex,
    ) -> rusqlite::Result<()> {
        let mut query = store.prepare(
            "SELECT ticket, name, build, role LIKE '%server%' AS server FROM hosts ORDER BY ticket, server DESC, n",
        )?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let place = places.get(&row.get("ticket")?).copied();
            let Some(ticket) = place.and_then(|place| self.tickets.get_mut(place)) else {
                continue;
            };
            let name = short(row.get_ref("name")?.as_str()?);
            if ticket.host.get_or_insert_with(|| name.clone()) == &name && ticket.build.is_none() {
                ticket.build = row.get("build")?;
            }
        }
        for place in places.values() {
            let Some(ticket) = self.tickets.get_mut(*place) else { continue };
            ticket.site = ticket.host.as_deref().and_then(|host| matched(site, host));
        }
        Ok(())
    }
}

fn ticket(row: &Row<'_>, store: usize) -> rusqlite::Result<Ticket> {
    let verdict: String = row.get("verdict")?;
    let outcome = match verdict.as_str() {
        _ if row.get::<_, i64>("incidents")? == 0 => Outcome::Nothing,
        "insufficient-evidence" => Outcome::Abstained,
        _ => Outcome::Cause(verdict),
    };
    let time = match outcome {
        Outcome::Nothing => instant(row, "last_time")?,
        _ => instant(row, "incident_time")?,
    };
    Ok(Ticket {
        store,
        number: row.get("ticket")?,
        id: row.get("id")?,
        outcome,
        time,
        first_time: instant(row, "first_time")?,
        lists_updates: false,
        host: row.get::<_, Option<String>>("host")?.map(|host| short(&host)),
        build: None,
        site: None,
    })
}

/// A column with a time; what is no time is as good as none.
fn instant(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.and_then(|text| DateTime::parse_from_rfc3339(&text).ok()).map(|time| time.to_utc()))
}

/// The name of a computer without its domain, in capitals; tickets spell it in many ways. An address stays whole.
fn short(name: &str) -> String {
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    let name = if is_address { name } else { name.split('.').next().unwrap_or(name) };
    name.to_uppercase()
}

/// What a pattern finds in a name: its first group, or all of it.
fn matched(pattern: &Regex, name: &str) -> Option<String> {
    let found = pattern.captures(name)?;
    found.get(1).or_else(|| found.get(0)).map(|part| part.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computers_are_one_however_they_are_spelled() {
        assert_eq!(short("ber-ts0001.contoso.example"), "BER-TS0001");
        assert_eq!(short("10.20.0.15"), "10.20.0.15");
    }

    #[test]
    fn names_with_marks_of_addresses_are_only_names() {
        let address = address(Path::new("ä b#1?.sqlite"));
        assert_eq!(address, "file:%C3%A4%20b%231%3F.sqlite?immutable=1");
    }
}
