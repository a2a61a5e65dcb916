//! The accounts that matter, by their names in the languages of Windows.

/// An account or group that decides whether the service gets at its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    NetworkService,
    System,
    Administrators,
    Everyone,
    /// Authenticated users and the group Users: every service is one of them.
    Users,
    Other,
}

/// Names without their domain, lower case, with `?` for every letter outside ASCII: files of a console have those in
/// its code page, which is not told.
static NAMES: &[(Account, &[&str])] = &[
    (
        Account::NetworkService,
        &[
            "s-1-5-20",
            "ns",
            "network service",
            "networkservice",
            "netzwerkdienst",
            "service r?seau",
            "servicio de red",
            "servizio di rete",
            "servi?o de rede",
            "netwerkservice",
            "n?tverkstj?nst",
            "us?uga sieciowa",
            "nettverkstjeneste",
            "netv?rkstjeneste",
            "verkkopalvelu",
        ],
    ),
    (
        Account::System,
        &["s-1-5-18", "sy", "system", "syst?me", "sistema", "systeem", "localsystem", "???????"],
    ),
    (
        Account::Administrators,
        &[
            "s-1-5-32-544",
            "ba",
            "administrators",
            "administratoren",
            "administrateurs",
            "administradores",
            "administrat?rer",
            "administratorer",
            "administratorzy",
            "j?rjestelm?nvalvojat",
            "??????????????",
        ],
    ),
    (
        Account::Everyone,
        &[
            "s-1-1-0",
            "wd",
            "everyone",
            "jeder",
            "tout le monde",
            "todos",
            "tutti",
            "iedereen",
            "alla",
            "wszyscy",
            "???",
        ],
    ),
    (
        Account::Users,
        &[
            "s-1-5-32-545",
            "s-1-5-11",
            "bu",
            "au",
            "users",
            "authenticated users",
            "benutzer",
            "authentifizierte benutzer",
            "utilisateurs",
            "utilisateurs authentifi?s",
            "usuarios",
            "usuarios autentificados",
            "usu?rios",
            "utenti",
            "gebruikers",
        ],
    ),
];

impl Account {
    /// The account of a name or SID.
    pub(super) fn of(name: &str) -> Self {
        let name = name.trim().trim_start_matches('*');
        let (domain, tail) = name.rsplit_once('\\').unwrap_or(("", name));
        let plain: String = tail
            .chars()
            .map(|letter| if letter.is_ascii() { letter.to_ascii_lowercase() } else { '?' })
            .collect();
        // Names that are all question marks say only how long they are: Russian ones, for their domain is known.
        let blurred = plain.chars().all(|letter| letter == '?');
        let local =
            domain.is_empty() || domain.contains(['N', 'B', 'V', 'n', 'b']) || !domain.is_ascii();
        let known = |(_, names): &&(Self, &[&str])| names.contains(&plain.as_str());
        let found = NAMES.iter().find(known).map_or(Self::Other, |(account, _)| *account);
        if blurred && !local { Self::Other } else { found }
    }

    /// The field of its access.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::NetworkService => "NetworkService",
            Self::System => "System",
            Self::Administrators => "Administrators",
            Self::Everyone => "Everyone",
            Self::Users => "Users",
            Self::Other => "Other",
        }
    }

    /// Whether what `group` may do, this account may do too.
    pub(super) fn is_in(self, group: Self) -> bool {
        match self {
            Self::NetworkService => matches!(group, Self::Everyone | Self::Users),
            Self::System => matches!(group, Self::Everyone | Self::Administrators),
            _ => false,
        }
    }
}
