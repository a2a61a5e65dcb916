//! Addresses as providers write them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The bare IP address in `text`: without port, brackets, IPv6 zone and IPv4-in-IPv6 prefix. `-`, `LOCAL`, host names
/// and the like are none. A zone names an interface of the machine that logged, so it is no part of the peer's name.
pub(crate) fn clean(text: &str) -> Option<&str> {
    let text = text.trim();
    let inside = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => text,
    };
    match inside.rsplit_once(':') {
        None => v4(inside),
        Some((before, _)) => v6(inside).or_else(|| v4(before)),
    }
}

fn v4(text: &str) -> Option<&str> {
    let address: Ipv4Addr = text.parse().ok()?;
    (!address.is_unspecified()).then_some(text)
}

fn v6(text: &str) -> Option<&str> {
    let text = text.split('%').next().unwrap_or_default();
    let address: Ipv6Addr = text.parse().ok()?;
    if address.is_unspecified() {
        return None;
    }
    match address.to_ipv4_mapped() {
        Some(_) if text.contains('.') => text.rsplit(':').next(),
        _ => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address() {
        for (text, bare) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("192.0.2.7:39550", Some("192.0.2.7")),
            ("[192.0.2.7]:59407", Some("192.0.2.7")),
            ("[fe80::1%3]:3389", Some("fe80::1")),
            ("fe80::1%16", Some("fe80::1")),
            ("2001:db8::3389", Some("2001:db8::3389")),
            ("::ffff:10.0.0.1", Some("10.0.0.1")),
            ("::1", Some("::1")),
            (" 192.0.2.7 ", Some("192.0.2.7")),
            ("-", None),
            ("LOCAL", None),
            ("", None),
            ("[", None),
            ("0.0.0.0", None),
            ("::", None),
            ("SRV01:3389", None),
            ("Unknown", None),
        ] {
            assert_eq!(clean(text), bare, "{text}");
        }
    }
}
