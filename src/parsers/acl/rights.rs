//! One entry of a list of permissions, in whichever notation, and what entries together allow.

use std::sync::LazyLock;

use super::account::Account;
use crate::expression::{Expression, expression};

/// What an account may do with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    None,
    Read,
    Full,
    /// Reading is expressly denied.
    Deny,
}

impl Access {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Full => "full",
            Self::Deny => "deny",
        }
    }
}

/// One entry.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) account: Account,
    pub(super) access: Access,
    pub(super) deny: bool,
    /// For what lies below only.
    pub(super) inherit_only: bool,
}

/// What the entries let an account do, by itself or, for the two services, as one of a group.
pub(super) fn of(account: Account, entries: &[Entry]) -> Access {
    let concerns = |entry: &&Entry| {
        !entry.inherit_only && (entry.account == account || account.is_in(entry.account))
    };
    let reads = |entry: &&Entry| entry.access > Access::None;
    if entries.iter().filter(concerns).filter(reads).any(|entry| entry.deny) {
        return Access::Deny;
    }
    let allowed = entries.iter().filter(concerns).filter(|entry| !entry.deny);
    allowed.map(|entry| entry.access).max().unwrap_or(Access::None)
}

impl Entry {
    fn new(name: &str, access: Access) -> Self {
        Self { account: Account::of(name), access, deny: false, inherit_only: false }
    }

    /// `NT AUTHORITY\SYSTEM has no entry`, as people sum a listing up.
    pub(super) fn retold(text: &str) -> Option<Self> {
        static MISSING: LazyLock<Expression> = LazyLock::new(|| {
            expression(
                r"(?i)^([^:()]+?)\s+(?:has no (?:entry|ace|access|permissions?|rights?)|is (?:missing|not listed))\b",
            )
        });
        let found = MISSING.captures(text.trim())?;
        Some(Self::new(found.get(1)?.as_str(), Access::None))
    }

    /// `BUILTIN\Administrators:(OI)(CI)(F)`, of `cacls` `BUILTIN\Administrators:(OI)F`.
    pub(super) fn of_icacls(text: &str) -> Option<Self> {
        static ENTRY: LazyLock<Expression> = LazyLock::new(|| {
            expression(r"^([^:()]+):((?:\([A-Z][A-Za-z]*(?:,[A-Za-z]+)*\))*)([FRWCN])?\s*$")
        });
        let found = ENTRY.captures(text.trim())?;
        let part = |index| found.get(index).map_or("", |part| part.as_str());
        let (name, groups, letter) = (part(1), part(2), part(3));
        if groups.is_empty() && letter.is_empty() {
            return None;
        }
        let mut entry = Self::new(name, Access::None);
        for group in groups.split(['(', ')']).filter(|group| !group.is_empty()).chain([letter]) {
            match group {
                "IO" => entry.inherit_only = true,
                "DENY" => entry.deny = true,
                // No access at all.
                "N" => (entry.deny, entry.access) = (true, Access::Full),
                rights => entry.access = entry.access.max(of_letters(rights)),
            }
        }
        Some(entry)
    }

    /// The entries of `D:PAI(A;;FA;;;SY)(A;;FR;;;NS)`; owner and group may stand before them.
    pub(super) fn of_sddl(text: &str) -> Option<Vec<Self>> {
        static ENTRY: LazyLock<Expression> =
            LazyLock::new(|| expression(r"\((A|D);([A-Z]*);([0-9A-Za-z]*);[^;]*;[^;]*;([^;)]+)\)"));
        let list = text.trim();
        let list = if list.starts_with("D:") {
            list
        } else {
            list.split_once("D:").filter(|(before, _)| before.starts_with("O:"))?.1
        };
        let of = |found: regex::Captures<'_>| {
            let part = |index| found.get(index).map_or("", |part| part.as_str());
            let mut entry = Self::new(part(4), of_sddl_rights(part(3)));
            entry.deny = part(1) == "D";
            entry.inherit_only = part(2).contains("IO");
            entry
        };
        // What follows `S:` is about auditing.
        let list = list.split_once("S:A").map_or(list, |(list, _)| list);
        let entries: Vec<_> = ENTRY.captures_iter(list).map(of).collect();
        (!entries.is_empty()).then_some(entries)
    }

    /// `NT AUTHORITY\SYSTEM Allow  FullControl`.
    pub(super) fn of_words(text: &str) -> Option<Self> {
        let (name, rights, deny) = match (text.split_once(" Allow "), text.split_once(" Deny ")) {
            (Some((name, rights)), _) => (name, rights, false),
            (None, Some((name, rights))) => (name, rights, true),
            (None, None) => return None,
        };
        Some(Self { account: Account::of(name), deny, ..Self::of_rights(rights.trim()) })
    }

    /// The rights of .NET: `FullControl`, `Read, Synchronize`, or the number of generic ones. The account follows.
    pub(super) fn of_rights(rights: &str) -> Self {
        let words = rights.split(',').map(str::trim);
        let access = words.map(|word| match word {
            "FullControl" => Access::Full,
            "Modify" | "Read" | "ReadAndExecute" | "ReadData" | "ListDirectory" => Access::Read,
            word => word.parse::<i64>().map_or(Access::None, |mask| of_mask(mask as u32)),
        });
        Self::new("", access.max().unwrap_or(Access::None))
    }
}

fn of_letters(rights: &str) -> Access {
    let words = rights.split(',').map(|word| match word {
        "F" | "GA" => Access::Full,
        "R" | "RX" | "M" | "C" | "GR" | "RD" => Access::Read,
        _ => Access::None,
    });
    words.max().unwrap_or(Access::None)
}

fn of_sddl_rights(rights: &str) -> Access {
    if let Some(hex) = rights.strip_prefix("0x") {
        return u32::from_str_radix(hex, 16).map_or(Access::None, of_mask);
    }
    let has = |names: &[&str]| {
        rights.as_bytes().chunks(2).any(|pair| names.iter().any(|name| name.as_bytes() == pair))
    };
    if has(&["FA", "GA"]) {
        Access::Full
    } else if has(&["FR", "GR"]) {
        Access::Read
    } else {
        Access::None
    }
}

/// `FILE_ALL_ACCESS` or `GENERIC_ALL`, else `FILE_READ_DATA` or `GENERIC_READ`.
fn of_mask(mask: u32) -> Access {
    if mask & 0x001f_01ff == 0x001f_01ff || mask & 0x1000_0000 != 0 {
        Access::Full
    } else if mask & 1 != 0 || mask & 0x8000_0000 != 0 {
        Access::Read
    } else {
        Access::None
    }
}
