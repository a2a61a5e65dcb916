//! A vocabulary for whole cases: what happened on a server and a client, told in the words of a
//! support engineer, written as the logs that Windows would have kept of it.
//!
//! ```ignore
//! let mut server = Host::new("SRV01.contoso.example", "10.20.0.15", Build::SERVER_2022);
//! let mut pc = Host::new("PC07.contoso.example", "10.20.4.31", Build::WINDOWS_11);
//! server.healthy_days(at("2026-11-10 00:00:00"), 5);
//! server.good_connection(at("2026-11-14 08:01:12"), &pc, r"CONTOSO\anna");
//! server.dies_in_tls(at("2026-11-15 08:15:03"), &pc);
//! pc.fails(at("2026-11-15 08:15:03"), &server, 2308);
//! Case::new("name").logs("server", &server, &[Channel::System]).expect(Expected::cause("…"))
//! ```
//!
//! Shapes (levels, keywords, tasks, GUIDs, named or unnamed data) are those of real records; order
//! and timing within a connection are those measured on real hosts. Everything else is invented:
//! example domains, documentation addresses for the internet, names of nobody.
//!
//! * [`host`]: a computer, its clock and its logs; [`channel`]: where they are kept;
//! * [`connection`], [`session`]: what a server logs about one connection and one session;
//! * [`client`]: what the client logs; [`boot`]: starts, stops, the listener;
//! * [`schannel`], [`security`], [`updates`], [`changes`]: single events of these sources;
//! * [`strangers`]: scanners and password guessers; [`noise`]: what every healthy host logs;
//! * [`text`]: tickets, boxes, lists of updates; [`export`]: logs in other forms than files;
//! * [`case`]: the bundle and the truth about it.

mod boot;
mod case;
mod changes;
mod channel;
mod client;
mod connection;
mod dice;
mod export;
mod host;
mod noise;
mod schannel;
mod security;
mod session;
mod strangers;
pub mod text;
mod updates;

pub use boot::Key;
pub use case::{Case, Expected};
pub use channel::Channel;
pub use connection::Connection;
pub use dice::Dice;
pub use export::{utf16, xml, zip};
pub use host::{Build, Host};
pub use security::Refusal;
pub use session::{End, Session};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

/// A time in UTC, from text such as `2026-11-15 08:15:03` or `2026-11-15 08:15:03.250`.
///
/// # Panics
/// When it is no time: descriptions of fixtures are constants.
pub fn at(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
        .expect("a case names a time")
        .and_utc()
}

/// So many milliseconds.
pub fn ms(milliseconds: i64) -> TimeDelta {
    TimeDelta::milliseconds(milliseconds)
}

/// So many seconds.
pub fn secs(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}

/// So many minutes.
pub fn mins(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}
