//! A rule's `detection`, compiled: selections and their condition.
//!
//! Why not a Sigma library: our codes are compared as numbers however they are written, and loading the whole database
//! must stay in the milliseconds that a single small log costs; the general engines were measured at several times that.
//! The subset is listed in `docs/signatures.md`.

use std::fmt;
use std::sync::OnceLock;

use serde_saphyr::{Location, Spanned};

use super::condition::Condition;
use super::facts::Facts;
use super::node::{Node, Plain};
use super::pattern::{FieldMatch, Pattern};
use super::value::contains_any;

/// A compiled detection.
#[derive(Debug, Clone)]
pub(super) struct Detection {
    selections: Vec<Selection>,
    condition: Condition,
}

/// A detection that is compiled when an event first asks for it: most runs need a few of the hundreds.
pub(super) struct Late {
    /// As JSON. Tests compile all of them.
    json: &'static str,
    compiled: OnceLock<Detection>,
}

impl Late {
    pub(super) fn new(json: &'static str) -> Self {
        Self { json, compiled: OnceLock::new() }
    }

    /// The detection; one that fits nothing in the place of one that is wrong.
    pub(super) fn get(&self) -> &Detection {
        self.compiled.get_or_init(|| {
            let node: Option<Plain> = serde_json::from_str(self.json).ok();
            let spanned = |node| Spanned::new(node, Location::UNKNOWN, Location::UNKNOWN);
            node.and_then(|node| Detection::compile(&spanned(node), false).ok()).unwrap_or(
                Detection { selections: Vec::new(), condition: Condition::Any(Vec::new()) },
            )
        })
    }
}

impl From<Detection> for Late {
    fn from(detection: Detection) -> Self {
        Self { json: "", compiled: detection.into() }
    }
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// A named selection.
#[derive(Debug, Clone)]
enum Selection {
    /// One of these maps fits; of a map, all fields do.
    Fields(Vec<Vec<FieldMatch>>),
    /// One of these strings, in lower case, stands in any value.
    Keywords(Vec<String>),
}

/// What is wrong, and where.
pub(super) type Problem = (Location, String);

impl Detection {
    /// Compiles `detection:`. Regular expressions are compiled when they are first needed; `checked` tries them now.
    pub(super) fn compile<N: AsRef<Node>>(
        detection: &Spanned<N>,
        checked: bool,
    ) -> Result<Self, Problem> {
        let Node::Map(entries) = detection.value.as_ref() else {
            return Err((
                detection.defined,
                "detection is a map of selections and a condition".into(),
            ));
        };
        let (mut names, mut selections, mut condition) = (Vec::new(), Vec::new(), None);
        for (name, node) in entries {
            if name.value == "condition" {
                condition = Some(node);
            } else if name.value != "timeframe" {
                selections.push(Selection::compile(node, checked)?);
                names.push(name.value.clone());
            }
        }
        let condition =
            condition.ok_or_else(|| (detection.defined, "the condition is missing".to_owned()))?;
        let text = condition
            .value
            .scalar()
            .ok_or_else(|| (condition.defined, "the condition is a text".to_owned()))?;
        let condition = Condition::parse(&text, &names)
            .map_err(|what| (condition.defined, format!("condition: {what}")))?;
        Ok(Self { selections, condition })
    }

    /// Whether the event fits.
    pub(super) fn matches(&self, facts: &mut Facts<'_>) -> bool {
        self.condition.holds(&mut |index| {
            self.selections.get(index).is_some_and(|selection| selection.matches(facts))
        })
    }

    /// The providers and event ids it can fit: what the index is made of. An empty list means any.
    pub(super) fn keys(&self) -> (Vec<String>, Vec<u32>) {
        let mut positive = Vec::new();
        self.condition.positive(&mut positive);
        let (mut providers, mut ids) = (Vec::new(), Vec::new());
        for selection in positive.iter().filter_map(|index| self.selections.get(*index)) {
            let Selection::Fields(maps) = selection else { continue };
            for field in maps.iter().flatten() {
                match field.field.as_str() {
                    "Provider_Name" => providers.extend(texts(field)),
                    "EventID" => ids.extend(field.patterns.iter().filter_map(code)),
                    _ => {}
                }
            }
        }
        (providers, ids)
    }

    /// Whether every way to fit names an event id, so that the index can stand in front of it.
    pub(super) fn always_names(&self, field: &str) -> bool {
        self.named_by(&self.condition, field)
    }

    fn named_by(&self, condition: &Condition, field: &str) -> bool {
        match condition {
            Condition::Selection(index) => match self.selections.get(*index) {
                Some(Selection::Fields(maps)) => {
                    maps.iter().all(|map| map.iter().any(|found| found.field == field))
                }
                _ => false,
            },
            Condition::Not(_) => false,
            Condition::All(parts) => parts.iter().any(|part| self.named_by(part, field)),
            Condition::Any(parts) => parts.iter().all(|part| self.named_by(part, field)),
        }
    }
}

fn texts(field: &FieldMatch) -> impl Iterator<Item = String> {
    field.patterns.iter().filter_map(|pattern| match pattern {
        Pattern::Is { text, .. } => Some(text.clone()),
        _ => None,
    })
}

fn code(pattern: &Pattern) -> Option<u32> {
    match pattern {
        Pattern::Is { code, .. } => *code,
        _ => None,
    }
}

impl Selection {
    fn compile(node: &Spanned<Node>, checked: bool) -> Result<Self, Problem> {
        match &node.value {
            Node::Map(entries) => Ok(Self::Fields(vec![fields(entries, checked)?])),
            Node::List(items) if items.iter().all(|item| matches!(item.value, Node::Map(_))) => {
                let maps = items.iter().filter_map(|item| match &item.value {
                    Node::Map(entries) => Some(fields(entries, checked)),
                    _ => None,
                });
                Ok(Self::Fields(maps.collect::<Result<_, _>>()?))
            }
            Node::List(items) => {
                let words = items.iter().map(|item| item.value.scalar().map(|word| keyword(&word)));
                let words: Option<Vec<_>> = words.collect();
                words
                    .map(Self::Keywords)
                    .ok_or_else(|| (node.defined, "a list is of maps or of words, not both".into()))
            }
            Node::Text(word) => Ok(Self::Keywords(vec![keyword(word)])),
            _ => Err((
                node.defined,
                "a selection is a map, a list of maps or a list of words".into(),
            )),
        }
    }

    fn matches(&self, facts: &mut Facts<'_>) -> bool {
        match self {
            Self::Fields(maps) => {
                maps.iter().any(|map| map.iter().all(|field| field.matches(facts)))
            }
            Self::Keywords(words) => {
                facts.event.data.iter().any(|(_, value)| contains_any(value, words))
            }
        }
    }
}

/// A word wherever it stands, so that wildcards around it say nothing more.
fn keyword(word: &str) -> String {
    word.trim_matches('*').to_lowercase()
}

fn fields(
    entries: &[(Spanned<String>, Spanned<Node>)],
    checked: bool,
) -> Result<Vec<FieldMatch>, Problem> {
    let compile = |(key, value): &(Spanned<String>, Spanned<Node>)| {
        FieldMatch::compile(&key.value, &value.value, checked)
            .map_err(|what| (key.defined, format!("{}: {what}", key.value)))
    };
    entries.iter().map(compile).collect()
}
