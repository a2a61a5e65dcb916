//! Shards, and the command that puts their stores together.

use super::{Place, Store, rdpwhy, text};

fn merge(place: &Place, stores: &[&str], out: &str) -> String {
    let output = rdpwhy()
        .arg("merge")
        .args(stores.iter().map(|store| place.path(store)))
        .arg("-o")
        .arg(place.path(out))
        .output()
        .unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", text(&output.stderr));
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn the_shards_of_a_list_merged_are_one_run_over_it() {
    let place = Place::new();
    for number in 0..12 {
        // Some have the content of another, mostly in another shard.
        place.dialog(&format!("t{number:02}"), &format!("SRV{}", number % 9));
    }
    place.case("x", "two-servers-two-causes");
    place.case("y", "two-servers-two-causes");
    place.batch("whole", &[]).assert().success();
    let mut counts = Vec::new();
    for shard in ["0/3", "1/3", "2/3"] {
        let out = format!("shard-{}", &shard[..1]);
        place.batch(&out, &["--shard", shard]).assert().success();
        counts.push(place.store(&out).rows("SELECT ticket FROM tickets").len());
    }
    assert_eq!(counts.iter().sum::<usize>(), 14);
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    merge(&place, &["shard-2", "shard-0", "shard-1"], "merged");
    assert_eq!(place.store("merged").all(), place.store("whole").all());
    for file in ["tickets.csv", "timeline.csv"] {
        let read = |out: &str| std::fs::read(place.path(out).join(file)).unwrap();
        assert_eq!(read("merged"), read("whole"), "{file}");
    }
    assert_eq!(place.store("merged").texts("PRAGMA foreign_key_check"), [""; 0]);
    let mut names: Vec<_> = std::fs::read_dir(place.path("merged"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["rdpwhy.sqlite", "tickets.csv", "timeline.csv"]);
}

#[test]
fn what_is_no_store_is_refused_and_nothing_is_left_behind() {
    let place = Place::new();
    place.dialog("t", "SRV01");
    place.batch("one", &[]).assert().success();
    std::fs::create_dir_all(place.path("other")).unwrap();
    std::fs::write(place.path("other/rdpwhy.sqlite"), "this is a text and no store").unwrap();
    for (stores, words) in
        [(["one", "other"], "other/rdpwhy.sqlite"), (["one", "nowhere"], "cannot open")]
    {
        let output = rdpwhy()
            .arg("merge")
            .args(stores.map(|store| place.path(store)))
            .arg("-o")
            .arg(place.path("merged"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let complaint = text(&output.stderr);
        assert!(complaint.contains(words) && complaint.lines().count() == 1, "{complaint}");
        assert!(!place.path("merged/rdpwhy.sqlite").exists());
    }
}

#[test]
fn a_shard_that_is_missing_is_said() {
    let place = Place::new();
    for number in 0..8 {
        place.dialog(&format!("t{number}"), &format!("SRV{number}"));
    }
    place.batch("one", &["--shard", "0/2"]).assert().success();
    let words = merge(&place, &["one"], "merged");
    assert!(words.contains("have an answer in none of the stores"), "{words}");
}

#[test]
fn stores_of_different_folders_keep_all_their_tickets() {
    let (first, second) = (Place::new(), Place::new());
    first.dialog("t1", "SRV01");
    first.dialog("t2", "SRV02");
    second.dialog("t1", "SRV11");
    second.dialog("t2", "SRV02");
    second.dialog("t3", "SRV01");
    first.batch("out", &[]).assert().success();
    second.batch("out", &[]).assert().success();
    let output = rdpwhy()
        .arg("merge")
        .args([first.path("out"), second.path("out")])
        .arg("-o")
        .arg(first.path("merged"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let merged = Store::open(&first.path("merged"));
    assert_eq!(
        merged.texts("SELECT id, duplicate_of, (SELECT count(*) FROM incidents i WHERE i.ticket = t.ticket) FROM tickets t ORDER BY id"),
        ["t1 | NULL | 1", "t1 (2) | NULL | 1", "t2 | NULL | 1", "t3 | t1 | 0"],
        "same name, other content: both stay; same name, same content: once; same content: one answer"
    );
}
