//! `rdpwhy collect`: the PowerShell script that collects a bundle, made from what the causes ask for. It is printed, not
//! run: nothing here touches a machine.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::signatures::{Collect, Database, Side};

static FRAME: &str = include_str!("collect.ps1");
static SERVER: &str = include_str!("server.ps1");
static CLIENT: &str = include_str!("client.ps1");

/// Which end of the connection the script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The computer that is connected to; a gateway and a broker too.
    Server,
    /// The computer somebody sits at.
    Client,
}

impl End {
    /// The folder in the bundle, which tells `analyze` what the computer was.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    /// Whether what stands on `side` can be collected at this end.
    #[must_use]
    pub fn has(self, side: Side) -> bool {
        match side {
            Side::Either => true,
            Side::Client => self == Self::Client,
            Side::Server | Side::Gateway | Side::Broker => self == Self::Server,
            Side::DomainController => false,
        }
    }

    fn part(self) -> &'static str {
        match self {
            Self::Server => SERVER,
            Self::Client => CLIENT,
        }
    }
}

/// The script for one end.
#[must_use]
pub fn script(db: &Database, end: End) -> String {
    let list = channels(db, end).into_iter().map(|channel| format!("    '{channel}'"));
    // CRLF: Notepad of older servers shows a script without it as one line.
    FRAME
        .replace("@@PART@@", end.part())
        .replace("@@CHANNELS@@", &list.collect::<Vec<_>>().join(",\n"))
        .replace("@@BY_HAND@@", by_hand(db, end).trim_end())
        .replace("@@SIDE@@", end.as_str())
        .replace("@@VERSION@@", env!("CARGO_PKG_VERSION"))
        .replace('\n', "\r\n")
}

/// The event logs that causes ask for at this end.
#[must_use]
pub fn channels(db: &Database, end: End) -> BTreeSet<&str> {
    let wanted = asked(db).filter(|collect| end.has(collect.side));
    wanted.filter_map(|collect| collect.channel.as_deref()).collect()
}

fn asked(db: &Database) -> impl Iterator<Item = &Collect> {
    db.causes().values().flat_map(|cause| &cause.collect)
}

/// What causes ask for that no script at this end can give: from people, other computers and other products.
fn by_hand(db: &Database, end: End) -> String {
    let mut seen = BTreeSet::new();
    let mut text = String::from("What the script could not collect. Add what you can.\n\n");
    for collect in asked(db) {
        let elsewhere = collect.side == Side::DomainController;
        let by_people = collect.channel.is_none() && collect.script.is_none();
        if !(elsewhere || by_people && end.has(collect.side)) || !seen.insert(&collect.item) {
            continue;
        }
        let of = if elsewhere { "From a domain controller: " } else { "" };
        let _ = writeln!(text, "- {of}{}: {}", collect.item.trim(), collect.why.trim());
    }
    // A here-string ends at a line that begins with these two.
    text.replace("\n'@", "\n '@")
}
