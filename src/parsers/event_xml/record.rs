//! One `<Event>` as an [`Event`].

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as Markup};

use crate::bundle::limits;
use crate::event::{Event, Origin, Position, Timestamp, parse_code};
use crate::notice::Notice;
use crate::parsers::coverage::Coverage;
use crate::parsers::{Interest, Sink};

/// Reads one `<Event>` and puts it where it belongs: into `coverage`, and into `sink` when it is wanted. Whether it
/// could be read.
///
/// `at` is the origin of an event without `EventRecordID`. This is what the EVTX parser calls for each record.
pub(crate) fn feed(xml: &str, at: Origin, coverage: &mut Coverage, sink: &mut dyn Sink) -> bool {
    let Some((mut event, wanted)) = read(xml, at, Some(sink.interest())) else { return false };
    coverage.add(&event);
    if wanted {
        if event.data.len() > limits::EVENT_FIELDS {
            event.data.truncate(limits::EVENT_FIELDS);
            let what = format!("an event has more than {} fields", limits::EVENT_FIELDS);
            let at = event.origin.position.to_string();
            sink.notice(Notice::new(event.origin.source, at, what).losing("the others"));
        }
        event.derive_fields();
        sink.event(event);
    }
    true
}

/// Reads one `<Event>`, with its derived fields; `None` when it is not well-formed or no event.
#[cfg(test)]
pub(crate) fn parse_event(xml: &str, at: Origin) -> Option<Event> {
    let (mut event, _) = read(xml, at, None)?;
    event.data.truncate(limits::EVENT_FIELDS);
    event.derive_fields();
    Some(event)
}

/// The event and whether it is wanted; one that is not has no data.
fn read(xml: &str, at: Origin, interest: Option<&Interest>) -> Option<(Event, bool)> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut walk = Walk::new(at);
    loop {
        match reader.read_event().ok()? {
            Markup::Start(tag) => walk.start(&tag)?,
            Markup::End(tag) => {
                let left = walk.end(tag.local_name().as_ref());
                if left == Some(Section::System) && walk.unwanted(interest) {
                    return Some((walk.event, false));
                }
                if walk.depth == 0 {
                    break;
                }
            }
            Markup::Text(text) => walk.text.push_str(&text),
            Markup::CData(text) => walk.text.push_str(&text),
            Markup::GeneralRef(name) => push_reference(&mut walk.text, &name),
            Markup::Eof => return None,
            _ => {}
        }
    }
    walk.system.then_some((walk.event, true))
}

/// The children of `<Event>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    System,
    EventData,
    UserData,
    /// `RenderingInfo` in whatever language, `ProcessingErrorData`, `DebugData`.
    Other,
}

/// An open element below a section.
struct Open {
    name: Arc<str>,
    /// A `Data` that has only its position.
    unnamed: bool,
    has_attributes: bool,
    has_children: bool,
}

/// Where the reader is, and what it has found so far.
struct Walk {
    event: Event,
    depth: usize,
    section: Section,
    /// Whether a `System` was seen.
    system: bool,
    open: Vec<Open>,
    text: String,
    /// `Data` elements without a name so far.
    unnamed: usize,
}

impl Walk {
    fn new(at: Origin) -> Self {
        Self {
            event: Event::text("", Timestamp::Undated, at),
            depth: 0,
            section: Section::Other,
            system: false,
            open: Vec::new(),
            text: String::new(),
            unnamed: 0,
        }
    }

    fn unwanted(&self, interest: Option<&Interest>) -> bool {
        let event = &self.event;
        interest.is_some_and(|interest| {
            let id = event.event_id.unwrap_or_default();
            !interest.wants(&event.provider, event.event_source.as_deref(), id)
        })
    }

    /// Enters an element; `None` when this is no event.
    fn start(&mut self, tag: &BytesStart<'_>) -> Option<()> {
        let name = tag.local_name();
        let name = name.as_ref();
        match self.depth {
            0 if name != "Event" => return None,
            0 => {}
            1 => self.enter(name, tag),
            limits::EVENT_XML_DEPTH.. => return None,
            _ => self.child(name, tag),
        }
        self.depth += 1;
        Some(())
    }

    fn enter(&mut self, name: &str, tag: &BytesStart<'_>) {
        self.section = match name {
            "System" => Section::System,
            "EventData" => Section::EventData,
            "UserData" => Section::UserData,
            _ => Section::Other,
        };
        self.system |= self.section == Section::System;
        if self.section == Section::EventData
            && let Some(name) = attribute(tag, "Name").filter(|name| !name.is_empty())
        {
            self.push("EventData".into(), name.into_owned());
        }
    }

    fn child(&mut self, name: &str, tag: &BytesStart<'_>) {
        match self.section {
            Section::Other => {}
            Section::System => {
                system_attributes(&mut self.event, name, tag);
                self.text.clear();
            }
            Section::EventData if self.depth == 2 => {
                let named = attribute(tag, "Name").filter(|name| !name.is_empty());
                let unnamed = named.is_none() && name == "Data";
                let name = match named {
                    Some(name) => Arc::from(name.as_ref()),
                    None if unnamed => self.position(),
                    None => Arc::from(name),
                };
                self.open.push(Open { name, unnamed, has_attributes: false, has_children: false });
                self.text.clear();
            }
            // Markup inside a value is part of the value.
            Section::EventData => {}
            Section::UserData => self.user_data(name, tag),
        }
    }

    /// The name of the next `Data` without a name. Empty ones count: positions are what tells them apart.
    fn position(&mut self) -> Arc<str> {
        self.unnamed += 1;
        format!("param{}", self.unnamed).into()
    }

    fn user_data(&mut self, name: &str, tag: &BytesStart<'_>) {
        match self.open.last_mut() {
            Some(parent) => parent.has_children = true,
            None => self.push("UserData".into(), name.to_owned()),
        }
        let mut has_attributes = false;
        for (key, value) in attributes(tag).filter(|(key, _)| !is_namespace(key)) {
            self.push(format!("{name}@{}", local(key)).into(), value.into_owned());
            has_attributes = true;
        }
        let name = name.into();
        self.open.push(Open { name, unnamed: false, has_attributes, has_children: false });
        self.text.clear();
    }

    /// Leaves an element; which section, when it was one.
    fn end(&mut self, name: &str) -> Option<Section> {
        self.depth = self.depth.saturating_sub(1);
        match (self.depth, self.section) {
            (0, _) => {}
            (1, section) => {
                self.section = Section::Other;
                self.open.clear();
                return Some(section);
            }
            (2, Section::System) => system_text(&mut self.event, name, self.text.trim()),
            (_, Section::System | Section::Other) => {}
            (2, Section::EventData) => {
                if let Some(open) = self.open.pop() {
                    self.value(open);
                }
            }
            (_, Section::EventData) => {}
            (_, Section::UserData) => self.leaf(),
        }
        None
    }

    /// The end of an element of `EventData`.
    fn value(&mut self, open: Open) {
        let text = std::mem::take(&mut self.text);
        if open.name.as_ref() == "Binary" {
            let hex = binary(&text);
            if !hex.is_empty() {
                self.push(open.name, hex);
            }
            return;
        }
        let parts = if open.unnamed { strings(&text) } else { Vec::new() };
        if parts.is_empty() {
            self.push(open.name, text);
            return;
        }
        self.unnamed -= 1;
        for part in parts {
            let name = self.position();
            self.push(name, part);
        }
    }

    /// The end of an element of `UserData`: only the innermost ones have values.
    fn leaf(&mut self) {
        let Some(open) = self.open.pop() else { return };
        // An empty wrapper is named already, and an empty element with attributes has said what it has to say.
        let said = open.has_attributes || self.open.is_empty();
        let nothing_new = said && self.text.trim().is_empty();
        if !open.has_children && !nothing_new {
            let text = std::mem::take(&mut self.text);
            self.push(open.name, text);
        }
    }

    fn push(&mut self, name: Arc<str>, value: String) {
        // One more than is kept, so that the loss can be told.
        if self.event.data.len() <= limits::EVENT_FIELDS {
            self.event.data.push((name, value));
        }
    }
}

/// What the attributes of a child of `System` say.
fn system_attributes(event: &mut Event, name: &str, tag: &BytesStart<'_>) {
    let get = |key: &str| attribute(tag, key).filter(|value| !value.trim().is_empty());
    match name {
        "Provider" => {
            event.provider = get("Name").unwrap_or_default().trim().into();
            event.event_source = get("EventSourceName").map(|name| name.trim().into());
        }
        "EventID" => event.qualifiers = get("Qualifiers").and_then(|text| text.trim().parse().ok()),
        "TimeCreated" => {
            event.time = get("SystemTime").map_or(Timestamp::Undated, |text| time(&text))
        }
        "Correlation" => event.activity_id = get("ActivityID").and_then(|id| guid(&id)),
        "Execution" => event.process_id = get("ProcessID").and_then(|id| parse_code(&id)),
        "Security" => event.user_id = get("UserID").map(|id| id.trim().into()),
        _ => {}
    }
}

/// What the text of a child of `System` says.
fn system_text(event: &mut Event, name: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    match name {
        "EventID" => event.event_id = parse_code(text).map(|id| id & 0xffff),
        "Level" => event.level = text.parse().ok(),
        "EventRecordID" => {
            if let Ok(id) = text.parse() {
                event.origin.position = Position::Record(id);
            }
        }
        "Channel" => event.channel = Some(text.into()),
        "Computer" => event.computer = Some(text.into()),
        _ => {}
    }
}

/// `SystemTime`, always UTC: `2026-11-18T20:41:53.1234567Z`, or `2015-12-22 02:23:19.165775` from converters. A record
/// of a damaged file may say 1601; nothing before event logs were invented is believed.
pub(crate) fn time(text: &str) -> Timestamp {
    let text = text.trim();
    let instant = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc)).ok();
    let instant = instant.or_else(|| {
        let plain = text.trim_end_matches(['Z', 'z']);
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(plain, format).ok())
            .map(|time| time.and_utc())
    });
    instant.filter(|time| time.year() >= 1990).map_or(Timestamp::Undated, Timestamp::Utc)
}

/// A GUID in lower case without braces; the zero GUID ties nothing together and is none.
pub(crate) fn guid(text: &str) -> Option<Arc<str>> {
    let id = text.trim().trim_matches(['{', '}']).to_ascii_lowercase();
    id.bytes().any(|byte| !matches!(byte, b'0' | b'-')).then(|| id.into())
}

/// `Binary` as upper-case hex. Converters (python-evtx) write Base64 instead.
pub(crate) fn binary(text: &str) -> String {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return text.to_ascii_uppercase();
    }
    match base64(&text) {
        Some(bytes) => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
        None => text,
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for byte in group {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        bits <<= 6 * (4 - group.len());
        let [_, first, second, third] = bits.to_be_bytes();
        bytes.extend([first, second, third].into_iter().take(group.len() * 3 / 4));
    }
    Some(bytes)
}

/// The strings of a `Data` into which a converter (python-evtx) has put all of them, as escaped `<string>` markup.
pub(crate) fn strings(text: &str) -> Vec<String> {
    let text = text.trim();
    if !(text.starts_with("<string>") && text.ends_with("</string>")) {
        return Vec::new();
    }
    text.split("<string>")
        .skip(1)
        .filter_map(|rest| rest.split_once("</string>"))
        .map(|(value, _)| value.to_owned())
        .collect()
}

/// The attributes of an element, decoded; as far as they can be read.
fn attributes<'t>(tag: &'t BytesStart<'_>) -> impl Iterator<Item = (&'t str, Cow<'t, str>)> {
    let mut attributes = tag.attributes();
    attributes.with_checks(false);
    attributes
        .map_while(Result::ok)
        .map(|attribute| (attribute.key.into_inner(), unescape(attribute.value)))
}

fn attribute<'t>(tag: &'t BytesStart<'_>, name: &str) -> Option<Cow<'t, str>> {
    attributes(tag).find(|(key, _)| local(key) == name).map(|(_, value)| value)
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn is_namespace(key: &str) -> bool {
    key == "xmlns" || key.starts_with("xmlns:")
}

/// Replaces references; what is not one stays as it is.
fn unescape(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('&') {
        return text;
    }
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(';') {
            Some((name, rest)) if name.len() <= 10 => {
                push_reference(&mut plain, name);
                plain.push_str(rest);
            }
            _ => {
                plain.push('&');
                plain.push_str(part);
            }
        }
    }
    Cow::Owned(plain)
}

/// Adds what `&name;` stands for: the five of XML and numbers, also of characters that XML 1.0 forbids. Nothing else is
/// ever expanded.
fn push_reference(text: &mut String, name: &str) {
    let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    });
    let letter = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => number.and_then(char::from_u32),
    };
    match letter {
        Some(letter) => text.push(letter),
        None => {
            text.push('&');
            text.push_str(name);
            text.push(';');
        }
    }
}
