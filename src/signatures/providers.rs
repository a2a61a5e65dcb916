//! The providers that rules may name: a slip in a name makes a rule that never fits, and nothing else shows it.
//!
//! `signatures/providers.yaml`, and a file of that name among a user's own rules.

use std::sync::LazyLock;

use super::load::{self, File};
use super::schema::Provider;
use crate::embedded;

static BUILT_IN: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    let file = embedded::FILES.iter().find(|file| file.label == "providers.yaml");
    file.and_then(|file| serde_json::from_str(file.json).ok()).unwrap_or_default()
});

/// The name as the list writes it; rules compare names without case.
pub(super) fn written(name: &str) -> &str {
    BUILT_IN
        .iter()
        .find(|known| known.name.eq_ignore_ascii_case(name))
        .map_or(name, |known| &known.name)
}

/// What rules may name in one run.
#[derive(Debug, Default)]
pub(super) struct Known {
    own: Vec<Provider>,
}

/// The built-in list, and those of these files.
pub(super) fn known(files: &[File]) -> Known {
    let lists = files.iter().filter(|file| file.stem() == "providers");
    let own = lists.filter_map(|file| load::parse::<Vec<Provider>>(file).ok()).flatten();
    Known { own: own.collect() }
}

impl Known {
    pub(super) fn has(&self, name: &str) -> bool {
        let mut all = self.own.iter().chain(BUILT_IN.iter());
        all.any(|known| known.name.eq_ignore_ascii_case(name))
    }
}
