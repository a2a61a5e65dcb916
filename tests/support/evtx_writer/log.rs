//! Records in a file: chunks after a 4 KiB header, in memory or streamed.

use std::io::{self, Cursor, Seek, SeekFrom, Write};

use chrono::{DateTime, Utc};

use super::chunk::{self, Chunk, Entry};
use super::damage::Damage;
use super::record::{Layout, Record};
use super::template::{self, Place};
use super::value::{Value, to_ticks};

/// Size of a chunk; the file header is shorter.
pub const CHUNK_SIZE: usize = chunk::SIZE;
/// Size of the file header.
pub const FILE_HEADER_SIZE: usize = 4096;
const MAGIC: &[u8; 8] = b"ElfFile\0";

/// A log to be written: settings that its records share, the records, and what happens to the
/// file afterwards.
#[derive(Debug, Clone)]
pub struct Log {
    settings: Settings,
    records: Vec<Record>,
    oldest_chunk_at: usize,
    damage: Vec<Damage>,
}

#[derive(Debug, Clone)]
struct Settings {
    channel: Option<String>,
    computer: String,
    layout: Option<Layout>,
    first_record_id: u64,
    exported: Option<DateTime<Utc>>,
    minor_version: u16,
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl Log {
    /// An empty log of channel `System` on `HOST1.example.com`.
    pub fn new() -> Self {
        let settings = Settings {
            channel: Some("System".to_owned()),
            computer: "HOST1.example.com".to_owned(),
            layout: None,
            first_record_id: 1,
            exported: None,
            minor_version: 1,
        };
        Self { settings, records: Vec::new(), oldest_chunk_at: 0, damage: Vec::new() }
    }

    /// Channel of the records that name none.
    pub fn channel(mut self, channel: &str) -> Self {
        self.settings.channel = Some(channel.to_owned());
        self
    }

    /// Records that name no channel have none, as in some sample files.
    pub fn no_channel(mut self) -> Self {
        self.settings.channel = None;
        self
    }

    /// Computer of the records that name none.
    pub fn computer(mut self, computer: &str) -> Self {
        self.settings.computer = computer.to_owned();
        self
    }

    /// Layout of the records that name none; without it, each gets its natural one.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.settings.layout = Some(layout);
        self
    }

    /// `EventRecordID` of the first record.
    pub fn first_record_id(mut self, id: u64) -> Self {
        self.settings.first_record_id = id;
        self
    }

    /// A file exported at that time: record headers are numbered from 1 and carry the time of
    /// the export, while `System` keeps what the original log had.
    pub fn exported(mut self, time: DateTime<Utc>) -> Self {
        self.settings.exported = Some(time);
        self
    }

    /// Format version 3.2 (since Windows 10 2004) instead of 3.1.
    pub fn version_3_2(mut self) -> Self {
        self.settings.minor_version = 2;
        self
    }

    /// A log that has wrapped: the oldest chunk stands at this place (modulo the number of
    /// chunks), the newest before it.
    pub fn wrapped(mut self, oldest_chunk_at: usize) -> Self {
        self.oldest_chunk_at = oldest_chunk_at;
        self
    }

    /// Adds a record.
    pub fn record(mut self, record: Record) -> Self {
        self.records.push(record);
        self
    }

    /// Adds records.
    pub fn records(mut self, records: impl IntoIterator<Item = Record>) -> Self {
        self.records.extend(records);
        self
    }

    /// Damages the file after it was written; several damages act in the order given.
    pub fn damage(mut self, damage: Damage) -> Self {
        self.damage.push(damage);
        self
    }

    /// The file.
    ///
    /// # Panics
    /// When a record is larger than a chunk.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.try_to_bytes().expect("every record of a fixture fits in a chunk")
    }

    /// The file, or an error when a record is larger than a chunk.
    pub fn try_to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut writer = Writer::with(Cursor::new(Vec::new()), self.settings.clone())?;
        for record in &self.records {
            writer.push(record)?;
        }
        let mut bytes = writer.finish()?.into_inner();
        rotate(&mut bytes, self.oldest_chunk_at);
        for damage in &self.damage {
            damage.apply(&mut bytes);
        }
        Ok(bytes)
    }

    /// Writes the file, which is made in memory first. For large ones see [`Log::stream`].
    pub fn write_to(&self, mut out: impl Write) -> io::Result<()> {
        out.write_all(&self.try_to_bytes()?)
    }

    /// Starts a file in `out` with these settings and records and leaves it open for more.
    /// Wrapping and damage need the whole file and have no effect here.
    pub fn stream<W: Write + Seek>(&self, out: W) -> io::Result<Writer<W>> {
        let mut writer = Writer::with(out, self.settings.clone())?;
        for record in &self.records {
            writer.push(record)?;
        }
        Ok(writer)
    }
}

/// Writes a log chunk by chunk, holding only one in memory. The file header is written by
/// [`Writer::finish`], so the output must be able to seek.
///
/// ```ignore
/// let mut writer = Log::new().stream(File::create(path)?)?;
/// writer.fill(100 << 20, |number| Record::new("Example", 1).data("Number", number))?;
/// writer.finish()?;
/// ```
pub struct Writer<W> {
    out: W,
    start: u64,
    settings: Settings,
    chunk: Chunk,
    chunks: u64,
    next_ordinal: u64,
    next_record_id: u64,
}

impl<W: Write + Seek> Writer<W> {
    fn with(mut out: W, settings: Settings) -> io::Result<Self> {
        let start = out.stream_position()?;
        out.write_all(&[0; FILE_HEADER_SIZE])?;
        let next_record_id = settings.first_record_id;
        let next_ordinal = if settings.exported.is_some() { 1 } else { next_record_id };
        let chunk = Chunk::new(next_ordinal);
        Ok(Self { out, start, settings, chunk, chunks: 0, next_ordinal, next_record_id })
    }

    /// Adds a record. One that is larger than a chunk is refused and leaves the log as it was.
    pub fn push(&mut self, record: &Record) -> io::Result<()> {
        let record_id = record.record_id.unwrap_or(self.next_record_id);
        let entry = self.entry(record, record_id);
        if !self.chunk.push(&entry) {
            if !Chunk::new(self.next_ordinal).push(&entry) {
                return Err(too_large(record_id));
            }
            self.write_chunk()?;
            self.chunk.push(&entry);
        }
        self.next_record_id = record_id.wrapping_add(1);
        self.next_ordinal += 1;
        Ok(())
    }

    /// Adds the records that `generate` makes of 0, 1, 2, … until the file has reached `size`
    /// bytes (it ends with a whole chunk, so it may be up to 64 KiB larger). Gives their number.
    pub fn fill(&mut self, size: u64, mut generate: impl FnMut(u64) -> Record) -> io::Result<u64> {
        let mut number = 0;
        // The chunk being filled counts: it will be written whole.
        while self.size() < size {
            self.push(&generate(number))?;
            number += 1;
        }
        Ok(number)
    }

    /// The size of the file without the chunk being filled.
    pub fn size(&self) -> u64 {
        FILE_HEADER_SIZE as u64 + self.chunks * CHUNK_SIZE as u64
    }

    /// Writes the last chunk and the file header, and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        if self.chunk.count() > 0 || self.chunks == 0 {
            self.write_chunk()?;
        }
        self.out.seek(SeekFrom::Start(self.start))?;
        let header = file_header(self.chunks, self.next_ordinal, self.settings.minor_version);
        self.out.write_all(&header)?;
        self.out.seek(SeekFrom::End(0))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn entry(&self, record: &Record, record_id: u64) -> Entry {
        let settings = &self.settings;
        let layout = record.layout.or(settings.layout);
        let place = Place {
            record_id,
            channel: record.channel.as_deref().or(settings.channel.as_deref()),
            computer: record.computer.as_deref().unwrap_or(&settings.computer),
            layout: layout.unwrap_or_else(|| record.natural_layout()),
        };
        let number = if settings.exported.is_some() { self.next_ordinal } else { record_id };
        let ticks = record.header_time.or(settings.exported).map(to_ticks);
        Entry {
            number: record.header_number.unwrap_or(number),
            ticks: ticks.unwrap_or_else(|| created(record)),
            body: template::body(record, &place),
        }
    }

    fn write_chunk(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.chunk, Chunk::new(self.next_ordinal));
        self.out.write_all(&full.finish())?;
        self.chunks += 1;
        Ok(())
    }
}

fn created(record: &Record) -> u64 {
    match record.time {
        Value::FileTime(ticks) => ticks,
        Value::SystemTime(time) => to_ticks(time),
        _ => 0,
    }
}

fn too_large(record_id: u64) -> io::Error {
    let message = format!("record {record_id} is larger than a chunk");
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

fn file_header(chunks: u64, next_ordinal: u64, minor_version: u16) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend(0_u64.to_le_bytes());
    header.extend((chunks - 1).to_le_bytes());
    header.extend(next_ordinal.to_le_bytes());
    header.extend(128_u32.to_le_bytes());
    header.extend(minor_version.to_le_bytes());
    header.extend(3_u16.to_le_bytes());
    header.extend(4096_u16.to_le_bytes());
    header.extend(u16::try_from(chunks).unwrap_or(u16::MAX).to_le_bytes());
    header.resize(FILE_HEADER_SIZE, 0);
    seal_file_header(&mut header);
    header
}

/// Renews the checksum of the file header, which ends before the flags.
pub(super) fn seal_file_header(file: &mut [u8]) {
    let crc = chunk::crc(&[file.get(..120).unwrap_or_default()]);
    chunk::overwrite(file, 124, &crc.to_le_bytes());
}

/// Moves the oldest chunk to a later place and says so in the header.
fn rotate(file: &mut [u8], oldest_chunk_at: usize) {
    let Some(chunks) = file.get_mut(FILE_HEADER_SIZE..) else { return };
    let count = (chunks.len() / CHUNK_SIZE).max(1);
    let oldest = oldest_chunk_at % count;
    if oldest == 0 {
        return;
    }
    chunks.rotate_right(oldest * CHUNK_SIZE);
    chunk::overwrite(file, 8, &(oldest as u64).to_le_bytes());
    chunk::overwrite(file, 16, &(oldest as u64 - 1).to_le_bytes());
    seal_file_header(file);
}
