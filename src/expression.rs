//! Regular expressions that are constants of this crate, and when those are compiled that are not.

pub(crate) mod needles;

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::{Captures, Match, Regex, Replacer};

use self::needles::{Words, may_match, needles};

/// Blanks of texts: those of ASCII, and those that French, recent Windows and Japanese put before a colon, between a time
/// and its `PM`, and between words.
const BLANKS: &str = r"\t-\r\x20\u{a0}\u{202f}\u{3000}";

/// A constant expression, in which `\d` and `\w` mean ASCII, and `\s` the [`BLANKS`].
///
/// The tables of Unicode behind these classes make an expression ten times as costly: all of this crate took 80 ms to be
/// made with them, as long as the reading of a hundred megabytes of logs. No log writes its numbers in other digits; where
/// letters of other languages are meant, say `\p{L}` or what they are not.
pub(crate) fn expression(text: &str) -> Expression {
    Expression::late(ascii(text), |text| {
        Some(Regex::new(text).expect("the expression is a constant"))
    })
}

/// An expression that is compiled for the first text that has the words it needs: a ticket meets few of those that tickets
/// and signatures are read with, and they cost more than the reading.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    text: String,
    compile: fn(&str) -> Option<Regex>,
    needles: OnceLock<Vec<Words>>,
    regex: OnceLock<Option<Regex>>,
}

impl Expression {
    /// One that `compile` makes of a text; where it makes none, nothing matches.
    pub(crate) fn late(text: String, compile: fn(&str) -> Option<Regex>) -> Self {
        Self { text, compile, needles: OnceLock::new(), regex: OnceLock::new() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The compiled expression; none when it cannot match the text.
    fn for_text(&self, text: &str) -> Option<&Regex> {
        if self.regex.get().is_none()
            && !may_match(self.needles.get_or_init(|| needles(&self.text)), text)
        {
            return None;
        }
        self.regex.get_or_init(|| (self.compile)(&self.text)).as_ref()
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.for_text(text).is_some_and(|regex| regex.is_match(text))
    }

    pub(crate) fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.for_text(text)?.find(text)
    }

    pub(crate) fn find_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Match<'t>> {
        self.for_text(text).into_iter().flat_map(move |regex| regex.find_iter(text))
    }

    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.for_text(text)?.captures(text)
    }

    pub(crate) fn captures_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        self.for_text(text).into_iter().flat_map(move |regex| regex.captures_iter(text))
    }

    pub(crate) fn split<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let regex = self.for_text(text);
        let whole = if regex.is_none() { Some(text) } else { None };
        whole.into_iter().chain(regex.into_iter().flat_map(move |regex| regex.split(text)))
    }

    pub(crate) fn replace_all<'t>(&self, text: &'t str, with: impl Replacer) -> Cow<'t, str> {
        self.for_text(text).map_or(Cow::Borrowed(text), |regex| regex.replace_all(text, with))
    }
}

/// The same expression with its classes spelt out.
fn ascii(text: &str) -> String {
    let mut spelt = String::with_capacity(text.len() * 2);
    let mut within = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => escape(letters.next(), within, &mut spelt),
            '[' | ']' => {
                within = letter == '[';
                spelt.push(letter);
            }
            _ => spelt.push(letter),
        }
    }
    spelt
}

/// What stands behind a backslash; `within` square brackets these are not put again.
fn escape(letter: Option<char>, within: bool, spelt: &mut String) {
    let class = match letter {
        Some('d' | 'D') => "0-9",
        Some('w' | 'W') => "0-9A-Za-z_",
        Some('s' | 'S') => BLANKS,
        _ => "",
    };
    let inverse = letter.is_some_and(char::is_uppercase);
    match (class, within, inverse) {
        ("", ..) => {
            spelt.push('\\');
            spelt.extend(letter);
        }
        (_, true, false) => spelt.push_str(class),
        (_, _, true) => spelt.extend(["[^", class, "]"]),
        (_, false, false) => spelt.extend(["[", class, "]"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_compiled_for_the_first_text_that_may_match() {
        let code = expression(r"(?i)error code:\s(\d+)");
        let other = "Fehlercode: 5, nothing else";
        assert!(!code.is_match(other) && code.find(other).is_none());
        assert_eq!((code.find_iter(other).count(), code.captures_iter(other).count()), (0, 0));
        assert_eq!(code.split(other).collect::<Vec<_>>(), [other]);
        assert_eq!(code.replace_all(other, "x"), other);
        assert!(code.regex.get().is_none());
        let text = "ERROR CODE: 5 and error code: 7.";
        for _ in 0..2 {
            assert_eq!(code.captures(text).unwrap().get(1).unwrap().as_str(), "5");
            assert_eq!(code.find_iter(text).count(), 2);
            assert_eq!(code.split(text).collect::<Vec<_>>(), ["", " and ", "."]);
            assert_eq!(code.replace_all(text, "x"), "x and x.");
            assert!(!code.is_match(other));
        }
    }

    #[test]
    fn classes_are_of_ascii_and_blanks_of_all_texts() {
        assert_eq!(ascii(r"^\[\d+\]:[\w.-]\D"), r"^\[[0-9]+\]:[0-9A-Za-z_.-][^0-9]");
        assert_eq!(ascii(r"a\\d[\]\d]"), r"a\\d[\]0-9]");
        assert!(expression(r"^code\s:\s\d\sPM$").is_match("code\u{a0}:\u{3000}4\u{202f}PM"));
        assert!(!expression(r"^\d$").is_match("٣"));
        assert!(expression(r"^\S+$").is_match("Bürorechner"));
        assert!(!expression(r"\S").is_match("\u{a0}\n"));
        assert!(expression(r"(?x) ^ [\s] a\ b $").is_match("\ta b"));
    }
}
