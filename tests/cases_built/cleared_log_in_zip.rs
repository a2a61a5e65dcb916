//! A colleague cleared the logs to begin afresh, then tried again. What is left is in one zip with a
//! folder for each computer.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, at, ms, text, zip};

pub(super) fn case() -> Case {
    let mut server = Host::new("SRV04.contoso.example", "10.20.0.17", Build::SERVER_2025);
    let mut pc = Host::new("PC12.contoso.example", "10.20.4.45", Build::WINDOWS_11);
    let other = Host::new("PC33.contoso.example", "10.20.4.71", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-17 00:00:00"), 3);
    server.good_connection(at("2026-11-18 08:10:00"), &pc, r"CONTOSO\carla");
    for (time, client) in [
        ("08:02:15", &pc),
        ("08:20:41", &other),
        ("09:41:10", &pc),
        ("09:43:55", &pc),
        ("09:50:02", &other),
    ] {
        let time = at(&format!("2026-11-19 {time}"));
        server.dies_in_tls(time, client);
        server.schannel_36870(time + ms(28), 0x8009_0016);
    }
    for time in ["08:02:15", "09:41:10", "09:43:55"] {
        pc.is_cut_off(at(&format!("2026-11-19 {time}")) - ms(50), &server, 2308);
    }
    server.clears(at("2026-11-19 09:30:00"), Channel::System, "adm-kurt");
    server.clears(at("2026-11-19 09:30:04"), Channel::Security, "adm-kurt");
    let evtx = |host: &Host, folder: &str, channel: Channel| {
        (format!("{folder}/{}", channel.file()), host.evtx(channel))
    };
    let members = [
        evtx(&pc, "PC12/Logs", Channel::RdpClient),
        evtx(&server, "SRV04/Logs", Channel::RdpCoreTs),
        evtx(&server, "SRV04/Logs", Channel::Security),
        evtx(&server, "SRV04/Logs", Channel::System),
    ];
    let members: Vec<_> =
        members.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let words = format!(
        "RDP to SRV04: error 0x904 extended 0x7.\n\n{}",
        text::mstsc_box(at("2026-11-19 09:41:12"), &pc, 0x904, 0x7)
    );
    Case::new("cleared-log-in-zip")
        .file("ticket-4901.zip", zip(&members))
        .file("mail.txt", text::ticket(4901, "2026-11-19 10:05", server.name(), pc.name(), &words))
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("cert-key-missing"),
            stage: Some("tls"),
            why: "36870 with NTE_BAD_KEYSET 0x80090016 in the second of every attempt that the \
            cleared log still has, and every client dies before MCS: the key container is gone. \
            What removed it was in the log that was cleared, so there is no trigger to name.",
            must_not: &["windows-update", "network-unstable", "insufficient-evidence"],
            ..Expected::default()
        })
}
