//! The manifests that a release ships, filled as its workflow fills them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn manifests_name_the_version_the_archive_and_its_digest() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir().expect("a folder");
    let archive = dir.path().join("rdpwhy-1.2.3-x86_64-pc-windows-msvc.zip");
    fs::write(&archive, b"abc").expect("ours");
    let shell = Command::new("sh")
        .arg(root.join("packaging/fill.sh"))
        .args(["1.2.3", "https://example.com/v1.2.3"])
        .arg(&archive)
        .arg("https://example.com")
        .env("OUT", dir.path())
        .status();
    let Ok(status) = shell else {
        eprintln!("SKIPPED: no sh here");
        return;
    };
    assert!(status.success());
    // Of `abc`, from FIPS 180-4.
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("it was written");
    let scoop: Value = serde_json::from_str(&read("rdpwhy.scoop.json")).expect("JSON");
    assert_eq!(scoop["version"], "1.2.3");
    assert_eq!(scoop["architecture"]["64bit"]["hash"], digest);
    let url = "https://example.com/v1.2.3/rdpwhy-1.2.3-x86_64-pc-windows-msvc.zip";
    assert_eq!(scoop["architecture"]["64bit"]["url"], url);
    let installer: Value =
        serde_saphyr::from_str(&read("rdpwhy.rdpwhy.installer.yaml")).expect("YAML");
    assert_eq!(installer["Installers"][0]["InstallerUrl"], url);
    assert_eq!(installer["Installers"][0]["InstallerSha256"], digest);
    for name in ["rdpwhy.rdpwhy.yaml", "rdpwhy.rdpwhy.locale.en-US.yaml"] {
        let manifest: Value = serde_saphyr::from_str(&read(name)).expect("YAML");
        assert_eq!(manifest["PackageVersion"], "1.2.3", "{name}");
    }
    for file in fs::read_dir(dir.path()).expect("a folder") {
        let text = fs::read_to_string(file.expect("readable").path()).expect("text");
        assert!(!text.contains('@'), "something was not filled in: {text}");
    }
}

#[test]
fn workflows_are_yaml_and_pack_what_they_should() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows");
    for name in ["ci.yml", "release.yml"] {
        let text = fs::read_to_string(root.join(name)).expect("it is there");
        let workflow: Value = serde_saphyr::from_str(&text).expect("YAML");
        assert!(workflow["jobs"].is_object(), "{name}");
    }
    let says = |name: &str, parts: &[&str]| {
        let text = fs::read_to_string(root.join(name)).expect("it is there");
        for part in parts {
            assert!(text.contains(part), "{name} has no {part}");
        }
    };
    says(
        "release.yml",
        &[
            "LICENSE-MIT",
            "LICENSE-APACHE",
            "completions",
            " man ",
            "sha256",
            "cargo cyclonedx --format json",
            "sbom.json",
            "actions/attest-build-provenance",
            "x86_64-unknown-linux-musl",
            "statically linked",
            "+crt-static",
        ],
    );
    says(
        "ci.yml",
        &[
            "cargo test --locked",
            "sh fuzz/run.sh",
            "cargo deny check",
            "cargo package --locked",
            "windows-latest",
            "macos-latest",
        ],
    );
}

/// What `cargo package` would publish: everything that is compiled in, and nothing that only this repository needs.
#[test]
fn the_package_has_what_is_compiled_in_and_no_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = Command::new(env!("CARGO"))
        .args(["package", "--list", "--locked", "--offline", "--allow-dirty", "--no-verify"])
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    let list = String::from_utf8(list.stdout).expect("UTF-8").replace('\\', "/");
    let files: Vec<&str> = list.lines().collect();
    for file in ["build.rs", "README.md", "LICENSE-MIT", "docs/signature-use.md", "src/main.rs"] {
        assert!(files.contains(&file), "{file} is missing");
    }
    for folder in ["signatures/", "templates/", "docs/pictures/"] {
        assert!(files.iter().any(|file| file.starts_with(folder)), "{folder} is missing");
    }
    let own = ["tests/", "fixtures/", "fuzz/", ".ci/", ".github/", "integrations/", "packaging/"];
    let strays: Vec<_> =
        files.iter().filter(|file| own.iter().any(|folder| file.starts_with(folder))).collect();
    assert_eq!(strays, Vec::<&&str>::new());
}
