//! Codes, zones and questions, as people type them.
use std::sync::LazyLock;

use rdpwhy::event::parse_code;
use rdpwhy::signatures::Database;
use rdpwhy::zone::Zone;

static DATABASE: LazyLock<Database> =
    LazyLock::new(|| Database::built_in().expect("it is checked by the build"));

/// Does what the program does with it.
pub fn check(text: &str) {
    let _ = parse_code(text);
    let _ = Zone::parse(text);
    let words: Vec<String> = text.split_whitespace().take(4).map(str::to_owned).collect();
    let _ = rdpwhy::explain::explain(&DATABASE, &words);
}
