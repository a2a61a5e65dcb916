//! What is asked of the stores.

use regex::Regex;

/// How many days after a change an incident counts, unless somebody says otherwise.
pub const DAYS: u16 = 14;

/// The letters a computer's name begins with: `BER` of `BER-TS0012`.
pub const SITE: &str = r"^\pL+";

/// How tickets are compared.
#[derive(Debug, Clone)]
pub struct Settings {
    /// So many days after a change an incident counts as one with it.
    pub days: u16,
    /// What of a computer's name (in capitals, without domain) tells its site: the first group, or all that is found.
    pub site: Regex,
    /// A ticket to which others are alike.
    pub like: Option<String>,
}
