//! What administrators and policies change, and what the domain around a server does.

use chrono::{DateTime, Utc};

use super::super::evtx_writer::{Record, binary};
use super::{Channel, Host};

impl Host {
    /// PowerShell 4104: a script as it ran.
    pub fn runs_script(&mut self, time: DateTime<Utc>, path: &str, text: &str) {
        let block = self.dice.guid("").trim_matches(['{', '}']).to_owned();
        let thread = self.thread();
        let record = Record::new("Microsoft-Windows-PowerShell", 4104)
            .guid("{a0c1853b-5c40-4b15-8766-3cf1c58f985a}")
            .version(1)
            .level(5)
            .task(2)
            .opcode(15)
            .keywords(0)
            .user("S-1-5-18")
            .process(self.lsass + 6400, thread)
            .data("MessageNumber", 1)
            .data("MessageTotal", 1)
            .data("ScriptBlockText", text)
            .data("ScriptBlockId", block)
            .data("Path", path);
        self.log(time, Channel::PowerShell, record);
    }

    /// A GroupPolicy record of the System log: 1500 nothing new, 1502 new settings applied.
    pub fn applies_policy(&mut self, time: DateTime<Utc>, id: u16) {
        let activity = self.dice.guid("");
        let record = Record::new("Microsoft-Windows-GroupPolicy", id)
            .guid("{aea1b4fa-97d1-45f2-a64c-4d69fffd92c9}")
            .opcode(1)
            .user("S-1-5-18")
            .activity(&activity)
            .process(self.lsass + 360, 2652)
            .data("SupportInfo1", 1_u32)
            .data("SupportInfo2", 4195_u32)
            .data("ProcessingMode", 0_u32)
            .data("ProcessingTimeInMilliseconds", 1310_u32)
            .data("DCName", r"\\DC01.contoso.example");
        let record =
            if id == 1502 { record.data("NumberOfGroupPolicyObjects", 4_u32) } else { record };
        self.log(time, Channel::System, record);
    }

    /// GroupPolicy 1129: no network path to a domain controller.
    pub fn policy_finds_no_controller(&mut self, time: DateTime<Utc>) {
        let activity = self.dice.guid("");
        let record = Record::new("Microsoft-Windows-GroupPolicy", 1129)
            .guid("{aea1b4fa-97d1-45f2-a64c-4d69fffd92c9}")
            .level(2)
            .user("S-1-5-18")
            .activity(&activity)
            .process(self.lsass + 360, 2168)
            .data("SupportInfo1", 1_u32)
            .data("SupportInfo2", 2044_u32)
            .data("ProcessingMode", 0_u32)
            .data("ProcessingTimeInMilliseconds", 2891_u32)
            .data("ErrorCode", 1222_u32)
            .data("ErrorDescription", "The network is not present or not started. ");
        self.log(time, Channel::System, record);
    }

    /// NETLOGON 5719: no secure channel to the domain.
    pub fn netlogon_5719(&mut self, time: DateTime<Utc>, domain: &str) {
        let record = Record::classic("NETLOGON", 5719, 0).full_system().level(2);
        self.log(
            time,
            Channel::System,
            record.strings([domain, "%%1311"]).binary(&[0x5e, 0, 0, 0xc0]),
        );
    }

    /// LsaSrv 6041, on a client: the server's CredSSP is older than the client allows.
    pub fn lsasrv_6041(&mut self, time: DateTime<Utc>, target: &str, version: &str) {
        let record = Record::classic("LsaSrv", 6041, 0)
            .alias("{199fe037-2b82-40a9-82ac-e1d46c792b99}", "LsaSrv")
            .level(2)
            .strings([target, version]);
        self.log(time, Channel::System, record);
    }

    /// A RemoteConnectionManager record of its Admin log.
    pub fn rcm_admin(&mut self, time: DateTime<Utc>, id: u16, level: u8) {
        let record = super::connection::rcm(id).level(level).keywords(0x4000_0000_0000_0000);
        let record = record.process(self.term_service, 1044);
        self.log(time, Channel::RcmAdmin, record);
    }

    /// Firewall 2005 (2097 on newer builds adds, this one changes): the built-in rule of Remote Desktop.
    pub fn changes_rdp_rule(&mut self, time: DateTime<Utc>, action: u32, active: u32, from: &str) {
        let texts = [
            ("RuleId", "RemoteDesktop-UserMode-In-TCP"),
            ("RuleName", "Remote Desktop - User Mode (TCP-In)"),
        ];
        let record = Record::new("Microsoft-Windows-Windows Firewall With Advanced Security", 2005)
            .guid("{d1bc9aff-2abf-4d71-9146-ecb2a986eb85}")
            .keywords(0x8000_0200_0000_0000)
            .user("S-1-5-19")
            .process(self.lsass + 900, 1816);
        let record =
            texts.into_iter().fold(record, |record, (name, value)| record.data(name, value));
        let record = record
            .data("Origin", 1_u32)
            .data("ApplicationPath", r"C:\Windows\system32\svchost.exe")
            .data("ServiceName", "termservice")
            .data("Direction", 1_u32)
            .data("Protocol", 6_u32)
            .data("LocalPorts", "3389")
            .data("RemotePorts", "*")
            .data("Action", action)
            .data("Profiles", 2_147_483_647_u32)
            .data("LocalAddresses", "*")
            .data("RemoteAddresses", from)
            .data("RemoteMachineAuthorizationList", "")
            .data("RemoteUserAuthorizationList", "")
            .data("EmbeddedContext", "@FirewallAPI.dll,-28752")
            .data("Flags", 1_u32)
            .data("Active", active)
            .data("EdgeTraversal", 0_u32)
            .data("LooseSourceMapped", 0_u32)
            .data("SecurityOptions", 0_u32)
            .data("ModifyingUser", "S-1-5-21-1004336348-1177238915-682003330-500")
            .data("ModifyingApplication", r"C:\Windows\System32\mmc.exe")
            .data("SchemaVersion", 543_u32)
            .data("RuleStatus", 65536_u32)
            .data("LocalOnlyMapped", 0_u32);
        self.log(time, Channel::Firewall, record);
    }

    /// Time-Service 37 and 35: a source answers, and is followed.
    pub(super) fn time_synced(&mut self, time: DateTime<Utc>) {
        let source = "DC01.contoso.example (ntp.d|0x0|0.0.0.0:123->10.20.0.10:123)";
        for (id, name) in
            [(37, "TMP_EVENT_TIME_SOURCE_REACHABLE"), (35, "TMP_EVENT_TIME_SOURCE_CHOSEN")]
        {
            let record = Record::new("Microsoft-Windows-Time-Service", id)
                .guid("{06edcfeb-0fd0-4e53-acca-a6f8bbf81bcb}")
                .user("S-1-5-19")
                .process(self.lsass + 250, 2708)
                .data_name(name)
                .data("TimeSource", source);
            self.log(time + super::ms(i64::from(37 - id) * 40), Channel::System, record);
        }
    }

    /// DistributedCOM 10016: on every Windows, about nothing.
    pub(super) fn dcom_10016(&mut self, time: DateTime<Utc>) {
        let values = [
            "application-specific",
            "Local",
            "Activation",
            "{2593F8B9-4EAF-457C-B68A-50F6B8EA6B54}",
            "{15C20B67-12E7-4BB6-92BB-7AFF07997402}",
            "NT AUTHORITY",
            "SYSTEM",
            "S-1-5-18",
            "LocalHost (Using LRPC)",
            "Unavailable",
            "Unavailable",
        ];
        let record = Record::new("Microsoft-Windows-DistributedCOM", 10016)
            .alias("{1b562e86-b7aa-4131-badc-b6f3a001407e}", "DCOM")
            .qualifiers(0)
            .level(3)
            .keywords(0x8080_0000_0000_0000)
            .user("S-1-5-18")
            .process(self.lsass + 200, 1044);
        let record = (1..)
            .zip(values)
            .fold(record, |record, (number, value)| record.data(&format!("param{number}"), value));
        self.log(time, Channel::System, record);
    }

    /// DNS-Client 1014: no server answered for this name in time.
    pub fn dns_1014(&mut self, time: DateTime<Utc>, name: &str) {
        let record = Record::new("Microsoft-Windows-DNS-Client", 1014)
            .guid("{1c95126e-7eea-49a9-a3fe-a378b03ddb4d}")
            .level(3)
            .task(1014)
            .keywords(0x4000_0000_1000_0000)
            .user("S-1-5-20")
            .process(self.lsass + 700, 2112)
            .data("QueryName", name)
            .data("AddressLength", 16_u32)
            .data("Address", binary(&[2, 0, 0, 53, 10, 20, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0]));
        self.log(time, Channel::System, record);
    }
}
