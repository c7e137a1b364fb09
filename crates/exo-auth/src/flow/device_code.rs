//! Device code: the user signs in on any device's browser, with a second factor where one is asked for.

use std::time::Duration;

use serde::Deserialize;

use crate::answer::{self, Seconds};
use crate::authority::is_safe_page;
use crate::clock::Clock;
use crate::error::{AuthError, AuthErrorKind, Cause, Refusal};
use crate::flow::SignIn;
use crate::form;
use crate::http::HttpClient;
use crate::secret::Secret;
use crate::token::Tokens;

/// What the user must see to sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCodePrompt {
    /// A sentence with page and code, in the service's words.
    pub message: String,
    /// The code to enter.
    pub user_code: String,
    /// The page to enter it on.
    pub verification_uri: String,
    /// How long the code is good for.
    pub expires_in: Duration,
    /// How often the service is asked whether the user is done.
    pub interval: Duration,
}

impl std::fmt::Debug for DeviceCodePrompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { verification_uri, expires_in, interval, .. } = self;
        f.debug_struct("DeviceCodePrompt")
            .field("verification_uri", verification_uri)
            .field("expires_in", expires_in)
            .field("interval", interval)
            .finish_non_exhaustive()
    }
}

impl SignIn {
    /// Signs in by device code ([RFC 8628]): hands the prompt to `show`, then asks the service at the
    /// interval it sets until the user is done, declines, or the code ends. When `user` is given, the
    /// account that signed in must be that one.
    ///
    /// A few failures of the network while waiting are ridden out; the user may be half-way through.
    ///
    /// # Errors
    /// [`AuthErrorKind::Expired`] when the code ended, [`AuthErrorKind::Denied`] when the user declined or
    /// another account signed in; otherwise see [`AuthErrorKind`].
    ///
    /// [RFC 8628]: https://www.rfc-editor.org/rfc/rfc8628
    pub async fn with_device_code<H: HttpClient + Sync, C: Clock + Sync>(
        &self,
        http: &H,
        clock: &C,
        user: Option<&str>,
        show: impl FnOnce(DeviceCodePrompt) + Send,
    ) -> Result<Tokens, AuthError> {
        let code = self.ask_for_code(http).await?;
        let mut interval = code.prompt.interval;
        let expires_in = code.prompt.expires_in;
        show(code.prompt);
        let deadline = clock.now().checked_add(expires_in);
        let mut failures = 0;
        loop {
            clock.sleep(interval).await;
            if deadline.is_none_or(|deadline| deadline <= clock.now()) {
                return Err(Cause::CodeEnded.into());
            }
            match self.ask_for_tokens(http, clock, user, code.device_code.expose()).await {
                Ok(Ok(tokens)) => return Ok(tokens),
                Ok(Err(refusal)) => {
                    failures = 0;
                    match next_step(refusal) {
                        Step::AskAgain => {}
                        Step::AskSlower(least) => interval = slower(interval, least),
                        Step::Stop(cause) => return Err(cause.into()),
                    }
                }
                Err(error) if failures < MAX_FAILURES && is_passing(&error) => {
                    failures += 1;
                    let least = error.retry_after().unwrap_or_default();
                    interval = slower(interval, least);
                    tracing::debug!(failures, kind = ?error.kind(), "the sign-in service did not answer, asking again");
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn ask_for_code<H: HttpClient + Sync>(&self, http: &H) -> Result<DeviceCode, AuthError> {
        let fields = [("client_id", self.client_id.as_str()), ("scope", &self.user_scope())];
        let request = form::post(self.endpoints.device_code.clone(), &fields);
        let response = self.send(http, request).await?;
        let host = self.authority.host();
        match answer::body::<CodeAnswer>(host, &response)? {
            Ok(answer) => answer.into_code(host),
            Err(refusal) => Err(Cause::Refused(refusal).into()),
        }
    }

    async fn ask_for_tokens<H: HttpClient + Sync, C: Clock + Sync>(
        &self,
        http: &H,
        clock: &C,
        user: Option<&str>,
        device_code: &str,
    ) -> Result<Result<Tokens, Refusal>, AuthError> {
        let request = form::post(
            self.endpoints.token.clone(),
            &[
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("client_id", &self.client_id),
                ("device_code", device_code),
            ],
        );
        let response = self.send(http, request).await?;
        answer::tokens(self.authority.host(), &response, user, clock.now())
    }
}

enum Step {
    AskAgain,
    AskSlower(Duration),
    Stop(Cause),
}

/// [RFC 8628] section 3.5.
///
/// [RFC 8628]: https://www.rfc-editor.org/rfc/rfc8628#section-3.5
fn next_step(refusal: Refusal) -> Step {
    match refusal.error.as_str() {
        "authorization_pending" => Step::AskAgain,
        "slow_down" | "temporarily_unavailable" => Step::AskSlower(refusal.retry_after.unwrap_or_default()),
        "expired_token" | "code_expired" => Step::Stop(Cause::CodeEnded),
        "authorization_declined" | "access_denied" => Step::Stop(Cause::Declined),
        _ => Step::Stop(Cause::Refused(refusal)),
    }
}

/// The next interval after a request to slow down to `least`.
fn slower(interval: Duration, least: Duration) -> Duration {
    (interval + SLOW_DOWN).max(least).min(MAX_INTERVAL)
}

/// Whether a failure may be gone at the next attempt.
fn is_passing(error: &AuthError) -> bool {
    matches!(error.kind(), AuthErrorKind::Network | AuthErrorKind::Throttled)
}

struct DeviceCode {
    device_code: Secret,
    prompt: DeviceCodePrompt,
}

#[derive(Deserialize)]
struct CodeAnswer {
    device_code: Secret,
    user_code: String,
    #[serde(alias = "verification_url")]
    verification_uri: String,
    expires_in: Seconds,
    #[serde(default = "default_interval")]
    interval: Seconds,
    #[serde(default)]
    message: Option<String>,
}

impl CodeAnswer {
    fn into_code(self, host: &str) -> Result<DeviceCode, AuthError> {
        if !is_safe_page(&self.verification_uri) {
            return Err(Cause::UnsafePage { host: host.to_owned() }.into());
        }
        let user_code = answer::plain(&self.user_code);
        let verification_uri = answer::plain(&self.verification_uri);
        let message = match self.message {
            Some(message) if !message.is_empty() => answer::plain(&message),
            _ => format!("To sign in, open {verification_uri} in a browser and enter the code {user_code}."),
        };
        let seconds =
            |given: Seconds, least: u64, most: Duration| Duration::from_secs(given.0.max(least)).min(most);
        let prompt = DeviceCodePrompt {
            message,
            user_code,
            verification_uri,
            expires_in: seconds(self.expires_in, 0, MAX_CODE_LIFE),
            interval: seconds(self.interval, 1, MAX_INTERVAL),
        };
        Ok(DeviceCode { device_code: self.device_code, prompt })
    }
}

fn default_interval() -> Seconds {
    Seconds(5)
}

/// By how much `slow_down` lengthens the interval ([RFC 8628] section 3.5).
///
/// [RFC 8628]: https://www.rfc-editor.org/rfc/rfc8628#section-3.5
const SLOW_DOWN: Duration = Duration::from_secs(5);
const MAX_INTERVAL: Duration = Duration::from_secs(60);
const MAX_CODE_LIFE: Duration = Duration::from_secs(3600);
const MAX_FAILURES: u32 = 4;
