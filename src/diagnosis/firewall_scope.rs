//! Whom the rules of the server's firewall let in, against the addresses that the client has.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::{Case, HostKey};
use crate::cause::CauseId;
use crate::event::Event;
use crate::signatures::Grade;

/// The addresses of an incident's client.
#[derive(Debug, Default)]
pub(super) struct ClientAddresses {
    /// Those that the server saw.
    seen: BTreeSet<IpAddr>,
    /// Those that the client says it has; on the way they may become others.
    own: BTreeSet<IpAddr>,
}

impl ClientAddresses {
    pub(super) fn of(case: &Case, incident: &Incident) -> Self {
        let mut seen: BTreeSet<IpAddr> =
            incident.peers.iter().filter_map(|peer| peer.parse().ok()).collect();
        let mut own = BTreeSet::new();
        let from = |trial: &Event| trial.field("From")?.parse::<IpAddr>().ok();
        let Some(client) = &incident.client else {
            // Nobody names the client: whoever tried the port in vain from elsewhere is one.
            let in_vain = |trial: &&Event| {
                trial.field("Answers") == Some("no") && trial.field("From") != trial.field("To")
            };
            own.extend(case.found("reachability").filter(in_vain).filter_map(from));
            return Self { seen, own };
        };
        seen.extend(client.as_str().parse::<IpAddr>().ok());
        let is_client = |name: Option<&str>| name.and_then(HostKey::new).as_ref() == Some(client);
        for event in case.found("ipconfig") {
            let named = event.field("Host").or(event.computer.as_deref());
            if is_client(named) {
                let list = event.field("Addresses").unwrap_or_default().split("; ");
                own.extend(list.filter_map(|address| address.parse::<IpAddr>().ok()));
            }
        }
        let tried = case.found("reachability").filter(|event| is_client(event.computer.as_deref()));
        own.extend(tried.filter_map(from));
        Self { seen, own }
    }

    /// Whether a rule is about this client; `None` when that cannot be told.
    pub(super) fn fit(&self, rule: &Event) -> Option<bool> {
        let list = rule.field("RemoteIP")?;
        let all = if self.seen.is_empty() { &self.own } else { &self.seen };
        let told: Vec<_> = all.iter().map(|address| includes(list, *address)).collect();
        if told.contains(&Some(true)) {
            return Some(true);
        }
        (!told.is_empty() && told.iter().all(|fits| *fits == Some(false))).then_some(false)
    }

    fn shown(&self) -> String {
        let all = if self.seen.is_empty() { &self.own } else { &self.seen };
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// Whether what a rule says counts for this client as its signature has it: a block of other addresses does not, and
/// neither does a limit that leaves the client in.
pub(super) fn counts(rule: &Event, client: &ClientAddresses) -> bool {
    if !rule.is_from("firewall-rule") {
        return true;
    }
    match (rule.field("Action"), client.fit(rule)) {
        (Some("block"), Some(false)) => false,
        (Some("allow"), Some(true)) => rule.field("Enabled") != Some("yes"),
        _ => true,
    }
}

/// Adds that every rule that lets Remote Desktop in leaves the client out.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let client = ClientAddresses::of(case, incident);
    let rules: Vec<_> = case
        .found_on(incident.server.as_ref(), "firewall-rule")
        .filter(|rule| {
            rule.field("Enabled") == Some("yes") && rule.field("Direction") != Some("out")
        })
        .filter(|rule| !matches!(rule.field("Protocol"), Some("UDP" | "17")))
        .collect();
    let allow = || rules.iter().filter(|rule| rule.field("Action") == Some("allow"));
    if allow().next().is_some() && allow().all(|rule| client.fit(rule) == Some(false)) {
        let lists: BTreeSet<_> = allow().filter_map(|rule| rule.field("RemoteIP")).collect();
        let lists: Vec<_> = lists.into_iter().collect();
        let text = format!(
            "the firewall lets in {} alone, and the client has {}",
            lists.join(", "),
            client.shown()
        );
        // An address that the server itself saw has got through to it.
        let grade = if client.seen.is_empty() { Grade::Strong } else { Grade::Moderate };
        let grounds = weighed.entry(CauseId::FirewallBlocked).or_default();
        grounds.push(ground("rules-leave-client-out", grade, text));
    }
}

/// Whether an address is in a list as rules have it: `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.0.0.1-10.0.0.9`, one address, `Any`;
/// `None` when a word in it, such as `LocalSubnet`, may mean it.
pub(super) fn includes(list: &str, address: IpAddr) -> Option<bool> {
    let mut sure = true;
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match range(part) {
            Some((low, high)) => {
                if low.is_ipv4() == address.is_ipv4() && low <= address && address <= high {
                    return Some(true);
                }
            }
            None => sure = false,
        }
    }
    sure.then_some(false)
}

/// The first and the last address of a part of a list.
fn range(part: &str) -> Option<(IpAddr, IpAddr)> {
    if let Some((low, high)) = part.split_once('-') {
        return Some((low.trim().parse().ok()?, high.trim().parse().ok()?));
    }
    let Some((base, length)) = part.split_once('/') else {
        let only: IpAddr = part.parse().ok()?;
        return Some((only, only));
    };
    match base.trim().parse().ok()? {
        IpAddr::V4(base) => {
            let mask = match length.trim().parse::<u32>() {
                Ok(bits @ 0..=32) => u32::MAX.checked_shl(32 - bits).unwrap_or(0),
                Ok(_) => return None,
                Err(_) => length.trim().parse::<std::net::Ipv4Addr>().ok()?.to_bits(),
            };
            let low = base.to_bits() & mask;
            Some((IpAddr::V4(low.into()), IpAddr::V4((low | !mask).into())))
        }
        IpAddr::V6(base) => {
            let bits = length.trim().parse::<u32>().ok().filter(|bits| *bits <= 128)?;
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            let low = base.to_bits() & mask;
            Some((IpAddr::V6(low.into()), IpAddr::V6((low | !mask).into())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_as_rules_have_them() {
        for (list, address, fits) in [
            ("10.0.0.0/8", "10.200.1.1", Some(true)),
            ("10.0.0.0/8", "192.168.1.7", Some(false)),
            ("10.0.0.0/255.0.0.0,192.168.1.0/24", "192.168.1.7", Some(true)),
            ("192.0.2.1-192.0.2.9", "192.0.2.10", Some(false)),
            ("192.0.2.1-192.0.2.9", "192.0.2.5", Some(true)),
            ("LocalSubnet", "192.0.2.5", None),
            ("LocalSubnet,192.0.2.5", "192.0.2.5", Some(true)),
            ("Any", "192.0.2.5", None),
            ("0.0.0.0/0", "192.0.2.5", Some(true)),
            ("fe80::/64", "fe80::1", Some(true)),
            ("fe80::/64", "192.0.2.5", Some(false)),
            ("10.0.0.0/99", "10.0.0.1", None),
        ] {
            assert_eq!(includes(list, address.parse().unwrap()), fits, "{list} {address}");
        }
    }
}
