//! What is a name by its shape, wherever it stands: addresses, SIDs, profile folders, shares, mail addresses.

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Something that gives somebody away, in a text.
pub(super) struct Shape<'t> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: &'t str,
    pub(super) what: What<'t>,
}

/// What it is.
pub(super) enum What<'t> {
    Address(IpAddr),
    /// `S-1-5-21-…`; other SIDs are the same on every Windows.
    Sid,
    /// `\Users\name`.
    Profile {
        before: &'t str,
        name: &'t str,
        after: &'t str,
    },
    /// `\\host\` or `TERMSRV/host`.
    Share {
        before: &'t str,
        host: &'t str,
        after: &'t str,
    },
    Mail {
        user: &'t str,
        domain: &'t str,
    },
}

static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        r"(?P<sid>S-1-5-21(?:-\d{1,10}){3,4})",
        r"(?P<mail>(?P<user>[\w.+-]{1,64})@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+))",
        // Profiles may have blanks in their names, where the path goes on behind them.
        r#"(?P<before>[\\/](?:Users|Documents and Settings)[\\/])(?:(?P<profile>[^\\/:*?"<>|\r\n=]{1,64})(?P<on>[\\/])|(?P<last>[^\\/:*?"<>|\s=,;]{1,64}))"#,
        r"(?P<slashes>\\\\|(?:TERMSRV|HOST|cifs|ldap)/)(?P<host>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<after>\\?)",
        r"(?P<v4>\b\d{1,3}(?:\.\d{1,3}){3}\b)",
        r"(?P<v6>(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}))",
    ];
    Regex::new(&format!("(?i){}", shapes.join("|"))).expect("the expression is a constant")
});

/// Every shape, in order.
pub(super) fn find(text: &str) -> impl Iterator<Item = Shape<'_>> {
    // Most text has none of the letters that a shape must have; asking is cheaper than searching.
    let worth = text.bytes().any(|byte| matches!(byte, b'\\' | b'/' | b'@' | b'.' | b':' | b'-'));
    worth
        .then(|| SHAPES.captures_iter(text))
        .into_iter()
        .flatten()
        .filter_map(|found| shape(&found))
}

fn shape<'t>(found: &Captures<'t>) -> Option<Shape<'t>> {
    let part = |name| found.name(name).map(|part| part.as_str());
    let whole = found.get(0)?;
    let address = || part("v4").or(part("v6"))?.parse().ok().map(What::Address);
    let what = if part("sid").is_some() {
        What::Sid
    } else if let (Some(user), Some(domain)) = (part("user"), part("domain")) {
        What::Mail { user, domain }
    } else if let (Some(before), Some(name)) = (part("before"), part("profile").or(part("last"))) {
        What::Profile { before, name, after: part("on").unwrap_or_default() }
    } else if let (Some(before), Some(host)) = (part("slashes"), part("host")) {
        What::Share { before, host, after: part("after").unwrap_or_default() }
    } else {
        address()?
    };
    Some(Shape { start: whole.start(), end: whole.end(), text: whole.as_str(), what })
}

/// Whether a value is bytes in hex: names and addresses hide in there where no search finds them.
pub(super) fn is_binary(value: &str) -> bool {
    value.len() >= 16
        && value.len().is_multiple_of(2)
        && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
