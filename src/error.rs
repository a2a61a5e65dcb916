//! What stops a whole bundle. Damage inside a bundle is data, see [`crate::notice`].

use std::path::PathBuf;

/// What stops an analysis before it starts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that was given does not exist or may not be read; a user's slip as a rule.
    #[error("cannot open {}", path.display())]
    Open {
        /// What was given.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Signature files that are wrong; the text lists each with file, line and column.
    #[error("{0}")]
    Signatures(String),
    /// Something of ours cannot be written: the disk is full or may not be written to, as a rule.
    #[error("cannot write {}", path.display())]
    Output {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A list of tickets that cannot be read on.
    #[error("cannot read the list of tickets")]
    List {
        /// Why not.
        source: std::io::Error,
    },
    /// Threads that cannot be started.
    #[error("cannot start the threads")]
    Threads {
        /// Why not.
        source: rayon::ThreadPoolBuildError,
    },
    /// A store that cannot be read or written.
    #[error("cannot use the store {}: {why}", path.display())]
    Store {
        /// Its file.
        path: PathBuf,
        /// Why not. It is no source of this error: SQLite's own says the same again, with a number.
        why: rusqlite::Error,
    },
    /// A store where a new one was to be made.
    #[error("{} holds results already", path.display())]
    StoreExists {
        /// Its folder.
        path: PathBuf,
    },
    /// A store that another run writes to.
    #[error("another run writes to {}", path.display())]
    StoreBusy {
        /// Its folder.
        path: PathBuf,
    },
    /// A file that is no store, or one of another version of rdpwhy.
    #[error("{} is no store of this version: its version is {version}", path.display())]
    StoreVersion {
        /// Its file.
        path: PathBuf,
        /// What it says.
        version: i64,
    },
    /// A store whose answers were made with something else.
    #[error("{} was made with other settings: {what}", path.display())]
    StoreDiffers {
        /// Its file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// Something to explain that nothing is known of; a slip as a rule.
    #[error("nothing is known of `{what}`")]
    NotKnown {
        /// What was asked for.
        what: String,
    },
    /// A store that was to be read and is none; a slip as a rule.
    #[error("cannot read the store {}", path.display())]
    ReadStore {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
    /// A ticket that no store has, or that does not count there.
    #[error("there is no ticket `{id}` to compare with")]
    NoSuchTicket {
        /// What was asked for.
        id: String,
    },
}

impl Error {
    /// The next step for whoever reads the message.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Open { .. } => "give a folder, a file or an archive that exists and may be read",
            Self::NotKnown { .. } => {
                "give a code (0x904 0x7, 2308, 0x8009030d, alert 40), an event id (36870), a KB number, or a name that \
                 `rdpwhy signatures list` shows"
            }
            Self::ReadStore { .. } => {
                "give the folder that `rdpwhy batch -o` wrote, or the rdpwhy.sqlite in it"
            }
            Self::NoSuchTicket { .. } => {
                "give an id of the table `tickets`; those that failed or repeat another are not compared"
            }
            Self::Output { .. } => "see to room and rights",
            Self::List { .. } => "give UTF-8 text, one path a line",
            Self::Threads { .. } => "try fewer with --threads",
            Self::Store { .. } => {
                "what was stored until then is kept; see to room and rights, and go on with --resume"
            }
            Self::StoreExists { .. } => "go on with --resume, or give another folder",
            Self::StoreBusy { .. } => "wait until it has ended, or give another folder",
            Self::StoreVersion { .. } => "give a store that this version wrote",
            Self::StoreDiffers { .. } => {
                "answers of different makings are not mixed: give another folder"
            }
            Self::Signatures(_) => "run `rdpwhy signatures lint DIR` after mending the files",
        }
    }
}

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;
