//! A record as a template and the values that fill its holes.
//!
//! Two templates of `System` occur in real logs. In the newer one provider and channel are
//! holes 14 to 16 and the payload is hole 17; in the older one they are literals and the
//! payload is hole 19. Holes 0 to 12 are the same in both, the computer is always a literal.

use super::binxml::{
    Content, Element, Name, guid_hash, write_element, write_end, write_fragment, write_header,
};
use super::chunk::Chunk;
use super::record::{Layout, Node, Payload, Record};
use super::value::{Guid, Value};

const INSTANCE: u8 = 0x0c;
const INSTANCE_VERSION: u8 = 1;
const NESTED_TYPE: u8 = 0x21;
const TEXT_TYPE: u8 = 0x01;
const TEXT_ARRAY_TYPE: u8 = 0x81;
const BINARY_TYPE: u8 = 0x0e;
const EVENT_NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

/// The content of a record.
pub(super) enum Body {
    Instance(Instance),
    /// No template: tokens with text only.
    Tokens(Element),
}

/// A template and what fills it.
pub(super) struct Instance {
    template: Element,
    values: Vec<Filling>,
}

enum Filling {
    Value(Value),
    /// A BinXML stream as a value.
    Nested {
        body: Body,
        /// Whether the stream has a fragment header of its own; older builds write one.
        header: bool,
    },
}

impl From<Value> for Filling {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl Filling {
    fn is_null(&self) -> bool {
        matches!(self, Self::Value(Value::Null | Value::Deleted(_)))
    }
}

/// What a record leaves to the log around it.
pub(super) struct Place<'a> {
    pub(super) record_id: u64,
    pub(super) channel: Option<&'a str>,
    pub(super) computer: &'a str,
    pub(super) layout: Layout,
}

/// The content of a record at its place in a log.
pub(super) fn body(record: &Record, place: &Place<'_>) -> Body {
    let newer = place.layout == Layout::Substituted;
    let payload = payload(record, !newer);
    let mut values = system_values(record, place);
    if newer {
        values.extend(newer_values(record, place));
    } else {
        values.extend((13..18).map(|_| Value::Null.into()));
        values.push(or_null(&record.related_activity));
    }
    let template = event_template(record, place, u16::try_from(values.len()).unwrap_or(0));
    values.push(payload.unwrap_or(Filling::Value(Value::Null)));
    let instance = Instance { template, values };
    match place.layout {
        Layout::Inline => Body::Tokens(resolve_instance(&instance)),
        _ => Body::Instance(instance),
    }
}

fn event_template(record: &Record, place: &Place<'_>, payload_at: u16) -> Element {
    let event = Element::new("Event")
        .attribute("xmlns", Content::Text(EVENT_NAMESPACE.to_owned()))
        .child(system_template(record, place));
    let hole = slot(payload_at, NESTED_TYPE);
    match record.payload {
        Payload::None => event,
        Payload::UserData { .. } => {
            event.child(Element::new("UserData").depends_on(payload_at).with(hole))
        }
        Payload::EventData { .. } | Payload::Strings { .. } => {
            event.depends_on(payload_at).with(hole)
        }
    }
}

fn system_template(record: &Record, place: &Place<'_>) -> Element {
    let full = !record.short_system;
    let newer = place.layout == Layout::Substituted;
    let mut system = Element::new("System")
        .child(provider(record, newer))
        .child(field("EventID", 3, 0x06).attribute("Qualifiers", slot(4, 0x06)));
    if full {
        system = system.child(field("Version", 11, 0x04));
    }
    system = system.child(field("Level", 0, 0x04)).child(field("Task", 2, 0x06));
    if full {
        system = system.child(field("Opcode", 1, 0x04));
    }
    system = system
        .child(field("Keywords", 5, 0x15))
        .child(
            Element::new("TimeCreated").attribute("SystemTime", slot(6, record.time.type_code())),
        )
        .child(field("EventRecordID", 10, 0x0a));
    if full {
        system = system.child(correlation(newer)).child(execution());
    }
    if newer {
        system = system.child(field("Channel", 16, TEXT_TYPE));
    } else if let Some(channel) = place.channel {
        system = system.child(literal("Channel", channel));
    }
    system
        .child(literal("Computer", place.computer))
        .child(Element::new("Security").attribute("UserID", slot(12, 0x13)))
}

fn provider(record: &Record, newer: bool) -> Element {
    let mut provider = Element::new("Provider");
    if newer {
        provider =
            provider.attribute("Name", slot(14, TEXT_TYPE)).attribute("Guid", slot(15, 0x0f));
    } else {
        provider = provider.attribute("Name", Content::Text(record.provider.clone()));
        if let Some(guid) = &record.guid {
            provider = provider.attribute("Guid", Content::Text(guid.clone()));
        }
    }
    match &record.source {
        Some(source) => provider.attribute("EventSourceName", Content::Text(source.clone())),
        None => provider,
    }
}

fn correlation(newer: bool) -> Element {
    let related = if newer { 13 } else { 18 };
    Element::new("Correlation")
        .attribute("ActivityID", slot(7, 0x0f))
        .attribute("RelatedActivityID", slot(related, 0x0f))
}

fn execution() -> Element {
    Element::new("Execution")
        .attribute("ProcessID", slot(8, 0x08))
        .attribute("ThreadID", slot(9, 0x08))
}

/// An element that is there if its value is.
fn field(name: &'static str, index: u16, type_code: u8) -> Element {
    Element::new(name).depends_on(index).with(slot(index, type_code))
}

fn literal(name: &'static str, text: &str) -> Element {
    Element::new(name).with(Content::Text(text.to_owned()))
}

fn slot(index: u16, type_code: u8) -> Content {
    Content::Slot { index, type_code, optional: true }
}

/// Values 0 to 12, which both templates share.
fn system_values(record: &Record, place: &Place<'_>) -> Vec<Filling> {
    let absent_qualifiers = match place.layout {
        // Real manifest records have a null here that is still two bytes wide.
        Layout::Substituted => Value::Deleted(vec![1, 0]),
        _ => Value::Null,
    };
    let absent_byte = if record.short_system { Value::U8(0) } else { Value::Null };
    let byte = |value: Option<u8>| value.map_or(absent_byte.clone(), Value::U8).into();
    vec![
        Value::U8(record.level).into(),
        byte(record.opcode),
        Value::U16(record.task).into(),
        Value::U16(record.event_id).into(),
        record.qualifiers.map_or(absent_qualifiers, Value::U16).into(),
        Value::Hex64(record.keywords).into(),
        record.time.clone().into(),
        or_null(&record.activity),
        Value::U32(record.process).into(),
        Value::U32(record.thread).into(),
        Value::U64(place.record_id).into(),
        byte(record.version),
        or_null(&record.user),
    ]
}

/// Values 13 to 16 of the newer template.
fn newer_values(record: &Record, place: &Place<'_>) -> [Filling; 4] {
    let guid = record.guid.as_deref().and_then(|text| text.parse::<Guid>().ok());
    [
        or_null(&record.related_activity),
        Value::Text(record.provider.clone()).into(),
        guid.map_or(Value::Null, Value::Guid).into(),
        place.channel.map_or(Value::Null, Value::from).into(),
    ]
}

fn or_null(value: &Option<Value>) -> Filling {
    value.clone().unwrap_or(Value::Null).into()
}

fn payload(record: &Record, header: bool) -> Option<Filling> {
    let body = match &record.payload {
        Payload::None => return None,
        Payload::EventData { name, items, binary } => {
            Body::Instance(event_data(name.as_deref(), items, binary.as_deref()))
        }
        Payload::Strings { strings, binary } => {
            Body::Instance(classic_data(strings, binary.as_deref()))
        }
        Payload::UserData { root, as_text } => {
            let mut values = Vec::new();
            let template = user_data(root, &mut values);
            let instance = Instance { template, values };
            if *as_text {
                let body = Body::Tokens(resolve_instance(&instance));
                return Some(Filling::Nested { body, header: false });
            }
            Body::Instance(instance)
        }
    };
    Some(Filling::Nested { body, header })
}

fn event_data(
    name: Option<&str>,
    items: &[(Option<String>, Value)],
    binary: Option<&[u8]>,
) -> Instance {
    let mut template = Element::new("EventData").keep_open();
    if let Some(name) = name {
        template = template.attribute("Name", Content::Text(name.to_owned()));
    }
    let mut values = Vec::new();
    for (name, value) in items {
        let mut data = Element::new("Data").keep_open();
        if let Some(name) = name {
            data = data.attribute("Name", Content::Text(name.clone()));
        }
        template = template.child(data.with(push_value(&mut values, value)));
    }
    if let Some(bytes) = binary {
        let index = next_index(&values);
        values.push(Value::Binary(bytes.to_vec()).into());
        template = template.child(field("Binary", index, BINARY_TYPE).keep_open());
    }
    Instance { template, values }
}

/// The one template of all classic events: an array of texts, the size of the binary, the
/// binary.
fn classic_data(strings: &[String], binary: Option<&[u8]>) -> Instance {
    let template = Element::new("EventData")
        .child(field("Data", 0, TEXT_ARRAY_TYPE).keep_open())
        .child(field("Binary", 2, BINARY_TYPE).keep_open());
    let texts = match strings {
        [] => Value::Null,
        _ => Value::Texts(strings.to_vec()),
    };
    let size = u32::try_from(binary.map_or(0, <[u8]>::len)).unwrap_or(u32::MAX);
    let bytes = binary.map_or(Value::Null, |bytes| Value::Binary(bytes.to_vec()));
    Instance { template, values: vec![texts.into(), Value::U32(size).into(), bytes.into()] }
}

fn user_data(node: &Node, values: &mut Vec<Filling>) -> Element {
    let mut element = Element::new(Name::Owned(node.name.clone()));
    if let Some(namespace) = &node.namespace {
        element = element.attribute("xmlns", Content::Text(namespace.clone()));
    }
    for (name, value) in &node.attributes {
        element = element.attribute(Name::Owned(name.clone()), push_value(values, value));
    }
    if let Some(value) = &node.value {
        element = element.keep_open().with(push_value(values, value));
    }
    for child in &node.children {
        element = element.child(user_data(child, values));
    }
    element
}

/// Adds a value and gives the hole for it. A missing value stands in an optional hole: strict
/// readers refuse it elsewhere.
fn push_value(values: &mut Vec<Filling>, value: &Value) -> Content {
    let index = next_index(values);
    let (type_code, optional) = match value.type_code() {
        0 => (TEXT_TYPE, true),
        code => (code, false),
    };
    values.push(value.clone().into());
    Content::Slot { index, type_code, optional }
}

fn next_index(values: &[Filling]) -> u16 {
    u16::try_from(values.len()).unwrap_or(u16::MAX)
}

/// Writes an instance, with the definition of its template if the chunk lacks it.
pub(super) fn write_instance(chunk: &mut Chunk, instance: &Instance) {
    let guid = instance.template.fingerprint();
    chunk.bytes.extend([INSTANCE, INSTANCE_VERSION]);
    // A template is named by the first four bytes of its GUID.
    chunk.bytes.extend(guid.0.iter().take(4));
    match chunk.templates.get(&guid) {
        Some(offset) => chunk.bytes.extend(offset.to_le_bytes()),
        None => write_definition(chunk, guid, &instance.template),
    }
    write_values(chunk, &instance.values);
}

fn write_definition(chunk: &mut Chunk, guid: Guid, template: &Element) {
    let offset = chunk.position() + 4;
    let next = chunk.templates.insert(guid, guid_hash(&guid), offset);
    chunk.bytes.extend(offset.to_le_bytes());
    chunk.bytes.extend(next.to_le_bytes());
    chunk.bytes.extend(guid.0);
    let size_at = chunk.reserve_u32();
    write_fragment(chunk, template, true);
    chunk.fill_size(size_at);
}

/// The number of values, a descriptor for each, then the values back to back.
fn write_values(chunk: &mut Chunk, values: &[Filling]) {
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    chunk.bytes.extend(count.to_le_bytes());
    let table = chunk.bytes.len();
    chunk.bytes.resize(table + 4 * values.len(), 0);
    for (index, filling) in values.iter().enumerate() {
        let start = chunk.bytes.len();
        let type_code = write_filling(chunk, filling);
        // A size above 16 bits is larger than a chunk, which then refuses the record.
        let size = u16::try_from(chunk.bytes.len() - start).unwrap_or(u16::MAX);
        let [low, high] = size.to_le_bytes();
        chunk.put(table + 4 * index, &[low, high, type_code, 0]);
    }
}

fn write_filling(chunk: &mut Chunk, filling: &Filling) -> u8 {
    match filling {
        Filling::Value(value) => {
            value.encode(&mut chunk.bytes);
            value.type_code()
        }
        Filling::Nested { body, header } => {
            if *header {
                write_header(chunk);
            }
            match body {
                Body::Instance(instance) => write_instance(chunk, instance),
                Body::Tokens(element) => write_element(chunk, element, false),
            }
            write_end(chunk);
            NESTED_TYPE
        }
    }
}

/// A template with its values put in as text: what a record without template stores.
fn resolve_instance(instance: &Instance) -> Element {
    resolve_fields(&instance.template, &instance.values, 0)
}

/// The element, once for each item if its hole gets an array; not at all if it depends on a
/// missing value.
fn resolve(element: &Element, values: &[Filling]) -> Vec<Element> {
    let missing = |index: u16| values.get(usize::from(index)).is_none_or(Filling::is_null);
    if element.dependency.is_some_and(missing) {
        return Vec::new();
    }
    let copies = element.content.iter().filter_map(|content| array(content, values)).next();
    (0..copies.map_or(1, <[_]>::len)).map(|copy| resolve_fields(element, values, copy)).collect()
}

fn array<'v>(content: &Content, values: &'v [Filling]) -> Option<&'v [String]> {
    match filling(content, values)? {
        Filling::Value(Value::Texts(texts)) => Some(texts),
        _ => None,
    }
}

fn filling<'v>(content: &Content, values: &'v [Filling]) -> Option<&'v Filling> {
    match content {
        Content::Slot { index, .. } => values.get(usize::from(*index)),
        _ => None,
    }
}

fn resolve_fields(element: &Element, values: &[Filling], copy: usize) -> Element {
    let mut resolved =
        Element { keep_open: element.keep_open, ..Element::new(element.name.clone()) };
    for (name, value) in &element.attributes {
        let optional = matches!(value, Content::Slot { optional: true, .. });
        match filling(value, values) {
            None => resolved.attributes.push((name.clone(), value.clone())),
            Some(missing) if optional && missing.is_null() => {}
            Some(filling) => {
                resolved.attributes.push((name.clone(), Content::Text(text(filling, 0))));
            }
        }
    }
    for content in &element.content {
        resolved.content.extend(resolve_content(content, values, copy));
    }
    resolved
}

fn resolve_content(content: &Content, values: &[Filling], copy: usize) -> Vec<Content> {
    if let Content::Element(element) = content {
        return resolve(element, values).into_iter().map(Content::Element).collect();
    }
    match filling(content, values) {
        None => vec![content.clone()],
        Some(Filling::Nested { body: Body::Instance(instance), .. }) => {
            vec![Content::Element(resolve_instance(instance))]
        }
        Some(Filling::Nested { body: Body::Tokens(element), .. }) => {
            vec![Content::Element(element.clone())]
        }
        Some(value) => {
            let text = text(value, copy);
            if text.is_empty() { Vec::new() } else { vec![Content::Text(text)] }
        }
    }
}

fn text(filling: &Filling, copy: usize) -> String {
    match filling {
        Filling::Value(Value::Texts(texts)) => texts.get(copy).cloned().unwrap_or_default(),
        Filling::Value(value) => value.text(),
        Filling::Nested { .. } => String::new(),
    }
}
