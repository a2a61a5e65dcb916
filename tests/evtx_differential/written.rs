//! Logs of our writer: every payload, every layout, every type of value, and random mixtures.

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::compare;
use super::support::evtx_writer::{
    Layout, Log, Node, Record, Value, binary, filetime, guid, hex32, hex64, sid, system_time,
    text_nul, texts,
};

const GUID: &str = "{1f678132-5938-4686-9fdc-c8ff68f15c85}";
pub(super) const LAYOUTS: [Layout; 3] = [Layout::Substituted, Layout::Literal, Layout::Inline];

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// One of each type, with the edges of its range.
fn all_values() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        Value::Deleted(vec![1, 2, 3]),
        "plain".into(),
        "".into(),
        " blanks \t and <markup> & \"quotes\" 'too' \r\n ]]> %%1311".into(),
        "äß€Ωжあ漢\u{1f600}\u{10ffff}\u{fffd}\u{200e}".into(),
        "control \u{1}\u{1f}\u{7f}\u{85}\u{fffe}\u{ffff}".into(),
        "NUL\0and more".into(),
        "<string>one</string><string>two</string>".into(),
        text_nul("closed"),
        Value::Ansi(b"ansi \x80\xe4\xff\0".to_vec()),
        Value::Ansi(b"\x01<&>".to_vec()),
        (-128_i8).into(),
        255_u8.into(),
        i16::MIN.into(),
        u16::MAX.into(),
        i32::MIN.into(),
        u32::MAX.into(),
        i64::MIN.into(),
        u64::MAX.into(),
        true.into(),
        false.into(),
        binary(&[]),
        binary(&[0x00, 0xd0, 0x0a, 0xff]),
        guid(GUID),
        guid("{00000000-0000-0000-0000-000000000000}"),
        sid("S-1-5-18"),
        sid("S-1-5-21-1004336348-1177238915-682003330-512"),
        sid("S-1-281474976710655"),
        hex32(0),
        hex32(0x8009_030d),
        hex64(u64::MAX),
        texts(["one"]),
        texts(["one", "", "three"]),
        texts([""]),
    ];
    values.extend(
        ["2026-03-02T08:15:00.123456700Z", "1601-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
            .iter()
            .flat_map(|text| [filetime(time(text)), system_time(time(text))]),
    );
    values.extend([0, 1, i64::MAX as u64, u64::MAX].map(Value::FileTime));
    values
}

/// Every payload around some values.
fn all_payloads(values: &[Value]) -> Vec<Record> {
    let new = || Record::new("Schannel", 36870).guid(GUID);
    let mut records = vec![
        new(),
        new().no_payload(),
        new().data_name("Name of the data"),
        Record::classic("TermDD", 56, 49162),
        Record::classic("TermDD", 56, 49162).strings([]),
        Record::classic("TermDD", 56, 49162).strings(["\\Device\\Termdd", "", "192.0.2.7"]),
        Record::classic("TermDD", 50, 1).strings(["x"]).binary(&[0, 0xd0, 0, 0xab]),
        new().binary(&[1, 2, 3]),
        new().user_data(Node::new("EventXML").namespace("Event_NS")),
        new().user_data_as_text(Node::new("CertGetCertificateChain")),
    ];
    records.extend(values.iter().flat_map(|value| {
        let named = new().data("Error Code", value.clone());
        let unnamed = new().unnamed("before").unnamed(value.clone()).unnamed("behind");
        let called = new().data("Binary", value.clone());
        let tree = || {
            Node::new("EventXML")
                .namespace("Event_NS")
                .field("Param1", value.clone())
                .child(Node::new("Certificate").attribute("subjectName", "host.example.com"))
                .child(Node::new("Outer").attribute("a", "b").field("Inner", value.clone()))
                .field("Last", "end")
        };
        let attribute = new()
            .user_data(Node::new("Root").child(Node::new("Leaf").attribute("v", value.clone())));
        let root = new().user_data(Node::new("Only").value(value.clone()));
        vec![
            named,
            unnamed,
            called,
            new().user_data(tree()),
            new().user_data_as_text(tree()),
            attribute,
            root,
        ]
    }));
    records
}

#[test]
fn every_payload_value_and_layout_reads_the_same() {
    for layout in LAYOUTS {
        // One log each, so that a difference names what it is about.
        for value in all_values() {
            let log = Log::new().layout(layout).records(all_payloads(std::slice::from_ref(&value)));
            compare(&format!("{layout:?} {value:?}"), &log.to_bytes());
        }
    }
}

#[test]
fn almost_nothing_that_windows_writes_is_left_to_the_crate() {
    let values = ["text".into(), 3_u32.into(), hex32(5), sid("S-1-5-18"), Value::Null];
    for layout in LAYOUTS {
        let log = Log::new().layout(layout).records(all_payloads(&values));
        let tally = compare(&format!("{layout:?}"), &log.to_bytes());
        assert_eq!((tally.left_records, tally.left_chunks), (0, 0), "{layout:?}");
    }
}

#[test]
fn every_form_of_system_reads_the_same() {
    let base = || Record::new("Provider", 7).guid(GUID).data("a", "b");
    let forms = [
        base(),
        base().alias(GUID, "TermService"),
        base().qualifiers(0xc00a),
        base().level(0),
        base().activity("{D3C8E9A0-0000-4000-8000-0123456789AB}"),
        base().activity("{00000000-0000-0000-0000-000000000000}"),
        base().related_activity(GUID),
        base().user("S-1-5-21-1-2-3-500"),
        base().process(u32::MAX, 0),
        base().computer(" blanks around "),
        base().channel(""),
        base().record_id(u64::MAX - 1),
        base().header_number(99),
        base().header_time(time("1601-01-01T00:00:00Z")),
        base().time_as(system_time(time("2026-03-02T08:15:00.125Z"))),
        base().time_as("2026-03-02T08:15:00.123456789Z"),
        base().time_as("yesterday"),
        base().time_as(Value::Null),
        base().time_as(Value::FileTime(0)),
        base().time_as(Value::FileTime(u64::MAX)),
        base().time(time("1989-12-31T23:59:59.9999999Z")),
        base().time(time("1990-01-01T00:00:00Z")),
        Record::new("", 0),
        Record::new("\u{1}odd\u{ffff}", 65535),
    ];
    for layout in LAYOUTS {
        for (number, form) in forms.iter().enumerate() {
            let log = Log::new().layout(layout).records([base(), form.clone(), base()]);
            compare(&format!("{layout:?}, form {number}"), &log.clone().to_bytes());
            compare(&format!("{layout:?}, form {number}"), &log.no_channel().to_bytes());
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    let edges = prop::sample::select(all_values());
    let text = "[ -~äß€\u{1f600}\u{1}\n]{0,40}".prop_map(Value::Text);
    prop_oneof![2 => edges, 2 => text, 1 => any::<u64>().prop_map(Value::FileTime)]
}

pub(super) fn records() -> impl Strategy<Value = Record> {
    let items = prop::collection::vec((prop::option::of("[A-Za-z ]{1,12}"), values()), 0..6);
    let layout = prop::sample::select(LAYOUTS.to_vec());
    let (provider, channel) = ("[A-C]{1,2}", "[a-c]{0,2}");
    (items, layout, provider, channel, any::<[u16; 2]>(), 0..4_u8, 0..2_000_000_000_i64).prop_map(
        |(items, layout, provider, channel, [id, qualifiers], form, seconds)| {
            let time = DateTime::from_timestamp(seconds, 123_456_700).unwrap();
            let record = match form {
                0 => Record::classic(&provider, id, qualifiers),
                _ => Record::new(&provider, id).guid(GUID),
            };
            let record = record.layout(layout).channel(&channel).time(time);
            if form < 2 {
                let add = |record: Record, (name, value): (Option<String>, Value)| match name {
                    Some(name) => record.data(&name, value),
                    None => record.unnamed(value),
                };
                return items.into_iter().fold(record, add);
            }
            let fields = items.into_iter().enumerate();
            let root = fields.fold(Node::new("Root"), |node, (place, (name, value))| match name {
                Some(_) => node.field(&format!("Field{place}"), value),
                None => node.child(Node::new("Attributed").attribute("a", value)),
            });
            if form == 2 { record.user_data(root) } else { record.user_data_as_text(root) }
        },
    )
}

/// A few records again and again, at other times, by other processes, in other activities.
fn floods() -> impl Strategy<Value = Vec<Record>> {
    let few = prop::collection::vec(records(), 1..5);
    let which = any::<prop::sample::Index>();
    let again = (which, 0..2_000_000_000_i64, any::<u32>(), any::<bool>());
    (few, prop::collection::vec(again, 1..80)).prop_map(|(few, again)| {
        let record = |(which, seconds, process, active): (prop::sample::Index, i64, u32, bool)| {
            let time = DateTime::from_timestamp(seconds, 100).unwrap();
            let record = which.get(&few).clone().time(time).process(process, process ^ 5);
            if active { record.activity(GUID) } else { record }
        };
        again.into_iter().map(record).collect()
    })
}

proptest! {
    #![proptest_config(super::support::proptest_config(48))]

    #[test]
    fn floods_read_the_same(records in floods()) {
        compare("a flood", &Log::new().records(records).to_bytes());
    }

    #[test]
    fn random_records_read_the_same(records in prop::collection::vec(records(), 1..60)) {
        compare("random records", &Log::new().records(records).to_bytes());
    }
}
