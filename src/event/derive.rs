//! Fields computed from what Windows hides in binary data, joined strings or translated text.
//!
//! One function a field, each chosen by provider and event id; `docs/signatures.md` lists them. A field that the record
//! has itself is never touched.

mod address;
mod names;
mod status;

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, NaiveDateTime, Utc};

pub(crate) use address::clean as clean_address;
pub(crate) use names::account;

use super::{Event, same_name};

/// Names of derived fields, made once.
struct Names {
    service: Arc<str>,
    state: Arc<str>,
    status: Arc<str>,
    kb: Arc<str>,
    address: Arc<str>,
    user: Arc<str>,
    skew: Arc<str>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| Names {
    service: "ServiceName".into(),
    state: "ServiceState".into(),
    status: "StatusCode".into(),
    kb: "KB".into(),
    address: "Address".into(),
    user: "User".into(),
    skew: "SkewSeconds".into(),
});

/// Adds the derived fields that `docs/signatures.md` lists.
pub(super) fn derive(event: &mut Event) {
    let names = &*NAMES;
    if is_scm(event) {
        let told = event.field("Binary").and_then(names::utf16);
        add(event, &names.service, |event| service_name(event, told.as_deref()));
        add(event, &names.state, |event| service_state(event, told.as_deref()));
    }
    add(event, &names.status, |event| status::of(event).map(|code| format!("{code:#010x}")));
    add(event, &names.kb, names::kb);
    add(event, &names.address, peer);
    add(event, &names.user, names::user);
    add(event, &names.skew, |event| skew(event).map(|seconds| seconds.unsigned_abs().to_string()));
}

fn add(event: &mut Event, name: &Arc<str>, value: impl Fn(&Event) -> Option<String>) {
    // Most events have nothing to derive, so that comes first.
    if let Some(value) = value(event)
        && event.field(name).is_none()
    {
        event.data.push((Arc::clone(name), value));
    }
}

/// The first field of each of these names, in one pass: this is asked of every event that is decoded.
fn fields<'e, const N: usize>(event: &'e Event, names: [&str; N]) -> [Option<&'e str>; N] {
    let initial = |name: &str| 1_u32 << (name.bytes().next().unwrap_or_default() & 31);
    let wanted = names.iter().fold(initial(" "), |set, name| set | initial(name));
    let mut found = [None; N];
    for (key, value) in &event.data {
        // Few begin like one of them; the lowest five bits are the same for a letter and its capital.
        if wanted & initial(key) == 0 {
            continue;
        }
        for (name, found) in names.iter().zip(&mut found) {
            if found.is_none() && same_name(key, name) {
                *found = Some(value.as_str());
            }
        }
    }
    found
}

fn is_scm(event: &Event) -> bool {
    event.is_from("Service Control Manager")
}

/// The short name of the service, which no language changes: `param4` of 7040, else `TermService` or `TermService/4` in
/// `Binary`, which is `told`.
fn service_name(event: &Event, told: Option<&str>) -> Option<String> {
    let name = match event.event_id {
        Some(7040) => event.field("param4")?,
        _ => told?,
    };
    let name = name.rsplit_once('/').map_or(name, |(name, _)| name).trim();
    let printable = !name.is_empty() && !name.chars().any(char::is_control);
    printable.then(|| name.to_owned())
}

/// The state of 7036 as the number of the service manager: 1 stopped, 4 running.
fn service_state(event: &Event, told: Option<&str>) -> Option<String> {
    if event.event_id != Some(7036) {
        return None;
    }
    let (_, state) = told?.rsplit_once('/')?;
    state.parse::<u8>().ok().map(|state| state.to_string())
}

/// The peer's IP address.
fn peer(event: &Event) -> Option<String> {
    let fields = fields(event, ["ClientIP", "IPString", "IpAddress", "ClientAddress"]);
    let named = fields.into_iter().flatten().find_map(address::clean);
    let by_position = || match event.event_id {
        Some(1149) if is_rcm(event) => event.field("Param3"),
        Some(50 | 56) if event.is_from("TermDD") => event.field("param2"),
        _ => None,
    };
    named.or_else(|| by_position().and_then(address::clean)).map(str::to_owned)
}

/// Whether this is the terminal service, under its manifest name or its classic one.
fn is_rcm(event: &Event) -> bool {
    event.is_from("Microsoft-Windows-TerminalServices-RemoteConnectionManager")
        || event.is_from("TermService")
}

/// How far a clock was off or was moved, in seconds.
fn skew(event: &Event) -> Option<i64> {
    let number = |name: &str| event.field(name).and_then(|text| text.trim().parse::<i64>().ok());
    match event.event_id? {
        34 if is_time_service(event) => number("SystemTimeChangeSeconds"),
        50 if is_time_service(event) => Some(number("TimeDifferenceMilliseconds")? / 1000),
        52 if is_time_service(event) => number("TimeOffsetSeconds"),
        1 if event.is_from("Microsoft-Windows-Kernel-General") => {
            let moved =
                || Some(instant(event.field("NewTime")?)? - instant(event.field("OldTime")?)?);
            let moved = moved().map(|delta| delta.num_milliseconds());
            Some(moved.or_else(|| number("TimeDeltaInMs"))? / 1000)
        }
        3 if is_kerberos(event) => {
            let server = kerberos_time(event.field("ServerTime")?)?;
            // The client's own time is often left out; the event was written by its clock.
            let client = event.field("ClientTime").and_then(kerberos_time).or(event.time.utc())?;
            Some((client - server).num_seconds())
        }
        _ => None,
    }
}

fn is_kerberos(event: &Event) -> bool {
    event.is_from("Microsoft-Windows-Security-Kerberos") || event.is_from("Kerberos")
}

/// Whether the time of the event itself goes into a field.
pub(super) fn uses_time(event: &Event) -> bool {
    event.event_id == Some(3) && is_kerberos(event)
}

fn is_time_service(event: &Event) -> bool {
    event.is_from("Microsoft-Windows-Time-Service") || event.is_from("W32Time")
}

/// A `FILETIME` value as XML shows it, or as converters do.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let plain = || NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok();
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .ok()
        .or_else(|| plain().map(|time| time.and_utc()))
}

/// `16:26:47.0000 8/14/2013 Z`, as Kerberos writes times.
fn kerberos_time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim().trim_end_matches(['Z', 'z']).trim_end();
    let time = NaiveDateTime::parse_from_str(text, "%H:%M:%S%.f %m/%d/%Y").ok()?;
    Some(time.and_utc())
}

#[cfg(test)]
mod tests;
