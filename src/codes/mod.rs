//! Numbers with names. The tables are data, `signatures/codes/`; here stands what the pipeline asks of them: what the
//! client and the server call the end of a connection.
//!
//! The pair of the client's dialog names no cause; it says who noticed what.

mod table;

use std::fmt;

pub use table::{Code, Family, families, family};

use crate::cause::Stage;

/// The two numbers of the client's dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisconnectReason {
    /// `discReason`, such as 0x904.
    pub error: u32,
    /// `ExtendedDisconnectReason`, such as 0x7; not every source tells it.
    pub extended: Option<u32>,
}

fn reason(code: u32) -> Option<&'static Code> {
    family("disconnect-reason")?.find(code)
}

fn extended(code: u32) -> Option<&'static Code> {
    family("extended-reason")?.find(code)
}

impl DisconnectReason {
    /// Whether a session simply ended: closed by the user, an administrator or a limit.
    #[must_use]
    pub fn is_normal_end(self) -> bool {
        match self.extended {
            Some(0) | None => reason(self.error).is_some_and(|row| row.normal_end),
            Some(code) => is_normal_error_info(code),
        }
    }

    /// The stages a connection can have died in for the client to show this; empty when it does not tell.
    #[must_use]
    pub fn stages(self) -> &'static [Stage] {
        let said = self.extended.and_then(extended).filter(|row| !row.stages.is_empty());
        said.or_else(|| reason(self.error)).map_or(&[], |row| row.stages.as_slice())
    }

    /// What the numbers mean, in words.
    #[must_use]
    pub fn meaning(self) -> String {
        let by_gateway = || family("gateway")?.find(self.error);
        let error = reason(self.error).filter(|row| row.code != 0).or_else(by_gateway);
        let extended = self.extended.filter(|code| *code != 0).and_then(extended);
        let words: Vec<_> =
            [error, extended].into_iter().flatten().map(|row| row.meaning.as_str()).collect();
        if words.is_empty() { "not a documented code".to_owned() } else { words.join("; ") }
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
    extended(code).map(|row| row.meaning.as_str())
}

/// Whether the server's error information says that a session simply ended.
#[must_use]
pub fn is_normal_error_info(code: u32) -> bool {
    extended(code).is_some_and(|row| row.normal_end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Stage::Tcp;

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
