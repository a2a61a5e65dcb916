//! Logs with random damage: no panic, an end, and the very records and notices that the crate gives; so never a value
//! that was not there.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::TestRng;

use super::compare;
use super::support::evtx_writer::{
    CHUNK_SIZE, Damage, FILE_HEADER_SIZE, Layout, Log, Node, Record,
};

/// A chunk with all layouts and payloads.
static MIXED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let tree = || Node::new("EventXML").namespace("Event_NS").field("User", "a").field("Id", 7_u32);
    let records = (0..40_u32).map(|number| match number % 6 {
        0 => Record::new("Schannel", 36870).data("Type", "server").data("Code", number),
        1 => Record::classic("TermDD", 56, 49162).strings(["x", "192.0.2.7"]).binary(&[1, 2]),
        2 => Record::new("LocalSessionManager", 40).user_data(tree()),
        3 => Record::new("CAPI2", 11).user_data_as_text(tree()),
        4 => Record::new("Forwarded", 1).layout(Layout::Inline).unnamed("text"),
        _ => Record::classic("LsaSrv", 6041, 0).unnamed("TERMSRV/host").user("S-1-5-18"),
    });
    Log::new().records(records).to_bytes()
});

/// Bytes that mean something to a reader.
const TELLING: [u8; 20] = [
    0, 1, 2, 3, 4, 5, 6, 8, 0x0c, 0x0d, 0x0e, 0x0f, 0x13, 0x21, 0x41, 0x46, 0x81, 0x80, 0xd8, 0xff,
];

fn damage(log: &mut [u8], changes: &[(u32, u8)]) {
    // Most of a chunk may be free space.
    let used = FILE_HEADER_SIZE + 48;
    let used =
        log.get(used..used + 4).map_or(0, |free| u32::from_le_bytes(free.try_into().unwrap()));
    let used = (used as usize).clamp(1, CHUNK_SIZE);
    for (at, byte) in changes {
        let at = FILE_HEADER_SIZE + *at as usize % used;
        if let Some(old) = log.get_mut(at) {
            *old = *byte;
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<(u32, u8)>> {
    let telling = prop::sample::select(TELLING.to_vec());
    let byte = prop_oneof![3 => telling, 1 => any::<u8>()];
    prop::collection::vec((any::<u32>(), byte), 1..12)
}

proptest! {
    #![proptest_config(super::support::proptest_config(600))]

    #[test]
    fn a_damaged_chunk_reads_the_same(changes in changes()) {
        let mut log = MIXED.clone();
        damage(&mut log, &changes);
        compare(&format!("{changes:?}"), &log);
    }

    #[test]
    fn a_log_with_flipped_bits_reads_the_same(count in 1..400_usize, seed in any::<u64>()) {
        let mut log = MIXED.clone();
        Damage::FlipBytes { count, seed }.apply(&mut log);
        compare(&format!("{count} bytes, seed {seed}"), &log);
    }
}

/// `RDPWHY_DAMAGE_ROUNDS` makes it longer.
#[test]
fn damaged_real_chunks_read_the_same() {
    let Some(corpus) = std::env::var_os("RDPWHY_CORPUS") else {
        eprintln!("skipped: RDPWHY_CORPUS is not set, so no real logs are damaged");
        return;
    };
    let rounds = std::env::var("RDPWHY_DAMAGE_ROUNDS").ok().and_then(|text| text.parse().ok());
    let logs: Vec<_> = super::corpus::files_below(&Path::new(&corpus).join("evtx"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "evtx"))
        .collect();
    let mut rng = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    for round in 0..rounds.unwrap_or(4) {
        for path in &logs {
            let mut log = std::fs::read(path).unwrap();
            log.truncate(FILE_HEADER_SIZE + CHUNK_SIZE);
            let changes: Vec<_> = (0..=rng.random_range(0..8))
                .map(|_| (rng.random::<u32>(), TELLING[rng.random_range(0..TELLING.len())]))
                .collect();
            damage(&mut log, &changes);
            compare(&format!("{} round {round}: {changes:?}", path.display()), &log);
        }
    }
}
