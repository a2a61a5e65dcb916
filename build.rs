//! Puts the files below `signatures/` into the binary: as they are written, for `lint` and its places, and as JSON,
//! which loads in a tenth of the time.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script where to write by the environment"
)]
fn main() -> io::Result<()> {
    // At the time it runs, not when it was compiled: another checkout may share the build folder.
    let home = env::var_os("CARGO_MANIFEST_DIR")
        .ok_or_else(|| io::Error::other("cargo sets CARGO_MANIFEST_DIR"))?;
    let root = PathBuf::from(home).join("signatures");
    println!("cargo:rerun-if-changed={}", root.display());
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut digest = Sha256::new();
    let mut table = String::from("pub(crate) static FILES: &[Embedded] = &[\n");
    for file in &files {
        let label = file
            .strip_prefix(&root)
            .map_err(io::Error::other)?
            .to_string_lossy()
            .replace('\\', "/");
        let yaml = fs::read_to_string(file)?;
        for part in [&label, &yaml] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        writeln!(
            table,
            "    Embedded {{ label: {label:?}, yaml: include_str!({:?}), json: {:?} }},",
            file.display().to_string(),
            json(&yaml)
        )
        .map_err(io::Error::other)?;
    }
    let sha256 =
        digest.finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    writeln!(table, "];\n\npub(crate) static SHA256: &str = {sha256:?};")
        .map_err(io::Error::other)?;
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("signature_files.rs"), table)
}

/// The same content without what only `lint`, `test` and `show` need, which read the YAML; empty for a file that is
/// wrong, so that the tool can say where.
fn json(yaml: &str) -> String {
    let Ok(mut value) = serde_saphyr::from_str::<serde_json::Value>(yaml) else {
        return String::new();
    };
    if let Some(examples) = value.pointer_mut("/rdpwhy/examples") {
        *examples = serde_json::json!({"match": [], "no_match": []});
    }
    value.to_string()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}
