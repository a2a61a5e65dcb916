//! A hardening script switched the server's TLS 1.2 off (a slip between Enabled and DisabledByDefault).
//! It shows at the next restart. The logs come as XML, written by PowerShell's `>`.

use crate::support::case_builder::{
    Build, Case, Channel, Expected, Host, Key, at, ms, secs, text, utf16, xml,
};

const HARDENING: &str = r#"$p = \
'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols'
foreach ($v in 'SSL 3.0','TLS 1.0','TLS 1.1','TLS 1.2') { Set-ItemProperty "$p\$v\Server" Enabled 0 -Type DWord }"#;

pub(super) fn case() -> Case {
    let mut server = Host::new("DMZ03.contoso.example", "10.30.0.9", Build::SERVER_2019);
    let mut pc = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);
    let other = Host::new("PC51.contoso.example", "10.20.4.90", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-09 00:00:00"), 3);
    server.good_connection(at("2026-11-10 09:00:05"), &pc, r"CONTOSO\anna");
    server.applies_policy(at("2026-11-10 21:15:33"), 1502);
    server.runs_script(at("2026-11-10 21:40:05"), r"C:\Temp\tls-baseline.ps1", HARDENING);
    let process = r"C:\Windows\system32\shutdown.exe (DMZ03)";
    server.asks_for_restart(
        at("2026-11-11 03:00:00"),
        process,
        "No title for this reason could be found",
        "0x800000ff",
    );
    server.goes_down(at("2026-11-11 03:00:41"));
    server.boots(at("2026-11-11 03:03:02"), Key::Opens);
    server.schannel_36871(at("2026-11-11 03:03:23"), "server", 10013);
    for (time, client) in
        [("07:31:12", &pc), ("07:32:40", &pc), ("08:15:09", &other), ("08:16:30", &pc)]
    {
        let time = at(&format!("2026-11-11 {time}"));
        server.dies_in_tls(time, client);
        server.schannel_36871(time + ms(24), "server", 10013);
        server.schannel_36888(time + ms(26), 70, 105);
    }
    for time in ["07:31:12", "07:32:40", "08:16:30"] {
        pc.is_cut_off(at(&format!("2026-11-11 {time}")) - ms(33), &server, 2308);
    }

    let words = format!(
        "RDP to DMZ03 fails from everywhere since tonight.\n\n{}",
        text::mstsc_box(at("2026-11-11 07:31:12") + secs(2), &pc, 0x904, 0x7)
    );
    Case::new("tls-versions-hardened")
        .file("server/System.xml", utf16(&xml(&server, Channel::System)))
        .file("server/RdpCoreTS.xml", utf16(&xml(&server, Channel::RdpCoreTs)))
        .file("server/PowerShell.xml", utf16(&xml(&server, Channel::PowerShell)))
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4790, "2026-11-11 08:30", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("tls-version-mismatch"),
            trigger: Some("config-change"),
            stage: Some("tls"),
            why: "36871 for a server credential with state 10013 at the service start and at \
            every attempt, alert 70 (protocol version) sent in the same second, all clients die \
            before MCS and no 36870: no common version of TLS is enabled. A script had switched \
            off every version of the server side the evening before; the policy refresh in \
            between is an everyday one.",
            must_not: &[
                "cert-key-access-denied",
                "cert-key-missing",
                "tls-cipher-mismatch",
                "windows-update",
                "server-restarted",
            ],
            ..Expected::default()
        })
}
