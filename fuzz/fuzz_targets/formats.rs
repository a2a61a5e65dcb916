//! Any text log, to the parser that asks for it and to another. What must hold stands in `checks/formats.rs`, which a test of the program runs, too.
#![no_main]

#[path = "../checks/formats.rs"]
mod formats;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| formats::check(bytes));
