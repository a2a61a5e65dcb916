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
        }
    }

    /// Its file in `%SystemRoot%\System32\winevt\Logs`.
    pub fn file(self) -> String {
        format!("{}.evtx", self.name().replace('/', "%4"))
    }
}
