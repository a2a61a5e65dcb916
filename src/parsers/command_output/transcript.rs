//! A console's text, cut at its prompts: `C:\>command`, `PS C:\> command`.

use std::cell::OnceCell;
use std::sync::LazyLock;

use super::records::{self, Record};
use crate::event::SourceId;
use crate::expression::{Expression, expression};
use crate::source::Source;

/// A line and the line of the file on which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::parsers) struct Line {
    pub(in crate::parsers) number: u64,
    pub(in crate::parsers) text: String,
}

/// What one command printed; or a text, or its beginning, without a prompt.
#[derive(Debug)]
pub(super) struct Part<'t> {
    /// What was typed.
    pub(super) command: Option<&'t str>,
    /// Where it stands.
    pub(super) prompt: Option<u64>,
    /// Its output.
    pub(super) lines: &'t [Line],
    records: OnceCell<Vec<Record>>,
}

impl<'t> Part<'t> {
    fn new(command: Option<&'t str>, prompt: Option<u64>, lines: &'t [Line]) -> Self {
        Self { command, prompt, lines, records: OnceCell::new() }
    }

    /// The objects in the output; many readers look through them.
    pub(super) fn records(&self) -> &[Record] {
        self.records.get_or_init(|| records::records(self.lines))
    }

    /// The output as a source of its own, for the parsers of other formats; and how many lines of it were only typed:
    /// `reg query KEY | findstr …` prints values without their key.
    pub(super) fn source(&self) -> (Source, u64) {
        let key = self.command.and_then(asked_key).filter(|_| {
            let value = |line: &Line| line.text.starts_with(' ') && line.text.contains(" REG_");
            self.lines.iter().any(value)
                && !self.lines.iter().any(|line| line.text.trim_start().starts_with("HKEY_"))
        });
        let typed = u64::from(key.is_some());
        let printed = self.lines.iter().map(|line| line.text.clone());
        let text: Vec<String> = key.into_iter().chain(printed).collect();
        (Source::from_bytes(SourceId(0), "part", (text.join("\n") + "\n").as_bytes()), typed)
    }

    /// Whether nothing was typed and nothing printed.
    pub(super) fn is_blank(&self) -> bool {
        self.command.is_none() && self.lines.iter().all(|line| line.text.trim().is_empty())
    }

    /// Runs of lines between blank ones.
    pub(super) fn paragraphs(&self) -> Vec<Self> {
        let lines = self.lines.split(|line| line.text.trim().is_empty());
        let lines = lines.filter(|lines| !lines.is_empty());
        lines.map(|lines| Self::new(self.command, self.prompt, lines)).collect()
    }

    /// Whether the command runs one of these programs, also within a pipe.
    pub(super) fn runs(&self, programs: &[&str]) -> bool {
        let command = self.command.unwrap_or_default().to_ascii_lowercase();
        programs.iter().any(|program| command.contains(program))
    }
}

/// The key that `reg query` asks for, in full.
fn asked_key(command: &str) -> Option<String> {
    static ASKED: LazyLock<Expression> =
        LazyLock::new(|| expression(r#"(?i)\breg(?:\.exe)?\s+query\s+(?:"(HK[^"]+)"|(HK\S+))"#));
    let found = ASKED.captures(command)?;
    let key = found.get(1).or_else(|| found.get(2))?.as_str();
    let (root, path) = key.split_once('\\')?;
    let root = match root.to_ascii_uppercase().as_str() {
        "HKLM" => "HKEY_LOCAL_MACHINE".to_owned(),
        "HKCU" => "HKEY_CURRENT_USER".to_owned(),
        other => other.to_owned(),
    };
    Some(format!("{root}\\{path}"))
}

/// Cuts a text at its prompts.
pub(super) fn parts(lines: &[Line]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut command, mut typed, mut rest) = (None, None, lines);
    while let Some(at) = rest.iter().position(|line| prompt(&line.text).is_some()) {
        let (before, from) = rest.split_at(at);
        if command.is_some() || !before.is_empty() {
            parts.push(Part::new(command, typed, before));
        }
        let Some((line, after)) = from.split_first() else { break };
        (command, typed, rest) = (prompt(&line.text), Some(line.number), after);
    }
    parts.push(Part::new(command, typed, rest));
    parts
}

/// The command behind a prompt.
fn prompt(line: &str) -> Option<&str> {
    static PROMPT: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"^\s{0,2}(?:\[[^\[\]\s]+\]: )?(?:PS )?[A-Za-z]:\\[^>|<*?]{0,200}>\s?(.*)$|^PS> (.*)$",
        )
    });
    // Few lines have the sign, and most texts have none.
    let found = line.contains('>').then(|| PROMPT.captures(line)).flatten()?;
    found.get(1).or_else(|| found.get(2)).map(|command| command.as_str().trim())
}
