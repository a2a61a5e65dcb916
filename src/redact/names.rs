//! Names that a bundle tells, gathered while it is analysed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::shapes::{self, What};
use crate::analysis::Observer;
use crate::event::Event;
use crate::parsers::Kept;
use crate::scan::Watch;
use crate::signatures::SignatureId;
use crate::source::Source;

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A computer.
    Host,
    /// A domain or workgroup.
    Domain,
    /// An account.
    User,
}

impl Kind {
    /// What its pseudonyms begin with.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Domain => "domain",
            Self::User => "user",
        }
    }
}

/// Accounts, groups and names that every Windows has: they tell nothing about anybody.
const COMMON: &[&str] = &[
    "-",
    "system",
    "network service",
    "local service",
    "anonymous logon",
    "nt authority",
    "builtin",
    "administrator",
    "administrators",
    "guest",
    "defaultaccount",
    "wdagutilityaccount",
    "everyone",
    "users",
    "window manager",
    "font driver host",
    "nt service",
    "iis apppool",
    "workgroup",
    "localhost",
    "local",
    "public",
    "default",
    "all users",
    "updateagentlcu",
    "wusa",
    "dism package manager provider",
    "windows update agent",
    "default user",
    "unknown",
    "n/a",
    "null",
    "(null)",
    "termsrv",
    "microsoft",
    "windows",
    "nt virtual machine",
    "remote desktop users",
    "microsoftaccount",
    "azuread",
    "trustedinstaller",
    "service",
    "true",
    "false",
    "none",
    "netzwerkdienst",
    "lokaler dienst",
    "nt-autorität",
    "administratoren",
    "jeder",
    "benutzer",
];

/// Letters below which a word is replaced in fields of its kind only, and not wherever it stands in a text.
const SHORT: usize = 3;

/// Whether a name tells nothing.
pub(super) fn is_common(name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    let numbered = ["dwm-", "umfd-"].iter().any(|start| lower.starts_with(start));
    // A number is an id, no name.
    numbered
        || COMMON.contains(&lower.as_str())
        || lower.is_empty()
        || lower.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a field's value is, by what the field is called.
pub(super) fn kind_of_field(name: &str) -> Option<Kind> {
    let lower = name.replace([' ', '_'], "").to_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| lower.ends_with(end));
    if ends(&["domain", "domainname", "realm", "workgroup"]) {
        Some(Kind::Domain)
    } else if ends(&[
        "username",
        "accountname",
        "user",
        "installedby",
        "samaccountname",
        "owner",
        "userprincipalname",
    ]) {
        Some(Kind::User)
    } else if ends(&[
        "computer",
        "computername",
        "workstation",
        "workstationname",
        "hostname",
        "servername",
        "clientname",
        "machinename",
        "dcname",
        "server",
        "client",
        "host",
        "targetserver",
        "sourcemachine",
    ]) {
        Some(Kind::Host)
    } else {
        None
    }
}

/// Whether a value can be a name, and not a sentence or a number with a meaning.
pub(super) fn is_plain(value: &str) -> bool {
    let value = value.trim();
    !value.is_empty() && value.len() <= 256 && !value.starts_with("%%") && !value.starts_with("0x")
}

/// The names of a bundle.
#[derive(Debug, Default)]
pub struct Names {
    found: Mutex<BTreeMap<String, Kind>>,
}

impl Names {
    /// The names as words to look for, in lower case.
    pub(super) fn into_words(self) -> Vec<(String, Kind)> {
        let found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.into_iter().filter(|(name, _)| name.chars().count() >= SHORT).collect()
    }

    /// Takes a name, with or without the domain it is in.
    pub fn add(&self, kind: Kind, value: &str) {
        let value = value.trim().trim_start_matches('\\').trim_end_matches(['.', '$']);
        if let Some((domain, user)) = value.split_once('\\') {
            self.add(Kind::Domain, domain);
            return self.add(Kind::User, user);
        }
        if let Some((user, domain)) = value.split_once('@') {
            self.add(Kind::User, user);
            return self.add(Kind::Domain, domain);
        }
        let is_address = value.parse::<std::net::IpAddr>().is_ok();
        if is_common(value) || is_address || value.contains(['/', ':', '=', ',', '<', '{']) {
            return;
        }
        match (kind, value.split_once('.')) {
            (Kind::Host, Some((host, domain))) => {
                self.put(Kind::Host, host);
                self.add(Kind::Domain, domain);
            }
            // Every part of a suffix but the last, which is one of the world's: the first is the domain's short name.
            (Kind::Domain, Some(_)) => {
                let parts: Vec<_> = value.split('.').collect();
                let own = parts.split_last().map(|(_, own)| own).unwrap_or_default();
                own.iter().for_each(|part| self.put(Kind::Domain, part));
            }
            _ => self.put(kind, value),
        }
    }

    fn put(&self, kind: Kind, name: &str) {
        if is_common(name) {
            return;
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let known = found.entry(name.to_lowercase()).or_insert(kind);
        *known = kind.min(*known);
    }

    fn event(&self, event: &Event) {
        event.computer.iter().for_each(|name| self.add(Kind::Host, name));
        for (name, value) in &event.data {
            match kind_of_field(name) {
                Some(kind) if is_plain(value) => self.add(kind, value),
                // Accounts of a group or with a right, each between semicolons.
                _ if &**name == "Members" => {
                    let members = value.split(';').filter(|member| !member.starts_with("S-1-"));
                    members.for_each(|member| self.add(Kind::User, member));
                }
                _ => {}
            }
            self.shapes(value);
        }
    }

    fn shapes(&self, text: &str) {
        for shape in shapes::find(text) {
            match shape.what {
                What::Profile { name, .. } => self.put(Kind::User, name),
                What::Share { host, .. } => self.add(Kind::Host, host),
                What::Mail { user, domain } => {
                    self.add(Kind::User, user);
                    self.add(Kind::Domain, domain);
                }
                What::Address(_) | What::Sid => {}
            }
        }
    }
}

impl Observer for Names {
    fn watch<'s>(&'s self, _: &'s Source) -> Box<dyn Watch + 's> {
        Box::new(self)
    }
}

impl Watch for &Names {
    fn look(&self, event: &Event, _: &[SignatureId]) -> Option<Kept> {
        self.event(event);
        None
    }

    fn looks_again(&self) -> bool {
        true
    }

    fn take(&mut self, _: Kept) {}
}
