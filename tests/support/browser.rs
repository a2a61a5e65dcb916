//! Opens a page in a browser, where there is one, and says what is wrong with it.
#![allow(
    clippy::print_stderr,
    unreachable_pub,
    reason = "a test that skips says so aloud; two tests include this"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// What drives the browser: the folder of its packages, and the browser.
#[expect(clippy::disallowed_methods, reason = "only a test looks for a browser")]
fn browser() -> Option<(PathBuf, PathBuf)> {
    let modules = std::env::var_os("RDPWHY_NODE_MODULES").map(PathBuf::from);
    let chromium = std::env::var_os("RDPWHY_CHROMIUM")
        .map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    let found = modules.filter(|modules| modules.join("playwright-core").is_dir());
    if found.is_none() || !chromium.exists() {
        eprintln!(
            "SKIPPED: no browser, or RDPWHY_NODE_MODULES names no folder with playwright-core"
        );
        return None;
    }
    found.map(|modules| (modules, chromium))
}

/// What is wrong with a page in a browser: console errors, requests, faults of access, what does not react.
pub fn faults(page: &str, name: &str, ready_ms: &str) -> Option<String> {
    // One browser at a time: what it takes is measured.
    static ONE: Mutex<()> = Mutex::new(());
    let (modules, chromium) = browser()?;
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join(format!("{name}.html"));
    fs::write(&file, page).expect("it can be written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/report.mjs");
    let output = Command::new("node")
        .args([script.as_os_str(), chromium.as_os_str(), file.as_os_str()])
        .env("RDPWHY_NODE_MODULES", modules)
        .env("RDPWHY_READY_MS", ready_ms)
        .output()
        .expect("node runs");
    eprintln!("{name}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}
