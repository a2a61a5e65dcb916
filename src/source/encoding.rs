//! Which encoding a text is in. Windows tells it in a byte order mark or not at all.
//!
//! Files met in the field: UTF-16 with and without mark (`>` of PowerShell, `reg export`), UTF-8 with ANSI lines that a
//! component appended (setupact.log), the console's OEM page (`systeminfo > f` and the like), the ANSI page. A file may
//! change in the middle, so 8-bit text is decoded line by line: what is no UTF-8 is in the page that the head looks like.

use std::borrow::Cow;

use encoding_rs::{Encoding, IBM866, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252};

/// How the bytes of a source become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// Two bytes a letter, with or without a mark.
    Wide(&'static Encoding),
    /// UTF-8 where it is valid, else the page.
    Narrow(Page),
}

/// A code page of one byte a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// 850, the console of Western Europe; 437 has the same letters.
    Oem850,
    /// One that `encoding_rs` knows.
    Of(&'static Encoding),
}

/// The encoding of a text by its first bytes, and the length of its byte order mark.
pub(super) fn sniff(head: &[u8]) -> (Charset, usize) {
    match Encoding::for_bom(head) {
        Some((encoding, mark)) if encoding == UTF_8 => {
            return (Charset::Narrow(page(head)), mark);
        }
        Some((encoding, mark)) => return (Charset::Wide(encoding), mark),
        None => {}
    }
    let nul_at =
        |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (nul_at(0), nul_at(1));
    // Padding of zeroes has as many at even places as at odd ones.
    let wide = |many: usize, few: usize| head.len() >= 4 && many > head.len() / 6 && few < many / 4;
    if wide(odd, even) {
        return (Charset::Wide(UTF_16LE), 0);
    }
    if wide(even, odd) {
        return (Charset::Wide(UTF_16BE), 0);
    }
    (Charset::Narrow(page(head)), 0)
}

/// The page that the lines which are no UTF-8 look like.
fn page(head: &[u8]) -> Page {
    let (mut oem, mut ansi, mut words, mut words_866) = (0, 0, 0, 0);
    for line in head.split(|byte| *byte == b'\n').filter(|line| std::str::from_utf8(line).is_err())
    {
        for neighbours in line.windows(3) {
            let [before, byte, after] = neighbours else { continue };
            let letter = |byte: &u8| byte.is_ascii_alphabetic();
            match byte {
                // Only Cyrillic words have three letters beyond ASCII in a row.
                0x80.. if *before >= 0x80 && *after >= 0x80 => {
                    words += 1;
                    words_866 += usize::from((0x80..0xb0).contains(byte));
                }
                // 0x92 is the apostrophe of the ANSI page, and stands between letters, too.
                0x92 => {}
                0x80..=0xa5 if letter(before) || letter(after) => oem += 1,
                0xc0.. if letter(before) || letter(after) => ansi += 1,
                _ => {}
            }
        }
    }
    match () {
        () if words > oem + ansi && words_866 * 3 > words => Page::Of(IBM866),
        () if words > oem + ansi => Page::Of(WINDOWS_1251),
        () if oem > ansi => Page::Oem850,
        () => Page::Of(WINDOWS_1252),
    }
}

impl Charset {
    /// A whole text; only for the head of a source.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Wide(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Narrow(page) => bytes
                .split_inclusive(|byte| *byte == b'\n')
                .map(|line| page.decode(line))
                .collect::<Vec<_>>()
                .concat(),
        }
    }
}

impl Page {
    /// One line: UTF-8 when it is valid, else this page.
    pub(super) fn decode(self, line: &[u8]) -> Cow<'_, str> {
        match std::str::from_utf8(line) {
            Ok(text) => Cow::Borrowed(text),
            // Cut inside of a letter.
            Err(error) if error.error_len().is_none() => {
                String::from_utf8_lossy(line.get(..error.valid_up_to()).unwrap_or_default())
            }
            Err(_) => match self {
                Self::Of(encoding) => encoding.decode_without_bom_handling(line).0,
                Self::Oem850 => Cow::Owned(line.iter().map(|byte| oem850(*byte)).collect()),
            },
        }
    }
}

/// Code page 850 above ASCII; https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/PC/CP850.TXT
const OEM_850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤\
                       ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

fn oem850(byte: u8) -> char {
    match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(index) => OEM_850.chars().nth(usize::from(index)).unwrap_or('\u{fffd}'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_console_has_a_letter_for_each_byte() {
        assert_eq!(OEM_850.chars().count(), 128);
        assert_eq!((oem850(0x81), oem850(0xe1), oem850(0xff)), ('ü', 'ß', '\u{a0}'));
    }

    #[test]
    fn each_page_is_told_by_its_letters() {
        for (bytes, text) in [
            (
                b"Urspr\x81ngliches, verf\x81gbar, gr\x94\xe1er".as_slice(),
                "Ursprüngliches, verfügbar, größer",
            ),
            (b"Urspr\xfcngliches, can\x92t", "Ursprüngliches, can\u{2019}t"),
            (b"\x8a\xae\xac\xaf\xec\xee\xe2\xa5\xe0", "Компьютер"),
            (b"\xca\xee\xec\xef\xfc\xfe\xf2\xe5\xf0", "Компьютер"),
            ("größer".as_bytes(), "größer"),
        ] {
            let (charset, _) = sniff(bytes);
            assert_eq!(charset.decode(bytes), text);
        }
    }

    #[test]
    fn zeroes_of_a_crash_are_no_wide_letters() {
        let padded = [b"2026-11-17 03:05:11, Info\r\n".as_slice(), &[0; 4096]].concat();
        assert!(matches!(sniff(&padded).0, Charset::Narrow(_)));
    }
}
