//! What single events say about an attempt.
//!
//! Meanings and order: Microsoft's operational logs as seen in real records; `SetErrorInfo` codes: MS-RDPBCGR 2.2.5.1.1;
//! client disconnect reasons: `IMsTscAxEvents::OnDisconnected`.

use crate::cause::Stage;
use crate::event::{Event, parse_code};

const CORE: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
const RCM: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
const LSM: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";
const CLIENT: &str = "Microsoft-Windows-TerminalServices-ClientActiveXCore";

/// The events this module understands.
pub(super) static WANTED: &[(&str, &[u32])] = &[
    (CORE, &[65, 66, 72, 98, 100, 102, 103, 104, 131, 132, 135, 139, 140, 141]),
    (RCM, &[261, 1149]),
    (LSM, &[21, 22, 23, 24, 25, 40]),
    (CLIENT, &[1024, 1025, 1026, 1027, 1028, 1029, 1102, 1103]),
];

/// What one event adds to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Entered a stage.
    Reached(Stage, &'static str),
    /// TCP accepted: begins an attempt.
    Accepted,
    /// RemoteConnectionManager heard of a connection. Where RdpCoreTS is missing it is all that is known of one.
    Heard,
    BadCredentials,
    SecurityError(Option<u32>),
    Authenticated,
    PastSecurity(&'static str),
    /// Given a session; the user may still be refused.
    Assigned,
    LoggedOn(&'static str),
    /// Logged on, with a desktop.
    Desktop(&'static str),
    ErrorInfo(u32),
    Closed(&'static str),
    Reason(Option<u32>),
    /// The client begins an attempt.
    ClientStart,
    /// The client gives up or is cut off.
    ClientEnd(Option<u32>),
}

impl Step {
    /// Reads an event; `None` when it says nothing about an attempt.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let id = event.event_id?;
        if event.is_from(CORE) {
            core(id, event)
        } else if event.is_from(RCM) {
            match id {
                261 => Some(Self::Heard),
                1149 => Some(Self::Authenticated),
                _ => None,
            }
        } else if event.is_from(LSM) {
            lsm(id, event)
        } else if event.is_from(CLIENT) {
            client(id, event)
        } else {
            None
        }
    }

    /// Whether it may begin an attempt that has no ActivityID.
    pub(super) fn begins(self) -> bool {
        matches!(self, Self::Accepted | Self::ClientStart)
    }

    /// Whether RdpCoreTS wrote it, which tells how far a connection got.
    pub(super) fn is_of_core(self, event: &Event) -> bool {
        self.opens() && event.is_from(CORE)
    }

    /// Whether it belongs to the making of a connection, not to the end of a session.
    pub(super) fn opens(self) -> bool {
        !matches!(self, Self::Closed(_) | Self::Reason(_) | Self::ErrorInfo(_) | Self::ClientEnd(_))
    }

    /// The words for the attempt's trail.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Reached(_, label)
            | Self::PastSecurity(label)
            | Self::LoggedOn(label)
            | Self::Desktop(label)
            | Self::Closed(label) => label,
            Self::Accepted => "TCP connection accepted",
            Self::Heard => "listener received a connection",
            Self::Assigned => "connection assigned to a session",
            Self::BadCredentials => "user name or password not correct",
            Self::SecurityError(_) => "security layer error, client disconnected",
            Self::Authenticated => "user authentication succeeded (CredSSP passed)",
            Self::ErrorInfo(_) => "server sent error information",
            Self::Reason(_) => "session disconnected with a reason",
            Self::ClientStart => "client tries to connect",
            Self::ClientEnd(_) => "client disconnected",
        }
    }
}

fn core(id: u32, event: &Event) -> Option<Step> {
    Some(match id {
        131 if event.field("ConnType").is_some_and(|kind| kind.eq_ignore_ascii_case("UDP")) => {
            return None;
        }
        131 => Step::Accepted,
        65 => Step::Reached(Stage::X224, "connection object made"),
        141 => Step::Reached(Stage::Tls, "security negotiation begins"),
        139 => Step::SecurityError(event.code("ResultCode")),
        140 => Step::BadCredentials,
        98 | 100 | 104 | 132 | 135 => Step::PastSecurity("channels and capabilities (MCS reached)"),
        66 => Step::Assigned,
        102 | 103 => Step::Closed("connection closed"),
        72 => method(event.field("MethodName")?)?,
        _ => return None,
    })
}

/// RdpCoreTS 72 names the method that was called on the connection.
fn method(name: &str) -> Option<Step> {
    if let Some(rest) = name.split_once("SetErrorInfo(").map(|(_, rest)| rest) {
        return match parse_code(rest.trim_end_matches(')'))? {
            0 => None,
            code => Some(Step::ErrorInfo(code)),
        };
    }
    Some(match name {
        _ if name.contains("PrepareForAccept") => {
            Step::Reached(Stage::X224, "stack ready for the connection")
        }
        _ if name.contains("SendClientLicense") || name.contains("ProtocolComplete") => {
            Step::Reached(Stage::Session, "licensing finished")
        }
        _ if name.contains("OnStartLicensing") => Step::PastSecurity("licensing begins"),
        _ if name.contains("AuthenticateClientToSession") => {
            Step::Reached(Stage::Session, "client is let into a session")
        }
        _ => return None,
    })
}

fn lsm(id: u32, event: &Event) -> Option<Step> {
    // `LOCAL` is the console: not a remote connection.
    let local = event.field("Address").is_some_and(|address| address.eq_ignore_ascii_case("LOCAL"));
    Some(match id {
        21 | 22 | 25 if local => return None,
        21 => Step::LoggedOn("session logon succeeded"),
        22 => Step::Desktop("shell started"),
        25 => Step::Desktop("session reconnected"),
        40 => Step::Reason(event.code("Reason")),
        23 => Step::Closed("session logged off"),
        24 => Step::Closed("session disconnected"),
        _ => return None,
    })
}

fn client(id: u32, event: &Event) -> Option<Step> {
    Some(match id {
        1024 => Step::ClientStart,
        1028 => Step::Reached(Stage::Tls, "server answered and supports TLS"),
        1029 => Step::Reached(Stage::CredSsp, "client has credentials"),
        1102 => Step::Reached(Stage::Tcp, "client resolved the server's address"),
        1103 => Step::PastSecurity("multi-transport established"),
        1025 => Step::LoggedOn("client connected"),
        1027 => Step::LoggedOn("client logged on to a session"),
        1026 => Step::ClientEnd(event.code("Value")),
        _ => return None,
    })
}
