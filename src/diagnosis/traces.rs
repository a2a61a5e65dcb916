//! Causes that would have left a trace: their logs were collected, reach over the failure, and tell nothing of them.

use super::evidence::{Ground, Weighed};
use super::failure::Basis;
use super::incident::Incident;
use super::missing;
use super::weights::Weights;
use crate::case::Case;
use crate::cause::Stage;
use crate::signatures::{Cause, Collect, Database, Grade, Kind};

/// Adds what the silence of logs says: the more of a cause's logs cover the failure, the more.
pub(super) fn add_grounds(
    case: &Case,
    db: &Database,
    incident: &Incident,
    weights: &Weights,
    weighed: &mut Weighed,
) {
    // Words do not say when, so no log can be said to have been silent then.
    if incident.basis == Basis::Words {
        return;
    }
    for cause in db.causes().values().filter(|cause| cause.kind == Kind::Cause) {
        let grounds = weighed.entry(cause.id).or_default();
        if grounds.iter().any(|ground| is_trace(db, weights, ground)) {
            continue;
        }
        let (silent, all) = silent_logs(case, db, incident, cause);
        if silent.is_empty() {
            continue;
        }
        let share = silent.len() as f64 / all as f64;
        let text =
            format!("what would tell of it was collected and does not: {}", silent.join(", "));
        grounds.push(Ground {
            signature: "no-trace".to_owned(),
            grade: Grade::Against,
            weight_db: weights.against * share,
            entry: None,
            text,
        });
    }
}

/// Whether a cause would stand in a log by itself, and not only by how its connections end there. The classic logs have
/// many writers.
fn tells(db: &Database, cause: &Cause, log: &str) -> bool {
    let Some((writer, _)) = log.split_once('/') else { return true };
    db.signatures().iter().any(|signature| {
        signature.evidence.get(&cause.id).is_some_and(|grade| *grade >= Grade::Strong)
            && signature.providers().iter().any(|name| name.eq_ignore_ascii_case(writer))
    })
}

/// In which a server notes what it accepts.
const CONNECTIONS: [&str; 2] = [
    "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational",
    "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
];

/// Whether a ground is the mark of the cause itself. What the failure looks like from the client is none: it looks so for
/// several causes.
fn is_trace(db: &Database, weights: &Weights, ground: &Ground) -> bool {
    ground.weight_db >= weights.heavy() && !ground.is_looks(db)
}

/// The logs a cause's file asks for that cover the failure, and how many it asks for.
fn silent_logs<'db>(
    case: &Case,
    db: &Database,
    incident: &Incident,
    cause: &'db Cause,
) -> (Vec<&'db str>, usize) {
    // Logs of connections are silent where none arrived, whatever kept it away.
    let arrived = incident.stages.is_empty() || incident.stages.iter().any(|it| *it > Stage::Tcp);
    let speaks = |log: &str| (arrived || !CONNECTIONS.contains(&log)) && tells(db, cause, log);
    let logs: Vec<&Collect> = cause
        .collect
        .iter()
        .filter(|collect| collect.channel.as_deref().is_some_and(speaks))
        .collect();
    let silent = logs.iter().filter(|collect| missing::covers(case, incident, collect));
    let names = silent.filter_map(|collect| collect.channel.as_deref()).collect();
    (names, logs.len())
}
