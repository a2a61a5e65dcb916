//! The progress bar on stderr: only on a terminal, and only for work that takes longer than a moment.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this needs no bar.
const MOMENT: Duration = Duration::from_millis(400);

/// A bar over the bytes of a bundle.
pub(crate) struct Progress {
    bar: ProgressBar,
    start: Instant,
}

impl Progress {
    /// A bar for so many bytes; `quiet` shows none.
    pub(crate) fn new(bytes: u64, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        if !quiet {
            let template = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";
            bar.set_style(
                ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
        }
        Self { bar: if quiet { ProgressBar::hidden() } else { bar }, start: Instant::now() }
    }

    /// Takes note of bytes that are done.
    pub(crate) fn add(&self, bytes: u64) {
        // The draw target hides itself where stderr is no terminal.
        if self.bar.is_hidden() && self.start.elapsed() > MOMENT && self.bar.length().is_some() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(bytes);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
