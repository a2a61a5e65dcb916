//! One chunk: 64 KiB with a header, records, and tables of the names and templates in them.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use super::binxml::{write_element, write_end, write_header};
use super::template::{Body, write_instance};
use super::value::Guid;

/// Size of every chunk.
pub(super) const SIZE: usize = 65_536;
const HEADER_SIZE: usize = 512;
const MAGIC: &[u8; 8] = b"ElfChnk\0";
/// Windows sets bit 0 in the flags of every chunk that it writes.
const FLAGS: u32 = 1;
const STRING_BUCKETS: usize = 64;
const TEMPLATE_BUCKETS: usize = 32;
const RECORD_MAGIC: [u8; 4] = *b"**\0\0";
const RECORD_HEADER_SIZE: usize = 24;

/// A record ready to be written.
pub(super) struct Entry {
    /// The number in the record header.
    pub(super) number: u64,
    /// The time in the record header, as FILETIME.
    pub(super) ticks: u64,
    pub(super) body: Body,
}

/// A chunk being filled. Offsets in it count from its first byte, so `bytes` starts with room
/// for the header.
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) names: Table<String>,
    pub(super) templates: Table<Guid>,
    /// Position in the log of the first record, and how many there are.
    first_ordinal: u64,
    count: u64,
    /// Header numbers of the first and the last record.
    first_number: u64,
    last_number: u64,
    last_record_at: usize,
}

impl Chunk {
    /// An empty chunk whose first record is the `first_ordinal`-th of the log.
    pub(super) fn new(first_ordinal: u64) -> Self {
        Self {
            bytes: vec![0; HEADER_SIZE],
            names: Table::new(STRING_BUCKETS),
            templates: Table::new(TEMPLATE_BUCKETS),
            first_ordinal,
            count: 0,
            first_number: u64::MAX,
            last_number: u64::MAX,
            last_record_at: 0,
        }
    }

    /// How many records the chunk has.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Adds a record; `false`, and nothing changed, if there is no room for it.
    pub(super) fn push(&mut self, entry: &Entry) -> bool {
        let (start, names, templates) = (self.bytes.len(), self.names.len(), self.templates.len());
        self.write_record(entry);
        if self.bytes.len() > SIZE {
            self.bytes.truncate(start);
            self.names.truncate(names);
            self.templates.truncate(templates);
            return false;
        }
        if self.count == 0 {
            self.first_number = entry.number;
        }
        self.count += 1;
        self.last_number = entry.number;
        self.last_record_at = start;
        true
    }

    fn write_record(&mut self, entry: &Entry) {
        let start = self.bytes.len();
        self.bytes.extend(RECORD_MAGIC);
        self.bytes.extend([0; 4]);
        self.bytes.extend(entry.number.to_le_bytes());
        self.bytes.extend(entry.ticks.to_le_bytes());
        write_header(self);
        match &entry.body {
            Body::Instance(instance) => write_instance(self, instance),
            Body::Tokens(element) => write_element(self, element, false),
        }
        write_end(self);
        // The size closes the record again; records start at multiples of 8.
        let size = (self.bytes.len() - start + 4).next_multiple_of(8);
        debug_assert!(size > RECORD_HEADER_SIZE, "a record has a body");
        self.bytes.resize(start + size - 4, 0);
        let size = to_u32(size);
        self.bytes.extend(size.to_le_bytes());
        self.put_u32(start + 4, size);
    }

    /// The whole 64 KiB, with header and checksums.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let free = self.bytes.len();
        let records_crc = crc(&[self.bytes.get(HEADER_SIZE..).unwrap_or_default()]);
        self.bytes.resize(SIZE, 0);
        let last_ordinal = match self.count {
            // As Windows marks a chunk that has no record yet.
            0 => u64::MAX,
            count => self.first_ordinal + count - 1,
        };
        self.put(0, MAGIC);
        self.put(8, &self.first_ordinal.to_le_bytes());
        self.put(16, &last_ordinal.to_le_bytes());
        self.put(24, &self.first_number.to_le_bytes());
        self.put(32, &self.last_number.to_le_bytes());
        self.put_u32(40, 128);
        self.put_u32(44, to_u32(self.last_record_at));
        self.put_u32(48, to_u32(free));
        self.put_u32(52, records_crc);
        self.put_u32(120, FLAGS);
        let heads: Vec<u32> =
            self.names.heads.iter().chain(&self.templates.heads).copied().collect();
        for (slot, head) in heads.into_iter().enumerate() {
            self.put_u32(128 + 4 * slot, head);
        }
        let crc = header_crc(&self.bytes);
        self.put_u32(124, crc);
        self.bytes
    }

    /// Where the next byte goes.
    pub(super) fn position(&self) -> u32 {
        to_u32(self.bytes.len())
    }

    /// Leaves room for a number that is known later, and says where.
    pub(super) fn reserve_u32(&mut self) -> usize {
        self.bytes.extend([0; 4]);
        self.bytes.len() - 4
    }

    /// Writes into the room at `at` how many bytes follow it.
    pub(super) fn fill_size(&mut self, at: usize) {
        self.put_u32(at, to_u32(self.bytes.len() - at - 4));
    }

    fn put_u32(&mut self, at: usize, number: u32) {
        self.put(at, &number.to_le_bytes());
    }

    pub(super) fn put(&mut self, at: usize, new: &[u8]) {
        overwrite(&mut self.bytes, at, new);
    }
}

/// Replaces bytes in place; a range that is not there is left alone.
pub(super) fn overwrite(bytes: &mut [u8], at: usize, new: &[u8]) {
    if let Some(old) = bytes.get_mut(at..at.saturating_add(new.len())) {
        old.copy_from_slice(new);
    }
}

/// Checksum of a chunk's header: without the flags and the checksum itself, with the tables.
pub(super) fn header_crc(chunk: &[u8]) -> u32 {
    let part = |range| chunk.get(range).unwrap_or_default();
    crc(&[part(0..120), part(128..HEADER_SIZE)])
}

/// CRC32 of parts that are not adjacent.
pub(super) fn crc(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

/// Sizes and offsets are far below 4 GiB.
fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The hash table of a chunk's names or templates: each bucket holds the newest offset, and
/// each entry the offset of the one before it.
pub(super) struct Table<K> {
    offsets: HashMap<K, u32>,
    heads: Vec<u32>,
    /// What was added, with its bucket and the head before it, so that it can be taken back.
    added: Vec<(K, usize, u32)>,
}

impl<K: Clone + Eq + Hash> Table<K> {
    fn new(buckets: usize) -> Self {
        Self { offsets: HashMap::new(), heads: vec![0; buckets], added: Vec::new() }
    }

    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        self.offsets.get(key).copied()
    }

    /// Adds an entry and gives the offset of the next one in its bucket, 0 for none.
    pub(super) fn insert(&mut self, key: K, hash: usize, offset: u32) -> u32 {
        let bucket = hash % self.heads.len().max(1);
        let next = self.heads.get(bucket).copied().unwrap_or(0);
        self.set_head(bucket, offset);
        self.offsets.insert(key.clone(), offset);
        self.added.push((key, bucket, next));
        next
    }

    fn len(&self) -> usize {
        self.added.len()
    }

    /// Takes back what was added after the first `len` entries.
    fn truncate(&mut self, len: usize) {
        while self.added.len() > len {
            if let Some((key, bucket, head)) = self.added.pop() {
                self.offsets.remove(&key);
                self.set_head(bucket, head);
            }
        }
    }

    fn set_head(&mut self, bucket: usize, offset: u32) {
        if let Some(head) = self.heads.get_mut(bucket) {
            *head = offset;
        }
    }
}
