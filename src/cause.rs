//! The closed list of root causes and triggers. Their texts are data (`signatures/causes/`); their ids are frozen.

use serde::{Deserialize, Serialize};

/// Why a connection failed, or what changed to make it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is described by its file in signatures/causes")]
pub enum CauseId {
    CertKeyAccessDenied,
    CertKeyMissing,
    CertExpired,
    CertUntrusted,
    TlsVersionMismatch,
    TlsCipherMismatch,
    CredsspOracleRemediation,
    NlaAuthFailure,
    LogonNotPermitted,
    TimeSkew,
    DomainUnreachable,
    SecurityPolicyMismatch,
    RdpDisabled,
    ListenerFailure,
    ConnectionLimit,
    Licensing,
    ResourceExhaustion,
    ProfileFailure,
    GatewayDenied,
    FirewallBlocked,
    EndpointSecurity,
    DnsFailure,
    NetworkUnstable,
    ServerRestarted,
    SessionEndedNormally,
    BrokerFailure,
    ThirdPartyEndpoint,
    InsufficientEvidence,
    WindowsUpdate,
    OsUpgrade,
    ConfigChange,
}

impl CauseId {
    /// The cause with this id.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        let text = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(id);
        Self::deserialize(text).ok()
    }

    /// The frozen id, such as `cert-key-missing`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CertKeyAccessDenied => "cert-key-access-denied",
            Self::CertKeyMissing => "cert-key-missing",
            Self::CertExpired => "cert-expired",
            Self::CertUntrusted => "cert-untrusted",
            Self::TlsVersionMismatch => "tls-version-mismatch",
            Self::TlsCipherMismatch => "tls-cipher-mismatch",
            Self::CredsspOracleRemediation => "credssp-oracle-remediation",
            Self::NlaAuthFailure => "nla-auth-failure",
            Self::LogonNotPermitted => "logon-not-permitted",
            Self::TimeSkew => "time-skew",
            Self::DomainUnreachable => "domain-unreachable",
            Self::SecurityPolicyMismatch => "security-policy-mismatch",
            Self::RdpDisabled => "rdp-disabled",
            Self::ListenerFailure => "listener-failure",
            Self::ConnectionLimit => "connection-limit",
            Self::Licensing => "licensing",
            Self::ResourceExhaustion => "resource-exhaustion",
            Self::ProfileFailure => "profile-failure",
            Self::GatewayDenied => "gateway-denied",
            Self::FirewallBlocked => "firewall-blocked",
            Self::EndpointSecurity => "endpoint-security",
            Self::DnsFailure => "dns-failure",
            Self::NetworkUnstable => "network-unstable",
            Self::ServerRestarted => "server-restarted",
            Self::SessionEndedNormally => "session-ended-normally",
            Self::BrokerFailure => "broker-failure",
            Self::ThirdPartyEndpoint => "third-party-endpoint",
            Self::InsufficientEvidence => "insufficient-evidence",
            Self::WindowsUpdate => "windows-update",
            Self::OsUpgrade => "os-upgrade",
            Self::ConfigChange => "config-change",
        }
    }
}

impl std::fmt::Display for CauseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// How far a connection attempt got, in the order of the connection sequence of MS-RDPBCGR 1.3.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Resolving the name and finding a route or gateway.
    Name,
    /// The TCP handshake with the listener.
    Tcp,
    /// RemoteConnectionManager takes the connection or turns it away.
    Admission,
    /// X.224: both sides agree on RDP security, TLS or CredSSP.
    X224,
    /// The TLS handshake.
    Tls,
    /// CredSSP (NLA) inside TLS.
    CredSsp,
    /// MCS and capabilities; from here on TLS and CredSSP are behind us.
    Mcs,
    /// Licensing exchange.
    Licensing,
    /// The session is made or found: arbitration, logon, profile.
    Session,
    /// The session runs.
    Running,
}

impl Stage {
    /// Every stage in order.
    pub const ALL: [Self; 10] = [
        Self::Name,
        Self::Tcp,
        Self::Admission,
        Self::X224,
        Self::Tls,
        Self::CredSsp,
        Self::Mcs,
        Self::Licensing,
        Self::Session,
        Self::Running,
    ];

    /// The stage's name in results and signatures.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Admission => "admission",
            Self::X224 => "x224",
            Self::Tls => "tls",
            Self::CredSsp => "credssp",
            Self::Mcs => "mcs",
            Self::Licensing => "licensing",
            Self::Session => "session",
            Self::Running => "running",
        }
    }

    /// What happens in it, for people who do not know the protocol.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Name => "the name is found",
            Self::Tcp => "the port answers",
            Self::Admission => "the service takes the connection",
            Self::X224 => "both agree on the security",
            Self::Tls => "encryption begins",
            Self::CredSsp => "the user is checked",
            Self::Mcs => "the channels are set up",
            Self::Licensing => "the licence is checked",
            Self::Session => "the session is made",
            Self::Running => "the session runs",
        }
    }

    /// The next stage; running has none.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| *stage > self)
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
