//! A German host: the texts in the records are translated, the codes are not.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, Key, at, ms, secs, text};

pub(super) fn case() -> Case {
    let mut server = Host::new("SRV-KOELN.contoso.example", "10.40.0.12", Build::SERVER_2019);
    let mut pc = Host::new("NB-0815.contoso.example", "10.40.4.77", Build::WINDOWS_10);
    let other = Host::new("NB-0420.contoso.example", "10.40.4.78", Build::WINDOWS_10);

    server.healthy_days(at("2026-11-16 00:00:00"), 2);
    server.good_connection(at("2026-11-16 08:00:00"), &pc, r"CONTOSO\mueller");
    server.service_in_words(
        at("2026-11-17 06:00:00"),
        ("TermService", "Remotedesktopdienste"),
        1,
        "beendet",
    );
    server.service_in_words(
        at("2026-11-17 06:00:02"),
        ("SessionEnv", "Remotedesktopkonfiguration"),
        4,
        "wird ausgeführt",
    );
    server.listener_starts(at("2026-11-17 06:00:03"), Key::NotReplaced("Zugriff verweigert\r\n"));
    for (time, client) in [("06:58:14", &pc), ("06:59:01", &pc), ("07:20:40", &other)] {
        let time = at(&format!("2026-11-17 {time}"));
        server.dies_in_tls(time, client);
        server.schannel_36870(time + ms(33), 0x8009_030d);
    }
    pc.is_cut_off(at("2026-11-17 06:58:14") - ms(40), &server, 2308);
    pc.is_cut_off(at("2026-11-17 06:59:01") - ms(40), &server, 2308);

    let stamp = (at("2026-11-17 06:58:14") + secs(2)).format("%m/%d/%y %I:%M:%S %p");
    let words = format!(
        "Betreff: Remotedesktop geht nicht\n\nSeit heute Morgen komme ich nicht mehr auf den \
        Server, die Kollegen auch nicht.\n\n\
         [Window Title]\nRemotedesktopverbindung\n\n[Content]\nInterner Fehler.\n\n[^] Details ausblenden  [OK]\n\n[Expanded Information]\n\
         Fehlercode: 0x904\nErweiterter Fehlercode: 0x7\nZeitstempel (UTC): {stamp}\n"
    );
    Case::new("german-key-access-denied")
        .logs("Server", &server, &[Channel::System, Channel::RdpCoreTs])
        .logs("Client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4822, "2026-11-17 07:30", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("cert-key-access-denied"),
            stage: Some("tls"),
            why: "RCM 1058 says Zugriff verweigert (Access is denied) at the service start, \
            36870 0x8009030D stands in each attempt's second, and every client dies before MCS. \
            That the certificate has expired is the consequence: it could not be replaced.",
            must_not: &[
                "cert-expired",
                "network-unstable",
                "insufficient-evidence",
                "windows-update",
            ],
            ..Expected::default()
        })
}
