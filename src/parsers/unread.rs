//! What no parser reads, by its first bytes: named, so that nobody mistakes "not readable" for "nothing found".

use crate::notice::Notice;
use crate::source::Source;

/// First bytes at an offset, what that is, and what to do about it.
static KNOWN: &[(usize, &[u8], &str)] = &[
    (
        4,
        b"LfLe",
        "event log of Windows XP or 2003 (.evt): open it in Event Viewer and save it as .evtx",
    ),
    (
        0,
        b"version https://git-lfs",
        "a pointer to a file that was not fetched (Git LFS), not the file",
    ),
    (0, b"\x89PNG", "a picture: type its error codes into a text file"),
    (0, b"\xff\xd8\xff", "a picture: type its error codes into a text file"),
    (0, b"%PDF", "a PDF document"),
    (0, b"Rar!", "a RAR archive: unpack it and pass the folder"),
    (0, b"regf", "a registry hive: export the keys with reg export"),
    (0, b"MDMP", "a memory dump"),
    (0, b"PAGEDU", "a memory dump"),
];

/// The notice for a source that no parser takes.
#[must_use]
pub fn notice(source: &Source) -> Notice {
    let head = source.head();
    if head.is_empty() {
        return Notice::new(source.id, "", "the file is empty").losing("all of it");
    }
    let starts = |(offset, magic, _): &&(usize, &[u8], &str)| {
        head.get(*offset..).is_some_and(|rest| rest.starts_with(magic))
    };
    let lost = "all of it";
    match KNOWN.iter().find(starts) {
        Some((_, _, what)) => Notice::new(source.id, "", format!("not read: {what}")).losing(lost),
        None if head.iter().all(|byte| *byte == 0) => {
            Notice::new(source.id, "", "the file begins with nothing but zeroes").losing(lost)
        }
        None => Notice::new(source.id, "", "not read: its content is in no format known here"),
    }
}
