//! The tickets of a service desk over half a year: computers that take updates, one update that breaks Remote Desktop
//! on some of them, and many that do nothing.
//!
//! [`Desk::tickets`] says who complains when, about what, and which updates his server took; [`folder`] writes these as
//! tickets that people would send: one event log and the text with the box; [`store`] writes what a batch would make of them. What is planted is known, so what a
//! statistic finds can be held against it.

mod folder;
mod plan;
pub mod store;

pub use folder::{files, write};
pub use plan::{Desk, Fault, Habit, Planned, Taken};

/// The update that breaks something, in every plan.
pub const PLANTED: &str = "KB5990000";

/// The name of an innocent update.
pub fn innocent(number: usize) -> String {
    format!("KB{}", 5_990_001 + number)
}
