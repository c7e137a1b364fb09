//! Tokens in the shape of JSON Web Tokens, sealed with a key that only this lab knows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Service;
use crate::clock::Moment;
use crate::directory::Account;
use crate::entra::{Refusal, opaque};

/// Issues and checks tokens.
pub(crate) struct Tokens {
    seal: String,
    lifetime: Duration,
    refresh: Mutex<HashMap<String, (Account, String)>>,
}

/// What the endpoint behind the token needs to know about its bearer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) upn: String,
    /// The service that the token was issued for.
    pub(crate) audience: String,
}

impl Tokens {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { seal: opaque(), lifetime, refresh: Mutex::default() }
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    pub(crate) fn access_token(
        &self,
        account: &Account,
        client: &str,
        audience: &str,
        service: &Service,
    ) -> String {
        let now = Moment::now().unix();
        self.sign(&json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{}/", service.directory.tenant_id()),
            "iat": now,
            "nbf": now,
            "exp": now.saturating_add(self.lifetime.as_secs()),
            "appid": client,
            "app_displayname": "Microsoft Exchange REST API Based PowerShell",
            "name": account.display_name(),
            "oid": account.object_id().to_string(),
            "scp": "AdminApi.AccessAsUser.All FfoPowerShell.AccessAsUser.All RemotePowerShell.AccessAsUser.All",
            "tid": service.directory.tenant_id().to_string(),
            "unique_name": account.upn(),
            "upn": account.upn(),
            "uti": opaque(),
            "ver": "1.0",
        }))
    }

    pub(crate) fn id_token(&self, account: &Account, client: &str, service: &Service) -> String {
        let now = Moment::now().unix();
        self.sign(&json!({
            "aud": client,
            "iss": format!("{}/{}/v2.0", service.origin, service.directory.tenant_id()),
            "iat": now,
            "nbf": now,
            "exp": now.saturating_add(self.lifetime.as_secs()),
            "name": account.display_name(),
            "oid": account.object_id().to_string(),
            "preferred_username": account.upn(),
            "tid": service.directory.tenant_id().to_string(),
            "ver": "2.0",
        }))
    }

    /// A refresh token, good for one use.
    pub(crate) fn refresh_token(&self, account: &Account, scope: &str) -> String {
        let mut refresh = self.refresh.lock().unwrap_or_else(PoisonError::into_inner);
        if refresh.len() >= MAX_REFRESH_TOKENS {
            refresh.clear();
        }
        let token = format!("0.{}", opaque());
        refresh.insert(token.clone(), (account.clone(), scope.to_owned()));
        token
    }

    pub(crate) fn redeem_refresh(&self, token: &str) -> Result<(Account, String), Refusal> {
        let mut refresh = self.refresh.lock().unwrap_or_else(PoisonError::into_inner);
        refresh.remove(token).ok_or_else(Refusal::bad_refresh_token)
    }

    /// The claims of a token of ours that is still good.
    pub(crate) fn check(&self, token: &str) -> Option<Claims> {
        let (signed, seal) = token.rsplit_once('.')?;
        if self.seal_of(signed) != seal {
            return None;
        }
        let (_, payload) = signed.split_once('.')?;
        let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        if payload.get("exp")?.as_u64()? <= Moment::now().unix() {
            return None;
        }
        let text = |name: &str| Some(payload.get(name)?.as_str()?.to_owned());
        Some(Claims { upn: text("upn")?, audience: text("aud")? })
    }

    fn sign(&self, payload: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "exo-lab" });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(payload));
        let seal = self.seal_of(&signed);
        format!("{signed}.{seal}")
    }

    /// Not RS256: nobody outside can check the real thing either, and the lab need not.
    fn seal_of(&self, signed: &str) -> String {
        let digest =
            Sha256::new().chain_update(&self.seal).chain_update(signed).chain_update(&self.seal).finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

const MAX_REFRESH_TOKENS: usize = 10_000;
