//! `.tar`: headers of 512 bytes and, after each, its member as it is. Members are read where they lie.
//!
//! Read here rather than by a crate, because records for long names have to be bounded: they may claim any length.

use std::io::{self, Read, Seek, SeekFrom};

use super::area::{Area, AreaReader};
use super::{Archive, Found, limits};
use crate::source::Source;

/// The opener for tar archives.
pub(super) struct Tar;

const BLOCK: u64 = 512;

impl Archive for Tar {
    fn sniff(&self, head: &[u8]) -> bool {
        // Old tars have no magic; a right checksum over 512 bytes is no accident. Records before the first member may be
        // without a name.
        let named = |header: &[u8]| field(header, 0, 1) != [0] || field(header, 257, 5) == b"ustar";
        head.get(..512).is_some_and(|header| checksum_fits(header) && named(header))
    }

    fn open(&self, source: Source, depth: usize, found: &mut Found<'_>) {
        let label = source.path.to_string();
        if let Some(area) = found.area(&label, &*source.into_content()) {
            add_members(&label, &area, depth, found);
        }
    }
}

/// Adds the members of the tar that lies in `area`.
pub(super) fn add_members(label: &str, area: &Area, depth: usize, found: &mut Found<'_>) {
    let mut reader = area.reader();
    let mut next = Extended::default();
    let mut at = 0;
    loop {
        let header = match header(&mut reader, at) {
            Ok(Some(header)) => header,
            Ok(None) => return,
            Err(error) => {
                return found.problem(label, format!("torn: {error}; what follows is lost"));
            }
        };
        let body = at + BLOCK;
        let size = next.size.filter(|_| !header.is_record()).unwrap_or(header.size);
        at = body.saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
        if header.is_record() {
            if let Err(what) = next.read(&header, &mut reader, body) {
                found.problem(label, what);
            }
            continue;
        }
        let extended = std::mem::take(&mut next);
        let name = extended.name.unwrap_or(header.name);
        if header.kind == b'5' || (name.ends_with('/') && size == 0) {
            continue;
        }
        if found.is_full(label) {
            return;
        }
        let Some(path) = found.member(label, &name) else { continue };
        match header.kind {
            0 | b'0' | b'7' => {
                let member = area.part(body, size);
                if member.len() < size {
                    let what = format!("torn: {} of {size} bytes are there", member.len());
                    found.problem(&path, what);
                }
                if found.admits(&path, member.len(), u64::MAX) && (member.len() > 0 || size == 0) {
                    found.add(&path, member.len(), Box::new(member), depth);
                }
            }
            b'1' | b'2' => found.problem(&path, "a link; links are not followed".into()),
            b'S' => found.problem(&path, "a sparse file; unpack the archive first".into()),
            _ => found.problem(&path, "neither a file nor a folder".into()),
        }
    }
}

struct Header {
    name: String,
    size: u64,
    kind: u8,
}

impl Header {
    /// Whether it describes the next member and is none itself.
    fn is_record(&self) -> bool {
        matches!(self.kind, b'L' | b'K' | b'x' | b'g')
    }
}

/// What records say about the member after them.
#[derive(Default)]
struct Extended {
    name: Option<String>,
    size: Option<u64>,
}

impl Extended {
    fn read(&mut self, header: &Header, reader: &mut AreaReader, at: u64) -> Result<(), String> {
        if matches!(header.kind, b'K' | b'g') {
            return Ok(());
        }
        if header.size > limits::TAR_RECORD_BYTES {
            let limit = limits::TAR_RECORD_BYTES;
            return Err(format!("a header record is longer than is read (limit {limit})"));
        }
        let mut bytes = Vec::new();
        reader
            .seek(SeekFrom::Start(at))
            .and_then(|_| reader.take(header.size).read_to_end(&mut bytes))
            .map_err(|error| format!("a header record cannot be read: {error}"))?;
        if header.kind == b'L' {
            self.name = Some(text(&bytes));
        } else {
            self.attributes(&bytes);
        }
        Ok(())
    }

    /// Lines of `length key=value`, where the length counts the whole line.
    fn attributes(&mut self, mut rest: &[u8]) {
        loop {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let length = rest.get(..digits).and_then(|digits| text(digits).parse::<usize>().ok());
            let line = length.and_then(|length| rest.get(digits + 1..length.checked_sub(1)?));
            let (Some(length), Some(line)) = (length, line) else { return };
            if let Some(path) = line.strip_prefix(b"path=") {
                self.name = Some(text(path));
            } else if let Some(size) = line.strip_prefix(b"size=") {
                self.size = text(size).parse().ok();
            }
            rest = rest.get(length..).unwrap_or_default();
        }
    }
}

/// The header at a position; `None` at the end.
fn header(reader: &mut AreaReader, at: u64) -> io::Result<Option<Header>> {
    let mut block = Vec::new();
    reader.seek(SeekFrom::Start(at))?;
    reader.take(BLOCK).read_to_end(&mut block)?;
    if block.is_empty() {
        // Cut between two members, it looks whole but for this.
        return Err(io::Error::other("the mark of its end is missing"));
    }
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    if (block.len() as u64) < BLOCK || !checksum_fits(&block) {
        return Err(io::Error::other(format!("no header at byte {at}")));
    }
    let mut name = text(field(&block, 0, 100));
    let prefix = text(field(&block, 345, 155));
    if field(&block, 257, 6) == b"ustar\0" && !prefix.is_empty() {
        name = format!("{prefix}/{name}");
    }
    let size = number(field(&block, 124, 12))
        .ok_or_else(|| io::Error::other(format!("no size in the header at byte {at}")))?;
    Ok(Some(Header { name, size, kind: field(&block, 156, 1).first().copied().unwrap_or(0) }))
}

fn field(header: &[u8], at: usize, len: usize) -> &[u8] {
    header.get(at..at + len).unwrap_or_default()
}

fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

/// Octal digits, or big-endian bytes behind a set top bit.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((0x80, bytes)) = field.split_first() {
        let fold = |sum: u64, byte: &u8| sum.checked_mul(256)?.checked_add(u64::from(*byte));
        return bytes.iter().try_fold(0, fold);
    }
    let digits = text(field);
    match digits.trim() {
        "" => Some(0),
        digits => u64::from_str_radix(digits, 8).ok(),
    }
}

/// The sum of all bytes, those of the sum itself counted as blanks.
fn checksum_fits(header: &[u8]) -> bool {
    let blank =
        |(at, byte): (usize, &u8)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) };
    let sum: u64 = header.iter().enumerate().map(blank).sum();
    number(field(header, 148, 8)).is_some_and(|written| written == sum && sum > 256)
}
