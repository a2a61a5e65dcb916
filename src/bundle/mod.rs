//! What was I given? Folders, files and archives become a list of [`Source`]s.
//!
//! Only this module reads the disk (besides the loader of user signatures), and it never writes.

pub mod limits;

mod dir;
mod zip;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::event::SourceId;
use crate::notice::Notice;
use crate::source::{Content, Source};

/// Everything that was given for one ticket.
#[derive(Debug, Default)]
pub struct Bundle {
    sources: Vec<Source>,
    notices: Vec<Notice>,
}

impl Bundle {
    /// Opens folders, files and archives as the parts of ONE ticket. Sources are sorted by their path, so neither the
    /// order of arguments nor of a directory matters.
    ///
    /// # Errors
    /// When a given path does not exist or cannot be opened. Damage further inside is a notice.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self> {
        let mut found = Found::default();
        for path in paths {
            found.add_path(path.as_ref(), paths.len() > 1)?;
        }
        Ok(found.into_bundle())
    }

    /// A bundle of files in memory: (path, bytes).
    #[must_use]
    pub fn from_memory(files: &[(&str, &[u8])]) -> Self {
        let mut found = Found::default();
        for (path, bytes) in files {
            found.add(path, bytes.len() as u64, Box::new(std::sync::Arc::<[u8]>::from(*bytes)), 0);
        }
        found.into_bundle()
    }

    /// Leaves out the hashes of the files.
    #[must_use]
    pub fn without_hashes(mut self) -> Self {
        self.sources.iter_mut().for_each(Source::without_hash);
        self
    }

    /// The files, sorted by path; a source's index is its [`SourceId`].
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// What could not be opened, and which limits were reached.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}

/// Opens what is inside an archive.
trait Archive: Sync {
    /// Whether the first bytes are those of this kind of archive.
    fn sniff(&self, head: &[u8]) -> bool;
    /// Adds its members to `found`, labelled `label!member`.
    fn open(&self, label: &str, content: Box<dyn Content>, depth: usize, found: &mut Found);
}

/// Every kind of archive.
static ARCHIVES: &[&dyn Archive] = &[&zip::Zip];

/// What was found so far, before it is sorted.
#[derive(Default)]
struct Found {
    files: Vec<Source>,
    notices: Vec<Notice>,
    total: u64,
}

impl Found {
    fn add_path(&mut self, path: &Path, several: bool) -> Result<()> {
        let metadata = std::fs::metadata(path)
            .map_err(|source| Error::Open { path: path.to_owned(), source })?;
        // With several parts, each keeps its own name in front: client.zip and server.zip hold the same names.
        let name = path
            .file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        if metadata.is_dir() {
            let prefix = if several { format!("{name}/") } else { String::new() };
            dir::walk(path, &prefix, 0, self);
            Ok(())
        } else {
            std::fs::File::open(path)
                .map_err(|source| Error::Open { path: path.to_owned(), source })?;
            self.add(&name, metadata.len(), Box::new(path.to_owned()), 0);
            Ok(())
        }
    }

    /// Takes a file, or the members of it when it is an archive.
    fn add(&mut self, label: &str, bytes: u64, content: Box<dyn Content>, depth: usize) {
        if self.files.len() >= limits::SOURCES {
            self.leave_out(
                label,
                "the bundle has more files than are read",
                limits::SOURCES as u64,
            );
            return;
        }
        self.total = self.total.saturating_add(bytes);
        if depth > 0 && self.total > limits::BUNDLE_BYTES {
            self.leave_out(label, "the bundle unpacks to more than is read", limits::BUNDLE_BYTES);
            return;
        }
        match Source::new(SourceId(0), label, bytes, content) {
            Ok(source) => self.take(source, depth),
            Err(error) => self.problem(label, format!("cannot be opened: {error}")),
        }
    }

    fn take(&mut self, source: Source, depth: usize) {
        match ARCHIVES.iter().find(|archive| archive.sniff(source.head())) {
            Some(_) if depth >= limits::ARCHIVE_DEPTH => {
                self.leave_out(
                    &source.path,
                    "archives are nested deeper than is read",
                    limits::ARCHIVE_DEPTH as u64,
                );
            }
            Some(archive) => {
                let label = source.path.to_string();
                archive.open(&label, source.into_content(), depth + 1, self);
            }
            None => self.files.push(source),
        }
    }

    fn leave_out(&mut self, label: &str, what: &str, limit: u64) {
        self.problem(label, format!("left out: {what} (limit {limit})"));
    }

    fn problem(&mut self, label: &str, what: String) {
        self.notices.push(Notice {
            source: None,
            at: label.to_owned(),
            what,
            lost: Some("this file".into()),
        });
    }

    fn into_bundle(mut self) -> Bundle {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        for (index, source) in self.files.iter_mut().enumerate() {
            source.id = SourceId(u32::try_from(index).unwrap_or(u32::MAX));
        }
        self.notices.sort_by(|a, b| (&a.at, &a.what).cmp(&(&b.at, &b.what)));
        Bundle { sources: self.files, notices: self.notices }
    }
}

impl Content for PathBuf {
    fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        Ok(Box::new(std::fs::File::open(self)?))
    }

    fn path(&self) -> Option<&Path> {
        Some(self)
    }
}
