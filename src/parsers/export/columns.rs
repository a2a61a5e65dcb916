//! Rows whose values have names: those of the objects of PowerShell, which no language changes, and of other tools.

use chrono::DateTime;
use serde_json::Value;

use super::moment;
use super::{Row, level, number, tools};
use crate::event::Timestamp;
use crate::parsers::dates::Order;

/// How the times of an export are to be read.
#[derive(Debug, Clone, Copy)]
pub(in crate::parsers) enum Clock {
    /// UTC, in whatever form.
    Utc,
    /// The wall clock of the machine, with this order of day and month.
    Local(Order),
}

/// The names that a value goes by, the commonest first.
const PROVIDER: &[&str] =
    &["ProviderName", "Provider", "Source", "SourceName", "Event.System.Provider"];
const ID: &[&str] = &["Id", "EventID", "EventId", "Event ID", "Event Code", "EventCode"];
const TIME: &[&str] = &["TimeCreated", "TimeGenerated", "DateTime", "TimeWritten", "Timestamp"];
const CHANNEL: &[&str] = &["LogName", "Channel", "Log"];
const COMPUTER: &[&str] = &["MachineName", "Computer", "Computer Name", "ComputerName"];
const RECORD: &[&str] = &["RecordId", "EventRecordId", "EventRecordID", "Record ID", "Index"];
const LEVEL: &[&str] = &["Level", "LevelDisplayName", "EntryType", "Type/Level"];
const MESSAGE: &[&str] = &["Message", "Description"];

/// Whether a header names what an event cannot do without.
pub(in crate::parsers) fn fits(names: &[String]) -> bool {
    let has = |wanted: &[&str]| {
        names.iter().any(|name| wanted.iter().any(|known| known.eq_ignore_ascii_case(name)))
    };
    (has(PROVIDER) || is_report(names))
        && has(ID)
        && (has(TIME) || (has(&["Date"]) && has(&["Time"])))
}

/// Whether the rows are what the rules of a tool found.
pub(in crate::parsers) fn is_report(names: &[String]) -> bool {
    tools::is_report(names)
}

/// The values of one row.
pub(in crate::parsers) struct Columns<'r> {
    pub(in crate::parsers) names: &'r [String],
    pub(in crate::parsers) values: &'r [String],
}

impl<'r> Columns<'r> {
    fn get(&self, wanted: &[&str]) -> &'r str {
        let of = |name: &&str| {
            let index = self.names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
            self.values.get(index).map(String::as_str).filter(|value| !value.is_empty())
        };
        wanted.iter().find_map(of).unwrap_or_default()
    }

    /// The text of the row's time.
    pub(in crate::parsers) fn time(&self) -> String {
        match self.get(TIME) {
            "" => format!("{} {}", self.get(&["Date"]), self.get(&["Time"])),
            time => time.to_owned(),
        }
    }

    /// The row; `None` when it has no event id. The second value says that day and month may be the other way round.
    pub(in crate::parsers) fn row(&self, clock: Clock) -> Option<(Row, bool)> {
        // `InstanceId` and some tools keep the qualifiers in the upper half.
        let id = u32::try_from(number(self.get(ID))?).ok()? & 0xffff;
        let (time, doubtful) = read(&self.time(), clock);
        let level_text = self.get(LEVEL);
        let mut row = Row {
            time: Some(time),
            written: self.time(),
            provider: self.get(PROVIDER).to_owned(),
            event_id: Some(id),
            level: level_text.parse().ok().or_else(|| level(level_text)),
            channel: self.get(CHANNEL).to_owned(),
            computer: self.get(COMPUTER).to_owned(),
            record: number(self.get(RECORD)),
            process_id: self.get(&["ProcessId"]).parse().ok(),
            activity: self.get(&["ActivityId"]).to_owned(),
            user_id: self.get(&["UserId"]).to_owned(),
            message: self.get(MESSAGE).to_owned(),
            ..Row::default()
        };
        if is_report(self.names) {
            let (log, provider) = tools::log_and_provider(&row.channel, id);
            row.channel = log.to_owned();
            if row.provider.is_empty() {
                row.provider = provider.to_owned();
            }
            // Their own level is that of the rule.
            row.level = None;
            let columns = ["Details", "ExtraFieldInfo", "Event Data"];
            let is_logon = row.channel == "Security" && (4624..=4634).contains(&id);
            let values = columns.iter().map(|name| tools::values(self.get(&[name]), is_logon));
            row.named = values.flatten().collect();
        }
        if let Ok(payload) = serde_json::from_str::<Value>(self.get(&["Payload"])) {
            row.named = payload_values(&payload);
        }
        Some((row, doubtful))
    }
}

/// A time as an export has it: with an offset, as the milliseconds of `/Date(…)/`, else as `clock` says.
pub(in crate::parsers) fn read(text: &str, clock: Clock) -> (Timestamp, bool) {
    let text = text.trim();
    let instant = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %:z"));
    if let Ok(time) = instant {
        return (Timestamp::Utc(time.to_utc()), false);
    }
    if let Some(millis) =
        text.strip_prefix("/Date(").and_then(|rest| rest.split([')', '+', '-']).next())
    {
        let time = millis.parse().ok().and_then(DateTime::from_timestamp_millis);
        return (time.map_or(Timestamp::Undated, Timestamp::Utc), false);
    }
    match (clock, moment::iso(text)) {
        (Clock::Utc, Some(time)) => (Timestamp::Utc(time.and_utc()), false),
        (Clock::Local(_), Some(time)) => (Timestamp::Local(time), false),
        (Clock::Local(order), None) => moment::read(text, order),
        // A format that was chosen when the export was made.
        (Clock::Utc, None) => match moment::read(text, Order::Unknown) {
            (Timestamp::Local(time), doubtful) => (Timestamp::Utc(time.and_utc()), doubtful),
            other => other,
        },
    }
}

/// The values of an event as JSON has them: `EventData` with `Data` elements (`@Name`, `#text`) or with a property for
/// each, `UserData` with an element around its values.
pub(in crate::parsers) fn payload_values(payload: &Value) -> Vec<(String, String)> {
    let mut values = Vec::new();
    for section in ["EventData", "UserData"] {
        if let Some(section) = payload.get(section) {
            section_values(section, &mut values);
        }
    }
    values
}

fn section_values(section: &Value, values: &mut Vec<(String, String)>) {
    let Value::Object(fields) = section else { return };
    let mut unnamed = 0;
    for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with(['@', '#'])) {
        match value {
            Value::Array(items) if name == "Data" => {
                items.iter().for_each(|item| data(item, &mut unnamed, values));
            }
            Value::Object(inner) if name == "Data" => match inner.get("#text") {
                // evtx_dump: values without names as one list.
                Some(Value::Array(items)) => {
                    items.iter().for_each(|item| data(item, &mut unnamed, values))
                }
                _ => data(value, &mut unnamed, values),
            },
            _ if name == "Data" => data(value, &mut unnamed, values),
            Value::Object(_) => section_values(value, values),
            value => values.push((name.clone(), plain(value))),
        }
    }
}

/// One `Data` element.
fn data(item: &Value, unnamed: &mut usize, values: &mut Vec<(String, String)>) {
    let text = item.get("#text").map_or_else(|| plain(item), plain);
    match item.get("@Name").and_then(Value::as_str) {
        Some(name) => values.push((
            name.to_owned(),
            if item.get("#text").is_some() { text } else { String::new() },
        )),
        None => {
            *unnamed += 1;
            values.push((format!("param{unnamed}"), text));
        }
    }
}

/// A value as records show it.
pub(in crate::parsers) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Object(_) => String::new(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
