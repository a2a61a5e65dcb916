//! The cipher suites that both sides have left, where both were collected.

use std::collections::BTreeSet;

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::{Case, HostKey};
use crate::cause::CauseId;
use crate::event::Event;
use crate::signatures::Grade;

/// Adds the mismatch where the two lists have nothing in common.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let (Some(server), Some(client)) = (&incident.server, &incident.client) else { return };
    let (served, asked) = (offered(case, server), offered(case, client));
    if served.is_empty() || asked.is_empty() || served.intersection(&asked).next().is_some() {
        return;
    }
    let text = format!(
        "the server has {} cipher suites and the client {}, and none of them is the same",
        served.len(),
        asked.len()
    );
    let grounds = weighed.entry(CauseId::TlsCipherMismatch).or_default();
    grounds.push(ground("no-common-suite", Grade::Strong, text));
}

/// What a host offers: what it says when asked, else what a policy leaves it.
fn offered(case: &Case, host: &HostKey) -> BTreeSet<String> {
    let is_own =
        |event: &&Event| event.computer.as_deref().and_then(HostKey::new).as_ref() == Some(host);
    let names = |text: &str| {
        let names = text.split([';', ',', ' ']).filter(|name| name.starts_with("TLS_"));
        // Before Windows 10 the curve stands behind the suite.
        names.map(|name| curveless(name).to_owned()).collect::<BTreeSet<_>>()
    };
    let mut listed = case.found("cipher-suites").filter(is_own).filter_map(|it| it.field("Suites"));
    let set = |event: &&Event| {
        let key = event.field("Key").unwrap_or_default().to_ascii_lowercase();
        key.ends_with(r"\ssl\00010002") && event.field("Name") == Some("Functions")
    };
    let mut policy =
        case.found("registry").filter(is_own).filter(set).filter_map(|it| it.field("Data"));
    listed.next().or_else(|| policy.next()).map(names).unwrap_or_default()
}

/// `TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384_P256` without its curve.
fn curveless(name: &str) -> &str {
    ["_P256", "_P384", "_P521"].iter().find_map(|curve| name.strip_suffix(curve)).unwrap_or(name)
}
