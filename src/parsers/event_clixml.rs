//! `Get-WinEvent | Export-Clixml`: the objects of PowerShell as XML, with types and times that tell their offset.
//!
//! ```text
//! <Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><TN>…</TN><Props>
//!   <I32 N="Id">36870</I32><S N="ProviderName">Schannel</S><DT N="TimeCreated">2026-11-18T14:41:53.123-06:00</DT>
//!   <Obj N="Properties"><LST><Obj><Props><S N="Value">server</S></Props></Obj>…
//! </Props><MS><S N="Message">…</S></MS></Obj>…</Objs>
//! ```

use std::io::{self, BufRead};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as Markup};

use super::damage;
use super::export::columns::{self, Clock};
use super::export::{self, Exported, Row};
use super::{Parser, Sink};
use crate::bundle::limits;
use crate::notice::Notice;
use crate::source::Source;

/// Event logs as CLIXML.
pub struct EventClixml;

impl Parser for EventClixml {
    fn format(&self) -> &'static str {
        "event-clixml"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let text = text.trim_start_matches('\u{feff}').trim_start();
        text.starts_with('<')
            && text.contains("<Objs ")
            && text.contains("Eventing.Reader.EventLogRecord")
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        match source.utf8() {
            Ok(reader) => read(reader, source, sink),
            Err(error) => damage::unreadable(source, &error, sink),
        }
    }
}

/// Refuses a text or a tag that is longer than any event: the reader of the crate would keep it whole.
struct Bounded<R> {
    inner: R,
    since_tag: usize,
}

impl<R: BufRead> io::Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let block = self.fill_buf()?;
        let count = block.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), block.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since_tag > limits::EVENT_XML_BYTES {
            return Err(io::Error::other("a value is longer than any event"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        let used = self.inner.fill_buf().ok().and_then(|block| block.get(..count));
        let after = used.and_then(|used| memchr::memrchr(b'<', used)).map(|at| count - at);
        self.since_tag = after.unwrap_or(self.since_tag + count);
        self.inner.consume(count);
    }
}

fn read(reader: impl BufRead, source: &Source, sink: &mut dyn Sink) {
    let mut reader = Reader::from_reader(Bounded { inner: reader, since_tag: 0 });
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut exported = Exported::default();
    let mut object = Object::default();
    let mut buffer = Vec::new();
    let mut lost = 0_u64;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Markup::Start(tag)) => object.start(&tag),
            Ok(Markup::End(_)) => {
                if let Some(row) = object.end() {
                    match row {
                        Some(row) => exported.put(row, source.whole(), sink),
                        None => lost += 1,
                    }
                }
            }
            Ok(Markup::Text(text)) => object.text(&text),
            Ok(Markup::GeneralRef(name)) => object.reference(&name),
            Ok(Markup::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                let what = format!("cannot be read further: {error}");
                sink.notice(Notice::new(source.id, "", what).losing("the rest"));
                break;
            }
        }
        if object.depth > limits::EVENT_XML_DEPTH {
            let what = "elements are nested deeper than PowerShell does";
            sink.notice(Notice::new(source.id, "", what).losing("the rest"));
            break;
        }
    }
    lost += u64::from(object.depth > 1);
    exported.finish(sink);
    if lost > 0 {
        let what = "objects that are no whole events";
        sink.notice(Notice::new(source.id, "", what).losing(format!("{lost} objects")));
    }
}

/// The object that is being read.
#[derive(Default)]
struct Object {
    /// Open elements; 1 is `Objs`, 2 an object of the list.
    depth: usize,
    /// The name of the element whose text is being read.
    name: String,
    text: String,
    /// Depth of the list of `Properties`, while inside.
    properties: Option<usize>,
    /// Simple properties of the object.
    fields: Vec<(String, String)>,
    values: Vec<String>,
    bytes: usize,
}

/// `Objs`, `Obj`, `Props` or `MS`, and the value itself.
const OWN: usize = 4;

impl Object {
    fn start(&mut self, tag: &BytesStart<'_>) {
        self.depth += 1;
        let name = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == "N");
        self.name = name.map(|name| name.value.to_string()).unwrap_or_default();
        self.text.clear();
        if self.name == "Properties" && self.depth == OWN {
            self.properties = Some(self.depth);
        }
    }

    fn text(&mut self, text: &str) {
        if self.bytes < limits::EVENT_XML_BYTES {
            self.bytes += text.len();
            self.text.push_str(text);
        }
    }

    fn reference(&mut self, name: &str) {
        let letter = match name {
            "lt" => "<",
            "gt" => ">",
            "amp" => "&",
            "quot" => "\"",
            "apos" => "'",
            _ => return,
        };
        self.text(letter);
    }

    /// Leaves an element; a row, or none that could be made, when it was an object of the list.
    fn end(&mut self) -> Option<Option<Row>> {
        let text = std::mem::take(&mut self.text);
        if !self.name.is_empty() {
            let name = std::mem::take(&mut self.name);
            if self.depth == OWN {
                self.fields.push((name, plain(&text)));
            } else if self.properties.is_some() && name == "Value" {
                self.values.push(plain(&text));
            } else if self.depth == OWN + 2 && name == "Value" {
                self.fields.push((name, plain(&text)));
            }
        }
        if self.properties == Some(self.depth) {
            self.properties = None;
        }
        self.depth = self.depth.saturating_sub(1);
        (self.depth == 1).then(|| {
            let whole = std::mem::replace(self, Self { depth: 1, ..Self::default() });
            whole.row()
        })
    }

    fn row(self) -> Option<Row> {
        let fields = self.fields;
        let get = |wanted: &str| {
            fields
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        let id = get("Id").parse::<u32>().ok()?;
        Some(Row {
            time: Some(columns::read(&get("TimeCreated"), Clock::Utc).0),
            provider: get("ProviderName"),
            event_id: Some(id & 0xffff),
            level: get("Level").parse().ok().or_else(|| export::level(&get("LevelDisplayName"))),
            channel: get("LogName"),
            computer: get("MachineName"),
            record: get("RecordId").parse().ok(),
            process_id: get("ProcessId").parse().ok(),
            activity: get("ActivityId"),
            values: self.values,
            message: get("Message"),
            ..Row::default()
        })
    }
}

/// Without `_x000A_`, by which PowerShell writes what XML cannot.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("_x") {
        out.push_str(before);
        let code = after.get(..5).filter(|code| code.ends_with('_')).and_then(|code| code.get(..4));
        match code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(letter) => {
                out.push(letter);
                rest = after.get(5..).unwrap_or_default();
            }
            None => {
                out.push_str("_x");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    const HEAD: &str =
        r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">"#;

    fn object(record: u64, properties: &str, message: &str) -> String {
        format!(
            r#"<Obj RefId="0"><TN RefId="0"><T>System.Diagnostics.Eventing.Reader.EventLogRecord</T><T>System.Object</T></TN>
            <ToString>x</ToString><Props><I32 N="Id">36870</I32><By N="Version">0</By><Nil N="Qualifiers" /><By N="Level">2</By>
            <I64 N="RecordId">{record}</I64><S N="ProviderName">Schannel</S><S N="LogName">System</S><I32 N="ProcessId">712</I32>
            <S N="MachineName">SRV01.example.com</S><Obj N="UserId" RefId="2"><Props><I32 N="BinaryLength">12</I32><S N="Value">S-1-5-18</S></Props></Obj>
            <DT N="TimeCreated">2026-11-18T14:41:53.123-06:00</DT>
            <Obj N="Properties" RefId="4"><LST>{properties}</LST></Obj></Props><MS><S N="Message">{message}</S></MS></Obj>"#
        )
    }

    #[test]
    fn values_in_order_and_a_message() {
        let value =
            |text: &str| format!(r#"<Obj RefId="5"><Props><S N="Value">{text}</S></Props></Obj>"#);
        let values = [value("server"), value("0x8009030d"), value("10001")].concat();
        let text = [
            HEAD,
            &object(7, &values, "x"),
            &object(8, "", "The code is 0x8009030d._x000D__x000A_State 10001."),
            "</Objs>",
        ]
        .concat();
        insta::assert_snapshot!(parse(&EventClixml, text), @r#"
        record 7: 2026-11-18T20:41:53.123Z, Schannel 36870 level 2 in System on SRV01.example.com pid 712 Type="server" ErrorCode="0x8009030d" ErrorStatus="10001"
        record 8: 2026-11-18T20:41:53.123Z, Schannel 36870 level 2 in System on SRV01.example.com pid 712 ErrorCode="0x8009030d" ErrorState="10001"
        coverage: System of SRV01.example.com, 2 records 7..8, 2026-11-18T20:41:53.123Z..2026-11-18T20:41:53.123Z
        "#);
    }

    #[test]
    fn a_torn_document_costs_its_last_object() {
        let whole = object(7, "", "x");
        let text = [HEAD, &whole, whole.split_at(400).0].concat();
        insta::assert_snapshot!(parse(&EventClixml, text), @r#"
        record 7: 2026-11-18T20:41:53.123Z, Schannel 36870 level 2 in System on SRV01.example.com pid 712
        coverage: System of SRV01.example.com, 1 records 7..7, 2026-11-18T20:41:53.123Z..2026-11-18T20:41:53.123Z
        whole file: notice: objects that are no whole events (lost: 1 objects)
        "#);
    }

    #[test]
    fn a_value_without_end_is_given_up() {
        let text = [
            HEAD,
            &object(7, "", "x"),
            "<Obj><S N=\"Message\">",
            &"a".repeat(3 * limits::EVENT_XML_BYTES),
        ]
        .concat();
        let found = parse(&EventClixml, text);
        assert!(found.contains("record 7: ") && found.contains("longer than any event"), "{found}");
    }

    #[test]
    fn other_objects_are_not_taken() {
        let text = r#"<Objs Version="1.1.0.1"><Obj RefId="0"><TN><T>System.ServiceProcess.ServiceController</T></TN></Obj></Objs>"#;
        assert!(!EventClixml.sniff(&source(text)));
    }
}
