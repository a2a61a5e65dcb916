//! The branch office lost its line to the domain controllers. Domain users are refused, the local
//! administrator gets in. The client's clock is seven minutes ahead, which joins nothing and explains nothing.

use crate::support::case_builder::{
    Build, Case, Channel, End, Expected, Host, Refusal, at, mins, ms, text,
};

pub(super) fn case() -> Case {
    let mut server = Host::new("BR07.contoso.example", "10.77.0.5", Build::SERVER_2019);
    let mut pc =
        Host::new("BRPC2.contoso.example", "10.77.1.12", Build::WINDOWS_10).clock_ahead(mins(7));
    let desk = Host::new("BRPC9.contoso.example", "10.77.1.40", Build::WINDOWS_10);

    server.healthy_days(at("2026-11-03 00:00:00"), 2);
    server.good_connection(at("2026-11-04 08:00:00"), &pc, r"CONTOSO\frida");
    pc.connected(at("2026-11-04 08:00:00"), &server, at("2026-11-04 16:30:00"), 1);
    for time in ["06:12:30", "07:13:02", "08:13:40"] {
        server.netlogon_5719(at(&format!("2026-11-05 {time}")), "CONTOSO");
    }
    server.policy_finds_no_controller(at("2026-11-05 06:41:00"));
    server.policy_finds_no_controller(at("2026-11-05 08:11:00"));
    for time in ["08:02:10", "08:03:01", "08:15:44", "08:31:20"] {
        let time = at(&format!("2026-11-05 {time}"));
        server.refuses(time, &pc, r"CONTOSO\frida", Refusal::NO_LOGON_SERVER);
        pc.is_cut_off(time - ms(30), &server, 2308);
    }
    server.refuses(at("2026-11-05 08:22:00"), &desk, r"CONTOSO\gil", Refusal::NO_LOGON_SERVER);
    let admin = server.connects(at("2026-11-05 08:40:00"), &pc, r"BR07\branchadmin");
    server.ends(&admin, at("2026-11-05 08:55:00"), End::SignedOut);
    pc.connected(at("2026-11-05 08:40:00") - ms(30), &server, at("2026-11-05 08:55:00"), 2);

    let words = format!(
        "RDP to our branch server does not work this morning, 0x904.\n\n{}",
        text::mstsc_box(at("2026-11-05 08:02:12"), &pc, 0x904, 0x7)
    );
    Case::new("domain-unreachable-clock-ahead")
        .logs(
            "server",
            &server,
            &[Channel::System, Channel::Security, Channel::RdpCoreTs, Channel::RcmOperational],
        )
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4655, "2026-11-05 08:50", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("domain-unreachable"),
            stage: Some("credssp"),
            why: "4625 with 0xC000005E (no logon servers) at every attempt of a domain user, \
            NETLOGON 5719 and GroupPolicy 1129 hours after the start, and a local account of \
            the same client gets in. The clock of the client is off, but no code speaks of it: \
            no 0xC0000133, no 0x80090324.",
            must_not: &[
                "time-skew",
                "nla-auth-failure",
                "cert-key-access-denied",
                "network-unstable",
            ],
            ..Expected::default()
        })
}
