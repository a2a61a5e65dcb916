//! Grounds that no single event gives: they follow from the attempts, the scope, the changes and what is absent.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::clock::Offsets;
use super::downtime::{self, LISTENER};
use super::evidence::{Ground, Weighed};
use super::incident::Incident;
use super::silence;
use super::trigger::Change;
use crate::case::Case;
use crate::cause::{CauseId, Stage};
use crate::event::Event;
use crate::signatures::{Database, Grade, Kind, KnownUpdate, Mark, Scope, Side};

/// Adds what the model itself knows of an incident.
pub(super) fn add_grounds(
    case: &Case,
    db: &Database,
    incident: &Incident,
    (changes, repairs): (&[Change], &[Change]),
    offsets: &Offsets,
    weighed: &mut Weighed,
) {
    add_stages(db, incident, weighed);
    add_normal_end(incident, weighed);
    add_thrown_out(incident, weighed);
    add_scope(db, incident, weighed);
    add_changes(db, incident, changes, weighed);
    add_repairs(repairs, weighed);
    silence::add_grounds(case, incident, weighed);
    add_quiet_server(case, db, incident, weighed);
    add_lost_certificate(case, incident, weighed);
    add_clocks(case, offsets, incident, weighed);
    add_other_port(case, incident, weighed);
    add_switched_off(weighed);
    forget_answers(db, weighed);
}

/// Where another program holds the port, it is that program which answers: nothing a client hears speaks for the listener.
fn forget_answers(db: &Database, weighed: &mut Weighed) {
    if !port_is_taken(weighed) {
        return;
    }
    let heard = |ground: &Ground| {
        let found = db.find(&ground.signature);
        ground.grade.is_against() && found.is_some_and(|found| found.side == Side::Client)
    };
    let grounds = weighed.entry(CauseId::ListenerFailure).or_default();
    grounds.retain(|ground| !heard(ground));
}

/// What switches Remote Desktop off explains that nobody listens: no other fault of the listener is needed.
fn add_switched_off(weighed: &mut Weighed) {
    let sure = |cause: &CauseId| {
        let mut grounds = weighed.get(cause).into_iter().flatten();
        grounds.any(|ground| ground.grade == Grade::Conclusive)
    };
    if sure(&CauseId::RdpDisabled) && !sure(&CauseId::ListenerFailure) {
        let text = "it is switched off, which explains that nobody listens".to_owned();
        let grounds = weighed.entry(CauseId::ListenerFailure).or_default();
        grounds.push(ground("switched-off", Grade::Against, text));
    }
    // There are two switches, and one is enough: that the other is on says nothing then.
    let grounds = weighed.entry(CauseId::RdpDisabled).or_default();
    if grounds.iter().any(|ground| ground.signature == "registry-listener-disabled") {
        grounds.retain(|ground| ground.signature != "registry-rdp-allowed");
    }
}

pub(super) fn ground(rule: &str, grade: Grade, text: String) -> Ground {
    Ground { signature: rule.to_owned(), grade, weight_db: 0.0, entry: None, text }
}

/// Names of what the stages say for and against a cause.
pub(crate) const STAGE_FITS: &str = "stage-fits";
pub(super) const STAGE_EXCLUDES: &str = "stage-excludes";

/// The stages the connection can have died in exclude the causes that bite elsewhere.
fn add_stages(db: &Database, incident: &Incident, weighed: &mut Weighed) {
    if incident.stages.is_empty() {
        return;
    }
    for cause in
        db.causes().values().filter(|cause| cause.kind == Kind::Cause && !cause.stages.is_empty())
    {
        let fits = cause.stages.iter().any(|stage| incident.stages.contains(stage));
        let ground = if fits {
            let text =
                format!("the connection broke off where this acts ({})", names(&incident.stages));
            ground(STAGE_FITS, Grade::Weak, text)
        } else if cause.id == CauseId::ListenerFailure && port_is_taken(weighed) {
            // Somebody else answers on the port of the listener, as far as that goes.
            continue;
        } else {
            let text = format!(
                "it acts at {}; the connection broke off at {}",
                names(&cause.stages),
                names(&incident.stages)
            );
            ground(STAGE_EXCLUDES, Grade::RulesOut, text)
        };
        weighed.entry(cause.id).or_default().push(ground);
    }
}

/// Whether another program is known to hold the listener's port.
fn port_is_taken(weighed: &Weighed) -> bool {
    let grounds = weighed.get(&CauseId::ListenerFailure).into_iter().flatten();
    let taken =
        ["ports-rdp-taken", "rcm-1036-address-in-use", "rcm-260-listen-failed", "port-taken"];
    grounds
        .filter(|ground| ground.weight_db >= 0.0)
        .any(|ground| taken.contains(&&*ground.signature))
}

fn names(stages: &[Stage]) -> String {
    stages.iter().map(|stage| stage.as_str()).collect::<Vec<_>>().join(", ")
}

/// A code that means a normal end is the whole answer, unless the server denied the connection.
fn add_normal_end(incident: &Incident, weighed: &mut Weighed) {
    if let Some(code) = incident.code.filter(|code| incident.normal_end && code.is_normal_end()) {
        let text = format!("{code}: {}", code.meaning());
        weighed.entry(CauseId::SessionEndedNormally).or_default().push(ground(
            "normal-end",
            Grade::Conclusive,
            text,
        ));
    }
}

/// A logon that Windows takes back before there is a desktop: the profile or the shell could not be loaded.
fn add_thrown_out(incident: &Incident, weighed: &mut Weighed) {
    if incident.thrown_out {
        let text =
            "the user was logged on, and signed out again before there was anything to work with"
                .to_owned();
        let cause = weighed.entry(CauseId::ProfileFailure).or_default();
        cause.push(ground("no-desktop", Grade::Moderate, text));
    }
}

/// Others got in at the same time: what hits every client cannot be it.
fn add_scope(db: &Database, incident: &Incident, weighed: &mut Weighed) {
    let Some(other) = incident.others_in.iter().next() else { return };
    for cause in db.causes().values().filter(|cause| cause.scope == Scope::AllClients) {
        let text = format!("it would hit every client, and {other} got in meanwhile");
        weighed.entry(cause.id).or_default().push(ground("others-got-in", Grade::Against, text));
    }
}

/// A change that is documented to lead to a cause, made between the last connection that worked and the first that
/// failed, speaks for it.
fn add_changes(db: &Database, incident: &Incident, changes: &[Change], weighed: &mut Weighed) {
    let (mut told, mut between): (Vec<CauseId>, Vec<CauseId>) = Default::default();
    for change in changes {
        let within = |days: i64| {
            incident
                .first
                .zip(change.time)
                .is_some_and(|(first, time)| first - time <= TimeDelta::days(days))
        };
        let bracketed = within(2) && incident.last_good.is_some();
        let in_between =
            within(2) && incident.last_good.is_some_and(|good| change.time > Some(good));
        let known_effect = within(14) && is_known_update(db, change);
        let broad = change.links.len() > 3;
        // What touches one thing and was changed a day before it failed speaks without a good connection in between.
        let specific = within(2) && change.links.len() <= 2;
        let grade =
            if bracketed || known_effect || specific { Grade::Moderate } else { Grade::Weak };
        // A policy that touches everything says little about any one thing.
        let grade = if broad { Grade::Weak } else { grade };
        for cause in &change.links {
            // What is evidence by itself is not counted again as a change.
            let known = weighed.get(cause).into_iter().flatten();
            let mut own = known.filter(|ground| ground.entry == Some(change.entry));
            let counted = own.any(|ground| ground.weight_db >= 0.0);
            if !told.contains(cause) && !counted {
                told.push(*cause);
                let text = "it was changed before the first failure, and such a change is documented to lead to this".to_owned();
                let ground =
                    Ground { entry: Some(change.entry), ..ground("change-before", grade, text) };
                weighed.entry(*cause).or_default().push(ground);
            }
            // What a change says by itself is one fact; that it fell between what worked and what failed is another.
            let speaks = counted || (known_effect && is_known_for(db, change, *cause));
            if in_between && speaks && !between.contains(cause) {
                between.push(*cause);
                weighed.entry(*cause).or_default().push(changed_in_between(change));
            }
        }
    }
}

fn changed_in_between(change: &Change) -> Ground {
    let text = "connections worked until this was changed, and failed from then on".to_owned();
    let grade = if change.links.len() > 3 { Grade::Weak } else { Grade::Moderate };
    Ground { entry: Some(change.entry), ..ground("changed-in-between", grade, text) }
}

/// It works again after something was changed, and such a change touches what the cause is about. What touches everything
/// tells nothing.
fn add_repairs(repairs: &[Change], weighed: &mut Weighed) {
    let told = repairs.iter().filter(|repair| repair.links.len() <= 3);
    let causes: BTreeMap<CauseId, &Change> =
        told.flat_map(|repair| repair.links.iter().map(move |cause| (*cause, repair))).collect();
    for (cause, repair) in causes {
        let text = "connections work again after this was changed".to_owned();
        let ground = ground("works-again-after", Grade::Moderate, text);
        weighed.entry(cause).or_default().push(Ground { entry: Some(repair.entry), ..ground });
    }
}

/// Whether an update is on record for an effect on Remote Desktop, by more than hearsay.
fn is_known_update(db: &Database, change: &Change) -> bool {
    known_effects(db, change).any(|update| !update.causes.is_empty())
}

/// Whether it is on record for this cause.
fn is_known_for(db: &Database, change: &Change, cause: CauseId) -> bool {
    known_effects(db, change).any(|update| update.causes.contains(&cause))
}

fn known_effects<'d>(db: &'d Database, change: &Change) -> impl Iterator<Item = &'d KnownUpdate> {
    let kb = change.kb.clone();
    let named = move |update: &&KnownUpdate| kb.as_deref() == Some(update.kb.as_str());
    db.updates().iter().filter(named).filter(|update| update.mark != Mark::U)
}

/// What a log that covers the failure says by its silence: about a cause, in a channel, how much, in words.
type Quiet = (CauseId, &'static str, Grade, &'static str);

const QUIET_LOGS: [Quiet; 3] = [
    (
        CauseId::ServerRestarted,
        "System",
        Grade::RulesOut,
        "the System log covers the time and tells of no start, stop or sleep",
    ),
    (
        CauseId::ListenerFailure,
        LISTENER,
        Grade::Against,
        "the listener's log covers the time and tells of no trouble",
    ),
    (
        CauseId::RdpDisabled,
        LISTENER,
        Grade::Against,
        "the listener's log covers the time and it was not stopped",
    ),
];

/// Where nobody answers, a key that cannot be read acts by the listener that does not come up for want of it.
const QUIET_KEY: Quiet = (
    CauseId::CertKeyAccessDenied,
    LISTENER,
    Grade::Against,
    "nobody answered, and the listener's log covers the time and tells of no trouble",
);

/// A server notes its own starts and stops in System, and those of its listener in the log of RemoteConnectionManager.
/// Where both reach over the failure and tell of neither, it neither restarted nor stopped listening.
fn add_quiet_server(case: &Case, db: &Database, incident: &Incident, weighed: &mut Weighed) {
    let (Some(first), Some(last)) = (incident.first, incident.last) else { return };
    let (Some(key), Some(host)) = (&incident.server, case.host(incident.server.as_ref())) else {
        return;
    };
    let covers = |channel: &str| {
        let log = host.coverage.get(channel);
        log.is_some_and(|log| !log.cleared && log.covers(first - QUIET) && log.covers(last + QUIET))
    };
    let stopped = downtime::listener_stopped_since(case, key, first).is_some();
    let gone = downtime::gone_since(case, key, first).is_some();
    let unanswered =
        !incident.stages.is_empty() && incident.stages.iter().all(|stage| *stage <= Stage::Tcp);
    for (cause, channel, grade, text) in
        QUIET_LOGS.into_iter().chain(unanswered.then_some(QUIET_KEY))
    {
        let noted = if cause == CauseId::ServerRestarted { gone } else { stopped };
        if covers(channel) && !noted && !server_tells_of(db, weighed, cause) {
            let ground = ground("nothing-logged", grade, text.to_owned());
            weighed.entry(cause).or_default().push(ground);
        }
    }
}

/// Whether a log of the server speaks for a cause.
fn server_tells_of(db: &Database, weighed: &Weighed, cause: CauseId) -> bool {
    let own = |ground: &Ground| {
        db.find(&ground.signature)
            .is_some_and(|signature| matches!(signature.side, Side::Server | Side::Either))
    };
    weighed
        .get(&cause)
        .is_some_and(|grounds| grounds.iter().any(|ground| ground.weight_db > 0.0 && own(ground)))
}

/// The registry assigns a certificate to the listener that no listing of the server's certificates shows. An assigned one
/// lies in the store `My` as a rule, so a listing of other stores alone says less.
fn add_lost_certificate(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let of = |provider: &'static str| case.found_on(incident.server.as_ref(), provider);
    let assigned = of("registry")
        .filter(|event| event.field("Name") == Some("SSLCertificateSHA1Hash"))
        .filter_map(|event| event.field("Data"))
        .find(|hash| hash.len() == 40);
    let Some(hash) = assigned else { return };
    let listed = || of("certutil").filter(|event| event.field("Hash").is_some());
    let shown = listed().any(|event| event.field("Hash") == Some(hash));
    if shown || listed().next().is_none() {
        return;
    }
    let personal = listed()
        .any(|event| event.field("Store").is_some_and(|store| store.eq_ignore_ascii_case("My")));
    let grade = if personal { Grade::Strong } else { Grade::Moderate };
    let text = format!("the listener is to use certificate {hash}, which certutil does not show");
    weighed.entry(CauseId::CertKeyMissing).or_default().push(ground(
        "assigned-certificate-gone",
        grade,
        text,
    ));
}

/// The listener is set to another port. Who does not ask for that one finds no listener; who does meets a firewall whose
/// built-in rule is for 3389.
fn add_other_port(case: &Case, incident: &Incident, weighed: &mut Weighed) {
    let mut set = case.found_on(incident.server.as_ref(), "registry");
    let set = set.find_map(|event| {
        event.field("Data").filter(|_| event.field("Name") == Some("PortNumber"))
    });
    let port = set.or_else(|| bound_port(case, incident)).filter(|port| *port != "3389");
    let Some(port) = port else { return };
    let asks = |text: &str| {
        text.split(|letter: char| !letter.is_ascii_digit()).any(|number| number == port)
    };
    let asked = case.ticket.iter().filter_map(|fact| fact.field("Message")).any(asks)
        || case.attempts.list.iter().filter_map(|attempt| attempt.target.as_deref()).any(asks);
    let (cause, text) = if asked {
        let text =
            format!("the client asks for port {port}, for which Windows has no rule of its own");
        (CauseId::FirewallBlocked, text)
    } else {
        (
            CauseId::ListenerFailure,
            format!("the listener is set to port {port}, which nobody asks for"),
        )
    };
    weighed.entry(cause).or_default().push(ground("another-port", Grade::Strong, text));
    if asked && listens_on(case, incident, port) {
        let text = format!("something listens on port {port}, which the client asks for");
        for cause in [CauseId::ListenerFailure, CauseId::RdpDisabled] {
            let up = ground("listens-elsewhere", Grade::RulesOut, text.clone());
            weighed.entry(cause).or_default().push(up);
        }
    }
}

/// The port on which the listener was last bound before it failed: RdpCoreTS 129.
fn bound_port<'c>(case: &'c Case, incident: &Incident) -> Option<&'c str> {
    let over_tcp = |event: &&Event| {
        event.event_id == Some(129) && event.field("TransportProtocolName") == Some("TCP")
    };
    let bound = case.found_on(incident.server.as_ref(), CORE).filter(over_tcp);
    let dated = bound.filter_map(|event| Some((event.time.utc()?, event.field("Port")?)));
    let before = dated.filter(|(time, _)| incident.last.is_none_or(|last| *time <= last));
    before.max_by_key(|(time, _)| *time).map(|(_, port)| port)
}

/// Whether the server says that it listens on a port: RdpCoreTS 129, or a listing of its ports.
fn listens_on(case: &Case, incident: &Incident, port: &str) -> bool {
    let server = incident.server.as_ref();
    let bound = case.found_on(server, CORE).filter(|event| event.event_id == Some(129));
    let open = case.found_on(server, "ports");
    let open = open.filter(|event| event.field("Listening") == Some("yes"));
    bound.chain(open).any(|event| event.field("Port") == Some(port))
}

/// Who notes on which port it listens.
const CORE: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";

/// Clocks that are further apart than Kerberos tolerates. It refuses by a code of its own; the distance alone says that it
/// could.
fn add_clocks(case: &Case, offsets: &Offsets, incident: &Incident, weighed: &mut Weighed) {
    add_wild_clock(case, weighed);
    let Some((host, offset)) = offsets.beyond_kerberos(incident) else { return };
    let text = format!(
        "the clock of {} was {} minutes {} when it failed; Kerberos tolerates 5",
        host.as_str(),
        offset.num_minutes().abs(),
        if offset > TimeDelta::zero() { "ahead" } else { "behind" }
    );
    // A clock that is off by a day is nobody's tolerance: certificates look expired or not yet valid by it.
    let wild = offset.abs() >= WILD;
    let grade = if wild { Grade::Strong } else { Grade::Moderate };
    if wild {
        let expired = weighed.entry(CauseId::CertExpired).or_default();
        expired.push(ground("clocks-apart", Grade::RulesOut, text.clone()));
    }
    weighed.entry(CauseId::TimeSkew).or_default().push(ground("clocks-apart", grade, text));
}

/// Clocks so far apart show certificates as expired or as not yet valid.
const WILD: TimeDelta = TimeDelta::hours(12);

/// The same by what the time service says of the distance: `w32tm` asked another clock.
fn add_wild_clock(case: &Case, weighed: &mut Weighed) {
    let apart = |event: &Event| event.field("Apart")?.parse().ok().and_then(TimeDelta::try_seconds);
    let Some(apart) = case.found("w32tm").filter_map(apart).find(|apart| *apart >= WILD) else {
        return;
    };
    let text = format!(
        "the clocks are {} hours apart, by which certificates that hold look expired",
        apart.num_hours()
    );
    let expired = weighed.entry(CauseId::CertExpired).or_default();
    expired.push(ground("clocks-apart", Grade::RulesOut, text));
}

/// A start or stop further away than this did not cut the connection.
const QUIET: TimeDelta = TimeDelta::minutes(15);
