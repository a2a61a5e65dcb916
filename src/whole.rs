//! Files that are whole or not there. A file is written beside its place and moved there when it is done; whatever ends
//! the program before, no half of one stands under its name. What an interrupt would leave of it is known here, and
//! [`abandon`] takes it away.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Files that are being written: several at once, where threads write or one is finished while another waits.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The name of a file that is not whole yet, around what chance makes of it.
const PREFIX: &str = ".rdpwhy-";
const SUFFIX: &str = ".part";

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Whoever may read the folder.
    All,
    /// Its owner alone.
    Owner,
}

/// Writes a file whole or not at all.
///
/// # Errors
/// When it cannot be written, or `fill` fails.
pub fn write<E: From<io::Error>>(
    path: &Path,
    readers: Readers,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), E>,
) -> Result<(), E> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut unfinished = unfinished();
    let part = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(dir)?;
    let name = part.path().to_owned();
    unfinished.insert(name.clone());
    drop(unfinished);
    let mut out = BufWriter::with_capacity(1 << 16, part.as_file());
    let outcome = fill(&mut out).and_then(|()| out.flush().map_err(E::from));
    drop(out);
    let outcome = outcome.and_then(|()| match readers {
        Readers::All => share(part.as_file()).map_err(E::from),
        Readers::Owner => Ok(()),
    });
    // An interrupt comes before this or finds a whole file.
    let mut unfinished = self::unfinished();
    unfinished.remove(&name);
    outcome?;
    part.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Takes away what a run that was killed left in a folder.
pub fn clear(dir: &Path) {
    let is_part = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    let unfinished = unfinished();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let is_left = entry.file_name().to_str().is_some_and(is_part);
        if is_left && !unfinished.contains(&entry.path()) {
            // Left behind, it is in nobody's way.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Takes away everything that is not finished. As long as the answer is kept, no file is begun or finished: it is for a
/// program that is about to end.
#[must_use]
pub fn abandon() -> impl Drop {
    let mut unfinished = unfinished();
    for path in std::mem::take(&mut *unfinished) {
        let _ = std::fs::remove_file(path);
    }
    unfinished
}

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Temporary files are for their owner alone; a report is read by whoever may read the folder.
#[cfg(unix)]
fn share(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn share(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_whole_or_not_there_also_inside_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let failed = write(&path("failed"), Readers::All, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.is_err());
        assert_eq!(names(dir.path()), [""; 0]);
        write::<io::Error>(&path("outer"), Readers::All, |out| {
            write::<io::Error>(&path("inner"), Readers::Owner, |out| out.write_all(b"inner"))?;
            // The outer one is not forgotten over the inner one.
            clear(dir.path());
            assert_eq!(names(dir.path()).len(), 2, "{:?}", names(dir.path()));
            out.write_all(b"outer")
        })
        .unwrap();
        std::fs::write(path(".rdpwhy-old.part"), "left by a kill").unwrap();
        clear(dir.path());
        assert_eq!(names(dir.path()), ["inner", "outer"]);
    }
}
