//! A date, where the formats have one. What must hold stands in `checks/times.rs`, which a test of the program runs, too.
#![no_main]

#[path = "../checks/times.rs"]
mod times;

libfuzzer_sys::fuzz_target!(|text: &str| times::check(text));
