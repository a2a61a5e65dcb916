//! The timeline: findings, attempts and dialogs of a bundle, in the order of time, each with its source.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::attempts::Attempt;
use crate::case::Case;
use crate::event::{Event, Origin, TimeQuality};
use crate::findings::Bucket;
use crate::signatures::{Database, Role, SignatureId};

/// The values of a line: of an event, which the findings have too, or its own.
#[derive(Debug, Clone)]
pub enum Fields {
    /// Those of an event.
    Of(Arc<Event>),
    /// Others.
    Own(Vec<(Arc<str>, String)>),
}

impl std::ops::Deref for Fields {
    type Target = [(Arc<str>, String)];

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Of(event) => &event.data,
            Self::Own(fields) => fields,
        }
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When; `None` when the source does not say.
    pub time: Option<DateTime<Utc>>,
    /// When the last of several was.
    pub last: Option<DateTime<Utc>>,
    /// How exact these times are.
    pub quality: TimeQuality,
    /// How many events this line stands for.
    pub count: u64,
    /// The computer, as logged.
    pub host: Arc<str>,
    /// Its provider.
    pub provider: Arc<str>,
    /// Its event id.
    pub event_id: Option<u32>,
    /// Its channel.
    pub channel: Option<Arc<str>>,
    /// Its level.
    pub level: Option<u8>,
    /// The part it plays.
    pub role: Role,
    /// The signature that found it.
    pub signature: Option<SignatureId>,
    /// The incident it belongs to, by index.
    pub incident: Option<usize>,
    /// Seconds from the incident's first failure; negative before it.
    pub delta_s: Option<f64>,
    /// One line for people.
    pub summary: String,
    /// The event's own values.
    pub fields: Fields,
    /// Where it was read.
    pub origin: Origin,
    /// The connection this line tells of, when it is one and not a record.
    pub attempt: Option<Box<Attempt>>,
}

impl Entry {
    /// A line for an event that no signature found, such as a dialog.
    #[must_use]
    pub fn of_event(event: Arc<Event>, role: Role, summary: String) -> Self {
        let (time, quality) = event.time.resolve(None);
        Self {
            time,
            last: time,
            quality,
            count: 1,
            host: event.computer.clone().unwrap_or_else(|| "".into()),
            provider: Arc::clone(&event.provider),
            event_id: event.event_id,
            channel: event.channel.clone(),
            level: event.level,
            role,
            signature: None,
            incident: None,
            delta_s: None,
            summary,
            origin: event.origin,
            fields: Fields::Of(event),
            attempt: None,
        }
    }

    fn of_bucket(id: SignatureId, bucket: &Bucket, db: &Database) -> Option<Self> {
        let signature = db.signature(id)?;
        let summary = signature.summarize(&bucket.example);
        let entry = Self::of_event(Arc::clone(&bucket.example), signature.role, summary);
        Some(Self {
            time: bucket.first,
            last: bucket.last,
            quality: bucket.quality,
            count: bucket.count,
            signature: Some(id),
            ..entry
        })
    }

    /// A field's value.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(key, _)| crate::event::same_name(key, name))
            .map(|(_, value)| value.as_str())
    }
}

/// The index of an [`Entry`] in [`Timeline::entries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub usize);

/// All lines, in order of time; undated ones last.
#[derive(Debug, Default)]
pub struct Timeline {
    entries: Vec<Entry>,
}

impl Timeline {
    /// A line for everything that was found. Further lines go in with [`Timeline::new`]'s second argument, so that
    /// indices never move afterwards.
    #[must_use]
    pub fn new(case: &Case, db: &Database, more: Vec<Entry>) -> Self {
        let found = case.findings.series().flat_map(|(key, series)| {
            series.buckets.iter().filter_map(|bucket| Entry::of_bucket(key.signature, bucket, db))
        });
        let room = case.findings.series().map(|(_, series)| series.buckets.len()).sum::<usize>();
        let mut entries = Vec::with_capacity(room + more.len());
        entries.extend(found.chain(more));
        // Lines are large: they are moved once, and not whenever two are compared.
        entries.sort_by_cached_key(|entry| {
            (entry.time.is_none(), entry.time, entry.origin, entry.signature)
        });
        Self { entries }
    }

    /// A timeline of ready lines, which stay in their order.
    #[must_use]
    pub fn from_entries(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// The lines, to be changed in place; their number and order stay.
    pub fn entries_mut(&mut self) -> &mut [Entry] {
        &mut self.entries
    }

    /// The lines.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lines with their indices.
    pub fn numbered(&self) -> impl Iterator<Item = (EntryId, &Entry)> {
        self.entries.iter().enumerate().map(|(index, entry)| (EntryId(index), entry))
    }

    /// One line.
    #[must_use]
    pub fn get(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(id.0)
    }

    /// Ties a line to an incident; the first that claims it keeps it.
    pub fn tie(&mut self, id: EntryId, incident: usize, start: Option<DateTime<Utc>>) {
        if let Some(entry) = self.entries.get_mut(id.0).filter(|entry| entry.incident.is_none()) {
            entry.incident = Some(incident);
            entry.delta_s =
                start.zip(entry.time).map(|(start, time)| (time - start).as_seconds_f64());
        }
    }
}
