//! Which server a ticket is about that names none: the one whose port was tried, or whose name was looked up, by whoever
//! looked into it.

use std::collections::BTreeSet;

use super::HostKey;
use crate::attempts::{AttemptSide, Attempts};
use crate::event::Event;
use crate::findings::Findings;

/// The server that was tried, when the logs know no server and only one was tried.
pub(super) fn server(findings: &Findings, attempts: &Attempts) -> Option<HostKey> {
    if attempts.list.iter().any(|attempt| attempt.side == AttemptSide::Server) {
        return None;
    }
    let found = |provider: &'static str| {
        let buckets = findings.series().flat_map(|(_, series)| &series.buckets);
        buckets.map(|bucket| &*bucket.example).filter(move |event| event.is_from(provider))
    };
    let tried = found("reachability").filter(|event| event.field("Port") == Some("3389"));
    only(tried.filter_map(|event| event.field("Host")))
        .or_else(|| only(found("name-lookup").filter_map(name_of_a_computer)))
}

/// The name that was looked up, unless it is an alias of a service, such as `_ldap._tcp`.
fn name_of_a_computer(event: &Event) -> Option<&str> {
    event.field("Name").filter(|name| !name.starts_with('_'))
}

fn only<'n>(names: impl Iterator<Item = &'n str>) -> Option<HostKey> {
    let keys: BTreeSet<_> =
        names.filter_map(HostKey::new).filter(|key| !key.is_address()).collect();
    let mut keys = keys.into_iter();
    keys.next().filter(|_| keys.next().is_none())
}
