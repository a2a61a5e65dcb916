//! The line to the data centre drops twice in an afternoon: all sessions of the branch end in the same
//! second, with a time-out and no word from the server.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, at, secs, text};

pub(super) fn case() -> Case {
    let mut server = Host::new("TS04.contoso.example", "10.20.0.84", Build::SERVER_2022);
    let mut pc = Host::new("BRPC4.contoso.example", "10.77.1.14", Build::WINDOWS_11);
    let second = Host::new("BRPC5.contoso.example", "10.77.1.15", Build::WINDOWS_11);
    let third = Host::new("BRPC6.contoso.example", "10.77.1.16", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-17 00:00:00"), 2);
    for (start, drop) in [("13:00:10", "14:22:31"), ("14:40:00", "15:51:07")] {
        let drop = at(&format!("2026-11-18 {drop}"));
        let start = at(&format!("2026-11-18 {start}"));
        for (number, client) in (0..).zip([&pc, &second, &third]) {
            let user = format!(r"CONTOSO\branch{number}");
            let session = server.connects(start + secs(number * 40), client, &user);
            server.is_lost(&session, drop);
        }
        pc.connected(start, &server, drop + secs(3), 2308);
    }

    let words = format!(
        "RDP session on TS04 was lost twice today, for all of us at once.\n\n{}",
        text::mstsc_box(at("2026-11-18 14:22:35"), &pc, 0x904, 0x0)
    );
    let logs = [Channel::System, Channel::RdpCoreTs, Channel::LsmOperational];
    Case::new("line-drops-for-all")
        .logs("server", &server, &logs)
        .logs("client", &pc, &[Channel::RdpClient])
        .file("ticket.txt", text::ticket(4880, "2026-11-18 16:05", server.name(), pc.name(), &words))
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("network-unstable"),
            stage: Some("running"),
            why: "Running sessions of three clients end in the same second with socket error 121 (time-out), \
                226 0x80070079 and LocalSessionManager 40 reason 0xD0000001, while the server runs on \
                without a restart and serves the same clients a quarter of an hour later.",
            must_not: &["server-restarted", "session-ended-normally", "cert-key-access-denied"],
            ..Expected::default()
        })
}
