//! Any bytes as an archive of any kind: listed, and each member read to its end.
use std::io::Read;

use rdpwhy::bundle::Bundle;

/// Most of one member that is read here; what the program's own limits allow takes too long.
const MOST: u64 = 4 << 20;

/// Opens it, and reads some megabytes of each member. Archives are told apart by their content.
pub fn check(bytes: &[u8]) {
    let bundle = Bundle::from_memory(&[("bundle", bytes)]);
    for source in bundle.sources().iter().take(64) {
        if let Ok(reader) = source.open() {
            let _ = std::io::copy(&mut reader.take(MOST), &mut std::io::sink());
        }
    }
}
