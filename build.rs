//! Puts the files below `signatures/` into the binary: as they are written, for `lint` and its places, and as JSON,
//! which loads in a tenth of the time. Of a signature, the detection stands apart with what it is looked up by: a run
//! needs few of the hundreds, and compiles those when an event asks for them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[path = "src/signatures/condition.rs"]
#[allow(dead_code, reason = "only what a condition names is wanted here")]
mod condition;

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
        let Prepared { json, detection, providers, event_ids } = prepare(&yaml).unwrap_or_default();
        let path = file.display().to_string();
        writeln!(
            table,
            "    Embedded {{ label: {label:?}, yaml: include_str!({path:?}), json: {json:?}, \
             detection: {detection:?}, providers: &{providers:?}, event_ids: &{event_ids:?} }},",
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

/// A file as it is loaded.
#[derive(Default)]
struct Prepared {
    /// Its content without what only `lint`, `test` and `show` need, which read the YAML, and without its detection.
    json: String,
    detection: String,
    /// What the detection is looked up by.
    providers: Vec<String>,
    event_ids: Vec<u64>,
}

/// Nothing for a file that is wrong, so that the tool can say where.
fn prepare(yaml: &str) -> Option<Prepared> {
    let mut value = serde_saphyr::from_str::<Value>(yaml).ok()?;
    let mut prepared = Prepared::default();
    if let Some(examples) = value.pointer_mut("/rdpwhy/examples") {
        *examples = json!({"match": [], "no_match": []});
        let detection = value.get_mut("detection")?.take();
        (prepared.providers, prepared.event_ids) = keys(&detection)?;
        prepared.detection = detection.to_string();
    }
    prepared.json = value.to_string();
    Some(prepared)
}

/// The providers, in lower case, and the event ids that the selections name which can make the condition true:
/// `Detection::keys` of the crate, which a test holds against this.
fn keys(detection: &Value) -> Option<(Vec<String>, Vec<u64>)> {
    let named = detection.as_object()?.iter();
    let selections: Vec<_> =
        named.filter(|(name, _)| !["condition", "timeframe"].contains(&name.as_str())).collect();
    let names: Vec<_> = selections.iter().map(|(name, _)| (*name).clone()).collect();
    let condition =
        condition::Condition::parse(detection.get("condition")?.as_str()?, &names).ok()?;
    let mut positive = Vec::new();
    condition.positive(&mut positive);
    let (mut providers, mut event_ids) = (Vec::new(), Vec::new());
    for (_, selection) in positive.iter().filter_map(|index| selections.get(*index)) {
        for (field, value) in one_or_many(selection).iter().filter_map(Value::as_object).flatten() {
            match field.as_str() {
                "Provider_Name" => {
                    let names = one_or_many(value).iter().filter_map(Value::as_str);
                    providers.extend(names.map(str::to_lowercase));
                }
                "EventID" => event_ids.extend(one_or_many(value).iter().filter_map(Value::as_u64)),
                _ => {}
            }
        }
    }
    Some((providers, event_ids))
}

fn one_or_many(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
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
