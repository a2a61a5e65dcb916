//! Lines of text out of whatever holds them: JSON, HTML, a mail, a quotation.

use std::sync::LazyLock;

use serde_json::Value;

use crate::expression::{Expression, expression};
use crate::parsers::{command_output, event_xml};

/// A line and the line of the file on which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) text: String,
}

/// The lines of a ticket, ready to be read.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) lines: Vec<Line>,
    /// The same lines with their blanks, for what was pasted from a console.
    pub(super) console: Vec<command_output::Line>,
    /// Whether several of them stand on one line of the file.
    pub(super) shared: bool,
    raw: Vec<(u64, String)>,
}

impl Text {
    /// Takes decoded lines apart.
    pub(super) fn of(raw: Vec<(u64, String)>) -> Self {
        let json = json(&raw);
        let shared = json.is_some();
        let whole = json.unwrap_or_else(|| plain(&raw));
        let parts = || {
            let parts = |line| str::split(line, '\n');
            whole.iter().flat_map(move |line| parts(&line.text).map(|text| (line.number, text)))
        };
        let lines = parts().map(|(number, text)| Line { number, text: tidy(text) }).collect();
        let console = parts()
            .map(|(number, text)| command_output::Line { number, text: unquoted(text) })
            .collect();
        Self { lines, console, shared, raw }
    }

    /// The text, when somebody has pasted event XML into it.
    pub(super) fn quoted_events(&self) -> Option<String> {
        let lines: Vec<_> = self.raw.iter().map(|(_, text)| text.as_str()).collect();
        let text = lines.join("\n");
        event_xml::has_event(&text).then_some(text)
    }
}

/// How many strings of a JSON document are looked for in its lines; each costs a search.
const PLACED: usize = 500;

/// Every string of a JSON document.
fn json(raw: &[(u64, String)]) -> Option<Vec<Line>> {
    let text = raw.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let mut lines = Vec::new();
    strings(&value, &mut |string| {
        let number = if lines.len() < PLACED { line_of(string, raw) } else { 1 };
        lines.push(Line { number, text: string.replace("\r\n", "\n") });
    });
    lines.sort_by_key(|line| line.number);
    Some(lines)
}

fn strings(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::String(string) => found(string),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(items) => items.values().for_each(|item| strings(item, found)),
        _ => {}
    }
}

/// The line on which a JSON string begins; 1 when it is written in another way than ours.
fn line_of(string: &str, raw: &[(u64, String)]) -> u64 {
    let written = Value::from(string).to_string();
    // What is not ASCII may be written as it is or as an escape.
    let written = written.split(|letter: char| !letter.is_ascii()).next().unwrap_or_default();
    raw.iter().find(|(_, text)| text.contains(written)).map_or(1, |(number, _)| *number)
}

fn plain(raw: &[(u64, String)]) -> Vec<Line> {
    let quoted_printable = raw.iter().take(200).any(|(_, text)| {
        text.to_ascii_lowercase().starts_with("content-transfer-encoding: quoted-printable")
    });
    let html = raw.iter().take(500).any(|(_, text)| is_html(text));
    let mut lines: Vec<Line> = Vec::new();
    let mut open = false;
    for (number, text) in raw {
        let soft = quoted_printable && text.ends_with('=');
        let part = if soft { text.trim_end_matches('=') } else { text };
        match lines.last_mut().filter(|_| open) {
            Some(line) => line.text.push_str(part),
            None => lines.push(Line { number: *number, text: part.to_owned() }),
        }
        open = soft;
    }
    for line in &mut lines {
        if quoted_printable {
            line.text = unquote(&line.text);
        }
        if html {
            line.text = without_tags(&line.text);
        }
    }
    lines
}

fn is_html(text: &str) -> bool {
    static TAG: LazyLock<Expression> =
        LazyLock::new(|| expression(r"(?i)<(?:html|br|p|div|td|span)\b"));
    TAG.is_match(text)
}

/// Replaces `=E4` by its byte.
fn unquote(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let hex = [ahead.next(), ahead.next()].map(|digit| char::from(digit?).to_digit(16));
        match (byte, hex) {
            (b'=', [Some(high), Some(low)]) => {
                bytes.extend(u8::try_from(high << 4 | low));
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without_tags(text: &str) -> String {
    static BREAK: LazyLock<Expression> =
        LazyLock::new(|| expression(r"(?i)<br\s*/?>|</(?:p|div|tr|li|h\d)>"));
    static TAG: LazyLock<Expression> = LazyLock::new(|| expression(r"</?[A-Za-z!][^<>]*>"));
    let text = BREAK.replace_all(text, "\n");
    let text = TAG.replace_all(&text, "");
    text.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// One line without the quotation marks of a mail.
fn unquoted(line: &str) -> String {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    // `>console` is a row of qwinsta.
    let quoted = line.strip_prefix("> ").or_else(|| line.strip_prefix("| "));
    quoted.unwrap_or(line).replace(['\u{a0}', '\u{202f}'], " ")
}

/// One line with the letters of a keyboard: no quotation marks of a mail, no typographic quotes, no invisible marks.
pub(super) fn tidy(line: &str) -> String {
    let line = line.trim_start_matches(['>', '|', ' ', '\t', '\u{feff}']);
    let letters = line.chars().filter_map(|letter| match letter {
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}' => None,
        '\u{a0}' | '\u{202f}' | '\t' | '\u{3000}' => Some(' '),
        '‘' | '’' | '‚' | '′' | '´' => Some('\''),
        '“' | '”' | '„' => Some('"'),
        // Full-width letters and digits.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0),
        other => Some(other),
    });
    letters.collect::<String>().trim().to_owned()
}
