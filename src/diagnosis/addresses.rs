//! What the server's name resolves to, against the addresses the server has.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::{Case, HostKey};
use crate::cause::CauseId;
use crate::event::Event;
use crate::signatures::Grade;

/// Adds what lookups of the server's name say: it was not found, or it leads to an address that is none of the server's.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let Some(server) = incident.server.as_ref().filter(|key| !key.is_address()) else { return };
    let of = |provider: &'static str| case.found(provider);
    let is_server = |name: Option<&str>| name.and_then(HostKey::new).as_ref() == Some(server);
    let own: BTreeSet<IpAddr> = of("ipconfig")
        .filter(|event| match event.field("Host") {
            Some(host) => is_server(Some(host)),
            None => is_server(event.computer.as_deref()),
        })
        .flat_map(addresses)
        .collect();
    let lookups = || of("name-lookup").filter(|event| is_server(event.field("Name")));
    if lookups().any(|event| event.field("Found") == Some("no")) {
        let text = format!("the name {} was looked up and not found", server.as_str());
        add("server-name-not-found", Grade::Strong, text, weighed);
    }
    let found: BTreeSet<IpAddr> = lookups().flat_map(addresses).collect();
    // An address of the one family says nothing about those of the other.
    let same_kind =
        |address: &&IpAddr| own.iter().any(|known| known.is_ipv4() == address.is_ipv4());
    let strangers: Vec<_> = found.iter().filter(same_kind).collect();
    if let Some(address) =
        strangers.first().filter(|_| strangers.iter().all(|it| !own.contains(it)))
    {
        let text = format!("{} resolves to {address}, which the server has not", server.as_str());
        add("name-leads-elsewhere", Grade::Conclusive, text, weighed);
    }
}

fn addresses(event: &Event) -> Vec<IpAddr> {
    let list = event.field("Addresses").unwrap_or_default().split("; ");
    list.filter_map(|address| address.parse().ok()).collect()
}

fn add(rule: &str, grade: Grade, text: String, weighed: &mut Weighed) {
    weighed.entry(CauseId::DnsFailure).or_default().push(ground(rule, grade, text));
}
