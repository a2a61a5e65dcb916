//! The script of `rdpwhy collect`: it asks for what the causes ask for, and changes nothing on the machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use rdpwhy::analysis::{self, Scope};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::collect::{End, script};
use rdpwhy::signatures::{Database, Kind};

#[path = "support/mod.rs"]
mod support;

const ENDS: [End; 2] = [End::Server, End::Client];

fn both() -> (Database, [String; 2]) {
    let db = Database::built_in().expect("the knowledge loads");
    let scripts = ENDS.map(|end| script(&db, end));
    (db, scripts)
}

#[test]
fn every_channel_that_a_cause_asks_for_is_collected() {
    let (db, scripts) = both();
    for (end, script) in ENDS.into_iter().zip(&scripts) {
        let lines: BTreeSet<_> =
            script.lines().map(|line| line.trim().trim_end_matches(',')).collect();
        let asked = db.causes().values().flat_map(|cause| &cause.collect);
        for collect in asked.filter(|collect| end.has(collect.side)) {
            if let Some(channel) = &collect.channel {
                assert!(lines.contains(format!("'{channel}'").as_str()), "{channel} at {end:?}");
            }
        }
    }
}

#[test]
fn everything_else_has_its_section_or_is_asked_of_people() {
    let (db, scripts) = both();
    let mut used = BTreeSet::new();
    for cause in db.causes().values() {
        for collect in cause.collect.iter().filter(|collect| collect.channel.is_none()) {
            for (end, text) in
                ENDS.into_iter().zip(&scripts).filter(|(end, _)| end.has(collect.side))
            {
                match &collect.script {
                    Some(name) => {
                        let there = text.contains(&format!("# section: {name}\r\n"));
                        assert!(there, "{}: no section {name} at {end:?}", cause.id);
                        used.insert(name.clone());
                    }
                    None => assert!(
                        text.contains(collect.item.trim()),
                        "{}: {}",
                        cause.id,
                        collect.item
                    ),
                }
            }
        }
        assert!(cause.kind != Kind::Cause || !cause.collect.is_empty());
    }
    // Sections that no cause asks for, each for its reason: they tell hosts, times and the dialog's surroundings.
    for known in ["event-logs", "system", "rdp-files"] {
        used.insert(known.to_owned());
    }
    for text in &scripts {
        for name in text.lines().filter_map(|line| line.strip_prefix("# section: ")) {
            assert!(used.contains(name), "nobody asks for the section {name}");
        }
    }
}

/// The lines that do something: without comments and without the text for people.
fn code(script: &str) -> impl Iterator<Item = &str> {
    let (_, body) = script.split_once("#>").expect("the script begins with its description");
    let (before, rest) = body.split_once("@'\r\n").expect("there is a text for people");
    let (_, after) = rest.split_once("\r\n'@").expect("it ends");
    before.lines().chain(after.lines()).map(str::trim).filter(|line| !line.starts_with('#'))
}

#[test]
fn the_script_changes_nothing_but_its_own_folder() {
    let forbidden = [
        "set-",
        "remove-",
        "restart-",
        "stop-",
        "start-service",
        "enable-",
        "disable-",
        "clear-",
        "rename-",
        "move-",
        "invoke-expression",
        "iex ",
        "invoke-webrequest",
        "invoke-restmethod",
        "net stop",
        "net start",
        "net.exe",
        "reg add",
        "reg.exe add",
        "reg delete",
        "reg.exe delete",
        "reg import",
        "/grant",
        "/deny",
        "/reset",
        "/setowner",
        "takeown",
        "sc.exe config",
        "sc.exe stop",
        "sc.exe start",
        "wevtutil.exe cl",
        "wevtutil.exe sl",
        "/resync",
        "/config",
        "gpupdate",
        "secedit.exe /configure",
        "advfirewall set",
        "shutdown",
        "-delstore",
        "-repairstore",
        "/sc_reset",
        "del ",
        "rmdir",
        "$env:path",
    ];
    let (_, scripts) = both();
    for script in &scripts {
        for line in code(script) {
            let lower = line.to_lowercase();
            let found = forbidden.iter().find(|word| lower.contains(**word));
            assert_eq!(found, None, "{line}");
        }
        let deletes: Vec<_> = code(script).filter(|line| line.contains("::Delete(")).collect();
        assert_eq!(deletes, ["[System.IO.Directory]::Delete($work, $true)"]);
        for line in
            code(script).filter(|line| line.contains("Copy-Item") || line.contains("New-Item"))
        {
            assert!(line.contains("Join-Path $side") || line.ends_with("-Path $side"), "{line}");
        }
    }
}

#[test]
fn the_script_is_plain_ascii_with_balanced_brackets() {
    let (_, scripts) = both();
    for script in &scripts {
        assert!(!script.contains("@@"), "a placeholder is left");
        assert!(
            script.is_ascii(),
            "PowerShell 5.1 reads a file without a mark in the system's code page"
        );
        for (open, close) in [('{', '}'), ('(', ')')] {
            let count = |letter| code(script).flat_map(str::chars).filter(|c| *c == letter).count();
            assert_eq!(count(open), count(close), "{open}{close}");
        }
    }
}

/// What the fixtures have, the script writes under the same names, so that its zip is read the same way.
#[test]
fn a_fixture_has_the_layout_of_the_script() {
    let (_, [server, _]) = both();
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/cases/key-access-denied-after-hardening/bundle/server"
    );
    for entry in std::fs::read_dir(folder).expect("the case is committed") {
        let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
        let channel = name.strip_suffix(".evtx").map(|channel| channel.replace("%4", "/"));
        let wanted = channel.unwrap_or(name);
        assert!(server.contains(&format!("'{wanted}'")), "{wanted}");
    }
}

#[test]
fn the_command_prints_one_of_both() {
    let run = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("rdpwhy").expect("the binary is built");
        command.arg("collect").args(arguments).output().expect("it runs")
    };
    let (_, [server, client]) = both();
    assert_eq!(String::from_utf8(run(&["--server"]).stdout).expect("UTF-8"), server);
    assert_eq!(String::from_utf8(run(&["--client"]).stdout).expect("UTF-8"), client);
    assert_eq!(run(&[]).status.code(), Some(2));
    assert_eq!(run(&["--server", "--client"]).status.code(), Some(2));
}

/// The bundle in exactly the layout of the script: `tests/tickets/collected-by-our-script.yaml`.
fn collected() -> support::story::Ticket {
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tickets");
    support::story::ticket(&stories.join("collected-by-our-script.yaml"))
}

#[test]
fn the_fixture_holds_what_the_script_writes_and_all_of_it_is_read() {
    let (db, [server, _]) = both();
    let ticket = collected();
    for path in ticket.files.keys() {
        let name = path.strip_prefix("server/").expect("the script writes into a folder per side");
        let of_channel = name.strip_suffix(".evtx").map(|log| log.replace("%4", "/"));
        let written = match of_channel {
            Some(channel) => format!("'{channel}'"),
            None => format!("'{name}'"),
        };
        assert!(server.contains(&written), "the script writes no {name}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, bytes) in &ticket.files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(path, bytes).expect("it can be written");
    }
    let bundle = Bundle::open(&[folder.path().to_owned()], &Options::default()).expect("a bundle");
    let analysis = analysis::analyze(&bundle, &db, &Scope::default(), &|_| ());
    for source in &analysis.sources {
        assert!(source.format.is_some(), "{} is not read", source.path);
    }
}

/// Python with `tests/support/requirements-collect.txt`, when it is there.
#[expect(clippy::disallowed_methods, reason = "where Python is, only the developer knows")]
fn python() -> PathBuf {
    match std::env::var_os("RDPWHY_PYTHON").map(PathBuf::from) {
        Some(venv) if venv.is_dir() => venv.join("bin/python"),
        named => named.unwrap_or_else(|| "python3".into()),
    }
}

/// No PowerShell can be installed everywhere; its grammar can. It finds what is no PowerShell, not what fails at run time.
#[test]
fn the_script_is_powershell() {
    let parse = "import sys, tree_sitter as t, tree_sitter_powershell as p\n\
        tree = t.Parser(t.Language(p.language())).parse(open(sys.argv[1], 'rb').read().lstrip(b'\\xef\\xbb\\xbf'))\n\
        faults, nodes = [], [tree.root_node]\n\
        while nodes:\n    node = nodes.pop()\n    nodes.extend(node.children)\n\
        \x20   if node.type == 'ERROR' or node.is_missing: faults.append((node.start_point.row + 1, node.text[:60]))\n\
        print(faults)";
    let faults = |text: &str| {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("it can be written");
        let output = Command::new(python()).args(["-c", parse]).arg(file.path()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(broken) = faults("if ($x { Get-Item }\n") else {
        eprintln!(
            "SKIPPED: needs a Python with tests/support/requirements-collect.txt (RDPWHY_PYTHON)"
        );
        return;
    };
    assert_ne!(broken, "[]", "the grammar finds nothing wrong with what is wrong");
    let (_, scripts) = both();
    for script in scripts {
        assert_eq!(faults(&script).as_deref(), Some("[]"));
    }
}
