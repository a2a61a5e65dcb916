//! One laptop dies before MCS, every time, and no log says a word about it. An update was installed the
//! night before. The logs are complete, and still nothing names a cause.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, Key, at, ms, text};

const UPDATE: &str = "2026-11 Cumulative Update for Microsoft server operating system version 21H2 \
    for x64-based Systems";

pub(super) fn case() -> Case {
    let mut server = Host::new("SRV11.contoso.example", "10.20.0.51", Build::SERVER_2022);
    let mut laptop = Host::new("NB-77.contoso.example", "10.20.9.14", Build::WINDOWS_11);
    let other = Host::new("PC18.contoso.example", "10.20.4.50", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-10 00:00:00"), 3);
    server.good_connection(at("2026-11-10 08:10:00"), &laptop, r"CONTOSO\lena");
    server.installs(at("2026-11-11 22:40:00"), "KB5099541", UPDATE);
    server.restarts_for_update(at("2026-11-11 23:30:00"), Key::Opens);
    server.good_connection(at("2026-11-12 08:01:00"), &other, r"CONTOSO\omar");
    for time in ["08:20:10", "08:21:02", "08:40:44"] {
        let time = at(&format!("2026-11-12 {time}"));
        server.dies_before_mcs(time, laptop.address(), 820);
        laptop.is_cut_off(time - ms(61), &server, 2308);
    }
    server.good_connection(at("2026-11-12 08:30:00"), &other, r"CONTOSO\omar");

    let words = format!(
        "My laptop gets no RDP to SRV11 since the update, 0x904. Omar beside me can connect.\n\n{}",
        text::mstsc_box(at("2026-11-12 08:20:12"), &laptop, 0x904, 0x7)
    );
    Case::new("dies-silently-beside-update")
        .logs("server", &server, &[Channel::System, Channel::Security, Channel::RdpCoreTs])
        .logs("client", &laptop, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4803, "2026-11-12 08:50", server.name(), laptop.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("insufficient-evidence"),
            acceptable: &["endpoint-security", "network-unstable"],
            stage: Some("tls"),
            why: "Only this laptop dies before MCS while another client gets in, the server's \
                System and Security logs cover the time and say nothing of keys, TLS or logons: \
                something on the laptop or on its way, which nothing that was collected can name. \
                The update is context.",
            must_not: &[
                "windows-update",
                "cert-key-access-denied",
                "cert-key-missing",
                "tls-version-mismatch",
                "nla-auth-failure",
                "server-restarted",
            ],
            ..Expected::default()
        })
}
