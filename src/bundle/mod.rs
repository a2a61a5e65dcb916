//! What was I given? Folders, files and archives become a list of [`Source`]s.
//!
//! Only this module reads the disk (besides the loader of user signatures), and it never writes.

pub mod limits;

mod area;
mod cab;
mod deadline;
mod dir;
mod found;
mod gz;
mod pipe;
mod sevenz;
mod stream;
mod tar;
mod watched;
mod xz;
mod zip;
mod zst;

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use self::area::Area;
pub use self::deadline::Deadline;
use self::found::Found;
pub use self::watched::OnRead;
use self::watched::Watched;
use crate::error::Result;
use crate::notice::Notice;
use crate::source::{Content, Source};

/// How a bundle is opened.
#[derive(Clone)]
pub struct Options {
    /// Passwords of encrypted archives, tried in this order; `infected`, which malware analysts agreed on, is tried
    /// last. They are never shown.
    pub passwords: Vec<String>,
    /// Whether anybody will read a source that begins like this one. The others are not unpacked further than format
    /// and limits demand.
    pub wanted: fn(&Source) -> bool,
    /// How many of the first bytes of a source are kept to tell its format, at most.
    pub head: fn(&Source) -> usize,
    /// When to stop reading; what is not read by then is lost, and [`Bundle::is_late`].
    pub deadline: Option<Deadline>,
}

impl Default for Options {
    /// No passwords; everything is wanted, and there is time.
    fn default() -> Self {
        Self { passwords: Vec::new(), wanted: |_| true, head: |_| usize::MAX, deadline: None }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("passwords", &self.passwords.len()).finish_non_exhaustive()
    }
}

/// Everything that was given for one ticket.
#[derive(Debug, Default)]
pub struct Bundle {
    sources: Vec<Source>,
    notices: Vec<Notice>,
    deadline: Option<Deadline>,
}

impl Bundle {
    /// Opens folders, files and archives as the parts of ONE ticket. Sources are sorted by their path, so neither the
    /// order of arguments nor of a directory matters.
    ///
    /// # Errors
    /// When a given path does not exist or cannot be opened. Damage further inside is a notice.
    pub fn open<P: AsRef<Path>>(paths: &[P], options: &Options) -> Result<Self> {
        let mut found = Found::new(options);
        for path in paths {
            found.add_path(path.as_ref(), paths.len() > 1)?;
        }
        Ok(found.into_bundle())
    }

    /// A bundle of files in memory: (path, bytes).
    #[must_use]
    pub fn from_memory(files: &[(&str, &[u8])]) -> Self {
        let options = Options::default();
        let mut found = Found::new(&options);
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

    /// Hashes only what may be a copy of something else, files of the same size that begin alike: for whoever shows no
    /// hash.
    #[must_use]
    pub fn hashing_copies_only(mut self) -> Self {
        let mut alike = HashMap::new();
        for source in &self.sources {
            *alike.entry((source.bytes, source.head())).or_insert(0) += 1;
        }
        let counts = self.sources.iter().map(|source| alike.get(&(source.bytes, source.head())));
        let alone: Vec<_> = counts.map(|count| count == Some(&1)).collect();
        for (source, _) in self.sources.iter_mut().zip(alone).filter(|(_, alone)| *alone) {
            source.without_hash();
        }
        self
    }

    /// Tells somebody how much is read of the files, as it is read.
    #[must_use]
    pub fn watched(mut self, on_read: &OnRead) -> Self {
        for source in &mut self.sources {
            source.wrap(|content| Box::new(Watched { content, on_read: OnRead::clone(on_read) }));
        }
        self
    }

    /// The files, sorted by path; a source's index is its [`SourceId`](crate::event::SourceId).
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Whether something of it could not be read before its deadline.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.deadline.as_ref().is_some_and(Deadline::was_missed)
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
    fn open(&self, source: Source, depth: usize, found: &mut Found<'_>);
}

/// Every kind of archive.
static ARCHIVES: &[&dyn Archive] =
    &[&zip::Zip, &sevenz::SevenZ, &cab::Cab, &gz::Gz, &xz::Xz, &zst::Zst, &tar::Tar];

impl Content for PathBuf {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(std::fs::File::open(self)?))
    }

    fn area(&self) -> Option<Area> {
        let len = std::fs::metadata(self).ok()?.len();
        Some(Area::of_file(self.clone(), len))
    }
}
