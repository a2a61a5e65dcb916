//! A ticket is the same ticket however it is packed; and nothing that is packed makes the tool write, hang or grow.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of a test may fail as loudly as the test"
)]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use rdpwhy::analysis::{Scope, analyze};
use rdpwhy::bundle::{Bundle, Options, limits};
use rdpwhy::report;
use rdpwhy::signatures::Database;
use serde_json::Value;
use zip::CompressionMethod;

#[path = "support/packers.rs"]
mod packers;

use packers::{Files, aes_zip, cabinet, gz, method, seven_z, tar_of, xz, zipped, zst};

const PASSWORD: &str = "correct horse";

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

fn case_folder() -> PathBuf {
    fixture("cases/key-access-denied-after-hardening/bundle")
}

fn files_below(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            files_below(&path, &format!("{name}/"), files);
        } else {
            files.push((name, fs::read(&path).unwrap()));
        }
    }
    files.sort();
}

fn case() -> Files {
    let mut files = Files::new();
    files_below(&case_folder(), "", &mut files);
    files
}

/// The case with a sample of every format there is beside it.
fn case_with_every_format() -> Files {
    let mut files = case();
    let mut samples = Files::new();
    files_below(&fixture("formats"), "samples/", &mut samples);
    samples.retain(|(name, _)| !name.contains("/not/"));
    let formats: std::collections::BTreeSet<_> =
        samples.iter().map(|(name, _)| name.split('/').nth(1).unwrap().to_owned()).collect();
    // All but the event logs, which the case has.
    assert_eq!(formats.len(), rdpwhy::parsers::PARSERS.len() - 1, "{formats:?}");
    files.append(&mut samples);
    files.sort();
    files
}

// What comes out.

fn options(passwords: &[&str]) -> Options {
    Options {
        passwords: passwords.iter().map(ToString::to_string).collect(),
        wanted: rdpwhy::parsers::is_known,
        head: rdpwhy::parsers::head_needed,
        ..Options::default()
    }
}

/// A bundle and the folder its archive lies in: members are read as long as the bundle lives.
struct Opened {
    bundle: Bundle,
    _folder: tempfile::TempDir,
}

impl std::ops::Deref for Opened {
    type Target = Bundle;

    fn deref(&self) -> &Bundle {
        &self.bundle
    }
}

fn opened(name: &str, bytes: &[u8], passwords: &[&str]) -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let bundle = Bundle::open(&[&path], &options(passwords)).unwrap();
    let beside = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(beside, 1, "something was written beside {name}");
    Opened { bundle, _folder: folder }
}

fn result_of(bundle: &Bundle) -> Value {
    let db = Database::built_in().unwrap();
    let analysis = analyze(bundle, &db, &Scope::default(), &|_| ());
    let mut json = Vec::new();
    report::format("json").unwrap().report().write(&analysis, &mut json).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// The result, without the archive's name in paths and without the bundle's own notices, which tell of passwords.
fn plain(result: &Value, prefix: &str) -> Value {
    let text = result.to_string().replace(prefix, "");
    let mut result: Value = serde_json::from_str(&text).unwrap();
    let notices = result["notices"].as_array_mut().unwrap();
    notices.retain(|notice| !notice["source"].is_null());
    result
}

fn says(bundle: &Bundle) -> String {
    let line = |notice: &rdpwhy::notice::Notice| format!("{}: {}\n", notice.at, notice.what);
    bundle.notices().iter().map(line).collect()
}

fn names(bundle: &Bundle) -> Vec<String> {
    bundle.sources().iter().map(|source| source.path.to_string()).collect()
}

/// Reads a source to its end, more than once: its content or the error.
fn content(bundle: &Bundle, index: usize) -> Result<Vec<u8>, String> {
    let read = || {
        let mut bytes = Vec::new();
        let source = &bundle.sources()[index];
        let reading = source.open().and_then(|mut reader| reader.read_to_end(&mut bytes));
        reading.map(|_| bytes).map_err(|error| error.to_string())
    };
    let once = read();
    assert_eq!(once, read());
    once
}

#[test]
fn however_a_ticket_is_packed_the_answer_is_the_same() {
    let files = case();
    let expected =
        plain(&result_of(&Bundle::open(&[case_folder()], &Options::default()).unwrap()), "");
    assert!(!expected["incidents"].as_array().unwrap().is_empty());
    let deflated = zipped(&files, method(CompressionMethod::Deflated));
    let tar = tar_of(&files);
    let packed: Vec<(&str, &str, Vec<u8>)> = vec![
        ("stored.zip", "", zipped(&files, method(CompressionMethod::Stored))),
        ("deflated.zip", "", deflated.clone()),
        ("aes.zip", "", aes_zip(&files, PASSWORD)),
        ("solid.7z", "", seven_z(&files, true, None)),
        ("single.7z", "", seven_z(&files, false, None)),
        ("locked.7z", "", seven_z(&files, true, Some(PASSWORD))),
        ("mszip.cab", "", cabinet(&files, cab::CompressionType::MsZip)),
        ("stored.cab", "", cabinet(&files, cab::CompressionType::None)),
        ("a.tar", "", tar.clone()),
        ("a.tar.gz", "", gz(&tar)),
        ("a.tar.xz", "", xz(&tar)),
        ("a.tar.zst", "", zst(&tar)),
        (
            "outer.zip",
            "inner.zip!",
            zipped(
                &vec![("inner.zip".into(), deflated.clone())],
                method(CompressionMethod::Deflated),
            ),
        ),
        ("outer.7z", "inner.zip!", seven_z(&vec![("inner.zip".into(), deflated)], true, None)),
        (
            "zipped.zip",
            "logs.tar.gz!",
            zipped(&vec![("logs.tar.gz".into(), gz(&tar))], method(CompressionMethod::Stored)),
        ),
    ];
    for (name, inner, bytes) in packed {
        let bundle = opened(name, &bytes, &["wrong", PASSWORD]);
        let result = result_of(&bundle);
        assert_eq!(plain(&result, &format!("{name}!{inner}")), expected, "{name}");
        let encrypted = name.starts_with("aes") || name.starts_with("locked");
        let said = says(&bundle);
        assert_eq!(said.contains("password 2 of those given fits"), encrypted, "{name}: {said}");
        assert!(!result.to_string().contains(PASSWORD), "{name} tells the password");
        assert_eq!(bundle.notices().len(), usize::from(encrypted), "{name}: {said}");
    }
}

#[test]
fn however_every_format_is_packed_the_answer_is_the_same() {
    let files = case_with_every_format();
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let bundle = Bundle::open(&[folder.path()], &options(&[])).unwrap();
    let expected = plain(&result_of(&bundle), "");
    let unread = expected["sources"].as_array().unwrap().iter().filter(|it| it["format"].is_null());
    assert_eq!(unread.count(), 0);
    let deflated = zipped(&files, method(CompressionMethod::Deflated));
    for (name, inner, bytes) in [
        ("a.7z", "", seven_z(&files, true, None)),
        ("a.cab", "", cabinet(&files, cab::CompressionType::MsZip)),
        ("a.tar.gz", "", gz(&tar_of(&files))),
        ("outer.zip", "inner.zip!", {
            let inner = vec![("inner.zip".into(), deflated.clone())];
            zipped(&inner, method(CompressionMethod::Stored))
        }),
        ("a.zip", "", deflated),
    ] {
        let result = result_of(&opened(name, &bytes, &[]));
        assert_eq!(plain(&result, &format!("{name}!{inner}")), expected, "{name}");
    }
}

/// The case as collectors lay it out: the server's part by each of them, with a list of updates and a listing that name no machine.
#[test]
fn whichever_collector_packed_it_the_answer_is_the_same() {
    let files = case();
    let listing = b"  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       904\n  \
        TCP    0.0.0.0:3389           0.0.0.0:0              LISTENING       1188\n  \
        TCP    0.0.0.0:49664          0.0.0.0:0              LISTENING       712\n"
        .to_vec();
    let logs = |folder: &str, rename: &dyn Fn(&str) -> String| -> Files {
        let of_server =
            files.iter().filter(|(name, _)| name.ends_with(".evtx") && name.starts_with("server/"));
        let renamed = of_server.map(|(name, bytes)| {
            (format!("{folder}/{}", rename(name.rsplit('/').next().unwrap())), bytes.clone())
        });
        renamed.collect()
    };
    let others: Files =
        files.iter().filter(|(name, _)| !name.starts_with("server/")).cloned().collect();
    let same = |name: &str| name.to_owned();
    let encoded = |name: &str| name.replace('%', "%25");
    let short =
        |name: &str| format!("SRV01_{}", name.replace("Microsoft-Windows-", "").replace("%4", "-"));
    let root = "Collection-SRV01_contoso_example-2026-11-18T10_00_00Z/uploads";
    let layouts: [(&str, Files, String); 4] = [
        (
            "kape",
            logs("2026-11-18T100000_SRV01.zip_/C/Windows/System32/winevt/logs", &same),
            "2026-11-18T100000_SRV01.zip_/C/netstat.txt".into(),
        ),
        (
            "velociraptor",
            logs(&format!("{root}/auto/C%3A/Windows/System32/winevt/Logs"), &encoded),
            format!("{root}/../results/netstat.txt").replace("uploads/../", ""),
        ),
        (
            "msrd",
            logs("MSRD-Results-SRV01-20261118_1000/SRV01_EventLogs", &short),
            "MSRD-Results-SRV01-20261118_1000/SRV01_Networking/SRV01_Netstat.txt".into(),
        ),
        (
            "azure",
            logs("device_0/Windows/System32/winevt/Logs", &same),
            "device_0/Windows/netstat.txt".into(),
        ),
    ];
    let mut answers = Vec::new();
    for (collector, server, text) in layouts {
        let mut all = [others.clone(), server, vec![(text, listing.clone())]].concat();
        all.sort();
        let result = result_of(&opened(
            "ticket.zip",
            &zipped(&all, method(CompressionMethod::Deflated)),
            &[],
        ));
        let hosts: Vec<_> = result["hosts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|host| (host["name"].to_string(), host["role"].to_string()))
            .collect();
        let of_listing: Vec<_> = result["timeline"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line["provider"] == "ports")
            .map(|line| line["host"].to_string())
            .collect();
        assert_eq!(of_listing.len(), 1, "{collector}");
        let incident = &result["incidents"][0];
        let first = &incident["causes"][0];
        answers.push((
            collector,
            (hosts, of_listing, first["id"].clone(), first["probability"].clone()),
        ));
    }
    for (collector, answer) in &answers {
        assert_eq!(*answer, answers[0].1, "{collector}");
    }
    assert_eq!(answers[0].1.2, "cert-key-access-denied");
}

/// `fixtures/archives` holds one set of files, packed by other programs with what our own packers cannot write.
#[test]
fn archives_of_other_programs_read_the_same() {
    let open = |name: &str| {
        Bundle::open(&[fixture("archives").join(name)], &options(&[PASSWORD])).unwrap()
    };
    let expected = plain(&result_of(&open("deflated.zip")), "deflated.zip!");
    for name in ["deflate64.zip", "lzma.zip", "bzip2.zip", "zipcrypto.zip", "locked.7z"] {
        let result = result_of(&open(name));
        assert_eq!(plain(&result, &format!("{name}!")), expected, "{name}");
    }
}

#[test]
fn a_single_packed_file_is_read_as_that_file() {
    let (_, ticket) = case().into_iter().find(|(name, _)| name == "ticket.txt").unwrap();
    for (name, bytes) in
        [("t.txt.gz", gz(&ticket)), ("t.txt.xz", xz(&ticket)), ("t.txt.zst", zst(&ticket))]
    {
        let bundle = opened(name, &bytes, &[]);
        assert_eq!(names(&bundle), [format!("{name}!t.txt")]);
        assert_eq!(bundle.sources()[0].bytes, ticket.len() as u64);
        assert_eq!(content(&bundle, 0).unwrap(), ticket);
    }
}

#[test]
fn passwords_are_tried_and_never_told() {
    let files: Files = vec![("t.txt".into(), b"An internal error has occurred.".to_vec())];
    let infected = opened("i.zip", &aes_zip(&files, "infected"), &["wrong"]);
    assert_eq!(content(&infected, 0).unwrap(), files[0].1);
    assert!(says(&infected).contains("the usual `infected` fits"), "{}", says(&infected));
    for bytes in [aes_zip(&files, "secret"), seven_z(&files, true, Some("secret"))] {
        let without = opened("s", &bytes, &[]);
        assert!(without.sources().is_empty());
        assert!(
            says(&without).contains("it is encrypted; give its password"),
            "{}",
            says(&without)
        );
        let wrong = opened("s", &bytes, &["wrong"]);
        assert!(says(&wrong).contains("no password given fits"), "{}", says(&wrong));
        assert!(!says(&wrong).contains("wrong"));
    }
    assert!(!format!("{:?}", options(&["secret"])).contains("secret"));
}

#[test]
fn bombs_are_left_out_and_named() {
    // A megabyte that says it is four gigabytes: the sizes in the header and in the directory.
    let real = 1_000_003_u32;
    let zeroes: Files = vec![("zeroes.evtx".into(), vec![0; real as usize])];
    let mut bomb = zipped(&zeroes, method(CompressionMethod::Deflated));
    while let Some(at) = bomb.windows(4).position(|four| four == real.to_le_bytes()) {
        bomb[at..at + 4].copy_from_slice(&(u32::MAX - 1).to_le_bytes());
    }
    let nested =
        zipped(&vec![("inner.zip".into(), bomb.clone())], method(CompressionMethod::Deflated));
    for bytes in [bomb, nested] {
        let bundle = opened("bomb.zip", &bytes, &[]);
        assert!(bundle.sources().is_empty());
        let said = says(&bundle);
        assert!(
            said.contains("zeroes.evtx: left out: it unpacks to more than 500 times"),
            "{said}"
        );
    }
    // Ten gigabytes told, and little there.
    let mut header = tar::Header::new_gnu();
    header.set_path("zeroes.evtx").unwrap();
    header.set_size(10 * 1024 * 1024 * 1024);
    header.set_cksum();
    let bundle = opened("bomb.tar", &[header.as_bytes().as_slice(), &[0; 4096]].concat(), &[]);
    assert!(says(&bundle).contains("torn: 4096 of 10737418240 bytes"), "{}", says(&bundle));
    // A stream declares nothing: it is cut where it becomes too much. Frames of one repeated byte cost nothing to read.
    let mut bytes = zst(&b"ElfFile\0".repeat(16_384));
    let frame = zst(&vec![0; 8 * 1024 * 1024]);
    for _ in 0..40 {
        bytes.extend(&frame);
    }
    let bundle = opened("log.evtx.zst", &bytes, &[]);
    let counted = bundle.sources()[0].bytes;
    assert!(counted <= limits::RATIO_FREE_BYTES, "{counted} bytes of {}", bytes.len());
    // What nobody wants is not unpacked to find that out.
    let unwanted = opened("x.bin.gz", &gz(&vec![1; 1024 * 1024]), &[]);
    assert_eq!(unwanted.sources()[0].bytes, limits::HEAD_BYTES);
    assert_eq!(result_of(&unwanted)["sources"][0]["sha256"], Value::Null);
}

#[test]
fn nesting_ends_somewhere() {
    let mut bytes = b"An internal error has occurred.".to_vec();
    let mut name = "t.txt".to_owned();
    for level in 0..10 {
        bytes = zipped(&vec![(name, bytes)], method(CompressionMethod::Deflated));
        name = format!("{level}.zip");
    }
    let bundle = opened("deep.zip", &bytes, &[]);
    assert!(bundle.sources().is_empty());
    let said = says(&bundle);
    assert!(said.contains("deep.zip!8.zip!7.zip!6.zip: left out: archives are nested"), "{said}");
}

#[test]
fn names_are_labels_and_links_are_not_followed() {
    let text = b"An internal error has occurred.".to_vec();
    let files: Files = ["../../up.txt", "/etc/passwd", "C:\\Windows\\a.txt", "fine/b..c.txt"]
        .map(|name| (name.to_owned(), text.clone()))
        .into();
    let bundle = opened("n.zip", &zipped(&files, method(CompressionMethod::Stored)), &[]);
    assert_eq!(
        names(&bundle),
        ["n.zip!C:/Windows/a.txt", "n.zip!etc/passwd", "n.zip!fine/b..c.txt", "n.zip!up.txt"]
    );
    assert_eq!(says(&bundle).matches("points out of the archive").count(), 3);

    let mut builder = tar::Builder::new(Vec::new());
    for name in ["same.txt", "same.txt"] {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, name, text.as_slice()).unwrap();
    }
    for (kind, name) in [(tar::EntryType::Symlink, "soft"), (tar::EntryType::Link, "hard")] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder.append_link(&mut header, name, "/etc/passwd").unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    let long = format!("{}/long.txt", "folder".repeat(40));
    builder.append_data(&mut header, &long, text.as_slice()).unwrap();
    let bundle = opened("n.tar", &builder.into_inner().unwrap(), &[]);
    assert_eq!(
        names(&bundle),
        [format!("n.tar!{long}"), "n.tar!same.txt".into(), "n.tar!same.txt (2)".into()]
    );
    let said = says(&bundle);
    assert_eq!(said.matches("links are not followed").count(), 2, "{said}");
    assert!(said.contains("n.tar!same.txt (2): another member has the same name"), "{said}");

    // A zip that bears a name twice.
    let twice: Files = vec![("same.txt".into(), text.clone()), ("samf.txt".into(), text)];
    let mut bytes = zipped(&twice, method(CompressionMethod::Stored));
    while let Some(at) = bytes.windows(4).position(|name| name == b"samf") {
        bytes[at + 3] = b'e';
    }
    let said = says(&opened("d.zip", &bytes, &[]));
    assert!(said.contains("1 members bear the name of another"), "{said}");
}

#[test]
fn torn_archives_give_what_is_whole_and_say_what_is_not() {
    let files = case();
    let tar = tar_of(&files);
    let whole = [
        ("t.zip", zipped(&files, method(CompressionMethod::Deflated))),
        ("t.7z", seven_z(&files, true, None)),
        ("t.cab", cabinet(&files, cab::CompressionType::MsZip)),
        ("t.tar", tar.clone()),
        ("t.tar.gz", gz(&tar)),
        ("t.tar.xz", xz(&tar)),
        ("t.tar.zst", zst(&tar)),
    ];
    for (name, bytes) in whole {
        for part in [1, 5, 9] {
            let cut = &bytes[..bytes.len() * part / 10];
            let bundle = opened(name, cut, &[]);
            assert!(!bundle.notices().is_empty(), "{name} cut to {part}/10: nothing is said");
            // xz packs this case into one piece, which is whole or lost.
            if name.contains("tar") && !name.ends_with("xz") && part == 9 {
                assert!(bundle.sources().len() > 3, "{name}: {}", says(&bundle));
            }
            result_of(&bundle);
        }
    }
}

#[test]
fn bytes_flipped_in_archives_break_nothing() {
    let files: Files = case().into_iter().filter(|(_, bytes)| bytes.len() < 1000).collect();
    let tar = tar_of(&files);
    let mut seed = 7_u64;
    let mut roll = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for bytes in [
        zipped(&files, method(CompressionMethod::Deflated)),
        fs::read(fixture("archives/lzma.zip")).unwrap(),
        seven_z(&files, true, None),
        cabinet(&files, cab::CompressionType::MsZip),
        tar.clone(),
        gz(&tar),
        xz(&tar),
        zst(&tar),
    ] {
        for _ in 0..60 {
            let mut bytes = bytes.clone();
            for _ in 0..=roll(8) {
                // Headers are where the harm is.
                let near = if roll(2) == 0 { bytes.len().min(64) } else { bytes.len() };
                let at = roll(near);
                bytes[at] ^= u8::try_from(1 + roll(255)).unwrap();
            }
            let bundle = Bundle::from_memory(&[("flipped", &bytes)]);
            for source in bundle.sources() {
                let _ = source.sha256();
            }
        }
    }
}

#[test]
fn a_cabinet_of_as_many_folders_as_there_can_be_is_no_fault_of_the_reader() {
    let found = "fuzz/found/containers/as-many-folders-as-a-cabinet-can-have.cab";
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(found)).unwrap();
    let said = says(&opened("many.cab", &bytes, &[]));
    assert!(
        said.contains("not a readable cabinet") && !said.contains("fault of the reader"),
        "{said}"
    );
}

/// Up to its version 0.24 the reader of 7z turned for ever on a chunk that yields nothing.
#[test]
fn a_chunk_that_yields_nothing_ends_the_block() {
    let found = "fuzz/found/containers/a-chunk-that-yields-nothing.7z";
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(found)).unwrap();
    let said = says(&opened("a.7z", &bytes, &[]));
    assert!(said.contains("block 1 is damaged"), "{said}");
}

#[test]
fn a_tar_cut_between_two_members_says_that_it_is_cut() {
    let files: Files = vec![("a.txt".into(), vec![b'a'; 512]), ("b.txt".into(), vec![b'b'; 512])];
    let whole = tar_of(&files);
    assert_eq!(says(&opened("t.tar", &whole, &[])), "");
    let bundle = opened("t.tar", &whole[..1024], &[]);
    assert_eq!(names(&bundle), ["t.tar!a.txt"]);
    assert!(says(&bundle).contains("the mark of its end is missing"), "{}", says(&bundle));
}

#[test]
fn what_a_tar_says_in_records_before_a_member_is_heard() {
    let text = b"Error code: 0x904\nExtended error code: 0x7\n";
    let long = format!("{}dialog.txt", "a folder/".repeat(40));
    let mut builder = tar::Builder::new(Vec::new());
    let size = text.len().to_string();
    let records = [("path", long.as_bytes()), ("size", size.as_bytes()), ("mtime", b"1.5")];
    builder.append_pax_extensions(records).unwrap();
    let entry = |kind: tar::EntryType, size: u64| {
        let mut header = tar::Header::new_ustar();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_entry_type(kind);
        header
    };
    let mut header = entry(tar::EntryType::Regular, text.len() as u64);
    builder.append_data(&mut header, "short.txt", &text[..]).unwrap();
    for (kind, name) in [
        (tar::EntryType::GNUSparse, "sparse.evtx"),
        (tar::EntryType::Char, "device"),
        (tar::EntryType::Symlink, "link"),
    ] {
        builder.append_data(&mut entry(kind, 0), name, &b""[..]).unwrap();
    }
    let limit = usize::try_from(limits::TAR_RECORD_BYTES).unwrap();
    let endless = vec![b'9'; limit + 1];
    let mut header = entry(tar::EntryType::XHeader, endless.len() as u64);
    builder.append_data(&mut header, "record", &endless[..]).unwrap();
    let mut header = entry(tar::EntryType::Regular, text.len() as u64);
    builder.append_data(&mut header, "last.txt", &text[..]).unwrap();
    let bundle = opened("t.tar", &builder.into_inner().unwrap(), &[]);
    assert_eq!(names(&bundle), [format!("t.tar!{long}"), "t.tar!last.txt".to_owned()]);
    assert_eq!(content(&bundle, 0).unwrap(), text);
    let said = says(&bundle);
    for what in [
        "sparse.evtx: a sparse file",
        "device: neither a file nor a folder",
        "link: a link; links are not followed",
        "t.tar: a header record is longer than is read",
    ] {
        assert!(said.contains(what), "{what}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn links_and_sockets_in_a_folder_are_named_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    fs::write(place("ticket.txt"), "Error code: 0x904\nExtended error code: 0x7\n").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", place("link.txt")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place("socket")).unwrap();
    let bundle = Bundle::open(&[folder.path()], &options(&[])).unwrap();
    assert_eq!(names(&bundle), ["ticket.txt"]);
    let said = says(&bundle);
    for name in ["link.txt", "socket"] {
        assert!(said.contains(&format!("{name}: neither a file nor a folder")), "{said}");
    }
}
