//! Any text as somebody's rule: loaded or refused with a place, and no example of ours breaks it.
use std::sync::LazyLock;

use rdpwhy::event::Event;
use rdpwhy::signatures::Database;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(Database::example_events);

/// Does what the program does with it.
pub fn check(text: &str) {
    std::fs::write(FOLDER.path().join("rule.yaml"), text).expect("there is room");
    let _ = Database::lint(Some(FOLDER.path()));
    if let Ok(database) = Database::with_user_dir(FOLDER.path()) {
        for event in EVENTS.iter().take(40) {
            let _ = database.matches(event).count();
        }
    }
}
