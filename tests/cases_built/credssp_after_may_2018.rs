//! May 2018: the clients were patched, the server was not.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, Key, at, ms, text};

pub(super) fn case() -> Case {
    let mut server = Host::new("ERP02.contoso.example", "10.20.0.48", Build::SERVER_2012_R2);
    let mut pc = Host::new("PC03.contoso.example", "10.20.4.23", Build::WINDOWS_10_1709);

    server.healthy_days(at("2018-05-08 00:00:00"), 2);
    pc.healthy_days(at("2018-05-08 00:00:00"), 3);
    server.good_connection(at("2018-05-08 07:55:10"), &pc, r"CONTOSO\eva");
    pc.installs(
        at("2018-05-09 16:20:00"),
        "KB4103727",
        "2018-05 Cumulative Update for Windows 10 Version 1709 for x64-based Systems",
    );
    pc.restarts_for_update(at("2018-05-09 18:02:00"), Key::Opens);
    for time in ["07:49:33", "07:50:20", "08:05:00"] {
        let time = at(&format!("2018-05-10 {time}"));
        server.dies_before_mcs(time, pc.address(), 640);
        pc.lsasrv_6041(time + ms(610), "TERMSRV/ERP02.contoso.example", "2");
    }

    let words = "RDP: An authentication error has occurred.\nThe function requested is not \
    supported.\n\nRemote computer: ERP02.contoso.example\n\
                 This could be due to CredSSP encryption oracle remediation.\nFor more information, see https://go.microsoft.com/fwlink/?linkid=866660\n";
    let of_pc = [
        ("Security Update", "KB4103729", "5/9/2018"),
        ("Security Update", "KB4103727", "5/9/2018"),
        ("Update", "KB4087256", "3/14/2018"),
    ];
    let of_server = [
        ("Security Update", "KB4074594", "2/14/2018"),
        ("Security Update", "KB4056895", "1/10/2018"),
    ];
    Case::new("credssp-after-may-2018")
        .logs("client", &pc, &[Channel::System])
        .file("client/qfe.txt", text::wmic_qfe(&pc, &of_pc))
        .logs("server", &server, &[Channel::RdpCoreTs, Channel::System])
        .file("server/qfe.txt", text::wmic_qfe(&server, &of_server))
        .file("ticket.txt", text::ticket(1805, "2018-05-10 08:20", server.name(), pc.name(), words))
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("credssp-oracle-remediation"),
            trigger: Some("windows-update"),
            kb: Some("KB4103727"),
            stage: Some("tls"),
            why: "LsaSrv 6041 on the client names the target and CredSSP version 2 in the \
            second of every attempt; the client got the May 2018 update the evening before, \
            which refuses servers without the March 2018 one, and the server's list ends in \
            February.",
            must_not: &["nla-auth-failure", "cert-key-access-denied", "tls-version-mismatch"],
            ..Expected::default()
        })
}
