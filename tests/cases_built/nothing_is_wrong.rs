//! A healthy host, sent in because somebody saw red in the event viewer.

use crate::support::case_builder::{Build, Case, Channel, End, Expected, Host, Refusal, at, secs};

pub(super) fn case() -> Case {
    let mut server = Host::new("APP05.contoso.example", "10.20.0.35", Build::SERVER_2022);
    let anna = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);
    let omar = Host::new("PC11.contoso.example", "10.20.4.44", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-16 00:00:00"), 4);
    server.is_scanned_for_ciphers(at("2026-11-16 23:10:00"), 40);
    server.is_probed(at("2026-11-17 02:20:00"), "198.51.100.77", 6);
    let day = |time: &str| at(&format!("2026-11-17 {time}"));
    let first = server.good_connection(day("08:00:12"), &anna, r"CONTOSO\anna");
    server.ends(&first, day("12:01:00"), End::WindowClosed);
    let second = server.good_connection(day("12:45:30"), &anna, r"CONTOSO\anna");
    server.ends(&second, day("13:30:02"), End::TakenOver);
    let third = server.connects(day("13:30:01"), &omar, r"CONTOSO\anna");
    server.ends(&third, day("17:00:40"), End::SignedOut);
    // A slip of the finger, and the right password twelve seconds later.
    server.refuses(day("14:02:00"), &omar, r"CONTOSO\omar", Refusal::WRONG_PASSWORD);
    let fourth = server.connects(day("14:02:00") + secs(12), &omar, r"CONTOSO\omar");
    server.ends(&fourth, day("16:10:55"), End::Disconnected);

    Case::new("nothing-is-wrong")
        .logs(
            "",
            &server,
            &[
                Channel::System,
                Channel::Security,
                Channel::RdpCoreTs,
                Channel::RcmOperational,
                Channel::LsmOperational,
            ],
        )
        .expect(&Expected::healthy(
            "Every connection of a known client gets in or is put right within seconds, \
            sessions end with the reasons 0, 5, 11 and 12, and what dies early is a scanner and \
            the throw-away connections of mstsc.",
        ))
}
