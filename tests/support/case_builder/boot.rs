//! Starts and stops of a computer and of its listener.

use chrono::{DateTime, Utc};

use super::super::evtx_writer::{Record, Value, filetime};
use super::connection::{core, event_xml, rcm};
use super::{Build, Channel, Host, mins, ms, secs};

/// What the service finds when it wants the key of its own certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'t> {
    /// The key is there and opens.
    Opens,
    /// RCM 1057: a new certificate cannot be made; the text comes in the system's language.
    NotMade(&'t str),
    /// RCM 1058: an expired certificate cannot be replaced.
    NotReplaced(&'t str),
}

impl Host {
    /// The computer starts: kernel, event log, services, and at last the listener.
    pub fn boots(&mut self, time: DateTime<Utc>, key: Key<'_>) {
        self.new_processes();
        let Build(build, revision) = self.build;
        let started = time - secs(11);
        let kernel = general(12).data("MajorVersion", 10_u32).data("MinorVersion", 0_u32);
        let kernel = kernel.data("BuildVersion", build).data("QfeVersion", revision);
        let kernel = kernel
            .data("ServiceVersion", 0_u32)
            .data("BootMode", 0_u32)
            .data("StartTime", filetime(started));
        self.log(time, Channel::System, kernel.user("S-1-5-18"));
        self.log(time + ms(400), Channel::System, kernel_boot());
        let version = event_log(6009).strings([
            "10.00.",
            build.to_string().as_str(),
            "",
            "Multiprocessor Free",
            "0",
        ]);
        self.log(time + secs(9), Channel::System, version);
        self.log(time + secs(9) + ms(1), Channel::System, event_log(6005).binary(&[0; 24]));
        self.uptime(time + secs(9) + ms(2), 20);
        self.log(time + secs(8), Channel::Security, super::security::audit(4608, 12288));
        self.session_manager_starts(time + secs(12));
        self.service(time + secs(14), "CryptSvc", 4);
        self.service(time + secs(15), "SessionEnv", 4);
        self.listener_starts(time + secs(21), key);
        self.time_synced(time + mins(2));
    }

    /// An update asks for the restart and the computer goes down. Gives the time it is down.
    pub fn restarts_for_update(&mut self, time: DateTime<Utc>, key: Key<'_>) -> DateTime<Utc> {
        let process = format!(r"C:\Windows\servicing\TrustedInstaller.exe ({})", self.short_name());
        self.asks_for_restart(time, &process, "Operating System: Upgrade (Planned)", "0x80020003");
        self.goes_down(time + secs(52));
        self.boots(time + secs(52 + 131), key);
        time + secs(52)
    }

    /// User32 1074.
    pub fn asks_for_restart(
        &mut self,
        time: DateTime<Utc>,
        process: &str,
        reason: &str,
        code: &str,
    ) {
        let name = self.short_name().to_owned();
        let process_id = self.lsass - 80;
        let record = Record::new("User32", 1074)
            .alias("{b0aa8734-56f7-41cc-b2f4-de228e98b946}", "User32")
            .qualifiers(32768)
            .keywords(0x8080_0000_0000_0000)
            .user("S-1-5-18")
            .process(process_id, 1780);
        let record = ["param1", "param2", "param3", "param4", "param5", "param6", "param7"]
            .into_iter()
            .zip([process, &name, reason, code, "restart", "", r"NT AUTHORITY\SYSTEM"])
            .fold(record, |record, (field, value)| record.data(field, value));
        self.log(time, Channel::System, record);
    }

    /// The event log stops, then the kernel.
    pub fn goes_down(&mut self, time: DateTime<Utc>) {
        self.log(
            time - secs(4),
            Channel::System,
            event_log(6006).binary(&[1, 0, 0, 0, 0xef, 0x1b, 1, 0]),
        );
        self.log(time, Channel::System, general(13).data("StopTime", filetime(time)));
    }

    /// TermService starts and listens; it needs the key of its certificate for that.
    pub fn listener_starts(&mut self, time: DateTime<Utc>, key: Key<'_>) {
        let empty = rcm(1155).process(self.term_service, 1328);
        self.log(time, Channel::RcmOperational, empty);
        self.service(time + ms(20), "TermService", 4);
        match key {
            Key::Opens => {}
            Key::NotMade(text) => self.rcm_system(time + ms(310), 1057, 2, &[text], None),
            Key::NotReplaced(text) => self.rcm_system(time + ms(310), 1058, 2, &[text], None),
        }
        let activity = self.dice.guid("f462");
        let made = core(229, 19).data("Name", "CUMRDPProtocolManager").data(
            "CustomLevel",
            "'Creating standard listener:RDP-Tcp' in CUMRDPProtocolManager::CreateListener at \
            4212 err=[0x0]",
        );
        let bound = |protocol: &str| {
            core(129, 18).data("TransportProtocolName", protocol).data("Port", 3389_u32)
        };
        let process = self.term_service;
        for (after, record) in [(420, made), (660, bound("TCP")), (668, bound("UDP"))] {
            self.log(
                time + ms(after),
                Channel::RdpCoreTs,
                record.activity(&activity).process(process, 1196),
            );
        }
        let listening = rcm(258).user_data(event_xml().field("listenerName", "RDP-Tcp"));
        let listening = listening.activity(&activity).process(process, 328);
        self.log(time + ms(700), Channel::RcmOperational, listening);
        let plain = rcm(1136).user("S-1-5-18").process(process, 1720);
        self.log(time + ms(6500), Channel::RcmOperational, plain);
    }

    /// RCM 1056: the service made itself a new certificate.
    pub fn makes_certificate(&mut self, time: DateTime<Utc>) {
        let name = self.name.clone();
        let digest: Vec<u8> =
            (0..20).map(|_| u8::try_from(self.dice.between(0, 256)).unwrap_or(0)).collect();
        self.rcm_system(time, 1056, 4, &[&name], Some(&digest));
    }

    /// A record of TermService in the System log: classic, data without names.
    pub fn rcm_system(
        &mut self,
        time: DateTime<Utc>,
        id: u16,
        level: u8,
        data: &[&str],
        binary: Option<&[u8]>,
    ) {
        let qualifiers = if level == 3 { 32768 } else { 49152 };
        let record = Record::classic(
            "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
            id,
            qualifiers,
        )
        .alias("{C76BAA63-AE81-421C-B425-340B4B24157F}", "TermService")
        .level(level)
        .strings(data.iter().copied());
        let record = match binary {
            Some(bytes) => record.binary(bytes),
            None => record,
        };
        self.log(time, Channel::System, record);
    }

    /// Service Control Manager 7036; the short name and the state stand in the binary part.
    pub fn service(&mut self, time: DateTime<Utc>, name: &str, state: u8) {
        let words = if state == 4 { "running" } else { "stopped" };
        self.service_in_words(time, (name, name), state, words);
    }

    /// The same with the display name and state of another language.
    pub fn service_in_words(
        &mut self,
        time: DateTime<Utc>,
        (name, shown): (&str, &str),
        state: u8,
        words: &str,
    ) {
        let short: Vec<u8> =
            format!("{name}/{state}\0").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let thread = self.thread();
        let record = Record::new("Service Control Manager", 7036)
            .alias("{555908d1-a6d7-4695-8e1e-26931d2012f4}", "Service Control Manager")
            .qualifiers(16384)
            .keywords(0x8080_0000_0000_0000)
            .process(self.lsass - 60, thread)
            .data("param1", shown)
            .data("param2", words)
            .binary(&short);
        self.log(time, Channel::System, record);
    }

    /// EventLog 6013 with the seconds since start and the time zone.
    pub(super) fn uptime(&mut self, time: DateTime<Utc>, seconds: i64) {
        let seconds = seconds.to_string();
        let record = event_log(6013)
            .strings(["", "", "", "", &seconds, "60", "-60 W. Europe Standard Time"])
            .binary(&[0x31, 0, 0x2e, 0, 0x31, 0, 0, 0, 0x30, 0, 0, 0]);
        self.log(time, Channel::System, record);
    }
}

pub(super) fn general(id: u16) -> Record {
    Record::new("Microsoft-Windows-Kernel-General", id)
        .guid("{a68ca8b7-004f-d7b6-a698-07e2de0f1f5d}")
        .process(4, 8)
}

fn kernel_boot() -> Record {
    Record::new("Microsoft-Windows-Kernel-Boot", 20)
        .guid("{15ca44ff-4d7a-4baa-bba5-0998955e531e}")
        .version(1)
        .task(31)
        .user("S-1-5-18")
        .process(4, 8)
        .data("LastShutdownGood", Value::Bool(true))
        .data("LastBootGood", Value::Bool(true))
        .data("LastBootId", 41_u32)
        .data("BootStatusPolicy", 2_u32)
}

fn event_log(id: u16) -> Record {
    Record::classic("EventLog", id, 32768).full_system()
}
