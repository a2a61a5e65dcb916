//! Certificates as objects: `Get-ChildItem Cert:\LocalMachine\My` as list, table or CSV, and `HOST_Certificates-My.csv` of
//! MSRD-Collect, which has tabs between its columns. `certutil` has a parser of its own.

use super::Fact;
use super::records::Record;
use super::transcript::Part;
use crate::parsers::dates::{self, Order, Reading};

/// Reads the certificates of a part. Dates are local and in the format of the user.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let records = part.records();
    let rows: Vec<_> = records
        .iter()
        .filter(|row| is_thumbprint(row.get("Thumbprint")) && !row.get("Subject").is_empty())
        .collect();
    let dates = rows.iter().flat_map(|row| [row.get("NotBefore"), row.get("NotAfter")]);
    let order = Order::of(dates.filter(|date| !date.is_empty()));
    facts.extend(rows.into_iter().map(|row| certificate(row, order)));
}

fn is_thumbprint(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn certificate(row: &Record, order: Order) -> Fact {
    // `Microsoft.PowerShell.Security\Certificate::LocalMachine\Remote Desktop`.
    let path = row.get("PSParentPath").rsplit('\\').next().unwrap_or_default();
    let store = if row.get("Store").is_empty() { path } else { row.get("Store") };
    let day = match dates::read(row.get("NotAfter"), order) {
        Reading::Day(day) => day.to_string(),
        _ => String::new(),
    };
    let key = if row.get("HasPrivateKey") == "False" { "missing" } else { "" };
    let fact = Fact::new("certutil", row.lines.0).up_to(row.lines.1).with("Store", store);
    let fact = fact.with("Subject", row.get("Subject")).with("Issuer", row.get("Issuer"));
    let fact = fact.with("NotBefore", row.get("NotBefore")).with("NotAfter", row.get("NotAfter"));
    let fact = fact.with("NotAfterDay", day).with("KeyTest", key);
    fact.with("Hash", row.get("Thumbprint").to_ascii_lowercase())
}
