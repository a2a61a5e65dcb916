//! Reading the files: the built-in ones from the binary, a user's own from disk.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde_saphyr::Location;
use sha2::{Digest, Sha256};

use super::Signature;
use super::detection::{Detection, Late};
use super::lint::{self, Complaint};
use super::node::Plain;
use super::providers::{self, Known};
use super::schema::{
    Cause, Document, Examples, KnownUpdate, Level, Mark, PlainSigma, Provider, Role, Side, Status,
    Window,
};
use crate::cause::CauseId;
use crate::codes::Family;
use crate::embedded::{self, Embedded};
use crate::error::{Error, Result};

/// A file of the database.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Its path below `signatures/`, or as given.
    pub(super) label: String,
    text: Cow<'static, str>,
    /// The built-in files as JSON; none for a user's own, and where only the YAML will do.
    prepared: Option<&'static Embedded>,
}

impl File {
    fn built_in(known: &'static Embedded) -> Self {
        let prepared = Some(known).filter(|known| !known.json.is_empty());
        Self { label: known.label.to_owned(), text: known.yaml.into(), prepared }
    }

    /// Whether it was checked when it was compiled in, so that only its content is wanted.
    fn is_prepared(&self) -> bool {
        self.prepared.is_some()
    }

    pub(super) fn stem(&self) -> &str {
        let name = self.label.rsplit(['/', '\\']).next().unwrap_or_default();
        name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
    }

    /// The text from a place to the end of its line.
    pub(super) fn text_at(&self, at: Location) -> Option<&str> {
        let line = self.text.lines().nth(usize::try_from(at.line()).ok()?.checked_sub(1)?)?;
        let skip = usize::try_from(at.column()).ok()?.checked_sub(1)?;
        line.char_indices().nth(skip).and_then(|(start, _)| line.get(start..))
    }

    fn folder(&self) -> &str {
        self.label.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    fn is_cause(&self) -> bool {
        self.folder().rsplit('/').next() == Some("causes")
    }

    fn is_codes(&self) -> bool {
        self.folder().rsplit('/').next() == Some("codes")
    }
}

/// What a set of files holds.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) signatures: Vec<Signature>,
    pub(super) causes: BTreeMap<CauseId, Cause>,
    pub(super) updates: Vec<KnownUpdate>,
    pub(super) examples: Vec<(String, Examples)>,
    pub(super) complaints: Vec<Complaint>,
    pub(super) sha256: String,
}

/// The files compiled into the binary, ready to load. The code tables are not among them, see [`crate::codes`].
pub(super) fn built_in_files() -> Vec<File> {
    let loaded_here = |file: &&Embedded| !file.label.starts_with("codes/");
    embedded::FILES.iter().filter(loaded_here).map(File::built_in).collect()
}

/// The files compiled into the binary, as they are written.
pub(super) fn built_in_yaml() -> Vec<File> {
    let unprepared = |known| File { prepared: None, ..File::built_in(known) };
    embedded::FILES.iter().map(unprepared).collect()
}

/// The files of a lint or test run: those below `dir`, else the built-in ones.
pub(super) fn files_to_check(dir: Option<&Path>) -> Vec<File> {
    match dir {
        None => built_in_yaml(),
        Some(dir) => {
            let mut files: Vec<_> = built_in_yaml().into_iter().filter(File::is_cause).collect();
            files.extend(files_below(dir).unwrap_or_default());
            files
        }
    }
}

/// Every `.yaml` and `.yml` below a folder, sorted.
pub(super) fn files_below(dir: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    collect(dir, &mut files)?;
    files.sort_by(|a, b| a.label.cmp(&b.label));
    Ok(files)
}

fn collect(dir: &Path, files: &mut Vec<File>) -> Result<()> {
    let failed = |source| Error::Open { path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            let text = fs::read_to_string(&path)
                .map_err(|source| Error::Open { path: path.clone(), source })?;
            let label = path.to_string_lossy().replace('\\', "/");
            files.push(File { label, text: text.into(), prepared: None });
        }
    }
    Ok(())
}

enum Item {
    Signature(Box<Signature>, Option<Examples>, Location),
    Cause(Box<Cause>),
    Updates(Vec<KnownUpdate>),
}

/// Parses, compiles and checks every file; what is wrong is told, not thrown.
pub(super) fn load(files: &[File]) -> Loaded {
    let providers = providers::known(files);
    let parsed: Vec<_> = files.par_iter().map(|file| load_one(file, &providers)).collect();
    let mut loaded = Loaded { sha256: digest(files), ..Loaded::default() };
    let mut seen: HashMap<String, String> = HashMap::new();
    // The built-in ones alone were checked when they were compiled in.
    let checked = files.iter().all(File::is_prepared);
    for (file, (item, complaints)) in files.iter().zip(parsed) {
        loaded.complaints.extend(complaints);
        match item {
            Some(Item::Signature(signature, examples, at)) => {
                for key in [&signature.id, &signature.name].into_iter().filter(|_| !checked) {
                    if let Some(first) = seen.insert(key.clone(), file.label.clone()) {
                        loaded.complaints.push(Complaint::at(
                            &file.label,
                            at,
                            format!("`{key}` is taken by {first}"),
                        ));
                    }
                }
                loaded.examples.extend(examples.map(|examples| (signature.name.clone(), examples)));
                loaded.signatures.push(*signature);
            }
            Some(Item::Cause(cause)) => {
                loaded.causes.insert(cause.id, *cause);
            }
            Some(Item::Updates(updates)) => loaded.updates.extend(updates),
            None => {}
        }
    }
    loaded.signatures.sort_by(|a, b| a.name.cmp(&b.name));
    loaded.complaints.sort();
    loaded
}

/// The digest of the built-in files, and of a user's own when there are any.
fn digest(files: &[File]) -> String {
    let own: Vec<_> = files.iter().filter(|file| matches!(file.text, Cow::Owned(_))).collect();
    if own.is_empty() {
        return embedded::SHA256.to_owned();
    }
    let mut state = Sha256::new_with_prefix(embedded::SHA256);
    for file in own {
        state.update(file.label.as_bytes());
        state.update([0]);
        state.update(file.text.as_bytes());
        state.update([0]);
    }
    state.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn load_one(file: &File, providers: &Known) -> (Option<Item>, Vec<Complaint>) {
    let result = if let Some(known) = file.prepared.filter(|known| !known.detection.is_empty())
        && let Ok(document) = serde_json::from_str::<Document<Plain>>(known.json)
    {
        let (providers, event_ids) = (known.providers, known.event_ids);
        let keys = (providers.iter().map(|&name| name.to_owned()).collect(), event_ids.to_vec());
        Ok(signature(file, document, Late::new(known.detection), keys, Vec::new()))
    } else if file.is_cause() {
        parse::<Cause>(file).and_then(|cause| check_cause(file, cause))
    } else if file.stem() == "known-updates" {
        parse(file).map(|updates| (Some(Item::Updates(updates)), Vec::new()))
    } else if file.is_codes() {
        parse::<Family>(file).map(|family| (None, lint::check_codes(file, &family)))
    } else if file.stem() == "providers" {
        parse::<Vec<Provider>>(file).map(|_| (None, Vec::new()))
    } else if file.text.lines().any(|line| line.starts_with("rdpwhy:")) {
        parse::<Document>(file).and_then(|document| checked(file, document, providers))
    } else {
        parse::<PlainSigma>(file).and_then(|rule| plain(file, rule))
    };
    result.unwrap_or_else(|complaint| (None, vec![complaint]))
}

type Parsed = std::result::Result<(Option<Item>, Vec<Complaint>), Complaint>;

pub(super) fn parse<T: DeserializeOwned>(file: &File) -> std::result::Result<T, Complaint> {
    if let Some(known) = file.prepared
        && let Ok(document) = serde_json::from_str(known.json)
    {
        return Ok(document);
    }
    serde_saphyr::from_str(&file.text).map_err(|error| {
        let location = error.location().unwrap_or(Location::UNKNOWN);
        // The first line is the sentence; the rest is an excerpt that the caller sees in the file.
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let what = if line.starts_with("line ") {
            line.split_once(": ").map_or(line, |(_, rest)| rest)
        } else {
            line
        };
        Complaint::at(&file.label, location, what)
    })
}

fn check_cause(file: &File, cause: Cause) -> Parsed {
    if cause.id.as_str() == file.stem() {
        Ok((Some(Item::Cause(Box::new(cause))), Vec::new()))
    } else {
        Err(Complaint::at(
            &file.label,
            Location::UNKNOWN,
            format!("the id `{}` is that of the file", cause.id),
        ))
    }
}

fn checked(file: &File, document: Document, known: &Known) -> Parsed {
    let detection = Detection::compile(&document.detection, true)
        .map_err(|(at, what)| Complaint::at(&file.label, at, what))?;
    let keys = detection.keys();
    let complaints = lint::check(file, &document, &detection, &keys.0, known);
    Ok(signature(file, document, detection.into(), keys, complaints))
}

fn signature<N>(
    file: &File,
    document: Document<N>,
    detection: Late,
    (providers, event_ids): (Vec<String>, Vec<u32>),
    complaints: Vec<Complaint>,
) -> (Option<Item>, Vec<Complaint>) {
    let place = document.id.defined;
    let block = document.rdpwhy.value;
    let signature = Signature {
        name: document.name.value,
        id: document.id.value,
        title: document.title,
        description: document.description,
        status: document.status,
        level: document.level,
        role: block.role,
        stage: block.stage,
        side: block.side,
        evidence: block.evidence,
        window: block.window,
        boot_noise: block.boot_noise,
        fact: block.fact,
        trigger: block.trigger,
        links: block.links,
        mark: block.mark,
        summary: block.summary,
        falsepositives: document.falsepositives.value,
        references: document.references.value,
        file: file.label.clone(),
        detection,
        providers,
        event_ids,
        causes: OnceLock::new(),
    };
    (Some(Item::Signature(Box::new(signature), Some(block.examples), place)), complaints)
}

fn plain(file: &File, rule: PlainSigma) -> Parsed {
    let detection = Detection::compile(&rule.detection, true)
        .map_err(|(at, what)| Complaint::at(&file.label, at, what))?;
    let (providers, event_ids) = detection.keys();
    let signature = Signature {
        name: file.stem().to_owned(),
        id: rule.id.unwrap_or_else(|| file.stem().to_owned()),
        summary: rule.title.clone(),
        title: rule.title,
        description: None,
        status: Status::Test,
        level: rule.level.unwrap_or(Level::Medium),
        role: Role::Context,
        stage: None,
        side: Side::Either,
        evidence: BTreeMap::new(),
        window: Window::default(),
        boot_noise: false,
        fact: None,
        trigger: None,
        links: Vec::new(),
        mark: Mark::C,
        falsepositives: rule.falsepositives,
        references: rule.references,
        file: file.label.clone(),
        detection: detection.into(),
        providers,
        event_ids,
        causes: OnceLock::new(),
    };
    Ok((Some(Item::Signature(Box::new(signature), None, rule.detection.defined)), Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_prepared_is_what_the_files_say() {
        for file in built_in_files() {
            let json = file.prepared.expect("a built-in file is prepared").json;
            let result = match () {
                () if file.is_cause() => serde_json::from_str::<Cause>(json).map(|_| ()),
                () if file.stem() == "known-updates" => {
                    serde_json::from_str::<Vec<KnownUpdate>>(json).map(|_| ())
                }
                () if file.stem() == "providers" => {
                    serde_json::from_str::<Vec<Provider>>(json).map(|_| ())
                }
                () => serde_json::from_str::<Document<Plain>>(json).map(|_| ()),
            };
            assert!(result.is_ok(), "{}: {result:?} of {}", file.label, json);
        }
        let (fast, slow) = (load(&built_in_files()), load(&built_in_yaml()));
        assert_eq!(fast.signatures.len(), slow.signatures.len());
        for (fast, slow) in fast.signatures.iter().zip(&slow.signatures) {
            assert_eq!(format!("{fast:?}"), format!("{slow:?}"));
        }
        assert_eq!(format!("{:?}", fast.causes), format!("{:?}", slow.causes));
        assert_eq!(format!("{:?}", fast.updates), format!("{:?}", slow.updates));
    }
}
