//! Whose a file is, where its content does not say: by the logs that lie beside it, then by how its collector named it.
//!
//! | collector | what names the machine |
//! |---|---|
//! | MSRD-Collect | `MSRD-Results-HOST-20261118_0914`, `HOST_SystemInfo/`, `HOST_Networking/` |
//! | TSS, psSDP, Evt-Collect | `TSS_HOST_261118-091400_SDP`, `HOST_evt_System.evtx`, `Evt-Results-HOST-20261118_091400` |
//! | Velociraptor | `Collection-HOST_domain-2026-11-18T09_14_00Z`; paths inside are percent-encoded |
//! | Intune | `DiagLogs-HOST-20261118T091400Z` |
//! | KAPE, CyLR | `2026-11-18T091400_HOST.zip!C/…`, `HOST.zip!C/…` |
//! | ours | `rdpwhy-server-HOST-20261118T091400Z` |

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::{HostKey, HostRoles};
use crate::expression::{Expression, expression};

/// Computers by the folders in which their logs lie.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// In the folder itself.
    direct: BTreeMap<String, Lies>,
    /// Anywhere below it.
    below: BTreeMap<String, Lies>,
}

#[derive(Debug, Clone)]
enum Lies {
    One(Arc<str>),
    Several,
}

impl Lies {
    fn one(&self) -> Option<&Arc<str>> {
        match self {
            Self::One(name) => Some(name),
            Self::Several => None,
        }
    }
}

impl Places {
    /// Takes note that a file is of a computer.
    pub(crate) fn claim(&mut self, path: &str, computer: &Arc<str>) {
        let Some(key) = HostKey::new(computer) else { return };
        let put = |map: &mut BTreeMap<String, Lies>, folder: &str| {
            let slot =
                map.entry(folder.to_owned()).or_insert_with(|| Lies::One(Arc::clone(computer)));
            if slot.one().is_some_and(|known| HostKey::new(known).as_ref() != Some(&key)) {
                *slot = Lies::Several;
            }
        };
        put(&mut self.direct, folder(path));
        folders(path).for_each(|folder| put(&mut self.below, folder));
    }

    /// The computer of a file that names none, see [`Places::beside`] and [`Places::around`].
    pub(crate) fn host(&self, path: &str) -> Option<Arc<str>> {
        self.beside(path).or_else(|| self.around(path))
    }

    /// The only computer whose logs lie in the folder of a file, or the one that its collector names.
    pub(crate) fn beside(&self, path: &str) -> Option<Arc<str>> {
        let direct = self.direct.get(folder(path)).and_then(Lies::one).cloned();
        direct.or_else(|| self.named(path))
    }

    /// The only computer of the nearest folder around a file that has logs. What lies in a folder of the one side is not
    /// looked for in that of the other.
    pub(crate) fn around(&self, path: &str) -> Option<Arc<str>> {
        if self.direct.contains_key(folder(path)) {
            return None;
        }
        for around in folders(path) {
            if let Some(lies) = self.below.get(around) {
                return lies.one().cloned();
            }
            let last = around.rsplit(['/', '!']).next().unwrap_or_default();
            if role(last) != HostRoles::default() {
                return None;
            }
        }
        None
    }

    /// The computer that the path names, as its logs spell it where it has some.
    fn named(&self, path: &str) -> Option<Arc<str>> {
        let name = collected_from(path)?;
        let key = HostKey::new(&name);
        let known = self.direct.values().filter_map(Lies::one);
        let spelled = known.filter(|known| HostKey::new(known) == key).max_by_key(|it| it.len());
        Some(spelled.cloned().unwrap_or_else(|| name.into()))
    }
}

/// The folder of a file.
pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once(['/', '!']).map_or("", |(folder, _)| folder)
}

/// The folders around a file, the nearest first.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| Some(path.rsplit_once(['/', '!'])?.0))
        .skip(1)
        .chain([""])
}

/// The side a folder or archive is named after. MSRD-Collect calls the client the source and the server the target.
pub(crate) fn role(path: &str) -> HostRoles {
    let mut roles = HostRoles::default();
    for part in path.to_lowercase().split(['/', '!']) {
        let part = part.strip_prefix("rdpwhy-").unwrap_or(part);
        roles.server |= part.starts_with("server") || part.starts_with("target") || part == "host";
        roles.client |= part.starts_with("client") || part.starts_with("source");
    }
    roles
}

/// The computer that a collector named in a path; the innermost name counts.
pub(crate) fn collected_from(path: &str) -> Option<String> {
    let parts: Vec<String> = path.split(['/', '!']).map(decoded).collect();
    let name = |at: usize| {
        let part = parts.get(at)?;
        let drive = parts.get(at + 1).is_some_and(|next| is_drive(next));
        by_pattern(part).or_else(|| drive.then(|| by_image(part)).flatten())
    };
    (0..parts.len()).rev().find_map(name)
}

fn by_pattern(part: &str) -> Option<String> {
    static NAMES: LazyLock<Expression> = LazyLock::new(|| {
        expression(
            r"(?xi)
            ^MSRD-Results-(?P<msrd>.+?)(?:[-_]\d{8}_\d{4,6})?(?:\.zip)?$
            |^TSS(?:v2)?_(?P<tss>.+?)_\d{6}-\d{6}(?:_.*)?$
            |^(?P<part>.+)_(?:EventLogs|SystemInfo|Networking|RDS|AVD|Certificates|RegistryKeys|RDClient|Dumps|MDM)$
            |^(?P<sdp>.+?)_evt_[^/]+$
            |^(?P<file>.+?)_(?:hotfixes|msinfo32|WindowsUpdate[^.]*|reg_[^.]+)\.\w+$
            |^Evt-Results-(?P<evt>.+)-\d{8}_\d{6}(?:\.zip)?$
            |^Collection-(?P<velociraptor>.+)-\d{4}-\d\d-\d\dT\d\d[_:]?\d\d[_:]?\d\d(?:\.\d+)?Z?(?:\.zip)?$
            |^DiagLogs-(?P<intune>.+)-\d{8}T\d{6}Z(?:\.zip)?$
            |^rdpwhy-(?:server|client)-(?P<ours>.+)-\d{8}T\d{6}Z(?:\.zip)?$
            |^(?P<script>.+)-\(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\)(?:\.zip)?$",
        )
    });
    let found = NAMES.captures(part)?;
    if let Some(name) = found.name("velociraptor") {
        // It writes `_` for the dots of a full name.
        return valid(name.as_str().split('_').next().unwrap_or_default());
    }
    found.iter().skip(1).flatten().next().and_then(|name| valid(name.as_str()))
}

/// The archive around a drive: `2026-11-18T091400_SRV01.zip!C/…`, `SRV01.zip!C/…`. A folder may be called anything.
fn by_image(part: &str) -> Option<String> {
    static IMAGE: LazyLock<Expression> = LazyLock::new(|| {
        expression(r"^(?:\d{4}-\d\d-\d\dT\d{6}_(.+?)(?:\.\w+)?|([A-Za-z0-9-]{2,15})\.zip)$")
    });
    let found = IMAGE.captures(part)?;
    match (found.get(1), found.get(2)) {
        (Some(name), _) => valid(name.as_str()),
        (None, Some(name)) => {
            let told = name.as_str().contains(|letter: char| letter.is_ascii_digit());
            told.then(|| valid(name.as_str())).flatten()
        }
        _ => None,
    }
}

fn is_drive(part: &str) -> bool {
    matches!(part.as_bytes(), [letter] | [letter, b':'] if letter.is_ascii_alphabetic())
}

fn valid(name: &str) -> Option<String> {
    let fits = |letter: char| letter.is_alphanumeric() || "-._".contains(letter);
    let first = name.chars().next()?;
    (name.len() <= 63 && first.is_alphanumeric() && name.chars().all(fits)).then(|| name.to_owned())
}

/// `C%3A` is `C:`. What is no code of a letter stays.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *byte == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(letter) => {
                bytes.push(letter);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collectors_name_the_machine() {
        for (path, host) in [
            ("MSRD-Results-SRV01-20261118_091400.zip!x/y.txt", "SRV01"),
            ("MSRD-Results-SRV01/SRV01_SystemInfo/SRV01_Services.txt", "SRV01"),
            ("MS_DATA/TSS_SRV-RDS-01_261118-091400_SDP_RDS/BasicLog/hotfixes.txt", "SRV-RDS-01"),
            ("upload/SRV01_evt_System.txt", "SRV01"),
            ("upload/SRV01_Hotfixes.csv", "SRV01"),
            ("Evt-Results-PC-7-20261118_091400/hotfixes.txt", "PC-7"),
            (
                "Collection-SRV01_corp_example-2026-11-18T09_14_00Z.zip!uploads/auto/C%3A/Windows/debug/netlogon.log",
                "SRV01",
            ),
            ("DiagLogs-PC7-20261118T091400Z.zip!(9) Command qwinsta/output.log", "PC7"),
            ("2026-11-18T091400_SRV01.zip!C/Windows/Logs/CBS/CBS.log", "SRV01"),
            ("SRV01.zip!C/Windows/Logs/CBS/CBS.log", "SRV01"),
            ("rdpwhy-server-SRV01-20261118T091400Z.zip!server/qwinsta.txt", "SRV01"),
            ("PC7-(2026-11-18_09-14-00).zip!services.txt", "PC7"),
        ] {
            assert_eq!(collected_from(path).as_deref(), Some(host), "{path}");
        }
        for path in [
            "ticket.txt",
            "logs.zip!C/Windows/CBS.log",
            "server/hotfixes.txt",
            "evidence/C/Windows/CBS.log",
            "my_evt",
            "Collection-of-logs.zip!x.txt",
        ] {
            assert_eq!(collected_from(path), None, "{path}");
        }
    }

    #[test]
    fn content_comes_first_the_folder_next_and_the_other_side_never() {
        let mut places = Places::default();
        places.claim("case/SRV01_EventLogs/System.evtx", &"srv01.example.com".into());
        let host = |path: &str| places.host(path).map(|host| host.to_string());
        assert_eq!(
            host("case/SRV01_SystemInfo/services.txt").as_deref(),
            Some("srv01.example.com"),
            "named as its logs name it"
        );
        assert_eq!(host("case/PC7_SystemInfo/services.txt").as_deref(), Some("PC7"));
        assert_eq!(host("case/hotfixes.txt").as_deref(), Some("srv01.example.com"));
        assert_eq!(host("case/client/hotfixes.txt"), None);
        places.claim("case/x/System.evtx", &"PC7".into());
        assert_eq!(places.host("case/hotfixes.txt"), None, "two machines lie there");
    }
}
