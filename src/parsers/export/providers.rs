//! Providers by their names in records. Exports of Event Viewer leave out `Microsoft-Windows-`, or show a name for people.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::embedded;

#[derive(Deserialize)]
struct Named {
    name: String,
}

static NAMES: LazyLock<Vec<Named>> = LazyLock::new(|| {
    let file = embedded::FILES.iter().find(|file| file.label == "providers.yaml");
    file.and_then(|file| serde_json::from_str(file.json).ok()).unwrap_or_default()
});

const PREFIX: &str = "Microsoft-Windows-";

/// Names for people.
const SHOWN: [(&str, &str); 1] =
    [("Microsoft Windows security auditing.", "Microsoft-Windows-Security-Auditing")];

/// The name as records have it; one that nobody knows stays as it is.
pub(in crate::parsers) fn full_name(shown: &str) -> Cow<'_, str> {
    let shown = shown.trim();
    let known = |name: &str| NAMES.iter().find(|known| known.name.eq_ignore_ascii_case(name));
    if let Some((_, name)) = SHOWN.iter().find(|(other, _)| other.eq_ignore_ascii_case(shown)) {
        return Cow::Borrowed(name);
    }
    // Longer first: `Winlogon` and `EventLog` are classic sources, too, and stay what they are.
    if known(shown).is_some() {
        return Cow::Borrowed(shown);
    }
    match known(&format!("{PREFIX}{shown}")) {
        Some(named) => Cow::Borrowed(&named.name),
        None => Cow::Borrowed(shown),
    }
}
