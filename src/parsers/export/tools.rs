//! Reports of tools that hunt in event logs: hayabusa and chainsaw. Each row is an event that a rule of theirs fitted, so
//! what is not there proves nothing.
//!
//! hayabusa abbreviates the log (`config/channel_abbreviations.txt` of its rules), names no provider, and tells values as
//! `TgtUser: ann ¦ SrcIP: 192.0.2.7`, some by short names. chainsaw names the provider, and tells values as lines.

/// Abbreviation, log, and the provider of everything in it; logs of several providers have none.
const LOGS: &[(&str, &str, &str)] = &[
    ("Sec", "Security", "Microsoft-Windows-Security-Auditing"),
    ("Sys", "System", ""),
    ("App", "Application", ""),
    (
        "RDP-Cli",
        "Microsoft-Windows-TerminalServices-RDPClient/Operational",
        "Microsoft-Windows-TerminalServices-ClientActiveXCore",
    ),
    (
        "RDP-CoreTS",
        "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational",
        "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS",
    ),
    (
        "RDS-GTW",
        "Microsoft-Windows-TerminalServices-Gateway/Operational",
        "Microsoft-Windows-TerminalServices-Gateway",
    ),
    (
        "RDS-RCM",
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
    ),
    (
        "RDS-LSM",
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
        "Microsoft-Windows-TerminalServices-LocalSessionManager",
    ),
    ("NTLM", "Microsoft-Windows-NTLM/Operational", "Microsoft-Windows-NTLM"),
    (
        "Firewall",
        "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
        "Microsoft-Windows-Windows Firewall With Advanced Security",
    ),
    (
        "Defender",
        "Microsoft-Windows-Windows Defender/Operational",
        "Microsoft-Windows-Windows Defender",
    ),
    ("PwSh", "Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell"),
    ("GroupPolicy", "Microsoft-Windows-GroupPolicy/Operational", "Microsoft-Windows-GroupPolicy"),
];

/// Providers of the System log by the ids that only they use there.
const SYSTEM: &[(std::ops::RangeInclusive<u32>, &str)] = &[
    (36864..=36888, "Schannel"),
    (7000..=7045, "Service Control Manager"),
    (6005..=6013, "EventLog"),
    (5719..=5805, "NETLOGON"),
    (1074..=1076, "User32"),
    (104..=104, "Microsoft-Windows-Eventlog"),
    (41..=41, "Microsoft-Windows-Kernel-Power"),
];

/// Short names of the values of a logon, and those of the record.
const VALUES: &[(&str, &str)] = &[
    ("TgtUser", "TargetUserName"),
    ("SrcIP", "IpAddress"),
    ("SrcComp", "WorkstationName"),
    ("Type", "LogonType"),
];

/// Whether columns are those of such a report.
pub(super) fn is_report(names: &[String]) -> bool {
    let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    has("RuleTitle") && has("Channel") && has("EventID")
        || has("detections") && has("Event.System.Provider")
}

/// The log behind an abbreviation, and the provider of an event in it; empty where several may have written it.
pub(super) fn log_and_provider(shown: &str, id: u32) -> (&str, &'static str) {
    let known = LOGS.iter().find(|(short, long, _)| *short == shown || *long == shown);
    let Some((_, log, provider)) = known else { return (shown, "") };
    let provider = match (*log, id) {
        ("Security", 1100..=1108) => "Microsoft-Windows-Eventlog",
        ("System", id) => {
            SYSTEM.iter().find(|(ids, _)| ids.contains(&id)).map_or("", |(_, name)| name)
        }
        _ => provider,
    };
    (log, provider)
}

/// The values of a row: `Name: value ¦ Name: value`, or one a line; those of a logon have short names.
pub(super) fn values(text: &str, is_logon: bool) -> Vec<(String, String)> {
    let parts = text.split(['¦', '\n', '\r']).filter_map(|part| part.trim().split_once(": "));
    let plain = |name: &str| !name.is_empty() && !name.contains([' ', '"']);
    parts
        .filter(|(name, _)| plain(name))
        .take(crate::bundle::limits::EVENT_FIELDS)
        .map(|(name, value)| {
            let full = VALUES.iter().find(|(short, _)| is_logon && *short == name);
            let name = full.map_or(name, |(_, full)| full);
            (name.to_owned(), value.trim().trim_matches('\'').to_owned())
        })
        .collect()
}
