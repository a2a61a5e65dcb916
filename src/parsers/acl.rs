//! Permissions of the key folder: `icacls` and `cacls`, `icacls /save`, the lists of `Get-Acl`.
//!
//! ```text
//! C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys Everyone:(R,W)
//!                                                 BUILTIN\Administrators:(F)
//! ```
//!
//! The listener's own certificate has its key in `f686aace6942fb7f7ceb231212eef4a4_<MachineGuid>`, which TermService opens
//! as NETWORK SERVICE. One event an object says what the accounts that matter may do with it. Names of accounts are
//! translated (`account`), rights are not. Only objects of the key folders are told: of others a ticket holds plenty.

mod account;
mod rights;

use std::sync::LazyLock;

use self::account::Account;
use self::rights::Entry;
use super::damage::{self, Damage};
use super::{Parser, Sink};
use crate::event::{Event, Timestamp};
use crate::expression::{Expression, expression};
use crate::source::Source;

/// Permissions of the key folder.
pub struct Acl;

impl Parser for Acl {
    fn format(&self) -> &'static str {
        "acl"
    }

    fn sniff(&self, source: &Source) -> bool {
        let text = source.text_head();
        let mut of_a_key = false;
        text.lines().any(|line| match (object(line), property(line)) {
            (Some((_, rest)), _) => {
                of_a_key = true;
                Entry::of_icacls(rest).or_else(|| Entry::retold(rest)).is_some()
            }
            (None, Some(("FileSystemRights", _))) => true,
            (None, Some(("Path" | "PSPath", path))) => {
                of_a_key = object(without_provider(path)).is_some();
                false
            }
            (None, Some(("Access" | "AccessToString", entry))) => {
                of_a_key && Entry::of_words(entry).is_some()
            }
            (None, _) => of_a_key && Entry::of_sddl(line).is_some(),
        })
    }

    fn parse(&self, source: &Source, sink: &mut dyn Sink) {
        let Some(mut lines) = damage::lines(source, sink) else { return };
        let damage = Damage::new(source, "list of permissions");
        let mut reader = Reader { objects: Vec::new(), open: false, blanks: 0, damage };
        for (number, line) in lines.by_ref() {
            reader.line(number, &line, sink);
        }
        let Reader { objects, damage, .. } = reader;
        damage.finish(sink);
        damage::report(&lines, source, sink);
        let listing = listing(&objects, source);
        let known: Vec<_> =
            objects.into_iter().filter(|object| !object.entries.is_empty()).collect();
        let unnamed = known.iter().filter(|object| object.path.is_empty()).count();
        for (place, object) in known.iter().enumerate() {
            sink.event(object.event(place, unnamed, source));
        }
        if let Some(event) = listing {
            sink.event(event);
        }
    }
}

/// The path of a key folder or of a file in it at the beginning of a line, and what follows.
fn object(line: &str) -> Option<(&str, &str)> {
    static PATH: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?ix)^((?:[a-z]:\\|\\\\|%)[^:*?]*?\\(?:MachineKeys|Crypto\\Keys)(?:\\[^\\\s:]*)*
            |(?:MachineKeys|Keys)(?:\\[^\\\s:]+)?
            |[0-9a-f]{32}_[0-9a-f-]{36})(?:\s+|:\s|$)(.*)$",
        )
    });
    let found = PATH.captures(line.trim_start_matches('\u{feff}').trim_end())?;
    Some((found.get(1)?.as_str(), found.get(2)?.as_str()))
}

/// `Name : value` of a PowerShell list.
fn property(line: &str) -> Option<(&str, &str)> {
    let (name, data) = line.split_once(" :")?;
    let name = name.trim_end();
    (!name.is_empty() && !name.contains(' ')).then(|| (name, data.trim()))
}

/// `Microsoft.PowerShell.Core\FileSystem::C:\…` without what PowerShell puts in front.
fn without_provider(path: &str) -> &str {
    path.rsplit_once("::").map_or(path, |(_, path)| path)
}

/// A file or folder with its permissions.
struct Object {
    line: u64,
    /// Empty when the list does not tell, as `Get-Acl | Select -Expand Access`.
    path: String,
    entries: Vec<Entry>,
}

impl Object {
    fn kind(&self) -> &'static str {
        match self.file() {
            None => "folder",
            Some(name) if is_rdp_key(name) => "rdp-key",
            Some(_) => "other-key",
        }
    }

    /// The file's name, when it is no folder.
    fn file(&self) -> Option<&str> {
        let name = self.path.trim_end_matches('\\').rsplit('\\').next()?;
        let is_folder =
            ["machinekeys", "keys"].iter().any(|known| name.eq_ignore_ascii_case(known));
        (!is_folder && !name.is_empty()).then_some(name)
    }

    /// `place` among the objects of the file, of which `unnamed` have no path.
    fn event(&self, place: usize, unnamed: usize, source: &Source) -> Event {
        // Microsoft's collector writes the folder and then the listener's key, and the path of neither.
        let kind = match (self.path.is_empty(), unnamed, place) {
            (false, ..) => self.kind(),
            (true, 2, 0) => "folder",
            (true, 2, _) => "rdp-key",
            (true, ..) => "unknown",
        };
        let mut event = Event::text("acl", Timestamp::Undated, source.line(self.line));
        if !self.path.is_empty() {
            event = event.with("Path", &self.path);
        }
        event = event.with("Object", kind);
        for account in
            [Account::NetworkService, Account::System, Account::Administrators, Account::Everyone]
        {
            event = event.with(account.field(), rights::of(account, &self.entries).as_str());
        }
        event
    }
}

fn is_rdp_key(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("f686aace6942fb7f7ceb231212eef4a4")
}

/// What a recursive listing of the folder shows: whether the listener's key is among the files.
fn listing(objects: &[Object], source: &Source) -> Option<Event> {
    let in_folder = |object: &&Object| object.path.to_ascii_lowercase().contains("machinekeys\\");
    let files: Vec<_> =
        objects.iter().filter(in_folder).filter_map(|object| object.file()).collect();
    let folder = objects.iter().any(|object| object.kind() == "folder" && !object.path.is_empty());
    if !folder || files.is_empty() {
        return None;
    }
    let there = files.iter().any(|name| is_rdp_key(name));
    Some(
        Event::text("acl", Timestamp::Undated, source.whole())
            .with("Object", "listing")
            .with("Files", files.len().to_string())
            .with("RdpKey", if there { "present" } else { "absent" }),
    )
}

struct Reader {
    objects: Vec<Object>,
    /// Whether further lines may belong to the last object.
    open: bool,
    /// Blank lines in a row; PowerShell puts one between blocks of a list and more between lists.
    blanks: u32,
    damage: Damage,
}

impl Reader {
    fn line(&mut self, number: u64, line: &str, sink: &mut dyn Sink) {
        if line.trim().is_empty() {
            self.blanks += 1;
            return;
        }
        let blanks = std::mem::take(&mut self.blanks);
        if let Some((path, rest)) = object(line) {
            self.open(number, path);
            match Entry::of_icacls(rest).or_else(|| Entry::retold(rest)) {
                Some(entry) => self.add(entry),
                // With nothing behind the path, the list is in the next line (SDDL) or the next property.
                None if rest.is_empty() => {}
                None => {
                    self.open = false;
                    let what = "the permissions of this object could not be read";
                    self.damage.one(format_args!("line {number}"), what, sink);
                }
            }
        } else if let Some((name, value)) = property(line) {
            self.property(number, name, value, blanks);
        } else if self.open {
            self.entry(line);
        }
    }

    fn open(&mut self, line: u64, path: &str) {
        self.objects.push(Object { line, path: path.to_owned(), entries: Vec::new() });
        self.open = true;
    }

    fn add(&mut self, entry: Entry) {
        if let Some(object) = self.objects.last_mut() {
            object.entries.push(entry);
        }
    }

    fn entry(&mut self, line: &str) {
        if let Some(entries) = Entry::of_sddl(line) {
            entries.into_iter().for_each(|entry| self.add(entry));
        } else if line.starts_with(char::is_whitespace) {
            // Of icacls, else a further line of `Access :` in a list of Get-Acl.
            match Entry::of_icacls(line.trim()).or_else(|| Entry::of_words(line.trim())) {
                Some(entry) => self.add(entry),
                None => self.open = false,
            }
        } else {
            self.open = false;
        }
    }

    fn property(&mut self, number: u64, name: &str, value: &str, blanks: u32) {
        match name {
            "Path" | "PSPath" | "FullName" => match object(without_provider(value)) {
                Some((path, _)) => self.open(number, path),
                None => self.open = false,
            },
            "Access" | "AccessToString" if self.open => {
                if let Some(entry) = Entry::of_words(value) {
                    self.add(entry);
                }
            }
            "FileSystemRights" => {
                let fresh = self.objects.last().is_none_or(|object| object.path.is_empty());
                if !self.open || (blanks > 2 && fresh) {
                    self.open(number, "");
                }
                self.add(Entry::of_rights(value));
            }
            "AccessControlType" => self.change(|entry| entry.deny = value == "Deny"),
            "IdentityReference" => self.change(|entry| entry.account = Account::of(value)),
            "PropagationFlags" => {
                self.change(|entry| entry.inherit_only = value.contains("InheritOnly"))
            }
            _ => {}
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.objects.last_mut().and_then(|object| object.entries.last_mut()) {
            change(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parsers::testing::{parse, source};

    #[test]
    fn the_folder_and_its_files_as_icacls_lists_them() {
        let text = "C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys Everyone:(R,W)\r\n\
            \x20                                               BUILTIN\\Administrators:(F)\r\n\r\n\
            C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\\f686aace6942fb7f7ceb231212eef4a4_7989b711-2e3f-4107-9aae-fb8df2e3b958 NT AUTHORITY\\SYSTEM:(F)\r\n\
            \x20      NT SERVICE\\SessionEnv:(F)\r\n\r\n\
            C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\\76944fb33636aeddb9590521c2e8815a_7989b711-2e3f-4107-9aae-fb8df2e3b958: Access is denied.\r\n\
            Successfully processed 2 files; Failed processing 1 files\r\n";
        insta::assert_snapshot!(parse(&Acl, text), @r#"
        line 1: undated, acl Path="C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys" Object="folder" NetworkService="read" System="full" Administrators="full" Everyone="read"
        line 4: undated, acl Path="C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\\f686aace6942fb7f7ceb231212eef4a4_7989b711-2e3f-4107-9aae-fb8df2e3b958" Object="rdp-key" NetworkService="none" System="full" Administrators="none" Everyone="none"
        whole file: undated, acl Object="listing" Files="2" RdpKey="present"
        line 7: notice: the permissions of this object could not be read (lost: 1 list of permissions)
        "#);
    }

    #[test]
    fn names_of_accounts_in_other_languages_and_code_pages() {
        let key = "f686aace6942fb7f7ceb231212eef4a4_7989b711-2e3f-4107-9aae-fb8df2e3b958";
        for (network, system, admins) in [
            (
                "NT-AUTORITÄT\\Netzwerkdienst",
                "NT-AUTORITÄT\\SYSTEM",
                "VORDEFINIERT\\Administratoren",
            ),
            (
                "AUTORITE NT\\SERVICE R\u{201a}SEAU",
                "AUTORITE NT\\Syst\u{160}me",
                "BUILTIN\\Administrateurs",
            ),
            ("S-1-5-20", "S-1-5-18", "S-1-5-32-544"),
            ("NT AUTHORITY\\Servicio de red", "NT AUTHORITY\\SYSTEM", "BUILTIN\\Administradores"),
        ] {
            let text = format!("{key} {network}:(R)\n    {system}:(F)\n    {admins}:(RX)\n");
            let found = crate::parsers::testing::collect(&Acl, &source(&text));
            let fields = ["NetworkService", "System", "Administrators"];
            let values: Vec<_> =
                fields.iter().filter_map(|name| found.events.first()?.field(name)).collect();
            assert_eq!(values, ["read", "full", "read"], "{text}");
        }
    }

    #[test]
    fn a_denial_beats_what_a_group_may_do() {
        let text = "C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\\f686aace6942fb7f7ceb231212eef4a4_x \
            NT AUTHORITY\\NETWORK SERVICE:(DENY)(R)\n   Everyone:(R)\n   BUILTIN\\Administrators:(OI)(CI)(IO)(F)\n";
        insta::assert_snapshot!(parse(&Acl, text), @r#"line 1: undated, acl Path="C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\\f686aace6942fb7f7ceb231212eef4a4_x" Object="rdp-key" NetworkService="deny" System="read" Administrators="none" Everyone="read""#);
    }

    #[test]
    fn summed_up_by_people() {
        let text = "C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys: NT AUTHORITY\\SYSTEM has no entry\r\n";
        insta::assert_snapshot!(parse(&Acl, text), @r#"line 1: undated, acl Path="C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys" Object="folder" NetworkService="none" System="none" Administrators="none" Everyone="none""#);
    }

    #[test]
    fn saved_as_sddl() {
        let text = "MachineKeys\r\nD:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)\r\n\
            MachineKeys\\f686aace6942fb7f7ceb231212eef4a4_7989b711-2e3f-4107-9aae-fb8df2e3b958\r\n\
            D:AI(A;;FA;;;SY)(A;;FR;;;NS)(D;;FR;;;S-1-1-0)\r\n";
        insta::assert_snapshot!(parse(&Acl, text), @r#"
        line 1: undated, acl Path="MachineKeys" Object="folder" NetworkService="read" System="full" Administrators="full" Everyone="read"
        line 3: undated, acl Path="MachineKeys\\f686aace6942fb7f7ceb231212eef4a4_7989b711-2e3f-4107-9aae-fb8df2e3b958" Object="rdp-key" NetworkService="deny" System="deny" Administrators="none" Everyone="deny"
        whole file: undated, acl Object="listing" Files="1" RdpKey="present"
        "#);
    }

    #[test]
    fn the_blocks_of_get_acl_for_folder_and_key() {
        let block = |rights: &str, who: &str| {
            format!(
                "FileSystemRights  : {rights}\nAccessControlType : Allow\nIdentityReference : {who}\nIsInherited       : False\n\
                 InheritanceFlags  : None\nPropagationFlags  : None\n\n"
            )
        };
        let text = format!(
            "\n\n{}{}\n\n\n\n{}{}",
            block("Write, Read, Synchronize", "Everyone"),
            block("FullControl", "BUILTIN\\Administrators"),
            block("FullControl", "NT AUTHORITY\\SYSTEM"),
            block("Read, Synchronize", "NT AUTHORITY\\NETWORK SERVICE"),
        );
        insta::assert_snapshot!(parse(&Acl, text), @r#"
        line 3: undated, acl Object="folder" NetworkService="read" System="full" Administrators="full" Everyone="read"
        line 21: undated, acl Object="rdp-key" NetworkService="read" System="full" Administrators="none" Everyone="none"
        "#);
    }

    #[test]
    fn the_list_of_get_acl() {
        let text = "\nPath   : Microsoft.PowerShell.Core\\FileSystem::C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys\n\
            Owner  : NT AUTHORITY\\SYSTEM\nAccess : Everyone Allow  Write, Read, Synchronize\n\
            \x20        BUILTIN\\Administrators Allow  FullControl\nAudit  :\n\
            Sddl   : O:SYG:SYD:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)\n";
        insta::assert_snapshot!(parse(&Acl, text), @r#"line 2: undated, acl Path="C:\\ProgramData\\Microsoft\\Crypto\\RSA\\MachineKeys" Object="folder" NetworkService="read" System="full" Administrators="full" Everyone="read""#);
    }
}
