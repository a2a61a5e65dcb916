//! What a server logs about one connection, from accept to its end: RdpCoreTS and
//! RemoteConnectionManager, tied by one ActivityID.

use chrono::{DateTime, Utc};

use super::super::evtx_writer::{Node, Record, hex32};
use super::{Channel, Host, ms};

/// One connection, as the server knows it.
#[derive(Debug, Clone)]
pub struct Connection {
    pub(super) start: DateTime<Utc>,
    pub(super) activity: String,
    pub(super) peer: String,
    pub(super) name: String,
    thread: u32,
}

/// What `SetErrorInfo` and the disconnect reason carry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    pub(super) error_info: Option<u32>,
    pub(super) reason_code: u32,
}

impl Host {
    /// A connection is accepted and the stack stands ready: what comes next is X.224, TLS and CredSSP, of
    /// which a server logs nothing while they go well.
    pub fn accepts(&mut self, time: DateTime<Utc>, peer: &str) -> Connection {
        let port = self.dice.between(49_200, 65_500);
        self.connections += 1;
        let connection = Connection {
            start: time,
            activity: self.dice.guid("f420"),
            peer: peer.to_owned(),
            name: format!("RDP-Tcp#{}", self.connections),
            thread: self.thread(),
        };
        let number = self.connections;
        let accepted =
            core(131, 15).data("ConnType", "TCP").data("ClientIP", format!("{peer}:{port}"));
        self.core(time, &connection, accepted);
        self.rcm(time + ms(1), 261, None, event_xml().field("listenerName", "RDP-Tcp"));
        let created = core(65, 13).data("ConnectionName", connection.name.clone());
        self.core(time + ms(7), &connection, created);
        self.method(time + ms(9), &connection, "PrepareForAccept");
        self.method(time + ms(11), &connection, "SendPolicyData");
        self.core(time + ms(13), &connection, core(141, 11).data("InstanceID", number));
        connection
    }

    /// The connection dies before MCS: the socket is closed, and nothing says why. The shape of a fault in
    /// TLS or CredSSP, and of every client that goes away by itself.
    pub fn dies_before_mcs(
        &mut self,
        time: DateTime<Utc>,
        peer: &str,
        after_ms: i64,
    ) -> Connection {
        let connection = self.accepts(time, peer);
        self.breaks_off(&connection, time + ms(after_ms));
        connection
    }

    /// Too many connections are under way already: the socket is closed before a connection object is made.
    /// No public log shows this; the order follows from where the limit is checked.
    pub fn turned_away(&mut self, time: DateTime<Utc>, peer: &str) {
        let port = self.dice.between(49_200, 65_500);
        let (activity, thread) = (self.dice.guid("f420"), self.thread());
        let connection = Connection {
            start: time,
            activity,
            peer: peer.to_owned(),
            name: String::new(),
            thread,
        };
        let accepted =
            core(131, 15).data("ConnType", "TCP").data("ClientIP", format!("{peer}:{port}"));
        self.core(time, &connection, accepted);
        self.rcm(time + ms(1), 261, None, event_xml().field("listenerName", "RDP-Tcp"));
        self.core(time + ms(6), &connection, core(102, 17));
        self.core(time + ms(8), &connection, core(103, 17).data("ReasonCode", 0_u32));
    }

    /// The socket was closed by the other end.
    pub fn breaks_off(&mut self, connection: &Connection, time: DateTime<Utc>) {
        self.socket_fails(connection, time, 64);
    }

    /// Nothing came from the other end for too long.
    pub(super) fn times_out(&mut self, connection: &Connection, time: DateTime<Utc>) {
        self.socket_fails(connection, time, 121);
    }

    fn socket_fails(&mut self, connection: &Connection, time: DateTime<Utc>, error: u32) {
        self.core(time, connection, core(143, 15).level(3).data("error", error));
        self.core(time + ms(1), connection, state_error(0x8007_0000 | error));
        self.core(time + ms(2), connection, core(142, 15).level(3).data("error", error));
        let reason = internal(
            0x8007_0057,
            "Failed to get property Disconnect Reason",
            "GetDisconnectReason at 4795",
        );
        self.core(time + ms(3), connection, reason);
        self.core(time + ms(5), connection, core(102, 17));
        self.core(time + ms(7), connection, core(103, 17).data("ReasonCode", 14_u32));
    }

    /// The connection of a client that dies during the TLS handshake, as with every fault of the
    /// listener's key.
    pub fn dies_in_tls(&mut self, time: DateTime<Utc>, client: &Self) -> Connection {
        let after = self.dice.between(1100, 1700);
        let address = client.address.clone();
        self.dies_before_mcs(time, &address, after)
    }

    /// mstsc opens a first connection, learns what the server supports, and drops it.
    pub fn first_probe(&mut self, time: DateTime<Utc>, client: &Self) {
        let after = self.dice.between(24, 60);
        let address = client.address.clone();
        self.dies_before_mcs(time, &address, after);
    }

    /// RdpCoreTS 140 within a connection, and its end.
    pub fn refuses_credentials(&mut self, time: DateTime<Utc>, peer: &str) -> Connection {
        let connection = self.accepts(time, peer);
        let answer = time + ms(self.dice.between(900, 1900));
        self.core(answer, &connection, core(140, 14).level(3).data("IPString", peer));
        self.breaks_off(&connection, answer + ms(14));
        connection
    }

    /// RdpCoreTS 139 within a connection: the security package fails with this error.
    pub fn security_fails(&mut self, time: DateTime<Utc>, peer: &str, code: u32) -> Connection {
        let connection = self.accepts(time, peer);
        let answer = time + ms(self.dice.between(900, 1900));
        let failed = core(139, 14).level(3).data("ResultCode", hex32(code)).data("IPString", peer);
        self.core(answer, &connection, failed);
        self.breaks_off(&connection, answer + ms(14));
        connection
    }

    /// TLS and CredSSP are behind the connection: MCS, capabilities, licensing.
    pub(super) fn reaches_mcs(&mut self, connection: &Connection, user: &str) {
        let time = connection.start + ms(self.dice.between(560, 690));
        let (domain, account) = user.split_once('\\').unwrap_or(("", user));
        let names = event_xml()
            .field("Param1", account)
            .field("Param2", domain)
            .field("Param3", connection.peer.clone());
        self.rcm(time, 1149, Some(connection), names);
        for (after, channel) in [(21, "rdplic"), (23, "rdpcmd")] {
            let opened = core(132, 15).data("ChannelName", channel).data("TunnelID", 1_u32);
            self.core(time + ms(after), connection, opened);
        }
        self.method(time + ms(30), connection, "AcceptConnection");
        let off =
            core(101, 16).level(3).data("ReasonString", "Reason Code: 2(Server Configuration).");
        self.core(time + ms(32), connection, off);
        self.core(time + ms(34), connection, core(104, 15).data("TimezoneBiasHour", "[1]"));
        self.core(
            time + ms(37),
            connection,
            internal(0x8000_4001, "Failed GetConnectionProperty", "QueryProperty at 2884"),
        );
        self.core(time + ms(41), connection, core(98, 15));
        self.core(time + ms(42), connection, core(100, 15));
        self.method(time + ms(48), connection, "OnStartLicensing");
    }

    /// Licensing is done and the client is let into a session.
    pub(super) fn reaches_session(&mut self, connection: &Connection, session: u32) {
        let time = connection.start + ms(self.dice.between(790, 860));
        self.method(time, connection, "SendClientLicense");
        self.method(time + ms(2), connection, "ProtocolComplete");
        self.method(time + ms(60), connection, "AuthenticateClientToSession");
        let assigned =
            core(66, 13).data("ConnectionName", connection.name.clone()).data("SessionID", session);
        self.core(time + ms(75), connection, assigned);
    }

    /// The server ends the connection, with what it tells the client.
    pub(super) fn closes(
        &mut self,
        connection: &Connection,
        time: DateTime<Utc>,
        closing: Closing,
    ) {
        if let Some(code) = closing.error_info {
            self.method(time, connection, &format!("SetErrorInfo(0x{code:x})"));
            self.method(time + ms(2), connection, &format!("PreDisconnect({code})"));
            let trace = "Disconnect trace:'calling spGfxPlugin->PreDisconnect()' in \
            CUMRDPConnection::PreDisconnect at 4595";
            let traced = core(228, 19).level(3).data("ComponentName", "CUMRDPConnection");
            let traced =
                traced.data("Message", format!("{trace} err=[0x{code:x}]")).data("ErrorCode", code);
            self.core(time + ms(3), connection, traced);
        }
        self.core(time + ms(12), connection, core(102, 17));
        self.core(time + ms(15), connection, core(103, 17).data("ReasonCode", closing.reason_code));
    }

    pub(super) fn method(&mut self, time: DateTime<Utc>, connection: &Connection, name: &str) {
        self.core(time, connection, core(72, 13).data("MethodName", name));
    }

    pub(super) fn core(&mut self, time: DateTime<Utc>, connection: &Connection, record: Record) {
        let record =
            record.activity(&connection.activity).process(self.term_service, connection.thread);
        self.log(time, Channel::RdpCoreTs, record);
    }

    pub(super) fn rcm(
        &mut self,
        time: DateTime<Utc>,
        id: u16,
        connection: Option<&Connection>,
        payload: Node,
    ) {
        let thread = self.thread();
        let record = rcm(id).user_data(payload).process(self.term_service, thread);
        let record = match connection {
            Some(connection) => record.activity(&connection.activity),
            None => record,
        };
        self.log(time, Channel::RcmOperational, record);
    }
}

/// An RdpCoreTS record; its opcode says which part of the stack speaks.
pub(super) fn core(id: u16, opcode: u8) -> Record {
    Record::new("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", id)
        .guid("{1139c61b-b549-4251-8ed3-27250a1edec8}")
        .task(4)
        .opcode(opcode)
        .keywords(0x4000_0000_0000_0000)
        .user("S-1-5-20")
}

/// A RemoteConnectionManager record of its own logs.
pub(super) fn rcm(id: u16) -> Record {
    Record::new("Microsoft-Windows-TerminalServices-RemoteConnectionManager", id)
        .guid("{c76baa63-ae81-421c-b425-340b4b24157f}")
        .keywords(0x1000_0000_0000_0000)
        .user("S-1-5-20")
}

/// The payload of RemoteConnectionManager and LocalSessionManager.
pub(super) fn event_xml() -> Node {
    Node::new("EventXML").namespace("Event_NS")
}

fn state_error(code: u32) -> Record {
    core(226, 19)
        .level(3)
        .data("StateTransition", "RDP_TCP")
        .data("PreviousState", 23_u32)
        .data("PreviousStateName", "StateUnknown")
        .data("NewState", 21_u32)
        .data("NewStateName", "StateDisconnected")
        .data("Event", 43_u32)
        .data("EventName", "Event_Disconnect")
        .data("ErrorCode", hex32(code))
}

/// RdpCoreTS 227: level Error, and on every healthy host.
fn internal(code: u32, words: &str, place: &str) -> Record {
    let text = format!("'{words}' in CUMRDPConnection::{place} err=[0x{code:08x}]");
    core(227, 19)
        .level(2)
        .data("Name", "CUMRDPConnection")
        .data("Value", code)
        .data("CustomLevel", text)
}
