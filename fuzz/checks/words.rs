//! Codes, zones and questions, as people type them.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rdpwhy::event::parse_code;
use rdpwhy::signatures::Database;
use rdpwhy::zone::Zone;

static DATABASE: LazyLock<Database> =
    LazyLock::new(|| Database::built_in().expect("it is checked by the build"));

fuzz_target!(|text: &str| {
    let _ = parse_code(text);
    let _ = Zone::parse(text);
    let words: Vec<String> = text.split_whitespace().take(4).map(str::to_owned).collect();
    let _ = rdpwhy::explain::explain(&DATABASE, &words);
});
