//! An archive. What must hold stands in `checks/containers.rs`, which a test of the program runs, too.
#![no_main]

#[path = "../checks/containers.rs"]
mod containers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| containers::check(bytes));
