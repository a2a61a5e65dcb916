//! Values of events that exports do not name: by their order, or by their place in the message.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::event::Event;
use crate::expression::{Expression, expression};

/// Provider in lower case and event id.
type Key = (String, u32);

static ORDERS: LazyLock<HashMap<Key, Vec<Vec<&'static str>>>> = LazyLock::new(|| {
    let mut orders: HashMap<Key, Vec<Vec<&'static str>>> = HashMap::new();
    for fields in rows(include_str!("orders.tsv")) {
        if let [provider, id, names] = fields.as_slice()
            && let Ok(id) = id.parse()
        {
            let key = (provider.to_ascii_lowercase(), id);
            orders.entry(key).or_default().push(names.split(',').collect());
        }
    }
    orders
});

static SHAPES: LazyLock<HashMap<Key, Vec<(&'static str, Place)>>> = LazyLock::new(|| {
    let mut shapes = HashMap::new();
    for fields in rows(include_str!("shapes.tsv")) {
        let [provider, ids, places @ ..] = fields.as_slice() else { continue };
        for id in ids.split(',').filter_map(|id| id.parse().ok()) {
            let places = places.iter().filter_map(|text| {
                let (name, place) = text.split_once('=')?;
                Some((name, Place::parse(place)?))
            });
            shapes.insert((provider.to_ascii_lowercase(), id), places.collect());
        }
    }
    shapes
});

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split('\t').collect())
}

fn key(event: &Event) -> Option<Key> {
    Some((event.provider.to_ascii_lowercase(), event.event_id?))
}

/// Adds values that have only their order, under the names that the event's other records have, else as `paramN`.
pub(super) fn name(event: &mut Event, values: Vec<String>) {
    let known = key(event).and_then(|key| ORDERS.get(&key));
    let names = known.and_then(|known| known.iter().find(|names| names.len() == values.len()));
    for (index, value) in values.into_iter().enumerate() {
        let named = names.and_then(|names| names.get(index)).map(|name| (*name).into());
        event.data.push((named.unwrap_or_else(|| format!("param{}", index + 1).into()), value));
    }
}

/// Adds what the message says.
pub(super) fn find(event: &mut Event, message: &str) {
    let Some(places) = key(event).and_then(|key| SHAPES.get(&key)) else { return };
    let message = plain(message);
    for (name, place) in places {
        if event.field(name).is_none()
            && let Some(value) = place.find(&message)
        {
            event.data.push(((*name).into(), value.to_owned()));
        }
    }
    service(event);
}

/// Services by the names that Windows shows, the one that matters most in several languages; exports leave out the short name, which records have in `Binary`.
const SERVICES: [(&str, &str); 16] = [
    ("Remote Desktop Services", "TermService"),
    ("Remotedesktopdienste", "TermService"),
    ("Services Bureau à distance", "TermService"),
    ("Servicios de Escritorio remoto", "TermService"),
    ("Servizi Desktop remoto", "TermService"),
    ("Remote Desktop Configuration", "SessionEnv"),
    ("Remote Desktop Services UserMode Port Redirector", "UmRdpService"),
    ("Cryptographic Services", "CryptSvc"),
    ("CNG Key Isolation", "KeyIso"),
    ("Netlogon", "Netlogon"),
    ("Windows Defender Firewall", "mpssvc"),
    ("Windows Firewall", "mpssvc"),
    ("Windows Time", "W32Time"),
    ("Remote Procedure Call (RPC)", "RpcSs"),
    ("DNS Client", "Dnscache"),
    ("Local Session Manager", "LSM"),
];

fn service(event: &mut Event) {
    if &*event.provider != "Service Control Manager" {
        return;
    }
    let field = if matches!(event.event_id, Some(7009 | 7011)) { "param2" } else { "param1" };
    let Some(shown) = event.field(field) else { return };
    let known = SERVICES.iter().find(|(name, _)| *name == shown).map(|(_, short)| *short);
    let short = known.unwrap_or(shown).to_owned();
    let state = match event.field("param2") {
        Some("running" | "Ausgeführt" | "exécution" | "ejecución") => Some("4"),
        Some("stopped" | "Beendet" | "arrêté" | "detenido") => Some("1"),
        _ => None,
    };
    event.data.push(("ServiceName".into(), short));
    if let Some(state) = state.filter(|_| event.event_id == Some(7036)) {
        event.data.push(("ServiceState".into(), state.to_owned()));
    }
}

/// Without the invisible marks around the parts of dates, and the `?` that they become in 8-bit files.
fn plain(message: &str) -> String {
    static DATE: LazyLock<Expression> =
        LazyLock::new(|| expression(r"\?(\d{1,4})\?([-/.])\?(\d{1,2})\?([-/.])\?(\d{1,4})"));
    let mark = |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}');
    let message: String = message.chars().filter(|letter| !mark(*letter)).collect();
    DATE.replace_all(&message, "$1$2$3$4$5").into_owned()
}

/// Where a value stands in a message.
enum Place {
    /// The Nth match of a pattern.
    Nth(&'static LazyLock<Expression>, usize),
    /// The value of the Nth line with a label, from 0.
    Line(usize),
    /// All after the Nth colon and blank, from 0.
    Colon(usize),
    /// All after ` = `.
    Equals,
    /// The whole message.
    All,
    /// The first of these words.
    Word(Vec<&'static str>),
    /// The value behind an English label, and which of several.
    Label(&'static str, usize),
    /// The first group that matched of a pattern of text in one or several languages.
    Pattern(Regex),
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Expression> = LazyLock::new(|| expression($text));
    };
}
pattern!(HEX, r"\b(0[xX][0-9a-fA-F]+)\b");
pattern!(INT, r"(?:^|[\s(:=#\[])(-?\d+)(?:[\s)\]:,;%]|\.?$|\.\s)");
pattern!(
    IP,
    r"(\[[0-9A-Fa-f:.%]+\](?::\d+)?|\b\d{1,3}(?:\.\d{1,3}){3}\b(?::\d+)?|\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:%\d+)?)"
);
pattern!(TIME, r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)");
pattern!(PARENS, r"\(([^()]+)\)");
pattern!(LABEL, r"(?m)^[ \t]*([^:\r\n]{1,80}?)[ \u{a0}]?[:：][ \t]*([^\r\n]*?)[ \t]*\r?$");

/// What a word of another language stands for.
fn meaning(word: &'static str) -> &'static str {
    match word {
        "servidor" | "serveur" => "server",
        "cliente" => "client",
        other => other,
    }
}

impl Place {
    fn parse(text: &'static str) -> Option<Self> {
        if let Some(pattern) = text.strip_prefix("re:") {
            return Regex::new(pattern).ok().map(Self::Pattern);
        }
        if text == "all" {
            return Some(Self::All);
        }
        if let Some(words) = text.strip_prefix("word:") {
            return Some(Self::Word(words.split('|').collect()));
        }
        if let Some(label) = text.strip_prefix("label:") {
            let (label, number) = label.split_once('#').unwrap_or((label, "1"));
            return Some(Self::Label(label, number.parse::<usize>().ok()? - 1));
        }
        let digit = text.find(|letter: char| letter.is_ascii_digit())?;
        let (kind, number) = text.split_at_checked(digit)?;
        let number = number.parse::<usize>().ok()?.checked_sub(1)?;
        Some(match kind {
            "hex" => Self::Nth(&HEX, number),
            "int" => Self::Nth(&INT, number),
            "ip" => Self::Nth(&IP, number),
            "time" => Self::Nth(&TIME, number),
            "parens" => Self::Nth(&PARENS, number),
            "line" => Self::Line(number),
            "colon" => Self::Colon(number),
            "equals" => Self::Equals,
            _ => return None,
        })
    }

    fn find<'m>(&self, message: &'m str) -> Option<&'m str> {
        let found = match self {
            Self::Nth(pattern, number) => {
                pattern.captures_iter(message).nth(*number)?.get(1)?.as_str()
            }
            Self::Line(number) => LABEL.captures_iter(message).nth(*number)?.get(2)?.as_str(),
            Self::Colon(number) => {
                let (at, _) = message.match_indices(": ").nth(*number)?;
                message.get(at + 2..)?
            }
            Self::All => message,
            Self::Equals => message.split_once(" = ")?.1,
            Self::Word(words) => {
                let at =
                    |word: &&&str| message.to_ascii_lowercase().find(&word.to_ascii_lowercase());
                return words
                    .iter()
                    .filter(|word| at(word).is_some())
                    .min_by_key(|word| at(word))
                    .map(|word| meaning(word));
            }
            Self::Label(label, number) => {
                let mut lines = LABEL.captures_iter(message).filter(|line| {
                    line.get(1).is_some_and(|found| found.as_str().trim() == *label)
                });
                lines.nth(*number)?.get(2)?.as_str()
            }
            Self::Pattern(pattern) => {
                let found = pattern.captures(message)?;
                // One group for each language.
                found.iter().skip(1).flatten().next()?.as_str()
            }
        };
        let found = found.trim();
        (!found.is_empty()).then_some(found)
    }
}

/// A whole number of a column, also with thousands separators.
pub(in crate::parsers) fn number(text: &str) -> Option<u64> {
    let digits: String =
        text.trim().chars().filter(|letter| !matches!(letter, '\u{a0}' | '\u{202f}')).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_tables_can_be_read() {
        for fields in rows(include_str!("shapes.tsv")) {
            let [_, ids, places @ ..] = fields.as_slice() else { panic!("{fields:?}") };
            assert!(ids.split(',').all(|id| id.parse::<u32>().is_ok()), "{fields:?}");
            assert!(!places.is_empty(), "{fields:?}");
            for place in places {
                let (_, place) = place.split_once('=').unwrap();
                assert!(Place::parse(place).is_some(), "{place}");
            }
        }
        assert!(ORDERS.len() > 100);
    }
}
