//! Any event log: our own reader and the crate find the same, and a look at the records what reading them finds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpwhy::parsers::Interest;
use rdpwhy::parsers::evtx::trial::{own, reference};

fuzz_target!(|log: &[u8]| {
    let (ours, theirs) = (own(log, Interest::everything()), reference(log, Interest::everything()));
    assert_eq!(ours.events, theirs.events);
    assert_eq!(ours.coverage, theirs.coverage);
    assert_eq!(ours.notices, theirs.notices);
    let (ours, theirs) = (own(log, Interest::default()), reference(log, Interest::default()));
    assert_eq!(ours.coverage, theirs.coverage);
    assert_eq!(ours.notices, theirs.notices);
});
