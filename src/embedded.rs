//! The files below `signatures/` as the build script put them into the binary.

/// One file of the database.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// Its path below `signatures/`.
    pub(crate) label: &'static str,
    /// The file as it is written: for `lint`, which names lines and columns, and for examples.
    pub(crate) yaml: &'static str,
    /// The same as JSON, without examples; empty when the file is wrong.
    pub(crate) json: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/signature_files.rs"));
