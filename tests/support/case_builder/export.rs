//! Logs and folders in the other forms in which they reach a ticket.

use std::io::{Cursor, Write};

use evtx::{EvtxParser, ParserSettings};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Channel, Host};

/// Text as PowerShell's `>` writes it: UTF-16 with a mark, CR LF.
pub fn utf16(text: &str) -> Vec<u8> {
    let lines = text.replace('\n', "\r\n");
    let units = std::iter::once(0xfeff).chain(lines.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// `wevtutil qe LOG /f:xml`: one event a line, without a root.
pub fn xml(host: &Host, channel: Channel) -> String {
    let settings = ParserSettings::default().indent(false);
    let parser = EvtxParser::from_buffer(host.evtx(channel))
        .expect("the writer makes logs that can be read");
    let mut text = String::new();
    for record in parser.with_configuration(settings).records() {
        let record = record.expect("every record of a fixture can be read").data;
        let event = record.find("<Event").and_then(|start| record.get(start..)).unwrap_or_default();
        text.push_str(&event.replace(['\r', '\n'], ""));
        text.push('\n');
    }
    text
}

/// A zip file. Its members are stored, not packed, so the bytes do not change with a library.
pub fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, options).expect("a member of a fixture has a valid name");
        writer.write_all(bytes).expect("writing to memory cannot fail");
    }
    writer.finish().expect("writing to memory cannot fail").into_inner()
}
