//! One ticket of many: whatever it is and whatever breaks on it, it becomes a row.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::content::Content;
use super::rows::{Status, Tables, TicketRow};
use crate::analysis::{Analysis, Scope, analyze};
use crate::bundle::{Bundle, Deadline, Options};
use crate::error::{Error, Result};
use crate::notice::Notice;
use crate::report::{Format, rows as timelines};
use crate::signatures::Database;
use crate::whole::{self, Readers};

/// What every ticket is analysed with; loaded once.
#[derive(Debug)]
pub struct Analyst<'a> {
    /// The knowledge.
    pub db: &'a Database,
    /// What of each ticket is wanted.
    pub scope: Scope,
    /// Passwords of encrypted archives.
    pub passwords: Vec<String>,
    /// How long one ticket may take.
    pub timeout: Option<Duration>,
    /// Where reports go, and which.
    pub reports: Option<(PathBuf, Vec<&'static Format>)>,
    /// Whether the lines of a timeline are wanted.
    pub lines: bool,
    /// Threads to use.
    pub threads: usize,
    pool: Mutex<ThreadPool>,
}

/// A ticket to analyse.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    /// Its number.
    pub(super) number: i64,
    /// Its name.
    pub(super) id: String,
    /// Where it lies.
    pub(super) path: PathBuf,
}

impl Ticket {
    /// Where it lies, as rows tell it: the same on every system, with `/` between the parts. Windows takes that, too,
    /// except behind `\\?\`.
    pub(super) fn shown_path(&self) -> String {
        let path = self.path.to_string_lossy();
        if cfg!(windows) && !path.starts_with(r"\\?\") {
            path.replace('\\', "/")
        } else {
            path.into_owned()
        }
    }
}

/// Everything that the store keeps of a ticket.
#[derive(Debug)]
pub struct Answer {
    /// Its row.
    pub row: TicketRow,
    /// Its rows in the other tables.
    pub tables: Tables,
    /// Its lines of the timeline over all tickets, deflated; empty when none are wanted.
    pub lines: Vec<u8>,
    /// How long it took.
    pub time: Duration,
}

/// From this size on, in bytes, a ticket is worth the trouble of sharing it between threads.
const LARGE: u64 = 32 * 1024 * 1024;

impl<'a> Analyst<'a> {
    /// An analyst with so many threads.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn new(db: &'a Database, scope: Scope, threads: usize) -> Result<Self> {
        let threads = threads.max(1);
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|source| Error::Threads { source })?;
        Ok(Self {
            db,
            scope,
            passwords: Vec::new(),
            timeout: None,
            reports: None,
            lines: true,
            threads,
            pool: Mutex::new(pool),
        })
    }

    /// When a ticket that is begun now has to be done.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        self.timeout.and_then(Deadline::after)
    }

    /// Analyses a ticket. Never fails and never panics: that is what [`Status`] is for.
    ///
    /// A small ticket is read by the thread that asks. A large one is shared between the threads of the pool, unless
    /// another is: so nobody waits, no ticket's thread is taken away for the work of another (which would count against
    /// its time), and no more tickets are in memory than there are threads.
    pub(super) fn answer(
        &self,
        ticket: &Ticket,
        content: &Content,
        sha256: Option<String>,
        deadline: Option<&Deadline>,
    ) -> Answer {
        let start = Instant::now();
        let work = || self.analyze(ticket, content, sha256.clone(), deadline);
        let mut answer = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            let reason = "the analysis broke off: a fault of rdpwhy, worth reporting";
            self.failed(ticket, sha256.clone(), reason.to_owned())
        });
        if deadline.is_some_and(Deadline::was_missed) {
            let limit = self.timeout.unwrap_or_default().as_secs_f64();
            answer = self.failed(ticket, sha256, format!("it took longer than {limit} s"));
        }
        answer.time = start.elapsed();
        answer
    }

    /// The answer to a ticket that is not there, or may not be read.
    pub(super) fn cannot_open(&self, ticket: &Ticket, error: &std::io::Error) -> Answer {
        let path = ticket.path.display();
        let reason = if ticket.path.as_os_str().is_empty() {
            "the line names no path".to_owned()
        } else {
            format!("cannot open {path}: {error}")
        };
        self.failed(ticket, None, reason)
    }

    fn failed(&self, ticket: &Ticket, sha256: Option<String>, reason: String) -> Answer {
        let path = ticket.shown_path();
        let row = TicketRow::failed(ticket.number, ticket.id.clone(), path, reason);
        Answer {
            row: TicketRow { sha256, ..row },
            tables: Tables::default(),
            lines: Vec::new(),
            time: Duration::ZERO,
        }
    }

    fn analyze(
        &self,
        ticket: &Ticket,
        content: &Content,
        sha256: Option<String>,
        deadline: Option<&Deadline>,
    ) -> Answer {
        let options = Options {
            passwords: self.passwords.clone(),
            wanted: crate::parsers::is_known,
            head: crate::parsers::head_needed,
            deadline: deadline.cloned(),
        };
        if let Some((dir, _)) = &self.reports {
            // Those of an earlier content; most tickets have none.
            let _ = std::fs::remove_dir_all(dir.join(folder_name(ticket.number, &ticket.id)));
        }
        let mut bundle = match Bundle::open(&[&ticket.path], &options) {
            Ok(bundle) => bundle,
            Err(error) => {
                let source = std::error::Error::source(&error);
                let why = source.map(|source| format!(": {source}")).unwrap_or_default();
                return self.failed(ticket, sha256, format!("{error}{why}"));
            }
        };
        if self.reports.is_none() {
            // Nobody would see the hashes of the files.
            bundle = bundle.without_hashes();
        }
        let run = || analyze(&bundle, self.db, &self.scope, &|_| ());
        let pool = if content.bytes >= LARGE { self.free_pool() } else { None };
        let analysis = match pool {
            Some(pool) => pool.install(run),
            None => run(),
        };
        let mut answer = self.failed(ticket, sha256, String::new());
        let tables = Tables::of(&analysis);
        answer.row.bytes = content.bytes;
        answer.row.take(&analysis, &tables);
        (answer.row.status, answer.row.reason) = judge(&analysis);
        if answer.row.status == Status::Failed {
            answer.row.verdict = None;
        }
        if !bundle.is_late() {
            answer.tables = tables;
            if self.lines {
                answer.lines = lines(&analysis);
            }
            if let Err(reason) = self.write_reports(ticket, &analysis) {
                (answer.row.status, answer.row.reason) = (Status::Partial, Some(reason));
            }
        }
        answer
    }

    /// The threads for a large ticket, unless another has them.
    fn free_pool(&self) -> Option<MutexGuard<'_, ThreadPool>> {
        match self.pool.try_lock() {
            Ok(pool) => Some(pool),
            // A ticket that broke something in it left the threads as they were.
            Err(TryLockError::Poisoned(pool)) => Some(pool.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Writes a ticket's reports into a folder of their own, whole or not at all.
    fn write_reports(
        &self,
        ticket: &Ticket,
        analysis: &Analysis<'_>,
    ) -> std::result::Result<(), String> {
        let Some((dir, formats)) = &self.reports else { return Ok(()) };
        let dir = dir.join(folder_name(ticket.number, &ticket.id));
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&dir)?;
            // What a run that was killed left of this ticket.
            whole::clear(&dir);
            for format in formats {
                whole::write(&dir.join(format.file), Readers::All, |out| {
                    format.write_plain(analysis, out)
                })?;
            }
            Ok(())
        };
        write().map_err(|error| format!("its reports cannot be written: {error}"))
    }
}

/// The folder of a ticket's reports: its number, and as much of its name as any file system takes.
pub(super) fn folder_name(number: i64, id: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    let name = id.chars().take(80).map(|letter| if plain(letter) { letter } else { '_' });
    format!("{number:06}-{}", name.collect::<String>().trim_end_matches('.'))
}

/// Whether everything was read, and what was not.
fn judge(analysis: &Analysis<'_>) -> (Status, Option<String>) {
    let lost: Vec<_> = analysis.notices.iter().filter(|notice| notice.lost.is_some()).collect();
    if !analysis.is_complete() {
        let why = match (lost.first(), analysis.sources.len()) {
            (Some(notice), _) => words(analysis, notice),
            (None, 0) => "it holds no files".to_owned(),
            (None, files) => format!("none of its files ({files}) is in a format that is read"),
        };
        return (Status::Failed, Some(why));
    }
    match lost.split_first() {
        None => (Status::Ok, None),
        Some((first, [])) => (Status::Partial, Some(words(analysis, first))),
        Some((first, more)) => {
            (Status::Partial, Some(format!("{}; and {} more", words(analysis, first), more.len())))
        }
    }
}

fn words(analysis: &Analysis<'_>, notice: &Notice) -> String {
    let source = notice.source.map(|id| analysis.path(id)).unwrap_or_default();
    let place: Vec<_> = [source, &notice.at].into_iter().filter(|part| !part.is_empty()).collect();
    let lost = notice.lost.as_deref().unwrap_or("nothing");
    match place.as_slice() {
        [] => format!("{} (lost: {lost})", notice.what),
        place => format!("{}: {} (lost: {lost})", place.join(", "), notice.what),
    }
}

/// The lines of the timeline as CSV without the head, deflated.
fn lines(analysis: &Analysis<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    // Memory takes everything.
    let _ = timelines::write(timelines::csv(timelines::Dialect::Rfc4180), analysis, &mut text);
    let head = text.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    let _ = packed.write_all(text.get(head..).unwrap_or_default());
    packed.finish().unwrap_or_default()
}

/// Begins the work of a thread: what it analyses by itself stays with it.
pub(super) fn keep_work_here() -> Option<ThreadPool> {
    ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok()
}

/// What a ticket is called that nobody gave a name: its file or folder.
#[must_use]
pub fn id_of(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_name_is_one_everywhere() {
        assert_eq!(folder_name(17, "INC 4711/a:b."), "000017-INC_4711_a_b");
        assert_eq!(folder_name(1_234_567, "x"), "1234567-x");
    }

    #[test]
    fn a_ticket_that_breaks_the_analysis_is_a_failed_row() {
        let db = Database::built_in().unwrap();
        let scope = Scope::default();
        let mut analyst = Analyst::new(&db, scope, 1).unwrap();
        // A report that breaks stands for whatever may break.
        static BROKEN: Format = Format::broken();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dialog.txt");
        std::fs::write(&path, "Error code: 0x904\nExtended error code: 0x7\n").unwrap();
        analyst.reports = Some((dir.path().join("reports"), vec![&BROKEN]));
        let ticket = Ticket { number: 1, id: "t".to_owned(), path };
        let content = Content::of(&ticket.path).unwrap();
        let answer = analyst.answer(&ticket, &content, None, None);
        assert_eq!(answer.row.status, Status::Failed);
        assert!(answer.row.reason.unwrap().contains("broke off"));
        analyst.reports = None;
        let answer = analyst.answer(&ticket, &content, None, None);
        assert_eq!((answer.row.status, answer.row.incidents), (Status::Ok, 1));
    }
}
