//! Schannel in the System log. From Windows 11 21H2 on the records begin with the calling program.

use chrono::{DateTime, Utc};

use super::super::evtx_writer::{Record, hex32};
use super::{Build, Channel, Host};

impl Host {
    /// 36870: the private key of the server's certificate cannot be used.
    pub fn schannel_36870(&mut self, time: DateTime<Utc>, code: u32) {
        let record = self.schannel(36870).data("Type", "server").data("ErrorCode", hex32(code));
        self.log_schannel(time, record.data("ErrorStatus", 10001_u32));
    }

    /// 36871: no credential can be made, on one side of TLS.
    pub fn schannel_36871(&mut self, time: DateTime<Utc>, side: &str, state: u32) {
        let record = self.schannel(36871).data("Type", side).data("ErrorState", state);
        self.log_schannel(time, record);
    }

    /// 36874: a client came that offers no usable cipher suite.
    pub fn schannel_36874(&mut self, time: DateTime<Utc>, protocol: &str) {
        let record = self.schannel(36874).data("Protocol", protocol);
        self.log_schannel(time, record);
    }

    /// 36888: a fatal alert was sent.
    pub fn schannel_36888(&mut self, time: DateTime<Utc>, alert: u32, state: u32) {
        let record = self.schannel(36888).data("AlertDesc", alert).data("ErrorState", state);
        let record =
            if self.build >= Build(17134, 0) { record.data("TargetName", "") } else { record };
        self.log_schannel(time, record);
    }

    fn schannel(&self, id: u16) -> Record {
        let record = Record::new("Schannel", id)
            .guid("{1f678132-5938-4686-9fdc-c8ff68f15c85}")
            .level(2)
            .user("S-1-5-18");
        if self.build >= Build(22000, 0) {
            record.data("CallerProcessId", self.lsass).data("CallerProcessImageName", "lsass.exe")
        } else {
            record
        }
    }

    fn log_schannel(&mut self, time: DateTime<Utc>, record: Record) {
        let thread = self.thread();
        let record = record.process(self.lsass, thread);
        self.log(time, Channel::System, record);
    }
}
