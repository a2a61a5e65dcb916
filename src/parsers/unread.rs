//! What no parser reads, by its first bytes: named, so that nobody mistakes "not readable" for "nothing found".

use crate::notice::Notice;
use crate::source::Source;

/// First bytes at an offset, what that is, and what to do about it.
static KNOWN: &[(usize, &[u8], &str)] = &[
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

/// Whether a source is a trace of Event Tracing for Windows. It begins with a `WMI_BUFFER_HEADER` of 72 bytes (size of the
/// buffer, bytes saved, bytes used, …), and its first event is a system header: version, type 1 or 2, marker 0xc0.
fn is_etl(head: &[u8]) -> bool {
    let dword = |at: usize| {
        let bytes = head.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let (Some(size), Some(saved), Some(current)) = (dword(0), dword(4), dword(8)) else {
        return false;
    };
    let marker = head.get(74..76);
    let sizes = size.is_multiple_of(1024) && (1..=1024).contains(&(size / 1024));
    sizes && saved <= size && current <= size && matches!(marker, Some([0x01..=0x02, 0xc0]))
}

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
    // `wevtutil al` puts them beside saved logs; their form is not documented, so that only the place tells them.
    if source.path.contains("LocaleMetaData/") && source.path.to_ascii_lowercase().ends_with(".mta")
    {
        let what = "message texts of a saved log, which are not needed";
        return Notice::new(source.id, "", what);
    }
    let lost = "all of it";
    if is_etl(head) {
        let what = "a trace (ETL), recognised and not readable here: the texts of its WPP messages are not in the file; on Windows, Get-WindowsUpdateLog decodes those of \
                    Windows Update, tracerpt FILE -o FILE.csv -of csv the others";
        return Notice::new(source.id, "", format!("not read: {what}")).losing(lost);
    }
    match KNOWN.iter().find(starts) {
        Some((_, _, what)) => Notice::new(source.id, "", format!("not read: {what}")).losing(lost),
        None if head.iter().all(|byte| *byte == 0) => {
            Notice::new(source.id, "", "the file begins with nothing but zeroes").losing(lost)
        }
        None => Notice::new(source.id, "", "not read: its content is in no format known here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::source;

    #[test]
    fn a_trace_is_named_with_what_to_do() {
        let mut trace = vec![0_u8; 4096];
        trace[..12].copy_from_slice(&[0, 0, 1, 0, 0xb0, 1, 0, 0, 0xb0, 1, 0, 0]);
        trace[72..76].copy_from_slice(&[2, 0, 2, 0xc0]);
        assert!(notice(&source(&trace)).what.contains("Get-WindowsUpdateLog"));
        trace[75] = 0;
        assert!(notice(&source(&trace)).what.contains("no format known here"));
    }
}
