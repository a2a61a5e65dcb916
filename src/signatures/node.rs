//! YAML of free form, as Sigma detections are, with the place of every scalar.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

/// A YAML value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl Node {
    /// The scalar as a Sigma value is written; `None` for lists and maps.
    pub(super) fn scalar(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::Float(value) => Some(value.to_string()),
            Self::Text(value) => Some(value.clone()),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Visits every integer with its place.
    pub(super) fn integers(&self, at: Location, visit: &mut dyn FnMut(i64, Location)) {
        match self {
            Self::Int(value) => visit(*value, at),
            Self::List(items) => {
                items.iter().for_each(|item| item.value.integers(item.defined, visit))
            }
            Self::Map(entries) => {
                entries.iter().for_each(|(_, item)| item.value.integers(item.defined, visit))
            }
            Self::Null | Self::Bool(_) | Self::Float(_) | Self::Text(_) => {}
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor::<true>)
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Map(entries) => {
                for (number, (name, value)) in entries.iter().enumerate() {
                    let comma = if number == 0 { "" } else { ", " };
                    write!(f, "{comma}{}: {}", name.value, value.value)?;
                }
                Ok(())
            }
            Self::List(items) => {
                let words: Vec<_> = items.iter().map(|item| item.value.to_string()).collect();
                write!(f, "[{}]", words.join(", "))
            }
            scalar => f.write_str(scalar.scalar().as_deref().unwrap_or("null")),
        }
    }
}

impl AsRef<Self> for Node {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// A node of a format that knows no places.
#[derive(Debug)]
pub(super) struct Plain(Node);

impl AsRef<Node> for Plain {
    fn as_ref(&self) -> &Node {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor::<false>).map(Self)
    }
}

fn nowhere<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Location::UNKNOWN, Location::UNKNOWN)
}

struct NodeVisitor<const PLACED: bool>;

impl<'de, const PLACED: bool> Visitor<'de> for NodeVisitor<PLACED> {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        i64::try_from(value).map(Node::Int).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        if PLACED {
            while let Some(item) = seq.next_element()? {
                items.push(item);
            }
        } else {
            while let Some(Plain(item)) = seq.next_element()? {
                items.push(nowhere(item));
            }
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        if PLACED {
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
        } else {
            while let Some((key, Plain(value))) = map.next_entry()? {
                entries.push((nowhere(key), nowhere(value)));
            }
        }
        Ok(Node::Map(entries))
    }
}
