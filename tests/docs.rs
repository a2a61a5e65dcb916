//! Every command that README and docs tell to type, typed: what runs `rdpwhy` is run by a shell, in a folder with the
//! files the docs speak of; what builds or tests is held against what there is to build or test.

#![cfg(unix)]
#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test program, which clippy does not see"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DOCS: [&str; 13] = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/ARCHITECTURE.md",
    "docs/fleet.md",
    "docs/formats.md",
    "docs/outputs.md",
    "docs/performance.md",
    "docs/signatures.md",
    "docs/store.md",
    "fuzz/README.md",
    "packaging/README.md",
    "integrations/spark/README.md",
];

/// Commands that need more than this repository and a shell, and what else runs them.
const ELSEWHERE: [(&str, &str); 9] = [
    ("sudo apt-get install openjdk-17-jre-headless", ".ci/run"),
    ("python3 -m venv venv", ".ci/run"),
    ("find \"$PWD/tickets\"", "tests/spark.rs"),
    ("venv/bin/python integrations/spark/rdpwhy_spark.py", "tests/spark.rs"),
    ("spark-submit", "tests/spark.rs, with a path of this machine for each of a cluster"),
    ("cargo install ", ".github/workflows/ci.yml"),
    ("cargo deny check", ".github/workflows/ci.yml"),
    ("cargo package", ".github/workflows/ci.yml"),
    ("rustup ", ".github/workflows/release.yml"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The command lines of a page: lines of fenced blocks that begin like one, and code within sentences.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    for (number, part) in page.split("```").enumerate() {
        if number % 2 == 1 {
            let kind = part.lines().next().unwrap_or_default();
            let shell = matches!(kind, "console" | "sh" | "text");
            let text = part.replace("\\\n", " ");
            let lines = text.lines().skip(1).filter(|_| shell);
            // What a run prints begins with the name, too, and the version.
            let is_output = |line: &str| line.starts_with("rdpwhy 0.");
            let lines = lines.filter(|line| !is_output(line));
            let typed = |line: &str| match line.strip_prefix("$ ") {
                Some(typed) => Some(typed.to_owned()),
                None => (kind != "console" && (kind == "sh" || is_command(line)))
                    .then(|| line.to_owned()),
            };
            commands.extend(lines.filter_map(typed).filter(|line| !line.trim().is_empty()));
        } else {
            let spans = part.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " "));
            commands.extend(spans.filter(|span| is_command(span)));
        }
    }
    let bare = |line: String| line.split(" # ").next().unwrap_or_default().trim().to_owned();
    commands.into_iter().map(bare).collect()
}

/// Whether a text begins as a command does, with assignments before it or not.
fn is_command(text: &str) -> bool {
    let is_assignment = |word: &&str| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
        })
    };
    let mut words = text.split(' ').skip_while(is_assignment);
    let first = words.next().unwrap_or_default();
    matches!(first, "rdpwhy" | "cargo" | "rustup" | "sh" | "bash") && words.next().is_some()
}

/// The word behind a flag.
fn behind<'c>(command: &'c str, flag: &str) -> Vec<&'c str> {
    let words: Vec<_> = command.split_whitespace().collect();
    words.windows(2).filter(|pair| pair[0] == flag).map(|pair| pair[1]).collect()
}

/// Whether what cargo is told to build, test or bench is there.
fn cargo_knows(command: &str) -> Result<(), String> {
    let there = |places: &[String]| match places.iter().any(|place| root().join(place).exists()) {
        true => Ok(()),
        false => Err(format!("none of {places:?} is there")),
    };
    for name in behind(command, "--test") {
        there(&[format!("tests/{name}.rs"), format!("tests/{name}/main.rs")])?;
    }
    for name in behind(command, "--bench") {
        there(&[format!("benches/{name}.rs")])?;
    }
    for name in behind(command, "--example") {
        there(&[format!("examples/{name}.rs")])?;
    }
    for name in behind(command, "--features") {
        let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
        if !manifest.contains(&format!("\n{name} = [")) {
            return Err(format!("there is no feature {name}"));
        }
    }
    for target in behind(command, "run") {
        if command.contains(" fuzz ") {
            there(&[format!("fuzz/fuzz_targets/{target}.rs")])?;
            there(&[format!("fuzz/checks/{target}.rs")])?;
        }
    }
    for dictionary in command.split("-dict=").skip(1) {
        there(&[dictionary.split(' ').next().unwrap_or_default().to_owned()])?;
    }
    Ok(())
}

/// A folder in which everything lies that the docs name.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let case = |name: &str| root().join("fixtures/cases").join(name).join("bundle");
        let desk = [
            "key-access-denied-after-hardening",
            "credssp-after-may-2018",
            "two-servers-two-causes",
        ];
        for (number, name) in desk.iter().enumerate() {
            let packed = zip(&case(name));
            for (path, bytes) in below(&case(name)) {
                place.write(&format!("tickets/INC001234{}/{path}", 5 + number), &bytes);
            }
            place.write(&format!("srv/INC001234{}.zip", 5 + number), &packed);
        }
        let sides = case(desk[0]);
        for (name, folder) in [
            ("ticket.zip", sides.clone()),
            ("ticket-4711.zip", sides.clone()),
            ("client.zip", sides.join("client")),
            ("server.zip", sides.join("server")),
        ] {
            place.write(name, &zip(&folder));
        }
        for (path, bytes) in below(&sides) {
            place.write(&format!("bundle/{path}"), &bytes);
        }
        place.write("System.evtx", &fs::read(sides.join("server/System.evtx")).unwrap());
        place.write("dialog.txt", b"Error code: 0x904\r\nExtended error code: 0x7\r\n");
        place.write("list.tsv", b"ticket.zip\tINC0012345\nbundle\tINC0012346\n");
        let rule = "title: Any failed logon\nid: 3c5f7c3e-55c5-4d8e-9d0a-6d1f6f7a8b9c\n\
                    logsource: {product: windows, service: security}\ndetection:\n  sel: {EventID: 4625}\n\
                    \x20 condition: sel\nlevel: low\n";
        place.write("my-signatures/my-rule.yml", rule.as_bytes());
        std::os::unix::fs::symlink(root().join("signatures"), place.0.path().join("signatures"))
            .unwrap();
        std::os::unix::fs::symlink(root().join("fixtures"), place.0.path().join("fixtures"))
            .unwrap();
        for store in ["results", "results-10", "results-11"] {
            let made = place.shell(&format!("rdpwhy batch tickets/ -o {store}/"));
            assert!(made.is_ok(), "{made:?}");
        }
        place
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Runs a line; what went wrong, if anything did.
    fn shell(&self, line: &str) -> Result<(), String> {
        let binary = assert_cmd::cargo::cargo_bin!("rdpwhy").parent().unwrap().to_owned();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display());
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(self.0.path())
            .env("PATH", path)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(format!("{}: {words}", output.status)) }
    }
}

fn below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn zip(folder: &Path) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in below(folder) {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What a command becomes here: names that stand for something get something.
fn filled(command: &str) -> String {
    let typed = command.split_once("cargo run ").map_or_else(
        || command.to_owned(),
        |(_, rest)| format!("rdpwhy {}", rest.split_once("-- ").map_or("", |(_, rest)| rest)),
    );
    let mut line = typed
        .replace("find /srv", "find srv")
        .replace("STORE…", "results/")
        .replace("KB…", "KB5018410")
        .replace(" … ", " tickets/ ")
        .replace("--shard I/N", "tickets/ -o results-13/ --shard 0/8")
        .replace("-o DIR", "-o results-12/")
        .replace(" DIR", " bundle/")
        .replace("NAME", "cert-key-missing");
    // A bare command needs what it is about; its help says whether it is one.
    if line.split(' ').count() == 2 && !line.ends_with("list") || line == "rdpwhy signatures test" {
        line.push_str(" --help");
    }
    if line.starts_with("rdpwhy analyze tickets/ ") {
        line = line.replace("tickets/", "bundle/");
    }
    if line == "rdpwhy timeline --all" {
        line.push_str(" bundle/");
    }
    if line.contains("--paths-from -") && !line.contains('|') {
        line = format!("printf 'ticket.zip\\n' | {line}");
    }
    if line.contains("$I") {
        line = format!("for I in 0 1 2 3 4 5 6 7; do {line} || exit 1; done");
    }
    // A store is begun where there is none.
    if line.contains("-o results/") && !line.contains("--resume") {
        line = format!("rm -rf results; {line}");
    }
    line
}

#[test]
fn every_command_in_the_docs_works() {
    let place = Place::new();
    let (mut ran, mut wrong) = (0, Vec::new());
    for doc in DOCS {
        let page = fs::read_to_string(root().join(doc)).unwrap();
        for command in commands(&page) {
            let outcome = if command.contains("rdpwhy ")
                && !command.starts_with("venv/")
                && !command.starts_with("spark-submit")
                || command.contains("cargo run ")
                    && command.contains("-- ")
                    && behind(&command, "--example").is_empty()
            {
                ran += 1;
                place.shell(&filled(&command))
            } else if command.contains("cargo ")
                && !command.contains("cargo install")
                && !command.starts_with("cargo deny")
                && !command.starts_with("cargo package")
            {
                cargo_knows(&command)
            } else if let Some(path) = command.strip_prefix("sh ") {
                let script = path.split(' ').next().unwrap_or_default();
                root().join(script).exists().then_some(()).ok_or_else(|| "it is not there".into())
            } else if ELSEWHERE.iter().any(|(start, _)| command.starts_with(start)) {
                Ok(())
            } else {
                place.shell(&command)
            };
            if let Err(why) = outcome {
                wrong.push(format!("{doc}: {command}: {why}"));
            }
        }
    }
    println!("{ran} commands were run");
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
    assert!(ran >= 40, "only {ran} commands were found");
}

#[test]
fn every_page_of_the_docs_is_looked_at() {
    let pages = fs::read_dir(root().join("docs")).unwrap();
    let pages = pages.map(|page| page.unwrap().file_name().into_string().unwrap());
    // Both are made from signatures, by tests/generated.rs.
    let unknown: Vec<_> = pages
        .filter(|name| {
            name.ends_with(".md") && !matches!(&**name, "causes.md" | "signature-use.md")
        })
        .filter(|name| !DOCS.contains(&format!("docs/{name}").as_str()))
        .collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn what_runs_elsewhere_is_run_there() {
    for (command, place) in ELSEWHERE {
        let file = place.split(',').next().unwrap();
        assert!(root().join(file).exists(), "{command}: {file}");
    }
}
