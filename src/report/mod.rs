//! The outputs. A new one is a file here, a `mod` line, a [`Format`] variant and a match arm.

mod csv;
mod html;
mod json;
mod text;
mod words;

use std::io::{self, Write};

use crate::analysis::Analysis;

/// One way to tell an analysis.
pub trait Report {
    /// Writes all of it.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    fn write(&self, analysis: &Analysis<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// The outputs by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A page for a support engineer.
    Text,
    /// `rdpwhy/result/1`, see `docs/result.schema.json`.
    Json,
    /// The timeline, RFC 4180.
    Csv,
    /// One self-contained file for people.
    Html,
}

impl Format {
    /// The writer of this output.
    #[must_use]
    pub fn report(self) -> &'static dyn Report {
        match self {
            Self::Text => &text::Text,
            Self::Json => &json::Json,
            Self::Csv => &csv::Csv,
            Self::Html => &html::Html,
        }
    }

    /// The name of its file in an output folder.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Text => "report.txt",
            Self::Json => "result.json",
            Self::Csv => "timeline.csv",
            Self::Html => "report.html",
        }
    }
}

/// A time as reports write it: RFC 3339 in UTC, with the digits it has.
fn instant(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
