//! A rule somebody wrote. What must hold stands in `checks/signatures.rs`, which a test of the program runs, too.
#![no_main]

#[path = "../checks/signatures.rs"]
mod signatures;

libfuzzer_sys::fuzz_target!(|text: &str| signatures::check(text));
