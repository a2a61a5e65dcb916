//! The one event model: a dated fact from a bundle, in the terms of the Windows event schema.
//!
//! Every parser, whatever it reads, hands out [`Event`]s; everything to the right of the parsers knows nothing else.

mod derive;
mod timestamp;

use std::borrow::Cow;
use std::sync::Arc;

pub(crate) use derive::{account, clean_address};
pub use timestamp::{TimeQuality, Timestamp};

/// Providers of events that have no event id: those the parsers of text logs give.
pub const TEXT_PROVIDERS: &[&str] = &[
    "mstsc",
    "ticket",
    "ReportingEvents",
    "Get-HotFix",
    "wmic qfe",
    "registry",
    "acl",
    "certutil",
    "systeminfo",
    "time zone",
    "CBS",
    "WindowsUpdate",
    "DISM",
    "dism packages",
    "update history",
    "Windows Setup",
    "services",
    "ports",
    "sessions",
    "logon-mode",
    "firewall-rule",
    "network-profile",
    "name-lookup",
    "ipconfig",
    "reachability",
    "user-right",
    "tls-peer",
    "firewall-rules",
    "secure-channel",
    "w32tm",
    "firewall-log",
    "netlogon-log",
    "fslogix-log",
    "product-log",
    "rdp-file",
    "klist",
    "processes",
    "clock",
    "local-group",
    "cipher-suites",
    "firewall-profile",
    "hosts-file",
    "gpresult",
    "security-product",
    "device-join",
    "rdp-wrapper",
    "http-log",
    "wfp",
];

/// Index of a source in [`Bundle::sources`](crate::bundle::Bundle::sources).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

impl SourceId {
    /// The index as a slice index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where in a source something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// `System/EventRecordID` of an event log record.
    Record(u64),
    /// Line of a text, counted from 1.
    Line(u64),
    /// The source as a whole.
    Whole,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Record(id) => write!(f, "record {id}"),
            Self::Line(number) => write!(f, "line {number}"),
            Self::Whole => f.write_str("whole file"),
        }
    }
}

/// The place every statement in a report points back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file.
    pub source: SourceId,
    /// The record or line in it.
    pub position: Position,
}

/// One dated fact from a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, as exactly as the source says.
    pub time: Timestamp,
    /// `Provider/@Name`, or the component that writes a text log.
    pub provider: Arc<str>,
    /// `Provider/@EventSourceName`: the classic alias of a manifest provider, such as `TermService`.
    pub event_source: Option<Arc<str>>,
    /// `EventID`, low 16 bits; text logs have none.
    pub event_id: Option<u32>,
    /// `EventID/@Qualifiers` of classic events.
    pub qualifiers: Option<u16>,
    /// `Level`: 1 critical, 2 error, 3 warning, 4 information, 5 verbose, 0 audit.
    pub level: Option<u8>,
    /// The channel the record itself names; never taken from a file name.
    pub channel: Option<Arc<str>>,
    /// `Computer`, as logged.
    pub computer: Option<Arc<str>>,
    /// `Execution/@ProcessID`.
    pub process_id: Option<u32>,
    /// `Correlation/@ActivityID`, lower case, without braces: ties the events of one connection.
    pub activity_id: Option<Arc<str>>,
    /// `Security/@UserID`.
    pub user_id: Option<Arc<str>>,
    /// EventData and UserData in document order. A `Data` element without a name is `paramN`, N its position from 1.
    pub data: Vec<(Arc<str>, String)>,
    /// The record or line this was read from.
    pub origin: Origin,
}

/// In what events differ that say the same again.
#[derive(Debug, Clone, PartialEq)]
pub struct Passing {
    /// See [`Event::time`].
    pub time: Timestamp,
    /// See [`Event::origin`].
    pub origin: Origin,
    /// See [`Event::process_id`].
    pub process_id: Option<u32>,
    /// See [`Event::activity_id`].
    pub activity_id: Option<Arc<str>>,
}

/// The field of an undated event that tells the two moments which its written date can mean: `11/03/2026` is a day of
/// March or of November.
pub const PERHAPS_ON: &str = "PerhapsOn";

impl Event {
    /// The event that says the same again.
    #[must_use]
    pub fn again(&self, passing: Passing) -> Self {
        let Passing { time, origin, process_id, activity_id } = passing;
        Self { time, origin, process_id, activity_id, ..self.clone() }
    }

    /// An event with nothing but a provider, a time and an origin, for text logs.
    #[must_use]
    pub fn text(provider: &str, time: Timestamp, origin: Origin) -> Self {
        Self {
            time,
            provider: provider.into(),
            event_source: None,
            event_id: None,
            qualifiers: None,
            level: None,
            channel: None,
            computer: None,
            process_id: None,
            activity_id: None,
            user_id: None,
            data: Vec::new(),
            origin,
        }
    }

    /// Adds one data field; for parsers that build an event step by step.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.data.push((name.into(), value.into()));
        self
    }

    /// The first data field of this name. Case and blanks do not count: records say `Error Code` where manifests say
    /// `ErrorCode`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.data.iter().find(|(key, _)| same_name(key, name)).map(|(_, value)| value.as_str())
    }

    /// A data field read as an unsigned 32-bit code, see [`parse_code`].
    #[must_use]
    pub fn code(&self, name: &str) -> Option<u32> {
        self.field(name).and_then(parse_code)
    }

    /// A field as Sigma names it: `System` fields (`Provider_Name`, `EventID`, …) or a data field.
    #[must_use]
    pub fn sigma_field(&self, name: &str) -> Option<Cow<'_, str>> {
        let system = |value: Option<u32>| value.map(|number| Cow::Owned(number.to_string()));
        match name {
            "Provider_Name" => Some(Cow::Borrowed(&self.provider)),
            "EventID" => system(self.event_id),
            "Channel" => self.channel.as_deref().map(Cow::Borrowed),
            "Computer" => self.computer.as_deref().map(Cow::Borrowed),
            "Level" => system(self.level.map(u32::from)),
            "Qualifiers" => system(self.qualifiers.map(u32::from)),
            "EventSourceName" => self.event_source.as_deref().map(Cow::Borrowed),
            _ => self.field(name).map(Cow::Borrowed),
        }
    }

    /// Whether this comes from `provider`, by its manifest name or its classic alias.
    #[must_use]
    pub fn is_from(&self, provider: &str) -> bool {
        self.provider.eq_ignore_ascii_case(provider)
            || self
                .event_source
                .as_deref()
                .is_some_and(|alias| alias.eq_ignore_ascii_case(provider))
    }

    /// The peer's bare IP address, when the event names one. Some records have an `Address` of their own, which may be
    /// `LOCAL`.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.field("Address").and_then(derive::clean_address)
    }

    /// The account without its domain, when the event names one. Some records have a `User` of their own, with it.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.field("User").and_then(derive::account)
    }

    /// Adds the fields that Windows hides in binary data, joined strings or translated text (`docs/signatures.md` lists
    /// them), so that nothing behind the parsers has to know those hiding places. Idempotent.
    pub fn derive_fields(&mut self) {
        derive::derive(self);
    }

    /// Whether its fields would be the same at another time, those that are derived too.
    #[must_use]
    pub fn says_the_same_at_any_time(&self) -> bool {
        !derive::uses_time(self)
    }
}

/// Whether two field names are the same but for case and blanks.
#[must_use]
#[inline]
pub fn same_name(a: &str, b: &str) -> bool {
    // Asked for every field of every event, and most names differ in their first or last letter. Capitals differ from
    // small letters by one bit.
    let differ = |x: Option<&u8>, y: Option<&u8>| match (x, y) {
        (Some(x), Some(y)) => (x ^ y) & !0x20 != 0 && *x != b' ' && *y != b' ',
        _ => false,
    };
    let (a, b) = (a.as_bytes(), b.as_bytes());
    !differ(a.first(), b.first()) && !differ(a.last(), b.last()) && same_letters(a, b)
}

fn same_letters(a: &[u8], b: &[u8]) -> bool {
    let letters = |text: &[u8]| {
        text.iter().filter(|byte| **byte != b' ').map(u8::to_ascii_lowercase).collect::<Vec<_>>()
    };
    // Rules are written as records are, so that comes first.
    a == b
        || a.eq_ignore_ascii_case(b)
        || ((a.contains(&b' ') || b.contains(&b' ')) && letters(a) == letters(b))
}

/// A status or error code however it is written: `0x8009030D`, `2148074253`, `-2146893043`, `%%5`.
///
/// ```
/// use rdpwhy::event::parse_code;
/// assert_eq!(parse_code("0x8009030D"), Some(0x8009_030d));
/// assert_eq!(parse_code("-2146893043"), Some(0x8009_030d));
/// assert_eq!(parse_code("%%1311"), Some(1311));
/// assert_eq!(parse_code("server"), None);
/// ```
#[must_use]
pub fn parse_code(text: &str) -> Option<u32> {
    // Asked of every text that a rule compares with a code, and most texts are none.
    if text.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return None;
    }
    let mut text = text.trim();
    while let Some(rest) = text.strip_prefix("%%") {
        text = rest;
    }
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(hex, 16).ok();
    }
    if text.starts_with('+') {
        return None;
    }
    text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
}
