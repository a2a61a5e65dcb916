//! What `support::evtx_writer` writes is read back unchanged, by the `evtx` crate and by
//! readers that are not written in Rust.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests count as other code"
)]

#[path = "evtx_writer/other_readers.rs"]
mod other_readers;
#[path = "evtx_writer/read.rs"]
mod read;
#[path = "support/mod.rs"]
mod support;

use std::io::Cursor;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use evtx::EvtxParser;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use read::{comparable, count, path, read};
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
fn a_payload_can_be_given_whole() {
    let items = vec![(Some("A".to_owned()), Value::from("b"))];
    let payload_ = Payload::EventData { name: None, items, binary: None };
    assert_eq!(
        payload(Record::new("P", 1).payload(payload_)),
        ["EventData/Data@Name=A", "EventData/Data=b"]
    );
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
    #![proptest_config(support::proptest_config(64))]

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
