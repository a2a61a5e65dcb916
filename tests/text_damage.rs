//! Damage to samples of the text formats: no reader breaks, and what is whole before a cut stays.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(clippy::unwrap_used, reason = "a test program, which clippy does not see")]

use std::fs;
use std::path::Path;

use rdpwhy::event::SourceId;
use rdpwhy::parsers::{PARSERS, Parser};
use rdpwhy::source::Source;

#[path = "../src/parsers/testing.rs"]
mod testing;

/// Every sample of every text format.
fn samples() -> Vec<(&'static dyn Parser, Vec<u8>)> {
    let mut samples = Vec::new();
    for parser in PARSERS {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats").join(parser.format());
        let Ok(files) = fs::read_dir(folder) else { continue };
        let mut files: Vec<_> =
            files.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect();
        files.sort();
        samples.extend(files.into_iter().map(|file| (*parser, fs::read(file).unwrap())));
    }
    samples
}

fn events(parser: &dyn Parser, bytes: &[u8]) -> usize {
    let source = Source::from_bytes(SourceId(0), "sample", bytes);
    testing::collect(parser, &source).events.len()
}

#[test]
fn a_sample_cut_anywhere_breaks_nothing_and_gives_no_more_than_the_whole() {
    for (parser, bytes) in samples() {
        let whole = events(parser, &bytes);
        let step = (bytes.len() / 97).max(1);
        for end in (0..bytes.len()).step_by(step) {
            let cut = events(parser, &bytes[..end]);
            // What is cut off may be read as something of its own, once.
            assert!(cut <= whole + 1, "{} at {end}: {cut} of {whole}", parser.format());
        }
    }
}

#[test]
fn zeroes_and_foreign_letters_anywhere_break_nothing() {
    for (parser, bytes) in samples() {
        let step = (bytes.len() / 41).max(1);
        for at in (0..bytes.len()).step_by(step) {
            for patch in [
                &[0_u8; 16][..],
                b"\xff\xfe\x80",
                b"\"\"\"\r\n",
                b"\n\n<![{(",
                "\u{200e}9999999999999".as_bytes(),
            ] {
                let damaged = [&bytes[..at], patch, &bytes[at..]].concat();
                events(parser, &damaged);
            }
        }
    }
}
