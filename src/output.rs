//! Files that are whole or not there, also when Ctrl-C ends everything. Belongs to the binary.

use std::io::Write;
use std::path::Path;
use std::sync::Once;

use anyhow::Context as _;
use rdpwhy::whole::{self, Readers};

/// Writes a file beside its place and moves it there when it is whole: whatever ends the run before, no half of one is
/// left.
///
/// # Errors
/// When it cannot be written, or `fill` fails.
pub(crate) fn write(
    path: &Path,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    write_for(path, Readers::All, fill)
}

/// The same for a file that nobody else may read.
pub(crate) fn write_private(
    path: &Path,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    write_for(path, Readers::Owner, fill)
}

fn write_for(
    path: &Path,
    readers: Readers,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    clean_up_on_interrupt();
    whole::write(path, readers, fill).with_context(|| format!("cannot write {}", path.display()))
}

/// 128 and the number of the signal, as shells have it.
const INTERRUPTED: i32 = 130;

/// Sees to it that Ctrl-C (and the end of a terminal or a system) takes away what is half written.
pub(crate) fn clean_up_on_interrupt() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Without a handler, an interrupt leaves the unfinished file behind; nothing worse.
        let _ = ctrlc::set_handler(|| {
            // Kept to the end: no thread begins another file meanwhile.
            let _nothing_more = whole::abandon();
            #[expect(clippy::exit, reason = "an interrupt ends the program")]
            std::process::exit(INTERRUPTED);
        });
    });
}
