//! Names of elements and attributes: stored once a chunk, linked in 64 lists, referred to by offset.
//!
//! `next u32 | hash u16 | characters u16 | UTF-16LE | 00 00`

use super::cursor::{Cursor, index};
use super::{Odd, Sure};

/// Bytes before the character count.
const LINK: usize = 6;

/// Names that mean something to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    ActivityId,
    Binary,
    Channel,
    Computer,
    Correlation,
    Data,
    Event,
    EventData,
    EventId,
    EventRecordId,
    EventSourceName,
    Execution,
    Level,
    Name,
    /// `xmlns` or `xmlns:…`.
    Namespace,
    ProcessId,
    Provider,
    Qualifiers,
    Security,
    System,
    SystemTime,
    TimeCreated,
    UserData,
    UserId,
    /// Any other.
    Other,
}

/// Reads a reference to a name, and over the name if it stands here; gives its offset.
pub(crate) fn reference(cursor: &mut Cursor<'_>) -> Sure<u32> {
    let name = cursor.u32()?;
    if cursor.at() == index(name) {
        cursor.skip(LINK)?;
        let characters = usize::from(cursor.u16()?);
        cursor.skip(characters * 2 + 2)?;
    }
    Ok(name)
}

/// The characters of the name at an offset.
pub(crate) fn units(data: &[u8], name: u32) -> Sure<&[u8]> {
    let mut cursor = Cursor::new(data, index(name).saturating_add(LINK));
    let characters = usize::from(cursor.u16()?);
    let units = cursor.take(characters * 2)?;
    cursor.u16()?;
    Ok(units)
}

/// Names that were asked for in a chunk: its templates share them.
#[derive(Debug)]
pub(crate) struct Names {
    /// Offset and meaning, at a place that the offset tells. No name stands at offset 0.
    asked: [(u32, Known); ASKED],
}

/// Names that are remembered; a chunk has about 30 that all of its templates use.
const ASKED: usize = 256;

impl Default for Names {
    fn default() -> Self {
        Self { asked: [(0, Known::Other); ASKED] }
    }
}

impl Names {
    /// Another chunk begins.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// See [`known`].
    pub(super) fn known(&mut self, data: &[u8], name: u32) -> Sure<Known> {
        // Names are at least 12 bytes long.
        match self.asked.get_mut(index(name / 8) % ASKED) {
            Some((asked, known)) if *asked == name && name != 0 => Ok(*known),
            Some(place) => {
                *place = (name, known(data, name)?);
                Ok(place.1)
            }
            None => known(data, name),
        }
    }
}

/// What a name is. Odd when it is none that XML takes without a doubt, or has a prefix other than `xmlns`.
fn known(data: &[u8], name: u32) -> Sure<Known> {
    let units = units(data, name)?;
    // Most names by far.
    match units {
        b"D\0a\0t\0a\0" => return Ok(Known::Data),
        b"N\0a\0m\0e\0" => return Ok(Known::Name),
        _ => {}
    }
    let units = units.as_chunks::<2>().0;
    let mut letters = [0_u8; 16];
    let mut prefix = None;
    for (place, [low, high]) in units.iter().enumerate() {
        let good = *high == 0
            && match low {
                b'A'..=b'Z' | b'a'..=b'z' | b'_' => true,
                b'0'..=b'9' | b'-' | b'.' => place > 0,
                b':' => prefix.replace(place).is_none() && place + 1 < units.len(),
                _ => false,
            };
        if !good {
            return Err(Odd);
        }
        if let Some(letter) = letters.get_mut(place) {
            *letter = *low;
        }
    }
    if prefix.is_some() {
        return if letters.starts_with(b"xmlns:") { Ok(Known::Namespace) } else { Err(Odd) };
    }
    match letters.get(..units.len()) {
        Some(b"") => Err(Odd),
        Some(letters) => Ok(meaning(letters)),
        None => Ok(Known::Other),
    }
}

fn meaning(name: &[u8]) -> Known {
    match name {
        b"ActivityID" => Known::ActivityId,
        b"Binary" => Known::Binary,
        b"Channel" => Known::Channel,
        b"Computer" => Known::Computer,
        b"Correlation" => Known::Correlation,
        b"Data" => Known::Data,
        b"Event" => Known::Event,
        b"EventData" => Known::EventData,
        b"EventID" => Known::EventId,
        b"EventRecordID" => Known::EventRecordId,
        b"EventSourceName" => Known::EventSourceName,
        b"Execution" => Known::Execution,
        b"Level" => Known::Level,
        b"Name" => Known::Name,
        b"xmlns" => Known::Namespace,
        b"ProcessID" => Known::ProcessId,
        b"Provider" => Known::Provider,
        b"Qualifiers" => Known::Qualifiers,
        b"Security" => Known::Security,
        b"System" => Known::System,
        b"SystemTime" => Known::SystemTime,
        b"TimeCreated" => Known::TimeCreated,
        b"UserData" => Known::UserData,
        b"UserID" => Known::UserId,
        _ => Known::Other,
    }
}

/// Whether the lists of names can be followed to their ends, all names being text. The crate refuses the whole chunk
/// otherwise, and so it is the crate that tells what is wrong.
pub(crate) fn lists_are_sound(data: &[u8], seen: &mut Seen) -> bool {
    let Some(heads) = data.get(128..384) else { return false };
    seen.clear();
    heads.as_chunks::<4>().0.iter().all(|head| {
        let mut next = u32::from_le_bytes(*head);
        // A list that comes back to a name seen before ends there.
        while next != 0 && seen.first_time(next) {
            match entry(data, next) {
                Some(link) => next = link,
                None => return false,
            }
        }
        true
    })
}

/// The link of a name that is text.
fn entry(data: &[u8], name: u32) -> Option<u32> {
    let mut cursor = Cursor::new(data, index(name));
    let next = cursor.u32().ok()?;
    let units = units(data, name).ok()?;
    // High and low surrogates may be pairs; names of real templates have none, and hardly another high byte.
    let (words, rest) = units.as_chunks::<8>();
    let all = words.iter().fold(0, |all, word| all | u64::from_le_bytes(*word));
    let is_surrogate = |[_, high]: &[u8; 2]| high & 0xf8 == 0xd8;
    let odd = all & 0xff00_ff00_ff00_ff00 != 0 && units.as_chunks::<2>().0.iter().any(is_surrogate);
    (!odd && !rest.as_chunks::<2>().0.iter().any(is_surrogate)).then_some(next)
}

/// Offsets in a chunk that were met.
#[derive(Debug)]
pub(crate) struct Seen {
    bits: Vec<u64>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { bits: vec![0; crate::parsers::evtx::CHUNK / 64] }
    }
}

impl Seen {
    fn clear(&mut self) {
        self.bits.fill(0);
    }

    /// Marks an offset. One outside of the chunk is new each time, and unreadable.
    fn first_time(&mut self, offset: u32) -> bool {
        let Some(word) = self.bits.get_mut(index(offset) / 64) else { return true };
        let bit = 1 << (offset % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}
