//! The settings of the listener by WMI: `Win32_TSGeneralSetting`, also in `WMI_TS_CLASSES.log` of MSRD-Collect; and whether
//! the machine has joined a domain, by `dsregcmd /status`.
//!
//! They are the values of the registry below `WinStations\RDP-Tcp`, and are told as such. The certificate is not: WMI shows
//! whichever is in use, the registry only one that somebody assigned.

use super::Fact;
use super::records::Record;
use super::transcript::Part;

const KEY: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp";

/// Reads both in a part.
pub(super) fn read(part: &Part<'_>, facts: &mut Vec<Fact>) {
    for record in part.records() {
        if record.get("TerminalName").eq_ignore_ascii_case("RDP-Tcp") {
            listener(record, facts);
        }
        let (cloud, domain) = (record.get("AzureAdJoined"), record.get("DomainJoined"));
        if matches!(cloud, "YES" | "NO") && matches!(domain, "YES" | "NO") {
            let fact = Fact::new("device-join", record.lines.0).up_to(record.lines.1);
            let fact = fact.with("Entra", cloud.to_lowercase());
            facts.push(fact.with("Domain", domain.to_lowercase()));
        }
    }
}

fn listener(record: &Record, facts: &mut Vec<Fact>) {
    for (wmi, name) in [
        ("SecurityLayer", "SecurityLayer"),
        ("UserAuthenticationRequired", "UserAuthentication"),
        ("MinEncryptionLevel", "MinEncryptionLevel"),
    ] {
        let Ok(value) = record.get(wmi).parse::<u32>() else { continue };
        let fact = Fact::new("registry", record.lines.0).up_to(record.lines.1);
        let fact = fact.with("Key", KEY).with("Name", name).with("Type", "REG_DWORD");
        facts.push(fact.with("Data", value.to_string()).with("Hex", format!("0x{value:08x}")));
    }
}
