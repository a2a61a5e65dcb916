//! A case: the files of a ticket, and the truth about it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Channel, Host};

/// A ticket's files and the truth about them.
#[derive(Debug)]
pub struct Case {
    name: String,
    files: BTreeMap<String, Vec<u8>>,
}

/// What is true, whatever a program makes of it.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// How many incidents there are.
    pub incidents: usize,
    /// The cause of the first; an id, or `insufficient-evidence`.
    pub first_cause: Option<&'static str>,
    /// Causes that may stand first as well.
    pub acceptable: &'static [&'static str],
    /// What set it off.
    pub trigger: Option<&'static str>,
    /// The update, when one did.
    pub kb: Option<&'static str>,
    /// How far the connection got.
    pub stage: Option<&'static str>,
    /// Further incidents: (server, cause).
    pub others: &'static [(&'static str, &'static str)],
    /// The mechanics that make this the truth.
    pub why: &'static str,
    /// Answers that would be embarrassing.
    pub must_not: &'static [&'static str],
}

impl Case {
    /// A case without files.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), files: BTreeMap::new() }
    }

    /// Its name: that of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds logs of a host as files of a folder; `""` puts them on top.
    pub fn logs(self, folder: &str, host: &Host, channels: &[Channel]) -> Self {
        channels.iter().fold(self, |case, channel| {
            let slash = if folder.is_empty() { "" } else { "/" };
            let path = format!("{folder}{slash}{}", channel.file());
            case.file(&path, host.evtx(*channel))
        })
    }

    /// Adds a file to the bundle.
    pub fn file(mut self, path: &str, bytes: Vec<u8>) -> Self {
        self.files.insert(format!("bundle/{path}"), bytes);
        self
    }

    /// Says what is true.
    pub fn expect(mut self, expected: &Expected) -> Self {
        self.files.insert("expected.yaml".to_owned(), expected.to_yaml().into_bytes());
        self
    }

    /// Every file, by its path within the case's folder.
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }
}

impl Expected {
    /// Nothing failed.
    pub fn healthy(why: &'static str) -> Self {
        Self { why, ..Self::default() }
    }

    fn to_yaml(&self) -> String {
        let mut yaml = String::from("# Written by tests/fixtures.rs; see tests/cases_built.\n");
        let or_null = |value: Option<&'static str>| value.unwrap_or("null");
        let list = |values: &[&str]| format!("[{}]", values.join(", "));
        let lines = [
            ("incidents", self.incidents.to_string()),
            ("first_cause", or_null(self.first_cause).to_owned()),
            ("acceptable", list(self.acceptable)),
            ("trigger", or_null(self.trigger).to_owned()),
            ("kb", or_null(self.kb).to_owned()),
            ("stage", or_null(self.stage).to_owned()),
        ];
        for (key, value) in lines {
            writeln!(yaml, "{key}: {value}").expect("writing to memory cannot fail");
        }
        if !self.others.is_empty() {
            let others = self
                .others
                .iter()
                .map(|(host, cause)| format!("  - {{host: {host}, first_cause: {cause}}}\n"));
            yaml.push_str("others:\n");
            yaml.extend(others);
        }
        yaml.push_str("why: >-\n  ");
        yaml.push_str(self.why);
        yaml.push_str("\nmust_not: ");
        yaml.push_str(&list(self.must_not));
        yaml.push('\n');
        yaml
    }
}
