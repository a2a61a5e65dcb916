//! What the words of `explain` ask for.

use std::fmt;

use crate::codes::{self, DisconnectReason, Family};
use crate::event::parse_code;
use crate::signatures::{Cause, Database, Signature};

/// One thing to explain.
pub(super) enum Subject<'db> {
    /// Both numbers of the dialog.
    Pair(DisconnectReason),
    /// A number of one table: `alert 40`.
    Of(&'static Family, u32),
    /// `event 36870`.
    Event(u32),
    /// A number of any table, and an event id where it can be one.
    Number {
        code: u32,
        event: Option<u32>,
    },
    /// A KB number.
    Update(String),
    Cause(&'db Cause),
    Rule(&'db Signature),
    Unknown(String),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair(pair) => write!(f, "{pair}"),
            Self::Of(family, code) => write!(f, "{} {}", family.keyword, family.write(*code)),
            Self::Event(id) => write!(f, "event {id}"),
            Self::Number { code, event: Some(_) } => write!(f, "{code}"),
            Self::Number { code, event: None } => write!(f, "{code:#x}"),
            Self::Update(word) | Self::Unknown(word) => f.write_str(word),
            Self::Cause(cause) => write!(f, "{}", cause.id),
            Self::Rule(signature) => f.write_str(&signature.name),
        }
    }
}

/// Reads the words: two that belong together are one subject.
pub(super) fn read<'db>(db: &'db Database, words: &[String]) -> Vec<Subject<'db>> {
    let mut subjects = Vec::new();
    let mut rest = words;
    while let [word, after @ ..] = rest {
        let two = after.first().and_then(|next| together(word, next));
        rest = if two.is_some() { after.get(1..).unwrap_or_default() } else { after };
        subjects.push(two.unwrap_or_else(|| alone(db, word)));
    }
    subjects
}

fn together(word: &str, next: &str) -> Option<Subject<'static>> {
    let code = parse_code(next)?;
    if word.eq_ignore_ascii_case("event") {
        return Some(Subject::Event(code));
    }
    if let Some(family) = codes::family(&word.to_ascii_lowercase()) {
        return Some(Subject::Of(family, code));
    }
    pair(word, next)
}

/// Two numbers are a pair when the first is a disconnect reason and the second an extended one.
fn pair(first: &str, second: &str) -> Option<Subject<'static>> {
    let (error, extended) = (parse_code(first)?, parse_code(second)?);
    codes::family("disconnect-reason")?.find(error)?;
    codes::family("extended-reason")?.find(extended)?;
    Some(Subject::Pair(DisconnectReason { error, extended: Some(extended) }))
}

fn alone<'db>(db: &'db Database, word: &str) -> Subject<'db> {
    let text = word.trim().trim_matches(',');
    if let Some(pair) = text.split_once('/').and_then(|(first, second)| pair(first, second)) {
        return pair;
    }
    if let Some(code) = parse_code(text) {
        let event = text.parse().ok().filter(|id| *id <= u32::from(u16::MAX));
        return Subject::Number { code, event };
    }
    if let Some(kb) = kb(text) {
        return Subject::Update(kb);
    }
    let lower = text.to_ascii_lowercase();
    let cause = db.causes().values().find(|cause| cause.id.as_str() == lower);
    cause
        .map(Subject::Cause)
        .or_else(|| db.find(&lower).map(Subject::Rule))
        .unwrap_or_else(|| Subject::Unknown(word.to_owned()))
}

fn kb(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let number = upper.strip_prefix("KB")?;
    let digits = (6..=8).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    digits.then_some(upper)
}
