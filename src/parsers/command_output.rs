//! What commands print about the state of a machine: `sc`, `netstat`, `qwinsta`, `netsh`, `nslookup`, `nltest`, `w32tm` and
//! their PowerShell kin, saved to a file or pasted from a console.
//!
//! People put several outputs into one file, with the prompts between them, and paste them into tickets. So a text is cut at
//! its prompts, and every reader of `READERS` looks through every part; what a part holds of the other text formats
//! (registry values, certificates, permissions) goes to their parsers. The text of a ticket takes the same way.
//!
//! What stands there is the state when it was collected, so the events carry no time.
//!
//! A new output is a file here and a line in `READERS`.

mod asked_events;
mod certificates;
mod cipher_suites;
mod clocks;
mod event_lines;
mod firewall;
mod firewall_profiles;
mod groups;
mod hosts_file;
mod listener_settings;
mod logon_mode;
mod names;
mod policies;
mod ports;
mod processes;
mod products;
mod programs;
mod reach;
mod records;
mod rights;
mod secure_channel;
mod services;
mod sessions;
mod tickets;
mod time_service;
mod tls_peer;
mod transcript;
mod version;
mod wrapper;
mod zone_name;

use std::collections::HashSet;

use self::transcript::Part;
use super::{CoverageSpan, Interest, Parser, Sink, acl, certutil, damage, event_list, hotfix_list};
use super::{event_viewer, mstsc_dialog, reg_export, systeminfo, wevtutil_text};
use crate::bundle::limits;
use crate::event::{Event, Position, Timestamp};
use crate::notice::Notice;
use crate::source::Source;

pub(super) use self::transcript::Line;

/// Outputs of commands, one or several in a text.
pub struct CommandOutput;

/// Finds what one command says, anywhere in a part of a text.
type Reader = fn(&Part<'_>, &mut Vec<Fact>);

/// Every output that is known.
static READERS: &[Reader] = &[
    services::read,
    ports::read,
    sessions::read,
    logon_mode::read,
    firewall::read,
    names::read,
    reach::read,
    secure_channel::read,
    time_service::read,
    rights::read,
    tls_peer::read,
    tickets::read,
    processes::read,
    clocks::read,
    groups::read,
    cipher_suites::read,
    firewall_profiles::read,
    hosts_file::read,
    version::read,
    policies::read,
    products::read,
    programs::read,
    listener_settings::read,
    certificates::read,
    zone_name::read,
    wrapper::read,
];

/// Formats of their own that are pasted between other outputs.
static QUOTED: &[&dyn Parser] = &[
    &reg_export::RegExport,
    &acl::Acl,
    &certutil::Certutil,
    &hotfix_list::HotfixList,
    &systeminfo::Systeminfo,
    &event_list::EventList,
    &wevtutil_text::WevtutilText,
];

/// One statement of an output.
struct Fact {
    provider: &'static str,
    /// The lines it was read from.
    lines: (u64, u64),
    fields: Vec<(&'static str, String)>,
}

impl Fact {
    fn new(provider: &'static str, line: u64) -> Self {
        Self { provider, lines: (line, line), fields: Vec::new() }
    }

    /// Adds a field, unless it is empty.
    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.fields.push((name, value));
        }
        self
    }

    fn up_to(mut self, line: u64) -> Self {
        self.lines.1 = line;
        self
    }

    fn event(self, source: &Source) -> Event {
        let event = Event::text(self.provider, Timestamp::Undated, source.line(self.lines.0));
        self.fields.into_iter().fold(event, |event, (name, value)| event.with(name, value))
    }
}

impl Parser for CommandOutput {
    fn format(&self) -> &'static str {
        "command-output"
    }

    fn sniff(&self, source: &Source) -> bool {
        if source.bytes > limits::TICKET_BYTES || !source.looks_like_text() {
            return false;
        }
        let lines = lines_of(&source.text_head());
        let parts = transcript::parts(&lines);
        let known = parts.iter().any(|part| !facts(part).is_empty() || asked_events::are_in(part))
            || needs_cutting(source, &parts)
            || (event_lines::are_in(&lines) && !event_viewer::EventViewer.sniff(source));
        known && !mstsc_dialog::is_ticket(source)
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let text: Vec<_> = lines
            .by_ref()
            .map(|(number, text)| Line { number, text: text.trim_end().to_owned() })
            .collect();
        damage::report(&lines, source, sink);
        read(&text, source, sink);
    }
}

/// Hands every statement in a text to `sink`; the lines they were read from, and those of the prompts.
pub(super) fn read(lines: &[Line], source: &Source, sink: &mut dyn Sink) -> HashSet<u64> {
    let mut used = event_lines::read(lines, source, sink);
    let parts = transcript::parts(lines);
    let mut told: Vec<Vec<Fact>> = parts.iter().map(facts).collect();
    used.extend(told.iter().flatten().flat_map(|fact| fact.lines.0..=fact.lines.1));
    let found: Vec<bool> = told.iter().map(|facts| !facts.is_empty()).collect();
    firewall::join_filters(&mut told);
    for ((part, facts), found) in parts.iter().zip(told).zip(found) {
        used.extend(part.prompt);
        used.extend(asked_events::read(part, source, sink));
        facts.into_iter().for_each(|fact| sink.event(fact.event(source)));
        if found || !quoted(part, source, sink, &mut used) {
            for paragraph in part.paragraphs() {
                quoted(&paragraph, source, sink, &mut used);
            }
        }
    }
    used
}

/// What people wrote around the outputs that they pasted; the whole text where it begins with a prompt, for then it was
/// saved, not written.
pub(super) fn words_around(text: &str) -> String {
    let lines = lines_of(text);
    let parts = transcript::parts(&lines);
    if parts.iter().find(|part| !part.is_blank()).is_none_or(|part| part.command.is_some()) {
        return text.to_owned();
    }
    // Nobody begins a letter with an event.
    let first = parts.iter().flat_map(Part::paragraphs).next();
    if first.and_then(|part| owner(&part.source().0)) == Some(event_list::EventList.format()) {
        return text.to_owned();
    }
    let mut kept = Vec::new();
    for part in &parts {
        let pasted: Vec<_> = facts(part).iter().map(|fact| fact.lines).collect();
        let is_pasted =
            |number| pasted.iter().any(|(first, last)| (*first..=*last).contains(&number));
        for paragraph in part.paragraphs() {
            if owner(&paragraph.source().0).is_none() {
                let lines = paragraph.lines.iter().filter(|line| !is_pasted(line.number));
                kept.extend(lines.map(|line| line.text.as_str()));
            }
        }
    }
    kept.join("\n")
}

fn lines_of(text: &str) -> Vec<Line> {
    let lines = text.lines().zip(1..);
    lines.map(|(text, number)| Line { number, text: text.trim_end().to_owned() }).collect()
}

fn facts(part: &Part<'_>) -> Vec<Fact> {
    let mut facts = Vec::new();
    READERS.iter().for_each(|read| read(part, &mut facts));
    facts.sort_by_key(|fact| fact.lines.0);
    facts
}

/// Whether prompts divide outputs of which no single parser would read all.
fn needs_cutting(source: &Source, parts: &[Part<'_>]) -> bool {
    let prompted = parts.iter().filter(|part| part.command.is_some());
    let formats: HashSet<_> = prompted.filter_map(|part| owner(&part.source().0)).collect();
    formats.len() > 1 || (!formats.is_empty() && owner(source).is_none())
}

/// The format of its own that takes a text.
fn owner(source: &Source) -> Option<&'static str> {
    QUOTED.iter().find(|parser| parser.sniff(source)).map(|parser| parser.format())
}

/// Hands a part of which nothing was read to the parser of another text format, if there is one.
fn quoted(part: &Part<'_>, source: &Source, sink: &mut dyn Sink, used: &mut HashSet<u64>) -> bool {
    let (own, typed) = part.source();
    if part.lines.iter().any(|line| used.contains(&line.number)) {
        return false;
    }
    let Some(parser) = QUOTED.iter().find(|parser| parser.sniff(&own)) else { return false };
    parser.parse(&own, &mut Moved { source, lines: part.lines, typed, sink });
    used.extend(part.lines.iter().map(|line| line.number));
    true
}

/// Moves what was found in a part to its place in the whole text.
struct Moved<'s> {
    source: &'s Source,
    lines: &'s [Line],
    /// Lines before them that the text does not have.
    typed: u64,
    sink: &'s mut dyn Sink,
}

impl Sink for Moved<'_> {
    fn interest(&self) -> &Interest {
        self.sink.interest()
    }

    fn event(&mut self, mut event: Event) {
        if let Position::Line(number) = event.origin.position {
            let line = number.checked_sub(1 + self.typed).map(usize::try_from).and_then(Result::ok);
            let line = line.and_then(|index| self.lines.get(index));
            event.origin = self.source.line(line.map_or(1, |line| line.number));
        }
        self.sink.event(event);
    }

    fn coverage(&mut self, span: CoverageSpan) {
        self.sink.coverage(span);
    }

    fn local(&mut self) {
        self.sink.local();
    }

    fn notice(&mut self, notice: Notice) {
        let at = self.lines.first().map(|line| format!("the output at line {}", line.number));
        self.sink.notice(Notice { at: at.unwrap_or_default(), ..notice });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn outputs_of_several_commands_in_one_file() {
        let text = "C:\\>sc query TermService\n\nSERVICE_NAME: TermService\n        TYPE               : 30  WIN32\n        \
            STATE              : 1  STOPPED\n        WIN32_EXIT_CODE    : 1077  (0x435)\n\n\
            C:\\>reg query \"HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\" /v fDenyTSConnections\n\n\
            HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\n    fDenyTSConnections    REG_DWORD    0x0\n\n\
            C:\\>netstat -ano | findstr :3389\n\nC:\\>exit\n";
        insta::assert_snapshot!(parse(&CommandOutput, text), @r#"
        line 3: undated, services Service="TermService" State="stopped" ExitCode="0x435"
        line 11: undated, registry Key="HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server" Name="fDenyTSConnections" Type="REG_DWORD" Data="0" Hex="0x00000000"
        line 14: undated, ports Port="3389" Listening="no"
        "#);
    }

    #[test]
    fn two_formats_without_an_output_of_our_own() {
        let text = "C:\\>certutil -store \"Remote Desktop\"\nRemote Desktop \"Remote Desktop\"\n\
            CertUtil: -store command completed successfully.\n\nC:\\>icacls C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\n\
            C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys NT AUTHORITY\\SYSTEM:(F)\n\n\
            Successfully processed 1 files; Failed processing 0 files\n";
        insta::assert_snapshot!(parse(&CommandOutput, text), @r#"
        line 2: undated, certutil Store="Remote Desktop" Certificates="0"
        line 6: undated, acl Path="C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys" Object="folder" NetworkService="none" System="full" Administrators="none" Everyone="none"
        "#);
    }

    #[test]
    fn registry_values_below_another_output() {
        let text = "C:\\>change logon /query\nSession logins are currently DISABLED until server is restarted, but \
            reconnections to existing sessions are ENABLED\n\nC:\\>reg query HKLM\\X\n\nHKEY_LOCAL_MACHINE\\X\n    \
            TSServerDrainMode    REG_DWORD    0x2\n";
        insta::assert_snapshot!(parse(&CommandOutput, text), @r#"
        line 2: undated, logon-mode Mode="draining until restart"
        line 7: undated, registry Key="HKLM\\X" Name="TSServerDrainMode" Type="REG_DWORD" Data="2" Hex="0x00000002"
        "#);
    }

    #[test]
    fn a_listing_that_was_cut_does_not_say_that_nobody_listens() {
        let text = "C:\\>netstat -ano\n\nActive Connections\n\n  TCP    0.0.0.0:135     0.0.0.0:0    LISTENING       904\n  \
            TCP    0.0.0.0:445     0.0.0.0:0    LISTENING       4\n  TCP    0.0.0.0:49";
        assert!(!CommandOutput.sniff(&source(text)));
        let whole = format!("{text}664   0.0.0.0:0    LISTENING       700\n");
        assert!(parse(&CommandOutput, whole).contains("Listening=\"no\""));
        let prompt = "C:\\>netstat -ano | findstr :3389";
        assert!(!CommandOutput.sniff(&source(prompt)), "the answer is not there");
    }

    #[test]
    fn prose_about_a_service_is_no_output() {
        for text in [
            "I restarted TermService and it is running again.\n",
            "Name: Ann\nStatus: Open\nRemote Desktop fails\n",
        ] {
            assert!(!CommandOutput.sniff(&source(text)), "{text}");
        }
    }
}
