//! The workbook: what it is made of, and what a spreadsheet program makes of it.

use super::{CASE, case, column, office, rows, text, timeline};

/// Members of the workbook by name.
fn members(workbook: Vec<u8>) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).expect("a zip archive");
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).expect("a member");
        let name = member.name().expect("a plain name").into_owned();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut member, &mut text).expect("text");
        members.push((name, text));
    }
    members
}

#[test]
fn a_workbook_has_its_sheets_frozen_headers_filters_and_no_formula() {
    for all in [&["--all"][..], &[]] {
        let arguments = [&["--format", "xlsx"], all].concat();
        let members = members(timeline(&case(CASE), &arguments));
        let book = &members.iter().find(|(name, _)| name == "xl/workbook.xml").expect("a book").1;
        for sheet in ["Summary", "Timeline", "Evidence", "Changes"] {
            assert!(book.contains(&format!("name=\"{sheet}\"")), "{sheet}");
        }
        let sheets: Vec<_> =
            members.iter().filter(|(name, _)| name.starts_with("xl/worksheets/sheet")).collect();
        assert_eq!(sheets.len(), 4);
        for (name, sheet) in &sheets {
            assert!(!sheet.contains("<f>"), "a formula in {name}");
            assert!(sheet.contains("state=\"frozen\""), "{name}");
        }
        let filters = sheets.iter().filter(|(_, sheet)| sheet.contains("<autoFilter")).count();
        assert_eq!(filters, 3);
    }
}

/// Sheets, rows and cells, as LibreOffice shows them, against the CSV of the same timeline.
#[test]
fn a_spreadsheet_program_shows_what_the_csv_says() {
    for all in [&["--all"][..], &[]] {
        let book = timeline(&case(CASE), &[&["--format", "xlsx"], all].concat());
        let Some(sheets) = office::sheets(&book) else { return };
        let names: Vec<_> = sheets.keys().map(String::as_str).collect();
        assert_eq!(names, ["Changes", "Evidence", "Summary", "Timeline"]);
        let (head, expected) = rows(&text(&case(CASE), all));
        let shown = &sheets["Timeline"];
        assert_eq!(shown.first(), Some(&head));
        assert_eq!(shown.len() - 1, expected.len());
        for (row, expected) in shown.iter().skip(1).zip(&expected) {
            for (index, name) in head.iter().enumerate() {
                let (cell, expected) = (&row[index], &expected[index]);
                assert!(is_shown(name, cell, expected), "{name}: {cell:?} for {expected:?}");
            }
        }
        let summary: Vec<_> = sheets["Summary"].iter().map(|row| row[0].to_owned()).collect();
        for line in ["Incident", "Cause", "Do first", "What changed", "Server"] {
            assert!(summary.iter().any(|name| name == line), "{line} is not in {summary:?}");
        }
        for name in ["Evidence", "Changes"] {
            let rows = &sheets[name];
            let line = column(&rows[0], "line");
            assert!(rows.len() > 2, "{name} has {} rows", rows.len());
            let numbered = |row: &csv::StringRecord| row[line].parse::<usize>().is_ok();
            assert!(rows.iter().skip(1).any(numbered), "{name} names no line");
        }
    }
}

/// Whether a cell shows what the CSV says: times to the millisecond, numbers as numbers.
fn is_shown(column: &str, cell: &str, expected: &str) -> bool {
    match column {
        "time_utc" | "last_time_utc" => {
            let time = chrono::DateTime::parse_from_rfc3339(expected);
            let time = time.map(|time| time.format("%Y-%m-%d %H:%M:%S%.3f").to_string());
            cell == time.unwrap_or_default()
        }
        "seconds_to_incident" => match (cell.parse::<f64>(), expected.parse::<f64>()) {
            (Ok(cell), Ok(expected)) => (cell - expected).abs() < 0.01,
            _ => cell == expected,
        },
        _ => cell == expected,
    }
}
