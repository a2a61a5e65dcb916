//! Everything in an analysis or a row that comes from a log, replaced in place.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Kind, Redactor};
use crate::analysis::Analysis;
use crate::attempts::Attempt;
use crate::case::HostKey;
use crate::diagnosis::{Diagnosis, Verdict};
use crate::report::rows::Row;
use crate::timeline::{Entry, Fields};

impl Redactor {
    /// Replaces the names in an analysis; reports of it tell pseudonyms from then on.
    pub fn analysis(&self, analysis: &mut Analysis<'_>) {
        for source in &mut analysis.sources {
            source.path = self.path(&source.path).into();
        }
        for host in &mut analysis.hosts {
            host.name = self.name(Kind::Host, &host.name);
        }
        analysis.rename_hosts(&|key| self.key(key), &|name| self.name(Kind::Host, name));
        analysis.timeline.entries_mut().iter_mut().for_each(|entry| self.entry(entry));
        analysis.diagnoses.iter_mut().for_each(|diagnosis| self.diagnosis(diagnosis));
        for notice in &mut analysis.notices {
            notice.at = self.text(&notice.at);
            notice.what = self.text(&notice.what);
            notice.lost = notice.lost.as_ref().map(|lost| self.text(lost));
        }
    }

    /// Replaces the names in a row.
    pub fn row(&self, row: &mut Row<'_>) {
        let user =
            |user: &str| if user.is_empty() { String::new() } else { self.name(Kind::User, user) };
        row.host = self.host(&row.host).into();
        row.summary = self.summary(&row.summary).into();
        row.user = user(&row.user).into();
        row.address = self.text(&row.address).into();
        row.code = self.field("", &row.code).into();
        row.source = self.path(&row.source).into();
        row.fields = Cow::Owned(self.fields(&row.fields));
    }

    fn host(&self, name: &str) -> String {
        if name.is_empty() { String::new() } else { self.name(Kind::Host, name) }
    }

    fn key(&self, key: &HostKey) -> HostKey {
        HostKey::new(&self.host(key.as_str())).unwrap_or_else(|| key.clone())
    }

    /// A label of a source: archives and folders are often named after hosts and people.
    fn path(&self, path: &str) -> String {
        let parts = path.split_inclusive(['/', '!', '_', ' ']);
        parts.map(|part| self.text(part)).collect()
    }

    /// A line that may hold bytes in hex between its words.
    fn summary(&self, text: &str) -> String {
        let word = |word: &str| {
            let value = word.rsplit_once('=').map_or(word, |(_, value)| value).trim_end();
            if super::shapes::is_binary(value) {
                word.replace(value, "(binary, redacted)")
            } else {
                word.to_owned()
            }
        };
        self.text(&text.split_inclusive(' ').map(word).collect::<String>())
    }

    fn fields(&self, fields: &[(Arc<str>, String)]) -> Vec<(Arc<str>, String)> {
        fields.iter().map(|(name, value)| (Arc::clone(name), self.field(name, value))).collect()
    }

    fn entry(&self, entry: &mut Entry) {
        entry.host = self.host(&entry.host).into();
        entry.summary = self.summary(&entry.summary);
        entry.fields = Fields::Own(self.fields(&entry.fields));
        if let Some(attempt) = &mut entry.attempt {
            self.attempt(attempt);
        }
    }

    fn attempt(&self, attempt: &mut Attempt) {
        attempt.host = self.host(&attempt.host).into();
        attempt.peer = attempt.peer.as_ref().map(|peer| self.text(peer).into());
        attempt.target = attempt.target.as_ref().map(|target| self.host(target).into());
        attempt.user = attempt.user.as_ref().map(|user| self.name(Kind::User, user).into());
    }

    fn diagnosis(&self, diagnosis: &mut Diagnosis) {
        let incident = &mut diagnosis.incident;
        incident.server = incident.server.as_ref().map(|key| self.key(key));
        incident.client = incident.client.as_ref().map(|key| self.key(key));
        for peers in [&mut incident.peers, &mut incident.others_in] {
            *peers = peers.iter().map(|peer| Arc::from(self.text(peer))).collect::<BTreeSet<_>>();
        }
        let users = incident.users.iter().map(|user| Arc::from(self.name(Kind::User, user)));
        incident.users = users.collect();
        if let Some(trigger) = &mut diagnosis.trigger {
            trigger.why = self.text(&trigger.why);
        }
        match &mut diagnosis.verdict {
            Verdict::Ranked(suspects) | Verdict::InsufficientEvidence { suspects, .. } => {
                let grounds = suspects
                    .iter_mut()
                    .flat_map(|suspect| suspect.grounds.iter_mut().chain(&mut suspect.against));
                grounds.for_each(|ground| ground.text = self.summary(&ground.text));
            }
        }
        let reasons = &mut diagnosis.reasons;
        let texts = reasons.chain.iter_mut().map(|fact| &mut fact.text);
        let texts =
            texts.chain(reasons.less_likely.iter_mut().map(|objection| &mut objection.text));
        let texts = texts.chain(reasons.excluded.iter_mut().map(|exclusion| &mut exclusion.text));
        texts.for_each(|text| *text = self.summary(text));
        for case in &mut diagnosis.why_not {
            let grounds = case.grounds.iter_mut().chain(&mut case.against);
            grounds.for_each(|ground| ground.text = self.summary(&ground.text));
        }
        for wanted in &mut diagnosis.missing {
            wanted.collect = self.text(&wanted.collect);
            wanted.why = self.text(&wanted.why);
        }
    }
}
