//! Reads logs back through the `evtx` crate, as flat lists of fields.

use chrono::NaiveDateTime;
use evtx::{EvtxParser, ParserSettings};
use quick_xml::events::{BytesStart, Event};
use serde_json::Value as Json;

fn settings() -> ParserSettings {
    ParserSettings::default().num_threads(1).indent(false).validate_checksums(true)
}

/// Number, and fields in document order, of each record.
pub(super) type Records = Vec<(u64, Vec<String>)>;

pub(super) fn read(file: &[u8]) -> Records {
    let mut parser = EvtxParser::from_buffer(file.to_vec()).unwrap().with_configuration(settings());
    assert!(parser.header().validate_checksum());
    let records = parser.records().map(|record| record.unwrap());
    let records: Records =
        records.map(|record| (record.event_record_id, flatten(&record.data))).collect();
    let json: Vec<_> = parser.records_json_value().map(|record| record.unwrap().data).collect();
    assert_eq!(json.len(), records.len());
    for (json, (_, fields)) in json.iter().zip(&records) {
        assert_json_agrees(json, fields);
    }
    records
}

/// Whether JSON and XML of a record have the same values, and the same names of data.
fn assert_json_agrees(json: &Json, fields: &[String]) {
    let mut values = Vec::new();
    scalars(json, &mut values);
    values.sort_unstable();
    let (names, others): (Vec<_>, Vec<_>) =
        fields.iter().partition(|field| field.starts_with("Event/EventData/Data@Name="));
    let mut expected: Vec<_> = others.into_iter().map(|field| text_of(field)).collect();
    expected.retain(|text| !text.is_empty());
    expected.sort_unstable();
    assert_eq!(values, expected, "{json:#}");
    for name in names {
        assert!(json["Event"]["EventData"].get(text_of(name)).is_some(), "{name} in {json:#}");
    }
}

/// The texts of all values that are not empty.
fn scalars(json: &Json, texts: &mut Vec<String>) {
    match json {
        Json::Object(fields) => fields.values().for_each(|value| scalars(value, texts)),
        Json::Array(items) => items.iter().for_each(|item| scalars(item, texts)),
        Json::String(text) if text.is_empty() => {}
        Json::String(text) => texts.push(text.clone()),
        Json::Null => {}
        other => texts.push(other.to_string()),
    }
}

fn text_of(field: &str) -> &str {
    field.split_once('=').map_or("", |(_, text)| text)
}

/// How many records and how many errors a reader gets out of a damaged file.
pub(super) fn count(file: &[u8], checksums: bool) -> (usize, usize) {
    let Ok(parser) = EvtxParser::from_buffer(file.to_vec()) else { return (0, 1) };
    let settings = settings().validate_checksums(checksums);
    let results: Vec<_> =
        parser.with_configuration(settings).records().map(|r| r.is_ok()).collect();
    let good = results.iter().filter(|ok| **ok).count();
    (good, results.len() - good)
}

/// `path=text` and `path@Name=value`, in document order.
fn flatten(xml: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut fields = Vec::new();
    // Path, text so far, and whether there were elements inside.
    let mut open: Vec<(String, String, bool)> = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let path = enter(&start, &mut open);
                fields.extend(attributes(&start).map(|field| format!("{path}@{field}")));
                open.push((path, String::new(), false));
            }
            Event::Text(text) => push_text(&mut open, &text.into_inner()),
            Event::GeneralRef(name) => {
                let char_ref = name.resolve_char_ref().unwrap().map(String::from);
                let known = quick_xml::escape::resolve_predefined_entity(&name);
                push_text(&mut open, &char_ref.unwrap_or_else(|| known.unwrap().to_owned()));
            }
            Event::End(_) => {
                let (path, text, parent) = open.pop().unwrap();
                if !parent {
                    fields.push(format!("{path}={text}"));
                }
            }
            Event::Eof => return fields,
            _ => {}
        }
    }
}

fn enter(start: &BytesStart<'_>, open: &mut [(String, String, bool)]) -> String {
    let name = start.name().as_ref().to_owned();
    match open.last_mut() {
        None => name,
        Some((path, _, parent)) => {
            *parent = true;
            format!("{path}/{name}")
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> impl Iterator<Item = String> {
    start.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
        format!("{}={}", attribute.key.as_ref(), value)
    })
}

fn push_text(open: &mut [(String, String, bool)], text: &str) {
    if let Some((_, all, _)) = open.last_mut() {
        all.push_str(text);
    }
}

/// The path of a field, without its text.
pub(super) fn path(field: &str) -> &str {
    field.split_once('=').map_or(field, |(path, _)| path)
}

/// A field in a spelling on which all readers agree: GUIDs in lower case, hex numbers without
/// leading zeroes, times with so many fraction digits.
pub(super) fn comparable(field: &str, digits: usize) -> String {
    let Some((path, value)) = field.split_once('=') else { return field.to_owned() };
    let is_guid = value.len() == 38 && value.starts_with('{') && value.ends_with('}');
    let seconds = value.get(..19).map(|start| start.replace(' ', "T"));
    let is_time = seconds.is_some_and(|text| text.parse::<NaiveDateTime>().is_ok());
    let hex = value.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    let value = match hex {
        _ if is_guid => value.to_lowercase(),
        Some(number) => format!("{number:#x}"),
        None if is_time => comparable_time(value, digits),
        None if value == "True" => "true".to_owned(),
        None => value.to_owned(),
    };
    format!("{path}={value}")
}

fn comparable_time(value: &str, digits: usize) -> String {
    let (seconds, fraction) = (&value[..19], value[19..].trim_start_matches('.'));
    let fraction = fraction.split(['Z', '+']).next().unwrap();
    format!("{}.{}Z", seconds.replace(' ', "T"), &format!("{fraction:0<9}")[..digits])
}
