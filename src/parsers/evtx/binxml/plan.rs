//! Template definitions, and streams without a template, as a flat list of steps.

use super::cursor::{Cursor, offset};
use super::names::{self, Known, Names};
use super::values::is_value_type;
use super::{Odd, Sure};

/// Elements inside elements; more is left to the crate.
const DEPTH: usize = 24;

/// An element that depends on no value.
pub(crate) const NO_DEPENDENCY: u16 = 0xffff;

/// Holes a template may have: what fits in the sets of [`Plan`].
const HOLES: u16 = 128;

/// One step in document order. `Attr` steps follow the `Open` they belong to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// A start tag.
    Open {
        known: Known,
        /// Offset of the name.
        name: u32,
        /// The value without which the element is left out, or [`NO_DEPENDENCY`].
        dependency: u16,
        /// The index of its `Close`.
        close: u32,
    },
    /// An attribute of the element just opened.
    Attr { known: Known, name: u32, value: Piece },
    /// Text or a hole in an element.
    Content(Piece),
    /// An end tag.
    Close,
}

impl Step {
    /// The hole whose value it shows.
    pub(crate) fn hole(&self) -> Option<u16> {
        match *self {
            Self::Attr { value: Piece::Hole(hole), .. } | Self::Content(Piece::Hole(hole)) => {
                Some(hole)
            }
            _ => None,
        }
    }
}

/// Where a text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The definition itself: UTF-16 in the chunk.
    Text { at: u32, bytes: u32 },
    /// The value of that index.
    Hole(u16),
}

/// A definition that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Index of its first step, the `Open` of its root.
    pub(crate) first: usize,
    pub(crate) root: Known,
    /// Holes where an embedded stream cannot stand: those in attributes.
    pub(crate) no_stream: u128,
    /// Holes where an array does not simply repeat the element around it.
    pub(crate) no_array: u128,
    /// Index of its [`System`](super::system::System), when it has one.
    pub(crate) system: Option<usize>,
    /// Whether it is that of a stream without a template, which only one record has.
    pub(crate) passing: bool,
}

impl Plan {
    /// Whether a hole is not in one of the sets above.
    pub(crate) fn allows(&self, hole: usize, set: u128) -> bool {
        hole >= usize::from(HOLES) || set & (1 << hole) == 0
    }
}

/// Reads a stream of one element. `in_template` streams have dependencies and holes.
pub(crate) fn read(
    data: &[u8],
    start: usize,
    len: usize,
    in_template: bool,
    names: &mut Names,
    steps: &mut Vec<Step>,
) -> Sure<Plan> {
    let first = steps.len();
    let mut reader = Reader {
        data,
        in_template,
        names,
        steps,
        open: [0; DEPTH],
        lone: [Lone::Empty; DEPTH],
        depth: 0,
        plan: Plan {
            first,
            root: Known::Other,
            no_stream: 0,
            no_array: 0,
            system: None,
            passing: false,
        },
        done: false,
    };
    let read = reader.stream(start, start.checked_add(len).ok_or(Odd)?);
    let plan = reader.plan;
    if read.is_err() {
        steps.truncate(first);
    }
    read.map(|()| plan)
}

struct Reader<'d, 's> {
    data: &'d [u8],
    in_template: bool,
    names: &'s mut Names,
    steps: &'s mut Vec<Step>,
    /// Steps of the elements that are open.
    open: [usize; DEPTH],
    lone: [Lone; DEPTH],
    depth: usize,
    plan: Plan,
    /// Whether the root was closed.
    done: bool,
}

impl Reader<'_, '_> {
    fn stream(&mut self, start: usize, end: usize) -> Sure<()> {
        let mut cursor = Cursor::new(self.data, start);
        while cursor.at() < end {
            match cursor.u8()? {
                0x00 => break,
                0x0f => cursor.skip(3)?,
                token @ (0x01 | 0x41) => self.element(&mut cursor, token & 0x40 != 0)?,
                0x04 => self.close()?,
                0x05 | 0x45 => {
                    let piece = literal(&mut cursor)?;
                    self.content(piece)?;
                }
                0x0d | 0x0e => {
                    let piece = self.hole(&mut cursor)?;
                    self.content(piece)?;
                }
                // Entities, CDATA, processing instructions, instances in the middle of elements.
                _ => return Err(Odd),
            }
        }
        if self.done && cursor.at() <= end { Ok(()) } else { Err(Odd) }
    }

    /// A start tag with its attributes, up to `02` or `03`.
    fn element(&mut self, cursor: &mut Cursor<'_>, has_attributes: bool) -> Sure<()> {
        if self.done {
            return Err(Odd);
        }
        let dependency = if self.in_template { cursor.u16()? } else { NO_DEPENDENCY };
        cursor.skip(4)?;
        let name = names::reference(cursor)?;
        if has_attributes {
            cursor.skip(4)?;
        }
        let known = self.names.known(self.data, name)?;
        if known == Known::Namespace {
            return Err(Odd);
        }
        let index = self.steps.len();
        if self.depth == 0 {
            self.plan.root = known;
        } else {
            self.child(None);
        }
        self.steps.push(Step::Open { known, name, dependency, close: 0 });
        *self.open.get_mut(self.depth).ok_or(Odd)? = index;
        *self.lone.get_mut(self.depth).ok_or(Odd)? = Lone::Empty;
        self.depth += 1;
        self.attributes(cursor)
    }

    fn attributes(&mut self, cursor: &mut Cursor<'_>) -> Sure<()> {
        // An attribute without a value is none.
        let mut waiting: Option<(Known, u32)> = None;
        let mut filled = false;
        loop {
            let value = match cursor.u8()? {
                0x02 => return Ok(()),
                0x03 => return self.close(),
                0x06 | 0x46 => {
                    let name = names::reference(cursor)?;
                    waiting = Some((self.names.known(self.data, name)?, name));
                    filled = false;
                    continue;
                }
                0x05 | 0x45 => literal(cursor)?,
                0x0d | 0x0e => self.hole(cursor)?,
                _ => return Err(Odd),
            };
            let (known, name) = waiting.ok_or(Odd)?;
            if std::mem::replace(&mut filled, true) {
                return Err(Odd);
            }
            if let Piece::Hole(index) = value {
                self.plan.no_stream |= 1 << index;
                self.plan.no_array |= 1 << index;
            }
            self.steps.push(Step::Attr { known, name, value });
        }
    }

    fn hole(&mut self, cursor: &mut Cursor<'_>) -> Sure<Piece> {
        let index = cursor.u16()?;
        let known_type = is_value_type(cursor.u8()?);
        if self.in_template && known_type && index < HOLES {
            Ok(Piece::Hole(index))
        } else {
            Err(Odd)
        }
    }

    fn content(&mut self, piece: Piece) -> Sure<()> {
        if self.depth == 0 {
            return Err(Odd);
        }
        self.child(match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Text { .. } => None,
        });
        self.steps.push(Step::Content(piece));
        Ok(())
    }

    fn close(&mut self) -> Sure<()> {
        self.depth = self.depth.checked_sub(1).ok_or(Odd)?;
        let opened = *self.open.get(self.depth).ok_or(Odd)?;
        // The root is never repeated.
        if self.depth == 0 {
            let lone = self.lone.first().copied().unwrap_or(Lone::No);
            self.mark(lone);
        }
        let here = offset(self.steps.len());
        self.steps.push(Step::Close);
        if let Some(Step::Open { close, .. }) = self.steps.get_mut(opened) {
            *close = here;
        }
        self.done = self.depth == 0;
        Ok(())
    }

    /// Another child of the element that is open. An array in `hole` repeats that element when it is all that is in it.
    fn child(&mut self, hole: Option<u16>) {
        let depth = self.depth.saturating_sub(1);
        let Some(lone) = self.lone.get_mut(depth) else { return };
        match std::mem::replace(lone, Lone::No) {
            Lone::Empty => *lone = hole.map_or(Lone::No, Lone::Hole),
            before => {
                self.mark(before);
                self.mark(hole.map_or(Lone::No, Lone::Hole));
            }
        }
    }

    fn mark(&mut self, lone: Lone) {
        if let Lone::Hole(hole) = lone {
            self.plan.no_array |= 1 << hole;
        }
    }
}

/// What is in an element that is open.
#[derive(Debug, Clone, Copy)]
enum Lone {
    Empty,
    /// This hole and nothing else.
    Hole(u16),
    /// Other things, or several.
    No,
}

/// A text in the definition; other types of values do not occur there.
fn literal(cursor: &mut Cursor<'_>) -> Sure<Piece> {
    if cursor.u8()? != 0x01 {
        return Err(Odd);
    }
    let characters = usize::from(cursor.u16()?);
    let at = offset(cursor.at());
    cursor.skip(characters * 2)?;
    Ok(Piece::Text { at, bytes: offset(characters * 2) })
}
