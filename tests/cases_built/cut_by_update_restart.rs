//! Sessions that were cut while the server restarted for its updates, and a client that tried too soon.

use crate::support::case_builder::{
    Build, Case, Channel, End, Expected, Host, Key, at, ms, secs, text,
};

pub(super) fn case() -> Case {
    let mut server = Host::new("SRV06.contoso.example", "10.20.0.41", Build::SERVER_2022);
    let mut pc = Host::new("PC22.contoso.example", "10.20.4.57", Build::WINDOWS_11);
    let other = Host::new("PC23.contoso.example", "10.20.4.58", Build::WINDOWS_11);

    server.healthy_days(at("2026-11-10 00:00:00"), 2);
    server.installs(
        at("2026-11-11 19:05:00"),
        "KB5099541",
        "2026-11 Cumulative Update for \
    Microsoft server operating system version 21H2 for x64-based Systems",
    );
    let ivan = server.good_connection(at("2026-11-11 20:10:00"), &pc, r"CONTOSO\ivan");
    let jana = server.good_connection(at("2026-11-11 20:40:00"), &other, r"CONTOSO\jana");
    let down = server.restarts_for_update(at("2026-11-11 22:30:10"), Key::Opens);
    server.update_is_active(at("2026-11-11 22:35:30"), "KB5099541");
    server.ends(&ivan, down - secs(9), End::CutOff);
    server.ends(&jana, down - ms(8700), End::CutOff);
    pc.connected(at("2026-11-11 20:10:00"), &server, down - secs(9), 2308);
    pc.gets_no_answer(at("2026-11-11 22:31:40"), &server, 516);
    server.connects(at("2026-11-11 22:41:00"), &pc, r"CONTOSO\ivan");
    pc.connected(at("2026-11-11 22:41:00"), &server, at("2026-11-11 23:20:00"), 1);

    let words = format!(
        "RDP: I was thrown out in the middle of the month-end closing, and it took ten minutes \
        until I could connect again.\n\n{}",
        text::mstsc_box(down - secs(8), &pc, 0x904, 0x0)
    );
    let history = [
        (
            at("2026-11-11 19:05:01"),
            "183 [AGENT_INSTALLING_SUCCEEDED]",
            "Content Install",
            "Installation Successful: Windows successfully installed the following update: \
            2026-11 Cumulative Update for Microsoft server operating system version 21H2 for \
            x64-based Systems (KB5099541)",
        ),
        (
            at("2026-11-11 19:05:04"),
            "201 [AGENT_INSTALLING_PENDING]",
            "Content Install",
            "Installation pending: a restart is required for 2026-11 Cumulative Update for \
            Microsoft server operating system version 21H2 for x64-based Systems (KB5099541)",
        ),
    ];
    Case::new("cut-by-update-restart")
        .logs(
            "server",
            &server,
            &[Channel::System, Channel::RdpCoreTs, Channel::LsmOperational, Channel::Setup],
        )
        .file("server/ReportingEvents.log", text::reporting_events(&history))
        .logs("client", &pc, &[Channel::RdpClient])
        .file(
            "ticket.txt",
            text::ticket(4795, "2026-11-11 22:50", server.name(), pc.name(), &words),
        )
        .expect(&Expected {
            incidents: 1,
            first_cause: Some("server-restarted"),
            trigger: Some("windows-update"),
            kb: Some("KB5099541"),
            stage: Some("running"),
            why: "User32 1074 by TrustedInstaller with the planned-upgrade code, both sessions cut \
                within a second of each other just before 6006 and Kernel-General 13, and a start \
                three minutes later; the second try a minute later fell into the same restart, so \
                it is one outage. The restart is that of KB5099541, pending since the evening.",
            must_not: &["network-unstable", "firewall-blocked", "cert-key-access-denied"],
            ..Expected::default()
        })
}
