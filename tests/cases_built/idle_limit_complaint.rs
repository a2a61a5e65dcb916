//! "RDP keeps failing": every time after an hour at lunch. The policy does what it says.

use crate::support::case_builder::{Build, Case, Channel, End, Expected, Host, at, text};

pub(super) fn case() -> Case {
    let mut server = Host::new("SRV08.contoso.example", "10.20.0.44", Build::SERVER_2022);
    let mut pc = Host::new("PC60.contoso.example", "10.20.4.99", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-17 00:00:00"), 2);
    for day in ["2026-11-17", "2026-11-18"] {
        let (start, idle) = (at(&format!("{day} 08:30:00")), at(&format!("{day} 13:00:04")));
        let session = server.good_connection(start, &pc, r"CONTOSO\kira");
        server.ends(&session, idle, End::IdleLimit);
        pc.connected(start, &server, idle, 3);
    }
    let words = format!(
        "RDP connection to SRV08 fails every day after lunch, network problem?\n\n{}",
        text::mstsc_box(at("2026-11-18 13:00:05"), &pc, 0x3, 0x3)
    );
    Case::new("idle-limit-complaint")
        .logs("server", &server, &[Channel::System, Channel::RdpCoreTs, Channel::LsmOperational])
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4860, "2026-11-18 13:20", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("session-ended-normally"),
            stage: Some("running"),
            why: "LocalSessionManager 40 with reason 3, SetErrorInfo(0x3) and the client's \
            extended code 0x3: the idle limit ended a session that had worked for hours.",
            must_not: &[
                "network-unstable",
                "server-restarted",
                "insufficient-evidence",
                "cert-key-access-denied",
            ],
            ..Expected::default()
        })
}
