//! Changes that only the ticket tells of.

use super::{Change, Trigger, links};
use crate::cause::CauseId;
use crate::signatures::{Database, KnownUpdate, Mark, Role};
use crate::timeline::{Entry, Timeline};

/// A change that only the ticket tells of. It is no evidence, for people suspect what they remember; but where the cause
/// is known and such a change is documented to lead to it, it is the best that is known.
pub(super) fn trigger(db: &Database, timeline: &Timeline, cause: CauseId) -> Option<Trigger> {
    let found = timeline.numbered().filter(|(_, entry)| entry.time.is_none());
    let told = found.filter_map(|(id, entry)| {
        let signature = db.signature(entry.signature?)?;
        let is_told = signature.role == Role::Change && &*entry.provider == "mstsc";
        let kind = signature.trigger.filter(|_| is_told)?;
        let kb = known_update(db, entry.field("Message").unwrap_or_default(), cause);
        // Of what the logs tell, words know nothing better.
        let logged = |kb: &String| {
            let same = |entry: &Entry| entry.time.is_some() && entry.field("KB") == Some(kb);
            timeline.entries().iter().any(same)
        };
        let kb = kb.filter(|kb| !logged(kb));
        let links = links(db, signature, kb.as_deref());
        let change = Change { entry: id, kind, kb, time: None, links };
        change.links.contains(&cause).then_some(change)
    });
    let change = told.min_by_key(|change| (change.kb.is_none(), change.links.len()))?;
    let why = "only the ticket tells of it; such a change is documented to lead to the cause";
    Some(Trigger { change, why: why.to_owned() })
}

/// The update that a sentence names, where it is on record for the cause.
fn known_update(db: &Database, text: &str, cause: CauseId) -> Option<String> {
    let named = |update: &&KnownUpdate| {
        update.mark != Mark::U && update.causes.contains(&cause) && text.contains(&update.kb)
    };
    db.updates().iter().find(named).map(|update| update.kb.clone())
}
