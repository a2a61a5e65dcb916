//! One certificate of a listing, by what no language changes.

use std::sync::LazyLock;

/// A certificate, as far as its listing tells.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub(super) line: u64,
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) not_before: String,
    pub(super) not_after: String,
    /// SHA-1, lower-case hex without blanks.
    pub(super) hash: String,
    /// The file of the key where it is told, else the name of its container.
    pub(super) container: String,
    /// `passed`, `failed`, `missing`, `denied`, or nothing.
    pub(super) key_test: &'static str,
    /// Replaced by a newer one, and kept only to read old mail.
    pub(super) archived: bool,
}

impl Certificate {
    pub(super) fn new(line: u64) -> Self {
        let empty = String::new;
        let (issuer, subject, not_before, not_after) = (empty(), empty(), empty(), empty());
        let (hash, container) = (empty(), empty());
        Self {
            line,
            issuer,
            subject,
            not_before,
            not_after,
            hash,
            container,
            key_test: "",
            archived: false,
        }
    }

    /// Takes one line of the listing.
    pub(super) fn take(&mut self, line: &str) {
        if let Some(hash) = hash(line) {
            self.hash = hash;
        } else if let Some(test) = key_test(line) {
            self.key_test = test;
        } else if line.starts_with("Archived!") {
            self.archived = true;
        } else if let Some(file) = key_file(line) {
            self.container = file.to_owned();
        } else if let Some(value) = line.strip_prefix("  ").and_then(|line| line.split_once(" = "))
        {
            // The container stands first, the provider second.
            if self.container.is_empty() && !self.hash.is_empty() {
                value.1.trim().clone_into(&mut self.container);
            }
        } else if let Some(date) = date(line) {
            let slot =
                if self.not_before.is_empty() { &mut self.not_before } else { &mut self.not_after };
            if slot.is_empty() {
                date.clone_into(slot);
            }
        } else if let Some(name) = name(line).filter(|_| self.hash.is_empty()) {
            let slot =
                if self.not_before.is_empty() { &mut self.issuer } else { &mut self.subject };
            if slot.is_empty() {
                name.clone_into(slot);
            }
        }
    }
}

/// `Cert Hash(sha1): …`, with blanks between the bytes before Windows 8.
pub(super) fn hash(line: &str) -> Option<String> {
    let (_, digits) = line.split_once("(sha1):").or_else(|| line.split_once("(sha1) :"))?;
    let digits: String = digits.chars().filter(|letter| *letter != ' ').collect();
    let whole = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| digits.to_ascii_lowercase())
}

/// The code at the end of a command that failed.
pub(super) fn code(line: &str) -> Option<String> {
    static CODE: LazyLock<Expression> = LazyLock::new(|| expression(r"\b0x[0-9a-fA-F]{1,8}\b"));
    CODE.find(line).map(|code| code.as_str().to_owned())
}

/// How the trial of the key went. The sentences are of the English listing, codes hold in every language; a set of keys
/// is spoken of only when it is not there.
fn key_test(line: &str) -> Option<&'static str> {
    static CODES: [(&str, &str); 4] = [
        ("0x80090016", "missing"),
        ("0x8009000d", "missing"),
        ("0x80090010", "denied"),
        ("0x80070005", "denied"),
    ];
    let line = line.to_ascii_lowercase();
    let line = line.trim();
    match line {
        "encryption test passed" | "signature test passed" => Some("passed"),
        "encryption test failed" | "signature test failed" => Some("failed"),
        _ if line.starts_with("missing stored keyset") => Some("missing"),
        _ if line.starts_with("keyset does not exist") => Some("missing"),
        _ if KEY_SET.iter().any(|words| line.contains(words)) => Some("missing"),
        _ if line.starts_with("cannot find the certificate and private key") => Some("missing"),
        _ if line.starts_with("access denied") || line.starts_with("access is denied") => {
            Some("denied")
        }
        _ => CODES.iter().find(|(code, _)| line.contains(code)).map(|(_, test)| *test),
    }
}

/// The same two sentences in other languages, by their noun.
const KEY_SET: [&str; 4] =
    ["schlüsselsatz", "jeu de clés", "conjunto de claves", "gruppo di chiavi"];

/// The file in MachineKeys: 32 digits, `_`, the machine's GUID.
fn key_file(line: &str) -> Option<&str> {
    static FILE: LazyLock<Expression> =
        LazyLock::new(|| expression(r"^  .*[:=] ([0-9a-f]{32}_[0-9a-fA-F-]+)$"));
    FILE.captures(line)?.get(1).map(|file| file.as_str())
}

/// ` NotBefore: 5/18/2026 3:30 PM`: one blank, a label, a date.
fn date(line: &str) -> Option<&str> {
    let line = line.strip_prefix(' ').filter(|line| !line.starts_with(' '))?;
    let (_, date) = line.split_once(':')?;
    let date = date.trim();
    date.contains(|letter: char| letter.is_ascii_digit()).then_some(date)
}

/// `Issuer: CN=…`: a label and a distinguished name.
fn name(line: &str) -> Option<&str> {
    static NAME: LazyLock<Expression> = LazyLock::new(|| {
        expression(r"^\S[^:=]{1,40}:\s*((?:CN|OU|O|E|C|S|L|DC|SERIALNUMBER)=.*)$")
    });
    NAME.captures(line)?.get(1).map(|name| name.as_str())
}
use crate::expression::{Expression, expression};
