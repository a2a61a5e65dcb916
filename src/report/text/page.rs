//! Lines of a page: wrapped, indented, styled.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

pub(crate) use crate::report::words::visible;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// A page while it is written.
pub(crate) struct Page {
    out: String,
    width: usize,
}

impl Page {
    /// A page of so many columns.
    pub(crate) fn new(width: usize) -> Self {
        Self { out: String::new(), width }
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        &self.out
    }

    fn styled(&mut self, style: Style, text: &str) {
        let _ = write!(self.out, "{style}{text}{style:#}");
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A line of lesser weight.
    pub(crate) fn dim(&mut self, text: &str) {
        self.styled(DIM, text);
        self.out.push('\n');
    }

    /// Wrapped lines of lesser weight at an indent, continued further in.
    pub(crate) fn dim_at(&mut self, indent: usize, text: &str) {
        for (index, line) in wrap(text, self.width - indent - 2).into_iter().enumerate() {
            let space = " ".repeat(if index == 0 { indent } else { indent + 2 });
            self.dim(&format!("{space}{line}"));
        }
    }

    /// A heading behind a blank line.
    pub(crate) fn heading(&mut self, style: Style, text: &str) {
        self.out.push('\n');
        self.title(style, text);
    }

    /// A heading that stands close to what is above it.
    pub(crate) fn title(&mut self, style: Style, text: &str) {
        for line in wrap(text, self.width) {
            self.styled(style, &line);
            self.out.push('\n');
        }
    }

    /// A smaller heading.
    pub(crate) fn subheading(&mut self, text: &str) {
        self.styled(BOLD, text);
        self.out.push('\n');
    }

    /// Wrapped text at an indent.
    pub(crate) fn text_at(&mut self, indent: usize, text: &str) {
        for line in wrap(text.trim(), self.width - indent) {
            self.out.push_str(&" ".repeat(indent));
            self.line(&line);
        }
    }

    /// `  name           value`.
    pub(crate) fn field(&mut self, name: &str, value: &str) {
        let mut lines = wrap(&visible(value), self.width - 17).into_iter();
        let first = lines.next().unwrap_or_default();
        let _ = write!(self.out, "  {DIM}{name:<14}{DIM:#} ");
        self.line(&first);
        for line in lines {
            self.out.push_str(&" ".repeat(17));
            self.line(&line);
        }
    }

    /// Words in a row with marks below them, each in its style: `name--tcp--tls`.
    pub(crate) fn row(&mut self, indent: usize, words: &[(Style, &str, &str, &str)]) {
        let columns: usize = words.iter().map(|(_, joint, word, _)| joint.len() + word.len()).sum();
        if indent + columns > self.width + 2 {
            return;
        }
        self.out.push_str(&" ".repeat(indent));
        for (index, (style, joint, word, _)) in words.iter().enumerate() {
            self.styled(DIM, if index > 0 { joint } else { "" });
            self.styled(*style, word);
        }
        self.out.push('\n');
        let mut line = " ".repeat(indent);
        for (index, (_, joint, word, mark)) in words.iter().enumerate() {
            line.push_str(&" ".repeat(if index > 0 { joint.len() } else { 0 }));
            let _ = write!(line, "{mark:^width$}", width = word.len());
        }
        self.line(line.trim_end());
    }

    /// `  - label: text`, the label styled.
    pub(crate) fn bullet(&mut self, style: Style, label: &str, text: &str) {
        self.labelled("  - ", style, label, text);
    }

    /// `  1. label: text`.
    pub(crate) fn step(&mut self, number: usize, style: Style, label: &str, text: &str) {
        self.labelled(&format!("  {number}. "), style, label, text);
    }

    fn labelled(&mut self, start: &str, style: Style, label: &str, text: &str) {
        let whole = format!("{label}: {}", text.trim());
        let indent = start.chars().count();
        for (index, line) in wrap(&whole, self.width - indent).into_iter().enumerate() {
            self.out.push_str(&if index == 0 { start.to_owned() } else { " ".repeat(indent) });
            match line.strip_prefix(label).filter(|_| index == 0) {
                Some(rest) => {
                    self.styled(style, label);
                    self.line(rest);
                }
                None => self.line(&line),
            }
        }
    }

    /// A command below a step, which is not wrapped, so that it can be copied.
    pub(crate) fn command(&mut self, text: &str) {
        text.lines().for_each(|line| self.line(&format!("       {line}")));
    }
}

/// Lines of at most `width` columns; a path or a code is never broken, it is meant to be copied.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let options = textwrap::Options::new(width)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(&one_line, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}
