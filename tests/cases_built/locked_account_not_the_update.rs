//! An update the day before and a scanner's Schannel storm: two fine suspects, and neither is it. One
//! account is locked out; everybody else works.

use crate::support::case_builder::{
    Build, Case, Channel, Expected, Host, Key, Refusal, at, ms, text,
};

pub(super) fn case() -> Case {
    let mut server = Host::new("FS02.contoso.example", "10.20.0.22", Build::SERVER_2019);
    let mut pc = Host::new("PC31.contoso.example", "10.20.4.52", Build::WINDOWS_11);
    let other = Host::new("PC12.contoso.example", "10.20.4.45", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-08 00:00:00"), 4);
    server.good_connection(at("2026-11-09 07:58:31"), &pc, r"CONTOSO\bernd");
    server.installs(
        at("2026-11-10 21:15:40"),
        "KB5099538",
        "2026-11 Cumulative Update for Windows Server 2019 for x64-based Systems",
    );
    server.restarts_for_update(at("2026-11-10 23:00:00"), Key::Opens);
    server.is_scanned_for_ciphers(at("2026-11-11 07:40:00"), 60);
    server.good_connection(at("2026-11-11 07:52:19"), &other, r"CONTOSO\carla");
    for time in ["08:04:11", "08:05:02", "08:11:47", "08:30:05"] {
        let time = at(&format!("2026-11-11 {time}"));
        server.refuses(time, &pc, r"CONTOSO\bernd", Refusal::LOCKED_OUT);
        pc.is_cut_off(time - ms(35), &server, 2308);
    }
    server.good_connection(at("2026-11-11 08:20:33"), &other, r"CONTOSO\carla");

    let words = format!(
        "RDP: FS02 is broken since the November update, error 0x904. Event viewer is full of \
        red Schannel errors 36874 and 36888!\n\n{}",
        text::mstsc_box(at("2026-11-11 08:04:13"), &pc, 0x904, 0x7)
    );
    let updates =
        [("Security Update", "KB5099538", "11/10/2026"), ("Update", "KB5097011", "10/13/2026")];
    Case::new("locked-account-not-the-update")
        .logs(
            "FS02",
            &server,
            &[Channel::System, Channel::Security, Channel::RdpCoreTs, Channel::RcmOperational],
        )
        .file("FS02/qfe.txt", text::wmic_qfe(&server, &updates))
        .logs("PC31", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4809, "2026-11-11 08:40", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("nla-auth-failure"),
            stage: Some("credssp"),
            why: "RdpCoreTS 140 and Security 4625 with 0xC0000234 (account locked) for this \
            user and this address in the second of every attempt: TLS was up, CredSSP refused. \
            Others get in after the update and after the scan, so neither of them is the cause.",
            must_not: &[
                "windows-update",
                "tls-cipher-mismatch",
                "tls-version-mismatch",
                "cert-key-access-denied",
                "cert-key-missing",
                "connection-limit",
            ],
            ..Expected::default()
        })
}
