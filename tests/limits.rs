//! The table of limits: whatever is just below a limit is read, whatever is above it costs no more than the limit, and is told.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program, which clippy does not see"
)]

use std::io::{Cursor, Read, Write};

use proptest::prelude::*;
use rdpwhy::bundle::{Bundle, Options, limits};
use rdpwhy::parsers::{Parser, parser_for};
use rdpwhy::source::Source;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

#[path = "../src/parsers/testing.rs"]
mod testing;

const TEXT: &[u8] = b"Remote Desktop Connection: An internal error has occurred.\n";

fn zipped(files: &[(String, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn opened(bytes: &[u8]) -> Bundle {
    Bundle::from_memory(&[("ticket.zip", bytes)])
}

fn says(bundle: &Bundle) -> String {
    bundle.notices().iter().map(|notice| format!("{}: {}\n", notice.at, notice.what)).collect()
}

fn parsed(text: &str) -> testing::Collected {
    let source = testing::source(text);
    let parser: &dyn Parser = parser_for(&source).unwrap();
    testing::collect(parser, &source)
}

/// A limit that nothing tests is a limit that may not hold.
#[test]
fn every_limit_is_tested_somewhere() {
    let tests = [
        include_str!("limits.rs"),
        include_str!("containers.rs"),
        include_str!("large_logs.rs"),
        include_str!("../src/source.rs"),
        include_str!("../src/bundle/area.rs"),
        include_str!("../src/bundle/stream.rs"),
    ];
    // Four to thirty-two gigabytes, or a hundred thousand files: told by arithmetic on sizes, see `admits` in `src/bundle/mod.rs`.
    let too_large =
        ["BUNDLE_BYTES", "SOURCES", "TEMP_BYTES", "KEPT_BYTES", "DICTIONARY_BYTES", "EVT_BYTES"];
    // How much is looked at, not how much is read.
    let no_loss = ["PROBE_BYTES", "TAR_RECORD_BYTES", "TICKET_MESSAGES", "REGISTRY_LIST"];
    let named = |name: &str| tests.iter().any(|test| test.contains(&format!("limits::{name}")));
    let table = include_str!("../src/bundle/limits.rs");
    let names = table.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    let untested: Vec<_> = names
        .filter(|name| !named(name) && !too_large.contains(name) && !no_loss.contains(name))
        .collect();
    assert_eq!(untested, Vec::<&str>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn names(length in limits::NAME_BYTES - 3..limits::NAME_BYTES + 4) {
        let name = format!("{}.txt", "n".repeat(length - 4));
        let bundle = opened(&zipped(&[(name, TEXT)]));
        let fits = length <= limits::NAME_BYTES;
        prop_assert_eq!(bundle.sources().len(), usize::from(fits));
        prop_assert_eq!(says(&bundle).contains("its name is too long"), !fits);
    }

    #[test]
    fn archives_in_archives(depth in 0..limits::ARCHIVE_DEPTH * 2) {
        let mut bytes = TEXT.to_vec();
        let mut name = "ticket.txt".to_owned();
        for level in 0..depth {
            bytes = zipped(&[(name, &bytes)]);
            name = format!("{level}.zip");
        }
        let bundle = Bundle::from_memory(&[(&name, &bytes)]);
        let fits = depth <= limits::ARCHIVE_DEPTH;
        prop_assert_eq!(bundle.sources().len(), usize::from(fits));
        prop_assert_eq!(says(&bundle).contains("nested deeper"), !fits);
    }

    #[test]
    fn folders_in_folders(depth in limits::FOLDER_DEPTH - 2..limits::FOLDER_DEPTH + 3) {
        let root = tempfile::tempdir().unwrap();
        let folder = (0..depth).fold(root.path().to_owned(), |path, _| path.join("f"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("ticket.txt"), TEXT).unwrap();
        let bundle = Bundle::open(&[root.path()], &Options::default()).unwrap();
        let fits = depth <= limits::FOLDER_DEPTH;
        prop_assert_eq!(bundle.sources().len(), usize::from(fits));
        prop_assert_eq!(says(&bundle).contains("nested deeper"), !fits);
    }

    #[test]
    fn sizes_that_headers_tell(told in 0..u32::MAX) {
        // A little file that says it has `told` bytes, in its header and in the directory.
        let real = 1_000_003_u32;
        let mut bytes = zipped(&[("zeroes.bin".to_owned(), &vec![0; real as usize])]);
        let packed = bytes.len() as u64;
        while let Some(at) = bytes.windows(4).position(|four| four == real.to_le_bytes()) {
            bytes[at..at + 4].copy_from_slice(&told.to_le_bytes());
        }
        let bundle = opened(&bytes);
        let told = u64::from(told);
        prop_assert!(told <= limits::MEMBER_BYTES);
        // The packed size is a little less than that of the archive.
        let fits = told <= limits::RATIO_FREE_BYTES;
        if fits || told > packed * limits::RATIO {
            prop_assert_eq!(bundle.sources().len(), usize::from(fits));
            prop_assert_eq!(says(&bundle).contains("times its packed size"), !fits);
        }
        for source in bundle.sources() {
            let mut read = Vec::new();
            let _ = source.open().unwrap().take(limits::HEAD_BYTES).read_to_end(&mut read);
            prop_assert!(read.len() as u64 <= limits::HEAD_BYTES);
        }
    }

    #[test]
    fn lines(length in limits::LINE_BYTES - 2..limits::LINE_BYTES + 3) {
        let source = Source::from_bytes(
            rdpwhy::event::SourceId(0),
            "t",
            &[vec![b'a'; length], b"\nb\n".to_vec()].concat(),
        );
        let mut read = source.lines().unwrap();
        let lengths: Vec<_> = read.by_ref().map(|(_, text)| text.len()).collect();
        prop_assert_eq!(lengths, [length.min(limits::LINE_BYTES), 1]);
        prop_assert_eq!(read.raw().cut() == 1, length > limits::LINE_BYTES);
    }

    #[test]
    fn damage_is_named_and_then_counted(torn in 0..20_usize) {
        let head = "#Software: Microsoft Windows Firewall\n#Fields: date time action protocol src-ip dst-ip src-port dst-port\n";
        let found = parsed(&format!("{head}{}", "2026-11-18 08:00\n".repeat(torn)));
        prop_assert!(found.notices.len() <= limits::NOTICES_EACH + 1);
        let number = |text: &str| text.split(' ').next().unwrap().parse::<usize>().unwrap();
        let lost: usize =
            found.notices.iter().filter_map(|notice| notice.lost.as_deref()).map(number).sum();
        prop_assert_eq!(lost, torn);
    }

    #[test]
    fn fields_of_an_event(count in limits::EVENT_FIELDS - 2..limits::EVENT_FIELDS + 3) {
        let event = format!(
            "<Event><System><Provider Name='A'/><EventID>1</EventID><TimeCreated SystemTime='2026-11-18T08:00:00Z'/></System>\
             <EventData>{}</EventData></Event>",
            "<Data>x</Data>".repeat(count)
        );
        let found = parsed(&event);
        prop_assert!(found.events.iter().all(|event| event.data.len() <= limits::EVENT_FIELDS));
        let whole = found.events.iter().any(|event| event.data.len() == count);
        prop_assert!(whole || !found.notices.is_empty(), "{} fields: lost in silence", count);
    }

    #[test]
    fn elements_in_elements(depth in limits::EVENT_XML_DEPTH - 8..limits::EVENT_XML_DEPTH + 8) {
        let event = |inside: &str| format!(
            "<Event><System><Provider Name='A'/><EventID>1</EventID><TimeCreated SystemTime='2026-11-18T08:00:00Z'/></System>\
             <UserData>{inside}</UserData></Event>\n"
        );
        let deep = event(&format!("{}x{}", "<a>".repeat(depth), "</a>".repeat(depth)));
        let found = parsed(&format!("{}{deep}{}", event("<b>1</b>"), event("<b>2</b>")));
        // The neighbours of what is too deep are read.
        prop_assert!(found.events.len() >= 2);
        prop_assert!(found.events.len() == 3 || !found.notices.is_empty());
    }

    #[test]
    fn long_values_and_messages(length in 1..4 * limits::MESSAGE_CHARS) {
        let found = parsed(&format!(
            "screen mode id:i:2\nfull address:s:{}\nauthentication level:i:2\n", "a".repeat(length)
        ));
        let longest = found.events.iter().filter_map(|event| event.field("Value")).map(str::len).max();
        prop_assert_eq!(longest, Some(length.min(limits::MESSAGE_CHARS)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn rows_of_updates(rows in limits::HOTFIX_ROWS - 1..limits::HOTFIX_ROWS + 2) {
        let head = "HotFixID  Description  InstalledOn\n--------  -----------  -----------\n";
        let row = "KB5099999 Update       11/17/2026\n";
        let found = parsed(&format!("{head}{}", row.repeat(rows)));
        prop_assert_eq!(found.events.len(), rows.min(limits::HOTFIX_ROWS));
        prop_assert_eq!(found.notices.is_empty(), rows <= limits::HOTFIX_ROWS);
    }

    #[test]
    fn certificates_of_a_store(count in limits::CERTIFICATES - 1..limits::CERTIFICATES + 2) {
        let one = "================ Certificate 0 ================\nIssuer: CN=A\nCert Hash(sha1): \
            82ad1e0c20a332c8d6adac3e5ea243204b85d3a7\n";
        let found = parsed(&format!("My \"Personal\"\n{}", one.repeat(count)));
        prop_assert_eq!(found.events.len(), count.min(limits::CERTIFICATES));
        prop_assert_eq!(found.notices.is_empty(), count <= limits::CERTIFICATES);
    }

    #[test]
    fn values_spread_over_lines(lines in 100..8000_usize) {
        let bytes = "11,22,33,44,55,66,77,88,\\\n  ".repeat(lines);
        let found = parsed(&format!(
            "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\n\"A\"=hex:{bytes}99\n\"B\"=dword:00000001\n"
        ));
        let data = found.events[0].field("Data").unwrap();
        prop_assert!(data.len() <= limits::REGISTRY_VALUE_BYTES + limits::LINE_BYTES / 1024);
        prop_assert_eq!(found.events.last().unwrap().field("Name"), Some("B"));
    }
}

#[test]
fn one_event_of_megabytes_costs_itself_alone() {
    let event = |inside: &str| {
        format!(
            "<Event><System><Provider Name='A'/><EventID>1</EventID><TimeCreated SystemTime='2026-11-18T08:00:00Z'/></System>\
             <EventData><Data>{inside}</Data></EventData></Event>\n"
        )
    };
    let long = event(&"x".repeat(limits::EVENT_XML_BYTES + 1));
    let found = parsed(&format!("{}{long}{}", event("1"), event("2")));
    assert_eq!(found.events.len(), 2);
    assert!(!found.notices.is_empty());
}

#[test]
fn a_text_too_large_for_a_ticket_is_none() {
    let room = usize::try_from(limits::TICKET_BYTES).unwrap();
    let ticket = |bytes: usize| {
        let mut text = TEXT.to_vec();
        text.resize(bytes, b'\n');
        parser_for(&testing::source(text)).map(Parser::format)
    };
    assert_eq!(ticket(room), Some("ticket-text"));
    assert_eq!(ticket(room + 1), None);
}

#[test]
fn what_is_kept_in_memory_reads_as_what_is_not() {
    for size in [limits::KEPT_EACH_BYTES - 1, limits::KEPT_EACH_BYTES + 1] {
        let text = TEXT.repeat(size / TEXT.len() + 1);
        let inner = zipped(&[("ticket.txt".to_owned(), &text[..size])]);
        let bundle = opened(&zipped(&[("inner.zip".to_owned(), &inner)]));
        assert_eq!(bundle.sources()[0].bytes, size as u64);
    }
}

/// A hundred thousand files of which 64 KiB each are looked at would be gigabytes of memory, out of a small zip.
#[test]
fn first_bytes_of_many_files() {
    let each = usize::try_from(limits::HEAD_BYTES).unwrap();
    let text = b"2026-11-18 nothing that anybody knows\n".repeat(each / 38 + 1);
    let fit = usize::try_from(limits::HEADS_BYTES).unwrap() / each;
    let named = |number: usize| (format!("{number:05}.txt"), &text[..each]);
    let files: Vec<_> = (0..fit + 3).map(named).collect();
    let bundle = opened(&zipped(&files));
    let heads: Vec<_> = bundle.sources().iter().map(|source| source.head().len()).collect();
    assert_eq!(heads.iter().filter(|bytes| **bytes == limits::SHORT_HEAD_BYTES).count(), 3);
    assert_eq!(heads.iter().filter(|bytes| **bytes == each).count(), fit);
    let said = says(&bundle);
    assert!(said.contains("the format of 3 files was told by their first 4096 bytes"), "{said}");
}
