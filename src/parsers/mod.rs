//! The formats: each turns one source into [`Event`]s and [`Notice`]s.
//!
//! A new format is a file here, a `mod` line and an entry in [`PARSERS`].

pub mod acl;
pub mod cbs_log;
pub mod ccm_log;
pub mod certutil;
pub mod command_output;
mod coverage;
mod damage;
mod dates;
pub mod dism_log;
pub mod dism_packages;
pub mod event_clixml;
pub mod event_csv;
pub mod event_json;
pub mod event_list;
pub mod event_viewer;
pub mod event_xml;
pub mod evt;
pub mod evtx;
mod export;
pub mod firewall_log;
pub mod fslogix_log;
pub mod hotfix_list;
pub mod http_log;
pub mod mstsc_dialog;
pub mod netlogon_log;
pub mod product_log;
pub mod rdp_file;
pub mod reg_export;
pub mod reporting_events;
mod servicing;
pub mod setup_log;
pub mod setupdiag;
pub mod systeminfo;
#[cfg(test)]
mod testing;
pub mod time_zone;
pub mod unread;
pub mod update_history;
pub mod wevtutil_text;
pub mod wfp;
pub mod windows_update_log;

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

pub use coverage::{Gap, RecordNumbers};

use chrono::{DateTime, Utc};

use crate::event::{Event, Passing, Position, SourceId, Timestamp};
use crate::notice::Notice;
use crate::source::Source;

/// A log format.
pub trait Parser: Sync {
    /// The format's name in reports and fixtures, such as `hotfix-list`.
    fn format(&self) -> &'static str;

    /// Whether it looks at bytes, and not at text.
    fn is_binary(&self) -> bool {
        false
    }

    /// Whether a source is in this format, judged by its content alone, never by its name.
    fn sniff(&self, source: &Source) -> bool;

    /// Hands every event to `sink`, in file order. Damage becomes a notice: parsing has no error.
    fn parse(&self, source: &Source, sink: &mut dyn Sink);
}

/// Every format, most specific first: a source goes to the first that sniffs it.
pub static PARSERS: &[&dyn Parser] = &[
    &evtx::Evtx,
    &evt::Evt,
    &event_xml::EventXml,
    &event_viewer::EventViewer,
    &event_csv::EventCsv,
    &event_json::EventJson,
    &event_clixml::EventClixml,
    &event_list::EventList,
    &wevtutil_text::WevtutilText,
    &reporting_events::ReportingEvents,
    &cbs_log::CbsLog,
    &ccm_log::CcmLog,
    &windows_update_log::WindowsUpdateLog,
    &dism_log::DismLog,
    &setup_log::SetupLog,
    &setupdiag::SetupDiag,
    &dism_packages::DismPackages,
    &update_history::UpdateHistory,
    &firewall_log::FirewallLog,
    &http_log::HttpLog,
    &wfp::Wfp,
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
    &time_zone::TimeZone,
    // Any product's own, so every format with a name comes first.
    &product_log::ProductLog,
    // Takes whatever people have written, so everything else comes first.
    &mstsc_dialog::MstscDialog,
];

/// The parser for a source, if any knows its content.
#[must_use]
pub fn parser_for(source: &Source) -> Option<&'static dyn Parser> {
    let mut text = None;
    PARSERS.iter().copied().find(|parser| {
        // What the formats of text look at is decoded once for all of them.
        if !parser.is_binary() {
            text.get_or_insert_with(|| source.text_head());
        }
        parser.sniff(source)
    })
}

/// Whether any parser knows a source, by its first bytes; for [`crate::bundle::Options::wanted`].
#[must_use]
pub fn is_known(source: &Source) -> bool {
    parser_for(source).is_some()
}

/// How many of a source's first bytes have to be kept to tell its format again: few of an event log, which bundles have by
/// the hundred; for [`crate::bundle::Options::head`].
#[must_use]
pub fn head_needed(source: &Source) -> usize {
    if evtx::Evtx.sniff(source) { evtx::HEAD } else { usize::MAX }
}

/// What a sink keeps of an event: its own affair.
pub type Kept = Box<dyn Any + Send>;

/// Which record an event was.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'r> {
    /// See [`Event::channel`].
    pub channel: Option<&'r str>,
    /// See [`Event::computer`].
    pub computer: Option<&'r str>,
    /// See [`Event::time`].
    pub time: Timestamp,
    /// Where it stands.
    pub position: Position,
}

impl<'e> From<&'e Event> for Identity<'e> {
    fn from(event: &'e Event) -> Self {
        Self {
            channel: event.channel.as_deref(),
            computer: event.computer.as_deref(),
            time: event.time,
            position: event.origin.position,
        }
    }
}

/// Where parsers put what they find.
///
/// A log that is read by several threads has its events sifted by them; what is kept of them, often nothing, is taken
/// one after the other, in the order of the log.
pub trait Sink: Sync {
    /// What of a log is wanted in full. Records outside of it need not be decoded: they only count for coverage.
    fn interest(&self) -> &Interest;
    /// Whether a wanted record is counted elsewhere, so that nothing is kept of it and it need not be decoded. Asked once a
    /// record: the sink counts what it leaves out.
    fn is_told(&self, _record: &Identity<'_>) -> bool {
        false
    }
    /// Takes one event.
    fn event(&mut self, event: Event);
    /// What is worth keeping of an event, told on any thread: the event itself, unless the sink knows better. Nothing
    /// is kept for what it says, never for what is [`Passing`].
    fn sift(&self, event: &Event) -> Option<Kept> {
        Some(Box::new(event.clone()))
    }
    /// Whether [`Self::sift_again`] may ever know an answer: no record need be remembered for one that never does.
    fn sifts_again(&self) -> bool {
        false
    }
    /// What is worth keeping of an event that differs from one of which this was kept in nothing but [`Passing`]. `None`
    /// when only the event itself can tell.
    fn sift_again(&self, _like: &Kept, _passing: Passing) -> Option<Kept> {
        None
    }
    /// Counts an event into what was kept of one from which it differs in nothing but [`Passing`], when all that is to be
    /// kept of it is that it came, and when. Whether that could be done.
    fn sift_more(&self, _like: &mut Kept, _time: Timestamp) -> bool {
        false
    }
    /// Takes what was kept of an event.
    fn keep(&mut self, kept: Kept) {
        if let Ok(event) = kept.downcast() {
            self.event(*event);
        }
    }
    /// Takes note that records of a log were seen, wanted or not.
    fn coverage(&mut self, span: CoverageSpan);
    /// Takes note of the state in which a log was found; of one without a word nothing is known to be wrong.
    fn state(&mut self, _state: LogState) {}
    /// Takes note that the times of this source are the wall clock of its machine, coverage and all.
    fn local(&mut self) {}
    /// Takes something that could not be read.
    fn notice(&mut self, notice: Notice);
}

/// The state in which a log was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogState {
    /// It was not closed when it was copied (dirty flag): its newest records may be missing.
    pub dirty: bool,
    /// The file ends before its last chunk does.
    pub cut: bool,
    /// Chunks of zeroes where records were.
    pub zeroed_chunks: usize,
    /// Chunks with records that cannot be read, or that are no chunks.
    pub damaged_chunks: usize,
}

impl LogState {
    /// Takes in the state of another file of the same log.
    pub fn absorb(&mut self, other: Self) {
        self.dirty |= other.dirty;
        self.cut |= other.cut;
        self.zeroed_chunks += other.zeroed_chunks;
        self.damaged_chunks += other.damaged_chunks;
    }
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
    /// Every `EventRecordID`; shared with what tells copies apart.
    pub numbers: Arc<RecordNumbers>,
}

impl CoverageSpan {
    /// Widens this span by another of the same log.
    pub fn absorb(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.records += other.records;
        Arc::make_mut(&mut self.numbers).absorb(&other.numbers);
    }
}

/// The (provider, event id) pairs that somebody wants to see: the signatures and the attempts model.
#[derive(Debug, Default, Clone)]
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
