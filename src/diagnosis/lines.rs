//! Timeline lines of the incidents' own: dialogs, the attempts that failed, and the last and first that worked.

use std::sync::Arc;

use super::incident::Incident;
use crate::attempts::{Attempt, AttemptSide};
use crate::case::Case;
use crate::codes::DisconnectReason;
use crate::event::{Origin, TimeQuality};
use crate::signatures::Role;
use crate::timeline::{Entry, Fields};

/// Those lines.
pub(super) fn entries(case: &Case, incidents: &[Incident]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for dialog in case.ticket.iter().filter(|fact| fact.field("ErrorCode").is_some()) {
        let code = dialog
            .code("ErrorCode")
            .map(|error| DisconnectReason { error, extended: dialog.code("ExtendedErrorCode") });
        let words = code
            .map_or_else(String::new, |code| format!("Error dialog: {code} ({})", code.meaning()));
        entries.push(Entry::of_event(Arc::new(dialog.clone()), Role::Symptom, words));
    }
    for attempt in &case.attempts.list {
        let Some((origin, _, _)) = attempt.steps.first() else { continue };
        let mine = incidents.iter().any(|incident| incident.origins.contains(origin));
        let landmark = incidents.iter().any(|incident| {
            attempt.succeeded()
                && (incident.last_good == Some(attempt.start)
                    || incident.first_good_after == Some(attempt.start))
        });
        if mine || landmark {
            entries.push(attempt_entry(attempt, *origin));
        }
    }
    entries
}

fn attempt_entry(attempt: &Attempt, origin: Origin) -> Entry {
    let role = if attempt.succeeded() { Role::Recovery } else { Role::Symptom };
    let peer =
        attempt.peer.as_deref().or(attempt.target.as_deref()).unwrap_or("an unknown address");
    let seconds = attempt.duration().as_seconds_f64();
    let (side, outcome) = match (attempt.side, attempt.succeeded()) {
        (AttemptSide::Server, true) => ("Connection from", "got into a session".to_owned()),
        (AttemptSide::Client, true) => ("Connection to", "got into a session".to_owned()),
        (AttemptSide::Server, false) => {
            ("Connection from", format!("ended in stage {} after {seconds:.1} s", attempt.stage))
        }
        (AttemptSide::Client, false) => {
            ("Connection to", format!("ended in stage {} after {seconds:.1} s", attempt.stage))
        }
    };
    let mut fields: Vec<(Arc<str>, String)> = vec![("Stage".into(), attempt.stage.to_string())];
    let codes = [
        ("SecurityError", attempt.security_error),
        ("ErrorInfo", attempt.error_info),
        ("Reason", attempt.reason),
    ];
    fields.extend(
        codes
            .iter()
            .filter_map(|(name, code)| code.map(|code| ((*name).into(), format!("{code:#x}")))),
    );
    fields.extend(attempt.user.as_ref().map(|user| ("User".into(), user.to_string())));
    fields.extend(attempt.peer.as_ref().map(|peer| ("Address".into(), peer.to_string())));
    fields.extend(attempt.activity.as_ref().map(|id| ("ActivityID".into(), id.to_string())));
    let provider = match attempt.side {
        AttemptSide::Server => "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS",
        AttemptSide::Client => "Microsoft-Windows-TerminalServices-ClientActiveXCore",
    };
    Entry {
        time: Some(attempt.start),
        last: Some(attempt.end),
        quality: TimeQuality::Exact,
        count: 1,
        host: Arc::clone(&attempt.host),
        provider: provider.into(),
        event_id: None,
        channel: None,
        level: None,
        role,
        signature: None,
        incident: None,
        delta_s: None,
        summary: format!("{side} {peer} {outcome}"),
        fields: Fields::Own(fields),
        origin,
        attempt: Some(Box::new(attempt.clone())),
    }
}
