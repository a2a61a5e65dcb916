//! The formats: each turns one source into [`Event`]s and [`Notice`]s.
//!
//! A new format is a file here, a `mod` line and an entry in [`PARSERS`].

pub mod acl;
pub mod certutil;
pub mod command_output;
mod coverage;
mod damage;
mod dates;
pub mod event_xml;
pub mod evtx;
pub mod firewall_log;
pub mod fslogix_log;
pub mod hotfix_list;
pub mod mstsc_dialog;
pub mod netlogon_log;
pub mod rdp_file;
pub mod reg_export;
pub mod reporting_events;
pub mod systeminfo;
#[cfg(test)]
mod testing;
pub mod unread;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::event::{Event, SourceId};
use crate::notice::Notice;
use crate::source::Source;

/// A log format.
pub trait Parser: Sync {
    /// The format's name in reports and fixtures, such as `hotfix-list`.
    fn format(&self) -> &'static str;

    /// Whether a source is in this format, judged by its content alone, never by its name.
    fn sniff(&self, source: &Source) -> bool;

    /// Hands every event to `sink`, in file order. Damage becomes a notice: parsing has no error.
    fn parse(&self, source: &Source, sink: &mut dyn Sink);
}

/// Every format, most specific first: a source goes to the first that sniffs it.
pub static PARSERS: &[&dyn Parser] = &[
    &evtx::Evtx,
    &event_xml::EventXml,
    &reporting_events::ReportingEvents,
    &firewall_log::FirewallLog,
    &netlogon_log::NetlogonLog,
    &fslogix_log::FslogixLog,
    &rdp_file::RdpFile,
    &hotfix_list::HotfixList,
    // Before the formats of which it may hold several.
    &command_output::CommandOutput,
    &reg_export::RegExport,
    &acl::Acl,
    &certutil::Certutil,
    &systeminfo::Systeminfo,
    // Takes whatever people have written, so everything else comes first.
    &mstsc_dialog::MstscDialog,
];

/// The parser for a source, if any knows its content.
#[must_use]
pub fn parser_for(source: &Source) -> Option<&'static dyn Parser> {
    PARSERS.iter().copied().find(|parser| parser.sniff(source))
}

/// Whether any parser knows a source, by its first bytes; for [`crate::bundle::Options::wanted`].
#[must_use]
pub fn is_known(source: &Source) -> bool {
    parser_for(source).is_some()
}

/// Where parsers put what they find.
pub trait Sink {
    /// What of a log is wanted in full. Records outside of it need not be decoded: they only count for coverage.
    fn interest(&self) -> &Interest;
    /// Takes one event.
    fn event(&mut self, event: Event);
    /// Takes note that records of a log were seen, wanted or not.
    fn coverage(&mut self, span: CoverageSpan);
    /// Takes something that could not be read.
    fn notice(&mut self, notice: Notice);
}

/// A stretch of records of one log on one machine, all of them, not only the wanted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageSpan {
    /// The source the records stand in.
    pub source: SourceId,
    /// Channel as the records name it; empty when they name none.
    pub channel: Arc<str>,
    /// Computer as the records name it.
    pub computer: Arc<str>,
    /// Smallest `TimeCreated`.
    pub first: DateTime<Utc>,
    /// Largest `TimeCreated`.
    pub last: DateTime<Utc>,
    /// Number of records.
    pub records: u64,
    /// Smallest and largest `EventRecordID`.
    pub record_ids: (u64, u64),
}

impl CoverageSpan {
    /// Widens this span by another of the same log.
    pub fn absorb(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.records += other.records;
        self.record_ids =
            (self.record_ids.0.min(other.record_ids.0), self.record_ids.1.max(other.record_ids.1));
    }
}

/// The (provider, event id) pairs that somebody wants to see: the signatures and the attempts model.
#[derive(Debug, Default)]
pub struct Interest {
    everything: bool,
    by_id: HashMap<Option<u32>, Vec<Box<str>>>,
}

impl Interest {
    /// Wants every record, for whole timelines.
    #[must_use]
    pub fn everything() -> Self {
        Self { everything: true, by_id: HashMap::new() }
    }

    /// Adds a pair. Providers are compared without case; an empty one stands for any provider, `None` for any id.
    pub fn add(&mut self, provider: &str, event_id: Option<u32>) {
        let providers = self.by_id.entry(event_id).or_default();
        if !providers.iter().any(|known| known.eq_ignore_ascii_case(provider)) {
            providers.push(provider.into());
        }
    }

    /// Whether a record of this provider (or its classic alias) and id is wanted.
    #[must_use]
    pub fn wants(&self, provider: &str, event_source: Option<&str>, event_id: u32) -> bool {
        let fits = |known: &str| {
            known.is_empty()
                || known.eq_ignore_ascii_case(provider)
                || event_source.is_some_and(|alias| known.eq_ignore_ascii_case(alias))
        };
        let of = |id| {
            self.by_id.get(&id).is_some_and(|providers| providers.iter().any(|known| fits(known)))
        };
        self.everything || of(Some(event_id)) || of(None)
    }
}
