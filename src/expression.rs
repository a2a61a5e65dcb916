//! Regular expressions that are constants of this crate.

use regex::Regex;

/// Blanks of texts: those of ASCII, and those that French, recent Windows and Japanese put before a colon, between a time
/// and its `PM`, and between words.
const BLANKS: &str = r"\t-\r\x20\u{a0}\u{202f}\u{3000}";

/// A constant expression, in which `\d` and `\w` mean ASCII, and `\s` the [`BLANKS`].
///
/// The tables of Unicode behind these classes make an expression ten times as costly: all of this crate took 80 ms to be
/// made with them, as long as the reading of a hundred megabytes of logs. No log writes its numbers in other digits; where
/// letters of other languages are meant, say `\p{L}` or what they are not.
pub(crate) fn expression(text: &str) -> Regex {
    Regex::new(&ascii(text)).expect("the expression is a constant")
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
