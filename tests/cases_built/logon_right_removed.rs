//! The password is right, the right is missing: somebody tidied up the group of remote users.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, at, ms, text};

pub(super) fn case() -> Case {
    let mut server = Host::new("APP09.contoso.example", "10.20.0.39", Build::SERVER_2022);
    let mut pc = Host::new("PC66.contoso.example", "10.20.4.66", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-18 00:00:00"), 2);
    server.good_connection(at("2026-11-18 08:30:00"), &pc, r"CONTOSO\mira");
    let member = "S-1-5-21-1004336348-1177238915-682003330-1187";
    let group = ("Remote Desktop Users", "S-1-5-32-555");
    server.leaves_group(at("2026-11-18 17:45:30"), member, group);
    for time in ["08:31:00", "08:32:20"] {
        let time = at(&format!("2026-11-19 {time}"));
        server.lacks_the_right(time, &pc, r"CONTOSO\mira");
        pc.is_sent_away(time - ms(44), &server, 3);
    }

    let words = format!(
        "RDP to APP09 refuses me since today, my password is right.\n\n{}",
        text::mstsc_box(at("2026-11-19 08:31:02"), &pc, 0x3, 0x9)
    );
    let logs = [
        Channel::System,
        Channel::Security,
        Channel::RdpCoreTs,
        Channel::RcmOperational,
        Channel::LsmOperational,
    ];
    Case::new("logon-right-removed")
        .logs("server", &server, &logs)
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4911, "2026-11-19 08:40", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("logon-not-permitted"),
            trigger: Some("config-change"),
            stage: Some("session"),
            why: "RCM 1149 says that CredSSP passed, then 4625 of type 10 with 0xC000015B (logon \
                type not granted), SetErrorInfo(0x9) and LocalSessionManager 40 with reason 9; the \
                user was taken out of Remote Desktop Users the evening before.",
            must_not: &["nla-auth-failure", "session-ended-normally", "cert-key-access-denied"],
            ..Expected::default()
        })
}
