//! Numbers with names: what the client and the server call the end of a connection.
//!
//! Sources: `IMsTscAxEvents::OnDisconnected` and `ExtendedDisconnectReasonCode` of the Windows documentation, and
//! MS-RDPBCGR 2.2.5.1.1 for the values on the wire. The pair names no cause; it says who noticed what.

use std::fmt;

use crate::cause::Stage;

/// The two numbers of the client's dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisconnectReason {
    /// `discReason`, such as 0x904.
    pub error: u32,
    /// `ExtendedDisconnectReason`, such as 0x7; not every source tells it.
    pub extended: Option<u32>,
}

/// What the first number says.
#[derive(Debug)]
struct Reason {
    code: u32,
    meaning: &'static str,
    /// The stages a connection can have died in for the client to show this.
    stages: &'static [Stage],
}

use Stage::{Admission, CredSsp, Licensing, Mcs, Name, Running, Session, Tcp, Tls, X224};

/// A socket that was open and then closed: past TCP, before anything better could be said.
const CLOSED: &[Stage] = &[Admission, X224, Tls, CredSsp, Mcs, Session, Running];

static REASONS: &[Reason] = &[
    Reason { code: 0x104, meaning: "the server's name could not be resolved", stages: &[Name] },
    Reason { code: 0x106, meaning: "the client ran out of memory", stages: &[] },
    Reason { code: 0x108, meaning: "the connection attempt timed out", stages: &[Tcp, X224] },
    Reason { code: 0x204, meaning: "no connection could be made (TCP)", stages: &[Tcp] },
    Reason { code: 0x206, meaning: "the client ran out of memory", stages: &[] },
    Reason { code: 0x208, meaning: "the host was not found", stages: &[Name] },
    Reason { code: 0x304, meaning: "sending on the socket failed", stages: &[Running] },
    Reason { code: 0x306, meaning: "the client ran out of memory", stages: &[] },
    Reason { code: 0x308, meaning: "the IP address is not valid", stages: &[Name] },
    Reason { code: 0x404, meaning: "receiving on the socket failed", stages: CLOSED },
    Reason { code: 0x406, meaning: "the security data is not valid", stages: &[X224, Tls] },
    Reason { code: 0x506, meaning: "the encryption method is not valid", stages: &[X224] },
    Reason { code: 0x508, meaning: "the server's name could not be resolved", stages: &[Name] },
    Reason { code: 0x604, meaning: "the server's name could not be resolved", stages: &[Name] },
    Reason {
        code: 0x606,
        meaning: "the server's security data is not valid",
        stages: &[X224, Tls],
    },
    Reason {
        code: 0x704,
        meaning: "the server did not answer in time",
        stages: &[Tcp, Admission, X224, Session],
    },
    Reason {
        code: 0x706,
        meaning: "the server's certificate could not be unpacked",
        stages: &[Tls],
    },
    Reason { code: 0x804, meaning: "the IP address is not valid", stages: &[Name] },
    Reason { code: 0x807, meaning: "the logon failed", stages: &[CredSsp] },
    Reason { code: 0x808, meaning: "licensing failed", stages: &[Licensing] },
    Reason {
        code: 0x904,
        meaning: "the socket was closed by the other end or something in between",
        stages: CLOSED,
    },
    Reason {
        code: 0x907,
        meaning: "the server's certificate is not the expected one",
        stages: &[Tls],
    },
    Reason { code: 0x908, meaning: "licensing timed out", stages: &[Licensing] },
    Reason { code: 0xa07, meaning: "there is no such user", stages: &[CredSsp] },
    Reason { code: 0xb07, meaning: "the account is disabled", stages: &[CredSsp] },
    Reason {
        code: 0xb09,
        meaning: "the server requires NLA and the client cannot do it",
        stages: &[X224],
    },
    Reason { code: 0xc07, meaning: "the account is restricted", stages: &[CredSsp, Session] },
    Reason { code: 0xd07, meaning: "the account is locked", stages: &[CredSsp] },
    Reason { code: 0xe06, meaning: "the server demands FIPS encryption", stages: &[X224] },
    Reason { code: 0xe07, meaning: "the account has expired", stages: &[CredSsp] },
    Reason { code: 0xe08, meaning: "reconnecting failed", stages: &[Tcp, Running] },
    Reason {
        code: 0xe09,
        meaning: "the server does not support Restricted Admin",
        stages: &[CredSsp],
    },
    Reason { code: 0xf07, meaning: "the password has expired", stages: &[CredSsp] },
    Reason {
        code: 0x1007,
        meaning: "the account may not log on at this hour",
        stages: &[CredSsp, Session],
    },
    Reason {
        code: 0x1107,
        meaning: "the account may only log on elsewhere",
        stages: &[CredSsp, Session],
    },
    Reason { code: 0x1207, meaning: "the password must be changed first", stages: &[CredSsp] },
    Reason {
        code: 0x1307,
        meaning: "this kind of logon is not granted to the account",
        stages: &[CredSsp, Session],
    },
    Reason {
        code: 0x1607,
        meaning: "policy forbids delegating credentials to this server",
        stages: &[CredSsp],
    },
    Reason { code: 0x1707, meaning: "NTLM only, and policy forbids it", stages: &[CredSsp] },
    Reason {
        code: 0x1807,
        meaning: "no authority could be contacted to authenticate",
        stages: &[CredSsp],
    },
    Reason { code: 0x1b07, meaning: "the server's certificate has expired", stages: &[Tls] },
    Reason {
        code: 0x1d07,
        meaning: "the clocks of client and server differ too much",
        stages: &[CredSsp],
    },
    Reason { code: 0x2107, meaning: "the server refuses saved credentials", stages: &[CredSsp] },
    Reason {
        code: 0x2407,
        meaning: "the account may not have permission to sign in remotely",
        stages: &[CredSsp, Session],
    },
];

/// Meanings of the second number (0x0 to 0x10b), and whether a session simply ended.
static EXTENDED: &[(u32, &str, bool)] = &[
    (0x0, "nothing more is known", false),
    (0x1, "an administrator's tool disconnected it", true),
    (0x2, "an administrator's tool logged it off", true),
    (0x3, "the idle limit was reached", true),
    (0x4, "the session's time limit was reached", true),
    (0x5, "another connection took the session", true),
    (0x6, "the server ran out of memory", false),
    (0x7, "the server denied the connection", false),
    (0x8, "the server denied the connection for FIPS reasons", false),
    (0x9, "the user lacks the right to connect", false),
    (0xa, "the server refuses saved credentials", false),
    (0xb, "the user disconnected it", true),
    (0xc, "the user logged off", true),
    (0x100, "licensing: internal error", false),
    (0x101, "licensing: no licence server", false),
    (0x102, "licensing: no licence available", false),
    (0x103, "licensing: a message was not valid", false),
    (0x104, "licensing: the hardware id does not match", false),
    (0x105, "licensing: the client's licence is not valid", false),
    (0x106, "licensing: the protocol did not finish", false),
    (0x107, "licensing: the client ended it", false),
    (0x108, "licensing: a message was badly encrypted", false),
    (0x109, "licensing: the licence could not be upgraded", false),
    (0x10a, "licensing: the server is not licensed for remote connections", false),
    (0x10b, "licensing: the client's licence store cannot be written", false),
];

impl DisconnectReason {
    /// Whether a session simply ended: closed by the user, an administrator or a limit.
    #[must_use]
    pub fn is_normal_end(self) -> bool {
        let ended = |code: u32| EXTENDED.iter().any(|(known, _, normal)| *known == code && *normal);
        match self.extended {
            Some(extended) if ended(extended) => true,
            Some(0) | None => matches!(self.error, 0x1 | 0x2),
            Some(_) => false,
        }
    }

    /// The stages a connection can have died in for the client to show this; empty when it does not tell.
    #[must_use]
    pub fn stages(self) -> &'static [Stage] {
        if matches!(self.extended, Some(0x100..=0x10b)) {
            return &[Licensing];
        }
        REASONS.iter().find(|reason| reason.code == self.error).map_or(&[], |reason| reason.stages)
    }

    /// What the numbers mean, in words.
    #[must_use]
    pub fn meaning(self) -> String {
        let error =
            REASONS.iter().find(|reason| reason.code == self.error).map(|reason| reason.meaning);
        let extended = self.extended.and_then(error_info).filter(|_| self.extended != Some(0));
        match (error, extended) {
            (Some(error), Some(extended)) => format!("{error}; {extended}"),
            (Some(error), None) => error.to_owned(),
            (None, Some(extended)) => extended.to_owned(),
            (None, None) => "not a documented code".to_owned(),
        }
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.error)?;
        match self.extended {
            Some(extended) => write!(f, "/{extended:#x}"),
            None => Ok(()),
        }
    }
}

/// What the server's error information (`SetErrorInfo`, LocalSessionManager 40) means.
#[must_use]
pub fn error_info(code: u32) -> Option<&'static str> {
    EXTENDED.iter().find(|(known, _, _)| *known == code).map(|(_, meaning, _)| *meaning)
}

/// Whether the server's error information says that a session simply ended.
#[must_use]
pub fn is_normal_error_info(code: u32) -> bool {
    EXTENDED.iter().any(|(known, _, normal)| *known == code && *normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pair_is_an_observation_and_not_a_cause() {
        let pair = DisconnectReason { error: 0x904, extended: Some(7) };
        assert_eq!(pair.to_string(), "0x904/0x7");
        assert_eq!(
            pair.meaning(),
            "the socket was closed by the other end or something in between; the server denied the connection"
        );
        assert!(!pair.is_normal_end());
        assert!(!pair.stages().contains(&Tcp), "a blocked port never had a socket to close");
    }

    #[test]
    fn sessions_that_ended_are_no_failures() {
        for extended in [1, 2, 3, 4, 5, 0xb, 0xc] {
            assert!(DisconnectReason { error: 0x3, extended: Some(extended) }.is_normal_end());
        }
        assert!(DisconnectReason { error: 0x2, extended: None }.is_normal_end());
        assert!(!DisconnectReason { error: 0x3, extended: Some(7) }.is_normal_end());
        assert!(!DisconnectReason { error: 0x904, extended: Some(0) }.is_normal_end());
    }
}
