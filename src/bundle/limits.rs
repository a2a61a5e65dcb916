//! Every limit on what a bundle may make us do, in one place. Reaching one is a notice that names the member.

/// How much of a source is looked at to tell its format, in bytes.
pub const HEAD_BYTES: u64 = 64 * 1024;

/// Longest line of a text that is kept, in bytes of UTF-8; the rest of the line is dropped and counted.
pub const LINE_BYTES: usize = 1024 * 1024;

/// Largest member of an archive that is unpacked, in bytes.
pub const MEMBER_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// All members of one bundle together, in bytes.
pub const BUNDLE_BYTES: u64 = 32 * 1024 * 1024 * 1024;

/// Files and members of one bundle.
pub const SOURCES: usize = 100_000;

/// Folders below the one that was given.
pub const FOLDER_DEPTH: usize = 32;

/// Archives inside archives.
pub const ARCHIVE_DEPTH: usize = 3;

/// An archive inside an archive is held in memory while it is read; larger ones are left out.
pub const NESTED_ARCHIVE_BYTES: u64 = 256 * 1024 * 1024;

/// Longest name of a member, in bytes.
pub const NAME_BYTES: usize = 4096;

/// One `<Event>` of an event XML export, in bytes of UTF-8. Windows itself stops at 64 KiB a record.
pub const EVENT_XML_BYTES: usize = 4 * 1024 * 1024;

/// Elements inside elements of one event.
pub const EVENT_XML_DEPTH: usize = 64;

/// Data fields of one event; Windows stops at 99 or so.
pub const EVENT_FIELDS: usize = 4096;

/// Largest text that is read as a ticket, in bytes; a ticket is written by people.
pub const TICKET_BYTES: u64 = 8 * 1024 * 1024;

/// Lines of a ticket that become events.
pub const TICKET_MESSAGES: usize = 200;

/// Longest message of a ticket, in characters.
pub const MESSAGE_CHARS: usize = 500;

/// Rows of a list of installed updates.
pub const HOTFIX_ROWS: usize = 20_000;

/// Longest value of a registry export whose bytes are spread over lines, in bytes of text.
pub const REGISTRY_VALUE_BYTES: usize = 64 * 1024;

/// Values of one key in a list of PowerShell, which names the key behind them.
pub const REGISTRY_LIST: usize = 10_000;

/// Certificates of one store in a listing.
pub const CERTIFICATES: usize = 10_000;

/// Notices of one kind that one source gives, before they are only counted.
pub const NOTICES_EACH: usize = 3;
