//! The whole of a ticket. What must hold stands in `checks/ticket.rs`, which a test of the program runs, too.
#![no_main]

#[path = "../checks/ticket.rs"]
mod ticket;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ticket::check(bytes));
