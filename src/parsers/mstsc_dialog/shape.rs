//! Whether a text was written by people: the looks of logs, tables and listings, which are not.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{messages, text, ticket};
use crate::bundle::limits;
use crate::expression::{Expression, expression};
use crate::parsers::command_output;
use crate::source::Source;

/// Largest text that is taken for a ticket because it speaks of Remote Desktop, and for no better reason.
const SMALL: u64 = 64 * 1024;

/// Whether a source is the text of a ticket: one with an error box; or prose with a message of a client, with the
/// heading of a ticket, or at least about Remote Desktop.
pub(in crate::parsers) fn is_ticket(source: &Source) -> bool {
    if source.bytes > limits::TICKET_BYTES || !source.looks_like_text() {
        return false;
    }
    let text = source.text_head();
    if has_box(&text) {
        return true;
    }
    let small = source.bytes <= SMALL;
    is_prose(&command_output::words_around(&text))
        && (messages::has_phrase(&text)
            || (small
                && (speaks_of_it(&text) || ticket::labels(text.lines()) > 2 || is_letter(&text))))
}

/// Whether a text begins with the head of a letter: who, when, about what. Nobody puts a letter between the logs of a
/// failure that is not about it.
fn is_letter(text: &str) -> bool {
    let labels = text
        .trim_start_matches('\u{feff}')
        .lines()
        .skip_while(|line| line.trim().is_empty())
        .map_while(|line| line.split_once(':'))
        .map(|(label, _)| label.trim());
    let kinds: BTreeSet<usize> = labels
        .filter_map(|label| {
            LETTER.iter().position(|kind| kind.iter().any(|name| name.eq_ignore_ascii_case(label)))
        })
        .collect();
    kinds.len() == LETTER.len()
}

/// The labels of a letter's head in the languages that tickets come in: its writer, its date, its subject.
const LETTER: [&[&str]; 3] = [
    &["From", "Von", "De", "Da", "Van", "Od", "От"],
    &[
        "Date",
        "Sent",
        "Datum",
        "Gesendet",
        "Envoyé",
        "Enviado",
        "Fecha",
        "Data",
        "Inviato",
        "Verzonden",
        "Wysłano",
    ],
    &["Subject", "Betreff", "Objet", "Asunto", "Oggetto", "Onderwerp", "Assunto", "Temat", "Тема"],
];

/// Whether the labels of an error box are there.
fn has_box(text: &str) -> bool {
    static BOX: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r#"(?ix)
            \berror\s+code\s*[:=]\s*["']?(?:[0o]\s?x[^\n]{1,12}|\d{1,10})(?:[\s\\rn>|]{1,24}|.{0,24}?)
            (?:extended\s+error\s+code|timestamp\s*\(UTC\))\s*[:=]
            |\bextended\s+error\s+code\s*[:=][^\n]{1,12}\n{1,3}error\s+code\s*[:=]
            |:\s*0x[0-9a-f]{1,8}\n{1,3}[^:\n]{3,60}:\s*0x[0-9a-f]{1,8}\n{1,3}[^:\n]{3,60}\(UTC\)\s*:
            |\[window\ title\][\s\\rn>|]{1,12}remote\ desktop"#,
        )
    });
    let lower = text.to_ascii_lowercase();
    if !["code", "(utc)", "[window title]"].iter().any(|word| lower.contains(word)) {
        return false;
    }
    let lines: Vec<_> = text.lines().map(text::tidy).collect();
    BOX.is_match(&lines.join("\n"))
}

fn speaks_of_it(text: &str) -> bool {
    static WORDS: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?ix)\bremote\ ?desktop|\bmstsc\b|\bRDP\b|\bRDS\b|0x904\b|\bterminal\ ?server|network\ level\ authentication
            |remotesitzung|remotezugriff|remoteanmeldung|ordinateur\ distant|authentification\ au\ niveau\ du\ réseau|equipo\ remoto
            |bureau\ à\ distance|escritorio\ remoto
            |desktop\ remoto|área\ de\ trabalho\ remota|リモート\ ?デスクトップ",
        )
    });
    static TICKET_KEYS: LazyLock<Expression> = LazyLock::new(|| {
        expression(r#"(?i)"(?:subject|description|body|comment|summary|title)"\s*:"#)
    });
    let start = text.trim_start_matches('\u{feff}').trim_start();
    // Any configuration may mention Remote Desktop in its JSON.
    let about_else =
        start.starts_with('<') || (start.starts_with('{') && !TICKET_KEYS.is_match(text));
    !about_else && WORDS.is_match(text)
}

/// Whether at most a quarter of the lines look like those of a log.
fn is_prose(text: &str) -> bool {
    let json = text.trim_start().starts_with(['{', '[']);
    let lines: Vec<_> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.trim().is_empty() && !is_heading(line))
        .take(400)
        .collect();
    let odd = lines.iter().filter(|line| is_log_line(line, json)).count();
    // A short ticket may have one line that looks like a log: its heading, or what was pasted.
    let short = odd == 1 && lines.len() > 2;
    !lines.is_empty() && (odd * 4 <= lines.len() || short)
}

/// The heading of a letter in languages that put a blank before the colon.
fn is_heading(line: &str) -> bool {
    line.split_once(" :").is_some_and(|(label, _)| {
        ["Objet", "De", "À", "A", "Date", "Envoyé", "Cc"].contains(&label.trim())
    })
}

fn is_log_line(line: &str, json: bool) -> bool {
    static ODD: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r#"(?x)
            ^\W{0,2}\d{4}[-/.]\d\d?[-/.]\d\d?(?:[\ T,\t]|$)        # 2026-11-18 …
            |^\W{0,2}\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4},?\s+\d        # 18.11.2026 14:…
            |^[^,;\t\n]{3,21}[,;\t]\W{0,2}\d{1,4}[-/.]\d\d?[-/.]\d{1,4}\s   # Error,11/18/2026 …
            |^\d\d:\d\d:\d\d
            |^\#|^<!\[LOG\[|^\[?HKEY_|^"[^"]*"=|^@=|^Event\[|^\{[0-9A-F-]{36}\}
            |\t.*\t
            |\S\ {2,}\S.*\S\ {2,}\S                               # columns
            |^\s*[^:]{1,40}\s:\s | ^\s*[^:]{1,40}:\ {2,}\S           # Name   : value
            |^[\w\ ]+:[isb]:                                      # .rdp
            |^\s*[-=*~]{4,}
            |^\s+\S.*\sREG_[A-Z]+\s
            |\(sha1\):|^CertUtil:|^\ Not\w*:|^\ \ \S[^=]{2,40}\ =\ \S        # certutil
            |:\([A-Z][A-Z,()]*\)                                   # icacls
            |^D:[PAIR]*\(
            |^\[\d+\]:|^PS\ [A-Z]:\\|^[A-Z]:\\
            "#,
        )
    });
    ODD.is_match(line)
        || (!json && line.matches("\",\"").count() > 1)
        || (!json && line.matches(',').count() > 6)
}
