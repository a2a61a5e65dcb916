//! `.zst` and `.tar.zst`.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use super::{Archive, Found, stream};
use crate::source::Source;

/// The opener for Zstandard streams.
pub(super) struct Zst;

impl Archive for Zst {
    fn sniff(&self, head: &[u8]) -> bool {
        head.starts_with(b"\x28\xb5\x2f\xfd")
    }

    fn open(&self, source: Source, depth: usize, found: &mut Found<'_>) {
        let decoder =
            |packed| Ok(Box::new(Frames { rest: Some(BufReader::new(packed)), frame: None }) as _);
        stream::open(decoder, &[".zst", ".zstd"], source, depth, found);
    }
}

type Packed = BufReader<Box<dyn Read + Send>>;

/// A file may hold several frames, one after the other: the decoder reads one.
struct Frames {
    rest: Option<Packed>,
    frame: Option<Box<StreamingDecoder<Packed, ruzstd::decoding::FrameDecoder>>>,
}

impl Frames {
    /// Begins the next frame; whether there is one.
    fn next_frame(&mut self) -> io::Result<bool> {
        let Some(mut rest) = self.rest.take() else { return Ok(false) };
        if rest.fill_buf()?.is_empty() {
            return Ok(false);
        }
        // The decoder drops the reader when the header is wrong or a frame to skip, so that is looked at first.
        if let Some(length) = skippable(rest.fill_buf()?) {
            let skipped = io::copy(&mut rest.by_ref().take(length), &mut io::sink())?;
            self.rest = (skipped == length).then_some(rest);
            return Ok(true);
        }
        match StreamingDecoder::new(rest) {
            Ok(frame) => self.frame = Some(Box::new(frame)),
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(
                _,
            ))) => {
                return Err(io::Error::other("something else follows the last Zstandard frame"));
            }
            Err(error) => return Err(io::Error::other(error.to_string())),
        }
        Ok(true)
    }
}

/// The length of a frame that holds no data, with its header.
fn skippable(head: &[u8]) -> Option<u64> {
    let magic = head.get(1..4) == Some(b"\x2a\x4d\x18") && head.first()? & 0xf0 == 0x50;
    let length = u32::from_le_bytes(head.get(4..8)?.try_into().ok()?);
    magic.then_some(u64::from(length) + 8)
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let count = frame.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                let wrong = frame
                    .decoder
                    .get_checksum_from_data()
                    .zip(frame.decoder.get_calculated_checksum())
                    .is_some_and(|(written, found)| written != found);
                self.rest = self.frame.take().map(|frame| frame.into_inner());
                if wrong {
                    return Err(io::Error::other("checksum of the Zstandard frame is wrong"));
                }
            }
            if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}
