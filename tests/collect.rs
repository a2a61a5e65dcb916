//! The script of `rdpwhy collect`: it asks for what the causes ask for, and changes nothing on the machine.

use std::collections::BTreeSet;

use rdpwhy::collect::{End, script};
use rdpwhy::signatures::{Database, Kind};

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
