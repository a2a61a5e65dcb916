//! The file header: what the log says of itself.

/// First bytes of a log.
pub(super) const MAGIC: &[u8] = b"ElfFile\0";

/// Size of the header block.
pub(super) const BYTES: usize = 4096;

/// The fields that tell whether something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileHeader {
    /// Number of chunks the file was made for.
    pub(super) chunks: u16,
    /// Flag bit 0: the log was not closed; its header may be older than its chunks.
    pub(super) dirty: bool,
    /// Whether the header's own checksum fits.
    pub(super) checksum_ok: bool,
}

impl FileHeader {
    /// Reads the header; `None` when it is none.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(MAGIC) {
            return None;
        }
        let chunks = u16::from_le_bytes(array(bytes, 42)?);
        let flags = u32::from_le_bytes(array(bytes, 120)?);
        let stored = u32::from_le_bytes(array(bytes, 124)?);
        let checksum_ok = bytes.get(..120).is_some_and(|part| checksum(&[part]) == stored);
        Some(Self { chunks, dirty: flags & 1 != 0, checksum_ok })
    }
}

/// `N` bytes at an offset.
pub(super) fn array<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

/// CRC-32 (IEEE) over several parts, as headers and chunks use it.
pub(super) fn checksum(parts: &[&[u8]]) -> u32 {
    // Every byte of every log passes here; this crate does several at a time.
    let mut crc = crc32fast::Hasher::new();
    parts.iter().for_each(|part| crc.update(part));
    crc.finalize()
}
