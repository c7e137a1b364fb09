//! Microsoft's clouds: where each service is, where to sign in, which scope to ask for.

use std::fmt;
use std::str::FromStr;

use crate::authority::{Authority, AuthorityError};

/// One of Microsoft's clouds, by the names of `-ExchangeEnvironmentName`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Microsoft 365 worldwide, and the US government's GCC.
    #[default]
    O365Default,
    /// Office 365 operated by 21Vianet.
    O365China,
    /// Office 365 Germany, closed in 2021.
    O365GermanyCloud,
    /// US government GCC High.
    O365USGovGCCHigh,
    /// US government DoD.
    O365USGovDoD,
}

/// Which of the two services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Service {
    /// Exchange Online.
    #[default]
    Exchange,
    /// Security & Compliance.
    Compliance,
}

impl Environment {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::O365Default,
        Self::O365China,
        Self::O365GermanyCloud,
        Self::O365USGovGCCHigh,
        Self::O365USGovDoD,
    ];

    /// The name as `-ExchangeEnvironmentName` spells it.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Other names that [`FromStr`] accepts.
    pub fn aliases(self) -> &'static [&'static str] {
        self.row().aliases
    }

    /// The address of a service's PowerShell endpoint.
    pub fn connection_uri(self, service: Service) -> &'static str {
        match service {
            Service::Exchange => self.row().exchange_uri,
            Service::Compliance => self.row().compliance_uri,
        }
    }

    /// Where accounts of this cloud sign in, as text.
    pub fn authority_uri(self) -> &'static str {
        self.row().authority
    }

    /// Where accounts of this cloud sign in.
    ///
    /// # Errors
    /// None in practice: a test parses every row.
    pub fn authority(self) -> Result<Authority, AuthorityError> {
        Authority::parse(self.row().authority)
    }

    /// What a token for a service must be made for, without the scopes that a flow adds itself.
    pub fn scope(self, service: Service) -> &'static str {
        match service {
            Service::Exchange => self.row().exchange_scope,
            Service::Compliance => self.row().compliance_scope,
        }
    }

    fn row(self) -> &'static Row {
        match self {
            Self::O365Default => &DEFAULT,
            Self::O365China => &CHINA,
            Self::O365GermanyCloud => &GERMANY,
            Self::O365USGovGCCHigh => &GCC_HIGH,
            Self::O365USGovDoD => &DOD,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Environment {
    type Err = UnknownEnvironment;

    /// By name or alias, without case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |environment: &Self| {
            let mut names = environment.aliases().iter().chain(std::iter::once(&environment.row().name));
            names.any(|name| name.eq_ignore_ascii_case(text))
        };
        Self::ALL.into_iter().find(fits).ok_or_else(|| UnknownEnvironment { text: text.to_owned() })
    }
}

/// A name that is no environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no environment: use O365Default, O365China, O365GermanyCloud, O365USGovGCCHigh or O365USGovDoD"
)]
pub struct UnknownEnvironment {
    /// What was given.
    pub text: String,
}

struct Row {
    name: &'static str,
    aliases: &'static [&'static str],
    exchange_uri: &'static str,
    exchange_scope: &'static str,
    compliance_uri: &'static str,
    compliance_scope: &'static str,
    authority: &'static str,
}

static DEFAULT: Row = Row {
    name: "O365Default",
    aliases: &["Default", "Worldwide", "GCC", "O365USGovGCC"],
    exchange_uri: "https://outlook.office365.com/powershell-liveid/",
    exchange_scope: "https://outlook.office365.com/.default",
    compliance_uri: "https://ps.compliance.protection.outlook.com/powershell-liveid/",
    compliance_scope: "https://ps.compliance.protection.outlook.com/.default",
    authority: "https://login.microsoftonline.com/organizations",
};

static CHINA: Row = Row {
    name: "O365China",
    aliases: &["China", "21Vianet"],
    exchange_uri: "https://partner.outlook.cn/PowerShell",
    exchange_scope: "https://partner.outlook.cn/.default",
    compliance_uri: "https://ps.compliance.protection.partner.outlook.cn/powershell-liveid",
    compliance_scope: "https://ps.compliance.protection.partner.outlook.cn/.default",
    authority: "https://login.chinacloudapi.cn/organizations",
};

static GERMANY: Row = Row {
    name: "O365GermanyCloud",
    aliases: &["Germany", "GermanyCloud"],
    exchange_uri: "https://outlook.office.de/PowerShell-LiveID",
    exchange_scope: "https://outlook.office.de/.default",
    compliance_uri: "https://ps.compliance.protection.outlook.de/powershell-liveid/",
    compliance_scope: "https://ps.compliance.protection.outlook.de/.default",
    authority: "https://login.microsoftonline.de/organizations",
};

static GCC_HIGH: Row = Row {
    name: "O365USGovGCCHigh",
    aliases: &["GCCHigh", "USGovGCCHigh"],
    exchange_uri: "https://outlook.office365.us/powershell-liveID",
    exchange_scope: "https://outlook.office365.us/.default",
    compliance_uri: "https://ps.compliance.protection.office365.us/powershell-liveid/",
    compliance_scope: "https://ps.compliance.protection.office365.us/.default",
    authority: "https://login.microsoftonline.us/organizations",
};

static DOD: Row = Row {
    name: "O365USGovDoD",
    aliases: &["DoD", "USGovDoD"],
    exchange_uri: "https://webmail.apps.mil/powershell-liveID",
    exchange_scope: "https://outlook-dod.office365.us/.default",
    compliance_uri: "https://l5.ps.compliance.protection.office365.us/powershell-liveid/",
    compliance_scope: "https://ps.compliance.protection.office365.us/.default",
    authority: "https://login.microsoftonline.us/organizations",
};
