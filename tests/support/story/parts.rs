//! What was collected, and in which form.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::case_builder::{Channel, text, utf16, xml};
use super::{Clock, Hosts};

/// Files of the bundle; see `tests/tickets/README.md`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Part {
    /// Logs of this host, in the folder `folder`.
    logs: Option<String>,
    folder: Option<String>,
    channels: Vec<String>,
    as_xml: bool,
    /// A file as it stands.
    file: Option<String>,
    text: Option<String>,
    utf16: bool,
    /// The ticket: who wrote when, and the box that was pasted.
    ticket: Option<String>,
    server: Option<String>,
    client: Option<String>,
    opened: Option<String>,
    #[serde(rename = "box")]
    pasted: Option<ErrorBox>,
    /// Lists of updates of a host: `Security Update KB1 11/17/2026`.
    hotfixes: Option<String>,
    wmic: Option<String>,
    updates: Vec<(String, String, String)>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ErrorBox {
    at: String,
    error: u32,
    extended: u32,
}

impl Part {
    pub(super) fn collect(
        &self,
        clock: &Clock<'_>,
        hosts: &mut Hosts,
        as_xml: bool,
        files: &mut BTreeMap<String, Vec<u8>>,
    ) {
        if let Some(id) = &self.logs {
            return self.logs(id, hosts, as_xml || self.as_xml, files);
        }
        let path = self.file.clone().unwrap_or_else(|| "ticket.txt".to_owned());
        let bytes = if self.ticket.is_some() {
            self.ticket(clock, hosts)
        } else if let Some(id) = self.hotfixes.as_ref().or(self.wmic.as_ref()) {
            let updates: Vec<(&str, &str, &str)> =
                self.updates.iter().map(|(kind, kb, day)| (&**kind, &**kb, &**day)).collect();
            let list = if self.wmic.is_some() { text::wmic_qfe } else { text::get_hotfix };
            list(hosts.get(id), &updates)
        } else {
            let text = self.text.clone().unwrap_or_else(|| panic!("{path} has no text"));
            if self.utf16 { utf16(&text) } else { text.replace('\n', "\r\n").into_bytes() }
        };
        files.insert(path, bytes);
    }

    fn logs(
        &self,
        id: &str,
        hosts: &mut Hosts,
        as_xml: bool,
        files: &mut BTreeMap<String, Vec<u8>>,
    ) {
        let host = hosts.get(id);
        let folder = self.folder.as_deref().unwrap_or(id);
        for name in &self.channels {
            let channel = Channel::of(name);
            let file = channel.file();
            let (file, bytes) = if as_xml {
                (file.replace(".evtx", ".xml"), xml(host, channel).into_bytes())
            } else {
                (file, host.evtx(channel))
            };
            let path = if folder.is_empty() { file } else { format!("{folder}/{file}") };
            files.insert(path, bytes);
        }
    }

    fn ticket(&self, clock: &Clock<'_>, hosts: &mut Hosts) -> Vec<u8> {
        let mut words = self.ticket.clone().unwrap_or_default();
        let mut name = |id: &Option<String>| {
            let id = id.as_deref().unwrap_or("-");
            if hosts.0.contains_key(id) { hosts.get(id).name().to_owned() } else { id.to_owned() }
        };
        let (server, client) = (name(&self.server), name(&self.client));
        if let Some(pasted) = &self.pasted {
            let id = self.client.as_deref().unwrap_or("pc");
            let time = clock.at(&pasted.at);
            words.push_str("\n\n");
            words.push_str(&text::mstsc_box(time, hosts.get(id), pasted.error, pasted.extended));
        }
        let opened = self.opened.as_deref().map(|text| clock.at(text));
        let opened = opened.map_or(String::new(), |time| time.format("%Y-%m-%d %H:%M").to_string());
        text::ticket(4711, &opened, &server, &client, &words)
    }
}
