//! `.cab` cabinets: what Windows' own collectors and Intune make. A folder of a cabinet is one packed stream, cut into
//! members by offset and size; it is unpacked once, front to back, and what somebody will read is kept.
//!
//! The `cab` crate would unpack a folder anew, from its start, for every member, and finds members by names, which may
//! repeat. So it is shown the same cabinet with another directory: one member for each folder, holding all of it.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use encoding_rs::WINDOWS_1252;

use super::area::{Area, AreaReader};
use super::{Archive, Found, limits};
use crate::source::Source;

/// The opener for cabinets.
pub(super) struct Cab;

impl Archive for Cab {
    fn sniff(&self, head: &[u8]) -> bool {
        head.starts_with(b"MSCF\0\0\0\0")
    }

    fn open(&self, source: Source, depth: usize, found: &mut Found<'_>) {
        let label = source.path.to_string();
        let Some(area) = found.area(&label, &*source.into_content()) else { return };
        let (folders, members) = match directory(&area) {
            Ok(directory) => directory,
            Err(error) => return found.problem(&label, format!("not a readable cabinet: {error}")),
        };
        let mut inside: Vec<Vec<&Member>> = vec![Vec::new(); usize::from(folders)];
        let mut elsewhere = Vec::new();
        for member in &members {
            inside.get_mut(usize::from(member.folder)).unwrap_or(&mut elsewhere).push(member);
        }
        let sizes: Vec<u32> = inside.iter().map(|members| unpacked_size(members)).collect();
        let shown = match Shown::new(&area, &sizes).and_then(::cab::Cabinet::new) {
            Ok(shown) => shown,
            Err(error) => return found.problem(&label, format!("not a readable cabinet: {error}")),
        };
        let packed = area.len();
        let mut opening = Opening { label: &label, packed, shown, found, depth };
        for member in elsewhere {
            if let Some(path) = opening.found.member(&label, &member.name) {
                let what = "it goes on in another cabinet of its set; unpack the set first";
                opening.found.problem(&path, what.into());
            }
        }
        for (folder, mut members) in (0..folders).zip(inside) {
            members.sort_by_key(|member| member.offset);
            opening.folder(folder, &members);
        }
    }
}

/// One line of a cabinet's directory.
struct Member {
    name: String,
    folder: u16,
    offset: u32,
    size: u32,
}

/// The number of folders, and the members.
fn directory(area: &Area) -> io::Result<(u16, Vec<Member>)> {
    let mut reader = area.reader();
    let mut header = [0; 36];
    reader.read_exact(&mut header)?;
    let (folders, files) = (u16_at(&header, 26), u16_at(&header, 28));
    reader.seek(SeekFrom::Start(u32_at(&header, 16).into()))?;
    let mut members = Vec::new();
    for _ in 0..files {
        let mut line = [0; 16];
        reader.read_exact(&mut line)?;
        members.push(Member {
            size: u32_at(&line, 0),
            offset: u32_at(&line, 4),
            folder: u16_at(&line, 8),
            name: name(&mut reader, u16_at(&line, 14) & 0x80 != 0)?,
        });
    }
    Ok((folders, members))
}

/// A name up to its NUL.
fn name(reader: &mut AreaReader, utf8: bool) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    loop {
        reader.read_exact(&mut byte)?;
        match byte {
            [0] => break,
            [byte] if bytes.len() <= limits::NAME_BYTES => bytes.push(byte),
            _ => return Err(io::Error::other("a name in its directory has no end")),
        }
    }
    let decoded = if utf8 {
        String::from_utf8_lossy(&bytes)
    } else {
        WINDOWS_1252.decode_without_bom_handling(&bytes).0
    };
    Ok(decoded.into_owned())
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|two| two.try_into().ok()).map_or(0, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn unpacked_size(members: &[&Member]) -> u32 {
    members.iter().map(|member| member.offset.saturating_add(member.size)).max().unwrap_or(0)
}

/// A cabinet while its members are added.
struct Opening<'o, 'f> {
    label: &'o str,
    packed: u64,
    shown: ::cab::Cabinet<Shown>,
    found: &'o mut Found<'f>,
    depth: usize,
}

impl Opening<'_, '_> {
    fn folder(&mut self, folder: u16, members: &[&Member]) {
        if members.is_empty() {
            return;
        }
        let (label, depth) = (self.label, self.depth);
        let inner = match self.shown.read_file(&folder.to_string()) {
            Ok(reader) => reader,
            Err(error) => {
                let count = members.len();
                let what = format!("{count} members are lost with a damaged folder: {error}");
                return self.found.problem(label, what);
            }
        };
        let mut reader = Folder { inner, at: 0, failed: None };
        for member in members {
            if self.found.is_full(label) {
                return;
            }
            let Some(path) = self.found.member(label, &member.name) else { continue };
            let (offset, size) = (u64::from(member.offset), u64::from(member.size));
            if !self.found.admits(&path, size, self.packed) {
                continue;
            }
            let Some(gap) = offset.checked_sub(reader.at) else {
                self.found.problem(&path, "it overlaps another member".into());
                continue;
            };
            if let Err(error) = io::copy(&mut reader.by_ref().take(gap), &mut io::sink()) {
                self.found.problem(&path, format!("lost, for the folder is damaged: {error}"));
                continue;
            }
            self.found.add_kept(&path, size, &mut reader.by_ref().take(size), depth);
        }
    }
}

/// Knows how far it is, for a member need not be read to its end. After a failure it is not read on: the crate would
/// break off.
struct Folder<R> {
    inner: R,
    at: u64,
    failed: Option<String>,
}

impl<R: Read> Read for Folder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(why) = &self.failed {
            return Err(io::Error::other(why.clone()));
        }
        match self.inner.read(buffer) {
            Ok(count) => {
                self.at += count as u64;
                Ok(count)
            }
            Err(error) => {
                self.failed = Some(error.to_string());
                Err(error)
            }
        }
    }
}

/// The cabinet with another directory behind its end, and a header that points there.
struct Shown {
    header: Cursor<Vec<u8>>,
    body: AreaReader,
    directory: Cursor<Vec<u8>>,
    end: u64,
    at: u64,
}

const HEADER: u64 = 36;

impl Shown {
    fn new(area: &Area, sizes: &[u32]) -> io::Result<Self> {
        let end = area.len();
        let place = u32::try_from(end).map_err(io::Error::other)?;
        let mut header = Vec::new();
        area.part(0, HEADER).reader().read_to_end(&mut header)?;
        let count = u16::try_from(sizes.len()).unwrap_or(u16::MAX);
        let patches: [(usize, &[u8]); 2] = [(16, &place.to_le_bytes()), (28, &count.to_le_bytes())];
        for (at, bytes) in patches {
            for (old, new) in header.iter_mut().skip(at).zip(bytes) {
                *old = *new;
            }
        }
        let mut directory = Vec::new();
        for (folder, size) in (0..=u16::MAX).zip(sizes) {
            directory.extend(size.to_le_bytes());
            directory.extend([0; 4]);
            directory.extend(folder.to_le_bytes());
            // Day, time and attributes.
            directory.extend([0x21, 0, 0, 0, 0, 0]);
            directory.extend(folder.to_string().bytes().chain([0]));
        }
        Ok(Self {
            header: Cursor::new(header),
            body: area.reader(),
            directory: Cursor::new(directory),
            end,
            at: 0,
        })
    }
}

impl Read for Shown {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = if self.at < HEADER {
            self.header.set_position(self.at);
            self.header.read(buffer)?
        } else if self.at < self.end {
            self.body.seek(SeekFrom::Start(self.at))?;
            self.body.read(buffer)?
        } else {
            self.directory.set_position(self.at - self.end);
            self.directory.read(buffer)?
        };
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Shown {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
            SeekFrom::End(_) => None,
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
