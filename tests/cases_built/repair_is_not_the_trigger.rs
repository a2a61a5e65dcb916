//! The first failure, then an update, then the repair, then the ticket. What came after the first failure
//! did not set it off, however well it looks.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, Key, at, ms, text, xml};

const REPAIR: &str = r"$f = (Get-Item C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_*).FullName
icacls $f /grant 'NETWORK SERVICE:R'
Restart-Service TermService -Force";

pub(super) fn case() -> Case {
    let mut server = Host::new("SRV14.contoso.example", "10.20.0.64", Build::SERVER_2022);
    let mut pc = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);
    let other = Host::new("PC11.contoso.example", "10.20.4.44", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-09 00:00:00"), 3);
    server.good_connection(at("2026-11-09 08:00:00"), &pc, r"CONTOSO\anna");
    server.listener_starts(at("2026-11-10 05:00:00"), Key::NotMade("%%5"));
    for (time, client) in [
        ("2026-11-10 08:01:40", &pc),
        ("2026-11-10 08:02:31", &other),
        ("2026-11-10 16:20:00", &pc),
        ("2026-11-11 08:00:30", &pc),
    ] {
        server.dies_in_tls(at(time), client);
        server.schannel_36870(at(time) + ms(27), 0x8009_030d);
    }
    for time in ["2026-11-10 08:01:40", "2026-11-10 16:20:00", "2026-11-11 08:00:30"] {
        pc.is_cut_off(at(time) - ms(45), &server, 2308);
    }
    server.installs(at("2026-11-10 22:30:00"), "KB5099541", "2026-11 Cumulative Update");
    server.runs_script(at("2026-11-11 09:10:00"), r"C:\Admin\fix-rdp.ps1", REPAIR);
    server.listener_starts(at("2026-11-11 09:10:09"), Key::Opens);
    server.good_connection(at("2026-11-11 09:15:00"), &pc, r"CONTOSO\anna");
    pc.connected(at("2026-11-11 09:15:00") - ms(45), &server, at("2026-11-11 12:00:00"), 1);

    let words = format!(
        "RDP to SRV14 was down for a day. It is repaired, we need the cause for the report.\n\n{}",
        text::mstsc_box(at("2026-11-10 08:01:42"), &pc, 0x904, 0x7)
    );
    Case::new("repair-is-not-the-trigger")
        .file("server/System.xml", xml(&server, Channel::System).into_bytes())
        .file("server/PowerShell.xml", xml(&server, Channel::PowerShell).into_bytes())
        .logs("server", &server, &[Channel::RdpCoreTs])
        .logs("client", &pc, &[Channel::RdpClient])
        .file("ticket.txt", text::ticket(4792, "2026-11-11 13:00", server.name(), pc.name(), &words))
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("cert-key-access-denied"),
            stage: Some("tls"),
            why: "RCM 1057 with code 5 at the service start and 36870 0x8009030D at every attempt until \
                the key file was given back its entry. The update and the script came after the \
                first failure; what took the entry away is not in the logs, so there is no trigger.",
            must_not: &["windows-update", "cert-key-missing", "insufficient-evidence"],
            ..Expected::default()
        })
}
