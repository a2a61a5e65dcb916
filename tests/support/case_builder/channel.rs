//! The logs of a computer.

/// A log, by what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    System,
    Security,
    Setup,
    RdpCoreTs,
    RcmOperational,
    RcmAdmin,
    LsmOperational,
    RdpClient,
    Firewall,
    PowerShell,
    /// Any other, by its name.
    Other(&'static str),
}

impl Channel {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Security => "Security",
            Self::Setup => "Setup",
            Self::RdpCoreTs => "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational",
            Self::RcmOperational => {
                "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"
            }
            Self::RcmAdmin => "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin",
            Self::LsmOperational => {
                "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"
            }
            Self::RdpClient => "Microsoft-Windows-TerminalServices-RDPClient/Operational",
            Self::Firewall => "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
            Self::PowerShell => "Microsoft-Windows-PowerShell/Operational",
            Self::Other(name) => name,
        }
    }

    /// The log of that name, in short (`RdpCoreTs`) or in full.
    pub fn of(name: &str) -> Self {
        let known = [
            ("RdpCoreTs", Self::RdpCoreTs),
            ("RcmOperational", Self::RcmOperational),
            ("RcmAdmin", Self::RcmAdmin),
            ("LsmOperational", Self::LsmOperational),
            ("RdpClient", Self::RdpClient),
            ("Firewall", Self::Firewall),
            ("PowerShell", Self::PowerShell),
            ("System", Self::System),
            ("Security", Self::Security),
            ("Setup", Self::Setup),
        ];
        let is_it = |(short, channel): &&(&str, Self)| {
            short.eq_ignore_ascii_case(name) || channel.name() == name
        };
        let found = known.iter().find(is_it).map(|(_, channel)| *channel);
        // A handful of names per run of the tests.
        found.unwrap_or_else(|| Self::Other(Box::leak(name.to_owned().into_boxed_str())))
    }

    /// Its file in `%SystemRoot%\System32\winevt\Logs`.
    pub fn file(self) -> String {
        format!("{}.evtx", self.name().replace('/', "%4"))
    }
}
