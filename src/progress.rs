//! The progress bars on stderr: only on a terminal, and only for work that takes longer than a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{BinaryBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this needs no bar.
const MOMENT: Duration = Duration::from_millis(400);

/// A bar over the bytes and files of a bundle.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Inner>);

struct Inner {
    bar: ProgressBar,
    quiet: bool,
    start: Instant,
    files: u64,
    done: AtomicU64,
}

impl Progress {
    /// A bar for so many bytes in so many files; `quiet` shows none.
    pub(crate) fn new(bytes: u64, files: u64, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        // What does not fit is cut off, and a bar of several lines could not be taken away again.
        let template = "{bar:20} {bytes}/{total_bytes}, {msg} files, {bytes_per_sec}, {eta} left";
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_message(format!("0/{files}"));
        Self(Arc::new(Inner { bar, quiet, start: Instant::now(), files, done: AtomicU64::new(0) }))
    }

    /// Everything is read once more.
    pub(crate) fn twice(&self) {
        self.0.bar.inc_length(self.0.bar.length().unwrap_or_default());
    }

    /// Takes note of bytes that were read.
    pub(crate) fn read(&self, bytes: u64) {
        let Inner { bar, quiet, start, .. } = &*self.0;
        // The draw target hides itself where stderr is no terminal.
        if !quiet && bar.is_hidden() && start.elapsed() > MOMENT {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        // What is read once more, for a hash or without what a copy has, is not more work than there is.
        let room = bar.length().unwrap_or_default().saturating_sub(bar.position());
        bar.inc(bytes.min(room));
    }

    /// Takes note of a file that is done.
    pub(crate) fn file_done(&self) {
        let Inner { bar, files, done, .. } = &*self.0;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        // Of two readings, the second one counts no files.
        bar.set_message(format!("{}/{files}", done.min(*files)));
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.0.bar.finish_and_clear();
    }
}

/// A bar over many tickets.
pub(crate) struct Tickets {
    bar: ProgressBar,
    quiet: bool,
    start: Instant,
    bytes: u64,
}

impl Tickets {
    /// A bar for so many tickets, or for who knows how many; `quiet` shows none.
    pub(crate) fn new(tickets: Option<u64>, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(tickets, ProgressDrawTarget::hidden());
        let template = match tickets {
            Some(_) => "{bar:30} {pos}/{len} tickets, {msg}, {eta} left",
            None => "{spinner} {pos} tickets, {msg}",
        };
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Self { bar, quiet, start: Instant::now(), bytes: 0 }
    }

    /// Takes note of a ticket that is done, with its bytes.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        let elapsed = self.start.elapsed();
        if self.quiet || elapsed < MOMENT {
            self.bar.inc(1);
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        // Where stderr is no terminal, the target hides itself, and nobody needs the words.
        if !self.bar.is_hidden() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "it is shown with three digits"
            )]
            let rate = (self.bytes as f64 / elapsed.as_secs_f64()) as u64;
            self.bar.set_message(format!("{}, {}/s", BinaryBytes(self.bytes), BinaryBytes(rate)));
        }
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
