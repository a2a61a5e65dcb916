//! The cipher suites that a machine offers, in their order: `Get-TlsCipherSuite` as list, table or names alone.

use super::Fact;
use super::transcript::Part;

/// Fewer are mentions in a text, not a listing.
const FEWEST: usize = 2;

/// Reads the list of suites in a part; names are never translated.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let asked = part.runs(&["get-tlsciphersuite"]);
    let mut names: Vec<&str> = Vec::new();
    let (mut first, mut last) = (None, 0);
    for line in part.lines {
        if !line.text.contains("TLS_") {
            continue;
        }
        let text = line.text.trim().trim_matches('"');
        let value = match text.split_once(" :") {
            Some((label, value)) if label.trim_end() == "Name" => value.trim(),
            Some(_) => continue,
            None => text,
        };
        // In a table the name is one of several columns.
        let mut words = value.split([' ', '"', ',', ';']).filter(|word| !word.is_empty());
        let Some(name) = words.find(|word| is_suite(word)) else { continue };
        // `reg query` shows all of them in one value, which is read as such.
        if line.text.contains("REG_") || line.text.contains('=') {
            return;
        }
        first = first.or(Some(line.number));
        last = line.number;
        if names.len() < 500 && !names.contains(&name) {
            names.push(name);
        }
    }
    let Some(first) = first.filter(|_| asked || names.len() >= FEWEST) else { return };
    let suites: String = names.iter().map(|name| format!(";{name}")).collect();
    let fact = Fact::new("cipher-suites", first).up_to(last);
    facts.push(fact.with("Count", names.len().to_string()).with("Suites", suites + ";"));
}

fn is_suite(word: &str) -> bool {
    word.starts_with("TLS_")
        && word.len() > 10
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
