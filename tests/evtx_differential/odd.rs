//! Odd logs that were met in the field, each by its name.

use super::support::evtx_writer::{
    CHUNK_SIZE, Damage, FILE_HEADER_SIZE, Layout, Log, Node, Record,
};
use super::{Tally, compare};

fn records(count: u16) -> impl Iterator<Item = Record> {
    (0..count).map(|number| {
        Record::new("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 131)
            .data("ConnType", "TCP")
            .data("ClientIP", format!("192.0.2.{}:5100{number}", number % 250))
    })
}

fn put(log: &mut [u8], at: usize, bytes: &[u8]) {
    log[at..at + bytes.len()].copy_from_slice(bytes);
}

fn u32_at(log: &[u8], at: usize) -> usize {
    u32::from_le_bytes(log[at..at + 4].try_into().unwrap()) as usize
}

/// Where a text stands in a log, as UTF-16.
fn find(log: &[u8], text: &str) -> usize {
    let stored: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    log.windows(stored.len()).position(|window| window == stored).unwrap()
}

#[test]
fn bad_chunk_magic() {
    let log = Log::new().records(records(900)).damage(Damage::BadChunkMagic(1)).to_bytes();
    let tally = compare("bad chunk magic", &log);
    assert!(tally.records > 100 && tally.records < 900);
}

/// A stream that is well formed, but no `Event`: nobody may make an event of it.
#[test]
fn root_of_another_name() {
    let record = || Record::new("Forwarded", 1).unnamed("text");
    for layout in [Layout::Inline, Layout::Literal] {
        let mut log = Log::new().record(record().layout(layout)).to_bytes();
        let name = find(&log, "Event");
        put(&mut log, name, b"t");
        assert_eq!(compare("no event", &log).records, 0, "{layout:?}");
    }
}

#[test]
fn zero_size_data() {
    let record = || Record::new("Provider", 1).data("Empty", "").data("Bytes", Vec::new());
    let root = || Node::new("Root").field("Empty", "").child(Node::new("Bare"));
    let log = Log::new()
        .record(record())
        .record(record().layout(Layout::Literal))
        .record(record().layout(Layout::Inline))
        .record(Record::new("Provider", 2).user_data(root()))
        .record(Record::new("Provider", 2).user_data_as_text(root()));
    assert_eq!(compare("zero-size data", &log.to_bytes()).records, 5);
}

#[test]
fn capi2_nesting() {
    let certificate = |name: &str| {
        Node::new("Certificate")
            .attribute("fileRef", format!("{name}.cer"))
            .attribute("subjectName", name)
    };
    let root = || {
        let chain = Node::new("CertificateChain")
            .attribute("chainRef", "{D3C8E9A0-0000-4000-8000-0123456789AB}")
            .child(Node::new("TrustStatus").child(Node::new("ErrorStatus").attribute("value", "0")))
            .child(Node::new("ChainElement").child(certificate("host.example.com")));
        Node::new("CertGetCertificateChain")
            .child(certificate("host.example.com"))
            .child(chain)
            .child(Node::new("Result").attribute("value", "800B0109").value("A chain ended"))
    };
    let capi2 = || Record::new("Microsoft-Windows-CAPI2", 11);
    let log = Log::new()
        .record(capi2().user_data(root()))
        .record(capi2().user_data_as_text(root()))
        .record(capi2().user_data_as_text(root()).layout(Layout::Literal))
        .record(capi2().user_data(root()).layout(Layout::Inline));
    let tally = compare("CAPI2 nesting", &log.to_bytes());
    assert_eq!((tally.records, tally.left_records), (4, 0));
}

#[test]
fn lone_surrogates() {
    let mut log = Log::new()
        .record(Record::new("Provider", 1).data("Name", "XYZ").data("Other", "b"))
        .to_bytes();
    let at = find(&log, "XYZ");
    put(&mut log, at, &[0x00, 0xd8, 0x59, 0x00, 0x00, 0xdc]);
    assert_eq!(compare("lone surrogates", &log).records, 1);
    // In a name they make the crate refuse the whole chunk.
    let at = find(&log, "Computer");
    put(&mut log, at, &[0x00, 0xd8]);
    let tally = compare("lone surrogate in a name", &log);
    assert_eq!((tally.records, tally.left_chunks), (0, 1));
}

#[test]
fn records_without_template() {
    let log = Log::new().layout(Layout::Inline).records(records(400)).to_bytes();
    let Tally { records, left_records, left_chunks } = compare("inline", &log);
    assert_eq!((records, left_records, left_chunks), (400, 0, 0));
}

#[test]
fn wrapped_log() {
    let log = Log::new().first_record_id(5000).records(records(1500)).wrapped(2).to_bytes();
    assert_eq!(compare("wrapped log", &log).records, 1500);
}

#[test]
fn mixed_channels_and_computers_in_one_file() {
    let mixed = records(300).enumerate().map(|(number, record)| {
        record
            .channel(["System", "Security", "Application"][number % 3])
            .computer(["A.example.com", "B.example.com"][number % 2])
    });
    let log = Log::new().records(mixed).to_bytes();
    assert_eq!(compare("mixed channels", &log).records, 300);
}

#[test]
fn template_definition_outside_the_first_record() {
    // The first record points to the definition that stands in a later one.
    let mut log = Log::new()
        .record(Record::new("First", 1).data("a", "b"))
        .record(Record::classic("Second", 2, 3).strings(["x"]))
        .to_bytes();
    let first = FILE_HEADER_SIZE + 512;
    let second = first + u32_at(&log, first + 4);
    // Behind the record's header: 0f 01 01 00 0c 01, template id, offset of the definition.
    let definition_at = |record: usize| record + 24 + 10;
    let own = u32_at(&log, definition_at(second));
    assert_eq!(own, definition_at(second) + 4 - FILE_HEADER_SIZE);
    let skipped = u32_at(&log, definition_at(first) + 4 + 20);
    let values = definition_at(first) + 4 + 24 + skipped;
    // Its own definition goes, the values move up.
    let end = first + u32_at(&log, first + 4);
    let moved = log[values..end - 4].to_vec();
    put(&mut log, definition_at(first), &u32::try_from(own).unwrap().to_le_bytes());
    put(&mut log, definition_at(first) + 4, &moved);
    compare("definition in a later record", &log);
}

#[test]
fn free_space_offset_too_large() {
    let mut log = Log::new().records(records(20)).to_bytes();
    put(&mut log, FILE_HEADER_SIZE + 48, &65_536_u32.to_le_bytes());
    // The number of the last record would end the walk as well.
    put(&mut log, FILE_HEADER_SIZE + 32, &9_999_u64.to_le_bytes());
    let tally = compare("free space offset too large", &log);
    assert_eq!((tally.records, tally.left_chunks), (20, 0));
    // A stale record in the free space is for the crate to judge.
    put(&mut log, FILE_HEADER_SIZE + 44, &60_000_u32.to_le_bytes());
    put(&mut log, FILE_HEADER_SIZE + 50_000, b"**\0\0");
    assert_eq!(compare("stale record", &log).left_chunks, 1);
}

#[test]
fn every_damage_of_our_writer() {
    let damages = [
        Damage::CutAt(100_000),
        Damage::CutInChunk(1, 20_000),
        Damage::CutInChunk(0, 300),
        Damage::ZeroChunk(1),
        Damage::Noise { chunk: 1, range: 3000..3200, seed: 1 },
        Damage::Noise { chunk: 0, range: 0..512, seed: 2 },
        Damage::FlipBytes { count: 200, seed: 3 },
        Damage::Dirty,
        Damage::StaleHeader,
        Damage::ZeroHeader,
        Damage::HeaderOnly,
        Damage::TailGarbage { len: 5000, seed: 4 },
        Damage::BadFileCrc,
        Damage::BadChunkCrc(0),
        Damage::BadRecordsCrc(1),
    ];
    for damage in damages {
        let name = format!("{damage:?}");
        compare(&name, &Log::new().records(records(900)).damage(damage).to_bytes());
    }
    compare("nothing", &[]);
    compare("header and half a chunk", &vec![0; FILE_HEADER_SIZE + CHUNK_SIZE / 2]);
}
