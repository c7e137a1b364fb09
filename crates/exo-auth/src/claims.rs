//! What a token says about itself.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use zeroize::Zeroizing;

/// The claims of a token that a client may show or compare.
///
/// **Nothing here is verified.** The token belongs to the server it is sent to, and only that server can
/// check the signature. These values came over TLS from the service, or from the user; they serve messages
/// and the comparison of names, never a decision about access.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// User principal name.
    #[serde(default)]
    pub upn: Option<String>,
    /// The name the account signed in with, in tokens of version 2.
    #[serde(default)]
    pub preferred_username: Option<String>,
    /// The same in tokens of version 1.
    #[serde(default)]
    pub unique_name: Option<String>,
    /// Tenant id.
    #[serde(default)]
    pub tid: Option<String>,
    /// The client id the token was made for.
    #[serde(default)]
    pub appid: Option<String>,
    /// The service the token was made for.
    #[serde(default)]
    pub aud: Option<String>,
    /// When the token ends, in seconds since 1970.
    #[serde(default)]
    pub exp: Option<u64>,
    /// The client id, in tokens of version 2.
    #[serde(default)]
    pub(crate) azp: Option<String>,
    /// What ties an identity token to the request that asked for it.
    #[serde(default)]
    pub(crate) nonce: Option<String>,
}

impl Claims {
    /// Reads the middle part of a JSON web token, without looking at the signature. `None` when the text is
    /// no such token; that is no fault, since a service may give tokens that only it can read.
    pub(crate) fn of_token(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(_), Some(payload), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let json = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
        serde_json::from_slice(&json).ok()
    }

    /// The name of the account, for people: `upn`, else the name it signed in with.
    pub fn account(&self) -> Option<&str> {
        self.accounts().next()
    }

    /// The application the token was made for.
    pub fn application(&self) -> Option<&str> {
        self.appid.as_deref().or(self.azp.as_deref())
    }

    /// Every name of the account.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &str> {
        [&self.upn, &self.preferred_username, &self.unique_name].into_iter().flatten().map(String::as_str)
    }
}

/// The `claims` of a challenge (`WWW-Authenticate`) as the JSON text that a token request carries: the service writes it
/// in base64, in either alphabet, or plain. `None` when it is no JSON object.
pub fn challenge_claims(challenge: &str) -> Option<String> {
    let text = challenge.trim();
    let json = if text.starts_with('{') {
        text.as_bytes().to_vec()
    } else {
        let text = text.trim_end_matches('=');
        URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()?
    };
    let is_object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&json).is_ok();
    is_object.then_some(json).and_then(|json| String::from_utf8(json).ok())
}

impl fmt::Debug for Claims {
    /// Names of people stay out of logs; what remains is enough to find a wrong audience.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tid, appid, aud, exp, .. } = self;
        f.debug_struct("Claims")
            .field("tid", tid)
            .field("appid", appid)
            .field("aud", aud)
            .field("exp", exp)
            .finish_non_exhaustive()
    }
}
