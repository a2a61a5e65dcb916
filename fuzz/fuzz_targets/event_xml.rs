//! An export of events as XML. What must hold stands in `checks/event_xml.rs`, which a test of the program runs, too.
#![no_main]

#[path = "../checks/event_xml.rs"]
mod event_xml;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| event_xml::check(bytes));
