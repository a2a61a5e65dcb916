//! What people type. What must hold stands in `checks/words.rs`, which a test of the program runs, too.
#![no_main]

#[path = "../checks/words.rs"]
mod words;

libfuzzer_sys::fuzz_target!(|text: &str| words::check(text));
