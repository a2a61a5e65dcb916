//! rdpwhy answers one question from a pile of collected Windows logs: why did this Remote Desktop connection fail, and
//! what shows it? It runs offline, reads only, and never needs the machine that failed.
//!
//! The way through the house, each module using only what stands to its left (`docs/ARCHITECTURE.md`):
//!
//! ```text
//! bundle → source → parsers → event → signatures → scan → diagnosis → report
//! ```

pub mod analysis;
pub mod attempts;
pub mod batch;
pub mod bundle;
pub mod case;
pub mod cause;
pub mod codes;
pub mod collect;
mod copies;
pub mod diagnosis;
mod embedded;
pub mod error;
pub mod event;
pub mod explain;
mod expression;
pub mod findings;
pub mod fleet;
pub mod merge;
pub mod notice;
pub mod parsers;
pub mod redact;
pub mod report;
pub mod scan;
pub mod signatures;
pub mod source;
pub mod timeline;
pub mod whole;
pub mod zone;
// The test helper for parsers is shared with the tests outside of the crate, where it is called by its name.
#[cfg(test)]
extern crate self as rdpwhy;
