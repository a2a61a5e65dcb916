//! Password guessers from the internet fill the door; the office stands outside.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, at, ms, text};

pub(super) fn case() -> Case {
    let mut server = Host::new("TS01.contoso.example", "10.20.0.80", Build::SERVER_2016);
    let mut pc = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_10);
    let other = Host::new("PC09.contoso.example", "10.20.4.33", Build::WINDOWS_10);

    server.healthy_days(at("2026-11-02 00:00:00"), 2);
    server.good_connection(at("2026-11-02 08:05:00"), &pc, r"CONTOSO\anna");
    for (stranger, start) in
        [("203.0.113.44", "07:56:00"), ("203.0.113.91", "07:56:01"), ("198.51.100.12", "07:58:30")]
    {
        server.is_guessed_at(at(&format!("2026-11-03 {start}")), stranger, 16, 9_100);
    }
    for time in ["07:57:30", "07:59:02", "08:01:10"] {
        server.rcm_admin(at(&format!("2026-11-03 {time}")), 1006, 3);
    }
    // The listener takes the socket, and it is thrown away at once: X.224 is never answered.
    for (time, client) in
        [("07:58:02", &pc), ("07:59:20", &pc), ("08:00:05", &other), ("08:01:00", &pc)]
    {
        server.turned_away(at(&format!("2026-11-03 {time}")), client.address());
    }
    for time in ["07:58:02", "07:59:20", "08:01:00"] {
        pc.is_turned_away(at(&format!("2026-11-03 {time}")) - ms(30), &server, 2308);
    }
    server.good_connection(at("2026-11-03 08:25:00"), &pc, r"CONTOSO\anna");
    pc.connected(at("2026-11-03 08:25:00"), &server, at("2026-11-03 12:00:00"), 1);

    let words = format!(
        "RDP to TS01 failed for half an hour this morning.\n\n{}",
        text::mstsc_box(at("2026-11-03 07:58:03"), &pc, 0x904, 0x7)
    );
    Case::new("brute-force-storm")
        .logs(
            "server",
            &server,
            &[Channel::System, Channel::Security, Channel::RdpCoreTs, Channel::RcmAdmin],
        )
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4640, "2026-11-03 08:20", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("connection-limit"),
            stage: Some("tcp"),
            why: "RCM 1006 (many incomplete connections) three times while clients of the \
            office die at once, 140 and 4625 from three public addresses in the same minutes, \
            and all is well when the storm is over. The refused passwords are those of \
            strangers, not of the office.",
            must_not: &[
                "nla-auth-failure",
                "cert-key-access-denied",
                "network-unstable",
                "windows-update",
            ],
            ..Expected::default()
        })
}
