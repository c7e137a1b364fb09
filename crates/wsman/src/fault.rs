//! Faults: what a server says when it does not do what was asked (DSP0226 14, MS-WSMV 2.2.4.43).

mod wire;

use std::fmt;

/// A fault, with all that servers put into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Whose mistake it was.
    pub code: FaultCode,
    /// The finer code without its prefix, for example `TimedOut`.
    pub subcode: Option<String>,
    /// The number of the Windows error, from `WSManFault` or from an HRESULT inside the detail.
    pub wsman_code: Option<u32>,
    /// The sentence for people.
    pub reason: String,
    /// The machine that made the fault.
    pub machine: Option<String>,
    /// The text of `WSManFault`, often longer than the reason.
    pub message: Option<String>,
    /// What the provider behind the service added.
    pub provider: Option<ProviderFault>,
    /// The URI that makes the subcode finer.
    pub detail: Option<String>,
}

/// What the part of a server that runs the shell adds to a fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderFault {
    /// Its name, for example `microsoft.powershell` or `Microsoft.Exchange`.
    pub provider: Option<String>,
    /// The file it came from.
    pub path: Option<String>,
    /// Its own words.
    pub text: String,
}

/// The five codes of SOAP 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultCode {
    /// The request was at fault.
    Sender,
    /// The server was.
    Receiver,
    /// A header was not understood.
    MustUnderstand,
    /// The envelope is of another version.
    VersionMismatch,
    /// The encoding is not known.
    DataEncodingUnknown,
    /// None of these, or none at all.
    Unknown,
}

impl Fault {
    /// A fault with a reason and nothing else.
    #[must_use]
    pub fn new(code: FaultCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            subcode: None,
            wsman_code: None,
            reason: reason.into(),
            machine: None,
            message: None,
            provider: None,
            detail: None,
        }
    }

    /// The fault of a Receive that found nothing within the operation timeout.
    #[must_use]
    pub fn operation_timeout() -> Self {
        Self {
            subcode: Some("TimedOut".to_owned()),
            wsman_code: Some(CODE_OPERATION_TIMEOUT),
            ..Self::new(
                FaultCode::Receiver,
                "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
            )
        }
    }

    /// The fault of a request to a shell, or a command in it, that does not exist.
    #[must_use]
    pub fn shell_not_found(text: impl Into<String>) -> Self {
        Self {
            subcode: Some("InvalidSelectors".to_owned()),
            wsman_code: Some(CODE_SHELL_NOT_FOUND),
            detail: Some(DETAIL_UNEXPECTED_SELECTORS.to_owned()),
            ..Self::new(FaultCode::Sender, text)
        }
    }

    /// The fault of a request that this user may not make.
    #[must_use]
    pub fn access_denied() -> Self {
        Self {
            subcode: Some("AccessDenied".to_owned()),
            wsman_code: Some(CODE_ACCESS_DENIED),
            ..Self::new(FaultCode::Sender, "Access is denied.")
        }
    }

    /// The fault of a Create beyond the number of shells a user may have.
    #[must_use]
    pub fn shell_quota(limit: u32) -> Self {
        Self {
            subcode: Some("QuotaLimit".to_owned()),
            wsman_code: Some(CODE_QUOTA_MAX_SHELLS),
            ..Self::new(
                FaultCode::Receiver,
                format!(
                    "The WS-Management service cannot process the request. This user is allowed a maximum number of \
                     {limit} concurrent shells, which has been exceeded. Close existing shells or raise the quota for \
                     this user."
                ),
            )
        }
    }

    /// The fault of an action the server does not know.
    #[must_use]
    pub fn action_not_supported(action: &str) -> Self {
        Self {
            subcode: Some("ActionNotSupported".to_owned()),
            wsman_code: Some(CODE_ACTION_NOT_SUPPORTED),
            ..Self::new(FaultCode::Sender, format!("The action {action} is not supported by the service."))
        }
    }

    /// Nothing came in time; the same Receive is to be repeated. Not an error for anyone.
    #[must_use]
    pub fn is_operation_timeout(&self) -> bool {
        match self.wsman_code {
            Some(code) => code == CODE_OPERATION_TIMEOUT,
            None => self.subcode.as_deref() == Some("TimedOut"),
        }
    }

    /// The shell, or the command in it, is gone.
    #[must_use]
    pub fn is_shell_not_found(&self) -> bool {
        match self.wsman_code {
            Some(code) => code == CODE_SHELL_NOT_FOUND,
            None => self.subcode.as_deref() == Some("InvalidSelectors"),
        }
    }

    /// The user has as many shells as allowed, by code or by the words that servers use.
    #[must_use]
    pub fn is_shell_quota_exceeded(&self) -> bool {
        if self.wsman_code.is_some_and(|code| CODES_QUOTA.contains(&code)) {
            return true;
        }
        self.texts().any(|text| QUOTA_WORDS.iter().any(|words| text.contains(words)))
    }

    /// The user may not do that.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        match self.wsman_code {
            Some(code) => code == CODE_ACCESS_DENIED || code == HRESULT_ACCESS_DENIED,
            None => self.subcode.as_deref() == Some("AccessDenied"),
        }
    }

    /// The operation was cancelled, as happens to a pending Receive when its command or shell ends.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        matches!(self.wsman_code, Some(CODE_ABORTED | HRESULT_ABORTED))
    }

    /// All sentences in it, the provider's first, being the most to the point.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let provider = self.provider.as_ref().map(|provider| provider.text.as_str());
        [provider, self.message.as_deref(), Some(self.reason.as_str())].into_iter().flatten()
    }
}

impl fmt::Display for Fault {
    /// The most telling sentence, and the code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.texts().find(|text| !text.is_empty()).unwrap_or("the server gave no reason");
        f.write_str(text)?;
        match (self.wsman_code, &self.subcode) {
            (Some(code), _) => write!(f, " (WSMan fault {code}, 0x{code:08X})"),
            (None, Some(subcode)) => write!(f, " (WSMan fault {subcode})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

const CODE_OPERATION_TIMEOUT: u32 = 0x8033_8029;
const CODE_SHELL_NOT_FOUND: u32 = 0x8033_805B;
const CODE_ACCESS_DENIED: u32 = 5;
const CODE_ABORTED: u32 = 995;
const CODE_ACTION_NOT_SUPPORTED: u32 = 0x8033_8001;
const HRESULT_ACCESS_DENIED: u32 = 0x8007_0005;
const HRESULT_ABORTED: u32 = 0x8007_03E3;
const CODE_QUOTA_MAX_SHELLS: u32 = 0x8033_81A5;
/// Too many shells, operations, of this user, of all, too many users, and the same per plug-in.
const CODES_QUOTA: [u32; 10] = [
    CODE_QUOTA_MAX_SHELLS,
    0x8033_81A6,
    0x8033_81A7,
    0x8033_81A8,
    0x8033_81AB,
    0x8033_81E4,
    0x8033_81E5,
    0x8033_81E6,
    0x8033_81E7,
    0x8033_81E8,
];
/// Exchange throttles with a code of its own, and with these words.
const QUOTA_WORDS: [&str; 3] =
    ["concurrent shells", "maximum number of connections allowed", "maximum number of concurrent"];
const DETAIL_UNEXPECTED_SELECTORS: &str =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/UnexpectedSelectors";
