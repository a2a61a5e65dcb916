//! What one event says: the fields of its `System` element and its payload.

use chrono::{DateTime, TimeZone, Utc};

use super::value::Value;

/// Keywords of a classic event.
const CLASSIC: u64 = 0x0080_0000_0000_0000;
/// Keywords that most manifest events carry at least.
const MANIFEST: u64 = 0x8000_0000_0000_0000;

/// One event. Everything but provider and id has a default; see [`Record::new`] and
/// [`Record::classic`].
#[derive(Debug, Clone)]
pub struct Record {
    pub(super) provider: String,
    pub(super) guid: Option<String>,
    pub(super) source: Option<String>,
    pub(super) event_id: u16,
    pub(super) qualifiers: Option<u16>,
    pub(super) version: Option<u8>,
    pub(super) level: u8,
    pub(super) task: u16,
    pub(super) opcode: Option<u8>,
    pub(super) keywords: u64,
    pub(super) time: Value,
    pub(super) record_id: Option<u64>,
    pub(super) activity: Option<Value>,
    pub(super) related_activity: Option<Value>,
    pub(super) process: u32,
    pub(super) thread: u32,
    pub(super) channel: Option<String>,
    pub(super) computer: Option<String>,
    pub(super) user: Option<Value>,
    pub(super) payload: Payload,
    pub(super) layout: Option<Layout>,
    pub(super) short_system: bool,
    pub(super) header_number: Option<u64>,
    pub(super) header_time: Option<DateTime<Utc>>,
}

/// How a record is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A template with holes for provider and channel: manifest events of newer builds.
    Substituted,
    /// A template in which provider and channel are literals: classic events, older builds.
    Literal,
    /// No template, text only: forwarded and re-rendered events.
    Inline,
}

/// What follows `System`.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// Nothing at all.
    None,
    /// `<EventData>`: a `Data` for each item, then perhaps a `Binary`.
    EventData {
        /// Its attribute `Name`.
        name: Option<String>,
        /// Values, with the name of their `Data` if it has one.
        items: Vec<(Option<String>, Value)>,
        /// Bytes in `Binary`.
        binary: Option<Vec<u8>>,
    },
    /// `<EventData>` of a classic event: one array of texts, then perhaps a `Binary`.
    Strings {
        /// One `Data` each.
        strings: Vec<String>,
        /// Bytes in `Binary`.
        binary: Option<Vec<u8>>,
    },
    /// `<UserData>` with one element in it.
    UserData {
        /// That element.
        root: Node,
        /// Whether it is stored as text, as CAPI2 does, and not as a template with values.
        as_text: bool,
    },
}

impl Record {
    /// An event of a manifest provider: version 0, level 4, empty `EventData`, the first
    /// second of 2026.
    pub fn new(provider: &str, event_id: u16) -> Self {
        Self {
            provider: provider.to_owned(),
            guid: None,
            source: None,
            event_id,
            qualifiers: None,
            version: Some(0),
            level: 4,
            task: 0,
            opcode: Some(0),
            keywords: MANIFEST,
            time: Utc.timestamp_opt(1_767_225_600, 0).single().unwrap_or_default().into(),
            record_id: None,
            activity: None,
            related_activity: None,
            process: 0,
            thread: 0,
            channel: None,
            computer: None,
            user: None,
            payload: Payload::EventData { name: None, items: Vec::new(), binary: None },
            layout: None,
            short_system: false,
            header_number: None,
            header_time: None,
        }
    }

    /// An event of a classic source: its `System` lacks GUID, Version, Opcode, Correlation and
    /// Execution. [`Record::alias`] and [`Record::full_system`] bring them back.
    pub fn classic(provider: &str, event_id: u16, qualifiers: u16) -> Self {
        Self {
            qualifiers: Some(qualifiers),
            keywords: CLASSIC,
            payload: Payload::Strings { strings: Vec::new(), binary: None },
            short_system: true,
            ..Self::new(provider, event_id)
        }
    }

    /// Attribute `Guid` of the provider; its case is kept where the template has it as text.
    pub fn guid(mut self, guid: &str) -> Self {
        self.guid = Some(guid.to_owned());
        self
    }

    /// The provider is a manifest name of the classic source `source`, as with TermService.
    pub fn alias(mut self, guid: &str, source: &str) -> Self {
        self.source = Some(source.to_owned());
        self.guid(guid).full_system()
    }

    /// `System` with Version, Opcode, Correlation and Execution, as newer builds write it for
    /// classic events too.
    pub fn full_system(mut self) -> Self {
        self.short_system = false;
        self
    }

    /// Attribute `Qualifiers` of the event id.
    pub fn qualifiers(mut self, qualifiers: u16) -> Self {
        self.qualifiers = Some(qualifiers);
        self
    }

    /// `Version`, absent with `None`.
    pub fn version(mut self, version: impl Into<Option<u8>>) -> Self {
        self.version = version.into();
        self
    }

    /// `Level`: 2 error, 3 warning, 4 information.
    pub fn level(mut self, level: u8) -> Self {
        self.level = level;
        self
    }

    /// `Task`.
    pub fn task(mut self, task: u16) -> Self {
        self.task = task;
        self
    }

    /// `Opcode`, absent with `None`.
    pub fn opcode(mut self, opcode: impl Into<Option<u8>>) -> Self {
        self.opcode = opcode.into();
        self
    }

    /// `Keywords`.
    pub fn keywords(mut self, keywords: u64) -> Self {
        self.keywords = keywords;
        self
    }

    /// `TimeCreated`, to 100 ns.
    pub fn time(mut self, time: DateTime<Utc>) -> Self {
        self.time = time.into();
        self
    }

    /// `TimeCreated` from text such as `2026-03-02T08:15:00.1234567Z`.
    ///
    /// # Panics
    /// When the text is no RFC 3339 time: descriptions of fixtures are constants.
    pub fn at(self, time: &str) -> Self {
        self.time(time.parse().expect("a fixture names an RFC 3339 time"))
    }

    /// `TimeCreated` as another value type: text, or a SYSTEMTIME.
    pub fn time_as(mut self, value: impl Into<Value>) -> Self {
        self.time = value.into();
        self
    }

    /// `EventRecordID`; without it, one more than that of the record before.
    pub fn record_id(mut self, id: u64) -> Self {
        self.record_id = Some(id);
        self
    }

    /// `ActivityID` of `Correlation`.
    pub fn activity(mut self, guid: &str) -> Self {
        self.activity = Some(super::value::guid(guid));
        self
    }

    /// `RelatedActivityID` of `Correlation`.
    pub fn related_activity(mut self, guid: &str) -> Self {
        self.related_activity = Some(super::value::guid(guid));
        self
    }

    /// `ProcessID` and `ThreadID`.
    pub fn process(mut self, process: u32, thread: u32) -> Self {
        (self.process, self.thread) = (process, thread);
        self
    }

    /// `Channel`; without it, that of the log.
    pub fn channel(mut self, channel: &str) -> Self {
        self.channel = Some(channel.to_owned());
        self
    }

    /// `Computer`; without it, that of the log.
    pub fn computer(mut self, computer: &str) -> Self {
        self.computer = Some(computer.to_owned());
        self
    }

    /// `UserID` of `Security`, such as `S-1-5-18`.
    pub fn user(mut self, sid: &str) -> Self {
        self.user = Some(super::value::sid(sid));
        self
    }

    /// Adds `<Data Name="name">value</Data>`.
    pub fn data(self, name: &str, value: impl Into<Value>) -> Self {
        self.item(Some(name.to_owned()), value.into())
    }

    /// Adds `<Data>value</Data>`.
    pub fn unnamed(self, value: impl Into<Value>) -> Self {
        self.item(None, value.into())
    }

    fn item(mut self, name: Option<String>, value: Value) -> Self {
        if let Payload::EventData { items, .. } = &mut self.payload {
            items.push((name, value));
            return self;
        }
        self.payload = Payload::EventData { name: None, items: vec![(name, value)], binary: None };
        self
    }

    /// Attribute `Name` of `EventData`. Call it before or after [`Record::data`].
    pub fn data_name(mut self, name: &str) -> Self {
        if let Payload::EventData { name: slot, .. } = &mut self.payload {
            *slot = Some(name.to_owned());
        }
        self
    }

    /// The texts of a classic event, stored as one array.
    pub fn strings<'t>(mut self, strings: impl IntoIterator<Item = &'t str>) -> Self {
        let strings = strings.into_iter().map(str::to_owned).collect();
        self.payload = Payload::Strings { strings, binary: None };
        self
    }

    /// `<Binary>` after the `Data`, of classic and of named payloads.
    pub fn binary(mut self, bytes: &[u8]) -> Self {
        if let Payload::EventData { binary, .. } | Payload::Strings { binary, .. } =
            &mut self.payload
        {
            *binary = Some(bytes.to_vec());
        }
        self
    }

    /// `<UserData>` with this element, stored as a template with values.
    pub fn user_data(self, root: Node) -> Self {
        self.payload(Payload::UserData { root, as_text: false })
    }

    /// `<UserData>` with this element, stored as text without a template, as CAPI2 does.
    pub fn user_data_as_text(self, root: Node) -> Self {
        self.payload(Payload::UserData { root, as_text: true })
    }

    /// Neither `EventData` nor `UserData`.
    pub fn no_payload(self) -> Self {
        self.payload(Payload::None)
    }

    /// Any payload.
    pub fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    /// How the record is stored; without it, as Windows would store such an event.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = Some(layout);
        self
    }

    /// The number in the record header, where it differs from `EventRecordID`.
    pub fn header_number(mut self, number: u64) -> Self {
        self.header_number = Some(number);
        self
    }

    /// The time in the record header, where it differs from `TimeCreated`.
    pub fn header_time(mut self, time: DateTime<Utc>) -> Self {
        self.header_time = Some(time);
        self
    }

    /// The layout in which Windows would store this event.
    pub(super) fn natural_layout(&self) -> Layout {
        let classic = self.qualifiers.is_some()
            || self.source.is_some()
            || self.guid.is_none()
            || matches!(self.payload, Payload::Strings { .. });
        if classic { Layout::Literal } else { Layout::Substituted }
    }
}

/// An element of `UserData`.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) attributes: Vec<(String, Value)>,
    pub(super) value: Option<Value>,
    pub(super) children: Vec<Self>,
}

impl Node {
    /// An element without content.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: None,
            attributes: Vec::new(),
            value: None,
            children: Vec::new(),
        }
    }

    /// Its attribute `xmlns`.
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    /// Adds an attribute.
    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// Its own value; children come after it.
    pub fn value(mut self, value: impl Into<Value>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Adds an element inside.
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Adds `<name>value</name>` inside.
    pub fn field(self, name: &str, value: impl Into<Value>) -> Self {
        self.child(Self::new(name).value(value))
    }
}
