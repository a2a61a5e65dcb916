//! The cases under `fixtures/` are what their descriptions in `tests/cases_built/` say, byte for byte.
//!
//! `RDPWHY_BLESS=1 cargo test --test fixtures` writes them anew.

#[path = "cases_built/mod.rs"]
mod cases_built;
#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use support::case_builder::Case;

fn folder_of(kind: &str, case: &Case) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind).join(case.name())
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether to write or to compare is asked of the developer, not of the tool"
)]
fn blessing() -> bool {
    std::env::var_os("RDPWHY_BLESS").is_some()
}

#[test]
fn every_case_is_what_its_description_says() {
    let mut wrong = Vec::new();
    for (kind, case) in cases_built::all() {
        let folder = folder_of(kind, &case);
        if blessing() {
            write(&folder, case.files());
        }
        wrong.extend(
            differences(case.files(), &committed(&folder))
                .into_iter()
                .map(|what| format!("{}: {what}", case.name())),
        );
    }
    assert!(
        wrong.is_empty(),
        "the description changed or a file did; look at it, then RDPWHY_BLESS=1\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_folder_has_a_description() {
    let known: Vec<PathBuf> =
        cases_built::all().iter().map(|(kind, case)| folder_of(kind, case)).collect();
    for kind in ["cases", "healthy"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind);
        for entry in std::fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            assert!(
                known.contains(&path),
                "{} is left over from a case that was renamed",
                path.display()
            );
        }
    }
}

fn write(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).expect("a fixture of ours can be removed");
    }
    for (path, bytes) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder)).expect("fixtures can be written");
        std::fs::write(path, bytes).expect("fixtures can be written");
    }
}

fn committed(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&path) else { continue };
        for entry in entries.filter_map(Result::ok) {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            } else {
                let name = entry
                    .path()
                    .strip_prefix(folder)
                    .expect("it lies in this folder")
                    .to_string_lossy()
                    .replace('\\', "/");
                files.insert(name, std::fs::read(entry.path()).expect("a fixture can be read"));
            }
        }
    }
    files
}

fn differences(
    built: &BTreeMap<String, Vec<u8>>,
    committed: &BTreeMap<String, Vec<u8>>,
) -> Vec<String> {
    let changed = built.iter().filter_map(|(path, bytes)| match committed.get(path) {
        None => Some(format!("{path} is missing")),
        Some(known) if known != bytes => Some(format!("{path} differs")),
        Some(_) => None,
    });
    let left_over = committed
        .keys()
        .filter(|path| !built.contains_key(*path))
        .map(|path| format!("{path} is left over"));
    changed.chain(left_over).collect()
}
