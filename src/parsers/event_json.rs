//! Event logs as JSON: `Get-WinEvent | ConvertTo-Json`, and the lines of `evtx_dump -o jsonl`.
//!
//! ```text
//! [{"Id": 36870, "ProviderName": "Schannel", "LogName": "System", "TimeCreated": "\/Date(1795034513123)\/", …,
//!   "Properties": [{"Value": "server"}, …], "Message": "…"}, …]
//! {"Event": {"System": {"Provider": {"#attributes": {"Name": "Schannel"}}, "EventID": 36870, …}, "EventData": {…}}}
//! ```
//!
//! One object, an array of them, or one a line. PowerShell 5.1 writes times as milliseconds since 1970 in UTC, 7 with an
//! offset. `Properties` has the values in the order of the record, without names.

use std::io::BufRead;

use serde_json::Value;

use super::damage::{self, Damage};
use super::export::columns::{self, Clock, payload_values, plain};
use super::export::{self, Exported, Row};
use super::{Parser, Sink};
use crate::bundle::limits;
use crate::source::Source;

/// Event logs as JSON.
pub struct EventJson;

impl Parser for EventJson {
    fn format(&self) -> &'static str {
        "event-json"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if !text.starts_with(['{', '[']) {
            return false;
        }
        let has = |names: &[&str]| names.iter().all(|name| text.contains(&format!("\"{name}\"")));
        has(&["TimeCreated", "ProviderName", "Id"]) || has(&["Event", "System", "EventID"])
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let reader = match source.utf8() {
            Ok(reader) => reader,
            Err(error) => return damage::unreadable(source, &error, sink),
        };
        let mut objects = Objects { reader, line: 1, failure: None };
        let mut exported = Exported::default();
        let mut torn = Damage::new(source, "event");
        while let Some((line, text)) = objects.next() {
            let row = text
                .and_then(|text| serde_json::from_str(&text).ok())
                .and_then(|value| row(&value));
            match row {
                Some(row) => exported.put(row, source.line(line), sink),
                None => torn.one(format_args!("line {line}"), "an object is no whole event", sink),
            }
        }
        torn.finish(sink);
        exported.finish(sink);
        if let Some(failure) = objects.failure {
            let what = format!("cannot be read further: {failure}");
            sink.notice(crate::notice::Notice::new(source.id, "", what).losing("the rest"));
        }
    }
}

/// The objects that are in no other object, wherever they stand.
struct Objects<R> {
    reader: R,
    line: u64,
    failure: Option<String>,
}

impl<R: BufRead> Objects<R> {
    /// The next object and its line; no text when it is cut off or larger than any event.
    fn next(&mut self) -> Option<(u64, Option<String>)> {
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        let mut object: Vec<u8> = Vec::new();
        let mut begin = 0;
        loop {
            let block = match self.reader.fill_buf() {
                Ok([]) => return (depth > 0).then_some((begin, None)),
                Ok(block) => block,
                Err(error) => {
                    self.failure = Some(error.to_string());
                    return None;
                }
            };
            let mut used = 0;
            let mut ended = false;
            for byte in block {
                used += 1;
                self.line += u64::from(*byte == b'\n');
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b'{' if !quoted => {
                        if depth == 0 {
                            begin = self.line;
                        }
                        depth += 1;
                    }
                    b'}' if !quoted && depth > 0 => {
                        depth -= 1;
                        ended = depth == 0;
                    }
                    _ => {}
                }
                if (depth > 0 || ended) && object.len() <= limits::EVENT_XML_BYTES {
                    object.push(*byte);
                }
                if ended {
                    break;
                }
            }
            self.reader.consume(used);
            if ended {
                let whole = object.len() <= limits::EVENT_XML_BYTES;
                return Some((begin, whole.then(|| String::from_utf8_lossy(&object).into_owned())));
            }
        }
    }
}

fn row(value: &Value) -> Option<Row> {
    match value.get("Event") {
        Some(event) => record(event),
        None => object(value),
    }
}

/// An object of PowerShell.
fn object(value: &Value) -> Option<Row> {
    let text = |name: &str| match value.get(name) {
        // Objects that were cut at their depth have their text under one of these.
        Some(Value::Object(inner)) => ["value", "Value", "DateTime"]
            .iter()
            .find_map(|name| inner.get(*name))
            .map(plain)
            .unwrap_or_default(),
        Some(value) => plain(value),
        None => String::new(),
    };
    let id = text("Id").parse::<u32>().ok()?;
    let values = value.get("Properties").and_then(Value::as_array).map(|items| {
        items.iter().filter_map(|item| item.get("Value")).map(plain).collect::<Vec<_>>()
    });
    Some(Row {
        time: Some(columns::read(&text("TimeCreated"), Clock::Utc).0),
        provider: text("ProviderName"),
        event_id: Some(id & 0xffff),
        level: text("Level").parse().ok().or_else(|| export::level(&text("LevelDisplayName"))),
        channel: text("LogName"),
        computer: text("MachineName"),
        record: text("RecordId").parse().ok(),
        process_id: text("ProcessId").parse().ok(),
        activity: text("ActivityId"),
        user_id: text("UserId"),
        values: values.unwrap_or_default(),
        message: text("Message"),
        ..Row::default()
    })
}

/// A record as converters write it: attributes under `#attributes`, or with `@` before their names.
fn record(event: &Value) -> Option<Row> {
    let system = event.get("System")?;
    let attribute = |element: &str, name: &str| {
        let element = system.get(element)?;
        let found = element
            .pointer(&format!("/#attributes/{name}"))
            .or_else(|| element.get(format!("@{name}")));
        found.or_else(|| element.get(name)).map(plain)
    };
    let text = |name: &str| {
        let value = system.get(name);
        value.and_then(|value| value.get("#text")).or(value).map(plain).unwrap_or_default()
    };
    let time = attribute("TimeCreated", "SystemTime").unwrap_or_default();
    Some(Row {
        time: Some(super::event_xml::time(&time)),
        provider: attribute("Provider", "Name")?,
        event_id: Some(text("EventID").parse::<u32>().ok()? & 0xffff),
        level: text("Level").parse().ok(),
        channel: text("Channel"),
        computer: text("Computer"),
        record: text("EventRecordID").parse().ok(),
        process_id: attribute("Execution", "ProcessID").and_then(|id| id.parse().ok()),
        activity: attribute("Correlation", "ActivityID").unwrap_or_default(),
        user_id: attribute("Security", "UserID").unwrap_or_default(),
        named: payload_values(event),
        ..Row::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn powershell_5_and_7() {
        let text = r#"[
            {"Message": "A {fatal} \"error\"", "Id": 36870, "Level": 2, "RecordId": 48211, "ProviderName": "Schannel",
             "LogName": "System", "ProcessId": 712, "MachineName": "SRV01.example.com", "UserId": {"BinaryLength": 12, "Value": "S-1-5-18"},
             "TimeCreated": "\/Date(1795034513123)\/", "Properties": [{"Value": "server"}, {"Value": "0x8009030d"}, {"Value": 10001}]},
            {"Message": "The error code is 0x8009030d. The state is 10001.", "Id": 36870, "RecordId": 48212, "ProviderName": "Schannel",
             "LogName": "System", "MachineName": "SRV01.example.com", "TimeCreated": "2026-11-18T14:41:53.123-06:00", "LevelDisplayName": "Error"}
        ]"#;
        insta::assert_snapshot!(parse(&EventJson, text), @r#"
        record 48211: 2026-11-18T20:41:53.123Z, Schannel 36870 level 2 in System on SRV01.example.com pid 712 sid S-1-5-18 Type="server" ErrorCode="0x8009030d" ErrorStatus="10001"
        record 48212: 2026-11-18T20:41:53.123Z, Schannel 36870 level 2 in System on SRV01.example.com ErrorCode="0x8009030d" ErrorState="10001"
        coverage: System of SRV01.example.com, 2 records 48211..48212, 2026-11-18T20:41:53.123Z..2026-11-18T20:41:53.123Z
        "#);
    }

    #[test]
    fn lines_of_a_converter() {
        let text = r##"{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"LsaSrv"}},"EventID":{"#attributes":{"Qualifiers":0},"#text":6041},"Level":3,"TimeCreated":{"#attributes":{"SystemTime":"2026-11-18T20:41:53.123456Z"}},"EventRecordID":7,"Channel":"System","Computer":"PC7"},"EventData":{"Data":{"#text":["TERMSRV/srv01","4"]}}}}
{"Event":{"System":{"Provider":{"#attributes":{"Name":"Schannel"}},"EventID":36887,"TimeCreated":{"#attributes":{"SystemTime":"2026-11-18T20:41:54Z"}},"EventRecordID":8,"Channel":"System","Computer":"PC7"},"EventData":{"AlertDesc":40}}}
"##;
        insta::assert_snapshot!(parse(&EventJson, text), @r#"
        record 7: 2026-11-18T20:41:53.123456Z, LsaSrv 6041 level 3 in System on PC7 param1="TERMSRV/srv01" param2="4"
        record 8: 2026-11-18T20:41:54Z, Schannel 36887 in System on PC7 AlertDesc="40"
        coverage: System of PC7, 2 records 7..8, 2026-11-18T20:41:53.123456Z..2026-11-18T20:41:54Z
        "#);
    }

    #[test]
    fn a_torn_array_costs_its_last_event() {
        let text = r#"[{"Id": 1, "ProviderName": "Schannel", "TimeCreated": "\/Date(1795034513123)\/"}, {"Id": 2, "ProviderName": "Sch"#;
        insta::assert_snapshot!(parse(&EventJson, text), @r#"
        line 1: 2026-11-18T20:41:53.123Z, Schannel 1
        coverage:  of , 1 records 0..0, 2026-11-18T20:41:53.123Z..2026-11-18T20:41:53.123Z
        line 1: notice: an object is no whole event (lost: 1 event)
        "#);
    }

    #[test]
    fn other_json_is_not_taken() {
        for text in [
            "{}",
            r#"{"ticket": 4711, "text": "Error code: 0x904"}"#,
            r#"[{"Name": "Spooler", "Status": 4}]"#,
            "",
        ] {
            assert!(!EventJson.sniff(&source(text)), "{text}");
        }
    }
}
