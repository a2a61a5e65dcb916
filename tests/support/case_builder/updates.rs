//! Updates and upgrades, as WindowsUpdateClient, Servicing and Setup log them.

use chrono::{DateTime, Utc};

use super::super::evtx_writer::{Node, Record, guid, hex32};
use super::{Build, Channel, Host, mins, secs};

impl Host {
    /// A cumulative update: downloaded, installed, and active only after a restart. System 44, 43, 19; Setup 1, 4.
    pub fn installs(&mut self, time: DateTime<Utc>, kb: &str, title: &str) {
        let title = format!("{title} ({kb})");
        self.update(time - mins(38), 44, &title);
        self.update(time - mins(17), 43, &title);
        self.servicing(time - mins(16), 1, kb, "Installed");
        self.servicing(time - secs(20), 4, kb, "Installed");
        self.update(time, 19, &title);
    }

    /// Setup 2: the restart is over and the update is in place.
    pub fn update_is_active(&mut self, time: DateTime<Utc>, kb: &str) {
        self.servicing(time, 2, kb, "Installed");
    }

    /// The daily definitions of the virus scanner: System 43 and 19, and no restart.
    pub fn gets_definitions(&mut self, time: DateTime<Utc>, version: &str) {
        let title = format!(
            "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version \
            {version}) - Current Channel (Broad)"
        );
        self.update(time, 43, &title);
        self.update(time + secs(19), 19, &title);
    }

    /// Setup 2003 and 2004: the computer has become another version of Windows.
    pub fn was_upgraded(
        &mut self,
        time: DateTime<Utc>,
        (from, from_name): (Build, &str),
        to_name: &str,
    ) {
        let setup = |id, task, keywords| {
            Record::new("Microsoft-Windows-Setup", id)
                .guid("{75ebc33e-997f-49cf-b49f-ecc50184b75d}")
                .task(task)
                .keywords(keywords)
                .user("S-1-5-18")
                .process(1220, 1224)
        };
        let host = setup(2003, 3000, 0x2000_8000_0000_0000)
            .data("HostOSName", from_name)
            .data("Installwasanupgrade", "true")
            .data("HostOSwasWindowsPE", "false")
            .data("HostOSmajorversion", 10_u32)
            .data("HostOSminorversion", 0_u32)
            .data("HostOSbuildversion", from.0)
            .data("HostOSservicepackName", "")
            .data("HostOSservicepackmajorversion", 0_u32)
            .data("HostOSservicepackminorversion", 0_u32);
        self.log(time, Channel::System, host);
        let build = self.build.0;
        let system = setup(2004, 4000, 0x2000_4000_0000_0000)
            .data("OSName", to_name)
            .data("OSEditionID", "ServerStandard")
            .data("OSmajorversion", 10_u32)
            .data("OSminorversion", 0_u32)
            .data("OSbuildversion", build)
            .data("OSservicepackName", "")
            .data("OSservicepackmajorversion", 0_u32)
            .data("OSservicepackminorversion", 0_u32);
        self.log(time + secs(2), Channel::System, system);
    }

    /// From now on the computer runs another build.
    pub fn runs(&mut self, build: Build) {
        self.build = build;
    }

    fn update(&mut self, time: DateTime<Utc>, id: u16, title: &str) {
        let (opcode, keywords) = match id {
            19 => (13, 0x8000_0000_0000_0018),
            43 => (13, 0x8000_0000_0000_2008),
            _ => (12, 0x8000_0000_0000_2004),
        };
        let update = self.dice.guid("");
        let thread = self.thread();
        let record = Record::new("Microsoft-Windows-WindowsUpdateClient", id)
            .guid("{945a8954-c147-4acd-923f-40c45405a658}")
            .version(1)
            .task(1)
            .opcode(opcode)
            .keywords(keywords)
            .user("S-1-5-18")
            .process(self.lsass + 4120, thread)
            .data("updateTitle", title)
            .data("updateGuid", guid(&update))
            .data("updateRevisionNumber", 200_u32);
        let record = if id == 19 {
            record.data("serviceGuid", guid("{855e8a7c-ecb4-4ca3-b045-1dfa50104289}"))
        } else {
            record
        };
        self.log(time, Channel::System, record);
    }

    fn servicing(&mut self, time: DateTime<Utc>, id: u16, kb: &str, state: &str) {
        let root = |name| {
            Node::new(name)
                .namespace("http://manifests.microsoft.com/win/2004/08/windows/setup_provider")
        };
        let payload = if id == 1 {
            let change = root("CbsPackageInitiateChanges").field("PackageIdentifier", kb);
            let change = change
                .field("InitialPackageState", 5080_u32)
                .field("InitialPackageStateTextized", "Absent");
            change
                .field("IntendedPackageState", 5112_u32)
                .field("IntendedPackageStateTextized", state)
        } else {
            let change = root("CbsPackageChangeState").field("PackageIdentifier", kb);
            let change = change
                .field("IntendedPackageState", 5112_u32)
                .field("IntendedPackageStateTextized", state);
            change.field("ErrorCode", hex32(0))
        };
        let thread = self.thread();
        let record = Record::new("Microsoft-Windows-Servicing", id)
            .guid("{bd12f3b8-fc40-4a61-a307-b7a013a069c1}")
            .level(0)
            .task(1)
            .user("S-1-5-18")
            .process(self.lsass + 5000, thread)
            .user_data(payload.field("Client", "UpdateAgentLCU"));
        self.log(time, Channel::Setup, record);
    }
}
