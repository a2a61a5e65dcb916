//! Single steps of the reasoning, each on a bundle of a few lines: what the suite of tickets shows in the large.

#![allow(missing_docs, reason = "nobody links to a test")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program, which clippy does not see"
)]

use std::collections::BTreeMap;

use rdpwhy::analysis::{Scope, analyze};
use rdpwhy::bundle::{Bundle, Options};
use rdpwhy::diagnosis::Verdict;
use rdpwhy::signatures::Database;

/// What is said of one incident.
#[derive(Debug)]
struct Answer {
    named: Option<String>,
    causes: BTreeMap<String, f64>,
}

impl Answer {
    fn of(&self, cause: &str) -> f64 {
        self.causes.get(cause).copied().unwrap_or_default()
    }
}

/// The answers to a ticket made of these files.
fn answers(files: &[(&str, String)]) -> Vec<Answer> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let db = Database::built_in().unwrap();
    let bundle = Bundle::open(&[folder.path()], &Options::default()).unwrap();
    let analysis = analyze(&bundle, &db, &Scope::default(), &|_| ());
    let answers = analysis.diagnoses.iter().map(|diagnosis| Answer {
        named: match &diagnosis.verdict {
            Verdict::Ranked(suspects) => suspects.first().map(|first| first.cause.to_string()),
            Verdict::InsufficientEvidence { .. } => None,
        },
        causes: diagnosis
            .verdict
            .probabilities()
            .map(|(cause, probability)| (cause.to_string(), probability))
            .collect(),
    });
    answers.collect()
}

/// Time, provider, log, number, values.
type Record<'r> = (&'r str, &'r str, &'r str, u32, &'r [(&'r str, &'r str)]);

/// A file of events as XML.
fn events(computer: &str, events: &[Record<'_>]) -> String {
    let event = |(record, (time, provider, log, id, data)): (usize, &Record<'_>)| {
        let data: String = data
            .iter()
            .map(|(name, value)| format!("<Data Name=\"{name}\">{value}</Data>"))
            .collect();
        format!(
            "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System><Provider Name=\"{provider}\"/>\
             <EventID>{id}</EventID><Level>4</Level><TimeCreated SystemTime=\"{time}\"/><EventRecordID>{}</EventRecordID>\
             <Channel>{log}</Channel><Computer>{computer}</Computer></System><EventData>{data}</EventData></Event>\n",
            record + 1
        )
    };
    format!("<Events>\n{}</Events>\n", events.iter().enumerate().map(event).collect::<String>())
}

const CORE: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
const CORE_LOG: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational";
const FIREWALL: &str = "Microsoft-Windows-Windows Firewall With Advanced Security";
const FIREWALL_LOG: &str = "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall";

fn ticket(words: &str) -> (&'static str, String) {
    (
        "ticket.txt",
        format!("Server: APP1\nClient: PC7\nOpened (UTC): 2026-11-18 08:30\n\n{words}\n"),
    )
}

#[test]
fn that_it_worked_a_day_before_says_nothing_of_a_dialog_without_a_time() {
    let accepted: &[(&str, &str)] = &[("ClientIP", "10.1.0.7:50211"), ("ConnType", "TCP")];
    let rule: &[(&str, &str)] = &[
        ("RuleId", "RemoteDesktop-UserMode-In-TCP"),
        ("RuleName", "Remote Desktop - User Mode (TCP-In)"),
        ("Direction", "1"),
        ("Protocol", "6"),
        ("LocalPorts", "3389"),
        ("Action", "3"),
        ("Active", "0"),
    ];
    let log = events(
        "APP1",
        &[
            ("2026-11-17T09:00:00Z", CORE, CORE_LOG, 131, accepted),
            ("2026-11-17T19:00:00Z", FIREWALL, FIREWALL_LOG, 2005, rule),
            ("2026-11-18T08:40:00Z", "EventLog", "System", 6013, &[("param5", "432000")]),
        ],
    );
    let said = answers(&[
        ("server/events.xml", log),
        ticket(
            "Remote Desktop to APP1 does not work since last night.\nError code: 0x204\nExtended error code: 0x0",
        ),
    ]);
    assert_eq!(said.len(), 1, "{said:?}");
    let others = said[0].causes.iter().filter(|(cause, _)| *cause != "firewall-blocked");
    let next = others.map(|(_, probability)| *probability).fold(0.0, f64::max);
    assert!(said[0].of("firewall-blocked") > next, "{said:?}");
}

#[test]
fn what_the_server_tells_the_client_of_its_licence_store_is_licensing() {
    let log = events(
        "APP1",
        &[
            (
                "2026-11-18T08:15:00Z",
                CORE,
                CORE_LOG,
                131,
                &[("ClientIP", "10.1.0.7:50211"), ("ConnType", "TCP")],
            ),
            ("2026-11-18T08:15:01Z", CORE, CORE_LOG, 98, &[]),
            (
                "2026-11-18T08:15:02Z",
                CORE,
                CORE_LOG,
                72,
                &[("InterfaceName", "IRdp"), ("MethodName", "SetErrorInfo(0x10b)")],
            ),
            ("2026-11-18T08:15:03Z", CORE, CORE_LOG, 103, &[("ReasonCode", "14")]),
        ],
    );
    let said =
        answers(&[("server/events.xml", log), ticket("PC7 cannot connect by Remote Desktop.")]);
    assert_eq!(said[0].named.as_deref(), Some("licensing"), "{said:?}");
}

#[test]
fn a_letter_is_the_ticket_whatever_it_calls_remote_desktop() {
    let mail = "Von: Mirko\nGesendet: Mittwoch, 18. November 2026 09:31\nBetreff: APP1\n\nKomme nicht auf APP1, bitte mal schauen.\n";
    let said = answers(&[("mail.txt", mail.to_owned())]);
    assert_eq!(said.len(), 1, "{said:?}");
    let list = "Name: x\nDate: 2026-11-18\nSubject: y\n\nRemains of something else.\n";
    assert!(answers(&[("list.txt", list.to_owned())]).is_empty());
}

#[test]
fn a_script_that_sets_a_security_layer_which_does_not_exist_speaks_for_itself() {
    let set = "Set-ItemProperty 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp' -Name SecurityLayer -Value";
    let said = |value: &str| {
        let script = format!("{set} {value}");
        let log = events(
            "APP1",
            &[(
                "2026-11-17T19:00:00Z",
                "Microsoft-Windows-PowerShell",
                "Microsoft-Windows-PowerShell/Operational",
                4104,
                &[("ScriptBlockText", &script)],
            )],
        );
        let said = answers(&[
            ("server/events.xml", log),
            ticket(
                "Nobody can connect by Remote Desktop.\nError code: 0x904\nExtended error code: 0x7\nTimestamp (UTC): 11/18/26 08:02:10 AM",
            ),
        ]);
        said[0].of("security-policy-mismatch")
    };
    assert!(said("4") > 0.5 && said("2") < 0.5);
}
