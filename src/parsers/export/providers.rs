//! Providers by their names in records. Exports of Event Viewer leave out `Microsoft-Windows-`, or show a name for people.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::embedded;

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    channels: Vec<String>,
}

static NAMES: LazyLock<Vec<Named>> = LazyLock::new(|| {
    let file = embedded::FILES.iter().find(|file| file.label == "providers.yaml");
    file.and_then(|file| serde_json::from_str(file.json).ok()).unwrap_or_default()
});

const PREFIX: &str = "Microsoft-Windows-";

/// The places of names, in order, by their first words, with and without [`PREFIX`], in lower case: each word of a text is
/// asked about. Text formats have a source and no log: nobody copies their events.
static BEGINNING: LazyLock<HashMap<String, Vec<usize>>> = LazyLock::new(|| {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, named) in NAMES.iter().enumerate().filter(|(_, named)| !named.channels.is_empty()) {
        let names = [Some(named.name.as_str()), named.name.strip_prefix(PREFIX)];
        for first in names.into_iter().flatten().filter_map(|name| name.split(' ').next()) {
            places.entry(first.to_ascii_lowercase()).or_default().push(place);
        }
    }
    places
});

/// Names for people.
const SHOWN: [(&str, &str); 1] =
    [("Microsoft Windows security auditing.", "Microsoft-Windows-Security-Auditing")];

/// The known source whose name these words begin with, with or without `Microsoft-Windows-`, and how many words it has.
pub(in crate::parsers) fn source_at(words: &[&str]) -> Option<(usize, &'static str)> {
    let begins = |name: &str| {
        let mut given = words.iter();
        let fits = name.split(' ').all(|word| {
            given.next().is_some_and(|given| {
                given.trim_end_matches([',', ';', ':']).eq_ignore_ascii_case(word)
            })
        });
        fits.then(|| name.split(' ').count())
    };
    let first = words.first()?.trim_end_matches([',', ';', ':']).to_ascii_lowercase();
    let fitting = BEGINNING.get(&first)?.iter().filter_map(|place| {
        let named = NAMES.get(*place)?;
        let short = named.name.strip_prefix(PREFIX);
        let words = begins(&named.name).or_else(|| short.and_then(begins))?;
        Some((words, named.name.as_str()))
    });
    fitting.max_by_key(|(words, _)| *words)
}

/// The source that alone writes into a log; none for the classic logs, into which everybody writes.
pub(in crate::parsers) fn writer_of(channel: &str) -> Option<&'static str> {
    let writes =
        |named: &&Named| named.channels.iter().any(|known| known.eq_ignore_ascii_case(channel));
    let mut writers = NAMES.iter().filter(writes);
    let first = writers.next()?;
    writers.next().is_none().then_some(first.name.as_str())
}

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
