//! Registry values as text: `reg export` and `.reg` files, the output of `reg query`, the lists of `Get-ItemProperty`.
//!
//! ```text
//! [HKEY_LOCAL_MACHINE\SYSTEM\…\Terminal Server]      HKEY_LOCAL_MACHINE\SYSTEM\…\Terminal Server
//! "fDenyTSConnections"=dword:00000001                    fDenyTSConnections    REG_DWORD    0x1
//! ```
//!
//! Collectors save either under any name, often as `.txt`. PowerShell writes numbers in decimal, and the key only *behind*
//! its values, as `PSPath`. Names of values and types are never translated; `(Default)` and error sentences are.
//! What stands there is the state when it was collected, so the events carry no time.

mod firewall;
mod value;

use std::sync::LazyLock;

use self::value::Value;
use super::damage::{self, Damage};
use super::{Parser, Sink};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::source::Source;

/// Registry values as text.
pub struct RegExport;

impl Parser for RegExport {
    fn format(&self) -> &'static str {
        "reg-export"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let lines = || text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty());
        if lines().next().is_some_and(is_banner) || is_list(&text) {
            return true;
        }
        // A ticket may quote a value or two; here nearly everything is one.
        let fits = |line: &&str| key(line).is_some() || Value::looks_like_one(line);
        let fitting = lines().filter(fits).count();
        lines().any(|line| key(line).is_some()) && fitting > 1 && fitting * 2 > lines().count()
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut reader =
            Reader { source, key: None, pending: None, damage: Damage::new(source, "value") };
        if is_list(&source.text_head()) {
            reader.list(lines.by_ref(), sink);
        } else {
            for (number, line) in lines.by_ref() {
                reader.line(number, &line, sink);
            }
            reader.torn_value(sink);
        }
        reader.damage.finish(sink);
        damage::report(&lines, source, sink);
    }
}

fn is_banner(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}');
    line == "REGEDIT4" || line.starts_with("Windows Registry Editor Version")
}

/// Whether PowerShell wrote it: only there does a path name its provider.
fn is_list(text: &str) -> bool {
    text.lines().any(|line| property(line).is_some_and(|(name, data)| is_path(name, data)))
}

fn is_path(name: &str, data: &str) -> bool {
    name == "PSPath" && data.contains("Registry::HKEY_")
}

/// The key a line names, as `HKLM\…`: `[HKEY_…]`, a bare path, or the path of PowerShell.
fn key(line: &str) -> Option<String> {
    static KEY: LazyLock<Expression> = LazyLock::new(|| {
        expression(r"^\[?(?:HKEY_(?P<long>[A-Z_]+)|(?P<short>HK(?:LM|CU|CR|U|CC)))(?P<path>\\.*)?$")
    });
    let line = line.trim_end();
    let line = line.strip_suffix(']').unwrap_or(line);
    let found = KEY.captures(line)?;
    let hive = match found.name("long").map(|hive| hive.as_str()) {
        Some("LOCAL_MACHINE") => "HKLM",
        Some("CURRENT_USER") => "HKCU",
        Some("CLASSES_ROOT") => "HKCR",
        Some("USERS") => "HKU",
        Some("CURRENT_CONFIG") => "HKCC",
        Some(_) => return None,
        None => found.name("short")?.as_str(),
    };
    Some(format!("{hive}{}", found.name("path").map_or("", |path| path.as_str())))
}

/// `Name : value` of a PowerShell list.
fn property(line: &str) -> Option<(&str, &str)> {
    let (name, data) = line.split_once(" :")?;
    let name = name.trim_end();
    (!name.is_empty() && !name.starts_with(' ')).then(|| (name, data.trim()))
}

struct Reader<'s> {
    source: &'s Source,
    /// The key that the lines belong to; none when it was deleted or the head of the file is missing.
    key: Option<String>,
    /// A value whose bytes go on in the next line.
    pending: Option<(u64, String)>,
    damage: Damage,
}

impl Reader<'_> {
    fn line(&mut self, number: u64, line: &str, sink: &mut dyn Sink) {
        if let Some((_, text)) = &mut self.pending {
            // A continuation is indented; anything else means that the rest of the value is lost.
            if line.starts_with([' ', '\t']) {
                let line = line.trim();
                let goes_on = line.ends_with('\\');
                if text.len() < limits::REGISTRY_VALUE_BYTES {
                    text.push_str(line.trim_end_matches('\\'));
                }
                if !goes_on {
                    self.end_of_value(sink);
                }
                return;
            }
            self.torn_value(sink);
        }
        if let Some(key) = key(line) {
            self.key = Some(key);
        } else if line.starts_with("[-") {
            self.key = None;
        } else if Value::goes_on(line) {
            self.pending = Some((number, line.trim_end().trim_end_matches('\\').to_owned()));
        } else {
            self.value(number, line, sink);
        }
    }

    fn end_of_value(&mut self, sink: &mut dyn Sink) {
        if let Some((number, text)) = self.pending.take() {
            self.value(number, &text, sink);
        }
    }

    fn torn_value(&mut self, sink: &mut dyn Sink) {
        if let Some((number, _)) = self.pending.take() {
            self.damage.one(format_args!("line {number}"), "the value is cut off", sink);
        }
    }

    fn value(&mut self, number: u64, line: &str, sink: &mut dyn Sink) {
        match (Value::of_line(line), &self.key) {
            (Some(value), Some(key)) => put(key, &value, number, self.source, sink),
            (Some(_), None) => {
                self.damage.one(
                    format_args!("line {number}"),
                    "a value whose key is not known",
                    sink,
                );
            }
            (None, _) if Value::is_torn(line) => {
                self.damage.one(format_args!("line {number}"), "the value is cut off", sink);
            }
            // Prompts, sentences, deleted values.
            (None, _) => {}
        }
    }

    /// A list of PowerShell: values, then `PSPath`, then more of its own properties, then a blank line.
    fn list(&mut self, lines: impl Iterator<Item = (u64, String)>, sink: &mut dyn Sink) {
        let mut block: Vec<(u64, String, String)> = Vec::new();
        let mut path = None;
        for (number, line) in lines {
            match property(&line) {
                Some((name, data)) if is_path(name, data) => {
                    path = data.split_once("Registry::").and_then(|(_, key_of)| key(key_of));
                }
                Some(("PSParentPath" | "PSChildName" | "PSDrive" | "PSProvider", _)) => {}
                Some((name, data)) => {
                    if path.is_some() {
                        self.end_of_list(&mut block, path.take().as_deref(), sink);
                    }
                    if block.len() < limits::REGISTRY_LIST {
                        block.push((number, name.to_owned(), data.to_owned()));
                    }
                }
                // Long values are wrapped and indented below their beginning.
                None if line.starts_with("   ") && path.is_none() => {
                    if let Some((_, _, data)) = block.last_mut() {
                        data.push_str(line.trim());
                    }
                }
                None if line.trim().is_empty() && path.is_some() => {
                    self.end_of_list(&mut block, path.take().as_deref(), sink);
                }
                None => {}
            }
        }
        self.end_of_list(&mut block, path.as_deref(), sink);
    }

    fn end_of_list(
        &mut self,
        block: &mut Vec<(u64, String, String)>,
        path: Option<&str>,
        sink: &mut dyn Sink,
    ) {
        for (number, name, data) in block.drain(..) {
            match path {
                Some(key) => {
                    let value = Value::of_property(&name, &data);
                    put(key, &value, number, self.source, sink);
                }
                None => self.damage.one(
                    format_args!("line {number}"),
                    "a value whose key is not known",
                    sink,
                ),
            }
        }
    }
}

/// Hands out a value, and what it means where it is a rule of the firewall.
fn put(key: &str, value: &Value, line: u64, source: &Source, sink: &mut dyn Sink) {
    sink.event(event(key, value, line, source));
    let is_rule = key.to_ascii_lowercase().ends_with(r"\firewallrules");
    if let Some(fields) = firewall::rule(&value.name, &value.data).filter(|_| is_rule) {
        let rule = Event::text("firewall-rule", Timestamp::Undated, source.line(line));
        sink.event(fields.into_iter().fold(rule, |rule, (name, value)| rule.with(name, value)));
    }
}

fn event(key: &str, value: &Value, line: u64, source: &Source) -> Event {
    let mut event = Event::text("registry", Timestamp::Undated, source.line(line))
        .with("Key", key)
        .with("Name", &value.name);
    if let Some(kind) = &value.kind {
        event = event.with("Type", kind);
    }
    event = event.with("Data", &value.data);
    let is_number = value.kind.as_deref().is_none_or(|kind| kind == "REG_DWORD");
    if let Some(number) = value.data.parse::<u32>().ok().filter(|_| is_number) {
        event = event.with("Hex", format!("{number:#010x}"));
    }
    let is_policy = key.to_ascii_lowercase().contains(r"\policies\");
    if is_policy { event.with("Policy", "true") } else { event }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn an_export_with_every_type() {
        let text = "Windows Registry Editor Version 5.00\r\n\r\n\
            [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp]\r\n\
            @=\"\"\r\n\"PortNumber\"=dword:00000d3e\r\n\"LoadableProtocol_Object\"=\"{5828-\\\"x\\\"}\\\\y\"\r\n\
            \"SSLCertificateSHA1Hash\"=hex:11,22,33,\\\r\n  44,55\r\n\"Path\"=hex(2):25,00,53,00,25,00,00,00\r\n\
            \"Names\"=hex(7):61,00,00,00,62,00,00,00,00,00\r\n\"Big\"=hex(b):01,00,00,00,00,00,00,00\r\n\"Gone\"=-\r\n";
        insta::assert_snapshot!(parse(&RegExport, text), @r#"
        line 4: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp" Name="(Default)" Type="REG_SZ" Data=""
        line 5: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp" Name="PortNumber" Type="REG_DWORD" Data="3390" Hex="0x00000d3e"
        line 6: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp" Name="LoadableProtocol_Object" Type="REG_SZ" Data="{5828-\"x\"}\\y"
        line 7: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp" Name="SSLCertificateSHA1Hash" Type="REG_BINARY" Data="1122334455"
        line 9: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp" Name="Path" Type="REG_EXPAND_SZ" Data="%S%"
        line 10: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp" Name="Names" Type="REG_MULTI_SZ" Data="a; b"
        line 11: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp" Name="Big" Type="REG_QWORD" Data="1"
        "#);
    }

    #[test]
    fn the_output_of_reg_query_with_blanks_in_names() {
        let text = "C:\\>reg query \"HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\" /s\r\n\r\n\
            HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\r\n\
            \x20   fDenyTSConnections    REG_DWORD    0x1\r\n    My own name    REG_SZ    a  b\r\n\
            \x20   Functions    REG_SZ    \r\n    Thumb    REG_BINARY    11AABB\r\n\
            HKLM\\SYSTEM\\Tabs\r\n\tStart\tREG_DWORD\t0x4\r\n";
        insta::assert_snapshot!(parse(&RegExport, text), @r#"
        line 4: undated, registry Key="HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services" Name="fDenyTSConnections" Type="REG_DWORD" Data="1" Hex="0x00000001" Policy="true"
        line 5: undated, registry Key="HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services" Name="My own name" Type="REG_SZ" Data="a  b" Policy="true"
        line 6: undated, registry Key="HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services" Name="Functions" Type="REG_SZ" Data="" Policy="true"
        line 7: undated, registry Key="HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services" Name="Thumb" Type="REG_BINARY" Data="11aabb" Policy="true"
        line 9: undated, registry Key="HKLM\\SYSTEM\\Tabs" Name="Start" Type="REG_DWORD" Data="4" Hex="0x00000004"
        "#);
    }

    #[test]
    fn a_list_of_powershell_names_the_key_behind_its_values() {
        let text = "\r\n\r\nfDenyTSConnections : 1\r\nHash               : {17, 34, 255}\r\n\
            Long               : one two\r\n                     three\r\n\
            PSPath             : Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\r\n\
            PSParentPath       : Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\r\n\
            PSChildName        : Terminal Server\r\nPSProvider         : Microsoft.PowerShell.Core\\Registry\r\n\r\n\
            Other : 2\r\n";
        insta::assert_snapshot!(parse(&RegExport, text), @r#"
        line 3: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server" Name="fDenyTSConnections" Data="1" Hex="0x00000001"
        line 4: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server" Name="Hash" Data="1122ff"
        line 5: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server" Name="Long" Data="one twothree"
        line 12: notice: a value whose key is not known (lost: 1 value)
        "#);
    }

    #[test]
    fn torn_ends_cost_what_was_torn() {
        let text = "\"Lost\"=dword:00000001\n[HKEY_LOCAL_MACHINE\\SYSTEM\\A]\n\"Cut\"=dword:000\n\
            \"Start\"=dword:00000004\n\"Bytes\"=hex:11,22,\\\n[HKEY_LOCAL_MACHINE\\SYSTEM\\B]\n\"Old\"=dword:1\n\"Hal";
        insta::assert_snapshot!(parse(&RegExport, text), @r#"
        line 4: undated, registry Key="HKLM\\SYSTEM\\A" Name="Start" Type="REG_DWORD" Data="4" Hex="0x00000004"
        line 1: notice: a value whose key is not known (lost: 1 value)
        line 3: notice: the value is cut off (lost: 1 value)
        line 5: notice: the value is cut off (lost: 1 value)
        whole file: notice: more of the same damage (lost: 2 × 1 value)
        "#);
    }

    #[test]
    fn a_ticket_that_quotes_a_value_stays_a_ticket() {
        let text = "Hello,\nRemote Desktop fails. I looked here:\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\n    \
            fDenyTSConnections    REG_DWORD    0x0\nand it looks good.\nWhat now?\nRegards\n";
        assert!(!RegExport.sniff(&source(text)));
    }
}
