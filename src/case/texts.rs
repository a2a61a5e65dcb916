//! Whose a text is that no log of its own machine lies beside: outputs of commands, registry exports, lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use super::places::{self, Places};
use super::{Case, Host, HostKey, HostRoles};
use crate::event::SourceId;
use crate::expression::{Expression, expression};
use crate::scan::Scan;
use crate::source::Source;

/// What asks for the way to a server is run where the way begins. Everything else that people collect for a ticket is
/// the state of the machine that fails.
const OF_THE_CLIENT: [&str; 5] = ["name-lookup", "reachability", "klist", "hosts-file", "rdp-file"];

/// Lines of a text among which its author says whose it is.
const TITLE: usize = 2;

impl Case {
    /// A list of updates names no computer: it belongs to the host whose logs lie beside it, else to the one its collector
    /// or its folder names, else to the one it names itself, else to the side its folder is named after, else to the
    /// side it speaks of.
    pub(super) fn give_texts_a_host(&mut self, scans: &[Scan], sources: &[Source]) {
        let path_of = |id: SourceId| sources.get(id.index()).map_or("", |source| &*source.path);
        let mut places = Places::default();
        for span in scans.iter().flat_map(|scan| &scan.coverage) {
            places.claim(path_of(span.source), &span.computer);
        }
        // Listings that name their machine speak for what lies beside them.
        for event in self.found("systeminfo") {
            if let Some(computer) = &event.computer {
                places.claim(path_of(event.origin.source), computer);
            }
        }
        let owners = Owners::of(self);
        let mut titles: BTreeMap<SourceId, Option<Arc<str>>> = BTreeMap::new();
        let mut findings = std::mem::take(&mut self.findings);
        let mut told: BTreeMap<HostKey, (Arc<str>, HostRoles)> = BTreeMap::new();
        let mut last: Option<Arc<str>> = None;
        findings.rewrite(&mut |bucket| {
            let event = &bucket.example;
            if matches!(&*event.provider, "mstsc" | "ticket") {
                return;
            }
            let source = event.origin.source;
            let path = path_of(source);
            if event.computer.is_none() {
                let title = titles.entry(source).or_insert_with(|| {
                    sources.get(source.index()).and_then(|source| owners.titled(source))
                });
                let owner = owners.owner(&places, path, title.as_ref(), &event.provider);
                if owner.is_some() {
                    Arc::make_mut(&mut bucket.example).computer = owner;
                }
            }
            // Most come in long rows of one machine.
            let name = bucket.example.computer.as_ref().filter(|name| Some(*name) != last.as_ref());
            if let Some(name) = name
                && let Some(key) = HostKey::new(name)
            {
                told.entry(key).or_insert_with(|| (Arc::clone(name), places::role(path)));
                last = Some(Arc::clone(name));
            }
        });
        self.findings = findings;
        self.add_hosts_of_texts(told);
    }

    /// Machines of which there are only texts.
    fn add_hosts_of_texts(&mut self, told: BTreeMap<HostKey, (Arc<str>, HostRoles)>) {
        for (key, (name, role)) in told {
            let host = self.hosts.entry(key).or_insert_with(|| Host {
                name: name.to_string(),
                roles: role,
                ..Host::default()
            });
            if host.name.is_empty() {
                host.name = name.to_string();
            }
        }
    }
}

/// The machines a text can be of.
struct Owners {
    known: BTreeMap<HostKey, Arc<str>>,
    server: Option<Arc<str>>,
    client: Option<Arc<str>>,
    only: Option<Arc<str>>,
}

impl Owners {
    fn of(case: &Case) -> Self {
        let known: BTreeMap<HostKey, Arc<str>> = case
            .hosts
            .iter()
            .map(|(key, host)| (key.clone(), Arc::from(host.name.as_str())))
            .collect();
        let named = |key: Option<&HostKey>| key.and_then(|key| known.get(key)).cloned();
        let server = named(case.ticket_server.as_ref().or_else(|| case.only(|roles| roles.server)));
        let client = named(case.ticket_client.as_ref().or_else(|| case.only(|roles| roles.client)));
        let only = named(if known.len() == 1 { known.keys().next() } else { None });
        Self { server, client, only, known }
    }

    fn owner(
        &self,
        places: &Places,
        path: &str,
        title: Option<&Arc<str>>,
        provider: &str,
    ) -> Option<Arc<str>> {
        let by_role = || match places::role(path) {
            HostRoles { server: true, client: false } => self.server.clone(),
            HostRoles { server: false, client: true } => self.client.clone(),
            _ => None,
        };
        places
            .beside(path)
            .or_else(|| title.cloned())
            .or_else(|| self.by_folder(path))
            .or_else(by_role)
            .or_else(|| self.around(places, path, provider))
            .or_else(|| self.only.clone())
            .or_else(|| self.server.clone())
    }

    /// The machine a folder is called after.
    fn by_folder(&self, path: &str) -> Option<Arc<str>> {
        let mut folders = places::folder(path).rsplit(['/', '!']).filter_map(HostKey::new);
        folders.find_map(|folder| self.known.get(&folder).cloned())
    }

    /// The only machine with logs around a text; but a text that lies beside the folder of one side may be of the other,
    /// and then what it tells decides.
    fn around(&self, places: &Places, path: &str, provider: &str) -> Option<Arc<str>> {
        let around = places.around(path)?;
        let key = |name: &Option<Arc<str>>| name.as_deref().and_then(HostKey::new);
        let (server, client) = (key(&self.server), key(&self.client));
        let found = HostKey::new(&around);
        let two_sides = server.is_some() && client.is_some() && server != client;
        if !two_sides || (found != server && found != client) {
            return Some(around);
        }
        if OF_THE_CLIENT.contains(&provider) { self.client.clone() } else { self.server.clone() }
    }

    /// The machine that a text names as its own: by what `hostname` printed, or a known one in its first lines.
    fn titled(&self, source: &Source) -> Option<Arc<str>> {
        let text = source.text_head();
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if let Some(name) = printed_name(&lines) {
            let key = HostKey::new(name)?;
            return Some(self.known.get(&key).cloned().unwrap_or_else(|| name.into()));
        }
        lines.iter().take(TITLE).find_map(|line| {
            let line = line.trim_start_matches(|letter: char| !letter.is_alphanumeric());
            let mut words = line.split(|it: char| it.is_whitespace() || ",;:>()[]".contains(it));
            let key = words.next().and_then(HostKey::new)?;
            self.known.get(&key).cloned()
        })
    }
}

/// What `hostname` printed, or stands behind the label of `systeminfo`. Where two machines are named, none is.
fn printed_name<'t>(lines: &[&'t str]) -> Option<&'t str> {
    static ASKED: LazyLock<Expression> =
        LazyLock::new(|| expression(r"(?i)>\s*hostname(?:\.exe)?\s*(?:[&;|].*)?$"));
    static NAME: LazyLock<Expression> = LazyLock::new(|| expression(r"^[A-Za-z][\w.-]{0,62}$"));
    let printed = lines.windows(2).filter_map(|pair| match pair {
        [asked, name] if ASKED.is_match(asked) => Some(*name),
        _ => None,
    });
    let labelled = lines.iter().filter_map(|line| {
        let (label, name) = line.split_once(':')?;
        matches!(label.trim(), "Host Name" | "Hostname" | "Computername").then(|| name.trim())
    });
    let names: BTreeSet<&str> =
        printed.chain(labelled).filter(|name| NAME.is_match(name)).collect();
    let mut names = names.into_iter();
    let first = names.next();
    if names.next().is_some() { None } else { first }
}
