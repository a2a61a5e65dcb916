//! A web service of the host cannot open its own key and says so every few minutes, day and night. The
//! user who cannot connect has a password that expired in his notes.

use chrono::TimeDelta;

use crate::support::case_builder::{
    Build, Case, Channel, Expected, Host, Refusal, at, mins, ms, text, xml,
};

pub(super) fn case() -> Case {
    let mut server = Host::new("WEB05.contoso.example", "10.20.0.75", Build::SERVER_2019);
    let mut pc = Host::new("PC80.contoso.example", "10.20.4.120", Build::WINDOWS_11);
    let other = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-18 00:00:00"), 2);
    for number in 0..70 {
        server.schannel_36870(at("2026-11-19 00:03:10") + mins(10) * number, 0x8009_030d);
    }
    server.good_connection(at("2026-11-18 09:00:00"), &pc, r"CONTOSO\nils");
    for day in 0..2 {
        let morning = at("2026-11-18 08:03:11") + TimeDelta::days(day);
        server.good_connection(morning, &other, r"CONTOSO\anna");
        server.good_connection(morning + mins(30), &other, r"CONTOSO\anna");
    }
    for time in ["08:12:55", "08:13:30", "08:23:20", "08:25:01"] {
        let time = at(&format!("2026-11-19 {time}"));
        server.refuses(time, &pc, r"CONTOSO\nils", Refusal::WRONG_PASSWORD);
        pc.is_cut_off(time - ms(52), &server, 2308);
    }

    let words = format!(
        "RDP to WEB05 fails. The log has Schannel 36870 0x8009030D, that is the MachineKeys problem, \
        isn't it?\n\n{}",
        text::mstsc_box(at("2026-11-19 08:12:57"), &pc, 0x904, 0x7)
    );
    Case::new("key-fault-of-another-service")
        .file("server/System.xml", xml(&server, Channel::System).into_bytes())
        .file("server/Security.xml", xml(&server, Channel::Security).into_bytes())
        .logs("server", &server, &[Channel::RdpCoreTs])
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4912, "2026-11-19 08:45", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("nla-auth-failure"),
            stage: Some("credssp"),
            why: "36870 comes every ten minutes whether or not somebody connects, and Anna gets in \
                between; each of Nils' attempts got through TLS and was refused with 140 and 4625 \
                0xC000006A for his name and address.",
            must_not: &["cert-key-access-denied", "cert-key-missing", "insufficient-evidence"],
            ..Expected::default()
        })
}
