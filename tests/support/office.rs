//! Opens a workbook in a spreadsheet program, where there is one.
#![allow(
    clippy::print_stderr,
    unreachable_pub,
    reason = "a test that skips says so aloud; two tests include this"
)]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Every sheet of a workbook with its rows, as LibreOffice shows their cells; `None` where there is no LibreOffice.
pub fn sheets(book: &[u8]) -> Option<BTreeMap<String, Vec<csv::StringRecord>>> {
    // One at a time: each takes seconds and a few hundred megabytes.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    if !Command::new("soffice").arg("--version").output().is_ok_and(|found| found.status.success())
    {
        eprintln!("SKIPPED: no soffice to open the workbook with");
        return None;
    }
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("book.xlsx"), book).expect("it can be written");
    let home = format!("-env:UserInstallation=file://{}", dir.path().join("home").display());
    // Commas, quotes, UTF-8, cells as they are shown, all sheets.
    let filter = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1";
    let done = Command::new("soffice")
        .args([&home, "--headless", "--convert-to", filter, "--outdir"])
        .arg(dir.path())
        .arg(dir.path().join("book.xlsx"))
        .output()
        .expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut sheets = BTreeMap::new();
    for file in fs::read_dir(dir.path()).expect("there") {
        let name = file.expect("readable").file_name().into_string().expect("a plain name");
        let Some(sheet) = name.strip_prefix("book-").and_then(|name| name.strip_suffix(".csv"))
        else {
            continue;
        };
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).from_path(dir.path().join(&name));
        let rows = reader.expect("it opens").into_records().map(|row| row.expect("RFC 4180"));
        sheets.insert(sheet.to_owned(), rows.collect());
    }
    assert!(!sheets.is_empty(), "no sheet: {}", String::from_utf8_lossy(&done.stderr));
    Some(sheets)
}
