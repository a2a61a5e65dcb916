//! `rdpwhy explain`: what a code, an event id, an update, a cause or a rule means, in a few lines with their sources,
//! and where the popular reading is wrong. Everything comes from the knowledge; nothing is written here.

mod subject;

use crate::cause::CauseId;
use crate::codes::{self, Code, DisconnectReason, Family};
use crate::error::{Error, Result};
use crate::event::{Event, Origin, Position, SourceId, Timestamp};
use crate::signatures::{Cause, Database, Grade, KnownUpdate, Mark, Signature};
use subject::Subject;

/// The answer about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What is explained.
    pub title: String,
    /// The facts, each with its label.
    pub facts: Vec<Fact>,
}

/// One labelled line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// `means`, `hints at`, `beware`, `source`, …
    pub label: &'static str,
    /// What there is to say.
    pub text: String,
}

impl Explanation {
    fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), facts: Vec::new() }
    }

    fn add(&mut self, label: &'static str, text: impl Into<String>) {
        self.facts.push(Fact { label, text: text.into().trim().to_owned() });
    }

    fn sources<'s>(&mut self, sources: impl IntoIterator<Item = &'s String>) {
        sources.into_iter().for_each(|source| self.add("source", source));
    }
}

/// Explains what was asked for: `0x904 0x7`, `2308`, `36870`, `alert 40`, `KB5018410`, `cert-expired`.
///
/// # Errors
/// When one of the words means nothing to the database.
pub fn explain(db: &Database, words: &[String]) -> Result<Vec<Explanation>> {
    let mut answers = Vec::new();
    for subject in subject::read(db, words) {
        let found = match &subject {
            Subject::Pair(pair) => explain_pair(db, *pair),
            Subject::Of(family, code) => {
                family.find(*code).map(|row| explain_row(family, row)).into_iter().collect()
            }
            Subject::Event(id) => explain_event(db, *id).into_iter().collect(),
            Subject::Number { code, event } => explain_number(db, *code, *event),
            Subject::Update(kb) => vec![explain_update(db, kb)],
            Subject::Cause(cause) => vec![explain_cause(db, cause)],
            Subject::Rule(signature) => vec![explain_rule(signature)],
            Subject::Unknown(_) => Vec::new(),
        };
        if found.is_empty() {
            return Err(Error::NotKnown { what: subject.to_string() });
        }
        answers.extend(found);
    }
    Ok(answers)
}

fn explain_pair(db: &Database, pair: DisconnectReason) -> Vec<Explanation> {
    let mut answer = Explanation::new(format!("{pair}, the two numbers of the client's dialog"));
    answer.add("means", pair.meaning());
    if pair.is_normal_end() {
        answer.add("hints at", "session-ended-normally: nothing failed");
    }
    let stages: Vec<_> = pair.stages().iter().map(|stage| stage.as_str()).collect();
    if !stages.is_empty() {
        answer.add("died in", format!("one of {}", stages.join(", ")));
    }
    let origin = Origin { source: SourceId(0), position: Position::Whole };
    let mut dialog = Event::text("mstsc", Timestamp::Undated, origin)
        .with("ErrorCode", format!("{:#x}", pair.error));
    if let Some(extended) = pair.extended {
        dialog = dialog.with("ExtendedErrorCode", format!("{extended:#x}"));
    }
    for signature in db.matches(&dialog).filter_map(|id| db.signature(id)) {
        answer.add("counts as", evidence(signature));
    }
    let mut answers = vec![answer];
    let rows = [("disconnect-reason", Some(pair.error)), ("extended-reason", pair.extended)];
    for (name, code) in rows {
        let family = codes::family(name);
        if let Some((family, row)) = family.zip(code).and_then(|(f, code)| Some((f, f.find(code)?)))
        {
            answers.push(explain_row(family, row));
        }
    }
    answers
}

fn explain_row(family: &Family, row: &Code) -> Explanation {
    let symbol = row.symbol.as_ref().map(|symbol| format!(" {symbol}")).unwrap_or_default();
    let decimal = if family.write(row.code).starts_with("0x") && row.code > 9 {
        format!(" (decimal {})", row.code)
    } else {
        String::new()
    };
    let title = format!("{}{symbol}{decimal}: {}", family.write(row.code), family.title);
    let mut answer = Explanation::new(title);
    answer.add("means", &row.meaning);
    if !row.causes.is_empty() {
        answer.add("hints at", list(&row.causes));
    }
    if let Some(error) = &row.popular_error {
        answer.add("beware", error);
    }
    answer.add("found in", &family.place);
    if let Some(note) = &family.note {
        answer.add("note", note);
    }
    answer.add("known by", row.mark.in_words());
    answer.add("source", row.reference.as_ref().unwrap_or(&family.reference));
    answer
}

/// Every table that has the number, what is wrapped inside of it, and the rules about the event of that id.
fn explain_number(db: &Database, code: u32, event: Option<u32>) -> Vec<Explanation> {
    let rows = |code: u32| {
        codes::families()
            .iter()
            .filter_map(move |family| Some(explain_row(family, family.find(code)?)))
    };
    let mut answers: Vec<_> = rows(code).collect();
    if answers.is_empty()
        && let Some((name, inner)) = unwrapped(code)
    {
        answers.extend(codes::family(name).and_then(|family| {
            let mut answer = explain_row(family, family.find(inner)?);
            answer.title = format!("{code:#x} carries {}", answer.title);
            Some(answer)
        }));
    }
    answers.extend(event.and_then(|id| explain_event(db, id)));
    answers
}

/// A Win32 code inside an HRESULT, an NTSTATUS mapped to one.
fn unwrapped(code: u32) -> Option<(&'static str, u32)> {
    match code >> 16 {
        0x8007 => Some(("win32", code & 0xffff)),
        0xd000..=0xd0ff => Some(("ntstatus", code & 0x0fff_ffff | 0xc000_0000)),
        _ => None,
    }
}

fn explain_event(db: &Database, id: u32) -> Option<Explanation> {
    let about: Vec<_> =
        db.signatures().iter().filter(|signature| signature.event_ids().contains(&id)).collect();
    let mut providers: Vec<_> =
        about.iter().filter_map(|rule| rule.provider_names().first().copied()).collect();
    providers.sort_unstable();
    providers.dedup();
    let mut answer = Explanation::new(format!("Event {id}"));
    if providers.len() > 1 {
        answer.add("beware", "several providers use this id; the id alone means nothing");
    }
    for provider in providers {
        answer.add("provider", provider);
        let of_provider =
            |rule: &&&Signature| rule.provider_names().first().copied() == Some(provider);
        let rules: Vec<_> = about.iter().filter(of_provider).collect();
        rules.iter().for_each(|rule| answer.add("rule", evidence(rule)));
        let once = |lines: &mut Vec<&String>| {
            lines.sort();
            lines.dedup();
        };
        let mut doubts: Vec<_> =
            rules.iter().filter_map(|rule| rule.falsepositives.first()).collect();
        once(&mut doubts);
        doubts.iter().take(3).for_each(|line| answer.add("beware", *line));
        let mut sources: Vec<_> = rules.iter().flat_map(|rule| &rule.references).collect();
        once(&mut sources);
        answer.sources(sources);
    }
    (!about.is_empty()).then_some(answer)
}

/// A rule with what it says for causes, the strongest first; what it speaks against when there is nothing else.
fn evidence(signature: &Signature) -> String {
    let mut grades: Vec<(&CauseId, &Grade)> = signature.evidence.iter().collect();
    if grades.iter().any(|(_, grade)| !grade.is_against()) {
        grades.retain(|(_, grade)| !grade.is_against());
    }
    grades.sort_by_key(|(cause, grade)| (std::cmp::Reverse(**grade), **cause));
    let says: Vec<_> =
        grades.iter().map(|(cause, grade)| format!("{cause} {}", grade.as_str())).collect();
    let says = if says.is_empty() { signature.role.as_str().to_owned() } else { says.join(", ") };
    format!("{}: {} ({says})", signature.name, signature.title)
}

fn explain_rule(signature: &Signature) -> Explanation {
    let mut answer = Explanation::new(format!("{}: {}", signature.name, signature.title));
    if let Some(description) = &signature.description {
        answer.add("means", description);
    }
    for (cause, grade) in &signature.evidence {
        answer.add("evidence", format!("{} for {cause}", grade.as_str()));
    }
    signature.falsepositives.iter().for_each(|line| answer.add("beware", line));
    answer.add("known by", signature.mark.in_words());
    answer.sources(&signature.references);
    answer.add("more", format!("rdpwhy signatures show {}", signature.name));
    answer
}

fn explain_cause(db: &Database, cause: &Cause) -> Explanation {
    let mut answer = Explanation::new(format!("{}: {}", cause.id, cause.title));
    answer.add("means", &cause.mechanism);
    answer.add("shows as", &cause.client_shows);
    let mut proofs: Vec<_> = db
        .signatures()
        .iter()
        .filter_map(|signature| Some((*signature.evidence.get(&cause.id)?, signature)))
        .filter(|(grade, _)| *grade >= Grade::Strong)
        .collect();
    proofs.sort_by_key(|(grade, signature)| (std::cmp::Reverse(*grade), &signature.name));
    for (grade, signature) in proofs.iter().take(6) {
        let line = format!("{}, {}: {}", grade.as_str(), signature.name, signature.title);
        answer.add("shown by", line);
    }
    for step in cause.remediation.iter().take(3) {
        answer.add("to do", format!("[risk {}] {}", step.risk.as_str(), step.step));
    }
    cause.never.iter().for_each(|never| answer.add("never", &never.advice));
    answer.sources(&cause.references);
    answer.add("more", format!("rdpwhy signatures show {}", cause.id));
    answer
}

fn explain_update(db: &Database, kb: &str) -> Explanation {
    let rows: Vec<_> = db.updates().iter().filter(|update| update.kb == kb).collect();
    let repairs: Vec<_> =
        db.updates().iter().filter(|update| update.fixed_by.iter().any(|fix| fix == kb)).collect();
    let mut answer = Explanation::new(kb);
    rows.iter().for_each(|update| explain_known_update(update, &mut answer));
    for update in &repairs {
        answer.add("repairs", format!("{}: {}", update.kb, update.effect.trim()));
        answer.sources(&update.reference);
    }
    if rows.is_empty() && repairs.is_empty() {
        answer.add(
            "unknown",
            format!(
                "not among the {} updates with a reported effect on Remote Desktop. That proves neither guilt nor \
                 innocence: an update that merely stands near a failure is no cause. Look for what it changed",
                db.updates().len()
            ),
        );
    }
    answer
}

fn explain_known_update(update: &KnownUpdate, answer: &mut Explanation) {
    answer.add("means", &update.effect);
    let mut what = update.products.join(", ");
    for (word, value) in [(", released ", &update.released), (", build ", &update.build)] {
        value.iter().for_each(|value| what.push_str(&format!("{word}{value}")));
    }
    answer.add("is for", what);
    update.fixed_build.iter().for_each(|build| answer.add("mended in", build.as_str()));
    if update.causes.is_empty() {
        answer.add("hints at", "no cause: known, but nothing ties it to one");
    } else {
        answer.add("hints at", list(&update.causes));
    }
    if !update.fixed_by.is_empty() {
        answer.add("fixed by", update.fixed_by.join(", "));
    }
    answer.add("known by", update.mark.in_words());
    answer.sources(&update.reference);
}

fn list(causes: &[CauseId]) -> String {
    causes.iter().map(|cause| cause.as_str()).collect::<Vec<_>>().join(", ")
}

impl Mark {
    /// How the fact is known, in words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::D => "vendor documentation or a specification",
            Self::M => "the provider's manifest",
            Self::S => "real records",
            Self::C => "community sources",
            Self::U => "hearsay: unverified, a hint at most",
        }
    }
}
