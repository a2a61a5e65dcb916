//! The knowledge: signatures, causes and known updates, loaded from the YAML below `signatures/`, checked, and indexed
//! so that an event meets only the two or three rules that can fit it.

mod condition;
mod detection;
mod encode;
mod facts;
mod index;
mod lint;
mod load;
mod node;
mod pattern;
mod providers;
mod schema;
mod value;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use facts::Facts;
pub use lint::{Complaint, ExampleResult};
pub use schema::{
    Cause, Collect, Grade, Kind, KnownUpdate, Level, Mark, Never, Provider, Remediation, Risk,
    Role, Scope, Side, Status, Window,
};

use crate::cause::{CauseId, Stage};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::parsers::Interest;

/// One signature, compiled.
#[derive(Debug)]
pub struct Signature {
    /// Its name, which is also its file's.
    pub name: String,
    /// Its UUID.
    pub id: String,
    /// One sentence a support engineer understands.
    pub title: String,
    /// More words, when there are any.
    pub description: Option<String>,
    /// How far it is proven.
    pub status: Status,
    /// Sigma's severity.
    pub level: Level,
    /// The part the event plays.
    pub role: Role,
    /// Where in the connection it speaks.
    pub stage: Option<Stage>,
    /// Whose log it stands in.
    pub side: Side,
    /// What it says for or against causes.
    pub evidence: BTreeMap<CauseId, Grade>,
    /// How far from an incident it counts.
    pub window: Window,
    /// Whether healthy machines write it while they start.
    pub boot_noise: bool,
    /// The fact that it tells, where several signatures tell the same: they count once.
    pub fact: Option<String>,
    /// For changes: the kind of change.
    pub trigger: Option<CauseId>,
    /// For changes: the causes a documented mechanism ties to it.
    pub links: Vec<CauseId>,
    /// How the fact is known.
    pub mark: Mark,
    /// The line in reports, with `{Field}` placeholders.
    pub summary: String,
    /// Who else writes this event.
    pub falsepositives: Vec<String>,
    /// Where it is documented.
    pub references: Vec<String>,
    /// The file it was read from, below `signatures/` or as given.
    pub file: String,
    detection: detection::Late,
    providers: Vec<String>,
    event_ids: Vec<u32>,
    /// The causes as text, made when it is first asked for: a timeline does for every row.
    causes: OnceLock<String>,
}

impl Signature {
    /// Whether it fits the event.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        self.fits(&mut Facts::new(event))
    }

    fn fits(&self, facts: &mut Facts<'_>) -> bool {
        self.detection.get().matches(facts)
    }

    /// The providers it looks at, as records write them.
    #[must_use]
    pub fn provider_names(&self) -> Vec<&str> {
        let mut names: Vec<_> =
            self.providers.iter().map(|name| providers::written(name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The providers it looks at, in lower case.
    #[must_use]
    pub fn providers(&self) -> &[String] {
        &self.providers
    }

    /// The event ids it looks at; empty for text logs.
    #[must_use]
    pub fn event_ids(&self) -> &[u32] {
        &self.event_ids
    }

    /// Ids of the causes it speaks about, in the order of their letters, with a blank between.
    #[must_use]
    pub fn causes(&self) -> &str {
        self.causes.get_or_init(|| {
            let mut ids: Vec<_> = self.evidence.keys().map(|cause| cause.as_str()).collect();
            ids.sort_unstable();
            ids.join(" ")
        })
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let twins = self.evidence == other.evidence && self.role == other.role;
        twins && !self.evidence.is_empty() && self.id != other.id
    }

    /// Its line for a report: the summary with the event's own values.
    #[must_use]
    pub fn summarize(&self, event: &Event) -> String {
        let mut line = String::with_capacity(self.summary.len() + 48);
        let mut rest = self.summary.as_str();
        while let Some((before, after)) = parted(rest, b'{') {
            line.push_str(before);
            let Some((name, tail)) = parted(after, b'}') else {
                line.push('{');
                rest = after;
                break;
            };
            line.push_str(
                event
                    .sigma_field(name)
                    .as_deref()
                    .map(str::trim)
                    .filter(|value| !value.is_empty())
                    .unwrap_or("-"),
            );
            rest = tail;
        }
        line + rest
    }
}

/// What stands before and behind the first of these bytes, which is one of ASCII.
fn parted(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(byte, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The index of a signature in [`Database::signatures`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignatureId(pub u32);

/// All the knowledge of one run.
#[derive(Debug)]
pub struct Database {
    signatures: Vec<Signature>,
    causes: BTreeMap<CauseId, Cause>,
    updates: Vec<KnownUpdate>,
    index: index::Index,
    sha256: String,
    /// What is wanted of a log: the same for every ticket.
    interest: OnceLock<Interest>,
}

impl Database {
    /// The built-in knowledge.
    ///
    /// # Errors
    /// When a built-in file is wrong, which the tests keep from happening.
    pub fn built_in() -> Result<Self> {
        Self::from_files(&load::built_in_files())
    }

    /// The built-in knowledge and a user's own below `dir`: rules with a `rdpwhy:` block count like ours, plain Sigma
    /// rules appear in the timeline as context.
    ///
    /// # Errors
    /// When the folder cannot be read or a file in it is wrong.
    pub fn with_user_dir(dir: &Path) -> Result<Self> {
        let mut files = load::built_in_files();
        files.extend(load::files_below(dir)?);
        Self::from_files(&files)
    }

    fn from_files(files: &[load::File]) -> Result<Self> {
        let loaded = load::load(files);
        if loaded.complaints.is_empty() {
            Ok(Self::from_loaded(loaded))
        } else {
            let lines: Vec<_> = loaded.complaints.iter().map(ToString::to_string).collect();
            Err(Error::Signatures(lines.join("\n")))
        }
    }

    fn from_loaded(loaded: load::Loaded) -> Self {
        let index = index::Index::new(&loaded.signatures);
        let load::Loaded { signatures, causes, updates, sha256, .. } = loaded;
        Self { signatures, causes, updates, index, sha256, interest: OnceLock::new() }
    }

    /// Every signature, sorted by name.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// One signature by its index.
    #[must_use]
    pub fn signature(&self, id: SignatureId) -> Option<&Signature> {
        self.signatures.get(id.0 as usize)
    }

    /// One signature by its name or UUID.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Signature> {
        self.signatures.iter().find(|signature| signature.name == name || signature.id == name)
    }

    /// What is known of each cause.
    #[must_use]
    pub fn causes(&self) -> &BTreeMap<CauseId, Cause> {
        &self.causes
    }

    /// Updates with a reported effect on RDP.
    #[must_use]
    pub fn updates(&self) -> &[KnownUpdate] {
        &self.updates
    }

    /// SHA-256 over all files, sorted: which knowledge a result was made with.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The signatures that could fit an event, by its provider and id.
    pub fn candidates<'d>(&'d self, event: &'d Event) -> impl Iterator<Item = SignatureId> + 'd {
        self.index.candidates(event)
    }

    /// The signatures that fit an event.
    pub fn matches<'d>(&'d self, event: &'d Event) -> impl Iterator<Item = SignatureId> + 'd {
        let mut facts = Facts::new(event);
        self.candidates(event).filter(move |id| {
            self.signature(*id).is_some_and(|signature| signature.fits(&mut facts))
        })
    }

    /// Adds what the signatures want to see.
    pub fn add_interest(&self, interest: &mut Interest) {
        self.index.add_interest(interest);
    }

    /// What the signatures want to see, and what `others` adds when it is asked for the first time.
    pub(crate) fn interest(&self, others: fn(&mut Interest)) -> &Interest {
        self.interest.get_or_init(|| {
            let mut interest = Interest::default();
            self.add_interest(&mut interest);
            others(&mut interest);
            interest
        })
    }

    /// Runs every signature's own examples.
    #[must_use]
    pub fn test_examples(dir: Option<&Path>) -> Vec<ExampleResult> {
        lint::test_examples(&load::files_to_check(dir))
    }

    /// The events of all built-in examples; what a bench can match.
    #[must_use]
    pub fn example_events() -> Vec<Event> {
        let loaded = load::load(&load::built_in_yaml());
        let examples = loaded.examples.iter().map(|(_, examples)| examples);
        let nodes = examples.flat_map(|two| two.matching.value.iter().chain(&two.no_match.value));
        nodes.map(lint::example_event).collect()
    }

    /// The examples of a built-in signature: `match` or `no_match`, and the fields of the event.
    #[must_use]
    pub fn examples_of(name: &str) -> Vec<(&'static str, String)> {
        let end = format!("/{name}.yaml");
        let mut files = load::built_in_yaml();
        files.retain(|file| file.label.ends_with(&end));
        let loaded = load::load(&files);
        let both = loaded.examples.iter().flat_map(|(_, examples)| {
            let matching = examples.matching.value.iter().map(|node| ("match", node));
            matching.chain(examples.no_match.value.iter().map(|node| ("no match", node)))
        });
        both.map(|(kind, node)| (kind, node.to_string())).collect()
    }

    /// Everything that is wrong with the built-in files, or with those below `dir`.
    #[must_use]
    pub fn lint(dir: Option<&Path>) -> Vec<Complaint> {
        let loaded = load::load(&load::files_to_check(dir));
        let mut complaints = lint::duplicates(&loaded);
        complaints.extend(loaded.complaints);
        complaints.sort();
        complaints
    }
}
