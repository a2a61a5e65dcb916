//! An event log of Windows XP. What must hold stands in `checks/evt.rs`, which a test of the program runs, too.
#![no_main]

#[path = "../checks/evt.rs"]
mod evt;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| evt::check(bytes));
