//! What each AADSTS number means for the person at the prompt.

use crate::error::AuthErrorKind;

/// The kind of failure a number stands for.
pub(crate) fn kind_of_code(code: u32) -> Option<AuthErrorKind> {
    row(code).map(|row| row.kind)
}

/// What to do about a number, in one sentence.
pub(crate) fn of_code(code: u32) -> Option<&'static str> {
    row(code).map(|row| row.advice)
}

/// What to do when the number says nothing.
pub(crate) fn of_kind(kind: AuthErrorKind) -> Option<&'static str> {
    match kind {
        AuthErrorKind::InteractionRequired => {
            Some("sign in with a device code, where a second factor is possible")
        }
        AuthErrorKind::Expired => Some("sign in again"),
        AuthErrorKind::Throttled => Some("wait a minute and try again"),
        AuthErrorKind::BadClient => Some("check the authority, the tenant and the environment"),
        AuthErrorKind::Denied | AuthErrorKind::Network => None,
    }
}

fn row(code: u32) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.codes.contains(&code))
}

struct Row {
    codes: &'static [u32],
    kind: AuthErrorKind,
    advice: &'static str,
}

static ROWS: [Row; 17] = [
    Row {
        codes: &[50126],
        kind: AuthErrorKind::Denied,
        advice: "check the user name and the password; a federated account, whose password the organization's own \
                 sign-in service checks, must sign in with a device code",
    },
    Row {
        codes: &[50034],
        kind: AuthErrorKind::Denied,
        advice: "check the user name: this tenant does not know it, or the environment is another one",
    },
    Row {
        codes: &[50053],
        kind: AuthErrorKind::Denied,
        advice: "wait: the account is locked after too many attempts, or this address is blocked",
    },
    Row {
        codes: &[50055],
        kind: AuthErrorKind::Denied,
        advice: "change the password, which has expired, and sign in again",
    },
    Row { codes: &[50057], kind: AuthErrorKind::Denied, advice: "have an administrator enable the account" },
    Row {
        codes: &[50076, 50079, 50158],
        kind: AuthErrorKind::InteractionRequired,
        advice: "sign in with a device code: a password alone cannot pass multi-factor authentication",
    },
    Row {
        codes: &[53000, 53001, 53003, 50005, 50097],
        kind: AuthErrorKind::Denied,
        advice: "ask the tenant's administrator: a conditional access policy blocks this sign-in, often every one with \
                 a device code or from an unmanaged device",
    },
    Row {
        codes: &[65001, 65004],
        kind: AuthErrorKind::Denied,
        advice: "have an administrator consent to the application in this tenant",
    },
    Row {
        codes: &[700_016],
        kind: AuthErrorKind::BadClient,
        advice: "check the tenant and the environment: this tenant does not know the application",
    },
    Row {
        codes: &[90002],
        kind: AuthErrorKind::BadClient,
        advice: "check the tenant in the authority and the environment: no such tenant is known there",
    },
    Row {
        codes: &[700_027, 7_000_215, 7_000_218],
        kind: AuthErrorKind::BadClient,
        advice: "check the certificate: its signature or secret does not belong to the application",
    },
    Row {
        codes: &[50020, 50059],
        kind: AuthErrorKind::BadClient,
        advice: "name the tenant in the authority: the account is a guest of another one, or no tenant can be told from \
                 the request",
    },
    Row {
        codes: &[70016],
        kind: AuthErrorKind::Expired,
        advice: "finish the sign-in on the page and try again",
    },
    Row {
        codes: &[70018, 70019, 70020],
        kind: AuthErrorKind::Expired,
        advice: "start again and enter the new code in time",
    },
    Row {
        codes: &[50173],
        kind: AuthErrorKind::Expired,
        advice: "sign in again: the earlier sign-in was revoked",
    },
    Row {
        codes: &[53004, 530_084],
        kind: AuthErrorKind::Denied,
        advice: "ask the tenant's administrator: a policy on token or proof-up protection blocks this sign-in",
    },
    Row {
        codes: &[50196, 90033, 90006],
        kind: AuthErrorKind::Throttled,
        advice: "wait a minute and try again: the sign-in service is busy or saw too many requests",
    },
];
