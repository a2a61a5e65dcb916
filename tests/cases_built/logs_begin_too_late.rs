//! The server was restarted to get going again, and the logs were taken two days later: they begin
//! after the failure. The honest answer is that nothing shows why.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, Key, at, text};

pub(super) fn case() -> Case {
    let mut server = Host::new("SRV09.contoso.example", "10.20.0.19", Build::SERVER_2022);
    let mut pc = Host::new("PC40.contoso.example", "10.20.4.61", Build::WINDOWS_11);

    pc.is_cut_off(at("2026-11-18 14:12:08"), &server, 2308);
    pc.is_cut_off(at("2026-11-18 14:13:30"), &server, 2308);
    server.boots(at("2026-11-20 05:00:00"), Key::Opens);
    server.healthy_days(at("2026-11-21 00:00:00"), 1);
    server.good_connection(at("2026-11-20 07:59:00"), &pc, r"CONTOSO\dora");
    pc.connected(at("2026-11-20 07:59:00"), &server, at("2026-11-20 15:00:00"), 1);

    let words = format!(
        "RDP to SRV09 failed on Wednesday. We restarted the server on Friday and now it works, \
        but management wants to know why.\n\n{}",
        text::mstsc_box(at("2026-11-18 14:12:10"), &pc, 0x904, 0x7)
    );
    Case::new("logs-begin-too-late")
        .logs("server", &server, &[Channel::System, Channel::RdpCoreTs, Channel::LsmOperational])
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4866, "2026-11-21 09:00", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("insufficient-evidence"),
            stage: Some("credssp"),
            why: "Only the client saw the failure: the socket was closed after X.224. Every \
            server log begins two days later, so TLS, its key, CredSSP and a middle box remain \
            possible alike.",
            must_not: &[
                "server-restarted",
                "cert-key-access-denied",
                "cert-key-missing",
                "network-unstable",
                "firewall-blocked",
            ],
            ..Expected::default()
        })
}
