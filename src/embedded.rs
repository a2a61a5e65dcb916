//! The files below `signatures/` as the build script put them into the binary.

/// One file of the database.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// Its path below `signatures/`.
    pub(crate) label: &'static str,
    /// The file as it is written: for `lint`, which names lines and columns, and for examples.
    pub(crate) yaml: &'static str,
    /// The same as JSON, without examples and detection; empty when the file is wrong.
    pub(crate) json: &'static str,
    /// The detection of a signature, as JSON, and what it is looked up by.
    pub(crate) detection: &'static str,
    pub(crate) providers: &'static [&'static str],
    pub(crate) event_ids: &'static [u32],
}

include!(concat!(env!("OUT_DIR"), "/signature_files.rs"));
