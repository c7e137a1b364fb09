//! Authorization code with PKCE ([RFC 7636]) in the system's browser, which comes back to this machine ([RFC 8252]).
//!
//! [RFC 7636]: https://www.rfc-editor.org/rfc/rfc7636
//! [RFC 8252]: https://www.rfc-editor.org/rfc/rfc8252

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::rand_core::{OsRng, RngCore};
use rsa::sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::answer;
use crate::clock::Clock;
use crate::error::{AuthError, Cause};
use crate::flow::SignIn;
use crate::form;
use crate::http::HttpClient;
use crate::secret::Secret;
use crate::token::Tokens;

/// What the sign-in page may know before the user types anything.
#[derive(Clone, Debug, Default)]
pub struct BrowserHints {
    /// The account to offer.
    pub user: Option<String>,
    /// The domain whose sign-in service to go to at once.
    pub domain: Option<String>,
    /// What the page asks although it could do without.
    pub prompt: Option<Prompt>,
}

/// What the sign-in page asks although it could do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Which account.
    SelectAccount,
    /// The password, in spite of a sign-in that the browser remembers.
    Login,
    /// The consent to what the application may do.
    Consent,
}

/// One sign-in under way in a browser. The secrets in it belong to this one and are good once.
pub struct BrowserSignIn {
    /// The address for the browser.
    uri: String,
    redirect_uri: String,
    state: Secret,
    nonce: String,
    verifier: Secret,
}

/// What a request to the address of return means.
#[derive(Debug)]
pub enum Landing {
    /// The page gave a code; it is good once.
    Code(Secret),
    /// The page gave an error, or something that this sign-in did not ask for. The sign-in is over.
    Failed(AuthError),
    /// Nothing of this sign-in: an icon, another path, another state. Whoever asks is told so, and the wait goes on.
    Stray,
}

impl SignIn {
    /// Begins a sign-in that comes back to `redirect_uri`, `http://localhost:PORT`.
    pub fn begin_in_browser(&self, redirect_uri: &str, hints: &BrowserHints) -> BrowserSignIn {
        let (state, nonce, verifier) = (random_text(), random_text(), random_text());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let scope = self.user_scope();
        let mut fields: Vec<(&str, &str)> = vec![
            ("client_id", &self.client_id),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("redirect_uri", redirect_uri),
            ("scope", &scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        fields.extend(hints.user.as_deref().map(|user| ("login_hint", user)));
        fields.extend(hints.domain.as_deref().map(|domain| ("domain_hint", domain)));
        fields.extend(hints.prompt.map(|prompt| ("prompt", prompt.name())));
        let query = form::encode(&fields);
        let uri = format!("{}?{}", self.endpoints.authorize, String::from_utf8_lossy(&query));
        BrowserSignIn {
            uri,
            redirect_uri: redirect_uri.to_owned(),
            state: state.into(),
            nonce: nonce.to_string(),
            verifier: verifier.into(),
        }
    }

    /// Exchanges the code of a sign-in for tokens. The service takes a code once; the identity token must carry this
    /// sign-in's nonce. When `user` is given, the account that signed in must be that one.
    ///
    /// # Errors
    /// [`AuthErrorKind::Denied`](crate::AuthErrorKind::Denied) when another account signed in or the nonce is not ours;
    /// otherwise see [`AuthErrorKind`](crate::AuthErrorKind).
    pub async fn with_code<H: HttpClient + Sync, C: Clock + Sync>(
        &self,
        http: &H,
        clock: &C,
        user: Option<&str>,
        browser: &BrowserSignIn,
        code: &Secret,
    ) -> Result<Tokens, AuthError> {
        let request = form::post(
            self.endpoints.token.clone(),
            &[
                ("grant_type", "authorization_code"),
                ("client_id", &self.client_id),
                ("scope", &self.user_scope()),
                ("code", code.expose()),
                ("redirect_uri", &browser.redirect_uri),
                ("code_verifier", browser.verifier.expose()),
            ],
        );
        let response = self.send(http, request).await?;
        let tokens = match answer::tokens(self.authority.host(), &response, user, clock.now())? {
            Ok(tokens) => tokens,
            Err(refusal) => return Err(Cause::Refused(refusal).into()),
        };
        if tokens.id.nonce.as_deref() != Some(&*browser.nonce) {
            return Err(Cause::Forged { detail: "the identity token has another nonce, or none" }.into());
        }
        Ok(tokens)
    }
}

impl BrowserSignIn {
    /// The address for the browser.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Reads what the browser asked for when it came back: `target` is path and query of its GET request. A code counts
    /// only with the state of this sign-in, so that no page can slip in a code of another account.
    pub fn land(&self, target: &str) -> Landing {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path != "/" {
            return Landing::Stray;
        }
        let fields = form::decode(query);
        let field = |name: &str| {
            let mut named =
                fields.iter().filter(|(own, _)| own.as_str() == name).map(|(_, value)| value.as_str());
            // A field that is there twice is nobody's.
            named.next().filter(|_| named.next().is_none())
        };
        if !field("state").is_some_and(|state| same(state, self.state.expose())) {
            return Landing::Stray;
        }
        if let Some(error) = field("error") {
            let refusal = answer::refusal_of_page(error, field("error_description").unwrap_or_default());
            return Landing::Failed(match refusal.aadsts {
                None if error == "access_denied" => Cause::Declined.into(),
                _ => Cause::PageRefused(refusal).into(),
            });
        }
        match field("code") {
            Some(code) if !code.is_empty() => Landing::Code(Secret::new(code.to_owned())),
            _ => Landing::Failed(Cause::Forged { detail: "it has neither a code nor an error" }.into()),
        }
    }
}

impl AuthError {
    /// Nobody finished the sign-in in the browser in time.
    pub fn browser_timeout(limit: std::time::Duration) -> Self {
        Cause::PageTimeout { limit }.into()
    }
}

impl Prompt {
    fn name(self) -> &'static str {
        match self {
            Self::SelectAccount => "select_account",
            Self::Login => "login",
            Self::Consent => "consent",
        }
    }
}

/// Without the secrets; the address has them too.
impl std::fmt::Debug for BrowserSignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowserSignIn").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// 256 random bits as text that fits everywhere.
fn random_text() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(&mut *bytes);
    Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))
}

/// Compares without telling by time how much was right.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one.bytes().zip(other.bytes()).fold(0, |difference, (one, other)| difference | (one ^ other)) == 0
}
