//! Any bytes as the whole of a ticket: sniffed, parsed, diagnosed and reported.
use std::sync::LazyLock;

use rdpwhy::analysis::{Scope, analyze};
use rdpwhy::bundle::Bundle;
use rdpwhy::signatures::Database;

static DATABASE: LazyLock<Database> =
    LazyLock::new(|| Database::built_in().expect("it is checked by the build"));

/// Does what the program does with it.
pub fn check(bytes: &[u8]) {
    // Parts are divided by a line that no log has.
    let parts: Vec<(String, &[u8])> = split(bytes)
        .into_iter()
        .enumerate()
        .map(|(number, part)| (format!("part{number}"), part))
        .collect();
    let parts: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, part)| (name.as_str(), *part)).collect();
    let analysis = analyze(&Bundle::from_memory(&parts), &DATABASE, &Scope::default(), &|_| ());
    for incident in &analysis.diagnoses {
        let sum: f64 = incident.verdict.suspects().iter().map(|suspect| suspect.probability).sum();
        assert!(sum <= 1.0 + 1e-9, "{sum}");
    }
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    const BETWEEN: &[u8] = b"\n=8<=\n";
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        parts.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
        if parts.len() == 8 {
            break;
        }
    }
    parts.push(rest);
    parts
}
