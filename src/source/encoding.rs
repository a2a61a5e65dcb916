//! Which encoding a text is in. Windows tells it in a byte order mark or not at all.
//!
//! Files met in the field: UTF-16 with and without mark (`>` of PowerShell, `reg export`), UTF-8 with ANSI lines that a
//! component appended (setupact.log), the console's OEM page (`systeminfo > f` and the like), the ANSI page. A file may
//! change in the middle, so 8-bit text is decoded line by line: what is no UTF-8 is in the page that the head looks like.
//! On Chinese, Japanese and Korean systems both pages are the same, of two bytes a letter.

use std::borrow::Cow;

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, IBM866, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251,
    WINDOWS_1252,
};

/// How the bytes of a source become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// Two bytes a letter, with or without a mark.
    Wide(&'static Encoding),
    /// UTF-8 where it is valid, else the page; the other way round where the page has two bytes a letter.
    Narrow(Page),
}

/// A code page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// 850, the console of Western Europe; 437 has the same letters.
    Oem850,
    /// One that `encoding_rs` knows.
    Of(&'static Encoding),
    /// One of two bytes a letter. Its words may be valid UTF-8 by chance, so it is tried first.
    Paired(&'static Encoding),
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
    let lines = || head.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii());
    let odd = || lines().filter(|line| std::str::from_utf8(line).is_err());
    let mostly_odd = odd().count() * 2 >= lines().count();
    if let Some(encoding) = east_asian(lines()).filter(|_| mostly_odd) {
        return Page::Paired(encoding);
    }
    let (mut oem, mut ansi, mut words, mut words_866) = (0, 0, 0, 0);
    for line in odd() {
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
                // Its dashes and other quotation marks stand beside words, not in them.
                0x85 | 0x91 | 0x93..=0x97
                    if [before, after].iter().any(|byte| byte.is_ascii() && !letter(byte)) => {}
                0x80..=0xa5 if letter(before) || letter(after) => oem += 1,
                0xc0.. if letter(before) || letter(after) => ansi += 1,
                _ => {}
            }
        }
    }
    match () {
        () if words > oem + ansi && words_866 * 3 > words => Page::Of(IBM866),
        () if words > oem + ansi => Page::Of(WINDOWS_1251),
        () if oem > 0 && oem >= ansi => Page::Oem850,
        () => Page::Of(WINDOWS_1252),
    }
}

/// The page of two bytes a letter that lines look like: 932, 936, 949, 950. Each has its common letters in a stretch of
/// first bytes, and words of other languages that look the same by chance are short and torn by ASCII letters.
fn east_asian<'l>(lines: impl Iterator<Item = &'l [u8]>) -> Option<&'static Encoding> {
    let mut seen: [Letters; 3] = Default::default();
    let mut runs = (0, 0);
    for line in lines {
        for run in line.split(u8::is_ascii).filter(|run| !run.is_empty()) {
            runs.0 += usize::from(run.len().is_multiple_of(2));
            runs.1 += 1;
        }
        let [high, japanese, big5] = &mut seen;
        high.take(line, |first, second| {
            ((0xa1..=0xf7).contains(&first) && second >= 0xa1).then_some(Kind {
                common: matches!(first, 0xa1..=0xa3 | 0xb0..=0xd7),
                telling: matches!(first, 0xc9..=0xd7),
            })
        });
        japanese.take(line, |first, second| {
            let is_second = matches!(second, 0x40..=0x7e | 0x80..=0xfc);
            (matches!(first, 0x81..=0x9f | 0xe0..=0xfc) && is_second).then_some(Kind {
                common: matches!(first, 0x81..=0x83 | 0x88..=0x97),
                telling: matches!(first, 0x82..=0x83),
            })
        });
        big5.take(line, |first, second| {
            let is_second = matches!(second, 0x40..=0x7e | 0xa1..=0xfe);
            (matches!(first, 0xa1..=0xf9) && is_second)
                .then_some(Kind { common: matches!(first, 0xa1..=0xc6), telling: second < 0x80 })
        });
    }
    let [high, japanese, big5] = seen;
    // Both bytes beyond ASCII, so that nothing of an odd length is among them.
    if high.fit() && runs.0 * 20 >= runs.1 * 19 {
        return Some(if high.telling * 12 > high.pairs { GBK } else { EUC_KR });
    }
    if japanese.fit() && japanese.telling > 0 {
        return Some(SHIFT_JIS);
    }
    (big5.fit() && big5.telling * 8 > big5.pairs).then_some(BIG5)
}

/// What is told of a letter of two bytes.
struct Kind {
    /// One of those in daily use.
    common: bool,
    /// One that sets its page apart from a similar one.
    telling: bool,
}

/// How well lines fit one page of two bytes a letter.
#[derive(Default)]
struct Letters {
    pairs: usize,
    common: usize,
    telling: usize,
    /// Letters next to another one.
    joined: usize,
    /// Bytes that the page has not.
    odd: usize,
}

impl Letters {
    fn take(&mut self, line: &[u8], kind: impl Fn(u8, u8) -> Option<Kind>) {
        let mut rest = line;
        let mut before = false;
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            let pair = after.first().and_then(|second| kind(*first, *second));
            if first.is_ascii() {
                before = false;
            } else if let Some(kind) = pair {
                rest = after.get(1..).unwrap_or_default();
                self.pairs += 1;
                self.common += usize::from(kind.common);
                self.telling += usize::from(kind.telling);
                self.joined += usize::from(before);
                before = true;
            } else if !after.is_empty() {
                // The last byte of the head may be half a letter.
                self.odd += 1;
            }
        }
    }

    fn fit(&self) -> bool {
        self.pairs >= 3
            && self.common * 10 >= self.pairs * 8
            && self.joined * 10 >= self.pairs * 4
            && self.odd * 50 <= self.pairs
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
    /// The encoding of a text that is read as a whole; components write such texts in the ANSI page.
    pub(super) fn of_document(self) -> &'static Encoding {
        match self {
            Self::Of(encoding) | Self::Paired(encoding) => encoding,
            Self::Oem850 => WINDOWS_1252,
        }
    }

    /// One line: UTF-8 when it is valid, else this page.
    pub(super) fn decode(self, line: &[u8]) -> Cow<'_, str> {
        if let Self::Paired(encoding) = self
            && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(line)
        {
            return text;
        }
        match std::str::from_utf8(line) {
            Ok(text) => Cow::Borrowed(text),
            // Cut inside of a letter.
            Err(error) if error.error_len().is_none() => {
                String::from_utf8_lossy(line.get(..error.valid_up_to()).unwrap_or_default())
            }
            Err(_) => match self {
                Self::Of(encoding) | Self::Paired(encoding) => {
                    encoding.decode_without_bom_handling(line).0
                }
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
            // systeminfo, icacls and the like on Japanese, Chinese (PRC), Korean and Chinese (Taiwan) systems.
            (
                b"\x83z\x83X\x83g\x96\xbc:               SRV01\r\n\x88\xea\x8fT\x8a\xd4",
                "ホスト名:               SRV01\r\n一週間",
            ),
            (b"\xd6\xf7\xbb\xfa\xc3\xfb:  SRV01\r\n\xcf\xb5\xcd\xb3", "主机名:  SRV01\r\n系统"),
            (
                b"\xc8\xa3\xbd\xba\xc6\xae \xc0\xcc\xb8\xa7:  SRV01\r\n\xb1\xd7\xb7\xec",
                "호스트 이름:  SRV01\r\n그룹",
            ),
            (
                b"\xa5D\xbe\xf7\xa6W\xba\xd9:  SRV01\r\n\xa7@\xb7~\xa8t\xb2\xce",
                "主機名稱:  SRV01\r\n作業系統",
            ),
            // Words of other languages that could be read as letters of two bytes.
            (
                b"Propri\x82taire, syst\x8ame, d\x82marr\x82, activ\x82",
                "Propriétaire, système, démarré, activé",
            ),
            (b"\xce\xf8\xe8\xe1\xea\xe0: \xd1\xeb\xf3\xe6\xe1\xe0", "Ошибка: Служба"),
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
