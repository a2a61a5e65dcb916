//! `--resume`: what is new, changed or gone.

use std::fs;

use super::{Place, text};

fn analysed(place: &Place, more: &[&str]) -> String {
    let output = place.batch("out", &[&["--resume"], more].concat()).output().unwrap();
    let page = text(&output.stdout);
    assert!(!page.is_empty(), "{}", text(&output.stderr));
    page.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn what_was_done_is_not_done_again_and_what_is_new_is() {
    let place = Place::new();
    place.dialog("b", "SRV01");
    place.dialog("c", "SRV02");
    place.batch("out", &[]).assert().success();
    let refused = place.batch("out", &[]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--resume"), "{}", text(&refused.stderr));
    assert_eq!(analysed(&place, &[]), "0 of 2 tickets analysed");
    place.dialog("a", "SRV03");
    assert_eq!(analysed(&place, &[]), "1 of 3 tickets analysed");
    assert_eq!(
        place.store("out").texts("SELECT ticket, id FROM tickets ORDER BY ticket"),
        ["1 | b", "2 | c", "3 | a"],
        "a number is for ever"
    );
}

#[test]
fn a_changed_ticket_is_analysed_anew_and_a_touched_one_is_not() {
    let place = Place::new();
    place.case("changed", "nothing-is-wrong");
    let touched = place.dialog("touched", "SRV02");
    place.batch("out", &[]).assert().success();
    assert_eq!(
        place.store("out").texts("SELECT verdict FROM tickets WHERE id = 'changed'"),
        ["none"]
    );
    place.write("changed", "mail.txt", &super::dialog("SRV77"));
    let file = touched.join("ticket.txt");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    assert_eq!(analysed(&place, &[]), "1 of 2 tickets analysed");
    let store = place.store("out");
    assert_eq!(
        store.texts("SELECT verdict, incidents FROM tickets WHERE id = 'changed'"),
        ["insufficient-evidence | 1"]
    );
    assert_eq!(store.texts("SELECT count(*) FROM tickets"), ["2"]);
    assert_eq!(analysed(&place, &[]), "0 of 2 tickets analysed");
}

#[test]
fn when_an_original_changes_its_copy_gets_an_answer_of_its_own() {
    let place = Place::new();
    place.dialog("a", "SRV01");
    place.dialog("b", "SRV01");
    place.batch("out", &[]).assert().success();
    let of = |place: &Place| {
        place.store("out").texts("SELECT id, duplicate_of, (SELECT count(*) FROM incidents i WHERE i.ticket = t.ticket) FROM tickets t ORDER BY id")
    };
    assert_eq!(of(&place), ["a | NULL | 1", "b | a | 0"]);
    place.dialog("a", "SRV02");
    assert_eq!(analysed(&place, &[]), "2 of 2 tickets analysed");
    assert_eq!(of(&place), ["a | NULL | 1", "b | NULL | 1"]);
    place.dialog("a", "SRV01");
    analysed(&place, &[]);
    assert_eq!(of(&place), ["a | NULL | 1", "b | a | 0"]);
}

#[test]
fn a_ticket_that_is_gone_keeps_its_answer_and_one_that_failed_can_be_tried_again() {
    let place = Place::new();
    let gone = place.dialog("gone", "SRV01");
    fs::create_dir_all(place.path("tickets/empty")).unwrap();
    place.batch("out", &[]).assert().code(1);
    fs::remove_dir_all(gone).unwrap();
    assert_eq!(analysed(&place, &[]), "0 of 1 tickets analysed");
    assert_eq!(analysed(&place, &["--retry-failed"]), "1 of 1 tickets analysed");
    assert_eq!(
        place.store("out").texts("SELECT id, status FROM tickets ORDER BY id"),
        ["empty | failed", "gone | ok"]
    );
}

#[test]
fn answers_of_different_makings_are_not_mixed() {
    let place = Place::new();
    place.dialog("a", "SRV01");
    place.batch("out", &[]).assert().success();
    let output =
        place.batch("out", &["--resume", "--time-zone", "Europe/Berlin"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let words = text(&output.stderr);
    assert!(words.contains("time-zone") && words.lines().count() == 1, "{words}");
}
