//! One row of a timeline, whatever it is made of.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use smallvec::SmallVec;

use crate::analysis::Analysis;
use crate::codes::DisconnectReason;
use crate::event::{Event, Position, TimeQuality, account, clean_address, parse_code, same_name};
use crate::signatures::{Database, Role, Signature, SignatureId};
use crate::timeline::Entry;

/// The incident a row belongs to, counted from 1, and the seconds from its first failure.
pub type Tie = Option<(u64, Option<f64>)>;

/// In what rows differ of events that say the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// See [`Row::time`].
    pub time: Option<DateTime<Utc>>,
    /// See [`Row::record`].
    pub record: Option<u64>,
}

/// One row.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// When; `None` when the source does not say.
    pub time: Option<DateTime<Utc>>,
    /// How exact that is.
    pub quality: TimeQuality,
    /// The computer, as logged.
    pub host: Cow<'a, str>,
    /// The part it plays; `None` for an event that no signature fits.
    pub role: Option<Role>,
    /// Its channel; empty when there is none.
    pub channel: &'a str,
    /// Its provider.
    pub provider: &'a str,
    /// Its event id.
    pub event_id: Option<u32>,
    /// Record or line.
    pub position: Position,
    /// Its level.
    pub level: Option<u8>,
    /// Names of the signatures that fit, with a blank between.
    pub signature: Cow<'a, str>,
    /// Ids of the causes they speak about, with a blank between.
    pub causes: Cow<'a, str>,
    /// One line for people.
    pub summary: Cow<'a, str>,
    /// The account.
    pub user: Cow<'a, str>,
    /// The peer's address.
    pub address: Cow<'a, str>,
    /// The code it carries, with its meaning where there is one.
    pub code: Cow<'a, str>,
    /// Its file.
    pub source: Cow<'a, str>,
    /// How many events it stands for.
    pub count: u64,
    /// When the last of several was.
    pub last: Option<DateTime<Utc>>,
    /// The record's own values.
    pub fields: Cow<'a, [(Arc<str>, String)]>,
}

/// Letters of a summary that is made of an event's own values.
const SUMMARY: usize = 240;

impl<'a> Row<'a> {
    /// The row of a timeline's line.
    #[must_use]
    pub fn of_entry(analysis: &'a Analysis<'_>, entry: &'a Entry) -> Self {
        let signature = entry.signature.and_then(|id| analysis.db.signature(id));
        let field = |name| field(&entry.fields, name);
        Self {
            time: entry.time,
            quality: entry.quality,
            host: Cow::Borrowed(&entry.host),
            role: Some(entry.role),
            channel: entry.channel.as_deref().unwrap_or_default(),
            provider: &entry.provider,
            event_id: entry.event_id,
            position: entry.origin.position,
            level: entry.level,
            signature: signature.map_or("", |signature| signature.name.as_str()).into(),
            causes: signature.map(Signature::causes).unwrap_or_default().into(),
            summary: Cow::Borrowed(&entry.summary),
            user: field("User").and_then(account).unwrap_or_default().into(),
            address: field("Address").and_then(clean_address).unwrap_or_default().into(),
            code: code(&entry.provider, &entry.fields),
            source: analysis.path(entry.origin.source).into(),
            count: entry.count,
            last: entry.last.filter(|_| entry.count > 1),
            fields: Cow::Borrowed(&entry.fields),
        }
    }

    /// The row of any event, with what the signatures that fit it say.
    #[must_use]
    pub fn of_event(
        db: &'a Database,
        path: &'a str,
        event: &'a Event,
        found: &[SignatureId],
    ) -> Self {
        let mut found: SmallVec<[_; 4]> = found.iter().filter_map(|id| db.signature(*id)).collect();
        // What tells most comes first: a precursor before the context around it.
        found.sort_by_key(|signature| weight(signature.role));
        let first = found.first().copied();
        let (time, quality) = event.time.resolve(None);
        Self {
            time,
            quality,
            host: event.computer.as_deref().unwrap_or_default().into(),
            role: first.map(|signature| signature.role),
            channel: event.channel.as_deref().unwrap_or_default(),
            provider: &event.provider,
            event_id: event.event_id,
            position: event.origin.position,
            level: event.level,
            signature: names(&found),
            causes: causes(&found),
            summary: first
                .map_or_else(|| values(event), |signature| signature.summarize(event))
                .into(),
            user: event.user().unwrap_or_default().into(),
            address: event.address().unwrap_or_default().into(),
            code: code(&event.provider, &event.data),
            source: path.into(),
            count: 1,
            last: None,
            fields: Cow::Borrowed(&event.data),
        }
    }

    /// The record or line as a number.
    #[must_use]
    pub fn record(&self) -> Option<u64> {
        crate::analysis::number_of(self.position)
    }

    /// When and where its event was.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp { time: self.time, record: self.record() }
    }

    /// The word for its role; empty when it plays none.
    #[must_use]
    pub fn role(&self) -> &'static str {
        self.role.map_or("", Role::as_str)
    }
}

fn weight(role: Role) -> u8 {
    match role {
        Role::Precursor => 0,
        Role::Change => 1,
        Role::Symptom => 2,
        Role::Recovery => 3,
        Role::Context => 4,
    }
}

/// Names of signatures, with a blank between. Most events fit one or none, and there are many: no new text for them.
fn names<'d>(found: &[&'d Signature]) -> Cow<'d, str> {
    match found {
        [] => "".into(),
        [one] => one.name.as_str().into(),
        several => {
            let names: SmallVec<[_; 4]> = several.iter().map(|one| one.name.as_str()).collect();
            names.join(" ").into()
        }
    }
}

/// Causes that signatures speak about, in order, with a blank between.
fn causes<'d>(found: &[&'d Signature]) -> Cow<'d, str> {
    match found {
        [] => "".into(),
        [one] => one.causes().into(),
        several => {
            let mut ids: SmallVec<[_; 16]> =
                several.iter().flat_map(|one| one.causes().split_ascii_whitespace()).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.join(" ").into()
        }
    }
}

/// What an event says, for want of a sentence about it.
fn values(event: &Event) -> String {
    let mut line = String::with_capacity(SUMMARY + 16);
    for (name, value) in event.data.iter().filter(|(_, value)| !value.is_empty()) {
        if line.len() >= SUMMARY {
            line.push_str(" …");
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(name);
        line.push('=');
        let room = SUMMARY.saturating_sub(line.len());
        let end = value.char_indices().nth(room).map_or(value.len(), |(end, _)| end);
        line.push_str(value.get(..end).unwrap_or_default());
    }
    line
}

fn field<'f>(fields: &'f [(Arc<str>, String)], name: &str) -> Option<&'f str> {
    fields.iter().find(|(key, _)| same_name(key, name)).map(|(_, value)| value.as_str())
}

/// The code an event carries, with its meaning where there is one.
fn code<'f>(provider: &str, fields: &'f [(Arc<str>, String)]) -> Cow<'f, str> {
    let known = |name| field(fields, name).and_then(parse_code);
    if let Some(error) = known("ErrorCode").filter(|_| provider == "mstsc") {
        let code = DisconnectReason { error, extended: known("ExtendedErrorCode") };
        return format!("{code} {}", code.meaning()).into();
    }
    // Asked of every event: most have no field that ends like one of these.
    let ends = |name: &str, end: &str| {
        name.len()
            .checked_sub(end.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    if !fields.iter().any(|(name, _)| ends(name, "code") || ends(name, "status")) {
        return "".into();
    }
    const NAMES: [&str; 5] = ["StatusCode", "ErrorCode", "ResultCode", "SubStatus", "Status"];
    NAMES.iter().find_map(|name| field(fields, name)).unwrap_or_default().into()
}
