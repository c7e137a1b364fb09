//! Who may sign in: the tenant, its domains, and its accounts.

use uuid::Uuid;

use crate::entra::Refusal;

/// The tenant as the sign-in service sees it.
pub(crate) struct Directory {
    tenant_id: Uuid,
    administrator: Account,
    password: String,
}

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    upn: String,
    object_id: Uuid,
}

impl Directory {
    pub(crate) fn new(user: String, password: String) -> Self {
        let administrator = Account { upn: user, object_id: Uuid::new_v4() };
        Self { tenant_id: Uuid::new_v4(), administrator, password }
    }

    pub(crate) fn tenant_id(&self) -> Uuid {
        self.tenant_id
    }

    /// The account that the lab announces.
    pub(crate) fn administrator(&self) -> Account {
        self.administrator.clone()
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// `organizations`, `common`, the tenant's id or one of its domains.
    pub(crate) fn knows_tenant(&self, tenant: &str) -> bool {
        let domain = self.administrator.upn.split_once('@').map_or("", |(_, domain)| domain);
        tenant == "organizations"
            || tenant == "common"
            || Uuid::parse_str(tenant).is_ok_and(|id| id == self.tenant_id)
            || tenant.eq_ignore_ascii_case(domain)
            || tenant.eq_ignore_ascii_case(crate::data::INITIAL_DOMAIN)
    }

    /// The account behind a name and password. A user called `aadsts50076@…` gets exactly that refusal.
    pub(crate) fn sign_in(&self, user: &str, password: &str) -> Result<Account, Refusal> {
        let alias = user.split_once('@').map_or(user, |(alias, _)| alias).to_ascii_lowercase();
        if let Some(code) = alias.strip_prefix("aadsts").and_then(|code| code.parse().ok()) {
            return Err(Refusal::numbered(code, user));
        }
        if !user.eq_ignore_ascii_case(&self.administrator.upn) {
            return Err(Refusal::numbered(50034, user));
        }
        if password != self.password {
            return Err(Refusal::numbered(50126, user));
        }
        Ok(self.administrator())
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").field("tenant_id", &self.tenant_id).finish_non_exhaustive()
    }
}

impl Account {
    pub(crate) fn upn(&self) -> &str {
        &self.upn
    }

    pub(crate) fn object_id(&self) -> Uuid {
        self.object_id
    }

    pub(crate) fn display_name(&self) -> &str {
        self.upn.split_once('@').map_or(&self.upn, |(alias, _)| alias)
    }
}
