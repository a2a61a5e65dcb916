//! Who may log on: the privilege rights of `secedit /export`.

use super::Fact;
use super::transcript::Part;

/// Reads the rights that decide about a logon, in a part: `SeNetworkLogonRight = *S-1-5-11,CONTOSO\group`.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    for line in part.lines {
        let Some((name, members)) = line.text.split_once('=') else { continue };
        let name = name.trim();
        if !(name.starts_with("Se") && name.ends_with("LogonRight")) || name.contains(' ') {
            continue;
        }
        let mut members: Vec<_> = members.split(',').map(|member| member.trim()).collect();
        members.retain(|member| !member.is_empty());
        let members = members.iter().map(|member| member.trim_start_matches('*'));
        // A semicolon at both ends of each, so that one account can be looked for.
        let members: String = members.map(|member| format!(";{member}")).collect();
        let fact = Fact::new("user-right", line.number).with("Right", name);
        facts.push(fact.with("Members", members + ";"));
    }
}
