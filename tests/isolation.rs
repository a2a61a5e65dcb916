//! A fault of a reader costs the source it read, and is told.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test program, which clippy does not see")]

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use rdpwhy::event::SourceId;
use rdpwhy::scan;
use rdpwhy::signatures::Database;
use rdpwhy::source::{Content, Source};

/// A list of updates that is looked at, and that breaks whoever reads on. Whoever comes after that may read it.
struct Breaks {
    text: &'static [u8],
    opened: AtomicUsize,
}

impl Content for Breaks {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let whole = Cursor::new(self.text);
        Ok(match self.opened.fetch_add(1, Ordering::Relaxed) {
            1 => Box::new(whole.take(self.text.len() as u64 / 2).chain(Fault)),
            _ => Box::new(whole),
        })
    }
}

struct Fault;

impl Read for Fault {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("a fault that nobody has found yet")
    }
}

#[test]
fn a_reader_that_breaks_is_a_notice_of_its_source() {
    let text = b"HotFixID   InstalledOn\n--------   -----------\nKB5018410  10/12/2022\nKB5017022  10/12/2022\n";
    let content = Breaks { text, opened: AtomicUsize::new(0) };
    let source =
        Source::new(SourceId(3), "hotfixes.txt", text.len() as u64, Box::new(content)).unwrap();
    let db = Database::built_in().unwrap();
    let scan = scan::scan(&source, &db, scan::interest(&db));
    assert_eq!(scan.format, Some("hotfix-list"));
    let [notice] = scan.notices.as_slice() else { panic!("{:?}", scan.notices) };
    assert_eq!(notice.source, Some(SourceId(3)));
    assert!(notice.what.contains("a fault of the reader") && notice.lost.is_some(), "{notice:?}");
    // It is named with its hash, as every other source is: so it can be told of, and looked at again.
    assert_eq!(scan.sha256.map(|digest| digest.len()), Some(64));
}
