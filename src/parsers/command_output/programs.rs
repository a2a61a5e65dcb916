//! Installed programs: lists of the `Uninstall` keys without their key (`Get-ItemProperty … | Select DisplayName, …`),
//! `Get-Package`, `Get-CimInstance Win32_Product`, `wmic product get`.
//!
//! They are told as what the registry has below `Uninstall`, for that is where all of them have it from; lists that name
//! their key are read as registry values in any case.

use super::Fact;
use super::records::Record;
use super::transcript::{Line, Part};

const KEY: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\";

/// Reads which programs are installed, in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    let packages = part.runs(&["get-package"]);
    for record in part.records().iter().filter(|record| record.get("PSPath").is_empty()) {
        if let Some((name, version)) = program(record, packages) {
            tell(name, version, record.lines, facts);
        }
    }
    if part.runs(&["wmic"]) && part.command.is_some_and(|command| command.contains("product")) {
        wmic(part.lines, facts);
    }
}

fn program(record: &Record, packages: bool) -> Option<(&str, &str)> {
    let name = record.get("DisplayName");
    let listed = ["DisplayVersion", "UninstallString", "InstallLocation"];
    if !name.is_empty() && !record.first(&listed).is_empty() {
        return Some((name, record.get("DisplayVersion")));
    }
    let (name, version) = (record.get("Name"), record.get("Version"));
    // Products of the Windows Installer have a GUID, packages a provider such as `msi` or `Programs`.
    let is_product = record.get("IdentifyingNumber").starts_with('{');
    let is_package = packages && !record.get("ProviderName").is_empty();
    ((is_product || is_package) && !name.is_empty()).then_some((name, version))
}

/// `Name            Version` and rows below, each column as wide as its longest value.
fn wmic(lines: &[Line], facts: &mut Vec<Fact>) {
    let mut rows = lines.iter().filter(|line| !line.text.trim().is_empty());
    let Some(head) = rows.next() else { return };
    let Some(second) = head.text.find("Version").filter(|_| head.text.starts_with("Name  ")) else {
        return;
    };
    for row in rows {
        // Columns are counted in characters.
        let name: String = row.text.chars().take(second).collect();
        let version: String = row.text.chars().skip(second).collect();
        let version = version.split_whitespace().next().unwrap_or_default();
        if !name.trim().is_empty() {
            tell(name.trim(), version, (row.number, row.number), facts);
        }
    }
}

fn tell(name: &str, version: &str, lines: (u64, u64), facts: &mut Vec<Fact>) {
    let key = format!("{KEY}{name}");
    let value = |name: &'static str, data: &str| {
        let fact = Fact::new("registry", lines.0).up_to(lines.1).with("Key", key.as_str());
        fact.with("Name", name).with("Type", "REG_SZ").with("Data", data)
    };
    facts.push(value("DisplayName", name));
    if !version.is_empty() {
        facts.push(value("DisplayVersion", version));
    }
}
