//! How a list is laid out: which part of a line is which column.

use std::sync::LazyLock;

/// Who wrote a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    GetHotFix,
    Wmic,
}

impl Tool {
    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::GetHotFix => "Get-HotFix",
            Self::Wmic => "wmic qfe",
        }
    }
}

/// One update of a list, as written.
#[derive(Debug, Clone)]
pub(super) struct ListRow {
    pub(super) tool: Tool,
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) description: String,
    pub(super) installed_on: String,
    pub(super) installed_by: String,
    pub(super) computer: String,
}

impl ListRow {
    fn new(tool: Tool, line: u64) -> Self {
        let empty = String::new;
        let (id, description, installed_on) = (empty(), empty(), empty());
        let (installed_by, computer) = (empty(), empty());
        Self { tool, line, id, description, installed_on, installed_by, computer }
    }

    fn set(&mut self, column: &str, value: &str) {
        let value = value.trim();
        match column {
            "HotFixID" => value.clone_into(&mut self.id),
            "Description" => value.clone_into(&mut self.description),
            "InstalledOn" => value.clone_into(&mut self.installed_on),
            "InstalledBy" => value.clone_into(&mut self.installed_by),
            "Source" | "CSName" if !value.is_empty() => value.clone_into(&mut self.computer),
            "PSComputerName" | "Node" | "__SERVER" if self.computer.is_empty() => {
                value.clone_into(&mut self.computer);
            }
            _ => {}
        }
    }

    /// Whether this can be an update: it has an id of one word. Windows XP lists the files of an update as `File 1`.
    fn is_update(&self) -> bool {
        !self.id.is_empty() && !self.id.contains(char::is_whitespace)
    }

    fn is_pseudo(&self) -> bool {
        self.id.split_once(' ').is_some_and(|(_, number)| number.parse::<u32>().is_ok())
    }
}

const COLUMNS: [&str; 15] = [
    "Caption",
    "CSName",
    "Description",
    "FixComments",
    "HotFixID",
    "InstallDate",
    "InstalledBy",
    "InstalledOn",
    "Name",
    "Node",
    "PSComputerName",
    "ServicePackInEffect",
    "Source",
    "Status",
    "__SERVER",
];

fn column(name: &str) -> Option<&'static str> {
    COLUMNS.into_iter().find(|column| column.eq_ignore_ascii_case(name))
}

/// What a line was.
pub(super) enum Taken {
    Row(ListRow),
    /// A part of a row, or something that belongs to the list and is no update.
    Part,
    Blank,
    Nothing,
}

/// The layout of a list.
pub(super) enum Layout {
    /// Columns by the position of their names in the header.
    Table { tool: Tool, columns: Vec<(usize, &'static str)> },
    /// Values between separators.
    Csv { tool: Tool, separator: u8, columns: Vec<String> },
    /// A line for each property, `HotFixID : KB…` or `HotFixID=KB…`.
    List { row: ListRow, seen: Vec<&'static str> },
}

impl Layout {
    /// The layout that a header line announces.
    pub(super) fn of_header(line: &str) -> Option<Self> {
        if !line.to_ascii_lowercase().contains("hotfixid") {
            return None;
        }
        let line = line.trim_start_matches('\u{feff}');
        table(line).or_else(|| csv(line))
    }

    /// The layout of a list of properties, when `line` is the first of them.
    pub(super) fn of_label(line: &str, now: Option<&Self>) -> Option<Self> {
        label(line)?;
        if matches!(now, Some(Self::List { .. })) {
            return None;
        }
        let tool = if line.contains(" :") { Tool::GetHotFix } else { Tool::Wmic };
        Some(Self::List { row: ListRow::new(tool, 0), seen: Vec::new() })
    }

    /// The same layout below a ruler of hyphens, which only PowerShell draws.
    pub(super) fn ruled(self) -> Self {
        match self {
            Self::Table { columns, .. } => Self::Table { tool: Tool::GetHotFix, columns },
            other => other,
        }
    }

    /// Reads one line.
    pub(super) fn take(&mut self, line: &str, number: u64) -> Taken {
        if Self::of_header(line).is_some() {
            return Taken::Part;
        }
        let row = match self {
            Self::List { row, seen } => return property(row, seen, line, number),
            _ if line.trim().is_empty() => return Taken::Blank,
            Self::Table { tool, columns } => by_columns(*tool, columns, line, number),
            Self::Csv { tool, separator, columns } => {
                by_separators(*tool, *separator, columns, line, number)
            }
        };
        match row.or_else(|| by_words(self.tool(), line, number)) {
            Some(row) if row.is_update() => Taken::Row(row),
            Some(row) if row.is_pseudo() => Taken::Part,
            _ => Taken::Nothing,
        }
    }

    /// The row that the end of the file ends.
    pub(super) fn finish(self) -> Option<ListRow> {
        match self {
            Self::List { row, .. } => row.is_update().then_some(row),
            _ => None,
        }
    }

    fn tool(&self) -> Tool {
        match self {
            Self::Table { tool, .. } | Self::Csv { tool, .. } => *tool,
            Self::List { row, .. } => row.tool,
        }
    }
}

/// `--------  -----------`.
pub(super) fn is_ruler(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("--") && line.chars().all(|letter| letter == '-' || letter == ' ')
}

/// A line `Name : value` or `Name=value` of a property that updates have.
pub(super) fn label(line: &str) -> Option<(&'static str, &str)> {
    let at = line.find([':', '='])?;
    let (name, value) = line.split_at_checked(at)?;
    Some((column(name.trim())?, value.trim_start_matches([':', '=']).trim()))
}

fn table(line: &str) -> Option<Layout> {
    let mut columns = Vec::new();
    let mut at = 0;
    for word in line.split(' ') {
        if !word.trim().is_empty() {
            columns.push((at, column(word.trim())?));
        }
        at += word.chars().count() + 1;
    }
    let has = |wanted: &str| columns.iter().any(|(_, name)| *name == wanted);
    let tool = if has("Source") { Tool::GetHotFix } else { Tool::Wmic };
    (has("HotFixID") && columns.len() > 1).then_some(Layout::Table { tool, columns })
}

fn csv(line: &str) -> Option<Layout> {
    [b',', b';', b'\t'].into_iter().find_map(|separator| {
        let columns = split(line, separator)?;
        let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        let tool = if has("Node") { Tool::Wmic } else { Tool::GetHotFix };
        let fits = has("HotFixID") && (has("InstalledOn") || has("Description"));
        fits.then_some(Layout::Csv { tool, separator, columns })
    })
}

fn split(line: &str, separator: u8) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(line.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(|value| value.trim().to_owned()).collect())
}

/// Cuts a line at the positions of the header: blanks do not separate columns, some of which are empty. `None` when a
/// word stands across a border, as after a paste that folded blanks.
fn by_columns(
    tool: Tool,
    columns: &[(usize, &'static str)],
    line: &str,
    number: u64,
) -> Option<ListRow> {
    let mut row = ListRow::new(tool, number);
    let mut borders = columns.iter().skip(1).map(|(at, _)| *at).chain([usize::MAX]);
    let mut names = columns.iter().map(|(_, name)| *name);
    let (mut border, mut name) = (borders.next()?, names.next()?);
    let mut cell = String::new();
    let mut at = 0;
    for letter in line.chars() {
        if at >= border {
            if !letter.is_whitespace() && !cell.is_empty() && !cell.ends_with(char::is_whitespace) {
                return None;
            }
            row.set(name, &cell);
            cell.clear();
            (border, name) = (borders.next()?, names.next()?);
        }
        cell.push(letter);
        at += width(letter);
    }
    row.set(name, &cell);
    (row.is_update() || row.is_pseudo()).then_some(row)
}

/// How many columns of a console a letter takes.
fn width(letter: char) -> usize {
    let wide = matches!(u32::from(letter), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60);
    if wide { 2 } else { 1 }
}

fn by_separators(
    tool: Tool,
    separator: u8,
    columns: &[String],
    line: &str,
    number: u64,
) -> Option<ListRow> {
    let values = split(line, separator)?;
    // wmic does not quote values that hold a comma.
    if values.len() != columns.len() {
        return None;
    }
    let mut row = ListRow::new(tool, number);
    for (name, value) in columns.iter().zip(&values) {
        row.set(column(name).unwrap_or_default(), value);
    }
    row.is_update().then_some(row)
}

/// What can be told of a line without its columns: the number of the update, its date and its kind.
fn by_words(tool: Tool, line: &str, number: u64) -> Option<ListRow> {
    static ID: LazyLock<Expression> = LazyLock::new(|| expression(r"\bKB\d{6,7}[^\s,;]*"));
    static DATE: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"\b(?:01[0-9a-f]{14}|\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}(?: \d[\d:.]*(?: [AP]M)?)?)\b",
        )
    });
    static FILE: LazyLock<Expression> = LazyLock::new(|| expression(r"\bFile \d+\s"));
    if FILE.is_match(line) {
        return None;
    }
    let mut row = ListRow::new(tool, number);
    row.set("HotFixID", ID.find_iter(line).last()?.as_str());
    row.set("InstalledOn", DATE.find_iter(line).last().map_or("", |found| found.as_str()));
    let kinds = ["Security Update", "Hotfix", "Update"];
    row.set("Description", kinds.into_iter().find(|kind| line.contains(kind)).unwrap_or_default());
    Some(row)
}

/// One line of a list of properties. A blank line, or a property that was there already, ends a row.
fn property(row: &mut ListRow, seen: &mut Vec<&'static str>, line: &str, number: u64) -> Taken {
    let Some((name, value)) = label(line) else {
        return if line.trim().is_empty() { done(row, seen, number) } else { Taken::Part };
    };
    let taken = if seen.contains(&name) { done(row, seen, number) } else { Taken::Part };
    if seen.is_empty() {
        row.line = number;
    }
    seen.push(name);
    row.set(name, value);
    taken
}

fn done(row: &mut ListRow, seen: &mut Vec<&'static str>, number: u64) -> Taken {
    seen.clear();
    let tool = row.tool;
    let row = std::mem::replace(row, ListRow::new(tool, number));
    if row.is_update() { Taken::Row(row) } else { Taken::Part }
}
use crate::expression::{Expression, expression};
