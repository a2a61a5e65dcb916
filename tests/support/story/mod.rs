//! Tickets told in YAML, built as the logs and texts that Windows and its users would have left.
//!
//! `tests/tickets/README.md` says what can be told. A story is short enough to be read in review; its variants say what
//! else may have become of the same fault: another collector, a missing log, a clock that is off, a near but innocent
//! update.

mod deeds;
mod parts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::case_builder::{Build, Channel, Host, at};
use deeds::Step;
use parts::Part;

/// One file of `tests/tickets`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Story {
    /// What happened, in a sentence.
    pub title: String,
    /// The day of times that name none.
    day: String,
    hosts: BTreeMap<String, HostSpec>,
    story: Vec<Step>,
    bundle: Vec<Part>,
    truth: Truth,
    #[serde(default)]
    variants: BTreeMap<String, Variant>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct HostSpec {
    name: String,
    address: String,
    build: String,
    /// How far its clock is ahead, in seconds.
    #[serde(default)]
    clock: i64,
}

/// What is true of a ticket, whatever a program makes of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Truth {
    /// How many incidents; not checked when left out.
    pub incidents: Option<usize>,
    /// The cause of the first incident, `insufficient-evidence`, or `none` for no incident.
    #[serde(default)]
    pub cause: String,
    /// Causes that may stand first as well.
    pub acceptable: Option<Vec<String>>,
    /// The kind of change that set it off, or `none`; not checked when left out.
    pub trigger: Option<String>,
    /// The update that did.
    pub kb: Option<String>,
    /// Answers that would be embarrassing.
    pub must_not: Option<Vec<String>>,
    /// Further incidents: the name of the server, and the cause.
    pub others: Option<BTreeMap<String, String>>,
    /// The mechanics that make this the truth.
    #[serde(default)]
    pub why: String,
}

impl Truth {
    /// The same, but for what another says.
    fn but(&self, other: &Self) -> Self {
        let text = |ours: &String, theirs: &String| {
            if theirs.is_empty() { ours.clone() } else { theirs.clone() }
        };
        Self {
            incidents: other.incidents.or(self.incidents),
            cause: text(&self.cause, &other.cause),
            acceptable: other.acceptable.clone().or_else(|| self.acceptable.clone()),
            trigger: other.trigger.clone().or_else(|| self.trigger.clone()),
            kb: other.kb.clone().or_else(|| self.kb.clone()),
            must_not: other.must_not.clone().or_else(|| self.must_not.clone()),
            others: other.others.clone().or_else(|| self.others.clone()),
            why: text(&self.why, &other.why),
        }
    }
}

/// What is different in a variant.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Variant {
    /// More that happened.
    #[serde(default)]
    story: Vec<Step>,
    /// More that was collected.
    #[serde(default)]
    bundle: Vec<Part>,
    /// Files that are not there: parts of paths.
    #[serde(default)]
    without: Vec<String>,
    /// How far clocks are ahead, in seconds.
    #[serde(default)]
    clocks: BTreeMap<String, i64>,
    /// Logs come as `wevtutil` writes XML.
    #[serde(default)]
    as_xml: bool,
    /// The bundle is one zip.
    #[serde(default)]
    zipped: bool,
    /// All files in one folder.
    #[serde(default)]
    flat: bool,
    #[serde(default)]
    truth: Truth,
}

/// A ticket: its files, and what is true of it.
#[derive(Debug)]
pub struct Ticket {
    /// `file`, or `file/variant`.
    pub name: String,
    /// By path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The truth.
    pub truth: Truth,
}

/// The plain ticket of each `step`-th story of a folder, with the clocks of all hosts but the servers so many seconds
/// further ahead.
pub fn some_tickets(
    folder: &Path,
    step: usize,
    ahead: i64,
) -> impl Iterator<Item = Ticket> + use<> {
    let some = paths(folder).into_iter().step_by(step);
    some.map(move |path| {
        let (name, story) = story_of(&path);
        story.shifted(ahead).ticket(&name, &Variant::default())
    })
}

/// The plain ticket of one story.
pub fn ticket(path: &Path) -> Ticket {
    let (name, story) = story_of(path);
    story.ticket(&name, &Variant::default())
}

/// Every ticket of a folder, in order of name.
///
/// # Panics
/// When a story says something that nobody understands: it names the file.
pub fn tickets(folder: &Path) -> Vec<Ticket> {
    stories(folder).iter().flat_map(|(name, story)| story.tickets(name)).collect()
}

fn stories(folder: &Path) -> Vec<(String, Story)> {
    paths(folder).iter().map(|path| story_of(path)).collect()
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    paths
}

fn story_of(path: &Path) -> (String, Story) {
    let text = std::fs::read_to_string(path).expect("a story can be read");
    let story: Story =
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    (name, story)
}

impl Story {
    /// The plain ticket and its variants.
    fn tickets(&self, name: &str) -> Vec<Ticket> {
        let first = self.ticket(name, &Variant::default());
        let others = self
            .variants
            .iter()
            .map(|(variant, change)| self.ticket(&format!("{name}/{variant}"), change));
        std::iter::once(first).chain(others).collect()
    }

    fn shifted(mut self, ahead: i64) -> Self {
        for (id, host) in &mut self.hosts {
            if !id.starts_with("server") {
                host.clock += ahead;
            }
        }
        self
    }

    fn ticket(&self, name: &str, variant: &Variant) -> Ticket {
        let mut hosts = Hosts::new(name, &self.hosts, &variant.clocks);
        let clock = Clock { day: &self.day };
        let mut steps: Vec<(DateTime<Utc>, &Step)> = self
            .story
            .iter()
            .chain(&variant.story)
            .map(|step| (clock.at(&step.at), step))
            .collect();
        // Record ids follow the time, whatever the order of telling.
        steps.sort_by_key(|(time, _)| *time);
        for (time, step) in steps {
            step.happens(time, &clock, &mut hosts);
        }
        let mut files = BTreeMap::new();
        for part in self.bundle.iter().chain(&variant.bundle) {
            part.collect(&clock, &mut hosts, variant.as_xml, &mut files);
        }
        files.retain(|path, _| !variant.without.iter().any(|part| is_part(path, part)));
        if variant.flat {
            files =
                files.into_iter().map(|(path, bytes)| (path.replace('/', "_"), bytes)).collect();
        }
        if variant.zipped {
            let members: Vec<_> =
                files.iter().map(|(path, bytes)| (&**path, bytes.clone())).collect();
            let zip = super::case_builder::zip(&members);
            files = BTreeMap::from([("ticket.zip".to_owned(), zip)]);
        }
        let mut truth = self.truth.but(&variant.truth);
        truth.others = truth.others.map(|others| {
            let named =
                |(id, cause)| (self.hosts.get(&id).map_or(id, |host| host.name.clone()), cause);
            others.into_iter().map(named).collect()
        });
        Ticket { name: name.to_owned(), files, truth }
    }
}

/// What times mean.
struct Clock<'s> {
    day: &'s str,
}

impl Clock<'_> {
    /// `2026-11-18 08:15:03.5`, or a time of the story's day.
    fn at(&self, text: &str) -> DateTime<Utc> {
        let full =
            if text.contains('-') { text.to_owned() } else { format!("{} {text}", self.day) };
        match full.matches(':').count() {
            0 => at(&format!("{full} 00:00:00")),
            1 => at(&format!("{full}:00")),
            _ => at(&full),
        }
    }
}

/// The computers of a story by what it calls them.
struct Hosts(BTreeMap<String, Host>);

impl Hosts {
    fn new(
        ticket: &str,
        specs: &BTreeMap<String, HostSpec>,
        clocks: &BTreeMap<String, i64>,
    ) -> Self {
        let host = |(id, spec): (&String, &HostSpec)| {
            let clock = TimeDelta::seconds(clocks.get(id).copied().unwrap_or(spec.clock));
            let host = Host::new(&spec.name, &spec.address, build(&spec.build))
                .seeded(ticket)
                .clock_ahead(clock);
            (id.clone(), host)
        };
        Self(specs.iter().map(host).collect())
    }

    fn get(&mut self, id: &str) -> &mut Host {
        self.0.get_mut(id).unwrap_or_else(|| panic!("no host is called {id}"))
    }

    /// Lets something happen between two computers.
    fn between(&mut self, one: &str, other: &str, act: impl FnOnce(&mut Host, &mut Host)) {
        let mut host = self.0.remove(one).unwrap_or_else(|| panic!("no host is called {one}"));
        act(&mut host, self.get(other));
        self.0.insert(one.to_owned(), host);
    }
}

fn build(name: &str) -> Build {
    match name {
        "server-2012r2" => Build::SERVER_2012_R2,
        "server-2016" => Build::SERVER_2016,
        "server-2019" => Build::SERVER_2019,
        "server-2022" => Build::SERVER_2022,
        "server-2025" => Build::SERVER_2025,
        "windows-10" => Build::WINDOWS_10,
        "windows-10-1709" => Build::WINDOWS_10_1709,
        "windows-11" => Build::WINDOWS_11,
        _ => panic!("no build is called {name}"),
    }
}

/// Whether a file is meant by a part of its path, or by the name of a log, in short or in full.
fn is_part(path: &str, part: &str) -> bool {
    let (folded, file) = (path.to_lowercase(), Channel::of(part).file().to_lowercase());
    let stem = file.trim_end_matches(".evtx");
    path.contains(part)
        || folded.contains(&format!("/{stem}."))
        || folded.starts_with(&format!("{stem}."))
}
