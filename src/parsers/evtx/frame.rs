//! The frame around a record: `** 00 00`, its size, its number, when it was written; and the size again at its end.

use super::binxml::cursor::index;
use super::header::array;

const RECORD_MAGIC: &[u8] = b"**\0\0";
const RECORD_HEADER: usize = 24;
/// Header, and the copy of the size at the end.
const RECORD_FRAME: usize = RECORD_HEADER + 4;
/// The crate refuses a record written after 9999-12-30T22:00.
const LAST_WRITTEN: u64 = 2_650_466_808_000_000_000;

/// A record's frame.
pub(super) struct Frame {
    pub(super) number: u64,
    /// Offset of what is in it.
    pub(super) content: usize,
    pub(super) end: usize,
}

/// The record that begins at an offset, when its frame is whole.
pub(super) fn frame(data: &[u8], at: usize) -> Option<Frame> {
    let head = data.get(at..at + RECORD_HEADER)?;
    if !head.starts_with(RECORD_MAGIC) {
        return None;
    }
    let size = index(u32::from_le_bytes(array(head, 4)?));
    let number = u64::from_le_bytes(array(head, 8)?);
    let written = u64::from_le_bytes(array(head, 16)?);
    let end = at.checked_add(size)?;
    let fits = size >= RECORD_FRAME && end <= data.len() && written < LAST_WRITTEN;
    fits.then_some(Frame { number, content: at + RECORD_HEADER, end })
}

/// Whether the free space begins here, before the header says so: zeroes, and no record behind them.
pub(super) fn is_blank(data: &[u8], at: usize, live_end: usize) -> Option<bool> {
    let zeroes = data.get(at..at + 4).is_none_or(|magic| magic == [0; 4]);
    let cut = at + RECORD_HEADER > data.len();
    let last = index(u32::from_le_bytes(array(data, 44)?)).saturating_add(4).min(live_end);
    let rest = data.get(at + 1..last).unwrap_or_default();
    let magic = || rest.windows(RECORD_MAGIC.len()).any(|window| window == RECORD_MAGIC);
    Some((zeroes || cut) && !(rest.contains(&b'*') && magic()))
}
