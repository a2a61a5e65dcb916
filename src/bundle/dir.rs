//! Folders, walked in the order of names. Symbolic links are not followed: they may lead out of the bundle.

use std::fs;
use std::path::Path;

use super::{Found, limits};

/// Adds every file below `folder`; labels are relative to it, behind `prefix`.
pub(super) fn walk(folder: &Path, prefix: &str, depth: usize, found: &mut Found<'_>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return found.problem(prefix, format!("folder cannot be read: {error}")),
    };
    let (entries, broken): (Vec<_>, Vec<_>) = entries.partition(std::result::Result::is_ok);
    for error in broken.into_iter().filter_map(std::result::Result::err) {
        found.problem(prefix, format!("folder cannot be read to its end: {error}"));
    }
    let mut entries: Vec<_> = entries.into_iter().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let label = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let Ok(kind) = entry.file_type() else {
            found.problem(&label, "kind of file cannot be told".into());
            continue;
        };
        if kind.is_dir() && depth < limits::FOLDER_DEPTH {
            walk(&entry.path(), &format!("{label}/"), depth + 1, found);
        } else if kind.is_dir() {
            found.leave_out(
                &label,
                "folders are nested deeper than is read",
                limits::FOLDER_DEPTH as u64,
            );
        } else if kind.is_file() {
            let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
            found.add(&label, bytes, Box::new(entry.path()), 0);
        } else {
            found.problem(&label, "neither a file nor a folder; links are not followed".into());
        }
    }
}
