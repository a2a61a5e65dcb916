//! What a healthy host logs day by day. All of it has been taken for a cause by somebody.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::evtx_writer::{Record, Value, filetime};
use super::{Channel, Host, mins, secs};

impl Host {
    /// So many quiet days from midnight on: DCOM, Schannel of the host's own clients, services that
    /// come and go, policy, time service, virus definitions.
    pub fn healthy_days(&mut self, midnight: DateTime<Utc>, days: i64) {
        for day in 0..days {
            self.healthy_day(midnight + TimeDelta::days(day), day);
        }
    }

    fn healthy_day(&mut self, midnight: DateTime<Utc>, day: i64) {
        for hour in [2, 9, 17] {
            let time = self.some_time(midnight, hour);
            self.dcom_10016(time);
        }
        for hour in [0, 6, 7, 12, 18] {
            let time = self.some_time(midnight, hour);
            self.schannel_36871(time, "client", 10013);
        }
        for hour in [3, 11, 19] {
            let time = self.some_time(midnight, hour);
            let service =
                self.dice.pick(&["wuauserv", "WinHttpAutoProxySvc", "smphost", "AppReadiness"]);
            self.service(time, service, 4);
            self.service(time + mins(7), service, 1);
        }
        for hour in [1, 13] {
            let time = self.some_time(midnight, hour);
            self.applies_policy(time, 1500);
        }
        let morning = self.some_time(midnight, 4);
        self.time_synced(morning);
        let (step, by) = (self.some_time(midnight, 5), self.dice.between(-4, 5));
        self.steps_clock(step, by);
        let definitions = self.some_time(midnight, 10);
        self.gets_definitions(definitions, &format!("1.449.{}.0", 310 + day));
        self.uptime(midnight + mins(11 * 60), 86_400 * (day + 3));
        let any = self.some_time(midnight, 20);
        self.dns_1014(any, "wpad.contoso.example");
    }

    /// Kernel-General 1: the time service moves the clock, by a few milliseconds on most days.
    fn steps_clock(&mut self, time: DateTime<Utc>, by_ms: i64) {
        let new = time + self.clock;
        let record = Record::new("Microsoft-Windows-Kernel-General", 1)
            .guid("{a68ca8b7-004f-d7b6-a698-07e2de0f1f5d}")
            .version(2)
            .task(5)
            .keywords(0x8000_0000_0000_0010)
            .user("S-1-5-19")
            .process(self.lsass + 250, 1204)
            .data("NewTime", filetime(new))
            .data("OldTime", filetime(new - TimeDelta::milliseconds(by_ms)))
            .data("Reason", Value::U32(1))
            .data("ProcessName", r"\Device\HarddiskVolume4\Windows\System32\svchost.exe")
            .data("ProcessID", self.lsass + 250);
        self.log(time, Channel::System, record);
    }

    /// The clock jumps by that much at this (true) time, as when a machine comes back from a snapshot, or
    /// when the time service notices.
    pub fn clock_jumps(&mut self, time: DateTime<Utc>, by: TimeDelta) {
        self.clock += by;
        self.steps_clock(time, by.num_milliseconds());
    }

    fn some_time(&mut self, midnight: DateTime<Utc>, hour: i64) -> DateTime<Utc> {
        midnight + mins(hour * 60) + secs(self.dice.between(0, 3300))
    }
}
