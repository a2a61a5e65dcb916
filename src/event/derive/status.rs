//! Status codes in binary data, joined strings and translated text.

use super::{Event, is_rcm, names};
use crate::event::parse_code;

/// The status code of an event that hides it.
pub(super) fn of(event: &Event) -> Option<u32> {
    match event.event_id? {
        50 | 56 if event.is_from("TermDD") => term_dd(&names::bytes(event.field("Binary")?)?),
        40960 | 40961 if event.is_from("LsaSrv") => {
            event.data.iter().find_map(|(_, value)| in_brackets(value))
        }
        id if is_rcm(event) && has_status(id) => terminal_service(event),
        _ if event.is_from("NETLOGON") => netlogon(event),
        _ => None,
    }
}

/// TermDD ends its binary data with the status of the connection, D0xxxxxx for the C0xxxxxx that headers know. Event 50
/// ends with a part of the packet instead; its status is `FinalStatus`, the DWORD at offset 20 of the I/O error record.
fn term_dd(bytes: &[u8]) -> Option<u32> {
    let last = dword(bytes, bytes.len().checked_sub(4)?)?;
    let status = if last >= 0x8000_0000 { last } else { dword(bytes, 20)? };
    match status >> 28 {
        0xd => Some(status & !0x1000_0000),
        _ => (status != 0).then_some(status),
    }
}

fn dword(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// NETLOGON puts the NTSTATUS into `Binary`, and `%%n` into its strings.
fn netlogon(event: &Event) -> Option<u32> {
    let binary = event.field("Binary").and_then(names::bytes);
    let reference = || {
        let mut values = event.data.iter().map(|(_, value)| value.trim());
        values.find(|value| value.starts_with("%%")).and_then(parse_code)
    };
    binary.filter(|bytes| bytes.len() == 4).and_then(|bytes| dword(&bytes, 0)).or_else(reference)
}

/// `… (0xc0000234)`: the last code in brackets.
fn in_brackets(text: &str) -> Option<u32> {
    let (code, _) = text.rsplit_once("(0x")?.1.split_once(')')?;
    u32::from_str_radix(code, 16).ok()
}

/// The events of the terminal service whose first string is a status; the others between them name a certificate or a
/// listener there.
fn has_status(id: u32) -> bool {
    matches!(id, 1035..=1067) && !matches!(id, 1050 | 1052..=1056 | 1063)
}

/// The terminal service writes the status as the translated text of the system, with a line break at its end; some
/// builds as `%%n`, as a number or as hex.
fn terminal_service(event: &Event) -> Option<u32> {
    let own = event.data.iter().filter(|(name, _)| name.as_ref() != "Binary");
    own.map(|(_, value)| value.trim()).find_map(|value| {
        parse_code(value).or_else(|| in_brackets(value)).or_else(|| in_words(value))
    })
}

/// The texts of the system for the three statuses that end a listener's certificate: words that all have to stand in the
/// text, lower case, and the code. English as documented by the vendor; the other languages by the wording of the
/// system's message tables.
const TEXTS: &[(&[&str], u32)] = &[
    // ERROR_ACCESS_DENIED; E_ACCESSDENIED and STATUS_ACCESS_DENIED read the same.
    (&["access", "denied"], 5),
    (&["zugriff", "verweigert"], 5),
    (&["accès", "refusé"], 5),
    (&["acceso", "denegado"], 5),
    (&["accesso", "negato"], 5),
    (&["acesso", "negado"], 5),
    (&["アクセス", "拒否"], 5),
    // NTE_BAD_KEYSET. "Not defined" and "not valid" are other codes.
    (&["keyset", "does not exist"], 0x8009_0016),
    (&["schlüsselsatz", "nicht vorhanden"], 0x8009_0016),
    (&["schlüsselsatz", "existiert nicht"], 0x8009_0016),
    (&["jeu de clés", "n'existe pas"], 0x8009_0016),
    (&["jeu de clés", "inexistant"], 0x8009_0016),
    (&["conjunto de claves", "no existe"], 0x8009_0016),
    (&["chiavi", "non esiste"], 0x8009_0016),
    (&["chiavi", "inesistente"], 0x8009_0016),
    (&["conjunto de chaves", "não existe"], 0x8009_0016),
    (&["キーセット", "ありません"], 0x8009_0016),
    (&["キーセット", "存在しません"], 0x8009_0016),
    // NTE_EXISTS.
    (&["object already exists"], 0x8009_000f),
    (&["objekt", "bereits vorhanden"], 0x8009_000f),
    (&["objekt", "existiert bereits"], 0x8009_000f),
    (&["objet", "existe déjà"], 0x8009_000f),
    (&["objeto", "ya existe"], 0x8009_000f),
    (&["oggetto", "esiste già"], 0x8009_000f),
    (&["oggetto", "già esistente"], 0x8009_000f),
    (&["objeto", "já existe"], 0x8009_000f),
    (&["オブジェクト", "既に存在"], 0x8009_000f),
    (&["オブジェクト", "すでに存在"], 0x8009_000f),
];

fn in_words(text: &str) -> Option<u32> {
    let text = text.to_lowercase().replace('’', "'");
    // Japanese puts a blank into the word on some versions.
    let text = text.replace("キー セット", "キーセット");
    let fits = |words: &[&str]| words.iter().all(|word| text.contains(word));
    TEXTS.iter().find(|(words, _)| fits(words)).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_the_same() {
        for (code, texts) in [
            (
                5,
                [
                    "Access is denied.\r\n",
                    "Zugriff verweigert",
                    "Accès refusé.",
                    "Acceso denegado.",
                    "Accesso negato.",
                    "Acesso negado.",
                    "アクセスが拒否されました。",
                ],
            ),
            (
                0x8009_0016,
                [
                    "Keyset does not exist\r\n",
                    "Der Schlüsselsatz ist nicht vorhanden.",
                    "Le jeu de clés n’existe pas.",
                    "El conjunto de claves no existe.",
                    "Il set di chiavi non esiste",
                    "O conjunto de chaves não existe.",
                    "キー セットがありません。",
                ],
            ),
            (
                0x8009_000f,
                [
                    "Object already exists.\r\n",
                    "Das Objekt ist bereits vorhanden.",
                    "L'objet existe déjà.",
                    "El objeto ya existe.",
                    "L'oggetto esiste già.",
                    "O objeto já existe.",
                    "オブジェクトは既に存在します。",
                ],
            ),
        ] {
            for text in texts {
                assert_eq!(in_words(text), Some(code), "{text}");
            }
        }
        assert_eq!(in_words("The keyset is not defined."), None);
    }
}
