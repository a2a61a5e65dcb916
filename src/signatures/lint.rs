//! What makes a signature file wrong, and its own examples.

use std::fmt;

use serde_saphyr::{Location, Spanned};

use super::detection::Detection;
use super::index::Index;
use super::load::{self, File, Loaded};
use super::node::Node;
use super::providers::Known;
use super::schema::{Document, Grade, Mark, Role};
use crate::codes::Family;
use crate::event::{Event, Origin, Position, SourceId, TEXT_PROVIDERS, Timestamp};

/// Something wrong in a file, as a compiler would say it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// The file.
    pub file: String,
    /// Line, from 1; 0 when it concerns the whole file.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// What is wrong.
    pub what: String,
}

impl Complaint {
    pub(super) fn at(file: &str, location: Location, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: location.line(),
            column: location.column(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.what)
    }
}

/// How one example of a signature came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleResult {
    /// The signature's name.
    pub signature: String,
    /// `match 1`, `no_match 2`.
    pub example: String,
    /// Whether it behaved.
    pub passed: bool,
}

/// Checks that go beyond the shape of a document.
pub(super) fn check<N: AsRef<Node>>(
    file: &File,
    document: &Document<N>,
    detection: &Detection,
    providers: &[String],
    known: &Known,
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut complain =
        |at: Location, what: &str| complaints.push(Complaint::at(&file.label, at, what));
    if file.stem() != document.name.value {
        complain(document.name.defined, "the name is that of the file without .yaml");
    }
    if !is_uuid(&document.id.value) {
        complain(document.id.defined, "the id is a UUID");
    }
    if document.references.value.is_empty() {
        complain(document.references.defined, "at least one reference: where is this documented?");
    }
    if document.falsepositives.value.is_empty() {
        complain(
            document.falsepositives.defined,
            "say who else writes this event, or why nobody does",
        );
    }
    check_block(document, &mut complain);
    check_index(document, detection, &mut complain);
    check_selections(file, document, &mut complain);
    for provider in providers.iter().filter(|provider| !known.has(provider)) {
        let what = format!("the provider `{provider}` is not in providers.yaml");
        complain(document.detection.defined, &what);
    }
    let unquoted = |number: i64, at: Location, complain: &mut dyn FnMut(Location, &str)| {
        if file.text_at(at).is_some_and(|text| text.starts_with("0x") || text.starts_with("0X")) {
            complain(at, &format!("an unquoted code is read as {number}: write it in quotes"));
        }
    };
    document.detection.value.as_ref().integers(document.detection.defined, &mut |number, at| {
        unquoted(number, at, &mut complain)
    });
    let examples = &document.rdpwhy.value.examples;
    for node in examples.matching.value.iter().chain(&examples.no_match.value) {
        node.integers(document.rdpwhy.defined, &mut |number, at| {
            unquoted(number, at, &mut complain)
        });
    }
    complaints
}

/// YAML 1.1, which most converters read, takes some names of selections for truth values, and loses them.
fn check_selections<N: AsRef<Node>>(
    file: &File,
    document: &Document<N>,
    complain: &mut dyn FnMut(Location, &str),
) {
    let Node::Map(entries) = document.detection.value.as_ref() else { return };
    let is_truth =
        |name: &str| ["y", "n", "yes", "no", "on", "off", "true", "false"].contains(&name);
    let bare = |name: &Spanned<String>| {
        let text = file.text_at(name.defined).unwrap_or_default();
        !text.starts_with(['\'', '"'])
    };
    let truths = entries.iter().filter(|(name, _)| is_truth(&name.value.to_lowercase()));
    for (name, _) in truths.filter(|(name, _)| bare(name)) {
        let what = format!("a selection called `{}` is a truth value to other readers", name.value);
        complain(name.defined, &what);
    }
}

/// Whether the index can stand in front of the rule.
fn check_index<N>(
    document: &Document<N>,
    detection: &Detection,
    complain: &mut dyn FnMut(Location, &str),
) {
    let at = document.detection.defined;
    if !detection.always_names("Provider_Name") {
        complain(at, "every way to match names a Provider_Name");
    }
    let of_text =
        |provider: &String| TEXT_PROVIDERS.iter().any(|known| known.eq_ignore_ascii_case(provider));
    if !detection.keys().0.iter().all(of_text) && !detection.always_names("EventID") {
        complain(at, "every way to match names an EventID");
    }
}

/// Whether every number of a table stands in it once.
pub(super) fn check_codes(file: &File, family: &Family) -> Vec<Complaint> {
    let complain = |what: String| Complaint::at(&file.label, Location::UNKNOWN, what);
    let mut complaints = Vec::new();
    if family.family != file.stem() {
        complaints.push(complain("the family's name is that of the file without .yaml".into()));
    }
    for (number, row) in family.codes.iter().enumerate() {
        if family.codes.iter().take(number).any(|other| other.code == row.code) {
            complaints.push(complain(format!("{} stands here twice", family.write(row.code))));
        }
    }
    complaints
}

fn check_block<N>(document: &Document<N>, complain: &mut dyn FnMut(Location, &str)) {
    let block = &document.rdpwhy.value;
    let at = document.rdpwhy.defined;
    if block.mark == Mark::U && block.evidence.values().any(|grade| *grade == Grade::Conclusive) {
        complain(at, "an unverified fact (mark U) cannot be conclusive");
    }
    let conclusive = block.evidence.values().any(|grade| *grade == Grade::Conclusive);
    if conclusive && document.references.value.iter().all(|source| !source.starts_with("http")) {
        complain(document.references.defined, "what is conclusive has a source one can open");
    }
    let speaks_for = block.evidence.values().any(|grade| !grade.is_against());
    match block.role {
        Role::Change if block.trigger.is_none() => {
            complain(at, "a change says which trigger it is")
        }
        Role::Context if block.evidence.values().any(|grade| *grade > Grade::Weak) => {
            complain(at, "context proves nothing: give it another role, or weaker evidence");
        }
        Role::Precursor if !speaks_for => complain(at, "a precursor speaks for at least one cause"),
        _ => {}
    }
    if block.role != Role::Change && (block.trigger.is_some() || !block.links.is_empty()) {
        complain(at, "only a change has a trigger and links");
    }
    if block.examples.matching.value.is_empty() {
        complain(block.examples.matching.defined, "at least one example that matches");
    }
    if block.examples.no_match.value.is_empty() {
        complain(block.examples.no_match.defined, "at least one example that does not match");
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12]
        && text.chars().all(|letter| letter == '-' || letter.is_ascii_hexdigit())
}

/// Runs the examples of every signature in `files`.
pub(super) fn test_examples(files: &[File]) -> Vec<ExampleResult> {
    let loaded = load::load(files);
    let mut results = Vec::new();
    for (name, examples) in &loaded.examples {
        let Some(signature) = loaded.signatures.iter().find(|signature| signature.name == *name)
        else {
            continue;
        };
        let mut run = |label: &str, nodes: &[Node], expected: bool| {
            for (number, node) in (1..).zip(nodes) {
                let passed = signature.matches(&example_event(node)) == expected;
                results.push(ExampleResult {
                    signature: name.clone(),
                    example: format!("{label} {number}"),
                    passed,
                });
            }
        };
        run("match", &examples.matching.value, true);
        run("no_match", &examples.no_match.value, false);
    }
    results
}

/// Rules that say the same about the same event: it would count twice.
pub(super) fn duplicates(loaded: &Loaded) -> Vec<Complaint> {
    let index = Index::new(&loaded.signatures);
    let mut complaints = Vec::new();
    for (name, examples) in &loaded.examples {
        let Some(rule) = loaded.signatures.iter().find(|rule| rule.name == *name) else { continue };
        for node in &examples.matching.value {
            let event = example_event(node);
            let others =
                index.candidates(&event).filter_map(|id| loaded.signatures.get(id.0 as usize));
            let twins = others.filter(|other| {
                other.name > rule.name && other.says_the_same(rule) && other.matches(&event)
            });
            complaints.extend(twins.map(|twin| {
                let what = format!("says of an example of `{}` the same as that rule", rule.name);
                Complaint::at(&twin.file, Location::UNKNOWN, what)
            }));
        }
    }
    complaints.sort();
    complaints.dedup();
    complaints
}

/// The event an example describes: `System` fields by their Sigma names, everything else as data.
pub(super) fn example_event(node: &Node) -> Event {
    let origin = Origin { source: SourceId(0), position: Position::Whole };
    let mut event = Event::text("", Timestamp::Undated, origin);
    let Node::Map(entries) = node else { return event };
    for (name, value) in entries {
        let Some(text) = value.value.scalar() else { continue };
        match name.value.as_str() {
            "Provider_Name" => event.provider = text.into(),
            "EventID" => event.event_id = text.parse().ok(),
            "Channel" => event.channel = Some(text.into()),
            "Computer" => event.computer = Some(text.into()),
            "Level" => event.level = text.parse().ok(),
            "Qualifiers" => event.qualifiers = text.parse().ok(),
            "EventSourceName" => event.event_source = Some(text.into()),
            other => event.data.push((other.into(), text)),
        }
    }
    event.derive_fields();
    event
}
