//! Sigma's condition language: `and`, `or`, `not`, parentheses, `1 of x*`, `all of them`.

/// A condition over the selections of a rule, by their index.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Selection(usize),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Condition {
    /// Parses a condition; `names` are the selections of the rule.
    pub(super) fn parse(text: &str, names: &[String]) -> Result<Self, String> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let mut parser =
            Parser { words: spaced.split_whitespace().collect(), at: 0, names, depth: 0 };
        let condition = parser.any()?;
        match parser.peek() {
            None => Ok(condition),
            Some(word) => Err(format!("`{word}` was not expected here")),
        }
    }

    /// Whether it holds; `selected` tells whether the selection of an index does.
    pub(super) fn holds(&self, selected: &mut dyn FnMut(usize) -> bool) -> bool {
        match self {
            Self::Selection(index) => selected(*index),
            Self::Not(inner) => !inner.holds(selected),
            Self::All(parts) => parts.iter().all(|part| part.holds(selected)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(selected)),
        }
    }

    /// The selections that can make it true, `not` left out.
    pub(super) fn positive(&self, into: &mut Vec<usize>) {
        match self {
            Self::Selection(index) => into.push(*index),
            Self::Not(_) => {}
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.positive(into))
            }
        }
    }
}

/// Parentheses inside parentheses; a rule needs two or three.
const DEPTH: usize = 32;

struct Parser<'t> {
    words: Vec<&'t str>,
    at: usize,
    names: &'t [String],
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.words.get(self.at).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.all()?];
        while self.take("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.unary()?];
        while self.take("and") {
            parts.push(self.unary()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn unary(&mut self) -> Result<Condition, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("the condition is nested too deeply".into());
        }
        let result = if self.take("not") {
            Ok(Condition::Not(Box::new(self.unary()?)))
        } else if self.take("(") {
            let inner = self.any()?;
            if self.take(")") { Ok(inner) } else { Err("a `)` is missing".into()) }
        } else {
            self.selection()
        };
        self.depth -= 1;
        result
    }

    fn selection(&mut self) -> Result<Condition, String> {
        let word = self.peek().ok_or("the condition ends too early")?;
        self.at += 1;
        let all = word.eq_ignore_ascii_case("all");
        if (all || word == "1" || word.eq_ignore_ascii_case("any")) && self.take("of") {
            let pattern = self.peek().ok_or("`of` needs a name, a pattern or `them`")?;
            self.at += 1;
            let parts = self.named(pattern)?;
            return Ok(one_or(parts, if all { Condition::All } else { Condition::Any }));
        }
        let index = self.names.iter().position(|name| name == word);
        index.map(Condition::Selection).ok_or_else(|| format!("there is no selection `{word}`"))
    }

    fn named(&self, pattern: &str) -> Result<Vec<Condition>, String> {
        let fits = |name: &str| match pattern.strip_suffix('*') {
            _ if pattern == "them" => !name.starts_with('_'),
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        let found: Vec<_> = self
            .names
            .iter()
            .enumerate()
            .filter(|(_, name)| fits(name))
            .map(|(index, _)| Condition::Selection(index))
            .collect();
        if found.is_empty() { Err(format!("no selection fits `{pattern}`")) } else { Ok(found) }
    }
}

fn one_or(mut parts: Vec<Condition>, several: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, selected: &[&str]) -> Result<bool, String> {
        let names = ["event", "code_a", "code_b"].map(String::from);
        let condition = Condition::parse(text, &names)?;
        Ok(condition.holds(&mut |index| selected.contains(&names[index].as_str())))
    }

    #[test]
    fn conditions_read_as_sigma_means_them() {
        assert_eq!(check("event and not code_a", &["event"]), Ok(true));
        assert_eq!(check("event and 1 of code_*", &["event", "code_b"]), Ok(true));
        assert_eq!(check("event and all of code_*", &["event", "code_b"]), Ok(false));
        assert_eq!(check("event or code_a and code_b", &["event"]), Ok(true));
        assert_eq!(check("(event or code_a) and code_b", &["event"]), Ok(false));
        assert_eq!(check("1 of them", &["code_b"]), Ok(true));
    }

    #[test]
    fn wrong_conditions_are_named() {
        assert_eq!(check("event and cod", &[]), Err("there is no selection `cod`".into()));
        assert_eq!(check("event and (code_a", &[]), Err("a `)` is missing".into()));
        assert_eq!(check("event code_a", &[]), Err("`code_a` was not expected here".into()));
        assert!(check(&"(".repeat(100_000), &[]).is_err());
    }
}
