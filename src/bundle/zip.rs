//! ZIP archives, read in place: members are unpacked only while they are read.

use std::collections::HashSet;
use std::io::{self, Read};
use std::sync::Arc;

use ::zip::result::ZipError;
use ::zip::{CompressionMethod, ZipArchive};
use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::area::{Area, AreaReader};
use super::pipe::pipe;
use super::{Archive, Found, limits};
use crate::source::{Content, Source};

/// The opener for ZIP archives.
pub(super) struct Zip;

impl Archive for Zip {
    fn sniff(&self, head: &[u8]) -> bool {
        head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
    }

    fn open(&self, source: Source, depth: usize, found: &mut Found<'_>) {
        let label = source.path.to_string();
        let Some(area) = found.area(&label, &*source.into_content()) else { return };
        match ZipArchive::new(area.reader()) {
            Ok(archive) => {
                Opening { label: &label, area, archive, password: None, found }.members(depth)
            }
            Err(error) => found.problem(&label, format!("not a readable zip: {error}")),
        }
    }
}

/// An archive while its members are added.
struct Opening<'o, 'f> {
    label: &'o str,
    area: Area,
    archive: ZipArchive<AreaReader>,
    /// The password that fitted last: as a rule there is one for all.
    password: Option<Arc<[u8]>>,
    found: &'o mut Found<'f>,
}

impl Opening<'_, '_> {
    fn members(&mut self, depth: usize) {
        if let Some(told) = told_members(&self.area).filter(|told| *told > self.archive.len()) {
            let more = told - self.archive.len();
            let what = format!("{more} members bear the name of another and are hidden by it");
            self.found.problem(self.label, what);
        }
        let mut said = HashSet::new();
        for index in 0..self.archive.len() {
            if self.found.is_full(self.label) {
                return;
            }
            if let Some((path, content)) = self.member(index, &mut said) {
                self.found.add(&path, content.size, Box::new(content), depth);
            }
        }
    }

    fn member(&mut self, index: usize, said: &mut HashSet<String>) -> Option<(String, Member)> {
        let member = match self.archive.by_index_raw(index) {
            Ok(member) if member.is_dir() => return None,
            Ok(member) => member,
            Err(error) => {
                let what = format!("member {} cannot be found: {error}", index + 1);
                self.found.problem(self.label, what);
                return None;
            }
        };
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        let path = self.found.member(self.label, &name)?;
        let (size, packed) = (member.size(), member.compressed_size());
        if member.is_symlink() {
            self.found.problem(&path, "a link; links are not followed".into());
            return None;
        }
        if !self.found.admits(&path, size, packed) {
            return None;
        }
        let plain =
            matches!(member.compression(), CompressionMethod::Stored | CompressionMethod::Deflated);
        let way = if plain && !member.encrypted() {
            let Some(start) = member.data_start() else {
                self.found.problem(&path, "its place in the archive is unknown".into());
                return None;
            };
            Way::Own {
                packed: self.area.part(start, packed),
                deflated: member.compression() == CompressionMethod::Deflated,
                crc: member.crc32(),
            }
        } else {
            let encrypted = member.encrypted();
            drop(member);
            let password = if encrypted { Some(self.unlock(index, &path, said)?) } else { None };
            Way::Piped { archive: self.archive.clone(), index, password }
        };
        Some((path, Member { way, size }))
    }

    /// The password that fits a member.
    fn unlock(
        &mut self,
        index: usize,
        path: &str,
        said: &mut HashSet<String>,
    ) -> Option<Arc<[u8]>> {
        let again = self.password.clone();
        if again.as_ref().is_some_and(|known| self.fits(index, known, limits::HEAD_BYTES)) {
            return again;
        }
        for (password, what) in self.found.passwords() {
            let password: Arc<[u8]> = password.into_bytes().into();
            if self.fits(index, &password, limits::PROBE_BYTES) {
                if said.insert(what.clone()) {
                    self.found.note(self.label, what);
                }
                self.password = Some(Arc::clone(&password));
                return Some(password);
            }
        }
        let locked = self.found.locked();
        self.found.problem(path, locked);
        None
    }

    /// One wrong password in 256 passes the check of the old encryption, so some of the member is unpacked: what comes
    /// out must make sense.
    fn fits(&self, index: usize, password: &[u8], bytes: u64) -> bool {
        let mut archive = self.archive.clone();
        match archive.by_index_decrypt(index, password) {
            Ok(member) => io::copy(&mut member.take(bytes), &mut io::sink()).is_ok(),
            // The fault is not the password's: let the member say what it is.
            Err(error) => !matches!(error, ZipError::InvalidPassword),
        }
    }
}

/// The number of members by the archive's last record. The `zip` crate keeps one of each name.
fn told_members(area: &Area) -> Option<usize> {
    const RECORD: u64 = 22;
    let tail = area.len().min(RECORD + u64::from(u16::MAX));
    let mut bytes = Vec::new();
    area.part(area.len() - tail, tail).reader().read_to_end(&mut bytes).ok()?;
    let record = bytes.windows(RECORD as usize).rev().find(|at| at.starts_with(b"PK\x05\x06"))?;
    let count = u16::from_le_bytes(record.get(10..12)?.try_into().ok()?);
    // All ones: the number stands elsewhere.
    (count != u16::MAX).then_some(usize::from(count))
}

/// One member, unpacked anew, as a stream, at every opening: nothing of it has to be kept.
struct Member {
    way: Way,
    size: u64,
}

enum Way {
    /// Stored and deflated members, which are nearly all, are read without the crate: its readers borrow the archive.
    Own { packed: Area, deflated: bool, crc: u32 },
    /// Everything else passes through a thread.
    Piped { archive: ZipArchive<AreaReader>, index: usize, password: Option<Arc<[u8]>> },
}

impl Content for Member {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.way {
            Way::Own { packed, deflated, crc } => {
                let packed = packed.reader();
                let inner: Box<dyn Read + Send> = if *deflated {
                    Box::new(DeflateDecoder::new(packed))
                } else {
                    Box::new(packed)
                };
                let (crc, expected) = (Crc::new(), *crc);
                Ok(Box::new(Checked { inner: inner.take(self.size), crc, expected }))
            }
            Way::Piped { archive, index, password } => {
                let (mut archive, index, password) = (archive.clone(), *index, password.clone());
                let size = self.size;
                pipe(move |writer| {
                    let member = match &password {
                        Some(password) => archive.by_index_decrypt(index, password),
                        None => archive.by_index(index),
                    };
                    // One byte more than told, so that the end, and with it the checksum, is reached.
                    let copied = io::copy(&mut member?.take(size.saturating_add(1)), writer)?;
                    if copied > size {
                        return Err(io::Error::other("it unpacks to more than its declared size"));
                    }
                    Ok(())
                })
            }
        }
    }

    fn area(&self) -> Option<Area> {
        match &self.way {
            // The checksum has to be compared, so only archives are read like this; they have their own.
            Way::Own { packed, deflated: false, .. } if packed.len() == self.size => {
                Some(packed.clone())
            }
            _ => None,
        }
    }
}

/// Compares the checksum when the end is reached: a damaged member must not pass for a whole one.
struct Checked {
    inner: io::Take<Box<dyn Read + Send>>,
    crc: Crc,
    expected: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.crc.update(buffer.get(..count).unwrap_or_default());
        if count == 0 && !buffer.is_empty() && self.crc.sum() != self.expected {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "checksum of the archive member is wrong",
            ));
        }
        Ok(count)
    }
}
