//! What each AADSTS number means for the person at the prompt.

use crate::error::AuthErrorKind;

/// One number of the sign-in service, read.
pub(crate) struct Row {
    pub(crate) code: u32,
    pub(crate) reason: Reason,
    pub(crate) kind: AuthErrorKind,
    /// What it means, in one sentence.
    pub(crate) sentence: &'static str,
    /// What to do, in one sentence.
    pub(crate) advice: &'static str,
}

/// What a number stands for.
pub(crate) fn row(code: u32) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.code == code)
}

/// What to do when the number says nothing.
pub(crate) fn of_kind(kind: AuthErrorKind) -> Option<&'static str> {
    match kind {
        AuthErrorKind::InteractionRequired => {
            Some("sign in with the browser or a device code, where a second factor is possible")
        }
        AuthErrorKind::Expired => Some("sign in again"),
        AuthErrorKind::Throttled => Some("wait a minute and try again"),
        AuthErrorKind::BadClient => Some("check the authority, the tenant and the environment"),
        AuthErrorKind::Denied
        | AuthErrorKind::Network
        | AuthErrorKind::Certificate
        | AuthErrorKind::Cache => None,
    }
}

/// Why the sign-in service refused: one for each number that has a sentence of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The user name or the password is wrong. (AADSTS50126)
    WrongPassword,
    /// The tenant does not know the user. (AADSTS50034)
    UnknownUser,
    /// The account is locked, or the address blocked. (AADSTS50053)
    Locked,
    /// The password has expired. (AADSTS50055)
    PasswordExpired,
    /// The account is disabled. (AADSTS50057)
    AccountDisabled,
    /// A second factor is needed. (AADSTS50076)
    SecondFactor,
    /// The account has to enrol for multi-factor authentication. (AADSTS50079)
    EnrolmentNeeded,
    /// An external service wants to check the account. (AADSTS50158)
    ExternalChallenge,
    /// A conditional access policy blocks. (AADSTS53003)
    PolicyBlocked,
    /// The device is not compliant. (AADSTS53000)
    DeviceNotCompliant,
    /// The device is not joined. (AADSTS53001)
    DeviceNotJoined,
    /// The platform is not allowed. (AADSTS50005)
    PlatformNotAllowed,
    /// The device has to authenticate. (AADSTS50097)
    DeviceAuthentication,
    /// No consent was given. (AADSTS65001)
    ConsentMissing,
    /// The consent was declined. (AADSTS65004)
    ConsentDeclined,
    /// The tenant does not know the application. (AADSTS700016)
    UnknownApplication,
    /// There is no such tenant. (AADSTS90002)
    UnknownTenant,
    /// The signature of the assertion was not accepted. (AADSTS700027)
    BadAssertion,
    /// The application's secret is wrong. (AADSTS7000215)
    BadSecret,
    /// An assertion or a secret is missing. (AADSTS7000218)
    AssertionMissing,
    /// The account is a guest. (AADSTS50020)
    Guest,
    /// The request names no tenant. (AADSTS50059)
    NoTenant,
    /// The device code waits for its user. (AADSTS70016)
    CodePending,
    /// The device code was not accepted. (AADSTS70018)
    CodeDeclined,
    /// The device code has expired. (AADSTS70019)
    CodeExpired,
    /// The code or grant is no longer good. (AADSTS70020)
    CodeEnded,
    /// The grant was revoked. (AADSTS50173)
    GrantRevoked,
    /// The sign-in is too old for a policy. (AADSTS70043)
    SignInTooOld,
    /// The refresh token was not used for too long. (AADSTS700082)
    SignInUnused,
    /// The assertion is outside of its time. (AADSTS700024)
    AssertionTime,
    /// A token or assertion was not understood. (AADSTS50027)
    BadToken,
    /// Registering a second factor is blocked. (AADSTS53004)
    ProofUpBlocked,
    /// Token protection blocks. (AADSTS530084)
    TokenProtection,
    /// The client loops. (AADSTS50196)
    Loop,
    /// The service is not available. (AADSTS90033)
    Unavailable,
    /// The service failed. (AADSTS90006)
    ServiceError,
}

static ROWS: [Row; 36] = [
    Row {
        code: 50126,
        reason: Reason::WrongPassword,
        kind: AuthErrorKind::Denied,
        sentence: "the user name or the password is wrong",
        advice: "check the user name and the password; a federated account, whose password the organization's own sign-in service checks, must sign in with the browser or a device code",
    },
    Row {
        code: 50034,
        reason: Reason::UnknownUser,
        kind: AuthErrorKind::Denied,
        sentence: "this tenant does not know the user",
        advice: "check the user name and the environment",
    },
    Row {
        code: 50053,
        reason: Reason::Locked,
        kind: AuthErrorKind::Denied,
        sentence: "the account is locked after too many attempts, or this address is blocked",
        advice: "wait, and check who else uses the account",
    },
    Row {
        code: 50055,
        reason: Reason::PasswordExpired,
        kind: AuthErrorKind::Denied,
        sentence: "the password has expired",
        advice: "change the password on the sign-in page and sign in again",
    },
    Row {
        code: 50057,
        reason: Reason::AccountDisabled,
        kind: AuthErrorKind::Denied,
        sentence: "the account is disabled",
        advice: "have an administrator enable the account",
    },
    Row {
        code: 50076,
        reason: Reason::SecondFactor,
        kind: AuthErrorKind::InteractionRequired,
        sentence: "the account needs a second factor",
        advice: "sign in with the browser or a device code: a password alone cannot pass multi-factor authentication",
    },
    Row {
        code: 50079,
        reason: Reason::EnrolmentNeeded,
        kind: AuthErrorKind::InteractionRequired,
        sentence: "the account has to enrol for multi-factor authentication first",
        advice: "sign in with the browser or a device code and register the second factor there",
    },
    Row {
        code: 50158,
        reason: Reason::ExternalChallenge,
        kind: AuthErrorKind::InteractionRequired,
        sentence: "the account needs a check by an external service",
        advice: "sign in with the browser or a device code, which can show that service's page",
    },
    Row {
        code: 53003,
        reason: Reason::PolicyBlocked,
        kind: AuthErrorKind::Denied,
        sentence: "a conditional access policy blocks this sign-in",
        advice: "ask the tenant's administrator; policies often block sign-in with a device code or a password",
    },
    Row {
        code: 53000,
        reason: Reason::DeviceNotCompliant,
        kind: AuthErrorKind::Denied,
        sentence: "a conditional access policy wants a compliant device",
        advice: "sign in from a managed device, or ask the tenant's administrator",
    },
    Row {
        code: 53001,
        reason: Reason::DeviceNotJoined,
        kind: AuthErrorKind::Denied,
        sentence: "a conditional access policy wants a device joined to the domain",
        advice: "sign in from a joined device, or ask the tenant's administrator",
    },
    Row {
        code: 50005,
        reason: Reason::PlatformNotAllowed,
        kind: AuthErrorKind::Denied,
        sentence: "a conditional access policy does not allow this platform",
        advice: "sign in from a platform that the policy allows, or ask the tenant's administrator",
    },
    Row {
        code: 50097,
        reason: Reason::DeviceAuthentication,
        kind: AuthErrorKind::Denied,
        sentence: "a conditional access policy wants the device to authenticate",
        advice: "sign in from a managed device, or ask the tenant's administrator",
    },
    Row {
        code: 65001,
        reason: Reason::ConsentMissing,
        kind: AuthErrorKind::Denied,
        sentence: "nobody has consented to the application in this tenant",
        advice: "have an administrator consent to the application in this tenant",
    },
    Row {
        code: 65004,
        reason: Reason::ConsentDeclined,
        kind: AuthErrorKind::Denied,
        sentence: "the consent was declined",
        advice: "sign in again and accept the consent, or have an administrator give it",
    },
    Row {
        code: 700_016,
        reason: Reason::UnknownApplication,
        kind: AuthErrorKind::BadClient,
        sentence: "this tenant does not know the application",
        advice: "check the application id, the organization and the environment: the authority may be that of another cloud",
    },
    Row {
        code: 90002,
        reason: Reason::UnknownTenant,
        kind: AuthErrorKind::BadClient,
        sentence: "no such tenant is known there",
        advice: "check the organization, the tenant in the authority, and the environment",
    },
    Row {
        code: 700_027,
        reason: Reason::BadAssertion,
        kind: AuthErrorKind::BadClient,
        sentence: "the certificate's signature was not accepted for the application",
        advice: "check that this certificate is registered with the application, and the application id",
    },
    Row {
        code: 7_000_215,
        reason: Reason::BadSecret,
        kind: AuthErrorKind::BadClient,
        sentence: "the application's secret is wrong",
        advice: "sign in with a certificate that is registered with the application",
    },
    Row {
        code: 7_000_218,
        reason: Reason::AssertionMissing,
        kind: AuthErrorKind::BadClient,
        sentence: "the application has to prove itself with a certificate",
        advice: "sign in with a certificate, or allow public client flows for the application",
    },
    Row {
        code: 50020,
        reason: Reason::Guest,
        kind: AuthErrorKind::BadClient,
        sentence: "the account is a guest of another tenant",
        advice: "name the account's own tenant in the authority, or sign in with an account of this one",
    },
    Row {
        code: 50059,
        reason: Reason::NoTenant,
        kind: AuthErrorKind::BadClient,
        sentence: "no tenant can be told from the request",
        advice: "name the organization, or the tenant in the authority",
    },
    Row {
        code: 70016,
        reason: Reason::CodePending,
        kind: AuthErrorKind::Expired,
        sentence: "nobody has finished the sign-in with the code yet",
        advice: "finish the sign-in on the page and try again",
    },
    Row {
        code: 70018,
        reason: Reason::CodeDeclined,
        kind: AuthErrorKind::Expired,
        sentence: "the code was not accepted",
        advice: "start again and enter the new code in time",
    },
    Row {
        code: 70019,
        reason: Reason::CodeExpired,
        kind: AuthErrorKind::Expired,
        sentence: "the code has expired",
        advice: "start again and enter the new code in time",
    },
    Row {
        code: 70020,
        reason: Reason::CodeEnded,
        kind: AuthErrorKind::Expired,
        sentence: "the code is no longer good",
        advice: "start again and enter the new code in time",
    },
    Row {
        code: 50173,
        reason: Reason::GrantRevoked,
        kind: AuthErrorKind::Expired,
        sentence: "the earlier sign-in was revoked",
        advice: "sign in again",
    },
    Row {
        code: 70043,
        reason: Reason::SignInTooOld,
        kind: AuthErrorKind::Expired,
        sentence: "a policy wants a fresh sign-in",
        advice: "sign in again",
    },
    Row {
        code: 700_082,
        reason: Reason::SignInUnused,
        kind: AuthErrorKind::Expired,
        sentence: "the earlier sign-in was not used for too long",
        advice: "sign in again",
    },
    Row {
        code: 700_024,
        reason: Reason::AssertionTime,
        kind: AuthErrorKind::BadClient,
        sentence: "the certificate's assertion is outside of its time",
        advice: "set this machine's clock right and try again",
    },
    Row {
        code: 50027,
        reason: Reason::BadToken,
        kind: AuthErrorKind::BadClient,
        sentence: "the assertion was not understood",
        advice: "check the authority; it may not take this kind of certificate",
    },
    Row {
        code: 53004,
        reason: Reason::ProofUpBlocked,
        kind: AuthErrorKind::Denied,
        sentence: "a policy on registering a second factor blocks this sign-in",
        advice: "ask the tenant's administrator where a second factor may be registered",
    },
    Row {
        code: 530_084,
        reason: Reason::TokenProtection,
        kind: AuthErrorKind::Denied,
        sentence: "a policy on token protection blocks this sign-in",
        advice: "ask the tenant's administrator: the policy wants tokens bound to a device, which only Windows can give",
    },
    Row {
        code: 50196,
        reason: Reason::Loop,
        kind: AuthErrorKind::Throttled,
        sentence: "the sign-in service saw the same request too often",
        advice: "wait a minute and try again",
    },
    Row {
        code: 90033,
        reason: Reason::Unavailable,
        kind: AuthErrorKind::Throttled,
        sentence: "the sign-in service is not available just now",
        advice: "wait a minute and try again",
    },
    Row {
        code: 90006,
        reason: Reason::ServiceError,
        kind: AuthErrorKind::Throttled,
        sentence: "the sign-in service could not do it just now",
        advice: "wait a minute and try again",
    },
];
