//! Rules and profiles of Windows Firewall: `netsh advfirewall`, `Get-NetFirewallRule`, `Get-NetFirewallProfile`,
//! `Get-NetConnectionProfile`.
//!
//! `netsh` translates its labels; their order is fixed, and the words for yes, in and block are known in a few languages.

use super::Fact;
use super::records::Record;
use super::transcript::{Line, Part};

/// From how many rules on a listing is one of all.
const ALL_RULES: usize = 100;

/// Reads the rules about Remote Desktop and the profiles in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let (mut rules, mut let_in, mut start) = (0, false, None);
    for (at, line) in part.lines.iter().enumerate() {
        let above = at.checked_sub(1).and_then(|at| part.lines.get(at));
        if is_ruler(&line.text)
            && let Some((label, name)) = above.and_then(|above| pair(&above.text))
            && !label.is_empty()
        {
            let below = part.lines.get(at + 1..).unwrap_or_default();
            let Some((rule, about_rdp)) = rule(name, at_number(above, line), below) else {
                continue;
            };
            rules += 1;
            start = start.or(Some(rule.lines.0));
            let_in |= lets_in(&rule);
            facts.extend(Some(rule).filter(|_| about_rdp));
        }
    }
    // A listing of single rules tells nothing of the others; every Windows has hundreds.
    if let Some(start) = start.filter(|_| rules >= ALL_RULES) {
        let fact = Fact::new("firewall-rules", start).with("Rules", rules.to_string());
        facts.push(fact.with("LetIn", if let_in { "yes" } else { "no" }));
    }
    read_objects(part, facts);
}

/// Rules and their filters as PowerShell prints them, the filters behind their rule.
fn read_objects(part: &Part<'_>, facts: &mut Vec<Fact>) {
    // The filters of a rule that was asked for by name may be all that is printed.
    let mut open = asks_for_filter(part.command.unwrap_or_default())
        .then(|| Fact::new("firewall-rule", part.lines.first().map_or(0, |line| line.number)));
    for record in part.records() {
        let fact = |provider| Fact::new(provider, record.lines.0).up_to(record.lines.1);
        let name = record.first(&["DisplayName", "Name"]);
        if !record.get("Direction").is_empty() {
            facts.extend(open.take().filter(tells));
            open = is_rdp(record.get("Name"), name).then(|| {
                let fact = fact("firewall-rule").with("Rule", name);
                let fact = fact.with("Enabled", yes_no(record.get("Enabled")));
                let fact = fact.with("Direction", direction(record.get("Direction")));
                let fact = fact.with("Profiles", record.get("Profile"));
                fact.with("Action", action(record.get("Action")))
            });
        } else if !record.get("NetworkCategory").is_empty() {
            let fact = fact("network-profile").with("Interface", record.get("InterfaceAlias"));
            facts.push(fact.with("Category", record.get("NetworkCategory")));
        } else if is_filter(record) {
            open = open.map(|rule| filtered(rule, record));
        }
    }
    facts.extend(open.filter(tells));
}

/// `Get-NetFirewallRule -Name RemoteDesktop-UserMode-In-TCP | Get-NetFirewallAddressFilter`.
fn asks_for_filter(command: &str) -> bool {
    let command = command.to_lowercase();
    let filter = ["get-netfirewalladdressfilter", "get-netfirewallportfilter"];
    filter.iter().any(|name| command.contains(name))
        && ["remotedesktop", "remote desktop", "28752"].iter().any(|name| command.contains(name))
}

/// Whether an object is a filter of a rule, by what it has; connections have addresses and a port on both sides.
fn is_filter(record: &Record) -> bool {
    let has = |name: &str| !record.get(name).is_empty();
    let addresses = has("RemoteAddress") && !has("RemotePort");
    let ports = has("Protocol") && has("LocalPort") && !has("RemoteAddress");
    (addresses || ports) && !has("State") && !has("ComputerName")
}

/// A rule with what one of its filters says.
fn filtered(rule: Fact, filter: &Record) -> Fact {
    let list = filter.get("RemoteAddress").trim_matches(['{', '}']).replace(' ', "");
    let rule = rule.up_to(filter.lines.1).with("RemoteIP", list);
    rule.with("Protocol", filter.get("Protocol")).with("LocalPort", filter.get("LocalPort"))
}

fn tells(rule: &Fact) -> bool {
    !rule.fields.is_empty()
}

/// Puts the filter of a rule that was asked for by itself behind the rule that was shown before; `told` is by part.
pub(super) fn join_filters(told: &mut [Vec<Fact>]) {
    let has = |fact: &Fact, name: &str| fact.fields.iter().any(|(known, _)| *known == name);
    let is_filter = |fact: &Fact| fact.provider == "firewall-rule" && !has(fact, "Direction");
    for at in 1..told.len() {
        let Some((before, [here, ..])) = told.split_at_mut_checked(at) else { break };
        let Some(filter) = here.iter().position(is_filter) else { continue };
        let mut rules = before.iter_mut().rev().flat_map(|facts| facts.iter_mut().rev());
        let rule = rules.find(|fact| fact.provider == "firewall-rule" && has(fact, "Direction"));
        let fields = here.get(filter).map_or(&[][..], |filter| &filter.fields);
        if let Some(rule) = rule.filter(|rule| !fields.iter().any(|(name, _)| has(rule, name))) {
            rule.fields.extend(here.remove(filter).fields);
        }
    }
}

fn at_number(above: Option<&Line>, line: &Line) -> u64 {
    above.map_or(line.number, |above| above.number)
}

fn is_ruler(line: &str) -> bool {
    line.len() > 40 && line.bytes().all(|byte| byte == b'-')
}

/// `Label:      value`, from the margin.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (label, value) = line.split_once(':')?;
    (!label.starts_with(' ')).then(|| (label.trim(), value.trim()))
}

/// Whether a rule lets Remote Desktop in, or may do so: what is not understood may.
fn lets_in(rule: &Fact) -> bool {
    let is = |name: &str, unless: &[&str]| {
        let value = rule.fields.iter().find(|(known, _)| *known == name);
        value.is_none_or(|(_, value)| !unless.contains(&value.as_str()))
    };
    let port = rule.fields.iter().find(|(name, _)| *name == "LocalPort").map(|(_, port)| port);
    // `3389`, `3300-3400`, or `Any` in any language.
    let by_port = |part: &str| match part.trim().split_once('-') {
        Some((low, high)) => {
            let [low, high] = [low, high].map(|port| port.trim().parse::<u16>());
            low.is_ok_and(|low| low <= 3389) && high.is_ok_and(|high| high >= 3389)
        }
        None => part
            .trim()
            .parse::<u16>()
            .map_or(!part.is_ascii() || part.len() > 2, |port| port == 3389),
    };
    is("Enabled", &["no"])
        && is("Direction", &["out"])
        && is("Action", &["block"])
        && is("Protocol", &["UDP", "ICMPv4", "ICMPv6", "IGMP", "IPv6"])
        && port.is_none_or(|port| port.split(',').any(by_port))
}

/// A rule of `netsh advfirewall firewall show rule`, and whether it is about Remote Desktop.
fn rule(name: &str, start: u64, below: &[Line]) -> Option<(Fact, bool)> {
    let mut last = start;
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for line in below.iter().take_while(|line| !line.text.trim().is_empty()) {
        last = line.number;
        match pair(&line.text) {
            Some((label, value)) => pairs.push((label, value.to_owned())),
            // Further addresses.
            None if line.text.starts_with(' ') => {
                let value = pairs.last_mut().map(|(_, value)| value)?;
                value.push(',');
                value.push_str(line.text.trim());
            }
            // `Ok.`
            None => break,
        }
    }
    let by_label = |label: &str| {
        pairs.iter().find(|(known, _)| *known == label).map(|(_, value)| value.as_str())
    };
    // With `verbose` a description comes first in English, and more labels stand between the others.
    let by_place = |place: usize| {
        let plain = (9..=12).contains(&pairs.len());
        pairs.get(place).filter(|_| plain).map(|(_, value)| value.as_str())
    };
    let value = |label, place| by_label(label).or_else(|| by_place(place)).unwrap_or_default();
    let port = value("LocalPort", 7);
    let ports = || port.split(',').map(str::trim);
    let about_rdp = ports().any(|port| port == "3389") || is_rdp("", name);
    let acts = pairs.last().map_or("", |(_, value)| value.as_str());
    let fact = Fact::new("firewall-rule", start).up_to(last).with("Rule", name);
    let fact = fact.with("Enabled", yes_no(value("Enabled", 0)));
    let fact = fact.with("Direction", direction(value("Direction", 1)));
    let fact = fact.with("Profiles", value("Profiles", 2));
    let fact = fact.with("RemoteIP", value("RemoteIP", 5).replace(' ', ""));
    let fact = fact.with("Protocol", value("Protocol", 6)).with("LocalPort", port);
    let fact = fact.with("Action", action(by_label("Action").unwrap_or(acts)));
    (pairs.len() > 4).then_some((fact, about_rdp))
}

fn is_rdp(id: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    id.starts_with("RemoteDesktop-UserMode-In-TCP")
        || ["remote desktop", "remotedesktop", "bureau à distance", "escritorio remoto"]
            .iter()
            .any(|words| name.starts_with(words) && name.contains("tcp"))
}

fn yes_no(word: &str) -> &'static str {
    match word.to_lowercase().as_str() {
        "yes" | "true" | "ja" | "oui" | "sí" | "sì" | "sim" | "tak" | "да" | "1" => "yes",
        "no" | "false" | "nein" | "nee" | "non" | "não" | "nie" | "нет" | "2" | "0" => "no",
        _ => "",
    }
}

fn direction(word: &str) -> &'static str {
    match word.to_lowercase().as_str() {
        "in" | "inbound" | "eingehend" | "actif" | "entrante" | "entrée" | "dentro" | "entrada" => {
            "in"
        }
        "out" | "outbound" | "ausgehend" | "saída" | "saliente" | "sortie" | "fuera" => "out",
        _ => "",
    }
}

fn action(word: &str) -> &'static str {
    match word.to_lowercase().as_str() {
        "allow" | "zulassen" | "autoriser" | "permitir" | "consenti" => "allow",
        "block" | "blockieren" | "blocken" | "bloquer" | "bloquear" | "blocca" => "block",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::CommandOutput;
    use crate::parsers::testing::parse;

    const RULE: &str = "DisplayName : Remote Desktop - User Mode (TCP-In)\nEnabled     : True\n\
        Profile     : Any\nDirection   : Inbound\nAction      : Allow\n";

    #[test]
    fn filters_that_follow_their_rule() {
        let other = RULE.replace("Remote Desktop - User Mode (TCP-In)", "Printing");
        let text = format!(
            "{RULE}\n\nProtocol  : TCP\nLocalPort : 3389\n\n\n\
                 RemoteAddress : {{192.0.2.0/255.255.255.0, 198.51.100.7}}\n\n\n\
                 {other}\n\nRemoteAddress : 203.0.113.0/24\n"
        );
        let found = parse(&CommandOutput, &text);
        assert!(found.contains("RemoteIP=\"192.0.2.0/255.255.255.0,198.51.100.7\""), "{found}");
        assert!(found.contains("LocalPort=\"3389\""), "{found}");
        assert!(!found.contains("203.0.113"), "{found}");
    }

    #[test]
    fn a_filter_that_was_asked_for_by_itself_belongs_to_the_rule_shown_before() {
        let ask = "Get-NetFirewallRule -Name RemoteDesktop-UserMode-In-TCP";
        let filter = "LocalAddress  : Any\nRemoteAddress : 192.0.2.0/24\n";
        let text = format!(
            "PS C:\\> {ask} | fl\n\n{RULE}\n\
                 PS C:\\> {ask} | Get-NetFirewallAddressFilter\n\n{filter}\n\
                 PS C:\\> Get-NetTCPConnection -LocalPort 3389 | fl\n\n\
                 RemoteAddress : 203.0.113.9\nRemotePort    : 50330\nState         : Established\n"
        );
        let found = parse(&CommandOutput, &text);
        let rule = found.lines().find(|line| line.contains("firewall-rule on")).unwrap_or(&found);
        assert!(rule.contains("Action=\"allow\" RemoteIP=\"192.0.2.0/24\""), "{found}");
        assert_eq!(found.matches("firewall-rule").count(), 1, "{found}");
        assert!(!found.contains("RemoteIP=\"203"), "{found}");
    }
}
