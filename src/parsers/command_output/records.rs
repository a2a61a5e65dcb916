//! Names with values, as PowerShell and `wmic` print objects: as a list, a table with a ruler, CSV, or `Name=value`.

use super::transcript::Line;

/// One object.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The lines it stands on.
    pub(super) lines: (u64, u64),
    fields: Vec<(String, String)>,
}

impl Record {
    fn new(line: u64) -> Self {
        Self { lines: (line, line), fields: Vec::new() }
    }

    /// The value of a property; empty when it has none.
    pub(super) fn get(&self, name: &str) -> &str {
        let same = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.fields.iter().find(same).map_or("", |(_, value)| value)
    }

    /// The value of the first of several properties that is there.
    pub(super) fn first(&self, names: &[&str]) -> &str {
        names.iter().map(|name| self.get(name)).find(|value| !value.is_empty()).unwrap_or_default()
    }
}

/// Objects kept of one output; a machine has some hundred services and rules, and a busy one thousands of connections.
const MOST: usize = 50_000;

/// Every object in some lines.
pub(super) fn records(all: &[Line]) -> Vec<Record> {
    let mut records = lists(all);
    let mut lines = all;
    while let Some((line, rest)) = lines.split_first() {
        let ruler = rest.first().map(|line| columns(&line.text)).unwrap_or_default();
        let rows = if ruler.is_empty() {
            csv(line, rest)
        } else {
            table(line, &ruler, rest.get(1..).unwrap_or_default())
        };
        let used = rows.len();
        records.extend(rows);
        lines = rest.get(used..).unwrap_or_default();
        if records.len() > MOST {
            break;
        }
    }
    records
}

/// `Name : value` and `Name=value`, one a line, blank lines between the objects.
fn lists(lines: &[Line]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let mut open = false;
    for line in lines {
        let Some((name, value)) = property(&line.text) else {
            // Long values go on, indented.
            open &= line.text.starts_with("    ");
            continue;
        };
        if !open || records.last().is_some_and(|record| !record.get(name).is_empty()) {
            records.push(Record::new(line.number));
        }
        open = true;
        if let Some(record) = records.last_mut().filter(|record| record.fields.len() < 100) {
            record.lines.1 = line.number;
            record.fields.push((name.to_owned(), value.to_owned()));
        }
    }
    // A filter of a firewall rule has no more to say than the addresses it lets in.
    records.retain(|record| record.fields.len() > 1 || !record.get("RemoteAddress").is_empty());
    records
}

fn property(line: &str) -> Option<(&str, &str)> {
    let spaced = line.split_once(" :");
    let (name, value) = spaced.or_else(|| line.split_once('=')).or_else(|| line.split_once(':'))?;
    let name = name.trim_end();
    // `PingReplyDetails (RTT) : 1 ms`.
    let odd = if spaced.is_some() { "_ ()-" } else { "_" };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || odd.contains(letter);
    (!name.is_empty() && !name.starts_with(' ') && name.chars().all(plain))
        .then(|| (name, value.trim()))
}

/// Where the columns of a ruler begin: `------   ----`.
fn columns(ruler: &str) -> Vec<usize> {
    if !ruler.starts_with(['-', ' ']) || ruler.chars().any(|letter| !matches!(letter, '-' | ' ')) {
        return Vec::new();
    }
    let mut last = ' ';
    let mut starts = Vec::new();
    for (at, letter) in ruler.chars().enumerate() {
        if letter == '-' && last == ' ' {
            starts.push(at);
        }
        last = letter;
    }
    if starts.len() > 1 { starts } else { Vec::new() }
}

/// The rows below a ruler. Rows whose words are as many as the columns are split at their blanks, for numbers stand at
/// the right end of their column.
fn table(header: &Line, ruler: &[usize], rows: &[Line]) -> Vec<Record> {
    let names = slices(&header.text, ruler);
    let rows = rows.iter().take_while(|line| !line.text.trim().is_empty());
    rows.take(MOST)
        .map(|line| {
            let words: Vec<_> = line.text.split_whitespace().map(str::to_owned).collect();
            let values = if words.len() == names.len() { words } else { slices(&line.text, ruler) };
            let fields = names.iter().cloned().zip(values).collect();
            Record { fields, ..Record::new(line.number) }
        })
        .collect()
}

fn slices(line: &str, starts: &[usize]) -> Vec<String> {
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    let cell = |(from, to): (&usize, usize)| {
        line.chars().skip(*from).take(to - from).collect::<String>().trim().to_owned()
    };
    starts.iter().zip(ends).map(cell).collect()
}

/// `"Name","Status"` and the rows below.
fn csv(header: &Line, rows: &[Line]) -> Vec<Record> {
    let names = cells(&header.text);
    if names.len() < 2 || !header.text.trim_start_matches('\u{feff}').starts_with('"') {
        return Vec::new();
    }
    let rows = rows.iter().take_while(|line| line.text.starts_with('"')).take(MOST);
    rows.map(|line| {
        let fields = names.iter().cloned().zip(cells(&line.text)).collect();
        Record { fields, ..Record::new(line.number) }
    })
    .collect()
}

fn cells(line: &str) -> Vec<String> {
    let line = line.trim_start_matches('\u{feff}');
    let separator = ["\";\"", "\"\t\""].into_iter().find(|between| line.contains(between));
    let separator = separator.unwrap_or("\",\"");
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or_default();
    line.split(separator).map(|cell| cell.replace("\"\"", "\"")).collect()
}
