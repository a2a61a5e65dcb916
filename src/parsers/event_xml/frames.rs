//! Cuts a stream into `<Event>…</Event>` pieces, without any XML parser: it has to find its way again after damage.

use std::io::{self, BufRead, Read};

use crate::bundle::limits;

/// A piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// One event from `<Event` to `</Event>`, not yet parsed.
    Event(String),
    /// An event that another event or the end of the stream cut off.
    Torn,
    /// An event that is larger than [`limits::EVENT_XML_BYTES`].
    TooLarge,
}

/// The pieces of a stream.
pub(super) struct Frames<R> {
    reader: R,
    buffer: Vec<u8>,
    /// How many `<Event>` are open; more than one when a provider calls its own element so.
    depth: usize,
    /// Where in the buffer an `<Event>` stands that may turn out to be the next one.
    inner: Option<(usize, u64)>,
    /// Lines up to the end of the buffer, and up to its beginning.
    lines: u64,
    line: u64,
    /// The line of the frame that begins with what is already in the buffer.
    next_line: Option<u64>,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            depth: 0,
            inner: None,
            lines: 1,
            line: 1,
            next_line: None,
        }
    }

    /// The line on which the last frame begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next piece, `None` at the end.
    pub(super) fn next(&mut self) -> Option<io::Result<Frame>> {
        if let Some(line) = self.next_line.take() {
            self.line = line;
        }
        loop {
            let start = self.buffer.len();
            let room = limits::EVENT_XML_BYTES.saturating_sub(start) as u64;
            match self.reader.by_ref().take(room).read_until(b'>', &mut self.buffer) {
                Err(error) => return Some(Err(error)),
                Ok(0) if room > 0 => return self.end(),
                Ok(_) => {}
            }
            let before = self.lines;
            let read = self.buffer.get(start..).unwrap_or_default();
            self.lines += read.iter().filter(|byte| **byte == b'\n').count() as u64;
            if let Some(frame) = self.tag(start, before) {
                return Some(Ok(frame));
            }
            if self.buffer.len() >= limits::EVENT_XML_BYTES {
                let lost = self.depth > 0;
                self.reset();
                if lost {
                    return Some(Ok(Frame::TooLarge));
                }
            }
        }
    }

    /// Looks at the tag that ends the buffer, whose last read began at `start`.
    fn tag(&mut self, start: usize, line: u64) -> Option<Frame> {
        let read = self.buffer.get(start..).unwrap_or_default();
        let Some(offset) = read.iter().rposition(|byte| *byte == b'<') else {
            if self.depth == 0 {
                self.buffer.clear();
            }
            return None;
        };
        let kind = Tag::of(read.get(offset..).unwrap_or_default());
        let skipped = read.get(..offset).unwrap_or_default();
        let line = line + skipped.iter().filter(|byte| **byte == b'\n').count() as u64;
        if self.depth == 0 {
            if kind == Tag::Open {
                self.line = line;
                self.buffer.drain(..start + offset);
                self.depth = 1;
            } else {
                self.buffer.clear();
            }
            return None;
        }
        match (kind, self.inner.take()) {
            // `<Event><System>` inside an event: the outer one has no end.
            (Tag::System, Some((inner, line))) => {
                self.buffer.drain(..inner);
                self.next_line = Some(line);
                self.depth = 1;
                return Some(Frame::Torn);
            }
            (Tag::Open, _) => {
                self.depth += 1;
                self.inner = Some((start + offset, line));
            }
            (Tag::Close, _) if self.in_cdata() => {}
            (Tag::Close, _) => {
                self.depth -= 1;
                if self.depth == 0 {
                    return Some(self.take());
                }
            }
            _ => {}
        }
        None
    }

    /// Whether the buffer ends inside `<![CDATA[`.
    fn in_cdata(&self) -> bool {
        let text = String::from_utf8_lossy(&self.buffer);
        text.rfind("<![CDATA[") > text.rfind("]]>")
    }

    fn take(&mut self) -> Frame {
        let bytes = std::mem::take(&mut self.buffer);
        self.reset();
        Frame::Event(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    fn end(&mut self) -> Option<io::Result<Frame>> {
        let torn = self.depth > 0;
        self.reset();
        torn.then_some(Ok(Frame::Torn))
    }

    fn reset(&mut self) {
        self.buffer.clear();
        self.depth = 0;
        self.inner = None;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    /// `<Event …>`, with an end to come.
    Open,
    /// `</Event>`.
    Close,
    /// `<System>`.
    System,
    Other,
}

impl Tag {
    fn of(tag: &[u8]) -> Self {
        if let Some(rest) = tag.strip_prefix(b"<Event") {
            let named_so = matches!(rest.first(), Some(b'>' | b' ' | b'\t' | b'\r' | b'\n'));
            return if named_so && !tag.ends_with(b"/>") { Self::Open } else { Self::Other };
        }
        if let Some(rest) = tag.strip_prefix(b"</Event") {
            let named_so = rest.trim_ascii() == b">";
            return if named_so { Self::Close } else { Self::Other };
        }
        if tag == b"<System>" { Self::System } else { Self::Other }
    }
}

/// The places in `text` where an event record begins: `<Event …>` and `<System>`, with nothing but white space and the
/// hyphen of the XML view between them.
pub(super) fn openings(text: &str) -> impl Iterator<Item = ()> {
    text.split("<Event").skip(1).filter_map(|rest| {
        let (attributes, inside) = rest.split_once('>')?;
        let named_so = attributes.is_empty() || attributes.starts_with(char::is_whitespace);
        let inside = inside.trim_start().trim_start_matches('-').trim_start();
        (named_so && inside.starts_with("<System>")).then_some(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> Vec<Frame> {
        let mut frames = Frames::new(text.as_bytes());
        std::iter::from_fn(|| frames.next()).map(Result::unwrap).collect()
    }

    fn event(text: &str) -> Frame {
        Frame::Event(text.into())
    }

    #[test]
    fn an_element_named_event_inside_an_event_is_no_new_event() {
        let text = "<Event a='1'><System></System><UserData><Event>x</Event></UserData></Event>";
        assert_eq!(frames(text), [event(text)]);
    }

    #[test]
    fn an_event_without_end_costs_only_itself() {
        let text = "<Event><System>a</System>\n<Event><System>b</System></Event>";
        assert_eq!(frames(text), [Frame::Torn, event("<Event><System>b</System></Event>")]);
        assert_eq!(frames("<Event><System>a</Sys"), [Frame::Torn]);
    }

    #[test]
    fn markup_inside_cdata_ends_nothing() {
        let text = "<Event><System/><![CDATA[</Event>]]></Event>";
        assert_eq!(frames(text), [event(text)]);
    }

    #[test]
    fn an_event_that_never_ends_is_given_up() {
        let text = format!(
            "<Event><System>{}<Event><System/></Event>",
            "x".repeat(limits::EVENT_XML_BYTES)
        );
        assert_eq!(frames(&text), [Frame::TooLarge, event("<Event><System/></Event>")]);
    }
}
