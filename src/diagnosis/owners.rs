//! Who holds the port of Remote Desktop: a listing of ports names a process by its number, one of processes or of services
//! says what that is.

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::Case;
use crate::cause::CauseId;
use crate::event::Event;
use crate::signatures::Grade;

/// Adds what the two listings say together.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let server = incident.server.as_ref();
    let holds = |event: &&Event| {
        event.field("Port") == Some("3389")
            && event.field("Listening") == Some("yes")
            && event.field("Component").is_none()
    };
    let Some(pid) = case.found_on(server, "ports").filter(holds).find_map(|it| it.field("Pid"))
    else {
        return;
    };
    let own = own_process(case, incident);
    if own.as_deref() == Some(pid) {
        let text = format!("port 3389 is held by process {pid}, which is that of TermService");
        return add(&[(CauseId::ListenerFailure, Grade::Against)], &text, weighed);
    }
    let mut tables = case.found_on(server, "processes").filter_map(|it| it.field("Table"));
    let Some(process) = tables.find_map(|table| process(table, pid)) else { return };
    let (program, services) = process.split_once('(').unwrap_or((process, ""));
    let services = services.trim_end_matches(')');
    let is_host =
        program.eq_ignore_ascii_case("svchost.exe") || program.eq_ignore_ascii_case("svchost");
    // Without its services such a process may be anything; and a service may have started anew between two listings.
    if is_host && services.is_empty() {
        return;
    }
    let text = format!("port 3389 is held by process {pid}, which is {process}");
    // As much as `netstat -b` says, once it is known that TermService is elsewhere.
    let (listener, endpoint) = if own.is_some() && !is_host {
        (Grade::Conclusive, Grade::Strong)
    } else {
        (Grade::Strong, Grade::Moderate)
    };
    let other = [(CauseId::ListenerFailure, listener), (CauseId::ThirdPartyEndpoint, endpoint)];
    add(&other, &text, weighed);
}

/// The process of TermService, as a listing of services or of processes tells.
fn own_process(case: &Case, incident: &Incident) -> Option<String> {
    let server = incident.server.as_ref();
    let is_own = |event: &&Event| event.field("Service") == Some("TermService");
    let mut services = case.found_on(server, "services").filter(is_own);
    let by_service = services.find_map(|event| event.field("Pid"));
    let mut processes = case.found_on(server, "processes");
    by_service.or_else(|| processes.find_map(|it| it.field("TermServicePid"))).map(str::to_owned)
}

/// `svchost.exe(TermService)` of a number, in `;1188=svchost.exe(TermService);`.
fn process<'t>(table: &'t str, pid: &str) -> Option<&'t str> {
    let (_, rest) = table.split_once(&format!(";{pid}="))?;
    rest.split(';').next().filter(|process| !process.is_empty())
}

fn add(causes: &[(CauseId, Grade)], text: &str, weighed: &mut Weighed) {
    for (cause, grade) in causes {
        weighed.entry(*cause).or_default().push(ground("port-owner", *grade, text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_whole() {
        let table = ";4=System;1188=svchost.exe(TermService);118=agent.exe;";
        assert_eq!(process(table, "1188"), Some("svchost.exe(TermService)"));
        assert_eq!(process(table, "118"), Some("agent.exe"));
        assert_eq!(process(table, "11"), None);
    }
}
