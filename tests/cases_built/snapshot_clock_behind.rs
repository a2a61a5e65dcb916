//! A virtual server came back from a snapshot with its clock 23 minutes behind, until the time service
//! noticed.

use crate::support::case_builder::{
    Build, Case, Channel, Expected, Host, Refusal, at, mins, ms, text,
};

pub(super) fn case() -> Case {
    let mut server = Host::new("VM21.contoso.example", "10.20.0.121", Build::SERVER_2022);
    let mut pc = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);
    let other = Host::new("PC11.contoso.example", "10.20.4.44", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-23 00:00:00"), 1);
    server.good_connection(at("2026-11-23 08:05:00"), &pc, r"CONTOSO\anna");
    pc.connected(at("2026-11-23 08:05:00") - ms(40), &server, at("2026-11-23 16:00:00"), 1);
    server.clock_jumps(at("2026-11-24 04:00:00"), -mins(23));
    for time in ["08:10:30", "08:11:15", "08:40:09"] {
        let time = at(&format!("2026-11-24 {time}"));
        server.refuses(time, &pc, r"CONTOSO\anna", Refusal::CLOCKS_DIFFER);
        pc.is_cut_off(time - ms(40), &server, 2308);
    }
    server.refuses(at("2026-11-24 08:20:00"), &other, r"CONTOSO\omar", Refusal::CLOCKS_DIFFER);
    server.clock_jumps(at("2026-11-24 09:40:00"), mins(23));
    server.good_connection(at("2026-11-24 09:50:00"), &pc, r"CONTOSO\anna");
    pc.connected(at("2026-11-24 09:50:00") - ms(40), &server, at("2026-11-24 12:00:00"), 1);

    let words = format!(
        "RDP to VM21 failed this morning for all of us, by ten it worked again.\n\n{}",
        text::mstsc_box(at("2026-11-24 08:10:32"), &pc, 0x904, 0x7)
    );
    Case::new("snapshot-clock-behind")
        .logs("server", &server, &[Channel::System, Channel::Security, Channel::RdpCoreTs])
        .logs("client", &pc, &[Channel::RdpClient])
        .file("ticket.txt", text::ticket(4921, "2026-11-24 09:00", server.name(), pc.name(), &words))
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("time-skew"),
            stage: Some("credssp"),
            why: "4625 with 0xC0000133 and RdpCoreTS 139 with 0x80090324 at every attempt of every \
                user, Kernel-General 1 moves the server's clock by -23 minutes before the first and \
                by +23 minutes after the last, and the client's log stamps the same attempts 23 \
                minutes later than the server's.",
            must_not: &["nla-auth-failure", "domain-unreachable", "cert-key-access-denied"],
            ..Expected::default()
        })
}
