//! Every limit on what a bundle may make us do, in one place. Reaching one is a notice that names the member.

/// How much of a source is looked at to tell its format, in bytes.
pub const HEAD_BYTES: u64 = 64 * 1024;

/// First bytes of all sources together that are kept, in bytes, ...
pub const HEADS_BYTES: u64 = 64 * 1024 * 1024;

/// ... and how much is kept of each that comes when these are full. Nearly every format shows itself there.
pub const SHORT_HEAD_BYTES: usize = 4 * 1024;

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

/// What has to be kept unpacked (archives inside archives, members of solid archives) stays in memory when it is no
/// larger than this, in bytes, ...
pub const KEPT_EACH_BYTES: usize = 8 * 1024 * 1024;

/// ... and while all of it together is no larger than this; the rest goes to one temporary file without a name.
pub const KEPT_BYTES: u64 = 256 * 1024 * 1024;

/// That temporary file, in bytes.
pub const TEMP_BYTES: u64 = 8 * 1024 * 1024 * 1024;

/// How many times its packed size a member may unpack to. Event logs shrink to a fortieth, long runs of zeroes by
/// deflate to a thousandth.
pub const RATIO: u64 = 500;

/// Members up to this size, in bytes, may have any ratio: a log may be mostly unused space.
pub const RATIO_FREE_BYTES: u64 = 256 * 1024 * 1024;

/// Dictionary of an LZMA stream, in bytes. It is memory while one is read, and the strongest presets use 64 MiB.
pub const DICTIONARY_BYTES: u64 = 512 * 1024 * 1024;

/// How much of an encrypted member is unpacked to find out which password fits, in bytes.
pub const PROBE_BYTES: u64 = 16 * 1024 * 1024;

/// Header records of a tar (long names, extended attributes), in bytes each.
pub const TAR_RECORD_BYTES: u64 = 64 * 1024;

/// Longest name of a member, in bytes.
pub const NAME_BYTES: usize = 4096;

/// One `<Event>` of an event XML export, in bytes of UTF-8. Windows itself stops at 64 KiB a record.
pub const EVENT_XML_BYTES: usize = 4 * 1024 * 1024;

/// Elements inside elements of one event.
pub const EVENT_XML_DEPTH: usize = 64;

/// Data fields of one event; Windows stops at 99 or so.
pub const EVENT_FIELDS: usize = 4096;

/// How much of an event log of Windows XP is read, in bytes; Windows kept them below 300 MB.
pub const EVT_BYTES: u64 = 512 * 1024 * 1024;

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

/// Why a member of this size, unpacked and packed, is not read, if it is not.
pub(super) fn too_much(bytes: u64, packed: u64) -> Option<String> {
    if bytes > MEMBER_BYTES {
        return Some(format!("it is larger than is unpacked (limit {MEMBER_BYTES})"));
    }
    (bytes > RATIO_FREE_BYTES && bytes > packed.saturating_mul(RATIO)).then(|| {
        format!("it unpacks to more than {RATIO} times its packed size (limit {RATIO_FREE_BYTES})")
    })
}
