//! The certificate that answers on the port, against those the server has.

use super::evidence::Weighed;
use super::incident::Incident;
use super::model::ground;
use crate::case::{Case, HostKey};
use crate::cause::CauseId;
use crate::event::Event;
use crate::signatures::Grade;

/// Adds that somebody else's certificate answers where the server should. Without a listing of the server's certificates
/// only its name is known, and an assigned certificate may bear another one.
pub(super) fn add_grounds(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let Some(server) = &incident.server else { return };
    let of = |provider: &'static str| case.found(provider);
    let own: Vec<_> = of("certutil")
        .filter(|event| event.computer.as_deref().and_then(HostKey::new).as_ref() == Some(server))
        .filter_map(subject)
        .collect();
    let seen = of("tls-peer").filter(|event| event.field("Port") == Some("3389")).find_map(subject);
    let Some(name) = seen else { return };
    let is_server = HostKey::new(&name).as_ref() == Some(server);
    if is_server || name.starts_with('*') || own.contains(&name) {
        return;
    }
    let grade = if own.is_empty() { Grade::Moderate } else { Grade::Strong };
    let text = format!("the certificate that answers is {name}, which is none of the server's");
    weighed.entry(CauseId::ThirdPartyEndpoint).or_default().push(ground(
        "certificate-of-another",
        grade,
        text,
    ));
}

/// The common name of a certificate, in lower case.
fn subject(event: &Event) -> Option<String> {
    let subject = event.field("Subject")?;
    let parts = subject.split([',', '/']).map(str::trim);
    let mut names =
        parts.filter_map(|part| part.strip_prefix("CN")?.trim_start().strip_prefix('='));
    names.next().map(|name| name.trim().to_lowercase())
}
