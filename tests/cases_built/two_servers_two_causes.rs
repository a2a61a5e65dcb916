//! One ticket, two servers: the session host has run out of its licensing grace, the file server has
//! lost its key. The reporter thinks it is one outage.

use crate::support::case_builder::{Build, Case, Channel, Expected, Host, Key, at, ms, text};

pub(super) fn case() -> Case {
    let mut rds = Host::new("RDS01.contoso.example", "10.20.0.60", Build::SERVER_2019);
    let mut files = Host::new("FS03.contoso.example", "10.20.0.23", Build::SERVER_2022);
    let mut pc = Host::new("PC15.contoso.example", "10.20.4.48", Build::WINDOWS_11);

    rds.healthy_days(at("2026-11-23 00:00:00"), 2);
    files.healthy_days(at("2026-11-23 00:00:00"), 2);
    rds.good_connection(at("2026-11-23 08:30:00"), &pc, r"CONTOSO\hana");
    files.good_connection(at("2026-11-23 08:45:00"), &pc, r"CONTOSO\hana");

    rds.rcm_system(at("2026-11-24 00:00:12"), 1069, 2, &[], None);
    for time in ["09:01:05", "09:02:11", "09:20:40"] {
        let time = at(&format!("2026-11-24 {time}"));
        rds.fails_licensing(time, &pc, r"CONTOSO\hana", 0x101);
        pc.is_sent_away(time - ms(44), &rds, 0x908);
    }
    files.listener_starts(at("2026-11-24 04:10:00"), Key::NotMade("Keyset does not exist\r\n"));
    for time in ["09:05:30", "09:06:02", "09:25:15"] {
        let time = at(&format!("2026-11-24 {time}"));
        files.dies_in_tls(time, &pc);
        files.schannel_36870(time + ms(30), 0x8009_0016);
        pc.is_cut_off(time - ms(44), &files, 2308);
    }

    let words = format!(
        "RDP is down on RDS01 and FS03 since this morning, same fault?\n\nRDS01:\n{}\nFS03:\n{}",
        text::mstsc_box(at("2026-11-24 09:01:07"), &pc, 0x908, 0x101),
        text::mstsc_box(at("2026-11-24 09:05:32"), &pc, 0x904, 0x7)
    );
    let logs = [Channel::System, Channel::RdpCoreTs, Channel::RcmOperational];
    Case::new("two-servers-two-causes")
        .logs("RDS01", &rds, &logs)
        .logs("FS03", &files, &logs)
        .logs("PC15", &pc, &[Channel::RdpClient])
        .file("mail.txt", words.replace('\n', "\r\n").into_bytes())
        .expect(&Expected {
            incidents: 2,
            first_cause: Some("licensing"),
            stage: Some("licensing"),
            others: &[("FS03", "cert-key-missing")],
            why: "RDS01: RCM 1069 (grace period over), CredSSP and MCS pass, then \
            SetErrorInfo(0x101) no licence server. FS03: RCM 1057 Keyset does not exist at the \
            service start, 36870 0x80090016 at every attempt, death before MCS. Two servers, \
            two stages, two causes.",
            must_not: &["windows-update", "network-unstable", "nla-auth-failure"],
            ..Expected::default()
        })
}
