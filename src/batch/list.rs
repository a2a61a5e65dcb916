//! The tickets that were asked for: the children of a folder, paths, or a list of lines.

use std::fs;
use std::io::{self, BufRead, Read as _};
use std::path::{Path, PathBuf};

use super::answer::id_of;
use crate::error::{Error, Result};

/// A ticket by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is called.
    pub id: String,
    /// Where it lies.
    pub path: PathBuf,
}

impl Item {
    /// A ticket called after its file or folder.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        Self { id: id_of(path), path: path.to_owned() }
    }
}

/// Longest line of a list that is read, in bytes; a path has 4,096 at most.
const LINE: u64 = 64 * 1024;

/// The tickets of a folder, in the order of their names. Hidden files (`.DS_Store`) are no tickets; how many there were
/// stands beside.
///
/// # Errors
/// When the folder cannot be read.
pub fn folder(dir: &Path) -> Result<(Vec<Item>, usize)> {
    let open = |source| Error::Open { path: dir.to_owned(), source };
    let mut items = Vec::new();
    let mut hidden = 0;
    for entry in fs::read_dir(dir).map_err(open)? {
        let path = entry.map_err(open)?.path();
        if id_of(&path).starts_with('.') {
            hidden += 1;
        } else {
            items.push(Item::of_path(&path));
        }
    }
    items.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((items, hidden))
}

/// The tickets of paths that were given: the children of a single folder, else each path.
///
/// # Errors
/// When the only path is a folder that cannot be read, or does not exist.
pub fn paths(paths: &[PathBuf]) -> Result<(Vec<Item>, usize)> {
    match paths {
        [only] if fs::metadata(only).is_ok_and(|metadata| metadata.is_dir()) => folder(only),
        _ => Ok((paths.iter().map(|path| Item::of_path(path)).collect(), 0)),
    }
}

/// The tickets of a list, one a line: a path, or a path, a tab and the ticket's name. Every line is a ticket, whatever
/// stands in it.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Reads a list.
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0 }
    }

    /// The next line without its end; what is longer than any path is cut.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        if self.reader.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            self.reader.skip_until(b'\n')?;
        }
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        Ok(Some(line))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = match self.line() {
            Ok(line) => line?,
            Err(error) => return Some(Err(error)),
        };
        self.number += 1;
        let (path, id) = match line.iter().position(|byte| *byte == b'\t') {
            Some(tab) => (line.get(..tab), line.get(tab + 1..)),
            None => (Some(line.as_slice()), None),
        };
        let path = path_of(path.unwrap_or_default());
        let id = id.map(|id| String::from_utf8_lossy(id).trim().to_owned());
        let id = match id.filter(|id| !id.is_empty()) {
            Some(id) => id,
            None if path.as_os_str().is_empty() => format!("line {}", self.number),
            None => id_of(&path),
        };
        Some(Ok(Item { id, path }))
    }
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// A part of the tickets: those whose name falls to it, the same on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 0.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// All of them.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// Reads `I/N`, I from 0 to N - 1, as the indexed jobs of Kubernetes and array tasks of Slurm count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (index, of) = text.split_once('/')?;
        let shard = Self { index: index.parse().ok()?, of: of.parse().ok()? };
        (shard.index < shard.of).then_some(shard)
    }

    /// Whether a ticket is in it.
    #[must_use]
    pub fn has(self, id: &str) -> bool {
        crc32fast::hash(id.as_bytes()) % self.of.max(1) == self.index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_ticket() {
        let text = "a/t1.zip\tINC-1\r\n\nb/t2\nc\t\n";
        let items: Vec<_> = Lines::new(text.as_bytes()).map(std::result::Result::unwrap).collect();
        let item = |id: &str, path: &str| Item { id: id.to_owned(), path: path.into() };
        assert_eq!(
            items,
            [item("INC-1", "a/t1.zip"), item("line 2", ""), item("t2", "b/t2"), item("c", "c")]
        );
    }

    #[test]
    fn a_line_of_megabytes_is_one_ticket() {
        let text = format!("{}\nb\n", "a".repeat(3 << 20));
        let items: Vec<_> = Lines::new(text.as_bytes()).map(std::result::Result::unwrap).collect();
        assert_eq!(items.len(), 2);
        assert_eq!(items[1].id, "b");
    }

    #[test]
    fn shards_share_all_tickets_among_them() {
        assert_eq!(Shard::parse("2/2"), None);
        assert_eq!(Shard::parse("x/2"), None);
        let shards: Vec<_> = (0..7).map(|index| Shard { index, of: 7 }).collect();
        let mut counts = [0; 7];
        for number in 0..7000 {
            let id = format!("ticket-{number}");
            let of: Vec<_> = shards.iter().filter(|shard| shard.has(&id)).collect();
            assert_eq!(of.len(), 1);
            counts[of[0].index as usize] += 1;
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }
}
