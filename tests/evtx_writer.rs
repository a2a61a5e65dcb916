//! What `support::evtx_writer` writes is read back unchanged, by the `evtx` crate and by
//! readers that are not written in Rust.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests count as other code"
)]

#[path = "support/mod.rs"]
mod support;

use std::io::Cursor;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use evtx::{EvtxParser, ParserSettings};
use proptest::prelude::*;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Value as Json, json};

use support::evtx_writer::{
    CHUNK_SIZE, Damage, FILE_HEADER_SIZE, Layout, Log, Node, Payload, Record, Value, binary,
    filetime, guid, hex32, hex64, sid, system_time, text_nul, texts,
};

const RDP: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
const RDP_GUID: &str = "{1139c61b-b549-4251-8ed3-27250a1edec8}";
const RDP_CHANNEL: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational";
const TERM_SERVICE: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
const TERM_SERVICE_GUID: &str = "{C76BAA63-AE81-421C-B425-340B4B24157F}";
const ALL_LAYOUTS: [Layout; 3] = [Layout::Substituted, Layout::Literal, Layout::Inline];

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn connection() -> Record {
    Record::new(RDP, 131)
        .guid(RDP_GUID)
        .channel(RDP_CHANNEL)
        .task(4)
        .opcode(15)
        .keywords(0x4000_0000_0000_0000)
        .activity("{f42004da-7659-4b1e-b263-be994ec80000}")
        .process(332, 1340)
        .user("S-1-5-20")
        .at("2026-03-02T08:15:00.1234567Z")
        .data("ConnType", "TCP")
        .data("ClientIP", "192.0.2.9:51001")
}

fn certificate_failure() -> Record {
    Record::classic(TERM_SERVICE, 1057, 49152)
        .alias(TERM_SERVICE_GUID, "TermService")
        .level(2)
        .at("2026-03-02T08:14:00Z")
        .strings(["The relevant status code was Object already exists."])
        .binary(&[0x0f, 0x00, 0x09, 0x80])
}

// ---- reading back through the evtx crate

fn settings() -> ParserSettings {
    ParserSettings::default().num_threads(1).indent(false).validate_checksums(true)
}

/// Number, and fields in document order, of each record.
type Records = Vec<(u64, Vec<String>)>;

fn read(file: &[u8]) -> Records {
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
fn count(file: &[u8], checksums: bool) -> (usize, usize) {
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

/// What stands after `System`, without the leading `Event/`.
fn payload(record: Record) -> Vec<String> {
    let records = read(&Log::new().record(record).to_bytes());
    let [(1, fields)] = records.as_slice() else { panic!("not one record: {records:?}") };
    let inside = |field: &String| field.strip_prefix("Event/").map(str::to_owned);
    fields.iter().filter_map(inside).filter(|field| !field.starts_with("System")).collect()
}

#[test]
fn every_field_of_a_manifest_event() {
    for layout in ALL_LAYOUTS {
        let log = Log::new().first_record_id(6_334_916).record(connection().layout(layout));
        let expected = [
            "Event@xmlns=http://schemas.microsoft.com/win/2004/08/events/event",
            "Event/System/Provider@Name=Microsoft-Windows-RemoteDesktopServices-RdpCoreTS",
            "Event/System/Provider@Guid={1139c61b-b549-4251-8ed3-27250a1edec8}",
            "Event/System/Provider=",
            "Event/System/EventID=131",
            "Event/System/Version=0",
            "Event/System/Level=4",
            "Event/System/Task=4",
            "Event/System/Opcode=15",
            "Event/System/Keywords=0x4000000000000000",
            "Event/System/TimeCreated@SystemTime=2026-03-02T08:15:00.1234567Z",
            "Event/System/TimeCreated=",
            "Event/System/EventRecordID=6334916",
            "Event/System/Correlation@ActivityID={f42004da-7659-4b1e-b263-be994ec80000}",
            "Event/System/Correlation=",
            "Event/System/Execution@ProcessID=332",
            "Event/System/Execution@ThreadID=1340",
            "Event/System/Execution=",
            "Event/System/Channel=Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational",
            "Event/System/Computer=HOST1.example.com",
            "Event/System/Security@UserID=S-1-5-20",
            "Event/System/Security=",
            "Event/EventData/Data@Name=ConnType",
            "Event/EventData/Data=TCP",
            "Event/EventData/Data@Name=ClientIP",
            "Event/EventData/Data=192.0.2.9:51001",
        ];
        let records = read(&log.to_bytes());
        let fields: Vec<_> = records[0].1.iter().map(|field| comparable(field, 7)).collect();
        assert_eq!(fields, expected.map(|field| comparable(field, 7)), "{layout:?}");
    }
}

#[test]
fn every_field_in_json() {
    let file = Log::new()
        .computer("RDSH1.example.com")
        .record(connection().related_activity("{00000000-0000-0000-0000-000000000007}"))
        .record(certificate_failure())
        .to_bytes();
    let mut parser = EvtxParser::from_buffer(file).unwrap();
    let records: Vec<Json> = parser.records_json_value().map(|r| r.unwrap().data).collect();
    let expected = json!({"Event": {
        "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
        "System": {
            "Provider": {"#attributes": {"Name": RDP, "Guid": RDP_GUID}},
            "EventID": 131, "Version": 0, "Level": 4, "Task": 4, "Opcode": 15,
            "Keywords": "0x4000000000000000",
            "TimeCreated": {"#attributes": {"SystemTime": "2026-03-02T08:15:00.1234567Z"}},
            "EventRecordID": 1,
            "Correlation": {"#attributes": {
                "ActivityID": "{f42004da-7659-4b1e-b263-be994ec80000}",
                "RelatedActivityID": "{00000000-0000-0000-0000-000000000007}",
            }},
            "Execution": {"#attributes": {"ProcessID": 332, "ThreadID": 1340}},
            "Channel": RDP_CHANNEL, "Computer": "RDSH1.example.com",
            "Security": {"#attributes": {"UserID": "S-1-5-20"}},
        },
        "EventData": {"ConnType": "TCP", "ClientIP": "192.0.2.9:51001"},
    }});
    assert_eq!(records[0], expected);
    let system = &records[1]["Event"]["System"];
    assert_eq!(
        system["Provider"]["#attributes"],
        json!({"Name": TERM_SERVICE, "Guid": TERM_SERVICE_GUID, "EventSourceName": "TermService"})
    );
    assert_eq!(system["EventID"], json!({"#attributes": {"Qualifiers": 49152}, "#text": 1057}));
    assert_eq!(
        records[1]["Event"]["EventData"],
        json!({
            "Data": {"#text": "The relevant status code was Object already exists."},
            "Binary": "0F000980",
        })
    );
}

#[test]
fn old_classic_events_lack_half_of_system() {
    let file = Log::new().record(Record::classic("TermDD", 56, 49162).strings(["a"])).to_bytes();
    let fields = read(&file).remove(0).1;
    for absent in ["Guid", "Version", "Opcode", "Correlation", "Execution", "UserID"] {
        assert!(!fields.iter().any(|field| field.contains(absent)), "{absent}: {fields:#?}");
    }
    assert!(fields.contains(&"Event/System/EventID@Qualifiers=49162".to_owned()));
}

#[test]
fn every_value_type() {
    let moment = time("2026-03-02T08:15:00.123Z");
    let cases: Vec<(Value, &str)> = vec![
        ("".into(), ""),
        (" NtLmSsp ".into(), " NtLmSsp "),
        ("a & b < c > \"d\" 'e'".into(), "a & b < c > \"d\" 'e'"),
        ("Müller 漢字 Ελληνικά \u{1f600}".into(), "Müller 漢字 Ελληνικά \u{1f600}"),
        (text_nul("rdpcmd"), "rdpcmd"),
        (Value::Ansi(b"plain".to_vec()), "plain"),
        (Value::Null, ""),
        (Value::I8(-3), "-3"),
        (255_u8.into(), "255"),
        ((-300_i16).into(), "-300"),
        (65_535_u16.into(), "65535"),
        ((-16_938_018).into(), "-16938018"),
        (u32::MAX.into(), "4294967295"),
        (i64::MIN.into(), "-9223372036854775808"),
        (u64::MAX.into(), "18446744073709551615"),
        (true.into(), "true"),
        (false.into(), "false"),
        (hex32(0xd00a_0032), "0xd00a0032"),
        (hex64(0x3e7), "0x3e7"),
        (guid("{F42004DA-7659-4B1E-B263-BE994EC80001}"), "{f42004da-7659-4b1e-b263-be994ec80001}"),
        (
            sid("S-1-5-21-1004336348-1177238915-682003330-512"),
            "S-1-5-21-1004336348-1177238915-682003330-512",
        ),
        (binary(&[0, 0x5e, 0xff]), "005EFF"),
        (filetime(moment), "2026-03-02T08:15:00.1230000Z"),
        (system_time(moment), "2026-03-02T08:15:00.1230000Z"),
    ];
    for (value, text) in cases {
        for layout in ALL_LAYOUTS {
            let record = Record::new(RDP, 1).guid(RDP_GUID).layout(layout);
            let fields = payload(record.data("A", value.clone()).data("End", "."));
            let expected = ["Data@Name=A", &format!("Data={text}"), "Data@Name=End", "Data=."];
            let comparable =
                |field: &String| comparable(field.strip_prefix("EventData/").unwrap(), 3);
            let fields: Vec<_> = fields.iter().map(comparable).collect();
            assert_eq!(fields, expected.map(|f| self::comparable(f, 3)), "{value:?} {layout:?}");
        }
    }
}

#[test]
fn every_payload_form() {
    let base = || Record::new(RDP, 1).guid(RDP_GUID);
    for layout in ALL_LAYOUTS {
        let check = |record: Record, expected: &[&str]| {
            assert_eq!(payload(record.layout(layout)), expected, "{layout:?}");
        };
        check(base().no_payload(), &[]);
        check(base(), &["EventData="]);
        check(base().data_name("TMP"), &["EventData@Name=TMP", "EventData="]);
        check(
            base().unnamed("TERMSRV/host").unnamed(2_u32),
            &["EventData/Data=TERMSRV/host", "EventData/Data=2"],
        );
        check(
            base().data("Server", "x$").binary(&[]),
            &["EventData/Data@Name=Server", "EventData/Data=x$", "EventData/Binary="],
        );
        check(
            base().data("Names", texts(["a", "b"])),
            &[
                "EventData/Data@Name=Names",
                "EventData/Data=a",
                "EventData/Data@Name=Names",
                "EventData/Data=b",
            ],
        );
        let classic = || Record::classic("NETLOGON", 5719, 0);
        check(classic(), &["EventData="]);
        check(
            classic().strings(["EXAMPLE", "", "%%1311"]).binary(&[0x5e, 0, 0, 0xc0]),
            &[
                "EventData/Data=EXAMPLE",
                "EventData/Data=",
                "EventData/Data=%%1311",
                "EventData/Binary=5E0000C0",
            ],
        );
        let xml = Node::new("EventXML").namespace("Event_NS").field("User", "alice").child(
            Node::new("Result").attribute("value", hex32(5)).attribute("id", "q").value("denied"),
        );
        let expected = [
            "UserData/EventXML@xmlns=Event_NS",
            "UserData/EventXML/User=alice",
            "UserData/EventXML/Result@value=0x5",
            "UserData/EventXML/Result@id=q",
            "UserData/EventXML/Result=denied",
        ];
        check(base().user_data(xml.clone()), &expected);
        check(base().user_data_as_text(xml), &expected);
    }
}

#[test]
fn long_texts_up_to_a_chunk() {
    let long = "x漢".repeat(15_000);
    let file = Log::new().record(connection().data("Long", long.as_str())).to_bytes();
    assert!(read(&file)[0].1.contains(&format!("Event/EventData/Data={long}")));
    let error = Log::new().record(connection().data("Long", long.repeat(2))).try_to_bytes();
    assert_eq!(error.unwrap_err().to_string(), "record 1 is larger than a chunk");
}

// ---- files

/// A log of `count` records that fills several chunks.
fn many(count: u32) -> Log {
    let start = time("2026-03-02T08:00:00Z");
    Log::new().records((0..count).map(|number| {
        let base = if number % 3 == 0 { certificate_failure() } else { connection() };
        let id = number % 50;
        base.time(start + TimeDelta::milliseconds(i64::from(number) * 250)).task(id as u16)
    }))
}

fn u64_at(file: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(file[at..at + 8].try_into().unwrap())
}

fn record_ids(file: &[u8]) -> Vec<u64> {
    let id = |fields: &Vec<String>| {
        let id = fields.iter().find_map(|f| f.strip_prefix("Event/System/EventRecordID="));
        id.unwrap().parse().unwrap()
    };
    read(file).iter().map(|(_, fields)| id(fields)).collect()
}

#[test]
fn many_records_take_many_chunks() {
    let file = many(700).first_record_id(1000).to_bytes();
    assert!(file.len() >= FILE_HEADER_SIZE + 3 * CHUNK_SIZE, "{} bytes", file.len());
    assert_eq!((file.len() - FILE_HEADER_SIZE) % CHUNK_SIZE, 0);
    assert_eq!(record_ids(&file), (1000..1700).collect::<Vec<_>>());
    let last = (file.len() - FILE_HEADER_SIZE) / CHUNK_SIZE - 1;
    assert_eq!((u64_at(&file, 8), u64_at(&file, 16)), (0, last as u64));
    assert_eq!(u64_at(&file, 24), 1700);
    assert_eq!(file, many(700).first_record_id(1000).to_bytes());
}

#[test]
fn a_wrapped_log_begins_in_the_middle() {
    let file = many(700).wrapped(2).to_bytes();
    assert_eq!((u64_at(&file, 8), u64_at(&file, 16)), (2, 1));
    assert_eq!(u64_at(&file, FILE_HEADER_SIZE + 2 * CHUNK_SIZE + 24), 1);
    assert_ne!(u64_at(&file, FILE_HEADER_SIZE + 24), 1);
    // The crate begins with the oldest chunk.
    assert_eq!(record_ids(&file), (1..=700).collect::<Vec<_>>());
}

#[test]
fn an_exported_log_is_renumbered() {
    let log = Log::new().first_record_id(500).exported(time("2026-03-05T10:00:00Z"));
    let file = log.record(connection()).record(connection().header_number(77)).to_bytes();
    let mut parser = EvtxParser::from_buffer(file.clone()).unwrap();
    let headers: Vec<_> = parser.records().map(|r| r.unwrap()).collect();
    assert_eq!(headers[0].event_record_id, 1);
    assert_eq!(headers[1].event_record_id, 77);
    assert_eq!(headers[0].timestamp.to_string(), "2026-03-05T10:00:00Z");
    assert_eq!(record_ids(&file), [500, 501]);
}

#[test]
fn an_empty_log_has_one_empty_chunk() {
    let file = Log::new().to_bytes();
    assert_eq!(file.len(), FILE_HEADER_SIZE + CHUNK_SIZE);
    assert_eq!(count(&file, true), (0, 0));
}

#[test]
fn a_stream_is_the_same_file() {
    let mut writer = Log::new().stream(Cursor::new(Vec::new())).unwrap();
    let made = writer.fill(300_000, |number| connection().data("Number", number)).unwrap();
    let streamed = writer.finish().unwrap().into_inner();
    assert!((300_000..300_000 + 2 * CHUNK_SIZE).contains(&streamed.len()), "{}", streamed.len());
    let records = (0..made).map(|number| connection().data("Number", number));
    assert_eq!(streamed, Log::new().records(records).to_bytes());
    assert_eq!(read(&streamed).len() as u64, made);
}

// ---- damage

#[test]
fn damage_costs_what_it_says() {
    let whole = many(700).to_bytes();
    let starts: Vec<u64> = (0..(whole.len() - FILE_HEADER_SIZE) / CHUNK_SIZE)
        .map(|chunk| u64_at(&whole, FILE_HEADER_SIZE + chunk * CHUNK_SIZE + 24))
        .collect();
    let in_chunk = |chunk: usize| (starts[chunk + 1] - starts[chunk]) as usize;
    let before = |chunk: usize| starts[chunk] as usize - 1;
    let hurt = |damage: Damage| many(700).damage(damage).to_bytes();
    let loose = |damage: Damage| count(&hurt(damage), false);
    let strict = |damage: Damage| count(&hurt(damage), true);

    assert_eq!(loose(Damage::CutAt(FILE_HEADER_SIZE + CHUNK_SIZE)), (before(1), 0));
    let (read, _) = loose(Damage::CutInChunk(2, CHUNK_SIZE / 2));
    assert!((before(2)..before(3)).contains(&read), "{read}");
    assert_eq!(loose(Damage::ZeroChunk(1)), (700 - in_chunk(1), 0));
    let (read, errors) = loose(Damage::BadChunkMagic(1));
    assert_eq!((read, errors > 0), (700 - in_chunk(1), true));
    let noise = |seed| Damage::Noise { chunk: 1, range: 20_000..40_000, seed };
    let (read, _) = loose(noise(7));
    assert!(read < 700 && read >= 700 - in_chunk(1), "{read}");
    assert_eq!(hurt(noise(7)), hurt(noise(7)));
    assert_ne!(hurt(noise(7)), hurt(noise(8)));
    assert_eq!(loose(Damage::Dirty), (700, 0));
    assert_eq!(hurt(Damage::Dirty)[120], 1);
    assert_eq!(loose(Damage::StaleHeader), (700, 0));
    assert_eq!(u64_at(&hurt(Damage::StaleHeader), 24), starts[1]);
    assert_eq!(loose(Damage::ZeroHeader).0, 0);
    assert_eq!(loose(Damage::HeaderOnly), (0, 0));
    assert_eq!(loose(Damage::TailGarbage { len: 5000, seed: 1 }).0, 700);
    assert_eq!(strict(Damage::BadFileCrc), (700, 0));
    for damage in [Damage::BadChunkCrc(1), Damage::BadRecordsCrc(1)] {
        assert_eq!(loose(damage.clone()), (700, 0));
        let (read, errors) = strict(damage);
        assert_eq!((read, errors > 0), (700 - in_chunk(1), true));
    }
}

#[test]
fn damage_outside_the_file_does_nothing() {
    let whole = Log::new().record(connection()).to_bytes();
    let far = usize::MAX;
    for damage in [
        Damage::CutAt(far),
        Damage::CutInChunk(far, far),
        Damage::ZeroChunk(9),
        Damage::BadChunkMagic(far),
        Damage::Noise { chunk: 9, range: 0..far, seed: 1 },
        Damage::BadChunkCrc(9),
        Damage::BadRecordsCrc(far),
    ] {
        assert_eq!(Log::new().record(connection()).damage(damage).to_bytes(), whole);
    }
    let mut nothing = Vec::new();
    for damage in [Damage::Dirty, Damage::StaleHeader, Damage::FlipBytes { count: 3, seed: 1 }] {
        damage.apply(&mut nothing);
    }
    assert!(nothing.is_empty());
}

// ---- random records

fn texts_of_all_kinds() -> impl Strategy<Value = String> {
    // Neither control characters nor NUL: XML cannot carry them, and readers cut at NUL.
    "[ -~äß€Ωжあ漢\u{1f600}\u{10ffff}]{0,40}"
}

/// A value and its text.
fn values() -> impl Strategy<Value = (Value, String)> {
    let number = any::<u32>();
    prop_oneof![
        4 => texts_of_all_kinds().prop_map(|text| (text.as_str().into(), text)),
        1 => number.prop_map(|n| (n.into(), n.to_string())),
        1 => any::<i32>().prop_map(|n| (n.into(), n.to_string())),
        1 => any::<u64>().prop_map(|n| (n.into(), n.to_string())),
        1 => any::<u8>().prop_map(|n| (n.into(), n.to_string())),
        1 => number.prop_map(|n| (hex32(n), format!("{n:#x}"))),
        1 => any::<u64>().prop_map(|n| (hex64(n), format!("{n:#x}"))),
        1 => any::<bool>().prop_map(|truth| (truth.into(), truth.to_string())),
        1 => (1..9_u32, number).prop_map(|(a, b)| {
            let text = format!("S-1-5-{a}-{b}");
            (sid(&text), text)
        }),
        1 => prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| {
            let text = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            (bytes.into(), text)
        }),
        1 => Just((Value::Null, String::new())),
    ]
}

fn layouts() -> impl Strategy<Value = Layout> {
    prop::sample::select(ALL_LAYOUTS.to_vec())
}

/// A record and the fields that do not depend on its place in the log.
fn records() -> impl Strategy<Value = (Record, Vec<String>)> {
    let head = ("[A-Za-z][A-Za-z-]{0,20}", any::<u16>(), any::<u8>(), any::<u16>(), layouts());
    let items = prop::collection::vec(("[A-Za-z ]{1,12}", values()), 0..8);
    let ticks = 0..200_000_000_000_000_000_i64;
    (head, items, ticks, any::<[u32; 2]>(), texts_of_all_kinds()).prop_map(
        |((provider, id, level, task, layout), items, ticks, [process, thread], channel)| {
            let nanos =
                TimeDelta::microseconds(ticks / 10) + TimeDelta::nanoseconds(ticks % 10 * 100);
            let moment = time("1601-01-01T00:00:00Z") + nanos;
            let mut record = Record::new(&provider, id)
                .guid(RDP_GUID)
                .level(level)
                .task(task)
                .layout(layout)
                .process(process, thread)
                .channel(&format!("c{channel}"))
                .time(moment);
            let mut fields = vec![
                format!("Event/System/Provider@Name={provider}"),
                format!("Event/System/EventID={id}"),
                format!("Event/System/Level={level}"),
                format!("Event/System/Task={task}"),
                format!(
                    "Event/System/TimeCreated@SystemTime={}",
                    moment.format("%Y-%m-%dT%H:%M:%S%.9fZ")
                ),
                format!("Event/System/Execution@ProcessID={process}"),
                format!("Event/System/Execution@ThreadID={thread}"),
                format!("Event/System/Channel=c{channel}"),
            ];
            for (name, (value, text)) in items {
                record = record.data(&name, value);
                fields.push(format!("Event/EventData/Data@Name={name}"));
                fields.push(format!("Event/EventData/Data={text}"));
            }
            (record, fields)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_records_read_back(described in prop::collection::vec(records(), 1..200)) {
        let log = Log::new().records(described.iter().map(|(record, _)| record.clone()));
        let found = read(&log.to_bytes());
        prop_assert_eq!(found.len(), described.len());
        for ((_, fields), (_, expected)) in found.iter().zip(&described) {
            let known: Vec<_> = fields
                .iter()
                .filter(|field| expected.iter().any(|e| path(e) == path(field)))
                .map(|field| comparable(field, 7))
                .collect();
            let expected: Vec<_> = expected.iter().map(|field| comparable(field, 7)).collect();
            prop_assert_eq!(known, expected);
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_no_panic(len in 0..300_000_usize, seed in any::<u64>()) {
        static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| many(400).to_bytes());
        let mut file = WHOLE.clone();
        for damage in [Damage::CutAt(len), Damage::FlipBytes { count: 20, seed }] {
            damage.apply(&mut file);
        }
        prop_assert!(count(&file, false).0 <= 400);
    }
}

fn path(field: &str) -> &str {
    field.split_once('=').map_or(field, |(path, _)| path)
}

// ---- other readers

/// A field in a spelling on which all readers agree: GUIDs in lower case, hex numbers without
/// leading zeroes, times with so many fraction digits.
fn comparable(field: &str, digits: usize) -> String {
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

/// The Python that may have the readers: the variable names a program or a virtual
/// environment; without it, that of the system.
#[expect(clippy::disallowed_methods, reason = "says where the optional readers are installed")]
fn python() -> PathBuf {
    let named = std::env::var_os("RDPWHY_PYTHON").map(PathBuf::from);
    match named {
        Some(folder) if folder.is_dir() && cfg!(windows) => folder.join("Scripts").join("python"),
        Some(folder) if folder.is_dir() => folder.join("bin").join("python3"),
        Some(program) => program,
        None => "python3".into(),
    }
}

/// What `reader` finds in a file; `None`, said aloud, if it is not installed.
fn read_with(reader: &str, module: &str, file: &[u8]) -> Option<Records> {
    let python = python();
    let import = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {} has no {reader} (tests/support/requirements.txt)", python.display());
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.evtx");
    std::fs::write(&path, file).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/read_evtx.py");
    let output = Command::new(&python).args([script, reader]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{reader}: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| record_of(&serde_json::from_str(line).unwrap())).collect())
}

fn record_of(line: &Json) -> (u64, Vec<String>) {
    let fields = line["fields"].as_array().unwrap().iter();
    let fields = fields.map(|field| field.as_str().unwrap().to_owned());
    (line["number"].as_u64().unwrap(), fields.collect())
}

/// Compares with the evtx crate, whose reading the tests above check against the description.
fn assert_same(reader: &str, module: &str, digits: usize, file: &[u8]) {
    let Some(mut found) = read_with(reader, module, file) else { return };
    let mut ours = read(file);
    // Some readers begin with the oldest chunk, others with the first in the file.
    found.sort();
    ours.sort();
    assert_eq!(found.len(), ours.len(), "{reader}");
    for ((number, found), (our_number, ours)) in found.iter().zip(&ours) {
        assert_eq!(number, our_number);
        let comparable = |fields: &[String]| -> Vec<String> {
            let full = fields.iter().filter(|field| !field.ends_with('='));
            full.map(|field| comparable(field, digits)).collect()
        };
        assert_eq!(comparable(found), comparable(ours), "{reader}");
    }
    eprintln!("{reader} agrees on {} records", ours.len());
}

/// Every payload form and value type that both other readers know, in all layouts given.
fn forms(layouts: &[Layout]) -> Vec<Record> {
    let mut forms = Vec::new();
    for &layout in layouts {
        let base = || connection().layout(layout);
        let typed = base()
            .data("Bool", true)
            .data("U8", 200_u8)
            .data("U16", 60_000_u16)
            .data("I32", 54_000)
            .data("U64", u64::MAX)
            .data("Hex32", hex32(0xd00a_0032))
            .data("Hex64", hex64(0x3e7))
            .data("Guid", guid(TERM_SERVICE_GUID))
            .data("Sid", sid("S-1-5-21-1004336348-1177238915-682003330-512"))
            .data("FileTime", filetime(time("2026-03-02T08:15:00.5Z")))
            .data("Nul", text_nul("rdpcmd"))
            .data("Names", texts(["a", "b"]))
            .data("Text", "Müller <漢字> & Ελληνικά \u{1f600} ");
        let xml = Node::new("EventXML").namespace("Event_NS").field("Param1", "alice").child(
            Node::new("Result").attribute("value", hex32(5)).attribute("id", "q").value("denied"),
        );
        forms.extend([
            typed,
            base().version(None).opcode(None).data_name("TMP"),
            base().no_payload(),
            base().user_data(xml),
            Record::new("K", 5).layout(layout).data("Server", "x$").binary(&[1, 2]),
            certificate_failure().layout(layout),
            Record::classic("NETLOGON", 5719, 0).layout(layout).strings(["EXAMPLE", "%%1311"]),
            Record::classic("TermDD", 56, 49162).layout(layout).binary(&[0x32, 0, 0x0a, 0xd0]),
        ]);
    }
    forms
}

#[test]
fn libevtx_agrees() {
    let tree = Node::new("CertRejectedTask").child(Node::new("Info").attribute("cn", "RDSH1"));
    // libevtx shows negative numbers wrongly, so there are none here.
    let log = many(700).records(forms(&ALL_LAYOUTS)).record(connection().user_data_as_text(tree));
    assert_same("libevtx", "pyevtx", 7, &log.to_bytes());
}

#[test]
fn python_evtx_agrees() {
    // python-evtx reads neither records without a template nor payloads of tokens, not in real
    // logs either, and its times are not exact below a millisecond.
    let negative = connection().data("I32", -16_938_018);
    let templates = forms(&[Layout::Substituted, Layout::Literal]);
    let log = many(700).records(templates).record(negative);
    assert_same("python-evtx", "Evtx.Evtx", 3, &log.to_bytes());
}

#[test]
fn other_readers_take_wrapped_and_exported_logs() {
    let log = many(700).first_record_id(9_000).exported(time("2026-03-05T10:00:00Z"));
    assert_same("libevtx", "pyevtx", 7, &log.to_bytes());
    assert_same("python-evtx", "Evtx.Evtx", 3, &log.wrapped(1).to_bytes());
    assert_same("libevtx", "pyevtx", 7, &Log::new().to_bytes());
}

#[test]
fn a_payload_can_be_given_whole() {
    let items = vec![(Some("A".to_owned()), Value::from("b"))];
    let payload_ = Payload::EventData { name: None, items, binary: None };
    assert_eq!(
        payload(Record::new("P", 1).payload(payload_)),
        ["EventData/Data@Name=A", "EventData/Data=b"]
    );
}
