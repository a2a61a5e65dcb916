//! Certificates and their keys, as `certutil -store` and `certutil -verifystore` list them.
//!
//! ```text
//! Remote Desktop "Remote Desktop"
//! ================ Certificate 0 ================
//! Issuer: CN=SRV01.example.com
//!  NotBefore: 5/18/2026 3:30 PM
//!  NotAfter: 11/17/2026 3:30 PM
//! Subject: CN=SRV01.example.com
//! Cert Hash(sha1): 82ad1e0c20a332c8d6adac3e5ea243204b85d3a7
//!   Key Container = TSSecKeySet1
//! Encryption test passed
//! ```
//!
//! Labels are translated and in the code page of the console. What holds in every language are the rulers, `(sha1)`, the
//! one blank before the two dates, the two before `name = value`, and the order. The dates are local and in the format of
//! the user; they are kept as written, with the day beside them where day and month can be told apart.

mod certificate;

use self::certificate::Certificate;
use super::dates::{self, Order, Reading};
use super::{Parser, Sink, damage};
use crate::bundle::limits;
use crate::event::{Event, Timestamp};
use crate::notice::Notice;
use crate::source::Source;

/// Listings of certificate stores.
pub struct Certutil;

impl Parser for Certutil {
    fn format(&self) -> &'static str {
        "certutil"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let has = |fits: fn(&str) -> bool| text.lines().any(|line| fits(line.trim_end()));
        let with_hash = has(|line| certificate::hash(line).is_some());
        with_hash && (has(is_ruler) || has(is_retold)) || has(is_end)
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let mut stores = Vec::new();
        for (number, line) in lines.by_ref() {
            if !read(&mut stores, number, line.trim_end(), source, sink) {
                break;
            }
        }
        damage::report(&lines, source, sink);
        let certificates = || stores.iter().flat_map(|store: &Store| &store.certificates);
        let order =
            Order::of(certificates().flat_map(|found| [&*found.not_before, &*found.not_after]));
        for store in &stores {
            store.events(order, source).into_iter().for_each(|event| sink.event(event));
        }
    }
}

/// `================ Certificate 0 ================`.
fn is_ruler(line: &str) -> bool {
    line.starts_with("======") && line.ends_with("======") && line.contains(' ')
}

/// `Remote Desktop store: one certificate, Cert Hash(sha1): …`, as people sum a listing up.
fn is_retold(line: &str) -> bool {
    retold(line).is_some()
}

fn retold(line: &str) -> Option<(&str, String)> {
    let (store, _) = line.split_once(" store")?;
    let name = match store.trim() {
        "Remote Desktop" => "Remote Desktop",
        "My" | "Personal" => "My",
        _ => return None,
    };
    Some((name, certificate::hash(line)?))
}

/// `CertUtil: -store command completed successfully.`, or `… FAILED: 0x80090011 (…)`.
fn is_end(line: &str) -> bool {
    line.starts_with("CertUtil: -store") || line.starts_with("CertUtil: -verifystore")
}

/// `My "Personal"`: the store by its own name, and by the one people see, where it has one.
fn store_name(line: &str) -> Option<&str> {
    if matches!(line, "Remote Desktop" | "My" | "my" | "MY") {
        return Some(line);
    }
    let (name, shown) = line.strip_suffix('"')?.split_once(" \"")?;
    let plain = |text: &str| !text.is_empty() && !text.contains(['"', '>', '=', ':', '\\']);
    (plain(name) && plain(shown) && !name.starts_with([' ', '-'])).then_some(name)
}

/// One store, as one command lists it.
struct Store {
    line: u64,
    name: String,
    certificates: Vec<Certificate>,
    /// How the command ended: nothing, or a code.
    end: Option<Option<String>>,
}

/// Takes one line; `false` when there are too many certificates.
fn read(
    stores: &mut Vec<Store>,
    number: u64,
    line: &str,
    source: &Source,
    sink: &mut dyn Sink,
) -> bool {
    let open = |stores: &mut Vec<Store>, name: &str| {
        let (name, certificates) = (name.to_owned(), Vec::new());
        stores.push(Store { line: number, name, certificates, end: None });
    };
    if let Some(name) = store_name(line) {
        open(stores, name);
        return true;
    }
    if let Some((name, hash)) = retold(line) {
        open(stores, name);
        let certificate = Certificate { hash, ..Certificate::new(number) };
        stores
            .last_mut()
            .into_iter()
            .for_each(|store| store.certificates.push(certificate.clone()));
        return true;
    }
    let between = stores.last().is_none_or(|store| store.end.is_some());
    if (is_ruler(line) || is_end(line)) && between {
        open(stores, "");
    }
    let Some(store) = stores.last_mut() else { return true };
    if is_end(line) {
        store.end = Some(certificate::code(line));
    } else if is_ruler(line) {
        if store.certificates.len() >= limits::CERTIFICATES {
            let what = format!("lists more than {} certificates", limits::CERTIFICATES);
            sink.notice(Notice::new(source.id, format!("line {number}"), what).losing("the rest"));
            return false;
        }
        store.certificates.push(Certificate::new(number));
    } else if let Some(certificate) = store.certificates.last_mut() {
        certificate.take(line);
    }
    true
}

impl Store {
    fn events(&self, order: Order, source: &Source) -> Vec<Event> {
        let mut events: Vec<_> = self
            .certificates
            .iter()
            // People leave lines out, as with `findstr`; a ruler alone is nothing.
            .filter(|certificate| !certificate.hash.is_empty() || !certificate.subject.is_empty())
            .map(|certificate| self.event(certificate, order, source))
            .collect();
        // An empty store is a finding too; one whose listing broke off is not.
        if let Some(code) = self.end.as_ref().filter(|_| self.certificates.is_empty()) {
            let mut event = Event::text("certutil", Timestamp::Undated, source.line(self.line))
                .with("Store", &self.name)
                .with("Certificates", "0");
            if let Some(code) = code {
                event = event.with("Code", code);
            }
            events.push(event);
        }
        events
    }

    fn event(&self, found: &Certificate, order: Order, source: &Source) -> Event {
        let mut event = Event::text("certutil", Timestamp::Undated, source.line(found.line));
        let days =
            [&found.not_before, &found.not_after].map(|date| match dates::read(date, order) {
                Reading::Day(day) => day.to_string(),
                _ => String::new(),
            });
        let [first_day, last_day] = days;
        let archived = if found.archived { "true" } else { "" };
        for (name, value) in [
            ("Store", self.name.as_str()),
            ("Subject", &found.subject),
            ("Issuer", &found.issuer),
            ("NotBefore", &found.not_before),
            ("NotBeforeDay", &first_day),
            ("NotAfter", &found.not_after),
            ("NotAfterDay", &last_day),
            ("Hash", &found.hash),
            ("KeyContainer", &found.container),
            ("KeyTest", found.key_test),
            ("Archived", archived),
        ] {
            if !value.is_empty() {
                event = event.with(name, value);
            }
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn summed_up_by_people() {
        let text = "Remote Desktop store: one certificate, Cert Hash(sha1): a0168513fd57577ecc0204f01441a3bd5401ada7\n";
        let found = parse(&Certutil, text);
        assert!(
            found.contains("Store=\"Remote Desktop\"") && found.contains("a0168513fd57"),
            "{found}"
        );
        assert!(
            !Certutil
                .sniff(&source("the store sold a0168513fd57577ecc0204f01441a3bd5401ada7 apples"))
        );
    }

    #[test]
    fn two_stores_one_after_the_other() {
        let text = "Remote Desktop \"Remote Desktop\"\r\n================ Certificate 0 ================\r\n\
            Serial Number: 1a2b\r\nIssuer: CN=SRV01.example.com\r\n NotBefore: 5/18/2026 3:30 PM\r\n \
            NotAfter: 11/17/2026 3:30 PM\r\nSubject: CN=SRV01.example.com\r\nSignature matches Public Key\r\n\
            Root Certificate: Subject matches Issuer\r\nCert Hash(sha1): 82ad1e0c20a332c8d6adac3e5ea243204b85d3a7\r\n  \
            Key Container = TSSecKeySet1\r\n  Unique container name: f686aace6942fb7f7ceb231212eef4a4_7989\r\n  \
            Provider = Microsoft Enhanced Cryptographic Provider v1.0\r\nPrivate key is NOT exportable\r\n\
            Encryption test passed\r\nCertUtil: -store command completed successfully.\r\n\
            My \"Personal\"\r\n================ Certificate 0 ================\r\nArchived!\r\nIssuer: CN=CA, DC=example\r\n \
            NotBefore: 1/2/2026 3:30 PM\r\n NotAfter: 1/2/2027 3:30 PM\r\nSubject: CN=SRV01\r\n\
            Cert Hash(sha1): 82 ad 1e 0c 20 a3 32 c8 d6 ad ac 3e 5e a2 43 20 4b 85 d3 a8\r\nMissing stored keyset\r\n\
            CertUtil: -store command completed successfully.\r\n";
        insta::assert_snapshot!(parse(&Certutil, text), @r#"
        line 2: undated, certutil Store="Remote Desktop" Subject="CN=SRV01.example.com" Issuer="CN=SRV01.example.com" NotBefore="5/18/2026 3:30 PM" NotBeforeDay="2026-05-18" NotAfter="11/17/2026 3:30 PM" NotAfterDay="2026-11-17" Hash="82ad1e0c20a332c8d6adac3e5ea243204b85d3a7" KeyContainer="f686aace6942fb7f7ceb231212eef4a4_7989" KeyTest="passed"
        line 18: undated, certutil Store="My" Subject="CN=SRV01" Issuer="CN=CA, DC=example" NotBefore="1/2/2026 3:30 PM" NotBeforeDay="2026-01-02" NotAfter="1/2/2027 3:30 PM" NotAfterDay="2027-01-02" Hash="82ad1e0c20a332c8d6adac3e5ea243204b85d3a8" KeyTest="missing" Archived="true"
        "#);
    }

    #[test]
    fn a_german_listing_in_the_code_page_of_the_console() {
        let text = b"Remote Desktop \"Remotedesktop\"\r\n================ Zertifikat 0 ================\r\n\
            Seriennummer: 1a2b\r\nAussteller: CN=SRV01\r\n Nicht vor: 18.05.2026 15:30\r\n Nicht nach: 17.11.2026 15:30\r\n\
            Antragsteller: CN=SRV01\r\nZertifikathash(sha1): 82ad1e0c20a332c8d6adac3e5ea243204b85d3a7\r\n  \
            Schl\x81sselcontainer = TSSecKeySet1\r\n  Anbieter = Microsoft Software Key Storage Provider\r\n\
            CertUtil: -store-Befehl ist fehlgeschlagen: 0x80090010 (-2146893808 NTE_PERM)\r\n";
        insta::assert_snapshot!(parse(&Certutil, text), @r#"line 2: undated, certutil Store="Remote Desktop" Subject="CN=SRV01" Issuer="CN=SRV01" NotBefore="18.05.2026 15:30" NotBeforeDay="2026-05-18" NotAfter="17.11.2026 15:30" NotAfterDay="2026-11-17" Hash="82ad1e0c20a332c8d6adac3e5ea243204b85d3a7" KeyContainer="TSSecKeySet1""#);
    }

    #[test]
    fn a_set_of_keys_that_is_not_there_in_other_languages() {
        for words in [
            "Gespeicherter Schl\u{fc}sselsatz fehlt",
            "Jeu de cl\u{e9}s stock\u{e9} manquant",
            "Falta el conjunto de claves almacenado",
        ] {
            let text = format!(
                "Remote Desktop \"Remotedesktop\"\n================ Zertifikat 0 ================\nSeriennummer: 1a2b\n\
                 Aussteller: CN=SRV01\nAntragsteller: CN=SRV01\n\
                 Zertifikathash(sha1): 82ad1e0c20a332c8d6adac3e5ea243204b85d3a7\n  Anbieter = X\n{words}\n"
            );
            assert!(parse(&Certutil, text).contains("KeyTest=\"missing\""), "{words}");
        }
    }

    #[test]
    fn an_empty_store_and_one_that_is_not_there() {
        let empty =
            "Remote Desktop \"Remote Desktop\"\nCertUtil: -store command completed successfully.\n";
        insta::assert_snapshot!(parse(&Certutil, empty), @r#"line 1: undated, certutil Store="Remote Desktop" Certificates="0""#);
        let missing = "Remote Desktop \"Remote Desktop\"\nCertUtil: -store command FAILED: 0x80090011 (-2146893807 NTE_NOT_FOUND)\n";
        insta::assert_snapshot!(parse(&Certutil, missing), @r#"line 1: undated, certutil Store="Remote Desktop" Certificates="0" Code="0x80090011""#);
    }

    #[test]
    fn a_listing_that_broke_off_is_no_empty_store() {
        let text = "My \"Personal\"\n================ Certificate 0 ================\nSerial Number: 1a\n\
            Cert Hash(sha1): 82ad1e0c20a332c8d6adac3e5ea243204b85d3a7\n================ Certificate 1 =====";
        insta::assert_snapshot!(parse(&Certutil, text), @r#"line 2: undated, certutil Store="My" Hash="82ad1e0c20a332c8d6adac3e5ea243204b85d3a7""#);
        assert!(
            !Certutil.sniff(&source("A certificate with Cert Hash(sha1): 82ad is in my ticket\n"))
        );
    }
}
