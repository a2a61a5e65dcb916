//! What stands in the store and beside it.

use std::fs;

use super::{Place, fixture, rdpwhy, text};

#[test]
fn every_child_of_a_folder_is_a_ticket_with_its_answer() {
    let place = Place::new();
    place.case("a-folder", "key-access-denied-after-hardening");
    place.case("b-healthy", "nothing-is-wrong");
    place.dialog("c-dialog", "SRV09");
    let single = place.path("tickets/d-single.txt");
    fs::write(single, super::dialog("SRV10")).unwrap();
    fs::write(place.path("tickets/.DS_Store"), "x").unwrap();
    let output = place.batch("out", &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("4 tickets in "), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("1 hidden"), "nothing is left out without a word");
    let store = place.store("out");
    assert_eq!(
        store.texts(
            "SELECT ticket, id, status, verdict, trigger_id, incidents FROM tickets ORDER BY 1"
        ),
        [
            "1 | a-folder | ok | cert-key-access-denied | config-change | 1",
            "2 | b-healthy | ok | none | NULL | 0",
            "3 | c-dialog | ok | insufficient-evidence | NULL | 1",
            "4 | d-single.txt | ok | insufficient-evidence | NULL | 1",
        ]
    );
    assert_eq!(store.texts("PRAGMA user_version"), ["1"]);
    assert_eq!(store.texts("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(store.texts("PRAGMA foreign_key_check"), [""; 0]);
    assert_eq!(
        store.texts(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND name GLOB '*wal*'"
        ),
        [""; 0]
    );
    let mut names: Vec<_> = fs::read_dir(place.path("out"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["rdpwhy.sqlite", "tickets.csv", "timeline.csv"]);
}

#[test]
fn the_store_says_what_the_result_says() {
    let place = Place::new();
    let ticket = place.case("t", "key-access-denied-after-hardening");
    place.batch("out", &[]).assert().success();
    let output = rdpwhy().arg("analyze").arg(ticket).args(["--format", "json"]).output().unwrap();
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let store = place.store("out");
    let incident = &result["incidents"][0];
    let expected: Vec<_> = incident["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| format!("{} | {}", cause["id"].as_str().unwrap(), cause["probability"]))
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(store.texts("SELECT cause, probability FROM causes ORDER BY rank"), expected);
    let grounds: usize = incident["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| {
            cause["evidence"].as_array().unwrap().len() + cause["against"].as_array().unwrap().len()
        })
        .sum();
    assert_eq!(store.texts("SELECT count(*) FROM evidence"), [grounds.to_string()]);
    let hosts = result["hosts"].as_array().unwrap().len();
    assert_eq!(store.texts("SELECT hosts FROM tickets"), [hosts.to_string()]);
    assert_eq!(
        store.texts("SELECT build FROM hosts WHERE role = 'server'"),
        ["20348.4648"],
        "the page says so"
    );
    assert_eq!(
        store.texts("SELECT DISTINCT source, record FROM evidence WHERE signature = 'schannel-36870-key-access-denied'"),
        ["server/System.evtx | 18062"],
        "evidence leads to file and record"
    );
    assert_eq!(
        store.texts("SELECT state, time FROM updates WHERE kb = 'KB5099541' ORDER BY time"),
        [
            "started | 2026-11-17T22:23:09.000Z",
            "pending | 2026-11-17T22:39:49.000Z",
            "installed | 2026-11-17T22:40:09.000Z"
        ]
    );
    let csv = fs::read_to_string(place.path("out/timeline.csv")).unwrap();
    let mut table = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(
        table.headers().unwrap().iter().take(3).collect::<Vec<_>>(),
        ["ticket", "number", "time_utc"]
    );
    let rows: Vec<_> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), result["timeline"].as_array().unwrap().len());
    assert!(rows.iter().all(|row| row.get(0) == Some("t")));
}

#[test]
fn the_same_tickets_give_the_same_rows_for_any_number_of_threads() {
    let place = Place::new();
    for (number, case) in
        ["old-name-only", "two-servers-two-causes", "cleared-log-in-zip"].iter().enumerate()
    {
        place.case(&format!("t{number}"), case);
        place.case(&format!("u{number}"), case);
    }
    place.batch("one", &["--threads", "1"]).assert().success();
    place.batch("many", &["--threads", "5"]).assert().success();
    assert_eq!(place.store("one").all(), place.store("many").all());
    for file in ["tickets.csv", "timeline.csv"] {
        let read = |out: &str| fs::read(place.path(out).join(file)).unwrap();
        assert_eq!(read("one"), read("many"), "{file}");
    }
}

#[test]
fn the_same_content_twice_is_one_answer() {
    let place = Place::new();
    place.case("b", "old-name-only");
    place.case("a", "old-name-only");
    place.case("c", "old-name-only");
    place.write("c", "note.txt", "one file more");
    place.batch("out", &[]).assert().success();
    let store = place.store("out");
    assert_eq!(
        store.texts("SELECT id, verdict, duplicate_of FROM tickets ORDER BY id"),
        ["a | dns-failure | NULL", "b | dns-failure | a", "c | dns-failure | NULL"]
    );
    assert_eq!(
        store.texts("SELECT count(DISTINCT ticket), count(*) FROM incidents"),
        ["2 | 2"],
        "an incident counts once"
    );
}

#[test]
fn a_broken_ticket_is_a_row_and_the_others_go_on() {
    let place = Place::new();
    place.dialog("good", "SRV01");
    fs::create_dir_all(place.path("tickets/empty")).unwrap();
    place.write("strange", "data.bin", "\u{1}\u{2}\u{3}");
    let cut = place.case("cut", "old-name-only");
    let log = cut.join("System.evtx");
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 20_000]).unwrap();
    let output = place.batch("out", &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "a ticket failed");
    let store = place.store("out");
    let rows = store.texts("SELECT id, status, verdict, reason FROM tickets ORDER BY id");
    assert!(rows[0].starts_with("cut | partial | "), "{rows:?}");
    assert!(rows[0].contains(".evtx") && rows[0].contains("lost"), "{rows:?}");
    assert_eq!(rows[1], "empty | failed | NULL | it holds no files");
    assert_eq!(rows[2], "good | ok | insufficient-evidence | NULL");
    assert!(rows[3].starts_with("strange | failed | NULL | none of its files"), "{rows:?}");
}

#[test]
fn reports_are_written_for_each_ticket_when_asked() {
    let place = Place::new();
    place.case("a", "old-name-only");
    place.case("b", "old-name-only");
    place.dialog("we/ird", "SRV01");
    fs::rename(place.path("tickets/we"), place.path("tickets/we ird")).unwrap();
    place.batch("out", &["--reports", "html,json,text"]).assert().success();
    let folder = |name: &str| place.path("out/reports").join(name);
    let report = fs::read_to_string(folder("000001-a").join("report.html")).unwrap();
    assert!(report.contains("dns-failure"));
    assert!(folder("000001-a").join("result.json").exists());
    let page = fs::read_to_string(folder("000001-a").join("report.txt")).unwrap();
    assert!(page.contains("dns-failure") && !page.contains('\u{1b}'), "no styles in a file");
    assert!(!folder("000002-b").exists(), "it is the first again");
    assert!(folder("000003-we_ird").join("report.html").exists());
}

#[test]
fn a_list_names_tickets() {
    let place = Place::new();
    let ticket = place.case("t", "old-name-only");
    let dialog = place.dialog("d", "SRV01");
    let list = format!(
        "{}\tINC-1\n{}\tINC-2\n/nowhere/at/all\tINC-3\n{}\tINC-1\n",
        ticket.display(),
        dialog.display(),
        dialog.display()
    );
    let out = place.path("out");
    let output = rdpwhy()
        .args(["batch", "--paths-from", "-", "-o"])
        .arg(&out)
        .write_stdin(list)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("failed: INC-3: cannot open /nowhere/at/all"));
    assert_eq!(
        place.store("out").texts("SELECT id, status, duplicate_of FROM tickets ORDER BY ticket"),
        [
            "INC-1 | ok | NULL",
            "INC-2 | ok | NULL",
            "INC-3 | failed | NULL",
            "INC-1 (2) | ok | INC-2"
        ]
    );
}

#[test]
fn wrong_usage_is_refused_with_one_line() {
    let place = Place::new();
    place.dialog("t", "SRV01");
    for (more, words) in [
        (vec!["batch", "x"], "--output"),
        (vec!["batch", "-o", "out"], "PATH"),
        (vec!["batch", "x", "-o", "out", "--format", "ndjson"], "--format"),
        (vec!["batch", "x", "-o", "out", "--shard", "4/4"], "0/8"),
        (vec!["batch", "x", "-o", "out", "--retry-failed"], "--resume"),
        (vec!["batch", "x", "-o", "out", "--timeout-per-ticket", "0"], "seconds"),
        (vec!["batch", "x", "-o", "out", "--redact"], "cannot redact"),
    ] {
        let output = rdpwhy().current_dir(place.0.path()).args(&more).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(text(&output.stderr).contains(words), "{more:?}: {}", text(&output.stderr));
        assert!(!place.path("out").exists());
    }
    let inside = place.batch("tickets/out", &[]).output().unwrap();
    assert_eq!(inside.status.code(), Some(2), "nothing is written among evidence");
    assert!(!place.path("tickets/out").exists());
}

#[test]
fn large_tickets_are_read_beside_each_other_and_beside_small_ones() {
    let place = Place::new();
    let line = "2026-11-17 03:12:37, Info                  CBS    Appl: a line that tells nothing to anybody\r\n";
    let log = line.repeat(36 << 20 >> 6);
    for (id, server) in [("a", "SRV01"), ("b", "SRV02"), ("c", "SRV03")] {
        place.dialog(id, server);
        place.write(id, "CBS.log", &log);
        place.dialog(&format!("small-{id}"), server);
    }
    place.batch("out", &["--threads", "2"]).assert().success();
    let store = place.store("out");
    assert_eq!(
        store.texts(
            "SELECT status, count(*), sum(incidents), max(bytes) > 33554432 FROM tickets GROUP BY 1"
        ),
        ["ok | 6 | 6 | 1"]
    );
}

#[test]
fn nothing_in_a_ticket_is_changed() {
    let place = Place::new();
    place.case("t", "cleared-log-in-zip");
    let state = || {
        let mut files = Vec::new();
        let mut folders = vec![place.path("tickets")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let metadata = fs::metadata(&path).unwrap();
                    files.push((path, metadata.len(), metadata.modified().unwrap()));
                }
            }
        }
        files.sort();
        files
    };
    let before = state();
    place.batch("out", &["--reports", "json"]).assert().success();
    assert_eq!(before, state());
}

#[test]
#[cfg(target_os = "linux")]
fn the_hash_of_a_folder_can_be_made_with_sha256sum() {
    let place = Place::new();
    let ticket = place.case("t", "old-name-only");
    place.batch("out", &[]).assert().success();
    let script = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64";
    let output =
        std::process::Command::new("sh").args(["-c", script]).current_dir(ticket).output().unwrap();
    let hash = text(&output.stdout);
    assert_eq!(place.store("out").texts("SELECT sha256 FROM tickets"), [hash.trim()]);
    assert!(fixture("cases").exists());
}
