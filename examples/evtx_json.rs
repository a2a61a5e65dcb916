//! What `benches/processes.sh` measures the program against: the `evtx` crate renders every record as JSON, as
//! `evtx_dump` does, on one thread. Also writes the logs that are measured. Not shipped.
//!
//! ```text
//! evtx_json json PATH…        how many bytes of JSON the logs there make
//! evtx_json look PATH…        our look at every record of them, and how many there are
//! evtx_json write MB FILE [N]  a log like that of a server at which strangers knock, N records (and seconds) later
//! evtx_json ordinary MB FILE   a log like an ordinary server's: one record in ten is wanted
//! ```

#![allow(clippy::print_stdout, reason = "it says what it did")]

#[path = "../benches/support/mod.rs"]
mod support;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use support::{crate_json, each_log, write_ordinary_log, write_server_log};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["json", paths @ ..] => {
            println!("{} bytes of JSON", sum(paths, |log| crate_json(log) as u64))
        }
        ["look", paths @ ..] => {
            println!("{} records", sum(paths, rdpwhy::parsers::evtx::trial::look));
        }
        ["write", megabytes, path, first @ ..] => {
            let first = first.first().map_or(0, |first| number(first));
            write_server_log(file(path), number(megabytes), first);
        }
        ["ordinary", megabytes, path] => {
            write_ordinary_log(file(path), number(megabytes), 0);
        }
        _ => println!("evtx_json json PATH… | look PATH… | write MB FILE [N] | ordinary MB FILE"),
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn file(path: &str) -> BufWriter<File> {
    BufWriter::new(File::create(path).expect("a new file"))
}

fn sum(paths: &[&str], measure: impl Fn(&[u8]) -> u64) -> u64 {
    let mut total = 0;
    for path in paths {
        each_log(Path::new(path), &mut |log| total += measure(&log));
    }
    total
}
