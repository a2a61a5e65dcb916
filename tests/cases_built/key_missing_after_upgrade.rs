//! An in-place upgrade over the weekend; on Monday the listener has a certificate without its key.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, Key, at, ms, secs, text};

pub(super) fn case() -> Case {
    let mut server = Host::new("SQL02.contoso.example", "10.20.0.31", Build::SERVER_2019);
    let mut pc = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);
    let other = Host::new("PC18.contoso.example", "10.20.4.50", Build::WINDOWS_11);

    server.boots(at("2026-10-28 02:00:00"), Key::Opens);
    server.healthy_days(at("2026-11-05 00:00:00"), 2);
    server.good_connection(at("2026-11-06 08:00:00"), &pc, r"CONTOSO\anna");
    server.asks_for_restart(
        at("2026-11-07 18:00:00"),
        r"C:\$WINDOWS.~BT\Sources\SetupHost.exe (SQL02)",
        "Operating System: Upgrade (Planned)",
        "0x80020003",
    );
    server.goes_down(at("2026-11-07 18:00:31"));
    server.runs(Build::SERVER_2025);
    server.boots(at("2026-11-07 19:02:00"), Key::NotMade("Object already exists.\r\n"));
    server.was_upgraded(
        at("2026-11-07 19:02:30"),
        (Build::SERVER_2019, "Windows Server 2019 Standard"),
        "Windows Server 2025 Standard",
    );
    server.rcm_system(at("2026-11-07 19:02:26"), 1057, 2, &["Keyset does not exist\r\n"], None);
    for (time, client) in [("07:55:20", &pc), ("07:56:03", &pc), ("08:10:31", &other)] {
        let time = at(&format!("2026-11-09 {time}"));
        server.dies_in_tls(time, client);
        server.schannel_36870(time + ms(29), 0x8009_0016);
    }
    for time in ["07:55:20", "07:56:03"] {
        pc.is_cut_off(at(&format!("2026-11-09 {time}")) - ms(40), &server, 2308);
    }

    let words = format!(
        "No RDP to SQL02 after the weekend. SQL itself works.\n\n{}",
        text::mstsc_box(at("2026-11-09 07:55:20") + secs(2), &pc, 0x904, 0x7)
    );
    Case::new("key-missing-after-upgrade")
        .logs("server", &server, &[Channel::System, Channel::RdpCoreTs, Channel::RcmOperational])
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4731, "2026-11-09 08:12", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("cert-key-missing"),
            trigger: Some("os-upgrade"),
            stage: Some("tls"),
            why: "Kernel-General 12 goes from build 17763 to 26100 and Setup 2003/2004 say it \
            was an upgrade; from that start on RCM 1057 says Keyset does not exist and 36870 \
            carries 0x80090016 at every attempt. The last good connection was the day before.",
            must_not: &[
                "server-restarted",
                "network-unstable",
                "cert-expired",
                "insufficient-evidence",
            ],
            ..Expected::default()
        })
}
