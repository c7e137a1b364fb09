//! Who may sign in: the tenant, its domains, and its accounts.

use uuid::Uuid;

use crate::entra::Refusal;

/// The tenant as the sign-in service sees it.
pub(crate) struct Directory {
    tenant_id: Uuid,
    administrator: Account,
    /// Who may do less: `viewer@…` and `compliance@…`.
    others: Vec<Account>,
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
        let domain = user.split_once('@').map_or(crate::data::INITIAL_DOMAIN, |(_, domain)| domain);
        let others = ["viewer", "compliance"].map(|alias| Account::new(format!("{alias}@{domain}")));
        Self {
            tenant_id: Uuid::new_v4(),
            others: others.to_vec(),
            administrator: Account::new(user),
            password,
        }
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
        let mut accounts = std::iter::once(&self.administrator).chain(&self.others);
        let Some(account) = accounts.find(|account| user.eq_ignore_ascii_case(&account.upn)) else {
            return Err(Refusal::numbered(50034, user));
        };
        if password != self.password {
            return Err(Refusal::numbered(50126, user));
        }
        Ok(account.clone())
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").field("tenant_id", &self.tenant_id).finish_non_exhaustive()
    }
}

impl Account {
    fn new(upn: String) -> Self {
        Self { upn, object_id: Uuid::new_v4() }
    }

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
