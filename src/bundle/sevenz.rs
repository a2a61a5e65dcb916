//! `.7z` archives. Members are packed one behind the other in blocks, so a block is unpacked once, front to back, and
//! what somebody will read is kept.

use std::io::{self, Read};

use sevenz_rust2::{Archive as Directory, ArchiveEntry, Block, BlockDecoder, Error, Password};

use super::area::{Area, AreaReader};
use super::{Archive, Found, limits};
use crate::source::Source;

/// The opener for 7z archives.
pub(super) struct SevenZ;

impl Archive for SevenZ {
    fn sniff(&self, head: &[u8]) -> bool {
        head.starts_with(b"7z\xbc\xaf\x27\x1c")
    }

    fn open(&self, source: Source, depth: usize, found: &mut Found<'_>) {
        let label = source.path.to_string();
        let Some(area) = found.area(&label, &*source.into_content()) else { return };
        let Some((directory, password)) = unlock(&label, &area, found) else { return };
        let mut opening = Opening { label: &label, area, directory: &directory, found, depth };
        for index in 0..directory.blocks.len() {
            if opening.block(index, password.as_ref()).is_none() {
                return;
            }
        }
        opening.empty_files();
    }
}

/// The directory, and the password that opens the rest.
fn unlock(
    label: &str,
    area: &Area,
    found: &mut Found<'_>,
) -> Option<(Directory, Option<Password>)> {
    let mut reader = area.reader();
    let (mut directory, locked) = match Directory::read(&mut reader, &Password::empty()) {
        Ok(directory) => (directory, false),
        Err(Error::PasswordRequired | Error::MaybeBadPassword(_)) => (Directory::default(), true),
        Err(error) => {
            found.problem(label, format!("not a readable 7z: {error}"));
            return None;
        }
    };
    let probe = |directory: &Directory| directory.blocks.iter().position(is_encrypted);
    if !locked && probe(&directory).is_none() {
        return Some((directory, None));
    }
    for (text, what) in found.passwords() {
        let password = Password::new(&text);
        if locked {
            match Directory::read(&mut reader, &password) {
                Ok(opened) => directory = opened,
                Err(_) => continue,
            }
        }
        if probe(&directory).is_none_or(|block| fits(&directory, block, &password, &mut reader)) {
            found.note(label, what);
            return Some((directory, Some(password)));
        }
    }
    let what = found.locked();
    found.problem(label, what);
    // What is not encrypted in it can be read all the same.
    (!locked).then_some((directory, None))
}

/// Whether the first member of a block unpacks with a password: checksums tell.
fn fits(directory: &Directory, block: usize, password: &Password, reader: &mut AreaReader) -> bool {
    let decoder = BlockDecoder::new(1, block, directory, password, reader);
    let mut first = |_: &ArchiveEntry, member: &mut dyn Read| {
        io::copy(&mut member.take(limits::PROBE_BYTES), &mut io::sink())?;
        Ok(false)
    };
    decoder.for_each_entries(&mut first).is_ok()
}

fn is_encrypted(block: &Block) -> bool {
    block.coders.iter().any(|coder| coder.encoder_method_id() == [0x06, 0xf1, 0x07, 0x01])
}

/// The largest dictionary of a block, as its decoder will hold it in memory.
fn dictionary(block: &Block) -> u64 {
    let of = |coder: &sevenz_rust2::Coder| match (coder.encoder_method_id(), coder.properties()) {
        ([0x21], [bits, ..]) => {
            (2 | u64::from(bits & 1)).checked_shl(u32::from(bits / 2) + 11).unwrap_or(u64::MAX)
        }
        ([3, 1, 1], [_, a, b, c, d, ..]) => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => 0,
    };
    block.coders.iter().map(of).max().unwrap_or(0).min(block.get_unpack_size())
}

/// An archive while its members are added.
struct Opening<'o, 'f> {
    label: &'o str,
    area: Area,
    directory: &'o Directory,
    found: &'o mut Found<'f>,
    depth: usize,
}

impl Opening<'_, '_> {
    /// Adds what a block holds; `None` when nothing more may be added.
    fn block(&mut self, index: usize, password: Option<&Password>) -> Option<()> {
        let block = self.directory.blocks.get(index)?;
        let empty = Password::empty();
        let encrypted = is_encrypted(block) && password.is_none();
        let wide = dictionary(block) > limits::DICTIONARY_BYTES;
        let area = self.area.clone();
        let mut reader = area.reader();
        let decoder =
            BlockDecoder::new(1, index, self.directory, password.unwrap_or(&empty), &mut reader);
        if encrypted || wide {
            let what = if encrypted {
                self.found.locked()
            } else {
                let limit = limits::DICTIONARY_BYTES;
                format!("left out: its dictionary is larger than is held (limit {limit})")
            };
            for entry in decoder.entries().iter().filter(|entry| !entry.is_directory) {
                if self.found.is_full(self.label) {
                    return None;
                }
                if let Some(path) = self.found.member(self.label, &entry.name) {
                    self.found.problem(&path, what.clone());
                }
            }
            return Some(());
        }
        let mut full = false;
        let outcome = decoder.for_each_entries(&mut |entry, member| {
            full = self.found.is_full(self.label);
            Ok(!full && self.member(entry, member))
        });
        if let Err(error) = outcome {
            let what = format!("block {} is damaged: {error}; what follows is lost", index + 1);
            self.found.problem(self.label, what);
        }
        (!full).then_some(())
    }

    /// Adds one member; whether the ones behind it in its block can be reached.
    fn member(&mut self, entry: &ArchiveEntry, member: &mut dyn Read) -> bool {
        if entry.is_directory || entry.is_anti_item {
            return true;
        }
        let Some(path) = self.found.member(self.label, &entry.name) else { return true };
        if entry.windows_attributes >> 16 & 0xf000 == 0xa000 {
            self.found.problem(&path, "a link; links are not followed".into());
            return true;
        }
        let admitted = self.found.admits(&path, entry.size, self.area.len());
        if admitted {
            self.found.add_kept(&path, entry.size, member, self.depth);
        } else {
            // To reach the next one, all of this one would have to be unpacked.
            let what = "what follows this member in its block is left out with it";
            self.found.problem(&path, what.into());
        }
        admitted
    }

    /// Files without content stand in no block.
    fn empty_files(&mut self) {
        let directory = self.directory;
        for (entry, block) in directory.files.iter().zip(&directory.stream_map.file_block_index) {
            if block.is_none() {
                if self.found.is_full(self.label) {
                    return;
                }
                self.member(entry, &mut io::empty());
            }
        }
    }
}
