//! Files that are whole or not there.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

use anyhow::Context as _;

/// The file that is being written, to be taken away when Ctrl-C ends everything.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// The name of a file that is not whole yet, around what chance makes of it.
const PREFIX: &str = ".rdpwhy-";
const SUFFIX: &str = ".part";

/// Takes away what a run that was killed left in a folder.
pub(crate) fn clear(dir: &Path) {
    let is_part = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_part) {
            // Left behind, it is in nobody's way.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Writes a file beside its place and moves it there when it is whole: whatever ends the run before, no half of one is
/// left.
///
/// # Errors
/// When it cannot be written, or `fill` fails.
pub(crate) fn write(
    path: &Path,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    write_for(path, true, fill)
}

/// The same for a file that nobody else may read.
pub(crate) fn write_private(
    path: &Path,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    write_for(path, false, fill)
}

fn write_for(
    path: &Path,
    shared: bool,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    clean_up_on_interrupt();
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> anyhow::Result<()> {
        let part = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(dir)?;
        set_unfinished(Some(part.path().to_owned()));
        let mut out = BufWriter::with_capacity(1 << 16, part.as_file());
        fill(&mut out)?;
        out.flush()?;
        drop(out);
        if shared {
            share(part.as_file())?;
        }
        part.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    let outcome = write();
    set_unfinished(None);
    outcome.with_context(|| format!("cannot write {}", path.display()))
}

fn set_unfinished(path: Option<PathBuf>) {
    *UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner) = path;
}

/// 128 and the number of the signal, as shells have it.
const INTERRUPTED: i32 = 130;

fn clean_up_on_interrupt() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Without a handler, an interrupt leaves the unfinished file behind; nothing worse.
        let _ = ctrlc::set_handler(|| {
            let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(path) = unfinished {
                let _ = std::fs::remove_file(path);
            }
            #[expect(clippy::exit, reason = "an interrupt ends the program")]
            std::process::exit(INTERRUPTED);
        });
    });
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
