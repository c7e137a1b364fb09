//! The `Authorization` header and what is known about whom it stands for.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use exo_auth::AccessToken;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::connect::plan::missing;
use crate::error::Error;
use crate::options::{Authentication, ConnectOptions};

/// A header value that is wiped with its last clone, and what may be told about it.
pub(crate) struct Credential {
    pub(crate) header: HeaderValue,
    pub(crate) user: Option<String>,
    pub(crate) tenant_id: Option<String>,
    /// The application that the token was made for.
    pub(crate) app_id: Option<String>,
    pub(crate) expires_at: Option<SystemTime>,
    /// The mailbox whose server the request should reach.
    pub(crate) mailbox_anchor: Option<String>,
    kind: &'static str,
}

impl Credential {
    /// `Basic` with user and password.
    pub(crate) fn of_password(options: &ConnectOptions) -> Result<Self, Error> {
        let user = options
            .user
            .as_deref()
            .ok_or_else(|| missing("user name", "is needed for Basic authentication"))?;
        let password = options.password.as_ref().ok_or_else(|| missing("password", "is needed"))?;
        Ok(Self {
            header: basic(user, &["", password.expose()])?,
            user: Some(user.to_owned()),
            tenant_id: None,
            app_id: None,
            expires_at: None,
            mailbox_anchor: Some(user.to_owned()),
            kind: "user name and password",
        })
    }

    /// `Bearer` with the token, or `Basic` with the token as password.
    pub(crate) fn of_token(
        options: &ConnectOptions,
        authentication: Authentication,
        token: &AccessToken,
    ) -> Result<Self, Error> {
        let claims = token.claims();
        let user = options.user.as_deref().or(claims.account());
        let header = if authentication == Authentication::BasicToken {
            // The server looks at the token; an application's token has no user, and any name does.
            basic(user.unwrap_or(APPLICATION_USER), &["Bearer ", token.expose()])?
        } else {
            Self::bearer(token)?
        };
        let tenant = options.delegated_organization.as_deref().or(claims.tid.as_deref());
        let mailbox_anchor = match (user, tenant) {
            (Some(user), _) => Some(user.to_owned()),
            (None, Some(tenant)) => Some(format!("{SYSTEM_MAILBOX}@{tenant}")),
            (None, None) => None,
        };
        Ok(Self {
            header,
            user: user.map(str::to_owned),
            tenant_id: claims.tid.clone(),
            app_id: claims.appid.clone(),
            expires_at: token.expires_at(),
            mailbox_anchor,
            kind: "a token",
        })
    }

    /// The header of a token.
    pub(crate) fn bearer(token: &AccessToken) -> Result<HeaderValue, Error> {
        secret_header(&["Bearer ", token.expose()])
    }

    /// What the sign-in saw, for people.
    pub(crate) fn detail(&self) -> String {
        format!("{} for {}", self.kind, self.user.as_deref().unwrap_or("an application"))
    }
}

fn basic(user: &str, password: &[&str]) -> Result<HeaderValue, Error> {
    if user.contains(':') {
        return Err(missing("user name", "has a colon in it, which Basic authentication cannot carry"));
    }
    let len = user.len() + 1 + password.iter().map(|part| part.len()).sum::<usize>();
    // Taken once, so that growing leaves no copy behind.
    let mut plain = Zeroizing::new(String::with_capacity(len));
    plain.push_str(user);
    plain.push(':');
    for part in password {
        plain.push_str(part);
    }
    let mut encoded = Zeroizing::new(String::with_capacity(len.div_ceil(3) * 4));
    STANDARD.encode_string(plain.as_bytes(), &mut encoded);
    secret_header(&["Basic ", &encoded])
}

fn secret_header(parts: &[&str]) -> Result<HeaderValue, Error> {
    let mut text = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        text.extend_from_slice(part.as_bytes());
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Wiped(text)))
        .map_err(|_| missing("token", "has characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A buffer the header borrows, and that is wiped when the last clone of the header goes.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

const APPLICATION_USER: &str = "OAuthUser";
/// The organization's arbitration mailbox, which every tenant has.
pub(crate) const SYSTEM_MAILBOX: &str = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}";
