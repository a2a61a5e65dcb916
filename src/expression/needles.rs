//! What must stand in a text for a regular expression to match it. Asked before the expression is compiled: that costs a
//! hundred times as much as a look for some words, and most expressions are never needed.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{Ast, Concat, Repetition, RepetitionKind, RepetitionRange};

/// Words, in lower case and of ASCII, of which one stands in a text: any of them.
pub(crate) type Words = Vec<String>;

/// What stands in every text that the expression matches, whatever its flags: one of each of these. Empty when nothing is
/// known.
pub(crate) fn needles(expression: &str) -> Vec<Words> {
    Parser::new().parse(expression).map(|ast| of(&ast)).unwrap_or_default()
}

/// Whether a text has one of each, or may.
pub(crate) fn may_match(needles: &[Words], text: &str) -> bool {
    let has = |words: &Words| words.iter().any(|word| contains(text, word));
    needles.iter().all(has) || has_folding(text)
}

/// Whether one of the two letters is there that fold into ASCII without being of it: the long s, and K's sign.
fn has_folding(text: &str) -> bool {
    !text.is_ascii()
        && ["\u{17f}", "\u{212a}"]
            .iter()
            .any(|letter| memchr::memmem::find(text.as_bytes(), letter.as_bytes()).is_some())
}

/// Whether a word of ASCII, in lower case, stands in a text, in letters of any case.
pub(crate) fn contains(text: &str, word: &str) -> bool {
    // Most texts are short, and there are many: no copy, and no search that has to be prepared.
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let rarest = word.iter().enumerate().min_by_key(|(_, letter)| frequency(**letter));
    let Some((before, letter)) = rarest else { return true };
    let Some(last) = text.len().checked_sub(word.len()) else { return false };
    let places = text.get(before..=last + before).unwrap_or_default();
    memchr::memchr2_iter(*letter, letter.to_ascii_uppercase(), places)
        .any(|at| text.get(at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word)))
}

/// How often a letter is met, roughly, with everything that is no letter in their middle.
fn frequency(letter: u8) -> u8 {
    RANKS.get(usize::from(letter)).copied().unwrap_or_default()
}

/// A table, for this is asked for every letter of every word.
static RANKS: [u8; 256] = {
    let mut ranks = [2; 256];
    let mut letter = 0;
    while let Some((rank, _)) = ranks.split_at_mut(letter).1.split_first_mut() {
        *rank = match letter as u8 {
            b'j' | b'q' | b'x' | b'z' => 0,
            b'b' | b'f' | b'g' | b'k' | b'p' | b'v' | b'w' | b'y' => 1,
            b'c' | b'd' | b'h' | b'l' | b'm' | b'u' => 3,
            b'a' | b'e' | b'i' | b'n' | b'o' | b'r' | b's' | b't' | b' ' => 4,
            _ => 2,
        };
        letter += 1;
    }
    ranks
};

/// More words than these are no shorter way.
const MANY: usize = 32;

fn of(ast: &Ast) -> Vec<Words> {
    match ast {
        Ast::Literal(literal) if literal.c.is_ascii() => {
            vec![vec![literal.c.to_ascii_lowercase().into()]]
        }
        Ast::Group(group) => of(&group.ast),
        Ast::Repetition(repetition) if occurs(repetition) => of(&repetition.ast),
        Ast::Concat(parts) => of_all(parts),
        Ast::Alternation(ways) => {
            let tells_most = |way| of(way).into_iter().max_by_key(shortest);
            let words: Option<Vec<_>> = ways.asts.iter().map(tells_most).collect();
            words
                .map(|words| words.concat())
                .filter(|words| words.len() <= MANY)
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn shortest(words: &Words) -> usize {
    words.iter().map(String::len).min().unwrap_or_default()
}

/// Whether what is repeated stands there once at least.
fn occurs(repetition: &Repetition) -> bool {
    match &repetition.op.kind {
        RepetitionKind::OneOrMore => true,
        RepetitionKind::Range(
            RepetitionRange::Exactly(least)
            | RepetitionRange::AtLeast(least)
            | RepetitionRange::Bounded(least, _),
        ) => *least > 0,
        _ => false,
    }
}

/// What stands one behind the other is all there.
fn of_all(parts: &Concat) -> Vec<Words> {
    let mut known = Vec::new();
    let mut run = String::new();
    for part in &parts.asts {
        match part {
            Ast::Literal(literal) if literal.c.is_ascii() => {
                run.push(literal.c.to_ascii_lowercase());
            }
            other => {
                known.push(vec![std::mem::take(&mut run)]);
                known.extend(of(other));
            }
        }
    }
    known.push(vec![run]);
    known.retain(|words| shortest(words) > 0);
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(expression: &str) -> String {
        needles(expression).iter().map(|words| words.join("|")).collect::<Vec<_>>().join(" & ")
    }

    #[test]
    fn what_must_be_there_is_what_no_way_goes_around() {
        assert_eq!(
            words(r"\b(firewall|NSG|security group)\b.{0,60}\b(changed?|new)\b"),
            "firewall|nsg|security group & change|new"
        );
        assert_eq!(words(r"^9[A-Z0-9]{11}-"), "9 & -");
        assert_eq!(words(r"reg(?:\.exe)?\s+add\s[^\r\n]*RDP-Tcp"), "reg & add & rdp-tcp");
        assert_eq!(words(r"(?i)licen[cs](e|ing) server"), "licen & e|ing &  server");
        assert_eq!(words(r"(ab){2,3}x|[cd]e(fg)+"), "ab|fg");
        assert_eq!(words("größer"), "gr & er");
        assert_eq!(words("(?ix) a b\\ c # d\n [e]"), "ab c");
        for open in [r"^\d+$", "(abc)?", "abc|", "(abc|.)", "(abc){0,2}", "", "("] {
            assert_eq!(words(open), "", "{open}");
        }
    }

    #[test]
    fn a_word_is_found_wherever_it_stands() {
        let text = "Error CODE: 0x904, größer";
        for word in ["", "error", "code:", "0x904", "er", "größer".get(..2).unwrap(), "e"] {
            assert!(contains(text, word), "{word}");
        }
        for word in ["errors", "code :", "x905", "zz", &"e".repeat(40)] {
            assert!(!contains(text, word), "{word}");
        }
        assert!(!contains("", "e") && contains("", ""));
    }

    #[test]
    fn letters_that_fold_into_ascii_are_not_missed() {
        let needles = needles("skin");
        assert!(may_match(&needles, "a SKIN"));
        assert!(may_match(&needles, "s\u{212a}in, ü"));
        assert!(may_match(&needles, "ſkin"));
        assert!(!may_match(&needles, "ském"));
    }

    #[test]
    fn what_an_expression_matches_is_never_kept_from_it() {
        const PARTS: [&str; 14] = [
            "ab",
            "b?",
            "(ab|c)",
            "[ab]",
            "c{0,2}",
            "(a|bc)+",
            r"\b",
            ".{0,3}",
            "(?:d|)",
            "K",
            "s{2}",
            "(s|(k|ab)d)",
            "(?i:S)",
            "ä|a",
        ];
        const LETTERS: [&str; 11] =
            ["a", "b", "c", "d", "k", "s", "A", "S", " ", "\u{17f}", "\u{212a}"];
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
        let mut roll = |of: usize| {
            dice = dice.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            usize::try_from(dice >> 33).unwrap() % of
        };
        let mut matched = 0;
        for _ in 0..400 {
            let expression: String = (0..=roll(4)).map(|_| PARTS[roll(PARTS.len())]).collect();
            let regex = regex::Regex::new(&format!("(?i){expression}")).unwrap();
            let needles = needles(&expression);
            for _ in 0..60 {
                let text: String = (0..roll(9)).map(|_| LETTERS[roll(LETTERS.len())]).collect();
                if regex.is_match(&text) {
                    matched += 1;
                    assert!(may_match(&needles, &text), "{expression} in {text:?}");
                }
            }
        }
        assert!(matched > 1000, "{matched}");
    }
}
