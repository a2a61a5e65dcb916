//! Names of accounts and updates, and text inside binary data.

use super::{Event, is_rcm, is_scm};

/// The account of a logon or session, without its domain.
pub(super) fn user(event: &Event) -> Option<String> {
    // The account of an installed service is nobody who logs on.
    if is_scm(event) {
        return None;
    }
    let fields = super::fields(event, ["TargetUserName", "AccountName", "Username"]);
    let named = fields.into_iter().flatten().find_map(account);
    let by_position = || match event.event_id {
        Some(1149) if is_rcm(event) => event.field("Param1").and_then(account),
        _ => None,
    };
    named.or_else(by_position).map(str::to_owned)
}

/// `CONTOSO\j.doe` and `j.doe@contoso.com` without their domain.
pub(crate) fn account(text: &str) -> Option<&str> {
    let text = text.trim();
    let name = match text.rsplit_once('\\') {
        Some((_, name)) => name,
        None => text.split('@').next().unwrap_or_default(),
    };
    (!matches!(name, "" | "-")).then_some(name)
}

/// The KB number of an update event or of a list of updates.
pub(super) fn kb(event: &Event) -> Option<String> {
    const PROVIDERS: [&str; 7] = [
        "Microsoft-Windows-WindowsUpdateClient",
        "Microsoft-Windows-Servicing",
        "Microsoft-Windows-WUSA",
        "Windows Update Agent",
        "ReportingEvents",
        "Get-HotFix",
        "wmic qfe",
    ];
    const FIELDS: [&str; 6] =
        ["HotFixID", "updateTitle", "PackageIdentifier", "PackageName", "Title", "UpdateName"];
    if !PROVIDERS.iter().any(|provider| event.is_from(provider)) {
        return None;
    }
    FIELDS.iter().filter_map(|name| event.field(name)).find_map(kb_number)
}

/// The first `KB` with six or seven digits.
fn kb_number(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    upper.split("KB").skip(1).find_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        matches!(digits.len(), 6 | 7).then(|| format!("KB{digits}"))
    })
}

/// UTF-16LE text in hex, up to its final zero.
pub(super) fn utf16(hex: &str) -> Option<String> {
    let (units, _) = hex.trim().as_bytes().as_chunks::<4>();
    let units =
        units.iter().map(|[a, b, c, d]| Some(u16::from_le_bytes([byte(*a, *b)?, byte(*c, *d)?])));
    // Every start and stop of a service has one: straight into the text.
    let mut is_hex = true;
    let units = units.map(|unit| {
        is_hex &= unit.is_some();
        unit.unwrap_or_default()
    });
    let text = char::decode_utf16(units.take_while(|unit| *unit != 0)).collect::<Result<_, _>>();
    text.ok().filter(|_| is_hex)
}

/// The bytes of a hex string.
pub(super) fn bytes(hex: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = hex.trim().as_bytes().as_chunks::<2>();
    let pairs = pairs.iter().map(|[high, low]| byte(*high, *low));
    if rest.is_empty() { pairs.collect() } else { None }
}

fn byte(high: u8, low: u8) -> Option<u8> {
    let digit = |letter: u8| match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        b'A'..=b'F' => Some(letter - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}
