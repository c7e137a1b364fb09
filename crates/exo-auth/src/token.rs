//! What a sign-in gives.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::answer::plain;
use crate::claims::Claims;
use crate::environment::{Environment, Service};
use crate::error::{AuthError, Cause};
use crate::secret::Secret;

/// The tokens of one sign-in.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// What is sent to the service.
    pub access: AccessToken,
    /// What a new access token can be had for, when the service gave one.
    pub refresh: Option<RefreshToken>,
    /// What the identity token says, where the service gave one.
    pub id: Claims,
}

impl Tokens {
    /// The name of the account that signed in.
    pub fn account(&self) -> Option<&str> {
        self.access.claims().account().or(self.id.account())
    }

    /// The id of the tenant that signed the account in.
    pub fn tenant_id(&self) -> Option<&str> {
        self.access.claims().tid.as_deref().or(self.id.tid.as_deref())
    }
}

/// A bearer token. Wiped when dropped; `Debug` shows neither the token nor the account.
#[derive(Clone, Debug)]
pub struct AccessToken {
    secret: Secret,
    claims: Claims,
    expires_at: Option<SystemTime>,
    /// When the service gave it, by our clock.
    issued_at: Option<SystemTime>,
}

/// A refresh token. Wiped when dropped.
#[derive(Clone, Debug)]
pub struct RefreshToken(Secret);

impl AccessToken {
    /// Takes a token that the user brought. Its claims are read where it has any; see [`Claims`] for what
    /// they are worth.
    ///
    /// # Errors
    /// The text is empty, longer than 64 KiB, or has characters that no token has.
    pub fn from_secret(secret: Secret) -> Result<Self, AuthError> {
        Self::new(secret, None, None)
    }

    pub(crate) fn new(
        secret: Secret,
        expires_at: Option<SystemTime>,
        issued_at: Option<SystemTime>,
    ) -> Result<Self, AuthError> {
        // The characters of RFC 6750, section 2.1: what may stand in the header field.
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let text = secret.expose();
        if text.is_empty() || MAX_TOKEN_LEN < text.len() || !text.bytes().all(fits) {
            return Err(Cause::NotAToken.into());
        }
        let claims = Claims::of_token(text).unwrap_or_default();
        let claimed = claims.exp.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        Ok(Self { secret, claims, expires_at: expires_at.or(claimed), issued_at })
    }

    /// The token itself, for the `Authorization` header.
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// What the token says about itself, unverified.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// When the token ends: the lifetime that the service gave with it, counted by our clock; else its claim.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Whether the token has ended. One that does not say when it ends has not.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// When to have another one: five minutes before the end, or a quarter of the lifetime where that is less.
    pub fn renew_at(&self) -> Option<SystemTime> {
        let end = self.expires_at?;
        let lifetime = self.issued_at.and_then(|issued| end.duration_since(issued).ok());
        let early = lifetime.map_or(EARLY, |lifetime| EARLY.min(lifetime / 4));
        Some(end.checked_sub(early).unwrap_or(UNIX_EPOCH))
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) fn issued_at(&self) -> Option<SystemTime> {
        self.issued_at
    }

    /// Refuses a token made for another account, and one that has ended.
    ///
    /// A token without any name in it, such as an application's, is accepted for every name.
    ///
    /// # Errors
    /// [`AuthErrorKind::Denied`](crate::AuthErrorKind::Denied) for another account,
    /// [`AuthErrorKind::Expired`](crate::AuthErrorKind::Expired) for a token that has ended.
    pub fn check(&self, user: Option<&str>, now: SystemTime) -> Result<(), AuthError> {
        if self.is_expired(now) {
            let end = self.expires_at.unwrap_or(now);
            return Err(Cause::TokenEnded { end, now }.into());
        }
        check_account(user, &[&self.claims])
    }

    /// Compares what the token was made for, as far as it says so, with what is wanted: the service's `scope`
    /// (`…/.default`), or the server itself at `origin`; and a `tenant`, which is not compared when it is a domain, since
    /// the token has an id. `false` says that the token is for another one of the services, which may do.
    ///
    /// # Errors
    /// [`AuthErrorKind::BadClient`](crate::AuthErrorKind::BadClient) for something else than these services,
    /// [`AuthErrorKind::Denied`](crate::AuthErrorKind::Denied) for another tenant.
    pub fn check_made_for(&self, scope: &str, origin: &str, tenant: Option<&str>) -> Result<bool, AuthError> {
        if let (Some(given), Some(wanted)) = (&self.claims.tid, tenant)
            && is_guid(given)
            && is_guid(wanted)
            && !given.eq_ignore_ascii_case(wanted)
        {
            return Err(Cause::WrongTenant { given: given.clone(), wanted: wanted.to_owned() }.into());
        }
        let wanted = scope.strip_suffix("/.default").unwrap_or(scope);
        let Some(given) = &self.claims.aud else { return Ok(true) };
        let is_id = EXCHANGE_IDS.iter().any(|id| given.eq_ignore_ascii_case(id));
        if is_id || same_resource(given, wanted) || same_resource(given, origin) {
            return Ok(true);
        }
        let other = |(environment, service): (Environment, Service)| {
            let scope = environment.scope(service);
            same_resource(given, scope.strip_suffix("/.default").unwrap_or(scope))
        };
        let services = [Service::Exchange, Service::Compliance];
        let all = Environment::ALL.into_iter().flat_map(|one| services.map(|service| (one, service)));
        if same_resource(given, "https://outlook.office.com") || all.into_iter().any(other) {
            return Ok(false);
        }
        Err(Cause::WrongAudience { given: plain(given), wanted: wanted.to_owned() }.into())
    }
}

/// Resources are compared without case and without the slash that some of them end with.
fn same_resource(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}

fn is_guid(text: &str) -> bool {
    let lens = [8, 4, 4, 4, 12];
    let parts =
        text.split('-').map(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(part.len()));
    parts.eq(lens.map(Some))
}

impl RefreshToken {
    pub(crate) fn new(secret: Secret) -> Self {
        Self(secret)
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }

    /// The token itself, for the body of a refresh request.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Compares the account asked for with every name in `claims`, without case.
pub(crate) fn check_account(asked: Option<&str>, claims: &[&Claims]) -> Result<(), AuthError> {
    let Some(asked) = asked else { return Ok(()) };
    let mut names = claims.iter().flat_map(|claims| claims.accounts()).peekable();
    let Some(&first) = names.peek() else { return Ok(()) };
    if names.any(|name| name.to_lowercase() == asked.to_lowercase()) {
        return Ok(());
    }
    Err(Cause::OtherAccount { asked: asked.to_owned(), given: first.to_owned() }.into())
}

/// Application ids of the two services, which tokens of version 2 have for an audience.
const EXCHANGE_IDS: [&str; 2] =
    ["00000002-0000-0ff1-ce00-000000000000", "00000007-0000-0ff1-ce00-000000000000"];
const EARLY: Duration = Duration::from_secs(300);
const MAX_TOKEN_LEN: usize = 64 << 10;
