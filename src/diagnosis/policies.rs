//! Settings that other settings overrule: what a policy sets, and a listener that was moved to another port.

use std::collections::BTreeSet;

use crate::case::{Case, HostKey};
use crate::event::Event;

/// Values of Remote Desktop that a policy sets: the local value of the same name is not in force, and on machines that
/// get theirs by policy it usually says the opposite.
pub(super) struct Policies {
    set: BTreeSet<(Option<HostKey>, String)>,
    /// Hosts whose listener is set to another port: that nobody listens on 3389 is as it should be.
    moved: BTreeSet<Option<HostKey>>,
}

impl Policies {
    /// Looks at all settings once.
    pub(super) fn of(case: &Case) -> Self {
        let buckets = case.findings.series().flat_map(|(_, series)| &series.buckets);
        let set = buckets.filter(|bucket| Self::is_set_by_one(&bucket.example));
        let set = set.filter_map(|bucket| Self::name(&bucket.example)).collect();
        let elsewhere = |event: &&Event| {
            event.field("Name") == Some("PortNumber")
                && event.field("Data").is_some_and(|port| port != "3389")
        };
        let moved = case.found("registry").filter(elsewhere).map(Self::host).collect();
        Self { set, moved }
    }

    fn host(event: &Event) -> Option<HostKey> {
        event.computer.as_deref().and_then(HostKey::new)
    }

    /// Whether a setting is not in force, or the state that follows from it no fault.
    pub(super) fn overrule(&self, event: &Event) -> bool {
        if event.is_from("ports") && event.field("Listening") == Some("no") {
            return event.field("Port") == Some("3389") && self.moved.contains(&Self::host(event));
        }
        let local = event.is_from("registry") && event.field("Policy").is_none();
        local && Self::name(event).is_some_and(|name| self.set.contains(&name))
    }

    fn is_set_by_one(event: &Event) -> bool {
        let key = event.field("Key").unwrap_or_default().to_ascii_lowercase();
        event.is_from("registry")
            && key.ends_with(r"\policies\microsoft\windows nt\terminal services")
    }

    fn name(event: &Event) -> Option<(Option<HostKey>, String)> {
        event.field("Name").map(|name| (Self::host(event), name.to_ascii_lowercase()))
    }
}
