//! Connections that get in, the sessions behind them, and how those end.

use chrono::{DateTime, Utc};

use super::super::evtx_writer::{Node, Record};
use super::connection::{Closing, Connection, event_xml};
use super::{Channel, Host, ms};

/// A session on a server.
#[derive(Debug)]
pub struct Session {
    pub(super) connection: Connection,
    pub(super) user: String,
    pub(super) id: u32,
}

/// How a session ends. The numbers are the reasons of LocalSessionManager 40.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client was closed; the server is told nothing more (0).
    WindowClosed,
    /// Another connection of the same user took it over (5).
    TakenOver,
    /// Idle for longer than the policy allows (3).
    IdleLimit,
    /// Disconnected from the start menu (11).
    Disconnected,
    /// Signed out (12).
    SignedOut,
    /// The network went away below it.
    CutOff,
}

impl Host {
    /// A connection that works, with the throw-away one before it. Gives the session.
    pub fn good_connection(&mut self, time: DateTime<Utc>, client: &Self, user: &str) -> Session {
        self.first_probe(time - ms(2800), client);
        self.connects(time, client, user)
    }

    /// A connection that works, made without asking first.
    pub fn connects(&mut self, time: DateTime<Utc>, client: &Self, user: &str) -> Session {
        let address = client.address.clone();
        let connection = self.accepts(time, &address);
        self.sessions += 1;
        let id = self.sessions;
        self.reaches_mcs(&connection, user);
        self.allows_logon(time + ms(590), user, &address, 3);
        self.reaches_session(&connection, id);
        let session = Session { connection, user: user.to_owned(), id };
        let whom = || event_xml().field("User", user).field("SessionID", id);
        self.lsm(time + ms(1010), 41, Some(&session), whom());
        self.lsm(time + ms(1012), 42, Some(&session), whom());
        self.allows_logon(time + ms(1350), user, &address, 10);
        self.lsm(time + ms(1490), 21, Some(&session), whom().field("Address", address.clone()));
        self.lsm(time + ms(1980), 22, Some(&session), whom().field("Address", address.clone()));
        session
    }

    /// The connection gets as far as licensing, and is sent away with an error of that stage.
    pub fn fails_licensing(&mut self, time: DateTime<Utc>, client: &Self, user: &str, error: u32) {
        let address = client.address.clone();
        let connection = self.accepts(time, &address);
        self.reaches_mcs(&connection, user);
        self.allows_logon(time + ms(590), user, &address, 3);
        let closing = Closing { error_info: Some(error), reason_code: error };
        self.closes(&connection, time + ms(1300), closing);
    }

    /// NLA passes, and then the user may not log on through Remote Desktop: 4625 of type 10, error 9.
    pub fn lacks_the_right(&mut self, time: DateTime<Utc>, client: &Self, user: &str) {
        let address = client.address.clone();
        let connection = self.accepts(time, &address);
        self.reaches_mcs(&connection, user);
        self.allows_logon(time + ms(590), user, &address, 3);
        self.sessions += 1;
        let id = self.sessions;
        self.reaches_session(&connection, id);
        let refusal = super::Refusal::RIGHT_MISSING;
        self.refuses_logon_of_type(time + ms(1400), user, &address, refusal, 10);
        let closing = Closing { error_info: Some(9), reason_code: 9 };
        self.closes(&connection, time + ms(1500), closing);
        let why = event_xml().field("Session", id).field("Reason", 9_u32);
        self.lsm(time + ms(1520), 40, None, why);
    }

    /// The session ends in one of the ways sessions end.
    pub fn ends(&mut self, session: &Session, time: DateTime<Utc>, end: End) {
        let reason = match end {
            End::WindowClosed | End::CutOff => 0,
            End::IdleLimit => 3,
            End::TakenOver => 5,
            End::Disconnected => 11,
            End::SignedOut => 12,
        };
        let connection = session.connection.clone();
        if matches!(end, End::WindowClosed | End::CutOff) {
            self.breaks_off(&connection, time);
        } else {
            self.closes(
                &connection,
                time,
                Closing { error_info: Some(reason), reason_code: reason },
            );
        }
        let why = event_xml().field("Session", session.id).field("Reason", reason);
        self.lsm(time + ms(20), 40, None, why);
        let whom = event_xml().field("User", session.user.clone()).field("SessionID", session.id);
        if end == End::SignedOut {
            self.lsm(time + ms(900), 23, Some(session), whom);
        } else {
            let address = connection.peer;
            self.lsm(time + ms(31), 24, None, whom.field("Address", address));
        }
    }

    /// The line below the session goes dead: the server notices by a time-out.
    pub fn is_lost(&mut self, session: &Session, time: DateTime<Utc>) {
        let connection = session.connection.clone();
        self.times_out(&connection, time);
        let why = event_xml().field("Session", session.id).field("Reason", 0xd000_0001_u32);
        self.lsm(time + ms(20), 40, None, why);
        let whom = event_xml().field("User", session.user.clone()).field("SessionID", session.id);
        self.lsm(time + ms(31), 24, None, whom.field("Address", connection.peer));
    }

    fn lsm(&mut self, time: DateTime<Utc>, id: u16, session: Option<&Session>, payload: Node) {
        let thread = self.thread();
        let record = lsm(id).user_data(payload).process(self.lsass - 40, thread);
        let record = match session {
            Some(session) => record.activity(&session.connection.activity),
            None => record,
        };
        self.log(time, Channel::LsmOperational, record);
    }

    /// LocalSessionManager loads its plug-ins when it starts.
    pub(super) fn session_manager_starts(&mut self, time: DateTime<Utc>) {
        for (number, plugin) in
            (0..).zip(["RDSAppXPlugin", "Remote Audio", "Remote Desktop Help Session Manager"])
        {
            self.lsm(time + ms(number), 32, None, event_xml().field("messageName", plugin));
        }
    }
}

fn lsm(id: u16) -> Record {
    Record::new("Microsoft-Windows-TerminalServices-LocalSessionManager", id)
        .guid("{5d896912-022d-40aa-a3a8-4fa5515c76d7}")
        .keywords(0x1000_0000_0000_0000)
        .user("S-1-5-18")
}
