//! The code tables: `signatures/codes/<family>.yaml`, read once when the first code is asked for.

use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::cause::{CauseId, Stage};
use crate::embedded;
use crate::event::parse_code;
use crate::signatures::Mark;

/// Numbers of one kind, such as TLS alerts: one file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its id, which is also the file's name.
    pub family: String,
    /// What these numbers are.
    pub title: String,
    /// The word that asks for this family: `alert` in `rdpwhy explain alert 40`.
    pub keyword: String,
    /// Where one meets them.
    #[serde(rename = "where")]
    pub place: String,
    /// Where they are documented, as far as a row does not say otherwise.
    pub reference: String,
    /// What is true of all of them.
    #[serde(default)]
    pub note: Option<String>,
    /// The rows.
    pub codes: Vec<Code>,
}

/// One number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The number; in the file it is quoted, in hex or decimal as people meet it.
    #[serde(deserialize_with = "quoted_code")]
    pub code: u32,
    /// The vendor's name for it.
    #[serde(default)]
    pub symbol: Option<String>,
    /// What it means, in our words.
    pub meaning: String,
    /// Disconnect reasons: the stages a connection can have died in for the client to show it.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// What it hints at, the likeliest first.
    #[serde(default)]
    pub causes: Vec<CauseId>,
    /// Where the popular reading is wrong.
    #[serde(default)]
    pub popular_error: Option<String>,
    /// Whether a session simply ended: closed by the user, an administrator or a limit.
    #[serde(default)]
    pub normal_end: bool,
    /// How this is known.
    pub mark: Mark,
    /// Where it is documented, when not where the whole family is.
    #[serde(default)]
    pub reference: Option<String>,
}

fn quoted_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_code(&text).ok_or_else(|| {
        de::Error::invalid_value(de::Unexpected::Str(&text), &"a code such as '0x904' or '40'")
    })
}

impl Family {
    /// The row of a number.
    #[must_use]
    pub fn find(&self, code: u32) -> Option<&Code> {
        self.codes.iter().find(|row| row.code == code)
    }

    /// The number as people write those of this family: small ones decimal.
    #[must_use]
    pub fn write(&self, code: u32) -> String {
        let decimal = ["tls-alert", "schannel-state", "win32", "x224-failure", "rdpcorets-103"];
        if decimal.contains(&self.family.as_str()) {
            code.to_string()
        } else {
            format!("{code:#x}")
        }
    }
}

static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
    let codes = embedded::FILES.iter().filter(|file| file.label.starts_with("codes/"));
    // A table that is wrong is left out here and named by `signatures lint`, which a test runs.
    codes.filter_map(|file| serde_json::from_str(file.json).ok()).collect()
});

/// Every table, sorted by its file.
#[must_use]
pub fn families() -> &'static [Family] {
    &FAMILIES
}

/// One table by its id or keyword.
#[must_use]
pub fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.family == name || family.keyword == name)
}
