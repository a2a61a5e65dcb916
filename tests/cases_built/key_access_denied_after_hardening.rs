//! A hardening script took NETWORK SERVICE off the key folder on Friday. Nobody noticed, because the
//! service held its credential; the restart for Tuesday's update shows it, and the update is blamed.

use crate::support::case_builder::{
    Build, Case, Channel, End, Expected, Host, Key, at, ms, secs, text,
};

const HARDENING: &str = r"# Baseline 7.2, section 14: key material
icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F /t /c
icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /remove *S-1-1-0 *S-1-5-20 /t /c";

pub(super) fn case() -> Case {
    let mut server = Host::new("SRV01.contoso.example", "10.20.0.15", Build::SERVER_2022);
    let mut pc = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);
    let other = Host::new("PC11.contoso.example", "10.20.4.44", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-12 00:00:00"), 7);
    pc.healthy_days(at("2026-11-17 00:00:00"), 2);
    server.runs_script(at("2026-11-13 06:30:12"), r"C:\Admin\Baseline\Harden-Keys.ps1", HARDENING);
    for (start, end) in [
        ("2026-11-16 08:01:10", "2026-11-16 16:40:02"),
        ("2026-11-17 08:03:44", "2026-11-17 17:02:31"),
    ] {
        let session = server.good_connection(at(start), &pc, r"CONTOSO\anna");
        server.ends(&session, at(end), End::Disconnected);
        pc.connected(at(start), &server, at(end), 2);
    }
    server.good_connection(at("2026-11-17 09:12:20"), &other, r"CONTOSO\omar");

    server.installs(
        at("2026-11-17 22:40:09"),
        "KB5099541",
        "2026-11 Cumulative Update for \
    Microsoft server operating system version 21H2 for x64-based Systems",
    );
    server.restarts_for_update(at("2026-11-18 03:12:00"), Key::NotMade("Access is denied.\r\n"));
    server.update_is_active(at("2026-11-18 03:16:12"), "KB5099541");

    for (time, client) in
        [("08:15:03", &pc), ("08:15:41", &pc), ("08:21:58", &other), ("08:40:20", &pc)]
    {
        let time = at(&format!("2026-11-18 {time}"));
        server.dies_in_tls(time, client);
        server.schannel_36870(time + ms(31), 0x8009_030d);
        server.rcm_system(time + ms(55), 1057, 2, &["Access is denied.\r\n"], None);
    }
    for time in ["08:15:03", "08:15:41", "08:40:20"] {
        pc.is_cut_off(at(&format!("2026-11-18 {time}")) - ms(40), &server, 2308);
    }

    let words = format!(
        "Subject: RDP to SRV01 broken since the update\n\nHi,\nsince the patch night nobody \
        from our team gets onto SRV01 any more. \
         Yesterday evening it still worked.\nPlease roll back the update KB5099541.\n\n{}\nThanks\nAnna\n",
        text::mstsc_box(at("2026-11-18 08:15:03") + secs(1), &pc, 0x904, 0x7)
    );
    let updates = [
        ("Update", "KB5098012", "11/17/2026"),
        ("Security Update", "KB5099541", "11/17/2026"),
        ("Security Update", "KB5096288", "10/13/2026"),
    ];
    Case::new("key-access-denied-after-hardening")
        .logs(
            "server",
            &server,
            &[
                Channel::System,
                Channel::RdpCoreTs,
                Channel::RcmOperational,
                Channel::LsmOperational,
                Channel::Setup,
                Channel::PowerShell,
            ],
        )
        .file("server/hotfixes.txt", text::get_hotfix(&server, &updates))
        .logs("client", &pc, &[Channel::RdpClient, Channel::System])
        .file(
            "ticket.txt",
            text::ticket(4711, "2026-11-18 08:31", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("cert-key-access-denied"),
            trigger: Some("config-change"),
            stage: Some("tls"),
            why: "RCM 1057 says Access is denied at the service start and at every attempt, \
            36870 0x8009030D stands in each attempt's second and every client dies before MCS; \
            the script took NETWORK SERVICE off the folder five days before, which shows only \
            when the service starts anew. The update brought the restart and nothing else.",
            must_not: &["windows-update", "cert-expired", "network-unstable", "firewall-blocked"],
            ..Expected::default()
        })
}
