//! `System`: where its fields come from, and what they are in one record.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::cursor::{Cursor, index};
use super::intern::{Interned, TextId};
use super::names::Known;
use super::plan::{NO_DEPENDENCY, Piece, Plan, Step};
use super::values::{self, Value};
use super::{Odd, Sure, text};
use crate::event::{Event, Origin, Passing, Position, Timestamp, parse_code};
use crate::parsers::event_xml::{guid, time};

/// 1990-01-01, in ticks: events from before there were event logs are not believed.
const FIRST_BELIEVED: u64 = 122_756_256_000_000_000;

/// Where one field comes from.
#[derive(Debug, Clone, Copy, Default)]
struct Field {
    /// The value without which its element is left out.
    dependency: Option<u16>,
    piece: Option<Piece>,
    /// What was interned, when the piece is text.
    literal: TextId,
}

impl Field {
    /// The values it depends on.
    fn holes(&self) -> impl Iterator<Item = u16> {
        let hole = match self.piece {
            Some(Piece::Hole(hole)) => Some(hole),
            _ => None,
        };
        hole.into_iter().chain(self.dependency)
    }
}

/// Where the fields of `System` come from in one template.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct System {
    provider: Field,
    event_source: Field,
    event_id: Field,
    qualifiers: Field,
    level: Field,
    time: Field,
    record_id: Field,
    activity: Field,
    process: Field,
    channel: Field,
    computer: Field,
    user: Field,
    /// Holes that say when and by which process, thread and activity a record was written, and which one it is; nothing
    /// else comes from them.
    pub(crate) passing: u128,
    /// Values that [`System::head`] may ask for: so many, from the first.
    pub(crate) reach: usize,
    /// Whether a record was wanted: more of its kind will be, among others.
    pub(crate) wanted: bool,
}

/// What every record is looked at for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Head {
    pub(crate) provider: TextId,
    pub(crate) event_source: TextId,
    pub(crate) event_id: Option<u32>,
    pub(crate) channel: TextId,
    pub(crate) computer: TextId,
    /// Ticks of 100 ns since 1601, when believable.
    pub(crate) time: Option<u64>,
    pub(crate) record_id: u64,
}

impl Head {
    /// When the record was written.
    pub(crate) fn timestamp(&self) -> Timestamp {
        self.time.and_then(Self::instant).map_or(Timestamp::Undated, Timestamp::Utc)
    }

    /// The time as other parts of the program have it.
    pub(crate) fn instant(ticks: u64) -> Option<DateTime<Utc>> {
        let (seconds, nanos) = text::moment(ticks).ok()?;
        DateTime::from_timestamp(seconds, nanos)
    }
}

/// Places of the last texts asked for.
const PROVIDER: usize = 0;
const EVENT_SOURCE: usize = 1;
const CHANNEL: usize = 2;
const COMPUTER: usize = 3;

impl System {
    /// Reads an `Event` whose first child is its only `System`, one level deep. Adds the holes in it to those of the
    /// plan where neither streams nor arrays can stand.
    pub(crate) fn of(
        data: &[u8],
        plan: &mut Plan,
        steps: &[Step],
        interned: &mut Interned,
    ) -> Sure<Self> {
        let mut steps = steps.get(plan.first + 1..).ok_or(Odd)?.iter();
        let start = steps.by_ref().find(|step| !matches!(step, Step::Attr { .. }));
        let Some(Step::Open { known: Known::System, dependency: NO_DEPENDENCY, .. }) = start else {
            return Err(Odd);
        };
        let mut builder = Builder { system: Self::default(), open: None, filled: false, seen: 0 };
        let mut uses = Uses::default();
        for step in steps.by_ref() {
            if let Some(hole) = step.hole() {
                plan.no_stream |= 1 << hole;
                plan.no_array |= 1 << hole;
                uses.add(hole, builder.is_passing());
            }
            if builder.step(step)? {
                break;
            }
        }
        let mut depth = 0_usize;
        for step in steps {
            uses.extend(step.hole());
            match step {
                Step::Open { known: Known::System, .. } if depth == 0 => return Err(Odd),
                Step::Open { .. } => depth += 1,
                Step::Close if depth == 0 => break,
                Step::Close => depth -= 1,
                _ => {}
            }
        }
        builder.system.intern(data, interned)?;
        builder.system.passing = uses.passing & !uses.others;
        builder.system.reach = builder.system.reach_of_head();
        Ok(builder.system)
    }

    fn reach_of_head(&self) -> usize {
        let fields = [
            &self.provider,
            &self.event_source,
            &self.event_id,
            &self.channel,
            &self.computer,
            &self.time,
            &self.record_id,
        ];
        let holes = fields.into_iter().flat_map(Field::holes);
        holes.map(|hole| usize::from(hole) + 1).max().unwrap_or_default()
    }

    fn intern(&mut self, data: &[u8], interned: &mut Interned) -> Sure<()> {
        let texts = [
            (&mut self.provider, PROVIDER),
            (&mut self.event_source, EVENT_SOURCE),
            (&mut self.channel, CHANNEL),
            (&mut self.computer, COMPUTER),
        ];
        for (field, role) in texts {
            if let Some(Piece::Text { at, bytes }) = field.piece {
                let stored = Cursor::new(data, index(at)).take(index(bytes))?;
                field.literal = interned.id(stored, role);
            }
        }
        Ok(())
    }

    /// What every record is looked at for. `number` is that of the record's frame.
    pub(crate) fn head(
        &self,
        data: &[u8],
        values: &[Value],
        number: u64,
        interned: &mut Interned,
    ) -> Sure<Head> {
        let record = Record { data, values: values.into() };
        Ok(Head {
            provider: record.interned(&self.provider, PROVIDER, interned)?,
            event_source: record.interned(&self.event_source, EVENT_SOURCE, interned)?,
            event_id: record.event_id(&self.event_id)?,
            channel: record.interned(&self.channel, CHANNEL, interned)?,
            computer: record.interned(&self.computer, COMPUTER, interned)?,
            time: record.time(&self.time)?,
            record_id: record.record_id(&self.record_id)?.unwrap_or(number),
        })
    }

    /// The head of a record that says the same as another one, at another time.
    pub(crate) fn head_again(
        &self,
        like: &Head,
        data: &[u8],
        values: Shifted<'_>,
        number: u64,
    ) -> Sure<Head> {
        let record = Record { data, values };
        Ok(Head {
            time: record.time(&self.time)?,
            record_id: record.record_id(&self.record_id)?.unwrap_or(number),
            ..*like
        })
    }

    /// What differs even in a record that says the same as another.
    pub(crate) fn passing_fields(
        &self,
        data: &[u8],
        values: Shifted<'_>,
        head: &Head,
        origin: Origin,
    ) -> Sure<Passing> {
        let record = Record { data, values };
        Ok(Passing {
            time: head.timestamp(),
            origin: Origin { position: Position::Record(head.record_id), ..origin },
            process_id: record.code(&self.process)?,
            activity_id: record.activity(&self.activity)?,
        })
    }

    /// The event without its data.
    pub(crate) fn event(
        &self,
        data: &[u8],
        values: &[Value],
        head: &Head,
        origin: Origin,
        interned: &mut Interned,
    ) -> Sure<Event> {
        let values = Shifted::from(values);
        let record = Record { data, values };
        let provider = interned.get(head.provider).cloned().ok_or(Odd)?;
        let Passing { time, origin, process_id, activity_id } =
            self.passing_fields(data, values, head, origin)?;
        Ok(Event {
            time,
            provider,
            event_source: interned.some(head.event_source),
            event_id: head.event_id,
            qualifiers: record.number(&self.qualifiers)?,
            level: record.number(&self.level)?,
            channel: interned.some(head.channel),
            computer: interned.some(head.computer),
            process_id,
            activity_id,
            user_id: record.user(&self.user, interned)?,
            data: Vec::new(),
            origin,
        })
    }
}

/// What holes are used for, as sets.
#[derive(Default)]
struct Uses {
    passing: u128,
    others: u128,
}

impl Uses {
    fn add(&mut self, hole: u16, passing: bool) {
        let set = if passing { &mut self.passing } else { &mut self.others };
        *set |= 1 << hole;
    }

    fn extend(&mut self, hole: Option<u16>) {
        hole.into_iter().for_each(|hole| self.add(hole, false));
    }
}

/// Puts pieces where they belong while the steps of `System` pass.
struct Builder {
    system: System,
    /// The child of `System` that is open, with its dependency.
    open: Option<(Known, Option<u16>)>,
    /// Whether that child has content.
    filled: bool,
    /// Children that were met and may come once.
    seen: u32,
}

impl Builder {
    /// Whether the child that is open says when and by whom a record was written, or which one it is.
    fn is_passing(&self) -> bool {
        use Known::{Correlation, EventRecordId, Execution, TimeCreated};
        matches!(self.open, Some((Correlation | EventRecordId | Execution | TimeCreated, _)))
    }

    /// Whether this was the end of `System`.
    fn step(&mut self, step: &Step) -> Sure<bool> {
        match (*step, self.open) {
            (Step::Close, None) => return Ok(true),
            (Step::Close, Some(_)) => self.open = None,
            (Step::Open { known, dependency, .. }, None) => {
                let bit = 1_u32 << (known as u32);
                if known != Known::Other && self.seen & bit != 0 {
                    return Err(Odd);
                }
                self.seen |= bit;
                self.filled = false;
                let dependency = (dependency != NO_DEPENDENCY).then_some(dependency);
                self.open = Some((known, dependency));
            }
            (Step::Attr { known, value, .. }, Some((element, dependency))) => {
                put(attribute(&mut self.system, element, known), dependency, value)?;
            }
            (Step::Content(piece), Some((element, dependency))) => {
                if std::mem::replace(&mut self.filled, true) {
                    return Err(Odd);
                }
                put(content(&mut self.system, element), dependency, piece)?;
            }
            // Elements inside of fields; text between them.
            (Step::Open { .. }, Some(_)) | (Step::Content(_), None) => return Err(Odd),
            // Attributes of `System` itself.
            (Step::Attr { .. }, None) => {}
        }
        Ok(false)
    }
}

fn put(field: Option<&mut Field>, dependency: Option<u16>, piece: Piece) -> Sure<()> {
    let Some(field) = field else { return Ok(()) };
    if field.piece.is_some() {
        return Err(Odd);
    }
    *field = Field { dependency, piece: Some(piece), literal: 0 };
    Ok(())
}

fn attribute(system: &mut System, element: Known, attribute: Known) -> Option<&mut Field> {
    match (element, attribute) {
        (Known::Provider, Known::Name) => Some(&mut system.provider),
        (Known::Provider, Known::EventSourceName) => Some(&mut system.event_source),
        (Known::EventId, Known::Qualifiers) => Some(&mut system.qualifiers),
        (Known::TimeCreated, Known::SystemTime) => Some(&mut system.time),
        (Known::Correlation, Known::ActivityId) => Some(&mut system.activity),
        (Known::Execution, Known::ProcessId) => Some(&mut system.process),
        (Known::Security, Known::UserId) => Some(&mut system.user),
        _ => None,
    }
}

fn content(system: &mut System, element: Known) -> Option<&mut Field> {
    match element {
        Known::EventId => Some(&mut system.event_id),
        Known::Level => Some(&mut system.level),
        Known::EventRecordId => Some(&mut system.record_id),
        Known::Channel => Some(&mut system.channel),
        Known::Computer => Some(&mut system.computer),
        _ => None,
    }
}

/// One record's values.
#[derive(Clone, Copy)]
struct Record<'r> {
    data: &'r [u8],
    values: Shifted<'r>,
}

/// The values of a record, or those of another one like it, which lie so much further on.
#[derive(Clone, Copy)]
pub(crate) struct Shifted<'r> {
    pub(crate) values: &'r [Value],
    /// Modulo 2³²: the other one may stand before it.
    pub(crate) shift: u32,
}

impl<'r> From<&'r [Value]> for Shifted<'r> {
    fn from(values: &'r [Value]) -> Self {
        Self { values, shift: 0 }
    }
}

impl Shifted<'_> {
    fn get(&self, hole: u16) -> Option<Value> {
        let value = self.values.get(usize::from(hole))?;
        Some(Value { at: value.at.wrapping_add(self.shift), ..*value })
    }
}

/// What a field is in one record.
enum Found {
    Literal { at: u32, bytes: u32 },
    Value(Value),
    Nothing,
}

impl Record<'_> {
    fn find(&self, field: &Field) -> Found {
        let value = |hole: u16| self.values.get(hole);
        if field.dependency.and_then(value).is_some_and(|value| value.is_null()) {
            return Found::Nothing;
        }
        match field.piece {
            None => Found::Nothing,
            Some(Piece::Text { at, bytes }) => Found::Literal { at, bytes },
            Some(Piece::Hole(hole)) => value(hole).map_or(Found::Nothing, Found::Value),
        }
    }

    fn interned(&self, field: &Field, role: usize, interned: &mut Interned) -> Sure<TextId> {
        match self.find(field) {
            Found::Literal { .. } => Ok(field.literal),
            Found::Value(value) if value.kind == values::TEXT => {
                Ok(interned.id(value.stored(self.data)?, role))
            }
            Found::Value(value) if !value.is_null() => Err(Odd),
            Found::Value(_) | Found::Nothing => Ok(0),
        }
    }

    fn event_id(&self, field: &Field) -> Sure<Option<u32>> {
        self.code(field).map(|id| id.map(|id| id & 0xffff))
    }

    fn record_id(&self, field: &Field) -> Sure<Option<u64>> {
        self.number(field)
    }

    fn time(&self, field: &Field) -> Sure<Option<u64>> {
        let ticks = match self.find(field) {
            Found::Nothing => None,
            Found::Value(value) if value.kind == values::FILETIME => {
                Some(text::believable(text::unsigned(value.stored(self.data)?))?)
            }
            found => match time(&self.text(&found)?) {
                Timestamp::Utc(time) => Some(text::ticks(time)?),
                _ => None,
            },
        };
        Ok(ticks.filter(|ticks| *ticks >= FIRST_BELIEVED))
    }

    /// A plain number.
    fn number<N: TryFrom<u64> + std::str::FromStr>(&self, field: &Field) -> Sure<Option<N>> {
        match self.find(field) {
            Found::Nothing => Ok(None),
            Found::Value(value) if value.is_null() => Ok(None),
            Found::Value(value) if value.is_unsigned() => {
                Ok(N::try_from(text::unsigned(value.stored(self.data)?)).ok())
            }
            found => self.text(&found).map(|text| text.trim().parse().ok()),
        }
    }

    /// A number in any spelling.
    fn code(&self, field: &Field) -> Sure<Option<u32>> {
        match self.find(field) {
            Found::Nothing => Ok(None),
            Found::Value(value) if value.is_unsigned() && value.kind != values::U64 => {
                Ok(u32::try_from(text::unsigned(value.stored(self.data)?)).ok())
            }
            found => self.text(&found).map(|text| parse_code(&text)),
        }
    }

    fn activity(&self, field: &Field) -> Sure<Option<Arc<str>>> {
        // Asked of every record of a flood, and most have none.
        let found = self.find(field);
        if matches!(found, Found::Nothing | Found::Value(Value { kind: values::NULL, .. })) {
            return Ok(None);
        }
        if let Found::Value(value @ Value { kind: values::GUID, .. }) = found {
            return text::activity(value.stored(self.data)?);
        }
        let text = self.text(&found)?;
        Ok(if text.trim().is_empty() { None } else { guid(&text) })
    }

    fn user(&self, field: &Field, interned: &mut Interned) -> Sure<Option<Arc<str>>> {
        let found = self.find(field);
        let shared = || {
            let text = self.text(&found)?;
            Ok(Arc::from(text.trim()))
        };
        let user = match found {
            Found::Nothing => return Ok(None),
            Found::Value(value) if value.kind == values::SID => {
                interned.user(value.stored(self.data)?, shared)?
            }
            _ => shared()?,
        };
        Ok(Some(user).filter(|user| !user.is_empty()))
    }

    fn text(&self, found: &Found) -> Sure<String> {
        let mut out = String::new();
        match *found {
            Found::Nothing => {}
            Found::Literal { at, bytes } => {
                text::utf16(Cursor::new(self.data, index(at)).take(index(bytes))?, &mut out);
            }
            Found::Value(value) => text::push(self.data, value, &mut out)?,
        }
        Ok(out)
    }
}
