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
    add_redirection(case, incident, &own, weighed);
    let lookups = || of("name-lookup").filter(|event| is_server(event.field("Name")));
    if lookups().any(|event| event.field("Found") == Some("no")) {
        let text = format!("the name {} was looked up and not found", server.as_str());
        add("server-name-not-found", Grade::Strong, text, weighed);
    }
    let asked = case
        .found("Microsoft-Windows-DNS-Client")
        .filter(|event| is_server(event.field("QueryName")));
    let answers: Vec<BTreeSet<IpAddr>> = lookups()
        .map(|event| addresses(event).into_iter().collect())
        .chain(asked.map(results))
        .filter(|answer: &BTreeSet<IpAddr>| !answer.is_empty())
        .collect();
    let found: BTreeSet<IpAddr> = answers.iter().flatten().copied().collect();
    add_disagreement(server, &answers, weighed);
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

/// A session host tells the broker by which address clients reach it; an old one sends them to nobody.
fn add_redirection(
    case: &Case,
    incident: &Incident,
    own: &BTreeSet<IpAddr>,
    weighed: &mut Weighed,
) {
    let set = case
        .found_on(incident.server.as_ref(), "registry")
        .filter(|event| event.field("Name") == Some("SessionDirectoryRedirectionIP"))
        .find_map(|event| event.field("Data")?.parse::<IpAddr>().ok());
    if let Some(address) = set.filter(|address| !own.is_empty() && !own.contains(address)) {
        let text = format!("clients are redirected to {address}, which the server has not");
        add("redirected-elsewhere", Grade::Strong, text, weighed);
    }
}

/// Name servers that know the same name by different addresses: one of them is out of date.
fn add_disagreement(server: &HostKey, answers: &[BTreeSet<IpAddr>], weighed: &mut Weighed) {
    let kind = |answer: &BTreeSet<IpAddr>, is_ipv4: bool| -> BTreeSet<IpAddr> {
        answer.iter().copied().filter(|address| address.is_ipv4() == is_ipv4).collect()
    };
    let mut of_ipv4 = answers.iter().map(|answer| kind(answer, true)).filter(|set| !set.is_empty());
    let Some(first) = of_ipv4.next() else { return };
    let Some(other) = of_ipv4.find(|other| other.is_disjoint(&first)) else { return };
    let one = |set: &BTreeSet<IpAddr>| set.first().map(ToString::to_string).unwrap_or_default();
    let text = format!("{} was found as {} and as {}", server.as_str(), one(&first), one(&other));
    add("name-servers-disagree", Grade::Strong, text, weighed);
}

/// `QueryResults` of a DNS event: addresses with semicolons, those of IPv4 written as IPv6, other records with their type.
fn results(event: &Event) -> BTreeSet<IpAddr> {
    let list = event.field("QueryResults").unwrap_or_default().split(';');
    let plain = |text: &str| text.trim().trim_start_matches("::ffff:").parse().ok();
    list.filter_map(plain).collect()
}

fn addresses(event: &Event) -> Vec<IpAddr> {
    let list = event.field("Addresses").unwrap_or_default().split("; ");
    list.filter_map(|address| address.parse().ok()).collect()
}

fn add(rule: &str, grade: Grade, text: String, weighed: &mut Weighed) {
    weighed.entry(CauseId::DnsFailure).or_default().push(ground(rule, grade, text));
}
