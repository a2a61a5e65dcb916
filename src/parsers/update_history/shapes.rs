//! The shapes of a history: which one a text has, and its updates.

use std::sync::LazyLock;

use super::Item;
use crate::event::parse_code;
use crate::expression::{Expression, expression};
use crate::parsers::export::{csv, moment};
use crate::parsers::servicing::{self, State};

/// What a history looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// Rows of HTML with a coloured circle.
    Html,
    /// Values with named columns.
    Csv(Vec<String>, char),
    /// `Name : value`, a block an update.
    List,
    /// Fixed columns: name and place of each.
    Table(Vec<(String, usize)>),
    /// A title, and below it what became of it.
    Settings,
    /// `KB5099999: title`.
    Titles,
}

/// The shape of a text; `None` when it is no history.
pub(super) fn of(text: &str) -> Option<Shape> {
    let text = text.trim_start_matches('\u{feff}');
    if text.contains("circle_") && text.contains("support.microsoft.com/kb/") {
        return Some(Shape::Html);
    }
    let lines = || text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty());
    let first = lines().find(|line| !line.starts_with('#'))?;
    for separator in [',', ';'] {
        let names = csv::split(first, separator);
        if is_history(&|name| names.iter().any(|known| known.eq_ignore_ascii_case(name))) {
            return Some(Shape::Csv(names, separator));
        }
    }
    if is_history(&|name| {
        lines()
            .take(24)
            .any(|line| property(line).is_some_and(|(known, _)| known.eq_ignore_ascii_case(name)))
    }) {
        return Some(Shape::List);
    }
    let columns = columns(first);
    if is_history(&|name| columns.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))) {
        return Some(Shape::Table(columns));
    }
    if lines().take(100).all(|line| title_line(line).is_some()) {
        return Some(Shape::Titles);
    }
    let titles: Vec<_> = lines().collect();
    let outcomes = titles
        .windows(2)
        .filter(|pair| matches!(pair, [title, below] if is_title(title) && is_outcome(below)));
    (outcomes.count() > 0
        && titles.iter().filter(|line| is_title(line) || is_outcome(line)).count() * 2
            > titles.len())
    .then_some(Shape::Settings)
}

/// Whether the names of the values are those of COM or of `Get-WUHistory`.
fn is_history(has: &dyn Fn(&str) -> bool) -> bool {
    has("Title")
        && has("Date")
        && (has("ResultCode") || has("Result"))
        && (has("Operation") || has("OperationName"))
}

/// The updates of a text in this shape.
pub(super) fn items(shape: Shape, lines: &mut dyn Iterator<Item = (u64, String)>) -> Vec<Item> {
    match shape {
        Shape::Html => html(lines),
        Shape::Csv(names, separator) => {
            let rows = lines.filter(|(_, line)| !line.starts_with('#')).skip(1);
            rows.filter_map(|(number, line)| {
                let values = csv::split(&line, separator);
                let get = |name: &str| {
                    let index = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
                    values.get(index).cloned()
                };
                item(number, &get)
            })
            .collect()
        }
        Shape::List => list(lines),
        Shape::Table(columns) => table(&columns, lines),
        Shape::Settings => settings(lines),
        Shape::Titles => lines
            .filter_map(|(line, text)| {
                let title = title_line(text.trim())?.to_owned();
                Some(Item { line, title, state: Some(State::Listed), ..Item::default() })
            })
            .collect(),
    }
}

/// A row with named values.
fn item(line: u64, get: &dyn Fn(&str) -> Option<String>) -> Option<Item> {
    let title = get("Title").filter(|title| !title.trim().is_empty())?;
    let raw = get("ResultCode");
    let result = raw.clone().or_else(|| get("Result")).unwrap_or_default();
    let operation = get("Operation").or_else(|| get("OperationName")).unwrap_or_default();
    let code = get("HResult").and_then(|code| parse_code(&code)).filter(|code| *code != 0);
    let state = match result.trim() {
        "2"
        | "orcSucceeded"
        | "Succeeded"
        | "3"
        | "orcSucceededWithErrors"
        | "SucceededWithErrors" => {
            let removed = matches!(operation.trim(), "2" | "uoUninstallation" | "Uninstallation");
            Some(if removed { State::Removed } else { State::Installed })
        }
        "4" | "orcFailed" | "Failed" | "5" | "orcAborted" | "Aborted" => Some(State::Failed),
        _ => None,
    };
    Some(Item {
        line,
        title,
        date: get("Date").unwrap_or_default(),
        state,
        code: code.map(|code| format!("{code:#010x}")).unwrap_or_default(),
        // Only who asks COM himself sees its number.
        utc: raw.is_some_and(|raw| raw.trim().parse::<u8>().is_ok()),
    })
}

fn property(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    (!name.is_empty() && !name.contains(' ')).then(|| (name, value.trim()))
}

fn list(lines: &mut dyn Iterator<Item = (u64, String)>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut block: Vec<(String, String)> = Vec::new();
    let mut begin = 0;
    let mut put = |block: &mut Vec<(String, String)>, begin: u64| {
        let block = std::mem::take(block);
        let get = |name: &str| {
            block
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.clone())
        };
        items.extend(item(begin, &get));
    };
    for (number, line) in lines {
        match property(&line) {
            Some((name, value)) => {
                if block.is_empty() {
                    begin = number;
                }
                block.push((name.to_owned(), value.to_owned()));
            }
            None if line.trim().is_empty() => put(&mut block, begin),
            // A long title goes on in the next line.
            None => {
                if let Some((_, value)) = block.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            }
        }
    }
    put(&mut block, begin);
    items
}

/// The words of a header and where each begins, in letters.
fn columns(header: &str) -> Vec<(String, usize)> {
    let letters: Vec<char> = header.chars().collect();
    let starts = (0..letters.len()).filter(|index| {
        letters.get(*index).is_some_and(|letter| *letter != ' ')
            && index
                .checked_sub(1)
                .and_then(|before| letters.get(before))
                .is_none_or(|before| *before == ' ')
    });
    starts
        .map(|start| {
            (letters.iter().skip(start).take_while(|letter| **letter != ' ').collect(), start)
        })
        .collect()
}

fn table(columns: &[(String, usize)], lines: &mut dyn Iterator<Item = (u64, String)>) -> Vec<Item> {
    let rows = lines.skip_while(|(_, line)| !line.trim_start().starts_with("----")).skip(1);
    rows.filter(|(_, line)| !line.trim().is_empty())
        .filter_map(|(number, line)| {
            let letters: Vec<char> = line.chars().collect();
            let get = |name: &str| {
                let index =
                    columns.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
                let start = columns.get(index)?.1;
                let end = columns
                    .get(index + 1)
                    .map_or(letters.len(), |(_, end)| *end)
                    .min(letters.len());
                Some(letters.get(start..end)?.iter().collect::<String>().trim().to_owned())
            };
            item(number, &get)
        })
        .collect()
}

/// A line of Settings that names an update.
fn is_title(line: &str) -> bool {
    let line = line.trim();
    servicing::kb(line).is_some() && line.contains("(KB") && !is_outcome(line)
}

/// `Successfully installed on 11/17/2026`, `Fehler bei der Installation am 17.11.2026 – 0x800f0922`.
fn is_outcome(line: &str) -> bool {
    outcome(line).is_some()
}

/// What became of an update, and the date in the line, by its own words, a code, or the languages that are known.
fn outcome(line: &str) -> Option<(Option<State>, String)> {
    static DATE: LazyLock<Expression> =
        LazyLock::new(|| expression(r"(\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,4})"));
    const INSTALLED: [&str; 5] = [
        "Successfully installed on",
        "Erfolgreich installiert am",
        "Installé le",
        "Instalado correctamente",
        "Installazione completata",
    ];
    const FAILED: [&str; 3] =
        ["Failed to install on", "Fehler bei der Installation", "Échec de l’installation"];
    const PENDING: [&str; 3] = ["Requires a restart", "Pending restart", "Neustart erforderlich"];
    let line: String = line
        .chars()
        .filter(|letter| !matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'))
        .collect();
    let line = line.trim();
    // A line of a log may have a date and a code, too.
    if line.len() > 160
        || line.contains('\t')
        || line.starts_with(|letter: char| letter.is_ascii_digit())
    {
        return None;
    }
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    let date = DATE.find(line).map_or("", |found| found.as_str()).to_owned();
    let state = match () {
        () if line.contains("0x8") || begins(&FAILED) => State::Failed,
        () if begins(&INSTALLED) => State::Installed,
        () if begins(&PENDING) => State::Pending,
        () => return None,
    };
    (!date.is_empty() || state == State::Pending).then_some((Some(state), date))
}

fn settings(lines: &mut dyn Iterator<Item = (u64, String)>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut title: Option<(u64, String)> = None;
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        if is_title(&line) {
            title = Some((number, line.trim().to_owned()));
        } else if let Some((state, date)) = outcome(&line) {
            if let Some((line_number, title)) = title.take() {
                let code = line
                    .split_whitespace()
                    .find(|word| word.starts_with("0x8"))
                    .unwrap_or_default();
                items.push(Item {
                    line: line_number,
                    title,
                    date,
                    state,
                    code: code.to_owned(),
                    utc: false,
                });
            }
        } else {
            title = None;
        }
    }
    items
}

/// The title of `KB5099999: title`.
fn title_line(line: &str) -> Option<&str> {
    let (number, title) = line.trim().split_once(": ")?;
    let digits = number.strip_prefix("KB")?;
    let is_number =
        (6..=7).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    // The number may be nowhere in the title.
    is_number.then_some(if servicing::kb(title).is_some() { title } else { line.trim() })
}

/// Rows of a page that is not well-formed: cells begin with `<td`, and end where the next begins.
fn html(lines: &mut dyn Iterator<Item = (u64, String)>) -> Vec<Item> {
    static ROW: LazyLock<Expression> = LazyLock::new(|| expression(r"(?i)<tr\b"));
    static CELL: LazyLock<Expression> = LazyLock::new(|| expression(r"(?i)<td\b[^>]*>"));
    let mut items: Vec<Item> = Vec::new();
    let (mut row, mut begin) = (String::new(), 0);
    let mut put = |row: &str, line: u64| {
        let cells: Vec<String> = CELL.split(row).skip(1).map(plain).collect();
        if let Some(code) = cells.iter().find_map(|cell| servicing::hex_after(cell, "Error code: "))
        {
            if let Some(item) = items.last_mut() {
                code.clone_into(&mut item.code);
            }
            return;
        }
        let date = cells.iter().find(|cell| moment::is_moment(cell));
        let (Some(date), Some(kb)) = (date, servicing::kb(row)) else { return };
        let text = cells.last().cloned().unwrap_or_default();
        let removed = cells.iter().any(|cell| cell.starts_with("Uninstall"));
        let state = match () {
            () if row.contains("circle_red") => Some(State::Failed),
            () if row.contains("circle_green") && removed => Some(State::Removed),
            () if row.contains("circle_green") => Some(State::Installed),
            () => None,
        };
        let title = if text.contains(&kb) { text } else { format!("{text} ({kb})") };
        items.push(Item { line, title, date: date.clone(), state, ..Item::default() });
    };
    for (number, line) in lines {
        let mut rest = line.as_str();
        while let Some(found) = ROW.find(rest) {
            row.push_str(rest.get(..found.start()).unwrap_or_default());
            put(&row, begin);
            row.clear();
            begin = number;
            rest = rest.get(found.end()..).unwrap_or_default();
        }
        // A page without rows must not be kept whole.
        if begin > 0 && row.len() < 64 * 1024 {
            row.push_str(rest);
        }
    }
    put(&row, begin);
    items
}

/// The text of a cell, without its tags.
fn plain(cell: &str) -> String {
    static TAG: LazyLock<Expression> = LazyLock::new(|| expression(r"<[^>]*>"));
    let text = TAG.replace_all(cell, "");
    let text =
        text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    text.trim().to_owned()
}
