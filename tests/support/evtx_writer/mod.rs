//! Writes Windows event log files (`.evtx`): the fixtures and bench inputs of this project.
//!
//! In goes a description of records ([`Record`], [`Log`]); out comes a file laid out as Windows
//! lays it out: 64 KiB chunks with checksums, name and template tables, templates defined at
//! their first use in a chunk and instantiated afterwards. The same description always gives
//! the same bytes.
//!
//! ```ignore
//! let file = Log::new()
//!     .channel("System")
//!     .computer("HOST1.example.com")
//!     .record(Record::classic("TermDD", 56, 49162).at("2026-03-02T08:15:00Z").strings([r"\Device\Termdd"]))
//!     .to_bytes();
//! ```
//!
//! The files, in the order of the data flow:
//! * [`record`]: what one event says, and with which payload;
//! * [`value`]: the typed values of BinXML;
//! * [`template`]: the XML tree of a record, with numbered holes, and what fills them;
//! * [`binxml`]: that tree as tokens;
//! * [`chunk`]: 64 KiB of records with their tables and checksums;
//! * [`log`]: chunks in a file, in memory or streamed;
//! * [`damage`]: what happens to such files on their way into a ticket.
//!
//! Layout after MS-EVEN6, the libevtx documentation and dumps of real logs.

mod binxml;
mod chunk;
mod damage;
mod log;
mod record;
mod template;
mod value;

pub use damage::Damage;
pub use log::{CHUNK_SIZE, FILE_HEADER_SIZE, Log, Writer};
pub use record::{Layout, Node, Payload, Record};
pub use value::{
    Guid, Sid, Value, binary, filetime, guid, hex32, hex64, sid, system_time, text_nul, texts,
};
