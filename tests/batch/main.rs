//! Tickets by the thousand: what stands in the store, what becomes of broken tickets, kills, shards and full disks.
#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a helper of a test may fail as loudly as the test"
)]

mod kills;
mod limits;
mod lines;
mod parquet;
mod resume;
mod shards;
mod store;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use rusqlite::Connection;
use rusqlite::types::Value;

fn rdpwhy() -> Command {
    Command::cargo_bin("rdpwhy").expect("the binary is built")
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// A folder of its own for a test.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A ticket of one dialog.
    fn dialog(&self, ticket: &str, server: &str) -> PathBuf {
        self.write(ticket, "ticket.txt", &dialog(server))
    }

    fn write(&self, ticket: &str, name: &str, text: &str) -> PathBuf {
        let dir = self.path("tickets").join(ticket);
        fs::create_dir_all(&dir).expect("a folder");
        fs::write(dir.join(name), text).expect("a file");
        dir
    }

    /// A ticket with the logs of a case.
    fn case(&self, ticket: &str, case: &str) -> PathBuf {
        let dir = self.path("tickets").join(ticket);
        copy(&fixture(&format!("cases/{case}/bundle")), &dir);
        dir
    }

    fn batch(&self, out: &str, more: &[&str]) -> Command {
        let mut command = rdpwhy();
        command.arg("batch").arg(self.path("tickets")).arg("-o").arg(self.path(out)).args(more);
        command
    }

    fn store(&self, out: &str) -> Store {
        Store::open(&self.path(out))
    }
}

fn dialog(server: &str) -> String {
    format!(
        "Ticket\nOpened (UTC): 2026-11-18 08:20:00\nServer: {server}\nClient: PC07\n\n[Window Title]\nRemote Desktop \
         Connection\n\n[Content]\nThis computer can't connect to the remote computer.\n\nError code: 0x904\nExtended error \
         code: 0x7\nTimestamp (UTC): 11/18/26 08:15:04 AM\n"
    )
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file");
        }
    }
}

/// A store as others read it.
struct Store(Connection);

/// The tables whose rows are the same in every run over the same tickets.
const TABLES: [&str; 9] =
    ["meta", "tickets", "incidents", "causes", "evidence", "changes", "hosts", "updates", "lines"];

impl Store {
    fn open(dir: &Path) -> Self {
        Self(Connection::open(dir.join("rdpwhy.sqlite")).expect("a store"))
    }

    fn rows(&self, query: &str) -> Vec<Vec<Value>> {
        let mut statement = self.0.prepare(query).expect("the schema has it");
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
        statement.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows")
    }

    fn texts(&self, query: &str) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Null => "NULL".to_owned(),
            Value::Integer(number) => number.to_string(),
            Value::Real(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            Value::Blob(bytes) => format!("{} bytes", bytes.len()),
        };
        let line = |row: &Vec<Value>| row.iter().map(text).collect::<Vec<_>>().join(" | ");
        self.rows(query).iter().map(line).collect()
    }

    /// Every row that does not depend on time and threads.
    fn all(&self) -> Vec<(&'static str, Vec<Vec<Value>>)> {
        let ordered = |table| {
            let order = match table {
                "meta" => "1",
                "tickets" | "lines" => "ticket",
                "causes" => "ticket, incident, rank",
                _ => "ticket, n",
            };
            (table, self.rows(&format!("SELECT * FROM {table} ORDER BY {order}")))
        };
        TABLES.map(ordered).to_vec()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
