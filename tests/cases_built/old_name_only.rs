//! The server was renamed, the shortcut was not. Only the client's logs came with the ticket.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, at, secs, text};

pub(super) fn case() -> Case {
    let renamed = Host::new("ARCHIVE-OLD.contoso.example", "10.20.0.90", Build::SERVER_2019);
    let mut pc = Host::new("PC28.contoso.example", "10.20.4.68", Build::WINDOWS_11);

    pc.healthy_days(at("2026-11-19 00:00:00"), 1);
    for time in ["09:15:00", "09:15:40", "09:30:10"] {
        let time = at(&format!("2026-11-19 {time}"));
        pc.dns_1014(time - secs(1), renamed.name());
        pc.finds_no_address(time, &renamed);
    }

    let words = format!(
        "RDP to the archive does not work any more.\n\n{}",
        text::mstsc_box(at("2026-11-19 09:15:01"), &pc, 0x104, 0x0)
    );
    Case::new("old-name-only")
        .logs("", &pc, &[Channel::System, Channel::RdpClient])
        .file("ticket.txt", text::ticket(4915, "2026-11-19 09:40", renamed.name(), pc.name(), &words))
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("dns-failure"),
            stage: Some("name"),
            why: "Client 1007 (the name could not be resolved) and code 0x104 at every attempt, DNS \
                1014 for the very name of the target a second before: nothing was ever sent to a \
                server.",
            must_not: &["firewall-blocked", "network-unstable", "insufficient-evidence"],
            ..Expected::default()
        })
}
