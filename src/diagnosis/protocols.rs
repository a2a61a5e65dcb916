//! The TLS versions that the registries of both sides leave, where both were collected.

use std::collections::BTreeSet;

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::{Case, HostKey};
use crate::cause::CauseId;
use crate::event::Event;
use crate::signatures::Grade;

/// The versions of which at least the last is there on every Windows in use.
const VERSIONS: [&str; 3] = ["TLS 1.0", "TLS 1.1", "TLS 1.2"];

/// Adds the mismatch where what the server has switched off and what the client has switched off leaves no version. TLS
/// 1.3 would do where both systems know it; the grade leaves room for that.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let (Some(server), Some(client)) = (&incident.server, &incident.client) else { return };
    let events: Vec<_> = case.found("registry").collect();
    let (not_served, not_asked) = (off(&events, server, "Server"), off(&events, client, "Client"));
    let left = VERSIONS
        .iter()
        .any(|version| !not_served.contains(version) && !not_asked.contains(version));
    if left || not_served.is_empty() || not_asked.is_empty() {
        return;
    }
    let list = |versions: &BTreeSet<&str>| versions.iter().copied().collect::<Vec<_>>().join(", ");
    let text = format!(
        "the server has switched off {}, the client {}: no version is left",
        list(&not_served),
        list(&not_asked)
    );
    let grade = Grade::Strong;
    weighed.entry(CauseId::TlsVersionMismatch).or_default().push(ground(
        "no-common-version",
        grade,
        text,
    ));
}

/// The versions that a host has switched off on one side of the protocol.
fn off(events: &[&Event], host: &HostKey, side: &str) -> BTreeSet<&'static str> {
    let of_host = events
        .iter()
        .filter(|event| event.computer.as_deref().and_then(HostKey::new).as_ref() == Some(host));
    let is_off = |event: &Event| {
        let (name, data) = (event.field("Name"), event.field("Data"));
        name.is_some_and(|name| name.eq_ignore_ascii_case("Enabled")) && data == Some("0")
    };
    let switched = of_host.filter(|event| is_off(event));
    let keys = switched.filter_map(|event| event.field("Key"));
    keys.flat_map(|key| {
        let key = key.to_ascii_lowercase();
        VERSIONS.into_iter().filter(move |version| {
            let end = format!(r"\protocols\{version}\{side}").to_ascii_lowercase();
            key.ends_with(&end)
        })
    })
    .collect()
}
