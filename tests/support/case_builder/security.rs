//! The Security log: logons allowed and refused. With NLA they are of type 3 first.

use chrono::{DateTime, Utc};

use super::super::evtx_writer::{Node, Record, guid, hex32, hex64, sid};
use super::{Channel, Host};

/// Why a logon is refused: `Status`, `SubStatus`, `FailureReason`.
#[derive(Debug, Clone, Copy)]
pub struct Refusal(pub u32, pub u32, pub &'static str);

impl Refusal {
    pub const WRONG_PASSWORD: Self = Self(0xc000_006d, 0xc000_006a, "%%2313");
    pub const NO_SUCH_USER: Self = Self(0xc000_006d, 0xc000_0064, "%%2313");
    pub const LOCKED_OUT: Self = Self(0xc000_0234, 0, "%%2307");
    pub const NO_LOGON_SERVER: Self = Self(0xc000_005e, 0, "%%2304");
    pub const RIGHT_MISSING: Self = Self(0xc000_015b, 0, "%%2308");
    pub const CLOCKS_DIFFER: Self = Self(0xc000_0133, 0, "%%2304");

    /// What the security package says, when it is not about the credentials.
    fn security_error(self) -> Option<u32> {
        match self.0 {
            0xc000_005e => Some(0x8009_0311),
            0xc000_0133 => Some(0x8009_0324),
            _ => None,
        }
    }
}

impl Host {
    /// 4624.
    pub fn allows_logon(&mut self, time: DateTime<Utc>, user: &str, address: &str, kind: u32) {
        let (domain, account) = user.split_once('\\').unwrap_or((self.short_name(), user));
        let (domain, account) = (domain.to_owned(), account.to_owned());
        let logon = self.dice.next() % 0xff_ffff;
        let (process, package) =
            if kind == 3 { ("Kerberos", "Kerberos") } else { ("User32 ", "Negotiate") };
        let record = subject(audit(4624, 12544).version(2))
            .data("TargetUserSid", sid("S-1-5-21-1004336348-1177238915-682003330-1187"))
            .data("TargetUserName", account)
            .data("TargetDomainName", domain)
            .data("TargetLogonId", hex64(logon))
            .data("LogonType", kind)
            .data("LogonProcessName", process)
            .data("AuthenticationPackageName", package)
            .data("WorkstationName", "-")
            .data("LogonGuid", guid("{00000000-0000-0000-0000-000000000000}"))
            .data("TransmittedServices", "-")
            .data("LmPackageName", "-")
            .data("KeyLength", 0_u32)
            .data("ProcessId", hex64(0))
            .data("ProcessName", "-")
            .data("IpAddress", address)
            .data("IpPort", "0")
            .data("ImpersonationLevel", "%%1833")
            .data("RestrictedAdminMode", "-")
            .data("TargetOutboundUserName", "-")
            .data("TargetOutboundDomainName", "-")
            .data("VirtualAccount", "%%1843")
            .data("TargetLinkedLogonId", hex64(0))
            .data("ElevatedToken", "%%1842");
        self.log_audit(time, record);
    }

    /// 4625 of type 3, as NLA gives it.
    pub fn refuses_logon(
        &mut self,
        time: DateTime<Utc>,
        user: &str,
        address: &str,
        refusal: Refusal,
    ) {
        self.refuses_logon_of_type(time, user, address, refusal, 3);
    }

    /// 4625 of any type: 3 for NLA, 10 for the session after it.
    pub fn refuses_logon_of_type(
        &mut self,
        time: DateTime<Utc>,
        user: &str,
        address: &str,
        refusal: Refusal,
        kind: u32,
    ) {
        let (domain, account) = user.split_once('\\').unwrap_or(("", user));
        let Refusal(status, sub_status, reason) = refusal;
        let (process, package) = match (kind, status) {
            (10, _) => ("User32 ", "Negotiate"),
            (_, 0xc000_0133) => ("Kerberos", "Kerberos"),
            _ => ("NtLmSsp ", "NTLM"),
        };
        let record = subject(audit(4625, 12544).keywords(0x8010_0000_0000_0000))
            .data("TargetUserSid", sid("S-1-0-0"))
            .data("TargetUserName", account)
            .data("TargetDomainName", domain)
            .data("Status", hex32(status))
            .data("FailureReason", reason)
            .data("SubStatus", hex32(sub_status))
            .data("LogonType", kind)
            .data("LogonProcessName", process)
            .data("AuthenticationPackageName", package)
            .data("WorkstationName", "-")
            .data("TransmittedServices", "-")
            .data("LmPackageName", "-")
            .data("KeyLength", 0_u32)
            .data("ProcessId", hex64(0))
            .data("ProcessName", "-")
            .data("IpAddress", address)
            .data("IpPort", "0");
        self.log_audit(time, record);
    }

    /// 4733: somebody is taken out of a group.
    pub fn leaves_group(&mut self, time: DateTime<Utc>, member: &str, group: (&str, &str)) {
        let domain = self.short_name().to_owned();
        let record = audit(4733, 13826)
            .data("MemberName", "-")
            .data("MemberSid", sid(member))
            .data("TargetUserName", group.0)
            .data("TargetDomainName", "Builtin")
            .data("TargetSid", sid(group.1))
            .data("SubjectUserSid", sid("S-1-5-21-1004336348-1177238915-682003330-500"))
            .data("SubjectUserName", "adm-kurt")
            .data("SubjectDomainName", domain)
            .data("SubjectLogonId", hex64(0x3_6311))
            .data("PrivilegeList", "-");
        self.log_audit(time, record);
    }

    /// A client whose logon is refused: 4625, and in the same second RdpCoreTS 140 for credentials that are
    /// wrong, 139 with the error of the security package for everything else.
    pub fn refuses(&mut self, time: DateTime<Utc>, client: &Self, user: &str, refusal: Refusal) {
        let address = client.address.clone();
        match refusal.security_error() {
            None => self.refuses_credentials(time, &address),
            Some(code) => self.security_fails(time, &address, code),
        };
        self.refuses_logon(time + super::ms(880), user, &address, refusal);
    }

    /// The log was emptied by somebody: Eventlog 1102 in Security, 104 in System for any other.
    pub fn clears(&mut self, time: DateTime<Utc>, channel: Channel, by: &str) {
        let domain = self.short_name().to_owned();
        let cleared = Node::new("LogFileCleared")
            .namespace("http://manifests.microsoft.com/win/2004/08/windows/eventlog");
        let (id, place, cleared) = if channel == Channel::Security {
            let by_whom = cleared
                .field("SubjectUserSid", sid("S-1-5-21-1004336348-1177238915-682003330-500"));
            let by_whom = by_whom.field("SubjectUserName", by).field("SubjectDomainName", domain);
            (1102, Channel::Security, by_whom.field("SubjectLogonId", hex64(0x3_6311)))
        } else {
            let by_whom = cleared.field("SubjectUserName", by).field("SubjectDomainName", domain);
            (104, Channel::System, by_whom.field("Channel", channel.name()).field("BackupPath", ""))
        };
        self.lose_before(channel, time);
        let record = Record::new("Microsoft-Windows-Eventlog", id)
            .guid("{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}")
            .task(104)
            .keywords(if id == 1102 { 0x4020_0000_0000_0000 } else { 0x8000_0000_0000_0000 })
            .process(self.lsass + 320, 3088)
            .user_data(cleared);
        let record = if id == 104 {
            record.user("S-1-5-21-1004336348-1177238915-682003330-500")
        } else {
            record
        };
        self.log(time, place, record);
    }

    fn log_audit(&mut self, time: DateTime<Utc>, record: Record) {
        let thread = self.thread();
        let record = record.process(self.lsass, thread);
        self.log(time, Channel::Security, record);
    }
}

/// A record of the Security log: level 0, success.
pub(super) fn audit(id: u16, task: u16) -> Record {
    Record::new("Microsoft-Windows-Security-Auditing", id)
        .guid("{54849625-5478-4994-a5ba-3e3b0328c30d}")
        .level(0)
        .task(task)
        .keywords(0x8020_0000_0000_0000)
}

fn subject(record: Record) -> Record {
    record
        .data("SubjectUserSid", sid("S-1-0-0"))
        .data("SubjectUserName", "-")
        .data("SubjectDomainName", "-")
        .data("SubjectLogonId", hex64(0))
}
