//! A chunk of an event log, or a whole log. What must hold stands in `checks/evtx.rs`, which a test of the program runs, too.
#![no_main]

#[path = "../checks/evtx.rs"]
mod evtx;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| evtx::check(bytes));
