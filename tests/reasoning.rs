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

const KEY_DENIED: &str = "Schannel\t36870\tNone\tA fatal error occurred when attempting to access the TLS server credential private key. \
    The error code returned from the cryptographic module is 0x8009030D. The internal error state is 10001.";

#[test]
fn an_event_whose_date_means_two_days_is_near_only_if_one_of_them_is() {
    let said = |date: &str| {
        let copied = format!("(from the log of APP1)\nError\t{date} 09:20:14\t{KEY_DENIED}\n");
        let said = answers(&[
            ("events.txt", copied),
            ticket(
                "Remote Desktop fails.\nError code: 0x904\nExtended error code: 0x7\nTimestamp (UTC): 11/08/26 09:20:20 AM",
            ),
        ]);
        said[0].of("cert-key-access-denied")
    };
    let [near, perhaps, far] = ["2026-11-08", "11/08/2026", "11/03/2026"].map(said);
    assert!(near > perhaps && perhaps > far, "{near} {perhaps} {far}");
    assert!(far < 0.5, "{far}");
}

#[test]
fn a_number_in_the_words_of_somebody_who_connects_is_of_another_day() {
    let words = "My labels come out on the wrong printer. APP1 connects fine.";
    let number = "I attach what was asked for in March when I had that RDP error 0x904.";
    assert!(answers(&[ticket(&format!("{words} {number}"))]).is_empty());
    assert_eq!(answers(&[ticket(&format!("I cannot connect. {number}"))]).len(), 1);
}

#[test]
fn who_asks_for_the_port_that_the_listener_was_moved_to_meets_the_firewall() {
    let moved: &[(&str, &str)] = &[("TransportProtocolName", "TCP"), ("Port", "33890")];
    let said = |target: &str| {
        let log = events("APP1", &[("2026-11-17T19:00:00Z", CORE, CORE_LOG, 129, moved)]);
        let words = format!(
            "mstsc /v:{target} does not connect.\nError code: 0x204\nExtended error code: 0x0\nTimestamp (UTC): 11/18/26 08:02:10 AM"
        );
        let said = answers(&[("server/events.xml", log), ticket(&words)]);
        said[0].named.clone()
    };
    assert_eq!(said("APP1:33890").as_deref(), Some("firewall-blocked"));
    assert_eq!(said("APP1").as_deref(), Some("listener-failure"));
}

#[test]
fn a_session_that_was_cut_stays_one_when_nobody_answers_afterwards() {
    let client = |time, id, data| -> Record<'static> {
        (
            time,
            "Microsoft-Windows-TerminalServices-ClientActiveXCore",
            "Microsoft-Windows-TerminalServices-RDPClient/Operational",
            id,
            data,
        )
    };
    let server: &[(&str, &str)] = &[("Name", "Server Name"), ("Value", "APP1")];
    let [cut, refused]: [&[(&str, &str)]; 2] = [
        &[("Name", "Disconnect Reason"), ("Value", "2308")],
        &[("Name", "Disconnect Reason"), ("Value", "516")],
    ];
    let log = events(
        "PC7",
        &[
            client("2026-11-18T07:00:00Z", 1024, server),
            client("2026-11-18T07:00:02Z", 1027, &[("SessionID", "2")]),
            client("2026-11-18T08:00:00Z", 1026, cut),
            client("2026-11-18T08:01:00Z", 1024, server),
            client("2026-11-18T08:01:20Z", 1026, refused),
            client("2026-11-18T08:02:00Z", 1024, server),
            client("2026-11-18T08:02:20Z", 1026, refused),
        ],
    );
    let crash: &[(&str, &str)] = &[("BugcheckCode", "278")];
    let system = events(
        "APP1",
        &[("2026-11-18T08:05:00Z", "Microsoft-Windows-Kernel-Power", "System", 41, crash)],
    );
    let said = answers(&[
        ("client/events.xml", log),
        ("server/events.xml", system),
        ticket("APP1 froze and dropped me."),
    ]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].named.as_deref(), Some("server-restarted"), "{said:?}");
}

#[test]
fn a_clock_that_is_years_off_makes_certificates_look_expired() {
    let said = |apart: &str| {
        let text = format!(
            "C:\\>w32tm /stripchart /computer:time.contoso.example /samples:1 /dataonly\nTracking time.contoso.example [192.0.2.3:123].\n\
             13:08:11, -{apart}.0312170s\n"
        );
        let box_ = "The certificate of the remote computer is expired or not yet valid.\nError code: 0x1b07\nExtended error code: 0x0";
        let said = answers(&[("client/clock.txt", text), ticket(box_)]);
        (said[0].of("cert-expired"), said[0].of("time-skew"))
    };
    let (expired, skewed) = said("63158400");
    assert!(expired < 0.01 && skewed > 0.9, "{expired} {skewed}");
    assert!(said("600").0 > expired);
}

/// What a client logs of one connection: that it begins, and that it ends with a code.
fn dials(
    server: &'static str,
    begins: &'static str,
    ends: &'static str,
) -> [(&'static str, u32, String, String); 2] {
    [
        (begins, 1024, "Server Name".to_owned(), server.to_owned()),
        (ends, 1026, "Disconnect Reason".to_owned(), "2308".to_owned()),
    ]
}

#[test]
fn a_clock_is_compared_with_each_server_that_the_client_came_to() {
    let attempts = [
        dials("APP1", "2026-11-18T08:04:00Z", "2026-11-18T08:04:02Z"),
        dials("APP1", "2026-11-18T08:05:10Z", "2026-11-18T08:05:12Z"),
        dials("APP1", "2026-11-18T08:06:35Z", "2026-11-18T08:06:37Z"),
    ];
    let provider = "Microsoft-Windows-TerminalServices-ClientActiveXCore";
    let log = "Microsoft-Windows-TerminalServices-RDPClient/Operational";
    let values: Vec<_> = attempts.iter().flatten().collect();
    let data: Vec<[(&str, &str); 2]> = values
        .iter()
        .map(|(_, _, name, value)| [("Name", name.as_str()), ("Value", value.as_str())])
        .collect();
    let client: Vec<Record<'_>> = values
        .iter()
        .zip(&data)
        .map(|((time, id, ..), data)| (*time, provider, log, *id, data.as_slice()))
        .collect();
    let accepted: &[(&str, &str)] = &[("ClientIP", "10.1.0.7:50211"), ("ConnType", "TCP")];
    let key: &[(&str, &str)] =
        &[("Type", "server"), ("ErrorCode", "0x8009030d"), ("ErrorStatus", "10001")];
    let mut server = Vec::new();
    for (began, died) in [
        ("2026-11-18T08:00:00Z", "2026-11-18T08:00:01Z"),
        ("2026-11-18T08:01:10Z", "2026-11-18T08:01:11Z"),
        ("2026-11-18T08:02:35Z", "2026-11-18T08:02:36Z"),
    ] {
        server.push((began, CORE, CORE_LOG, 131, accepted));
        server.push((began, "Schannel", "System", 36870, key));
        server.push((died, CORE, CORE_LOG, 103, &[("ReasonCode", "14")][..]));
    }
    let other: &[Record<'_>] = &[(
        "2026-11-18T06:00:00Z",
        CORE,
        CORE_LOG,
        131,
        &[("ClientIP", "10.1.0.9:50001"), ("ConnType", "TCP")],
    )];
    let said = answers(&[
        ("client/events.xml", events("PC7", &client)),
        ("app1/events.xml", events("APP1", &server)),
        ("app2/events.xml", events("APP2", other)),
        ticket("APP1 does not open."),
    ]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].named.as_deref(), Some("cert-key-access-denied"), "{said:?}");
}

#[test]
fn a_server_that_started_minutes_after_everybody_was_cut_was_restarted() {
    let said = |boot: &str| {
        let system = format!(
            "Host Name:                 APP1\nOS Name:                   Microsoft Windows Server 2022 Standard\n\
             OS Version:                10.0.20348 N/A Build 20348\nSystem Boot Time:          11/18/2026, {boot}\n\
             Time Zone:                 (UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\n"
        );
        let words = "We were all disconnected.\nError code: 0x904\nExtended error code: 0x0\nTimestamp (UTC): 11/18/26 08:02:10 AM";
        answers(&[("server/systeminfo.txt", system), ticket(words)])[0].named.clone()
    };
    assert_eq!(said("9:05:00 AM").as_deref(), Some("server-restarted"));
    assert_eq!(said("6:05:00 AM"), None);
}

#[test]
fn that_nobody_answered_after_the_cut_is_no_second_incident() {
    let cut = "We were all disconnected.\nError code: 0x904\nExtended error code: 0x0\nTimestamp (UTC): 11/18/26 08:02:10 AM";
    let said = answers(&[ticket(&format!(
        "{cut}\nThen for some minutes RDP said 0x204, now it works again."
    ))]);
    assert_eq!(said.len(), 1, "{said:?}");
    // A refusal is another matter.
    let said =
        answers(&[ticket(&format!("{cut}\nAnother colleague gets RDP error 0x1f07 since."))]);
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn a_rule_for_other_addresses_than_those_of_who_tried_in_vain_leaves_the_client_out() {
    let asked = |name: &str| format!("PS C:\\> {name}\n\n");
    let of = |addresses: &str, from: &str| {
        answers(&[
            ticket(
                "Since we moved nobody reaches the server with Remote Desktop. Error code: 0x204",
            ),
            (
                "client.txt",
                asked("Test-NetConnection srv05 -Port 3389")
                    + &format!(
                        "ComputerName : srv05\nRemoteAddress : 10.20.0.21\nRemotePort : 3389\nSourceAddress : {from}\n\
                         PingSucceeded : True\nTcpTestSucceeded : False\n"
                    ),
            ),
            (
                "server.txt",
                asked("Get-NetFirewallRule -Name RemoteDesktop-UserMode-In-TCP | fl")
                    + "DisplayName : Remote Desktop - User Mode (TCP-In)\nEnabled : True\nProfile : Any\n\
                       Direction : Inbound\nAction : Allow\n\n"
                    + &asked(
                        "Get-NetFirewallRule -Name RemoteDesktop-UserMode-In-TCP | Get-NetFirewallAddressFilter",
                    )
                    + &format!("LocalAddress : Any\nRemoteAddress : {addresses}\n"),
            ),
        ])
    };
    let outside = of("{10.20.4.0/255.255.255.0, 10.20.0.0/255.255.255.0}", "10.20.48.14");
    let inside = of("{10.20.4.0/255.255.255.0, 10.20.48.0/255.255.255.0}", "10.20.48.14");
    assert_eq!(outside[0].named.as_deref(), Some("firewall-blocked"), "{outside:?}");
    assert!(inside[0].of("firewall-blocked") < outside[0].of("firewall-blocked"), "{inside:?}");
    assert_ne!(inside[0].named.as_deref(), Some("firewall-blocked"), "{inside:?}");
}
