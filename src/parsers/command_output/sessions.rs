//! Sessions and listeners: `qwinsta`, `query session`.
//!
//! Columns are fixed and their titles translated; listeners have numbers from 65536 on, and session 0 is always there.

use std::sync::LazyLock;

use super::Fact;
use super::transcript::Part;
use crate::expression::{Expression, expression};

/// The first number of a listener.
const LISTENERS: u32 = 65_536;

/// Reads the table of sessions in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    static ROW: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"^[ >](?P<name>\S+)?\s+(?:(?P<user>[^\s\d]\S*(?: \S+)*)\s+)?(?P<id>\d{1,5})\s{1,3}(?P<state>\p{L}\S*)?(?:\s|$)",
        )
    });
    let Some(start) = part.lines.iter().position(|line| is_header(&line.text)) else { return };
    let lines = part.lines.get(start..).unwrap_or_default();
    let Some(header) = lines.first() else { return };
    let (mut users, mut services, mut listener, mut last) = (0, false, None, header.number);
    for line in lines.iter().skip(1).take_while(|line| !line.text.trim().is_empty()) {
        let Some(row) = ROW.captures(&line.text) else { continue };
        last = line.number;
        let text = |name: &str| row.name(name).map_or("", |value| value.as_str());
        let id: u32 = text("id").parse().unwrap_or(0);
        services |= id == 0;
        if id >= LISTENERS && text("name").to_lowercase().starts_with("rdp-") {
            listener = Some(text("state").to_owned());
        } else if !text("user").is_empty() {
            users += 1;
        }
    }
    let listening = match listener.as_deref() {
        Some("Down") => "down",
        Some(_) => "yes",
        None if services => "no",
        None => return,
    };
    let fact = Fact::new("sessions", header.number).up_to(last);
    facts.push(fact.with("Listening", listening).with("Users", users.to_string()));
}

/// ` SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE`, in any language.
fn is_header(line: &str) -> bool {
    let words: Vec<_> = line.split_whitespace().collect();
    let upper = |word: &&str| !word.chars().any(char::is_lowercase);
    line.starts_with(' ')
        && words.iter().skip(1).any(|word| *word == "ID")
        && (4..=12).contains(&words.len())
        && words.iter().all(upper)
        && words.first().is_some_and(|word| word.chars().count() > 5)
}
