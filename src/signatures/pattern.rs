//! One field of a Sigma selection: its modifiers and values, compiled.

use std::net::IpAddr;

use regex::{Regex, RegexBuilder};

use super::encode::{Encoding, encoded};
use super::facts::{Facts, FieldName, all_of};
use super::node::Node;
use super::value::{End, Value};
use crate::event::{Event, parse_code};
use crate::expression::Expression;

/// A field with what it must be.
#[derive(Debug, Clone)]
pub(super) struct FieldMatch {
    pub(super) field: String,
    name: FieldName,
    pub(super) patterns: Vec<Pattern>,
    all: bool,
    subject: Subject,
}

/// What a field's name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// The provider, or its classic alias.
    Provider,
    EventId,
    /// Another field of `System`.
    System,
    /// A field of the event's data.
    Data,
}

impl Subject {
    fn of(field: &str) -> Self {
        match field {
            "Provider_Name" => Self::Provider,
            "EventID" => Self::EventId,
            "Channel" | "Computer" | "Level" | "Qualifiers" | "EventSourceName" => Self::System,
            _ => Self::Data,
        }
    }
}

/// One value a field may have.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Absent,
    Exists(bool),
    /// Whole value; a number or quoted code is compared as a number too.
    Is {
        text: String,
        code: Option<u32>,
        cased: bool,
    },
    Contains {
        text: String,
        cased: bool,
    },
    StartsWith {
        text: String,
        cased: bool,
    },
    EndsWith {
        text: String,
        cased: bool,
    },
    Regex(Expression),
    Network {
        base: IpAddr,
        prefix: u8,
    },
    Compare {
        order: Comparison,
        number: f64,
    },
    /// Equal to another field of the same event.
    Field(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison {
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Whole,
    Contains,
    StartsWith,
    EndsWith,
    Regex,
    Cidr,
    Compare(Comparison),
    Exists,
    FieldRef,
}

impl FieldMatch {
    /// Compiles `field|modifier|…: value(s)`.
    pub(super) fn compile(key: &str, value: &Node, checked: bool) -> Result<Self, String> {
        let mut parts = key.split('|');
        let field = parts.next().unwrap_or_default().to_owned();
        let mut kind = Kind::Whole;
        let (mut all, mut cased, mut flags, mut windash) = (false, false, String::new(), false);
        let mut encodings = Vec::new();
        for modifier in parts {
            match modifier {
                "contains" => kind = Kind::Contains,
                "startswith" => kind = Kind::StartsWith,
                "endswith" => kind = Kind::EndsWith,
                "re" => kind = Kind::Regex,
                "cidr" => kind = Kind::Cidr,
                "gt" => kind = Kind::Compare(Comparison::Greater),
                "gte" => kind = Kind::Compare(Comparison::GreaterEqual),
                "lt" => kind = Kind::Compare(Comparison::Less),
                "lte" => kind = Kind::Compare(Comparison::LessEqual),
                "exists" => kind = Kind::Exists,
                "fieldref" => kind = Kind::FieldRef,
                "all" => all = true,
                "cased" => cased = true,
                "windash" => windash = true,
                "i" | "m" | "s" if kind == Kind::Regex => flags.push_str(modifier),
                other => encodings.push(
                    Encoding::of(other)
                        .ok_or_else(|| format!("modifier `{other}` is not supported"))?,
                ),
            }
        }
        let mut patterns = Vec::new();
        for value in values(value)? {
            for text in dashes(value, windash).into_iter().flat_map(|text| forms(text, &encodings))
            {
                let pattern = Pattern::compile(text.as_deref(), kind, cased, &flags)?;
                if let (true, Pattern::Regex(expression)) = (checked, &pattern) {
                    regex(expression.as_str())?;
                }
                patterns.push(pattern);
            }
        }
        let (subject, name) = (Subject::of(&field), FieldName::of(&field));
        Ok(Self { field, name, patterns, all, subject })
    }

    /// Whether the event's field (any of them, when it occurs several times) fits.
    pub(super) fn matches(&self, facts: &mut Facts<'_>) -> bool {
        // Asked for every event that a rule could be about: nothing may be allocated on the usual ways.
        let event = facts.event;
        match self.subject {
            Subject::Provider => self.each(|pattern| {
                let fits = |name| pattern.fits_first(event, Some(name));
                fits(&facts.provider) || facts.alias.as_ref().is_some_and(fits)
            }),
            Subject::EventId => self.each(|pattern| match (pattern, event.event_id) {
                (Pattern::Is { code: Some(code), .. }, Some(id)) => *code == id,
                (_, id) => {
                    let id = id.map(|id| id.to_string());
                    pattern.fits_first(event, id.as_deref().map(Value::new).as_ref())
                }
            }),
            Subject::System => {
                let value = event.sigma_field(&self.field);
                let value = value.as_deref().map(Value::new);
                self.each(|pattern| pattern.fits_first(event, value.as_ref()))
            }
            Subject::Data => self.data_matches(facts),
        }
    }

    fn data_matches(&self, facts: &mut Facts<'_>) -> bool {
        let event = facts.event;
        let Some(field) = facts.field(self.name, &self.field) else { return false };
        let first = field.first.as_ref();
        if self.each(|pattern| pattern.fits_first(event, first)) {
            return true;
        }
        if !field.repeats {
            return false;
        }
        let others: Vec<_> = all_of(event, &self.field).skip(1).map(Value::new).collect();
        self.each(|pattern| {
            pattern.fits_first(event, first) || others.iter().any(|value| pattern.fits(value))
        })
    }

    fn each(&self, mut fits: impl FnMut(&Pattern) -> bool) -> bool {
        if self.all { self.patterns.iter().all(fits) } else { self.patterns.iter().any(&mut fits) }
    }
}

fn values(node: &Node) -> Result<Vec<Option<String>>, String> {
    match node {
        Node::Null => Ok(vec![None]),
        Node::List(items) => items.iter().map(|item| single(&item.value)).collect(),
        other => Ok(vec![single(other)?]),
    }
}

fn single(node: &Node) -> Result<Option<String>, String> {
    match node {
        Node::Null => Ok(None),
        other => other
            .scalar()
            .map(Some)
            .ok_or_else(|| "a value here is a plain scalar or a list of them".to_owned()),
    }
}

/// `windash`: a leading `-` of a command line switch may be written `/` as well.
fn dashes(value: Option<String>, windash: bool) -> Vec<Option<String>> {
    match value {
        Some(text) if windash && text.contains('-') => {
            vec![Some(text.replacen('-', "/", 1)), Some(text)]
        }
        other => vec![other],
    }
}

fn forms(value: Option<String>, encodings: &[Encoding]) -> Vec<Option<String>> {
    match value {
        Some(text) if !encodings.is_empty() => {
            encoded(&text, encodings).into_iter().map(Some).collect()
        }
        other => vec![other],
    }
}

impl Pattern {
    fn compile(value: Option<&str>, kind: Kind, cased: bool, flags: &str) -> Result<Self, String> {
        let Some(text) = value else { return Ok(Self::Absent) };
        let number =
            || text.parse::<f64>().map_err(|error| format!("`{text}` is not a number: {error}"));
        let plain = || if cased { unescape(text) } else { unescape(text).to_lowercase() };
        Ok(match kind {
            Kind::Regex => Self::Regex(late(text, flags)),
            Kind::Cidr => network(text)
                .ok_or_else(|| format!("`{text}` is not a network such as 10.0.0.0/8"))?,
            Kind::Compare(order) => Self::Compare { order, number: number()? },
            Kind::Exists => Self::Exists(matches!(text, "true" | "yes")),
            Kind::FieldRef => Self::Field(text.to_owned()),
            _ if has_wildcard(text) => Self::Regex(wildcard(text, kind, cased)),
            Kind::Whole => Self::Is { code: parse_code(text), text: plain(), cased },
            Kind::Contains => Self::Contains { text: plain(), cased },
            Kind::StartsWith => Self::StartsWith { text: plain(), cased },
            Kind::EndsWith => Self::EndsWith { text: plain(), cased },
        })
    }

    /// Whether the first value of a field fits, or that there is none.
    fn fits_first(&self, event: &Event, value: Option<&Value<'_>>) -> bool {
        match self {
            Self::Absent => value.is_none_or(|value| value.text.is_empty()),
            Self::Exists(wanted) => value.is_some() == *wanted,
            Self::Field(other) => value.is_some_and(|value| {
                event.sigma_field(other).is_some_and(|twin| value.text.eq_ignore_ascii_case(&twin))
            }),
            _ => value.is_some_and(|value| self.fits(value)),
        }
    }

    /// Whether a value fits, for patterns that are about a single value.
    fn fits(&self, value: &Value<'_>) -> bool {
        match self {
            Self::Absent | Self::Exists(_) | Self::Field(_) => false,
            // Texts that are the same spell the same code.
            Self::Is { code: Some(code), .. } => value.code() == Some(*code),
            Self::Is { text, code: None, cased } => value.is(text, *cased),
            Self::Contains { text, cased } => value.contains(text, *cased),
            Self::StartsWith { text, cased } => value.has_at(text, *cased, End::Start),
            Self::EndsWith { text, cased } => value.has_at(text, *cased, End::End),
            Self::Regex(regex) => regex.is_match(value.text),
            Self::Network { base, prefix } => {
                value.text.parse().is_ok_and(|address| in_network(address, *base, *prefix))
            }
            Self::Compare { order, number } => {
                value.text.trim().parse::<f64>().is_ok_and(|found| order.holds(found, *number))
            }
        }
    }
}

impl Comparison {
    fn holds(self, found: f64, number: f64) -> bool {
        match self {
            Self::Greater => found > number,
            Self::GreaterEqual => found >= number,
            Self::Less => found < number,
            Self::LessEqual => found <= number,
        }
    }
}

/// Whether Sigma wildcards stand in a value that no backslash escapes.
fn has_wildcard(text: &str) -> bool {
    let mut escaped = false;
    for letter in text.chars() {
        if matches!(letter, '*' | '?') && !escaped {
            return true;
        }
        escaped = letter == '\\' && !escaped;
    }
    false
}

fn unescape(text: &str) -> String {
    // Hundreds of patterns are compiled at every start, and few have any.
    if !text.contains('\\') {
        return text.to_owned();
    }
    text.replace("\\*", "*").replace("\\?", "?").replace("\\\\", "\\")
}

fn regex(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(1 << 20).build().map_err(|error| error.to_string())
}

/// The same, when a value may match it; flags stand before the expression, for nothing else would take them along.
fn late(text: &str, flags: &str) -> Expression {
    let text = if flags.is_empty() { text.to_owned() } else { format!("(?{flags}){text}") };
    Expression::late(text, |text| regex(text).ok())
}

fn wildcard(text: &str, kind: Kind, cased: bool) -> Expression {
    let mut pattern = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            '\\' if matches!(letters.peek(), Some('*' | '?' | '\\')) => {
                pattern.push_str(&regex::escape(
                    &letters.next().map(String::from).unwrap_or_default(),
                ));
            }
            other => pattern.push_str(&regex::escape(&other.to_string())),
        }
    }
    let start = if matches!(kind, Kind::Whole | Kind::StartsWith) { "^" } else { "" };
    let end = if matches!(kind, Kind::Whole | Kind::EndsWith) { "$" } else { "" };
    late(&format!("{start}{pattern}{end}"), if cased { "s" } else { "is" })
}

fn network(text: &str) -> Option<Pattern> {
    let (base, prefix) = text.split_once('/')?;
    Some(Pattern::Network { base: base.parse().ok()?, prefix: prefix.parse().ok()? })
}

fn in_network(address: IpAddr, base: IpAddr, prefix: u8) -> bool {
    let mask =
        |bits: u32, width: u32| u128::MAX.checked_shl(width.saturating_sub(bits)).unwrap_or(0);
    match (address, base) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let mask = mask(u32::from(prefix), 32);
            u128::from(a.to_bits()) & mask == u128::from(b.to_bits()) & mask
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let mask = mask(u32::from(prefix), 128);
            a.to_bits() & mask == b.to_bits() & mask
        }
        _ => false,
    }
}
