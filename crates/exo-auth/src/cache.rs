//! The tokens that are kept between runs.

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::clock::unix;
use crate::flow::SignIn;
use crate::secret::Secret;
use crate::token::{AccessToken, RefreshToken, Tokens};

pub use self::seal::{CacheError, SealKey};

mod seal;

/// The accounts that have signed in, with what it takes to do without their password.
///
/// Only sign-ins of people are in it: an application or a machine comes to a token by itself. The written form is JSON,
/// sealed by a [`SealKey`].
#[derive(Default, Serialize, Deserialize)]
pub struct TokenCache {
    accounts: Vec<Entry>,
}

/// What may be told about an account in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CachedAccount {
    /// User principal name.
    pub user: String,
    /// Tenant id.
    pub tenant_id: Option<String>,
    /// The client it signed in as.
    pub app_id: String,
    /// Where it signed in: scheme and host.
    pub authority: String,
    /// When its last access token ends, in seconds since 1970.
    pub expires_at: Option<u64>,
    /// Whether new access tokens can be had without the user.
    pub renewable: bool,
}

/// Where a cache is kept. One has it at a time, so that no two exchange the same refresh token.
pub trait Store: Send + Sync {
    /// The cache, held.
    type Page: Page;

    /// Waits until nobody else has it, and reads it.
    fn lock(&self) -> impl Future<Output = Result<Self::Page, CacheError>> + Send;
}

/// A cache that is held; dropping it lets the next one in.
pub trait Page: Send {
    /// What is in it.
    fn cache(&mut self) -> &mut TokenCache;

    /// Writes what has changed. The whole file is there afterwards, or the old one.
    ///
    /// # Errors
    /// The file cannot be written.
    fn save(&mut self) -> Result<(), CacheError>;
}

impl TokenCache {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// It is none; the text is not quoted.
    pub fn from_json(json: &[u8]) -> Result<Self, CacheError> {
        serde_json::from_slice(json).map_err(|_| CacheError::Damaged)
    }

    /// Writes the JSON form, into memory that is taken once.
    ///
    /// # Errors
    /// None in practice: every value has a form.
    pub fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, CacheError> {
        let mut len = Length(0);
        serde_json::to_writer(&mut len, self).map_err(|_| CacheError::Damaged)?;
        let mut json = Zeroizing::new(Vec::with_capacity(len.0));
        serde_json::to_writer(&mut *json, self).map_err(|_| CacheError::Damaged)?;
        Ok(json)
    }

    /// Who is in it.
    pub fn accounts(&self) -> Vec<CachedAccount> {
        self.accounts.iter().map(Entry::shown).collect()
    }

    /// Forgets an account, whatever it signed in to. Says whether it was there.
    pub fn remove(&mut self, user: &str) -> bool {
        let before = self.accounts.len();
        self.accounts.retain(|entry| !same_name(&entry.user, user));
        self.accounts.len() < before
    }

    /// The entry for a sign-in: of the account, or of the only one when none is named.
    pub(crate) fn find(&self, sign_in: &SignIn, user: Option<&str>) -> Option<&Entry> {
        let mut fitting = self.accounts.iter().filter(|entry| entry.is_of(sign_in, user));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }

    pub(crate) fn forget(&mut self, sign_in: &SignIn, user: &str) {
        self.accounts.retain(|entry| !entry.is_of(sign_in, Some(user)));
    }

    /// Keeps the tokens of a sign-in. An account without a name cannot be found again and is not kept.
    pub(crate) fn put(&mut self, sign_in: &SignIn, user: Option<&str>, tokens: &Tokens) {
        let Some(user) = tokens.account().or(user) else { return };
        let scope = sign_in.scope().to_owned();
        let tenant = sign_in.authority().tenant().to_owned();
        let access = Access {
            tenant,
            scope,
            token: tokens.access.secret().clone(),
            expires_at: tokens.access.expires_at().map(unix),
            issued_at: tokens.access.issued_at().map(unix),
        };
        let refresh = tokens.refresh.as_ref().map(|refresh| refresh.secret().clone());
        let tenant_id = tokens.tenant_id().map(str::to_owned);
        match self.accounts.iter_mut().find(|entry| entry.is_of(sign_in, Some(user))) {
            Some(entry) => {
                entry.access.retain(|old| old.tenant != access.tenant || old.scope != access.scope);
                entry.access.push(access);
                entry.tenant_id = tenant_id.or(entry.tenant_id.take());
                if refresh.is_some() {
                    entry.refresh = refresh;
                }
            }
            None => self.accounts.push(Entry {
                origin: sign_in.authority().origin().to_owned(),
                client_id: sign_in.client_id().to_owned(),
                user: user.to_owned(),
                tenant_id,
                refresh,
                access: vec![access],
            }),
        }
    }
}

/// One account, at one authority, as one client.
#[derive(Serialize, Deserialize)]
pub(crate) struct Entry {
    origin: String,
    client_id: String,
    user: String,
    tenant_id: Option<String>,
    #[serde(serialize_with = "exposed_option")]
    refresh: Option<Secret>,
    access: Vec<Access>,
}

/// An access token for one service.
#[derive(Serialize, Deserialize)]
struct Access {
    /// The tenant of the authority that was asked.
    tenant: String,
    scope: String,
    #[serde(serialize_with = "exposed")]
    token: Secret,
    expires_at: Option<u64>,
    issued_at: Option<u64>,
}

impl Entry {
    fn is_of(&self, sign_in: &SignIn, user: Option<&str>) -> bool {
        self.origin == sign_in.authority().origin()
            && self.client_id.eq_ignore_ascii_case(sign_in.client_id())
            && user.is_none_or(|user| same_name(&self.user, user))
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn refresh(&self) -> Option<RefreshToken> {
        self.refresh.clone().map(RefreshToken::new)
    }

    /// The access token for a sign-in. One that cannot be read counts as none.
    pub(crate) fn access(&self, sign_in: &SignIn) -> Option<AccessToken> {
        let fits = |access: &&Access| {
            access.tenant == sign_in.authority().tenant() && access.scope == sign_in.scope()
        };
        let access = self.access.iter().find(fits)?;
        let time =
            |seconds: Option<u64>| seconds.and_then(|seconds| after_1970(Duration::from_secs(seconds)));
        AccessToken::new(access.token.clone(), time(access.expires_at), time(access.issued_at)).ok()
    }

    fn shown(&self) -> CachedAccount {
        CachedAccount {
            user: self.user.clone(),
            tenant_id: self.tenant_id.clone(),
            app_id: self.client_id.clone(),
            authority: self.origin.clone(),
            expires_at: self.access.iter().filter_map(|access| access.expires_at).max(),
            renewable: self.refresh.is_some(),
        }
    }
}

fn after_1970(span: Duration) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(span)
}

fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn exposed_option<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

/// Counts what is written.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How many, and nobody's name.
impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenCache").field("accounts", &self.accounts.len()).finish_non_exhaustive()
    }
}
