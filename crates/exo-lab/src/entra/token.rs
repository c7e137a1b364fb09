//! Tokens: who they stand for, what is in them, how long they are good.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Service;
use crate::directory::Account;
use crate::entra::application::Application;
use crate::entra::signing::SigningKey;
use crate::entra::{Refusal, opaque};
use crate::fault::FaultKind;

/// Issues and checks tokens.
pub(crate) struct Tokens {
    key: Arc<SigningKey>,
    lifetime: Duration,
    refresh: Mutex<HashMap<String, Grant>>,
    sign_ins: Mutex<SignIns>,
}

/// Somebody signed in, for an application and a scope.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) bearer: Bearer,
    /// The application id.
    pub(crate) client: String,
    pub(crate) scope: String,
    /// What the id token must repeat.
    pub(crate) nonce: Option<String>,
    /// Whether the second factor was shown.
    pub(crate) is_multi_factor: bool,
    /// All tokens that come from one sign-in have this in common.
    pub(crate) sign_in: Uuid,
}

/// Whom a token stands for.
#[derive(Debug, Clone)]
pub(crate) enum Bearer {
    Account(Account),
    Application(Application),
}

/// What the endpoint behind the token needs to know about its bearer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    /// The user principal name; of an application its id, `@`, the tenant's id.
    pub(crate) user: String,
    /// The service that the token was issued for.
    pub(crate) audience: String,
    /// False for an application that holds the permission and no role.
    pub(crate) has_role: bool,
    /// Whether the token was asked for with the authentication context that `auth-context` wants.
    pub(crate) has_context: bool,
}

impl Tokens {
    pub(crate) fn new(key: Arc<SigningKey>, lifetime: Duration) -> Self {
        Self { key, lifetime, refresh: Mutex::default(), sign_ins: Mutex::default() }
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    /// A number for a new sign-in of this user.
    pub(crate) fn begin_sign_in(&self, user: &str) -> Uuid {
        let mut sign_ins = self.lock_sign_ins();
        let id = Uuid::new_v4();
        if sign_ins.known.len() >= MAX_SIGN_INS
            && let Some((oldest, _)) = sign_ins.known.pop_front()
        {
            sign_ins.revoked.remove(&oldest);
        }
        sign_ins.known.push_back((id, user.to_owned()));
        id
    }

    /// No token of this sign-in is good from now on.
    pub(crate) fn revoke(&self, sign_in: Uuid) {
        self.lock_sign_ins().revoked.insert(sign_in);
    }

    /// No token that this user has is good from now on.
    pub(crate) fn revoke_user(&self, user: &str) {
        let mut sign_ins = self.lock_sign_ins();
        let theirs = sign_ins.known.iter().filter(|(_, known)| known.eq_ignore_ascii_case(user));
        let theirs: Vec<Uuid> = theirs.map(|(id, _)| *id).collect();
        sign_ins.revoked.extend(theirs);
    }

    fn is_revoked(&self, sign_in: Uuid) -> bool {
        self.lock_sign_ins().revoked.contains(&sign_in)
    }

    fn lock_sign_ins(&self) -> MutexGuard<'_, SignIns> {
        self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An access token for `audience`; `requested` are the `claims` of the request (OpenID Connect Core §5.5).
    pub(crate) fn access_token(
        &self,
        grant: &Grant,
        audience: &str,
        requested: &Value,
        service: &Service,
    ) -> Result<String, Refusal> {
        let now = service.now().unix();
        let tenant_id = service.directory.tenant_id();
        let mut claims = json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{tenant_id}/"),
            "iat": now,
            "nbf": now,
            "exp": now.saturating_add(self.lifetime.as_secs()),
            "appid": grant.client,
            "sid": grant.sign_in.to_string(),
            "tid": tenant_id.to_string(),
            "uti": opaque(),
            "ver": "1.0",
        });
        let more = match &grant.bearer {
            Bearer::Account(account) => json!({
                "amr": if grant.is_multi_factor { json!(["pwd", "mfa"]) } else { json!(["pwd"]) },
                "app_displayname": "Microsoft Exchange REST API Based PowerShell",
                "appidacr": "0",
                "idtyp": "user",
                "name": account.display_name(),
                "oid": account.object_id().to_string(),
                "scp": "AdminApi.AccessAsUser.All FfoPowerShell.AccessAsUser.All RemotePowerShell.AccessAsUser.All",
                "sub": account.object_id().simple().to_string(),
                "unique_name": account.upn(),
                "upn": account.upn(),
            }),
            Bearer::Application(application) => json!({
                "app_displayname": application.name(),
                "appidacr": "2",
                "idtyp": "app",
                "oid": application.object_id().to_string(),
                "roles": ["Exchange.ManageAsApp"],
                "sub": application.object_id().to_string(),
                "wids": if application.has_role() { json!([EXCHANGE_ADMINISTRATOR]) } else { json!([NO_ROLE]) },
            }),
        };
        merge(&mut claims, more);
        let asked = |name: &str| requested["access_token"][name].clone();
        let capabilities = asked("xms_cc");
        let capable = |value: &Value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("cp1"));
        if capabilities["values"].as_array().is_some_and(|values| values.iter().any(capable)) {
            merge(&mut claims, json!({ "xms_cc": ["CP1"] }));
        }
        if let Some(context) = asked("acrs")["value"].as_str() {
            merge(&mut claims, json!({ "acrs": [context] }));
        }
        let padding = service.faults.take(|kind| matches!(kind, FaultKind::TokenHuge(_)));
        if let Some(FaultKind::TokenHuge(len)) = padding {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            merge(&mut claims, json!({ "padding": "x".repeat(len / 4 * 3) }));
        }
        self.key.sign(&claims).ok_or_else(Refusal::too_many)
    }

    /// What the client may read about the person (OpenID Connect Core §2).
    pub(crate) fn id_token(
        &self,
        grant: &Grant,
        account: &Account,
        origin: &str,
        service: &Service,
    ) -> Result<String, Refusal> {
        let now = service.now().unix();
        let mut claims = json!({
            "aud": grant.client,
            "iss": format!("{origin}/{}/v2.0", service.directory.tenant_id()),
            "iat": now,
            "nbf": now,
            "exp": now.saturating_add(self.lifetime.as_secs()),
            "name": account.display_name(),
            "oid": account.object_id().to_string(),
            "preferred_username": account.upn(),
            "sub": account.object_id().simple().to_string(),
            "tid": service.directory.tenant_id().to_string(),
            "ver": "2.0",
        });
        if let Some(nonce) = &grant.nonce {
            merge(&mut claims, json!({ "nonce": nonce }));
        }
        self.key.sign(&claims).ok_or_else(Refusal::too_many)
    }

    /// A refresh token, good for one use: the answer to that brings the next one.
    pub(crate) fn refresh_token(&self, grant: Grant) -> String {
        let mut refresh = self.refresh.lock().unwrap_or_else(PoisonError::into_inner);
        if refresh.len() >= MAX_REFRESH_TOKENS {
            refresh.clear();
        }
        let token = format!("0.{}", opaque());
        refresh.insert(token.clone(), grant);
        token
    }

    /// The sign-in behind a refresh token of this client, which is used up.
    pub(crate) fn redeem_refresh(&self, token: &str, client: &str) -> Result<Grant, Refusal> {
        let mut refresh = self.refresh.lock().unwrap_or_else(PoisonError::into_inner);
        let grant = refresh.remove(token).ok_or_else(Refusal::bad_refresh_token)?;
        if !grant.client.eq_ignore_ascii_case(client) {
            return Err(Refusal::bad_refresh_token());
        }
        if self.is_revoked(grant.sign_in) {
            return Err(Refusal::numbered(50173, ""));
        }
        Ok(grant)
    }

    /// The claims of a token of this tenant that is still good.
    pub(crate) fn check(&self, token: &str, service: &Service) -> Option<Claims> {
        let claims = self.key.verify(token)?;
        let text = |name: &str| claims[name].as_str().map(str::to_owned);
        let tenant_id = text("tid")?;
        if tenant_id != service.directory.tenant_id().to_string()
            || claims["exp"].as_u64()? <= service.now().unix()
            || self.is_revoked(Uuid::parse_str(claims["sid"].as_str()?).ok()?)
        {
            return None;
        }
        let user = text("upn").or_else(|| Some(format!("{}@{tenant_id}", text("appid")?)))?;
        let has = |name: &str, value: &str| {
            claims[name].as_array().is_some_and(|values| values.iter().any(|held| held == value))
        };
        Some(Claims {
            user,
            audience: text("aud")?,
            has_role: claims["idtyp"] == "user" || has("wids", EXCHANGE_ADMINISTRATOR),
            has_context: has("acrs", AUTHENTICATION_CONTEXT),
        })
    }
}

/// The sign-ins that are remembered, and those among them that are over.
#[derive(Debug, Default)]
struct SignIns {
    known: VecDeque<(Uuid, String)>,
    revoked: HashSet<Uuid>,
}

fn merge(claims: &mut Value, more: Value) {
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// The context that the fault `auth-context` makes the REST endpoints ask for.
pub(crate) const AUTHENTICATION_CONTEXT: &str = "c1";
/// Role template ids of Entra ID: Exchange Administrator, and the one that everybody without a role has.
const EXCHANGE_ADMINISTRATOR: &str = "29232cdf-9323-42fd-ade2-1d097af3e4de";
const NO_ROLE: &str = "b79fbf4d-3ef9-4689-8143-76b194e85509";
const MAX_REFRESH_TOKENS: usize = 10_000;
const MAX_SIGN_INS: usize = 20_000;
