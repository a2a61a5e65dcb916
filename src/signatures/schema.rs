//! The shape of the files below `signatures/`, as `docs/signatures.md` describes it. Unknown keys are refused.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use crate::cause::{CauseId, Stage};
use crate::signatures::node::Node;

/// A Sigma 2.1 rule with our block.
///
/// `N` is the detection as it is read: a [`Node`] of YAML, which knows its places, or a [`Plain`](super::node::Plain) one
/// of the JSON inside the binary.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound = "N: Deserialize<'de>")]
pub(super) struct Document<N = Node> {
    pub(super) title: String,
    pub(super) id: Spanned<String>,
    pub(super) name: Spanned<String>,
    pub(super) status: Status,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "Sigma metadata that is allowed and not used")]
    pub(super) author: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "Sigma metadata that is allowed and not used")]
    pub(super) date: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "Sigma metadata that is allowed and not used")]
    pub(super) modified: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "Sigma metadata that is allowed and not used")]
    pub(super) tags: Vec<String>,
    #[expect(dead_code, reason = "for Sigma converters; the index is made from the detection")]
    pub(super) logsource: BTreeMap<String, String>,
    pub(super) detection: Spanned<N>,
    pub(super) falsepositives: Spanned<Vec<String>>,
    pub(super) level: Level,
    pub(super) references: Spanned<Vec<String>>,
    pub(super) rdpwhy: Spanned<Block>,
}

/// A plain Sigma rule of a user, without our block: its other keys are its author's business.
#[derive(Debug, Deserialize)]
pub(super) struct PlainSigma {
    pub(super) title: String,
    pub(super) id: Option<String>,
    pub(super) detection: Spanned<Node>,
    #[serde(default)]
    pub(super) level: Option<Level>,
    #[serde(default)]
    pub(super) references: Vec<String>,
    #[serde(default)]
    pub(super) falsepositives: Vec<String>,
}

/// Sigma's `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Proven.
    Stable,
    /// Under trial.
    Test,
    /// May be wrong.
    Experimental,
}

/// Sigma's `level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "Sigma's own words")]
pub enum Level {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// The block `rdpwhy:`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub(super) role: Role,
    #[serde(default)]
    pub(super) stage: Option<Stage>,
    #[serde(default)]
    pub(super) side: Side,
    #[serde(default)]
    pub(super) evidence: BTreeMap<CauseId, Grade>,
    #[serde(default)]
    pub(super) window: Window,
    #[serde(default)]
    pub(super) boot_noise: bool,
    #[serde(default)]
    pub(super) fact: Option<String>,
    #[serde(default)]
    pub(super) trigger: Option<CauseId>,
    #[serde(default)]
    pub(super) links: Vec<CauseId>,
    pub(super) mark: Mark,
    pub(super) summary: String,
    pub(super) examples: Examples,
}

/// What part an event plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Part of the mechanism of a cause.
    Precursor,
    /// A consequence somebody saw.
    Symptom,
    /// Something was changed.
    Change,
    /// It worked, or works again.
    Recovery,
    /// Worth a line; proves nothing.
    Context,
}

impl Role {
    /// The word in results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Precursor => "precursor",
            Self::Symptom => "symptom",
            Self::Change => "change",
            Self::Recovery => "recovery",
            Self::Context => "context",
        }
    }
}

/// Whose log an event stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Side {
    #[default]
    Server,
    Client,
    Either,
    DomainController,
    Gateway,
    Broker,
}

/// How much an event near a failure says for or against a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Cannot be together with the cause.
    RulesOut,
    /// Would be surprising if this were the cause.
    Against,
    /// Common noise that fits.
    Weak,
    /// Fits; others fit too.
    Moderate,
    /// The cause or a close relative.
    Strong,
    /// Alone enough to name the cause.
    Conclusive,
}

impl Grade {
    /// The word in signatures and results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RulesOut => "rules-out",
            Self::Against => "against",
            Self::Weak => "weak",
            Self::Moderate => "moderate",
            Self::Strong => "strong",
            Self::Conclusive => "conclusive",
        }
    }

    /// Whether it speaks against.
    #[must_use]
    pub fn is_against(self) -> bool {
        self <= Self::Against
    }
}

/// How a fact is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    /// Vendor documentation or a protocol specification.
    D,
    /// Read from a provider's manifest.
    M,
    /// Seen in real records.
    S,
    /// Community source.
    C,
    /// Unverified.
    U,
}

/// How far from an incident an event still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The event may lie this far before the incident.
    pub before: TimeDelta,
    /// … and this far after it.
    pub after: TimeDelta,
}

impl Default for Window {
    fn default() -> Self {
        Self { before: TimeDelta::minutes(2), after: TimeDelta::minutes(2) }
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} before to {} after", in_units(self.before), in_units(self.after))
    }
}

/// As signatures write it, in the largest unit that fits.
fn in_units(time: TimeDelta) -> String {
    let seconds = time.num_seconds();
    let units = [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')];
    let unit = units.into_iter().find(|(size, _)| seconds != 0 && seconds % size == 0);
    unit.map_or_else(|| "0s".to_owned(), |(size, letter)| format!("{}{letter}", seconds / size))
}

/// Reads `90s`, `2m`, `12h`, `30d`.
fn duration(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    TimeDelta::try_seconds(number.checked_mul(seconds)?)
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WindowVisitor)
    }
}

struct WindowVisitor;

impl<'de> Visitor<'de> for WindowVisitor {
    type Value = Window;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a time such as 2m, or {before: 30d, after: 2m}, in s, m, h or d")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Window, E> {
        let both =
            duration(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))?;
        Ok(Window { before: both, after: both })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Window, A::Error> {
        let mut window = Window { before: TimeDelta::zero(), after: TimeDelta::zero() };
        while let Some((key, text)) = map.next_entry::<String, String>()? {
            let value = duration(&text)
                .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &self))?;
            match key.as_str() {
                "before" => window.before = value,
                "after" => window.after = value,
                other => return Err(de::Error::unknown_field(other, &["before", "after"])),
            }
        }
        Ok(window)
    }
}

/// The examples a signature proves itself on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Examples {
    #[serde(rename = "match")]
    pub(super) matching: Spanned<Vec<Node>>,
    pub(super) no_match: Spanned<Vec<Node>>,
}

/// Whether an id names a cause, a trigger or the verdict of abstaining.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Kind {
    Cause,
    Trigger,
    Verdict,
}

/// Whom a fault of this kind hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Scope {
    AllClients,
    OneClient,
    OneUser,
    Varies,
}

/// What is known of one cause: `signatures/causes/<id>.yaml`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/signatures.md describes every key")]
pub struct Cause {
    pub id: CauseId,
    pub title: String,
    pub kind: Kind,
    #[serde(default)]
    pub stages: Vec<Stage>,
    #[serde(default)]
    pub prior: f64,
    #[serde(default = "varies")]
    pub scope: Scope,
    pub mechanism: String,
    pub client_shows: String,
    #[serde(default)]
    pub remediation: Vec<Remediation>,
    #[serde(default)]
    pub never: Vec<Never>,
    #[serde(default)]
    pub collect: Vec<Collect>,
    #[serde(default)]
    pub references: Vec<String>,
}

fn varies() -> Scope {
    Scope::Varies
}

/// One step of a fix.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/signatures.md describes every key")]
pub struct Remediation {
    pub step: String,
    pub risk: Risk,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What a step of a fix may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Risk {
    None,
    Low,
    Medium,
    High,
}

impl Risk {
    /// The word in results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Advice that people will meet and must not follow.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/signatures.md describes every key")]
pub struct Never {
    pub advice: String,
    pub why: String,
}

/// Something to collect that would confirm or refute a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/signatures.md describes every key")]
pub struct Collect {
    pub item: String,
    #[serde(default)]
    pub side: Side,
    #[serde(default)]
    pub channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    pub why: String,
}

/// An update with a reported effect on RDP: one row of `signatures/known-updates.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the file")]
pub struct KnownUpdate {
    pub kb: String,
    #[serde(default)]
    pub products: Vec<String>,
    #[serde(default)]
    pub released: Option<String>,
    #[serde(default)]
    pub build: Option<String>,
    pub effect: String,
    #[serde(default)]
    pub causes: Vec<CauseId>,
    #[serde(default)]
    pub side: Side,
    #[serde(default)]
    pub fixed_by: Vec<String>,
    #[serde(default)]
    pub fixed_build: Option<String>,
    pub mark: Mark,
    #[serde(default)]
    pub reference: Option<String>,
}

/// A provider that rules may name: one row of `signatures/providers.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its name in records; text formats have one too.
    pub name: String,
    /// The logs it writes to; empty for text.
    #[serde(default)]
    pub channels: Vec<String>,
}
