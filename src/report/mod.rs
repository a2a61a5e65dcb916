//! The outputs. A new one is a file here, a `mod` line and a line in [`FORMATS`]; a new timeline, in
//! [`rows::ROW_FORMATS`].

mod html;
mod instant;
mod json;
pub(crate) mod json_text;
mod markdown;
pub mod rows;
mod text;
mod unread;
mod words;

pub(crate) use html::{escaped, policy};
pub(crate) use text::page;
pub(crate) use words::harmless;

use std::fmt::Debug;
use std::io::{self, Write};

use self::instant::{instant, push_instant};
pub use self::words::visible;
use crate::analysis::Analysis;

/// One way to tell an analysis.
pub trait Report: Sync + Debug {
    /// Writes all of it.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    fn write(&self, analysis: &Analysis<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// An output with its names.
#[derive(Debug)]
pub struct Format {
    /// What is typed.
    pub name: &'static str,
    /// The name of its file in an output folder.
    pub file: &'static str,
    /// One line of help.
    pub about: &'static str,
    report: &'static dyn Report,
}

/// Every output of an analysis; further timelines are in [`rows::ROW_FORMATS`].
pub static FORMATS: &[Format] = &[
    Format {
        name: "text",
        file: "report.txt",
        about: "A page for a support engineer",
        report: &text::Text { width: text::WIDTH },
    },
    Format {
        name: "html",
        file: "report.html",
        about: "One self-contained file for people",
        report: &html::Html,
    },
    Format {
        name: "markdown",
        file: "report.md",
        about: "A block for a postmortem or a ticket",
        report: &markdown::Markdown,
    },
    Format {
        name: "json",
        file: "result.json",
        about: "The whole result, schema rdpwhy/result/1",
        report: &json::Json,
    },
    Format {
        name: "csv",
        file: "timeline.csv",
        about: "The timeline, RFC 4180",
        report: &rows::AsReport(rows::CSV),
    },
    Format {
        name: "jsonl",
        file: "timeline.jsonl",
        about: "The timeline, one JSON object a line",
        report: &rows::AsReport(rows::JSONL),
    },
];

/// The page for a terminal of so many columns; a line longer than 110 is no pleasure to read.
#[must_use]
pub fn page(columns: usize) -> impl Report {
    text::Text { width: columns.clamp(60, 110) }
}

/// The outputs that a folder always gets.
pub const FOLDER: [&str; 3] = ["html", "csv", "json"];

/// The output of a name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

impl Format {
    /// Whether it is read on a terminal, and may be styled.
    #[must_use]
    pub fn is_page(&self) -> bool {
        self.name == "text"
    }

    /// An output that breaks, as a fault of ours would.
    #[cfg(test)]
    pub(crate) const fn broken() -> Self {
        #[derive(Debug)]
        struct Broken;
        impl Report for Broken {
            fn write(&self, _: &Analysis<'_>, _: &mut dyn Write) -> io::Result<()> {
                panic!("a fault of ours")
            }
        }
        Self { name: "broken", file: "broken", about: "", report: &Broken }
    }

    /// Writes it for a file, where nobody takes styles out.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_plain(&self, analysis: &Analysis<'_>, out: &mut dyn Write) -> io::Result<()> {
        if !self.is_page() {
            return self.report.write(analysis, out);
        }
        let mut page = anstream::StripStream::new(Vec::new());
        self.report.write(analysis, &mut page)?;
        out.write_all(&page.into_inner())
    }

    /// The writer of this output.
    #[must_use]
    pub fn report(&self) -> &'static dyn Report {
        self.report
    }
}

/// Three digits of a probability: more would pretend, and rounding down keeps the sum at most 1.
pub(crate) fn rounded(probability: f64) -> f64 {
    (probability * 1000.0).floor() / 1000.0
}

/// One digit of a weight.
pub(crate) fn deciban(weight: f64) -> f64 {
    (weight * 10.0).round() / 10.0
}
