//! The outputs of a fleet: a page for the terminal, one for the browser, JSON, and tables as CSV.

mod bars;
mod csv;
mod forest;
mod html;
mod json;
mod text;
mod words;

use std::fmt::Debug;
use std::io::{self, Write};

use super::Fleet;

pub use csv::{TABLES, Table, table};

/// One way to tell it.
pub trait FleetReport: Sync + Debug {
    /// Writes all of it.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    fn write(&self, fleet: &Fleet, out: &mut dyn Write) -> io::Result<()>;
}

/// An output with its name.
#[derive(Debug)]
pub struct FleetFormat {
    /// What is typed.
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    /// Its writer.
    pub report: &'static dyn FleetReport,
}

/// Every output.
pub static FLEET_FORMATS: &[FleetFormat] = &[
    FleetFormat {
        name: "text",
        about: "A page of 80 columns",
        report: &text::Text { width: text::WIDTH },
    },
    FleetFormat {
        name: "html",
        about: "One self-contained file with drawings",
        report: &html::Html,
    },
    FleetFormat { name: "json", about: "All of it, schema rdpwhy/fleet/1", report: &json::Json },
    FleetFormat { name: "csv", about: "One table of it, see --table", report: &csv::LIFTS },
];

/// The output of a name.
#[must_use]
pub fn fleet_format(name: &str) -> Option<&'static FleetFormat> {
    FLEET_FORMATS.iter().find(|format| format.name == name)
}

/// The page for a terminal of so many columns.
#[must_use]
pub fn page(columns: usize) -> impl FleetReport {
    text::Text { width: columns.clamp(text::WIDTH, 110) }
}
