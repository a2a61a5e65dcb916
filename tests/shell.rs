//! What makes a shell complete commands, and the man pages.

use std::fs;

use assert_cmd::Command;

fn rdpwhy() -> Command {
    Command::cargo_bin("rdpwhy").expect("the binary is built")
}

#[test]
fn every_shell_gets_completions_that_know_commands_and_formats() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = rdpwhy().args(["completions", shell]).output().expect("it runs");
        assert!(output.status.success());
        let script = String::from_utf8(output.stdout).expect("UTF-8");
        for word in
            ["analyze", "timeline", "explain", "redact-map", "csv-dialect", "batch", "paths-from"]
        {
            assert!(script.contains(word), "{shell}: {word}");
        }
        // PowerShell's generator knows no values.
        if shell != "powershell" && shell != "elvish" {
            assert!(script.contains("timesketch-jsonl"), "{shell}: formats");
        }
    }
}

#[test]
fn bash_takes_its_completions() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = rdpwhy().args(["completions", "bash"]).output().expect("it runs");
    let script = dir.path().join("rdpwhy");
    fs::write(&script, output.stdout).expect("it can be written");
    let Ok(checked) = std::process::Command::new("bash").arg("-n").arg(&script).output() else {
        println!("SKIPPED: no bash");
        return;
    };
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn every_command_has_a_man_page_with_its_options() {
    let dir = tempfile::tempdir().expect("a folder");
    let pages = dir.path().join("man1");
    rdpwhy().arg("man").arg(&pages).assert().success();
    for (name, word) in [
        ("rdpwhy.1", "timeline"),
        ("rdpwhy-analyze.1", "redact"),
        ("rdpwhy-timeline.1", "timesketch"),
        ("rdpwhy-explain.1", "0x904"),
        ("rdpwhy-batch.1", "resume"),
        ("rdpwhy-merge.1", "shard"),
        ("rdpwhy-signatures-lint.1", "signature"),
    ] {
        let page = fs::read_to_string(pages.join(name)).expect("it is there");
        assert!(page.starts_with(".ie") && page.contains(".TH"), "{name}");
        assert!(page.contains(word), "{name}: {word}");
    }
}

#[test]
fn help_of_every_command_has_examples() {
    for command in
        ["analyze", "timeline", "batch", "merge", "explain", "collect", "completions", "man"]
    {
        let output = rdpwhy().args([command, "--help"]).output().expect("it runs");
        let help = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(help.contains("Example"), "{command}");
        assert!(help.lines().all(|line| line.chars().count() <= 110), "{command} is too wide");
    }
}
