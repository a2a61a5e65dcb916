//! Hosts on which nothing is wrong, with all that healthy hosts log.

use chrono::TimeDelta;

use crate::support::case_builder::{
    Build, Case, Channel, End, Expected, Host, Key, Refusal, at, mins, secs,
};

const LOGS: [Channel; 6] = [
    Channel::System,
    Channel::Security,
    Channel::Setup,
    Channel::RdpCoreTs,
    Channel::RcmOperational,
    Channel::LsmOperational,
];

/// A domain's file server: two users, an update with its restart, a mistyped password.
pub(super) fn file_server() -> Case {
    let mut server = Host::new("FS01.contoso.example", "10.20.0.21", Build::SERVER_2022);
    let anna = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);
    let omar = Host::new("PC11.contoso.example", "10.20.4.44", Build::WINDOWS_11);
    server.healthy_days(at("2026-11-09 00:00:00"), 5);
    server.installs(
        at("2026-11-10 22:10:00"),
        "KB5099541",
        "2026-11 Cumulative Update for \
    Microsoft server operating system version 21H2 for x64-based Systems",
    );
    server.restarts_for_update(at("2026-11-11 02:00:00"), Key::Opens);
    server.update_is_active(at("2026-11-11 02:05:00"), "KB5099541");
    server.makes_certificate(at("2026-11-11 02:03:20"));
    for day in 0..5 {
        let morning = at("2026-11-09 08:00:10") + TimeDelta::days(day);
        let session = server.good_connection(morning, &anna, r"CONTOSO\anna");
        server.ends(
            &session,
            morning + mins(7 * 60),
            if day % 2 == 0 { End::SignedOut } else { End::WindowClosed },
        );
        let session = server.good_connection(morning + mins(35), &omar, r"CONTOSO\omar");
        server.ends(&session, morning + mins(50), End::Disconnected);
    }
    let slip = at("2026-11-12 15:00:00");
    server.refuses(slip, &omar, r"CONTOSO\omar", Refusal::WRONG_PASSWORD);
    server.connects(slip + secs(14), &omar, r"CONTOSO\omar");
    Case::new("file-server").logs("", &server, &LOGS).expect(&Expected::healthy(
        "Everybody who belongs here gets in; one password was mistyped and \
        put right, one restart was planned.",
    ))
}

/// A workgroup host with its port open to the internet: scanned, probed and guessed at, and well.
pub(super) fn exposed_host() -> Case {
    let mut server = Host::new("KIOSK-HUB", "192.168.178.20", Build::SERVER_2016);
    let owner = Host::new("HOMEPC", "192.0.2.61", Build::WINDOWS_11);
    server.healthy_days(at("2026-10-19 00:00:00"), 3);
    server.boots(at("2026-10-19 06:00:00"), Key::Opens);
    server.is_scanned_for_ciphers(at("2026-10-19 13:00:00"), 50);
    server.is_guessed_at(at("2026-10-20 03:00:00"), "203.0.113.201", 15, 61_000);
    server.is_probed(at("2026-10-20 05:00:00"), "198.51.100.7", 8);
    for day in ["2026-10-19", "2026-10-20", "2026-10-21"] {
        let session = server.good_connection(at(&format!("{day} 19:00:00")), &owner, "owner");
        server.ends(&session, at(&format!("{day} 21:30:00")), End::Disconnected);
    }
    Case::new("exposed-host").logs("", &server, &LOGS).expect(&Expected::healthy(
        "The owner gets in every evening; strangers scan, probe and guess, and do not.",
    ))
}
