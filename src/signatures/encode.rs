//! Sigma's modifiers that look for a text as it stands inside encoded data: UTF-16 and Base64.

/// What a value is turned into before it is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Encoding {
    /// `wide`, `utf16le`: UTF-16, little endian.
    Utf16Le,
    /// `utf16be`.
    Utf16Be,
    /// `utf16`: little endian with its mark.
    Utf16,
    /// `base64`.
    Base64,
    /// `base64offset`: at any place inside Base64 of something longer.
    Base64Offset,
}

impl Encoding {
    pub(super) fn of(modifier: &str) -> Option<Self> {
        Some(match modifier {
            "wide" | "utf16le" => Self::Utf16Le,
            "utf16be" => Self::Utf16Be,
            "utf16" => Self::Utf16,
            "base64" => Self::Base64,
            "base64offset" => Self::Base64Offset,
            _ => return None,
        })
    }
}

/// The forms a text can have after these encodings, in their order.
pub(super) fn encoded(text: &str, encodings: &[Encoding]) -> Vec<String> {
    let mut forms = vec![text.as_bytes().to_vec()];
    for encoding in encodings {
        forms = forms.iter().flat_map(|form| encode(form, *encoding)).collect();
    }
    forms.iter().map(|form| String::from_utf8_lossy(form).into_owned()).collect()
}

fn encode(bytes: &[u8], encoding: Encoding) -> Vec<Vec<u8>> {
    let units = || String::from_utf8_lossy(bytes).encode_utf16().collect::<Vec<_>>();
    let little = |units: Vec<u16>| units.into_iter().flat_map(u16::to_le_bytes).collect();
    vec![match encoding {
        Encoding::Utf16Le => little(units()),
        Encoding::Utf16 => little([vec![0xfeff], units()].concat()),
        Encoding::Utf16Be => units().into_iter().flat_map(u16::to_be_bytes).collect(),
        Encoding::Base64 => base64(bytes),
        Encoding::Base64Offset => return (0..3).map(|offset| inside(bytes, offset)).collect(),
    }]
}

/// The letters of Base64 that depend on `bytes` alone when `offset` bytes of something else stand before them.
fn inside(bytes: &[u8], offset: usize) -> Vec<u8> {
    let all = base64(&[&vec![b' '; offset], bytes].concat());
    let start = [0, 2, 3].get(offset).copied().unwrap_or_default();
    let unsure = [0, 3, 2].get((bytes.len() + offset) % 3).copied().unwrap_or_default();
    all.get(start..all.len().saturating_sub(unsure)).unwrap_or_default().to_vec()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| LETTERS.get((bits & 63) as usize).copied().unwrap_or(b'=');
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let letters = [letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), letter(bits)];
        text.extend(letters.iter().take(group.len() + 1));
        text.extend(std::iter::repeat_n(b'=', 3 - group.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), text.as_bytes());
        }
        assert_eq!(encoded("A", &[Encoding::Utf16Le, Encoding::Base64]), ["QQA="]);
        assert_eq!(encoded("A", &[Encoding::Utf16, Encoding::Base64]), ["//5BAA=="]);
    }

    #[test]
    fn an_offset_value_is_found_wherever_it_stands() {
        let forms = encoded("secret", &[Encoding::Base64Offset]);
        for before in ["", "x", "xy", "xyz"] {
            let whole = base64(format!("{before}secret and more").as_bytes());
            let whole = String::from_utf8(whole).unwrap();
            assert!(forms.iter().any(|form| whole.contains(form)), "{before}: {whole} {forms:?}");
        }
    }
}
