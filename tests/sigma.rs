//! Every rule is valid Sigma: the reference implementation checks it and converts it for two products.
//!
//! Needs a Python with `tests/support/requirements-sigma.txt`, named by `RDPWHY_PYTHON` (a virtual environment
//! or a program) when it is not the `python3` of the path; elsewhere the test says that it was skipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[expect(clippy::disallowed_methods, reason = "where Python is, only the developer knows")]
fn python() -> PathBuf {
    let named = std::env::var_os("RDPWHY_PYTHON").map(PathBuf::from);
    match named {
        Some(venv) if venv.is_dir() => {
            let places = [venv.join("bin/python"), venv.join("Scripts/python.exe")];
            places.into_iter().find(|place| place.exists()).unwrap_or(venv)
        }
        named => named.unwrap_or_else(|| "python3".into()),
    }
}

fn sigma(arguments: &[&str], rules: &Path) -> std::io::Result<Output> {
    let script = "import sys; from sigma.cli.main import main; sys.argv[0] = 'sigma'; main()";
    Command::new(python()).args(["-c", script]).args(arguments).arg(rules).output()
}

/// The rules with the ending that Sigma's tools look for, without causes, tables and lists.
fn rules(into: &Path) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("signatures");
    let mut count = 0;
    for folder in std::fs::read_dir(root).expect("signatures/ is there") {
        let folder = folder.expect("readable").path();
        if !folder.is_dir() || folder.ends_with("causes") || folder.ends_with("codes") {
            continue;
        }
        for file in std::fs::read_dir(folder).expect("a folder") {
            let file = file.expect("readable").path();
            let name = file.file_stem().expect("a name").to_owned();
            std::fs::copy(&file, into.join(name).with_extension("yml")).expect("it can be copied");
            count += 1;
        }
    }
    count
}

#[test]
fn every_rule_is_valid_sigma_and_converts() {
    let dir = tempfile::tempdir().expect("a folder");
    let count = rules(dir.path());
    assert!(count >= 180, "{count}");
    let found = Command::new(python()).args(["-c", "import sigma.cli.main"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "SKIPPED: no Python with tests/support/requirements-sigma.txt; see tests/sigma.rs"
        );
        return;
    }
    // Codes are quoted on purpose (docs/signatures.md), so that check is left out.
    let checks = ["check", "--fail-on-error", "--fail-on-issues", "-x", "number_as_string"];
    let convert = |target| ["convert", "--without-pipeline", "-t", target];
    let runs = [checks.to_vec(), convert("splunk").to_vec(), convert("lucene").to_vec()];
    for arguments in runs {
        let output = sigma(&arguments, dir.path()).expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "sigma {}:\n{said}{complained}", arguments.join(" "));
        if arguments.first() == Some(&"convert") {
            assert!(said.lines().count() >= count, "{} queries", said.lines().count());
        }
    }
}
