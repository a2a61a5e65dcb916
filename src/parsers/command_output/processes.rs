//! Which program and which services a process number stands for: `tasklist`, `tasklist /svc`, `Get-Process`.
//!
//! A listing has hundreds of rows of which one or two matter, and which ones is known only beside `netstat`. So the whole
//! of it is one statement.

use super::Fact;
use super::records;
use super::transcript::{Line, Part};

/// Processes of one listing that are kept.
const MOST: usize = 4096;

/// One row.
struct Process {
    line: u64,
    pid: u32,
    program: String,
    /// Empty when the listing has no column for them.
    services: String,
}

/// Reads the listing of processes in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let mut rows = tasklist(part.lines);
    if rows.is_empty() {
        rows = objects(part);
    }
    // A filter may leave one; without a command a single row may be anything.
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
    if rows.len() == 1 && !part.runs(&["tasklist", "get-process"]) {
        return;
    }
    let hosts_it = |row: &&Process| {
        row.services.split(',').any(|name| name.trim().eq_ignore_ascii_case("TermService"))
    };
    let own = rows.iter().find(hosts_it).map(|row| row.pid.to_string());
    // `1188=svchost.exe(TermService);` is found without cutting the text.
    let table: String = rows
        .iter()
        .map(|row| match row.services.as_str() {
            "" => format!(";{}={}", row.pid, row.program),
            services => format!(";{}={}({services})", row.pid, row.program),
        })
        .collect();
    let fact = Fact::new("processes", first.line).up_to(last.line);
    let fact = fact.with("Count", rows.len().to_string());
    facts.push(fact.with("TermServicePid", own.unwrap_or_default()).with("Table", table + ";"));
}

/// `svchost.exe                   1188 TermService`, below a ruler of `=`; services go on in the next line. Or its CSV.
fn tasklist(lines: &[Line]) -> Vec<Process> {
    let ruler = lines.iter().position(|line| is_ruler(&line.text));
    let Some((at, columns)) = ruler.and_then(|at| Some((at, columns(&lines.get(at)?.text)))) else {
        return csv(lines);
    };
    let with_services = columns.len() == 3;
    let mut rows: Vec<Process> = Vec::new();
    let below = lines.iter().skip(at + 1).take_while(|line| !line.text.trim().is_empty());
    for line in below.take(MOST) {
        let cell = |index: usize| {
            let from = columns.get(index).copied().unwrap_or_default();
            let to = columns.get(index + 1).copied().unwrap_or(usize::MAX);
            line.text.chars().skip(from).take(to - from).collect::<String>().trim().to_owned()
        };
        let (program, services) = (cell(0), if with_services { cell(2) } else { String::new() });
        match (cell(1).parse(), rows.last_mut()) {
            (Ok(pid), _) => rows.push(Process { line: line.number, pid, program, services }),
            (Err(_), Some(row)) if program.is_empty() => {
                row.services.push_str(&services);
            }
            _ => {}
        }
    }
    rows
}

fn is_ruler(line: &str) -> bool {
    let words: Vec<_> = line.split(' ').collect();
    matches!(words.len(), 3 | 5)
        && words.iter().all(|word| word.len() > 2 && word.bytes().all(|byte| byte == b'='))
}

/// Where the columns below a ruler begin.
fn columns(ruler: &str) -> Vec<usize> {
    let mut at = 0;
    let start = |word: &str| {
        let start = at;
        at += word.len() + 1;
        start
    };
    ruler.split(' ').map(start).collect()
}

/// `"svchost.exe","1188","TermService"`; without `/svc` five columns, of which the last is memory.
fn csv(lines: &[Line]) -> Vec<Process> {
    let row = |line: &Line| {
        let text = line.text.strip_prefix('"')?.strip_suffix('"')?;
        let cells: Vec<_> = text.split("\",\"").collect();
        let (program, pid) = (*cells.first()?, cells.get(1)?.parse().ok()?);
        let services = if cells.len() == 3 { cells.get(2).copied()? } else { "" };
        (matches!(cells.len(), 3 | 5) && program.contains('.') || pid == 0).then(|| Process {
            line: line.number,
            pid,
            program: program.to_owned(),
            services: services.to_owned(),
        })
    };
    lines.iter().filter_map(row).take(MOST).collect()
}

/// `Get-Process`, `Win32_Process`.
fn objects(part: &Part<'_>) -> Vec<Process> {
    let row = |record: &records::Record| {
        let (name, id) = match record.get("ProcessName") {
            "" => (record.get("Name"), record.get("ProcessId")),
            name => (name, record.get("Id")),
        };
        // Services have a process as well.
        let is_service = !record.first(&["StartMode", "State", "Status"]).is_empty();
        let pid = id.parse().ok().filter(|_| !name.is_empty() && !is_service)?;
        Some(Process {
            line: record.lines.0,
            pid,
            program: name.to_owned(),
            services: String::new(),
        })
    };
    part.records().iter().filter_map(row).take(MOST).collect()
}
