//! Records of CSV whose fields go over lines, in bounded memory: a quotation mark that is never closed costs its record.

use crate::bundle::limits;
use crate::source::RawLines;

/// The records of a text.
pub(in crate::parsers) struct Records<'s> {
    lines: RawLines<'s>,
    separator: char,
    /// Records that were longer than any tool writes.
    pub(in crate::parsers) lost: u64,
}

/// One record: the line it begins in, and its fields.
pub(in crate::parsers) struct Record {
    pub(in crate::parsers) line: u64,
    pub(in crate::parsers) fields: Vec<String>,
}

impl<'s> Records<'s> {
    pub(in crate::parsers) fn new(lines: RawLines<'s>, separator: char) -> Self {
        Self { lines, separator, lost: 0 }
    }

    /// What happened to the lines.
    pub(in crate::parsers) fn lines(&self) -> &RawLines<'s> {
        &self.lines
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let mut text = String::new();
        let (mut begin, mut open) = (0, false);
        while let Some(line) = self.lines.next() {
            if begin == 0 {
                begin = line.number;
            } else {
                text.push('\n');
            }
            let part = line.text();
            open ^= part.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
            text.push_str(&part);
            if !open {
                return Some(Record { line: begin, fields: split(&text, self.separator) });
            }
            if text.len() > limits::EVENT_XML_BYTES {
                self.lost += 1;
                (begin, open) = (0, false);
                text.clear();
            }
        }
        if begin == 0 {
            return None;
        }
        // The file ends inside of a field: what is there is there.
        Some(Record { line: begin, fields: split(&text, self.separator) })
    }
}

/// The fields of one record. Inside of quotation marks two of them stand for one.
pub(in crate::parsers) fn split(text: &str, separator: char) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            '"' if quoted => quoted = false,
            // A mark inside of a bare field is a letter.
            '"' if field.is_empty() => quoted = true,
            letter if letter == separator && !quoted => fields.push(std::mem::take(&mut field)),
            letter => field.push(letter),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::source;

    fn records(text: &str) -> Vec<(u64, String)> {
        let source = source(text);
        let records = Records::new(source.raw_lines().unwrap(), ',');
        records.map(|record| (record.line, record.fields.join("|"))).collect()
    }

    #[test]
    fn fields_go_over_lines() {
        let text = "a,\"b, \"\"c\"\"\r\nd\",e\r\nf,g\r\n";
        assert_eq!(records(text), [(1, "a|b, \"c\"\nd|e".into()), (3, "f|g".into())]);
    }

    #[test]
    fn a_mark_that_is_never_closed_costs_its_record() {
        let text = format!("a,\"b\n{}c,d\n", "x,y\n".repeat(limits::EVENT_XML_BYTES / 4));
        let source = source(text);
        let mut records = Records::new(source.raw_lines().unwrap(), ',');
        let last = records.by_ref().last().unwrap();
        assert_eq!((last.fields.join("|"), records.lost), ("c|d".into(), 1));
    }
}
