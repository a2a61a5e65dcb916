//! What a ticket is made of on disk: its files, a stamp that changes when somebody touches it, and the hash of its content.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use crate::bundle::{Deadline, limits};

/// The files of a ticket, seen and not yet read.
#[derive(Debug)]
pub(crate) struct Content {
    /// In the order of their names; the name of a ticket that is one file is empty.
    files: Vec<(String, Kind)>,
    /// All of them together.
    pub(crate) bytes: u64,
    /// Changes when a file comes, goes, grows, shrinks or is written to.
    pub(crate) stamp: String,
}

#[derive(Debug)]
enum Kind {
    File(PathBuf),
    /// Links and devices: they are not read, but belong to what was given.
    Other,
    /// A folder that cannot be read, or more than is.
    Unread,
}

impl Content {
    /// Looks at the files of a ticket without reading them.
    ///
    /// # Errors
    /// When it is not there, is neither a file nor a folder, or is a folder that cannot be read.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let mut walk = Walk { files: Vec::new(), bytes: 0, stamp: Sha256::new() };
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            walk.folder(path, "", 0)?;
        } else if metadata.is_file() {
            walk.file(String::new(), path.to_owned(), &metadata);
        } else {
            return Err(io::Error::other("neither a file nor a folder"));
        }
        walk.files.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { files: walk.files, bytes: walk.bytes, stamp: hex(walk.stamp) })
    }

    /// SHA-256 of the content, lower-case hex: of a single file (an archive, too) that of its bytes; of a folder that of
    /// the list which `sha256sum` would print of its files in the order of their names.
    ///
    /// # Errors
    /// When a file cannot be read, or not before the deadline.
    pub(crate) fn sha256(&self, deadline: Option<&Deadline>) -> io::Result<String> {
        if let [(name, Kind::File(path))] = self.files.as_slice()
            && name.is_empty()
        {
            return digest(path, deadline);
        }
        let mut list = Sha256::new();
        for (name, kind) in &self.files {
            let first = match kind {
                Kind::File(path) => digest(path, deadline)?,
                Kind::Other => "-".to_owned(),
                Kind::Unread => return Err(io::Error::other("not all of it can be read")),
            };
            list.update(format!("{first}  {name}\n"));
        }
        Ok(hex(list))
    }
}

struct Walk {
    files: Vec<(String, Kind)>,
    bytes: u64,
    stamp: Sha256,
}

impl Walk {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> io::Result<()> {
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if self.files.len() > limits::SOURCES {
                self.other(name, Kind::Unread);
                break;
            }
            match (entry.file_type(), entry.metadata()) {
                (Ok(kind), _) if kind.is_dir() && depth < limits::FOLDER_DEPTH => {
                    let inside = self.folder(&entry.path(), &format!("{name}/"), depth + 1);
                    if inside.is_err() {
                        self.other(name, Kind::Unread);
                    }
                }
                (Ok(kind), Ok(metadata)) if kind.is_file() => {
                    self.file(name, entry.path(), &metadata);
                }
                (Ok(kind), _) if !kind.is_dir() && !kind.is_file() => self.other(name, Kind::Other),
                _ => self.other(name, Kind::Unread),
            }
        }
        Ok(())
    }

    fn other(&mut self, name: String, kind: Kind) {
        self.stamp.update(format!("{name}\n"));
        self.files.push((name, kind));
    }

    fn file(&mut self, name: String, path: PathBuf, metadata: &fs::Metadata) {
        let time = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanos = time.map_or(0, |time| time.as_nanos());
        self.stamp.update(format!("{} {nanos} {name}\n", metadata.len()));
        self.bytes = self.bytes.saturating_add(metadata.len());
        self.files.push((name, Kind::File(path)));
    }
}

/// Bytes between two looks at the clock.
const BLOCK: usize = 256 * 1024;

fn digest(path: &Path, deadline: Option<&Deadline>) -> io::Result<String> {
    let mut file = File::open(path)?;
    // Most tickets are small, and a buffer costs as much as hashing them.
    let len = file.metadata().map_or(0, |metadata| metadata.len());
    let room = usize::try_from(len.saturating_add(1)).unwrap_or(BLOCK).min(BLOCK);
    let (mut state, mut buffer) = (Sha256::new(), vec![0; room]);
    loop {
        deadline.map_or(Ok(()), Deadline::check)?;
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex(state)),
            Ok(read) => state.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(state: Sha256) -> String {
    use std::fmt::Write as _;
    state.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Memory takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(path: &Path) -> String {
        Content::of(path).unwrap().sha256(None).unwrap()
    }

    #[test]
    fn names_and_bytes_make_the_hash_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        for (ticket, order) in [(&a, ["1.txt", "sub/2.txt"]), (&b, ["sub/2.txt", "1.txt"])] {
            fs::create_dir_all(ticket.join("sub")).unwrap();
            order.iter().for_each(|name| fs::write(ticket.join(name), name).unwrap());
        }
        assert_eq!(hash(&a), hash(&b), "neither the folder's name nor the order of writing");
        fs::rename(b.join("1.txt"), b.join("3.txt")).unwrap();
        assert_ne!(hash(&a), hash(&b), "another name");
        fs::rename(b.join("3.txt"), b.join("1.txt")).unwrap();
        fs::write(b.join("1.txt"), "other").unwrap();
        assert_ne!(hash(&a), hash(&b), "other bytes");
    }

    #[test]
    fn a_single_file_has_the_hash_of_its_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ticket.zip");
        fs::write(&file, "abc").unwrap();
        assert_eq!(hash(&file), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let before = Content::of(&file).unwrap().stamp;
        fs::write(&file, "abcd").unwrap();
        assert_ne!(before, Content::of(&file).unwrap().stamp);
    }

    #[test]
    fn a_deadline_ends_the_reading() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("log"), "abc").unwrap();
        let over = Deadline::after(std::time::Duration::ZERO).unwrap();
        let content = Content::of(dir.path()).unwrap();
        assert!(content.sha256(Some(&over)).is_err() && over.was_missed());
    }
}
