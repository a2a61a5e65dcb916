//! Any bytes as an archive of any kind: listed, and each member read to its end.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use rdpwhy::bundle::Bundle;

/// Most of one member that is read here; what the program's own limits allow takes too long.
const MOST: u64 = 4 << 20;

fuzz_target!(|data: &[u8]| {
    const KINDS: [&str; 9] =
        ["zip", "7z", "cab", "tar", "tar.gz", "tar.xz", "tar.zst", "evtx.gz", "log.xz"];
    let Some((kind, bytes)) = data.split_first() else { return };
    let name = format!("bundle.{}", KINDS[usize::from(*kind) % KINDS.len()]);
    let bundle = Bundle::from_memory(&[(&name, bytes)]);
    for source in bundle.sources().iter().take(64) {
        if let Ok(reader) = source.open() {
            let _ = std::io::copy(&mut reader.take(MOST), &mut std::io::sink());
        }
    }
});
