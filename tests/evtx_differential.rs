//! Our own EVTX reader against the `evtx` crate, record by record: every field of `System`, every name and value in
//! order, `Binary`; the coverage that a look at the records gives; and the notices about damage.
//!
//! The crate's path renders a record as XML and reads that. There are no exceptions: what our reader does not know to
//! mean the same it hands over.
//!
//! Real logs are not part of the repository. `RDPWHY_CORPUS` names a folder whose `evtx` holds some; without it that
//! part says so and is skipped.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; the corpus is named by the environment, and what is skipped is said aloud"
)]

#[path = "support/mod.rs"]
mod support;

#[path = "evtx_differential/corpus.rs"]
mod corpus;
#[path = "evtx_differential/damaged.rs"]
mod damaged;
#[path = "evtx_differential/odd.rs"]
mod odd;
#[path = "evtx_differential/written.rs"]
mod written;

use std::collections::BTreeSet;

use rdpwhy::event::Event;
use rdpwhy::parsers::Interest;
use rdpwhy::parsers::evtx::trial::{Outcome, own, reference};

/// Records read both ways, with equal results; what the crate had to read of them.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    records: usize,
    left_records: usize,
    left_chunks: usize,
}

/// Reads a log both ways and panics where they differ.
fn compare(name: &str, log: &[u8]) -> Tally {
    let (ours, theirs) = (own(log, Interest::everything()), reference(log, Interest::everything()));
    for (ours, theirs) in ours.events.iter().zip(&theirs.events) {
        assert_eq!(ours, theirs, "{name}");
    }
    assert_eq!(ours.events.len(), theirs.events.len(), "{name}: number of records");
    same_frame(name, &ours, &theirs);
    // A look at the records must find the same as reading them.
    let looked = own(log, Interest::default());
    assert!(looked.events.is_empty());
    same_frame(name, &looked, &reference(log, Interest::default()));
    if theirs.notices.is_empty() {
        // Of a damaged record, what comes behind `System` may be unreadable, which nobody notices who does not want it.
        assert_eq!(looked.coverage, theirs.coverage, "{name}: coverage without decoding");
    }
    some_of_them(name, log, &ours.events);
    Tally {
        records: ours.events.len(),
        left_records: ours.left_records,
        left_chunks: ours.left_chunks,
    }
}

/// When half of the kinds are wanted, records that are looked at and records that are decoded follow one another.
fn some_of_them(name: &str, log: &[u8], all: &[Event]) {
    let kinds: BTreeSet<_> =
        all.iter().map(|event| (&*event.provider, event.event_id.unwrap_or_default())).collect();
    let mut interest = Interest::default();
    for (provider, id) in kinds.iter().step_by(2).filter(|(provider, _)| !provider.is_empty()) {
        interest.add(provider, Some(*id));
    }
    let some = own(log, interest.clone());
    let wanted = |event: &&Event| {
        let id = event.event_id.unwrap_or_default();
        interest.wants(&event.provider, event.event_source.as_deref(), id)
    };
    let expected: Vec<_> = all.iter().filter(wanted).collect();
    assert_eq!(some.events.iter().collect::<Vec<_>>(), expected, "{name}: half of the kinds");
}

fn same_frame(name: &str, ours: &Outcome, theirs: &Outcome) {
    assert_eq!(ours.coverage, theirs.coverage, "{name}: coverage");
    assert_eq!(ours.notices, theirs.notices, "{name}: notices");
}
