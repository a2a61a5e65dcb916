//! Whether the user is in one of the groups that may log on by Remote Desktop.

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::Case;
use crate::cause::CauseId;
use crate::signatures::Grade;

/// Adds that the user stands in such a group by name. That it does not proves nothing: it may be in a group that is in it.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    for event in case.found_on(incident.server.as_ref(), "local-group") {
        let members = event.field("Members").unwrap_or_default();
        let is_in = |user: &str| {
            members.split(';').any(|member| account(member).eq_ignore_ascii_case(account(user)))
        };
        let Some(user) = incident.users.iter().find(|user| !user.is_empty() && is_in(user)) else {
            continue;
        };
        let group = event.field("Group").unwrap_or_default();
        let text = format!("{user} is in {group}, which may log on by default");
        let grounds = weighed.entry(CauseId::LogonNotPermitted).or_default();
        return grounds.push(ground("user-in-group", Grade::Against, text));
    }
}

/// An account without its domain: `CORP\ann`, `ann@corp.example`.
fn account(name: &str) -> &str {
    let name = name.rsplit('\\').next().unwrap_or(name);
    name.split('@').next().unwrap_or(name)
}
