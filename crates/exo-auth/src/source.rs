//! The access token of a session, over days.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::cache::{Entry, Page, Store};
use crate::certificate::ClientCertificate;
use crate::clock::Clock;
use crate::error::{AuthError, AuthErrorKind, Cause};
use crate::flow::{ManagedIdentity, SignIn};
use crate::http::HttpClient;
use crate::secret::Secret;
use crate::token::{AccessToken, RefreshToken, Tokens};

/// By what another access token is had without the user.
#[derive(Debug)]
#[non_exhaustive]
pub enum Grant {
    /// The refresh token of a sign-in. The service may replace it each time.
    Refresh(RefreshToken),
    /// User name and password, where the service gave no refresh token.
    Password {
        /// User principal name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// An application's certificate.
    Certificate(ClientCertificate),
    /// The machine's identity.
    ManagedIdentity(ManagedIdentity),
    /// Nothing: the token was given, or the service gave no refresh token.
    None,
}

/// Gives the access token for each request, and has another one before the old one ends.
///
/// However many requests wait, one renewal is under way at a time; those that waited take what it came to, a failure
/// too. A sign-in that was revoked stays so, and is not asked about again. A renewal that fails for a passing reason while the old token is still good is tried again later.
pub struct TokenSource<H, C, S> {
    http: H,
    clock: C,
    sign_in: SignIn,
    /// The account, for the comparison after each renewal.
    user: Option<String>,
    store: Option<S>,
    renewable: bool,
    current: Mutex<Current>,
    grant: tokio::sync::Mutex<Grant>,
}

struct Current {
    token: Arc<AccessToken>,
    /// No renewal before this time, after one that failed.
    not_before: Option<SystemTime>,
    /// How many renewals there were, and how the last one failed if it did.
    renewals: u64,
    failure: Option<AuthError>,
}

impl<H: HttpClient + Sync, C: Clock + Sync, S: Store> TokenSource<H, C, S> {
    /// Goes on from the tokens of a sign-in. A refresh token in them is the better way to the next ones than `grant`,
    /// and then the password in that is wiped. `user` is the account asked for; the one that signed in when none was.
    pub fn new(
        http: H,
        clock: C,
        sign_in: SignIn,
        user: Option<String>,
        tokens: Tokens,
        grant: Grant,
        store: Option<S>,
    ) -> Self {
        let user = user.or_else(|| tokens.account().map(str::to_owned));
        let grant = tokens.refresh.map_or(grant, Grant::Refresh);
        let renewable = !matches!(grant, Grant::None);
        let current =
            Current { token: Arc::new(tokens.access), not_before: None, renewals: 0, failure: None };
        let (current, grant) = (Mutex::new(current), tokio::sync::Mutex::new(grant));
        Self { http, clock, sign_in, user, store, renewable, current, grant }
    }

    /// The token as it is, good or not.
    pub fn current(&self) -> Arc<AccessToken> {
        Arc::clone(&self.lock().token)
    }

    /// Whether another token can be had without the user.
    pub fn is_renewable(&self) -> bool {
        self.renewable
    }

    /// Whether the token has ended.
    pub fn has_ended(&self) -> bool {
        self.lock().token.is_expired(self.clock.now())
    }

    /// How the source asks.
    pub fn http(&self) -> &H {
        &self.http
    }

    /// The token there is, when it is not yet time for another one.
    pub fn fresh(&self) -> Option<Arc<AccessToken>> {
        let now = self.clock.now();
        let current = self.lock();
        let is_due = current.token.renew_at().is_some_and(|time| time <= now);
        let pauses = !current.token.is_expired(now) && current.not_before.is_some_and(|time| now < time);
        (!is_due || pauses).then(|| Arc::clone(&current.token))
    }

    /// A token that is good for a while: the one there is, or another one when that is about to end.
    ///
    /// Dropping the future of a renewal may lose the refresh token that the service has just replaced: run it to its end.
    ///
    /// # Errors
    /// The token has ended and there is no other one, with the reason.
    pub async fn token(&self) -> Result<Arc<AccessToken>, AuthError> {
        let renewals = self.lock().renewals;
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let token = self.current();
        match self.renewed(&token, renewals, None).await {
            Err(error) if !token.is_expired(self.clock.now()) => {
                tracing::debug!(kind = ?error.kind(), "the token could not be renewed early");
                Ok(token)
            }
            outcome => outcome,
        }
    }

    /// Another token than `refused`, which the service did not take. `claims` is what its challenge asks for, as JSON
    /// text ([`challenge_claims`](crate::challenge_claims)).
    ///
    /// # Errors
    /// There is no way to another token without the user, with the reason.
    pub async fn renew(
        &self,
        refused: &Arc<AccessToken>,
        claims: Option<&str>,
    ) -> Result<Arc<AccessToken>, AuthError> {
        let renewals = self.lock().renewals;
        self.renewed(refused, renewals, claims).await
    }

    /// One renewal at a time: who finds that another one came first takes what that one came to.
    async fn renewed(
        &self,
        old: &Arc<AccessToken>,
        renewals: u64,
        claims: Option<&str>,
    ) -> Result<Arc<AccessToken>, AuthError> {
        let mut grant = self.grant.lock().await;
        {
            let current = self.lock();
            if !Arc::ptr_eq(&current.token, old) {
                return Ok(Arc::clone(&current.token));
            }
            if let Some(failure) = &current.failure
                && (current.renewals != renewals || failure.is_end_of_grant())
            {
                return Err(failure.clone());
            }
        }
        let outcome = self.ask(&mut grant, old, claims).await;
        let now = self.clock.now();
        let mut current = self.lock();
        current.renewals += 1;
        match outcome {
            Ok(tokens) => {
                tracing::debug!("the access token was renewed");
                if let Some(refresh) = tokens.refresh {
                    *grant = Grant::Refresh(refresh);
                }
                current.token = Arc::new(tokens.access);
                (current.not_before, current.failure) = (None, None);
                Ok(Arc::clone(&current.token))
            }
            Err(error) => {
                let wait = error.retry_after().map_or(PAUSE, |wait| wait.clamp(PAUSE, MAX_PAUSE));
                current.not_before = now.checked_add(wait);
                current.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    async fn ask(
        &self,
        grant: &mut Grant,
        old: &AccessToken,
        claims: Option<&str>,
    ) -> Result<Tokens, AuthError> {
        let (sign_in, http, clock) = (&self.sign_in, &self.http, &self.clock);
        match grant {
            Grant::Refresh(refresh) => match &self.store {
                Some(store) => {
                    let user = self.user.as_deref();
                    sign_in.renew_kept(http, clock, store, user, refresh, old, claims).await
                }
                None => sign_in.with_refresh_token(http, clock, self.user.as_deref(), refresh, claims).await,
            },
            Grant::Password { user, password } => sign_in.with_password(http, clock, user, password).await,
            Grant::Certificate(certificate) => {
                sign_in.with_certificate(http, clock, certificate, claims).await
            }
            Grant::ManagedIdentity(identity) => sign_in.with_managed_identity(http, clock, identity).await,
            Grant::None => Err(match old.expires_at() {
                Some(end) if end <= clock.now() => Cause::TokenEnded { end, now: clock.now() },
                _ => Cause::GivenTokenRefused,
            }
            .into()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SignIn {
    /// Signs in without the user by what an earlier run kept. `None` when nothing was kept for this account, or what was
    /// kept no longer holds and has been forgotten.
    ///
    /// # Errors
    /// The cache cannot be used, or the service did not answer.
    pub async fn silently<H: HttpClient + Sync, C: Clock + Sync, S: Store>(
        &self,
        http: &H,
        clock: &C,
        store: &S,
        user: Option<&str>,
    ) -> Result<Option<Tokens>, AuthError> {
        let mut page = store.lock().await.map_err(Cause::Cache)?;
        let Some(entry) = page.cache().find(self, user) else { return Ok(None) };
        let (account, access, refresh) = (entry.user().to_owned(), entry.access(self), entry.refresh());
        if let Some(access) = access.filter(|access| access.renew_at().is_some_and(|time| clock.now() < time))
        {
            return Ok(Some(Tokens { access, refresh, id: crate::claims::Claims::default() }));
        }
        let Some(refresh) = refresh else { return Ok(None) };
        match self.with_refresh_token(http, clock, Some(&account), &refresh, None).await {
            Ok(tokens) => {
                page.cache().put(self, Some(&account), &tokens);
                page.save().map_err(Cause::Cache)?;
                Ok(Some(tokens))
            }
            Err(error) if matches!(error.kind(), AuthErrorKind::Expired) => {
                page.cache().forget(self, &account);
                page.save().map_err(Cause::Cache)?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps the tokens of a sign-in for the next run.
    ///
    /// # Errors
    /// The cache cannot be used.
    pub async fn keep<S: Store>(
        &self,
        store: &S,
        user: Option<&str>,
        tokens: &Tokens,
    ) -> Result<(), AuthError> {
        let mut page = store.lock().await.map_err(Cause::Cache)?;
        page.cache().put(self, user, tokens);
        Ok(page.save().map_err(Cause::Cache)?)
    }

    /// A renewal beside other processes: the cache is held meanwhile, and what another one has renewed is taken.
    #[expect(clippy::too_many_arguments, reason = "one step of TokenSource, whose fields these are")]
    async fn renew_kept<H: HttpClient + Sync, C: Clock + Sync, S: Store>(
        &self,
        http: &H,
        clock: &C,
        store: &S,
        user: Option<&str>,
        refresh: &RefreshToken,
        old: &AccessToken,
        claims: Option<&str>,
    ) -> Result<Tokens, AuthError> {
        let mut page = match store.lock().await {
            Ok(page) => page,
            // A session that runs goes on with what it has in memory.
            Err(error) => {
                tracing::warn!(%error, "the token cache cannot be used any more");
                return self.with_refresh_token(http, clock, user, refresh, claims).await;
            }
        };
        let kept = page.cache().find(self, user);
        let other = kept.and_then(|entry| Some((entry.access(self)?, entry.refresh())));
        let kept = kept.and_then(Entry::refresh);
        if let Some((access, refresh)) = other
            && access.expose() != old.expose()
            && access.renew_at().is_some_and(|time| clock.now() < time)
        {
            return Ok(Tokens { access, refresh, id: crate::claims::Claims::default() });
        }
        let newest = kept.as_ref().unwrap_or(refresh);
        let tokens = self.with_refresh_token(http, clock, user, newest, claims).await?;
        page.cache().put(self, user, &tokens);
        if let Err(error) = page.save() {
            tracing::warn!(%error, "the token cache cannot be written any more");
        }
        Ok(tokens)
    }
}

/// Neither tokens nor names.
impl<H, C, S> std::fmt::Debug for TokenSource<H, C, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSource").field("sign_in", &self.sign_in).finish_non_exhaustive()
    }
}

/// Between renewals that fail.
const PAUSE: Duration = Duration::from_secs(30);
const MAX_PAUSE: Duration = Duration::from_secs(600);
