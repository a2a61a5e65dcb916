//! Reports that can be given away: users, hosts, domains, addresses, SIDs and the user's part of paths become pseudonyms,
//! the same for the same name everywhere. They are keyed, so that nobody without the key can try names until one fits.
//!
//! Names are gathered from what a whole bundle says ([`Names`], which watches the analysis) and replaced where it is
//! told ([`Redactor`]): in the analysis before a report is made of it, and in rows. Nothing of our own wording is touched.

mod names;
mod shapes;
mod walk;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use hmac::{Hmac, Mac};
use sha2::Sha256;

pub use self::names::{Kind, Names};

/// The secret that pseudonyms are made with.
pub type Key = [u8; 32];

/// Replaces names.
#[derive(Debug)]
pub struct Redactor {
    key: Key,
    words: Vec<(String, Kind)>,
    search: Option<AhoCorasick>,
    /// What was replaced by what.
    map: Mutex<BTreeMap<String, String>>,
}

impl Redactor {
    /// A redactor for the names that were gathered.
    #[must_use]
    pub fn new(names: Names, key: Key) -> Self {
        let words = names.into_words();
        let search = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(words.iter().map(|(word, _)| word))
            .ok();
        Self { key, words, search, map: Mutex::default() }
    }

    /// Every original that was replaced so far, with its pseudonym.
    #[must_use]
    pub fn map(&self) -> BTreeMap<String, String> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Text from a log without the names in it.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for shape in shapes::find(text) {
            self.words_of(text.get(done..shape.start).unwrap_or_default(), &mut out);
            out.push_str(&self.shape(&shape));
            done = shape.end;
        }
        self.words_of(text.get(done..).unwrap_or_default(), &mut out);
        out
    }

    /// The value of a field, which may be a name by what the field is called.
    #[must_use]
    pub fn field(&self, name: &str, value: &str) -> String {
        if shapes::is_binary(value) {
            return "(binary, redacted)".to_owned();
        }
        match names::kind_of_field(name) {
            Some(kind) if names::is_plain(value) => self.name(kind, value),
            _ => self.text(value),
        }
    }

    /// A name of a known kind, whole: a user with or without domain, a host with or without suffix.
    #[must_use]
    pub fn name(&self, kind: Kind, value: &str) -> String {
        let value = value.trim();
        if let Some((domain, user)) = value.split_once('\\') {
            return format!("{}\\{}", self.name(Kind::Domain, domain), self.name(Kind::User, user));
        }
        if value.parse::<IpAddr>().is_ok() || value.contains([' ', '@', '/', ':', '=', ',']) {
            return self.text(value);
        }
        let first = value.split('.').next().unwrap_or_default();
        // Some records write the name of a computer where a user's stands.
        let kind = if first.len() < value.len() && self.kind_of(first) == Some(Kind::Host) {
            Kind::Host
        } else {
            kind
        };
        match (kind, value.split_once('.')) {
            (Kind::Host, Some((host, domain))) => {
                format!("{}.{}", self.name(Kind::Host, host), self.name(Kind::Domain, domain))
            }
            (Kind::Domain, Some((first, _))) => {
                format!("{}.example", self.name(Kind::Domain, first))
            }
            (kind, _) => self.pseudonym(kind, value),
        }
    }

    fn pseudonym(&self, kind: Kind, name: &str) -> String {
        if names::is_common(name) {
            return name.to_owned();
        }
        // A name has one pseudonym, whatever it is taken for in another place.
        let lower = name.to_lowercase();
        let kind = self.kind_of(name).unwrap_or(kind);
        let [a, b, c, d, ..] = self.digest(&lower);
        let new = format!("{}-{a:02x}{b:02x}{c:02x}{d:02x}", kind.word());
        self.note(name, &new);
        new
    }

    fn kind_of(&self, name: &str) -> Option<Kind> {
        let lower = name.to_lowercase();
        let at = self.words.binary_search_by(|(word, _)| word.as_str().cmp(&lower)).ok()?;
        self.words.get(at).map(|(_, kind)| *kind)
    }

    fn digest(&self, text: &str) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return [0; 32] };
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn note(&self, old: &str, new: &str) {
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        map.entry(old.to_owned()).or_insert_with(|| new.to_owned());
    }

    /// Replaces known names that stand as words of their own.
    fn words_of(&self, text: &str, out: &mut String) {
        let Some(search) = &self.search else { return out.push_str(text) };
        let mut done = 0;
        for found in search.find_iter(text) {
            let before = text.get(..found.start()).and_then(|text| text.chars().next_back());
            let after = text.get(found.end()..).and_then(|text| text.chars().next());
            if [before, after].into_iter().flatten().any(char::is_alphanumeric) {
                continue;
            }
            let Some((_, kind)) = self.words.get(found.pattern().as_usize()) else { continue };
            out.push_str(text.get(done..found.start()).unwrap_or_default());
            out.push_str(&self.pseudonym(*kind, text.get(found.range()).unwrap_or_default()));
            done = found.end();
        }
        out.push_str(text.get(done..).unwrap_or_default());
    }

    fn shape(&self, shape: &shapes::Shape<'_>) -> String {
        use shapes::What;
        match shape.what {
            What::Address(address) => self.address(address, shape.text),
            What::Sid => self.sid(shape.text),
            What::Profile { before, name, after } => {
                format!("{before}{}{after}", self.pseudonym(Kind::User, name))
            }
            What::Share { before, host, after } => {
                format!("{before}{}{after}", self.name(Kind::Host, host))
            }
            What::Mail { user, domain } => {
                format!("{}@{}", self.name(Kind::User, user), self.name(Kind::Domain, domain))
            }
        }
    }

    /// An address that is nobody's: 240.0.0.0/4 and 2001:db8::/32 are reserved.
    fn address(&self, address: IpAddr, text: &str) -> String {
        if address.is_loopback() || address.is_unspecified() {
            return text.to_owned();
        }
        let [a, b, c, d, e, f, g, h, ..] = self.digest(&address.to_canonical().to_string());
        let new = match address.to_canonical() {
            IpAddr::V4(_) => Ipv4Addr::new(240 | (a & 0xf), b, c, d).to_string(),
            IpAddr::V6(_) => {
                let part = |high, low| u16::from_be_bytes([high, low]);
                let all = [0x2001, 0xdb8, 0, 0, part(a, b), part(c, d), part(e, f), part(g, h)];
                Ipv6Addr::from(all).to_string()
            }
        };
        self.note(text, &new);
        new
    }

    /// The same kind of SID; the numbers that every installation has (500, 513, …) stay, for they tell a role.
    fn sid(&self, sid: &str) -> String {
        let mut parts = sid.split('-').skip(4);
        let machine = [parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default);
        let number = |text: &str, offset: usize| {
            let digest = self.digest(text);
            let bytes = digest.get(offset..).and_then(|rest| rest.first_chunk::<4>());
            u32::from_be_bytes(bytes.copied().unwrap_or_default())
        };
        let joined = machine.join("-");
        let mut new = format!(
            "S-1-5-21-{}-{}-{}",
            number(&joined, 0),
            number(&joined, 4),
            number(&joined, 8)
        );
        if let Some(rid) = parts.next() {
            let small = rid.parse::<u32>().is_ok_and(|rid| rid < 1000);
            let rid = if small { rid.to_owned() } else { (number(sid, 0) | 1000).to_string() };
            new = format!("{new}-{rid}");
        }
        self.note(sid, &new);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        let names = Names::default();
        names.add(Kind::Host, "FS01.lab.acme.com");
        names.add(Kind::User, "ACME\\jane.roe");
        Redactor::new(names, [7; 32])
    }

    #[test]
    fn a_name_is_replaced_wherever_it_stands_and_always_by_the_same() {
        let redactor = redactor();
        let host = redactor.name(Kind::Host, "fs01");
        for text in [
            "FS01",
            "on fs01, it",
            "\\\\FS01\\share",
            "FS01.lab.acme.com",
            "TERMSRV/fs01",
            "FS01_System.evtx",
        ] {
            let clean = redactor.text(text);
            assert!(clean.contains(&host), "{text}: {clean}");
            assert!(!clean.to_lowercase().contains("fs01") && !clean.contains("acme"), "{clean}");
        }
        assert_eq!(
            redactor.text("fs012 and xfs01"),
            "fs012 and xfs01",
            "parts of words are no names"
        );
    }

    #[test]
    fn paths_addresses_and_sids_lose_their_owner_and_keep_their_shape() {
        let redactor = redactor();
        let path = redactor.text("C:\\Users\\Jane Roe\\AppData and C:\\Users\\Administrator x=1");
        assert!(path.starts_with("C:\\Users\\user-") && path.contains("\\AppData and "), "{path}");
        assert!(path.ends_with("C:\\Users\\Administrator x=1"), "{path}");
        assert!(
            redactor.text("192.0.2.7").parse::<Ipv4Addr>().is_ok_and(|new| new.octets()[0] >= 240)
        );
        assert!(redactor.text("fe80::1").starts_with("2001:db8:"));
        assert_eq!(redactor.text("127.0.0.1"), "127.0.0.1");
        let sid = redactor.text("S-1-5-21-1-2-3-500");
        assert!(sid.ends_with("-500") && !sid.contains("-21-1-2-3"), "{sid}");
        assert_eq!(redactor.text("S-1-5-18 at 08:15:03"), "S-1-5-18 at 08:15:03");
    }

    #[test]
    fn bytes_in_hex_are_not_told() {
        assert_eq!(redactor().field("Binary", "530052005600300031000000"), "(binary, redacted)");
        assert_eq!(redactor().field("ErrorCode", "0x8009030d"), "0x8009030d");
    }
}
