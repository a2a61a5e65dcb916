//! ZIP archives, read in place: members are unpacked only while they are read, and never to disk.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use ::zip::{CompressionMethod, ZipArchive};
use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::{Archive, Found, limits};
use crate::source::Content;

/// The opener for ZIP archives.
pub(super) struct Zip;

impl Archive for Zip {
    fn sniff(&self, head: &[u8]) -> bool {
        head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
    }

    fn open(&self, label: &str, content: Box<dyn Content>, depth: usize, found: &mut Found) {
        let bytes = match container(content.as_ref()) {
            Ok(bytes) => bytes,
            Err(what) => return found.problem(label, what),
        };
        if let Err(error) = add_members(label, &bytes, depth, found) {
            found.problem(label, format!("not a readable zip: {error}"));
        }
    }
}

/// A zip needs to be read from its end: a file on disk is opened anew by its path, anything else is held in memory.
#[derive(Clone)]
enum Container {
    File(PathBuf),
    Memory(Arc<[u8]>),
}

trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

impl Container {
    fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(match self {
            Self::File(path) => Box::new(BufReader::new(File::open(path)?)),
            Self::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }
}

fn container(content: &dyn Content) -> Result<Container, String> {
    if let Some(path) = content.path() {
        return Ok(Container::File(path.to_owned()));
    }
    let mut bytes = Vec::new();
    let read = content
        .open()
        .and_then(|reader| reader.take(limits::NESTED_ARCHIVE_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(format!("cannot be unpacked: {error}")),
        Ok(_) if bytes.len() as u64 > limits::NESTED_ARCHIVE_BYTES => Err(format!(
            "left out: an archive inside an archive this large is not read (limit {})",
            limits::NESTED_ARCHIVE_BYTES
        )),
        Ok(_) => Ok(Container::Memory(bytes.into())),
    }
}

fn add_members(
    label: &str,
    container: &Container,
    depth: usize,
    found: &mut Found,
) -> io::Result<()> {
    let mut archive = ZipArchive::new(container.open()?)?;
    for index in 0..archive.len() {
        let member = match archive.by_index_raw(index) {
            Ok(member) if member.is_dir() => continue,
            Ok(member) => member,
            Err(error) => {
                found.problem(&format!("{label}!member {index}"), error.to_string());
                continue;
            }
        };
        let name = member_name(member.name_raw());
        let path = format!("{label}!{name}");
        let Some(start) = member.data_start() else {
            found.problem(&path, "its place in the archive is unknown".into());
            continue;
        };
        if member.encrypted() {
            found.problem(
                &path,
                "it is encrypted; unpack the archive and pass the folder instead".into(),
            );
        } else if name.len() > limits::NAME_BYTES {
            found.leave_out(
                &path.chars().take(200).collect::<String>(),
                "its name is too long",
                limits::NAME_BYTES as u64,
            );
        } else if member.size() > limits::MEMBER_BYTES {
            found.leave_out(&path, "it is larger than is unpacked", limits::MEMBER_BYTES);
        } else {
            let content = Member {
                container: container.clone(),
                start,
                packed: member.compressed_size(),
                size: member.size(),
                method: member.compression(),
                crc: member.crc32(),
            };
            found.add(&path, content.size, Box::new(content), depth);
        }
    }
    Ok(())
}

/// Names are labels only; nothing is ever written to them. Some Windows tools write `\` between folders.
fn member_name(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).replace('\\', "/")
}

/// One member, unpacked anew, as a stream, at every opening: nothing of it has to be kept.
struct Member {
    container: Container,
    start: u64,
    packed: u64,
    size: u64,
    method: CompressionMethod,
    crc: u32,
}

impl Content for Member {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let mut reader = self.container.open()?;
        reader.seek(SeekFrom::Start(self.start))?;
        let packed = reader.take(self.packed);
        let unpacked: Box<dyn Read + Send> = match self.method {
            CompressionMethod::Stored => Box::new(packed),
            CompressionMethod::Deflated => Box::new(DeflateDecoder::new(packed)),
            other => {
                return Err(io::Error::other(format!("compression method {other} is not read")));
            }
        };
        Ok(Box::new(Checked {
            inner: unpacked.take(self.size),
            crc: Crc::new(),
            expected: self.crc,
        }))
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
