//! The profiles of Windows Firewall: `Get-NetFirewallProfile`, `netsh advfirewall show allprofiles`.
//!
//! `netsh` prints them in the order domain, private, public in every language, and never translates the policy.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// Reads the profiles in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    netsh(part, facts);
    for record in part.records() {
        let inbound = record.get("DefaultInboundAction");
        if inbound.is_empty() || record.get("Enabled").is_empty() {
            continue;
        }
        let fact = Fact::new("firewall-profile", record.lines.0).up_to(record.lines.1);
        let fact = fact.with("Profile", record.first(&["Name", "Profile"]));
        let fact = fact.with("Enabled", yes_no(record.get("Enabled")));
        let fact = fact.with("Inbound", action(inbound));
        let fact = fact.with("InboundRules", yes_no(record.get("AllowInboundRules")));
        let fact = fact.with("LocalRules", yes_no(record.get("AllowLocalFirewallRules")));
        facts.push(fact.with("LogsDrops", yes_no(record.get("LogBlocked"))));
    }
}

fn yes_no(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" => "yes",
        "false" | "0" | "off" => "no",
        _ => "",
    }
}

fn action(word: &str) -> &'static str {
    match word.to_ascii_lowercase().as_str() {
        // What no policy sets is blocked.
        "block" | "notconfigured" | "4" | "0" => "block",
        "allow" | "2" => "allow",
        _ => "",
    }
}

/// `Firewall Policy                       BlockInbound,AllowOutbound`, above it `State   ON`.
fn netsh(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static POLICY: LazyLock<Expression> = LazyLock::new(|| {
        expression(r"^\p{L}.*\s(Block|Allow)Inbound(Always)?,(?:Block|Allow)Outbound\s*$")
    });
    let rows = part.lines.iter().enumerate();
    let rows = rows.filter(|(_, line)| line.text.contains("Inbound"));
    let found: Vec<_> = rows
        .filter_map(|(at, line)| Some((at, line.number, POLICY.captures(&line.text)?)))
        .collect();
    for (place, (at, number, policy)) in found.iter().enumerate() {
        let state = at.checked_sub(1).and_then(|above| part.lines.get(above));
        let state = state.and_then(|line| line.text.split_whitespace().last()).unwrap_or_default();
        let below = part.lines.iter().skip(at + 1).take(4);
        let by_policy_only = below
            .clone()
            .any(|line| line.text.starts_with("LocalFirewallRules") && line.text.contains("GPO"));
        let profile = ["Domain", "Private", "Public"].get(place).filter(|_| found.len() == 3);
        let fact = Fact::new("firewall-profile", *number);
        let fact = fact.with("Profile", profile.copied().unwrap_or_default());
        let fact = fact.with("Enabled", on_off(state));
        let blocks = policy.get(1).is_some_and(|word| word.as_str() == "Block");
        let fact = fact.with("Inbound", if blocks { "block" } else { "allow" });
        let fact = fact.with("InboundRules", if policy.get(2).is_some() { "no" } else { "yes" });
        facts.push(fact.with("LocalRules", if by_policy_only { "no" } else { "" }));
    }
}

fn on_off(word: &str) -> &'static str {
    match word.to_uppercase().as_str() {
        "ON" | "EIN" | "ACTIVÉ" | "ACTIF" | "ACTIVAR" | "ACTIVADO" | "ATTIVO" | "LIGADO"
        | "AAN" => "yes",
        "OFF" | "AUS" | "INACTIF" | "DÉSACTIVÉ" | "DESACTIVAR" | "INATTIVO" | "DESLIGADO"
        | "UIT" => "no",
        _ => "",
    }
}
