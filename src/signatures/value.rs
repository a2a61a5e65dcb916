//! One value of an event, as patterns look at it: whole, in part, without case, as a code.

use std::cell::OnceCell;

use crate::event::parse_code;
use crate::expression::needles;

/// A value of an event, with what several patterns ask of it.
pub(super) struct Value<'v> {
    pub(super) text: &'v str,
    /// The number that it spells, see [`parse_code`].
    code: OnceCell<Option<u32>>,
    is_ascii: OnceCell<bool>,
    /// In lower case, where that is more than a matter of ASCII.
    lower: OnceCell<String>,
}

impl<'v> Value<'v> {
    pub(super) fn new(text: &'v str) -> Self {
        let (code, is_ascii, lower) = Default::default();
        Self { text, code, is_ascii, lower }
    }

    fn is_ascii(&self) -> bool {
        *self.is_ascii.get_or_init(|| self.text.is_ascii())
    }

    pub(super) fn code(&self) -> Option<u32> {
        *self.code.get_or_init(|| parse_code(self.text))
    }

    fn lower(&self) -> &str {
        self.lower.get_or_init(|| self.text.to_lowercase())
    }

    pub(super) fn is(&self, text: &str, cased: bool) -> bool {
        match cased {
            true => self.text == text,
            false => {
                self.text.eq_ignore_ascii_case(text) || (!self.is_ascii() && self.lower() == text)
            }
        }
    }

    /// Whether `text` stands in it; unless `cased`, that is in lower case.
    pub(super) fn contains(&self, text: &str, cased: bool) -> bool {
        match cased {
            true => self.text.contains(text),
            false if self.is_ascii() => needles::contains(self.text, text),
            false => self.lower().contains(text),
        }
    }

    /// Whether it starts or ends with `text`; unless `cased`, that is in lower case.
    pub(super) fn has_at(&self, text: &str, cased: bool, end: End) -> bool {
        let ends = |value: &str| match end {
            End::Start => value.starts_with(text),
            End::End => value.ends_with(text),
        };
        if cased {
            return ends(self.text);
        }
        if !self.is_ascii() {
            return ends(self.lower());
        }
        let part = match end {
            End::Start => self.text.get(..text.len()),
            End::End => {
                let start = self.text.len().checked_sub(text.len());
                start.and_then(|start| self.text.get(start..))
            }
        };
        part.is_some_and(|part| part.eq_ignore_ascii_case(text))
    }
}

/// Whether one of these words, in lower case, stands in a value.
pub(super) fn contains_any(value: &str, words: &[String]) -> bool {
    let value = Value::new(value);
    words.iter().any(|word| value.contains(word, false))
}

/// An end of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Start,
    End,
}
