//! Somebody narrowed the firewall rule to the administrators' network. The server saw no knock since.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, at, text};

pub(super) fn case() -> Case {
    let mut server = Host::new("WEB02.contoso.example", "10.20.0.72", Build::SERVER_2022);
    let mut pc = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);
    let jump = Host::new("JUMP1.contoso.example", "10.20.250.5", Build::SERVER_2022);

    server.healthy_days(at("2026-11-24 00:00:00"), 3);
    server.good_connection(at("2026-11-24 09:10:00"), &pc, r"CONTOSO\anna");
    server.changes_rdp_rule(at("2026-11-24 18:30:41"), 3, 1, "10.20.250.0/255.255.255.0");
    for time in ["08:02:00", "08:03:10", "09:30:00"] {
        pc.gets_no_answer(at(&format!("2026-11-25 {time}")), &server, 516);
    }
    server.good_connection(at("2026-11-25 07:40:00"), &jump, r"CONTOSO\adm-kurt");
    server.good_connection(at("2026-11-25 08:31:00"), &jump, r"CONTOSO\adm-kurt");

    let words = format!(
        "RDP to WEB02 is dead for the whole team, the administrators say it works.\n\n{}",
        text::mstsc_box(at("2026-11-25 08:02:22"), &pc, 0x204, 0x0)
    );
    Case::new("firewall-rule-narrowed")
        .logs(
            "server",
            &server,
            &[Channel::System, Channel::RdpCoreTs, Channel::RcmOperational, Channel::Firewall],
        )
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4925, "2026-11-25 09:40", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("firewall-blocked"),
            trigger: Some("config-change"),
            stage: Some("name"),
            why: "0x204 without 1028, RdpCoreTS covers the time and has no 131 from this client \
            while the jump host gets in, and Firewall 2005 shows the Remote Desktop rule \
            narrowed to the jump network the evening before.",
            must_not: &[
                "listener-failure",
                "rdp-disabled",
                "server-restarted",
                "cert-key-access-denied",
                "dns-failure",
            ],
            ..Expected::default()
        })
}
