//! The invariants of `docs/ARCHITECTURE.md` that source text can break: who prints, who opens files, who knows whom.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file of the program: its path below `src`, and its code without comments and unit tests.
struct Code {
    path: String,
    lines: Vec<String>,
}

impl Code {
    fn is_in<P: AsRef<str>>(&self, places: &[P]) -> bool {
        places.iter().map(AsRef::as_ref).any(|place: &str| {
            self.path == place || (place.ends_with('/') && self.path.starts_with(place))
        })
    }
}

fn sources() -> Vec<Code> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut code = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                code.push(read(&root, &path));
            }
        }
    }
    assert!(code.len() > 100, "the sources are where this test looks");
    code.sort_by(|a, b| a.path.cmp(&b.path));
    code
}

fn read(root: &Path, path: &PathBuf) -> Code {
    let text = fs::read_to_string(path).expect("text");
    let code = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    let lines = code.map(|line| line.split("//").next().unwrap_or_default().to_owned()).collect();
    let path = path.strip_prefix(root).expect("it is below").to_string_lossy().replace('\\', "/");
    Code { path, lines }
}

/// Lines outside of `places` with one of the words.
fn elsewhere<P: AsRef<str>>(places: &[P], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for code in sources().iter().filter(|code| !code.is_in(places)) {
        for (number, line) in code.lines.iter().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", code.path, number + 1, line.trim()));
            }
        }
    }
    found
}

/// The binary: `main.rs` and the modules it declares itself.
fn binary() -> Vec<String> {
    let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs");
    let main = fs::read_to_string(main).expect("text");
    let modules = main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let files = modules.flat_map(|module| [format!("{module}.rs"), format!("{module}/")]);
    files.chain(["main.rs".to_owned()]).collect()
}

/// The places and the binary.
fn and_the_binary(places: &[&str]) -> Vec<String> {
    binary().into_iter().chain(places.iter().map(|place| (*place).to_owned())).collect()
}

#[test]
fn only_the_binary_prints() {
    let words = ["print!(", "println!(", "dbg!(", "stdout()", "stderr()"];
    assert_eq!(elsewhere(&and_the_binary(&[]), &words), [""; 0]);
}

#[test]
fn only_the_bundle_the_batch_and_the_loader_of_signatures_open_files() {
    // A batch lists its tickets, hashes them, and locks the folder of its store.
    // What killed runs left beside their files is looked for.
    let places = and_the_binary(&["bundle/", "signatures/load.rs", "batch/", "whole.rs"]);
    let words = ["File::open", "File::create", "OpenOptions", "fs::read", "fs::write", "read_dir("];
    assert_eq!(elsewhere(&places, &words), [""; 0]);
}

#[test]
fn nothing_opens_a_connection_or_starts_a_program() {
    let words = ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs", "process::Command"];
    assert_eq!(elsewhere(&[] as &[&str], &words), [""; 0]);
}

#[test]
fn no_answer_depends_on_the_clock_or_the_environment() {
    let words = ["SystemTime::now", "Utc::now", "Local::now", "env::var"];
    assert_eq!(elsewhere(&and_the_binary(&[]), &words), [""; 0]);
}

#[test]
fn parsers_know_no_signature_and_reports_no_format() {
    let known_above = ["crate::signatures", "crate::diagnosis", "crate::attempts", "crate::report"];
    let mut found = Vec::new();
    for code in sources().iter().filter(|code| code.is_in(&["parsers/", "source/", "event/"])) {
        let knows = |line: &&String| known_above.iter().any(|above| line.contains(above));
        found.extend(code.lines.iter().filter(knows).map(|line| format!("{}: {line}", code.path)));
    }
    for code in sources().iter().filter(|code| code.is_in(&["report/", "signatures/"])) {
        let formats =
            |line: &&String| line.contains("parsers::evtx") || line.contains("parser_for");
        found
            .extend(code.lines.iter().filter(formats).map(|line| format!("{}: {line}", code.path)));
    }
    assert_eq!(found, [""; 0]);
}

/// The picture in ARCHITECTURE.md, from left to right, with what everybody uses before it. What stands in one column may
/// know each other.
const COLUMNS: [&[&str]; 8] = [
    &["event", "notice", "error", "cause", "embedded", "expression"],
    &["bundle", "source"],
    &["parsers"],
    &["signatures", "codes", "attempts", "findings"],
    &["scan", "copies", "zone", "case", "timeline"],
    &["diagnosis"],
    &["analysis"],
    &["report", "redact", "merge", "whole", "batch", "fleet", "explain", "collect"],
];

/// Who looks to the right all the same, and why.
const EXCEPTIONS: [(&str, &str); 1] = [
    // The list of zones is data; it stands with what else is known of zones.
    ("parsers", "zone"),
];

#[test]
fn a_module_uses_only_what_stands_to_its_left() {
    let column = |module: &str| COLUMNS.iter().position(|column| column.contains(&module));
    let mut wrong = Vec::new();
    for code in sources() {
        let module = code.path.split(['/', '.']).next().unwrap_or_default().to_owned();
        let Some(here) = column(&module) else {
            let is_frame = code.is_in(&and_the_binary(&["lib.rs"]));
            assert!(is_frame, "{} has no column in this test", code.path);
            continue;
        };
        for line in &code.lines {
            for used in line.split("crate::").skip(1) {
                let end =
                    used.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                let used = used.get(..end.unwrap_or(used.len())).unwrap_or_default();
                let to_the_right = column(used).is_some_and(|there| there > here);
                if to_the_right && !EXCEPTIONS.contains(&(&*module, used)) {
                    wrong.push(format!("{} uses {used}", code.path));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn nothing_that_is_built_in_can_open_a_connection() {
    let lock = include_str!("../Cargo.lock");
    let crates = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let network = [
        "async-std",
        "curl",
        "hyper",
        "hyper-util",
        "isahc",
        "mio",
        "native-tls",
        "openssl",
        "quinn",
        "reqwest",
        "rustls",
        "smol",
        "socket2",
        "surf",
        "tokio",
        "tungstenite",
        "ureq",
        "hickory-resolver",
    ];
    assert_eq!(crates.filter(|name| network.contains(name)).collect::<Vec<_>>(), [""; 0]);
    // The same list stands in deny.toml, for whoever changes dependencies.
    let deny = include_str!("../deny.toml");
    for name in network {
        assert!(deny.contains(&format!("\"{name}\"")), "deny.toml does not name {name}");
    }
}
