//! One file of a bundle: its label, its bytes, its decoded lines.

mod encoding;
mod lines;

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use encoding_rs::{UTF_8, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;
use sha2::{Digest, Sha256};

use self::encoding::{Charset, Page};
pub use self::lines::{Lines, RawLine, RawLines};
use crate::bundle::{Area, limits};
use crate::event::{Origin, Position, SourceId};

/// How event logs begin. Bundles hold hundreds of them, and the head of none needs to stay in memory whole.
const EVENT_LOG: &[u8] = b"ElfFile\0";
const EVENT_LOG_HEAD: usize = 8 * 1024;

fn no_text() -> Mutex<Weak<str>> {
    // Nobody holds it, so it is gone at once.
    Mutex::new(Arc::downgrade(&Arc::from("")))
}

/// As many first bytes as a source needs of them: of an event log few, and its others need not be read twice.
fn first_bytes(mut reader: Box<dyn Read + Send>, bytes: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(EVENT_LOG_HEAD);
    reader.by_ref().take(EVENT_LOG_HEAD as u64).read_to_end(&mut head)?;
    let more = limits::HEAD_BYTES - EVENT_LOG_HEAD as u64;
    if !head.starts_with(EVENT_LOG) && head.len() == EVENT_LOG_HEAD {
        let expected = bytes.saturating_sub(EVENT_LOG_HEAD as u64).min(more);
        head.reserve_exact(usize::try_from(expected).unwrap_or_default());
        reader.take(more).read_to_end(&mut head)?;
    }
    head.shrink_to_fit();
    Ok(head)
}

/// Where the bytes of a source come from: a file, a member of an archive. Opening never writes and never locks.
pub trait Content: Send + Sync {
    /// A fresh reader from the first byte.
    ///
    /// # Errors
    /// When the file cannot be opened or the member not be unpacked.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;

    /// Where the bytes lie, when they can be read from anywhere without being unpacked first.
    fn area(&self) -> Option<Area> {
        None
    }
}

/// Bytes in memory, for tests and nested archives.
impl Content for Arc<[u8]> {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::Cursor::new(Self::clone(self))))
    }

    fn area(&self) -> Option<Area> {
        Some(Area::of_bytes(Self::clone(self)))
    }
}

/// One file of a bundle.
pub struct Source {
    /// Its index in the bundle.
    pub id: SourceId,
    /// Its label: the path below what was given, `/` between parts, `archive.zip!member` inside an archive.
    pub path: Arc<str>,
    /// Its size in bytes, unpacked.
    pub bytes: u64,
    content: Box<dyn Content>,
    head: Vec<u8>,
    /// The head as text, while somebody looks at it.
    text: Mutex<Weak<str>>,
    /// How the bytes become text, and the length of the byte order mark: asked by every parser that sniffs.
    charset: OnceLock<(Charset, usize)>,
    digest: OnceLock<String>,
    hashes: bool,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// Looks at the first bytes of `content`, by which formats are told apart.
    ///
    /// # Errors
    /// When the content cannot be opened or its first bytes not be read.
    pub fn new(
        id: SourceId,
        path: &str,
        bytes: u64,
        content: Box<dyn Content>,
    ) -> io::Result<Self> {
        let head = first_bytes(content.open()?, bytes)?;
        Ok(Self {
            id,
            path: path.into(),
            bytes,
            content,
            head,
            text: no_text(),
            charset: OnceLock::new(),
            digest: OnceLock::new(),
            hashes: true,
        })
    }

    /// A source over bytes in memory.
    #[must_use]
    pub fn from_bytes(id: SourceId, path: &str, bytes: &[u8]) -> Self {
        let head = bytes
            .iter()
            .copied()
            .take(usize::try_from(limits::HEAD_BYTES).unwrap_or(usize::MAX))
            .collect();
        Self {
            id,
            path: path.into(),
            bytes: bytes.len() as u64,
            content: Box::new(Arc::<[u8]>::from(bytes)),
            head,
            text: no_text(),
            charset: OnceLock::new(),
            digest: OnceLock::new(),
            hashes: true,
        }
    }

    /// The first bytes, at most [`limits::HEAD_BYTES`].
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Keeps fewer of the first bytes, so that a hundred thousand sources fit into memory.
    pub(crate) fn shorten_head(&mut self, bytes: usize) {
        self.text = no_text();
        self.head.truncate(bytes);
        self.head.shrink_to_fit();
    }

    /// The first bytes as text, decoded as [`Source::lines`] would; the last line may be cut.
    #[must_use]
    ///
    /// As long as somebody holds it, who else asks is given the same.
    pub fn text_head(&self) -> Arc<str> {
        let mut known = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known.upgrade() {
            return text;
        }
        let (charset, mark) = self.charset();
        let text = charset.decode(self.head.get(mark..).unwrap_or_default());
        let text: Arc<str> =
            if text.contains('\0') { text.replace('\0', "").into() } else { text.into() };
        *known = Arc::downgrade(&text);
        text
    }

    fn charset(&self) -> (Charset, usize) {
        *self.charset.get_or_init(|| encoding::sniff(&self.head))
    }

    /// Whether the head looks like text at all: binary formats have control characters that no text has.
    #[must_use]
    pub fn looks_like_text(&self) -> bool {
        let text = self.text_head();
        let odd = |letter: &char| {
            (letter.is_control() && !matches!(letter, '\t' | '\r' | '\n' | '\u{c}' | '\u{1a}'))
                || *letter == '\u{fffd}'
        };
        let sample = text.chars().take(4096);
        !text.is_empty() && sample.filter(odd).count() * 20 < text.chars().take(4096).count()
    }

    /// A reader from the first byte. What is read is hashed on the way; a reader that reached the end leaves
    /// [`Source::sha256`] known, so no file is read twice for it.
    ///
    /// # Errors
    /// When the content cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        let inner = self.content.open()?;
        if !self.hashes || self.digest.get().is_some() {
            return Ok(inner);
        }
        Ok(Box::new(Hashing { inner, state: Some(Sha256::new()), done: &self.digest }))
    }

    /// Leaves the hash out from now on.
    pub fn without_hash(&mut self) {
        self.hashes = false;
    }

    /// SHA-256 of the whole source, lower-case hex; reads it to the end when no reader has done so yet. `None` when it
    /// is left out.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn sha256(&self) -> io::Result<Option<&str>> {
        if self.hashes && self.digest.get().is_none() {
            io::copy(&mut self.open()?, &mut io::sink())?;
        }
        Ok(self.digest.get().map(String::as_str))
    }

    /// Decoded lines, without their ends. Decoding (BOM, UTF-16 without BOM, UTF-8, else the code page that it looks
    /// like), CR LF and NUL padding are dealt with here and nowhere else.
    ///
    /// # Errors
    /// When the content cannot be opened.
    pub fn lines(&self) -> io::Result<Lines<'_>> {
        self.raw_lines().map(Lines)
    }

    /// The same lines, decoded only where somebody asks: for logs of gigabytes of which a few lines matter.
    ///
    /// # Errors
    /// When the content cannot be opened.
    pub fn raw_lines(&self) -> io::Result<RawLines<'_>> {
        Ok(match self.charset().0 {
            Charset::Narrow(page) => RawLines::new(self.open()?, page),
            Charset::Wide(_) => RawLines::new(Box::new(self.decoder()?), Page::Of(WINDOWS_1252)),
        })
    }

    /// A reader over the whole source as UTF-8, without a byte order mark.
    ///
    /// # Errors
    /// When the content cannot be opened.
    pub fn utf8(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(BufReader::with_capacity(64 * 1024, self.decoder()?)))
    }

    fn decoder(&self) -> io::Result<impl Read + Send + '_> {
        let encoding = match self.charset().0 {
            Charset::Wide(encoding) => encoding,
            // What is read as one document has one encoding; the head may end inside a letter.
            Charset::Narrow(page) => match std::str::from_utf8(&self.head) {
                Err(error) if error.error_len().is_some() => page.of_document(),
                _ => UTF_8,
            },
        };
        let mut builder = DecodeReaderBytesBuilder::new();
        Ok(builder.encoding(Some(encoding)).bom_override(true).build(self.open()?))
    }

    /// Whether reading it to its end means unpacking it.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        self.content.area().is_none()
    }

    /// Puts something around the content.
    pub(crate) fn wrap(&mut self, around: impl FnOnce(Box<dyn Content>) -> Box<dyn Content>) {
        let nothing: Box<dyn Content> = Box::new(Arc::<[u8]>::from([]));
        self.content = around(std::mem::replace(&mut self.content, nothing));
    }

    /// Gives up the source for its content.
    #[must_use]
    pub fn into_content(self) -> Box<dyn Content> {
        self.content
    }

    /// The origin of a record in this source.
    #[must_use]
    pub fn record(&self, id: u64) -> Origin {
        Origin { source: self.id, position: Position::Record(id) }
    }

    /// The origin of a line in this source, counted from 1.
    #[must_use]
    pub fn line(&self, number: u64) -> Origin {
        Origin { source: self.id, position: Position::Line(number) }
    }

    /// The origin of a statement about this source as a whole.
    #[must_use]
    pub fn whole(&self) -> Origin {
        Origin { source: self.id, position: Position::Whole }
    }
}

/// Hashes what passes through, and leaves the digest when the end was reached.
struct Hashing<'s> {
    inner: Box<dyn Read + Send>,
    state: Option<Sha256>,
    done: &'s OnceLock<String>,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            if let Some(state) = self.state.take() {
                let hex = state.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
                let _ = self.done.set(hex);
            }
        } else if let (Some(state), Some(read)) = (&mut self.state, buffer.get(..count)) {
            state.update(read);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let source = Source::from_bytes(SourceId(0), "t", bytes);
        source.lines().unwrap().map(|(_, text)| text).collect()
    }

    #[test]
    fn every_encoding_met_in_the_field_reads_the_same() {
        let text = "Größe\r\nKB5018410\r\r\nend";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let with_bom = [b"\xff\xfe".as_slice(), &wide].concat();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let ansi = b"Gr\xf6\xdfe\r\nKB5018410\r\r\nend";
        let utf8_bom = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
        for bytes in [text.as_bytes(), &wide, &with_bom, &big, ansi, &utf8_bom] {
            assert_eq!(lines(bytes), ["Größe", "KB5018410", "end"]);
        }
    }

    #[test]
    fn a_line_without_end_is_cut_and_counted() {
        let source = Source::from_bytes(SourceId(0), "t", &vec![b'a'; limits::LINE_BYTES + 10]);
        let mut lines = source.lines().unwrap();
        assert_eq!(lines.next().map(|(_, text)| text.len()), Some(limits::LINE_BYTES));
        assert_eq!((lines.next(), lines.raw().cut()), (None, 1));
    }

    #[test]
    fn what_follows_a_line_of_megabytes_keeps_its_number() {
        let long = vec![b'a'; limits::LINE_BYTES * 3];
        let source =
            Source::from_bytes(SourceId(0), "t", &[&long, b"\r\nb\n".as_slice(), &long].concat());
        let mut lines = source.lines().unwrap();
        let seen: Vec<_> = lines.by_ref().map(|(number, text)| (number, text.len())).collect();
        assert_eq!(seen, [(1, limits::LINE_BYTES), (2, 1), (3, limits::LINE_BYTES)]);
        assert_eq!(lines.raw().cut(), 2);
    }

    #[test]
    fn no_line_is_lost_between_blocks() {
        let text: String = (1..100_000).map(|number| format!("line {number}\r\n")).collect();
        let source = Source::from_bytes(SourceId(0), "t", text.as_bytes());
        let mut expected = 0;
        for (number, line) in source.lines().unwrap() {
            expected += 1;
            assert_eq!((number, line), (expected, format!("line {expected}")));
        }
        assert_eq!(expected, 99_999);
    }

    #[test]
    fn reading_to_the_end_leaves_the_hash() {
        let source = Source::from_bytes(SourceId(0), "t", b"abc");
        assert_eq!(source.lines().unwrap().count(), 1);
        assert_eq!(
            source.digest.get().map(String::as_str),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
    }
}
