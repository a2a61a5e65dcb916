//! What the Remote Desktop client logs on its own computer. The log has the disconnect reason, never
//! the extended code: that stands only in the box.

use chrono::{DateTime, Utc};

use super::super::evtx_writer::Record;
use super::{Channel, Host, ms};

impl Host {
    /// A connection that works and goes on until `end`.
    pub fn connected(
        &mut self,
        time: DateTime<Utc>,
        server: &Self,
        end: DateTime<Utc>,
        reason: u32,
    ) {
        let trail = self.trail();
        self.start(&trail, time, server.name());
        self.negotiates(&trail, time + ms(130));
        let address = server.address.clone();
        self.client(time + ms(700), &trail, named(1102, "ServerAddress", &address));
        self.client(time + ms(740), &trail, client(1103));
        self.client(time + ms(1600), &trail, client(1025));
        self.client(end, &trail, client(1105));
        self.disconnects(&trail, end + ms(3), reason);
    }

    /// The server answers X.224, then closes the socket: TLS or CredSSP never comes to its end.
    pub fn is_cut_off(&mut self, time: DateTime<Utc>, server: &Self, reason: u32) {
        let trail = self.trail();
        self.start(&trail, time, server.name());
        self.negotiates(&trail, time + ms(90));
        let after = ms(self.dice.between(1250, 1900));
        self.disconnects(&trail, time + after, reason);
    }

    /// The socket opens and is closed again before the server answers X.224.
    pub fn is_turned_away(&mut self, time: DateTime<Utc>, server: &Self, reason: u32) {
        let trail = self.trail();
        self.start(&trail, time, server.name());
        self.disconnects(&trail, time + ms(94), reason);
    }

    /// TLS and CredSSP work; the server says no later on.
    pub fn is_sent_away(&mut self, time: DateTime<Utc>, server: &Self, reason: u32) {
        let trail = self.trail();
        self.start(&trail, time, server.name());
        self.negotiates(&trail, time + ms(90));
        self.disconnects(&trail, time + ms(1600), reason);
    }

    /// The name is not found: 1007, and nothing is sent.
    pub fn finds_no_address(&mut self, time: DateTime<Utc>, server: &Self) {
        let trail = self.trail();
        self.start(&trail, time, server.name());
        let unknown = client(1007).level(3).data("TraceMessage", "DNS lookup failed");
        self.client(time + ms(40), &trail, unknown.data("Error Code", 11001_u32));
        self.disconnects(&trail, time + ms(48), 260);
    }

    /// Nobody answers at all.
    pub fn gets_no_answer(&mut self, time: DateTime<Utc>, server: &Self, reason: u32) {
        let trail = self.trail();
        self.start(&trail, time, server.name());
        self.disconnects(&trail, time + ms(21_060), reason);
    }

    fn trail(&mut self) -> String {
        self.dice.guid("")
    }

    fn start(&mut self, trail: &str, time: DateTime<Utc>, server: &str) {
        self.client(time, trail, named(1024, "Server Name", server));
    }

    fn negotiates(&mut self, trail: &str, time: DateTime<Utc>) {
        self.client(time, trail, client(1028).data("TraceMessage", "supported"));
        let user = "kR1bX0oS5n8dQe2vTzYw7LhUcAE=-";
        self.client(time + ms(22), trail, client(1029).data("TraceMessage", user));
    }

    fn disconnects(&mut self, trail: &str, time: DateTime<Utc>, reason: u32) {
        let record = client(1026).opcode(11).data("Name", "Disconnect Reason");
        self.client(time, trail, record.data("Value", reason).data("CustomLevel", "Info"));
    }

    fn client(&mut self, time: DateTime<Utc>, trail: &str, record: Record) {
        let thread = self.thread();
        let record = record.activity(trail).process(self.term_service + 6800, thread);
        self.log(time, Channel::RdpClient, record);
    }
}

fn client(id: u16) -> Record {
    Record::new("Microsoft-Windows-TerminalServices-ClientActiveXCore", id)
        .guid("{28aa95bb-d444-4719-a36f-40462168127e}")
        .task(101)
        .opcode(10)
        .keywords(0x4000_0000_0000_0000)
        .user("S-1-5-21-1004336348-1177238915-682003330-1187")
}

fn named(id: u16, name: &str, value: &str) -> Record {
    client(id).data("Name", name).data("Value", value).data("CustomLevel", "Info")
}
