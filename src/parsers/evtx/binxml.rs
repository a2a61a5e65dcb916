//! BinXML, the form in which records are stored ([MS-EVEN6] 2.2.12 to 2.2.18), as far as real logs use it.
//!
//! A record is an instance of a template: the offset of a definition in the same chunk, and the values for its holes.
//! A definition is read once a chunk, into a [`plan`]; from then on, a record is a walk over the types and sizes of its
//! values ([`values`]), from which the fields of `System` are read in place ([`system`]). Only records that somebody
//! wants are decoded further ([`payload`]).
//!
//! Nothing here guesses. What is not known for sure to mean the same as in the `evtx` crate is [`Odd`], and the record
//! goes to the crate as a whole.

pub(crate) mod cursor;
pub(crate) mod intern;
pub(crate) mod layout;
pub(crate) mod names;
pub(crate) mod payload;
pub(crate) mod plan;
pub(crate) mod system;
pub(crate) mod text;
pub(crate) mod values;

/// Something that this reader leaves to the crate: damage, or a form that is rare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Odd;

/// What the steps of this reader give.
pub(crate) type Sure<T> = Result<T, Odd>;
