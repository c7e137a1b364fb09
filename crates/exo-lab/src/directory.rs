//! Who may sign in: the tenant, its domains, and its accounts.

use uuid::Uuid;

use crate::entra::{Application, Refusal};

/// The tenant as the sign-in service sees it.
pub(crate) struct Directory {
    tenant_id: Uuid,
    administrator: Account,
    /// `viewer@…` and `compliance@…`, who may do less, and `mfa@…`, who never signs in by the password alone;
    /// and further administrators.
    others: Vec<Account>,
    password: String,
    second_factor: String,
    applications: Vec<Application>,
}

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    upn: String,
    object_id: Uuid,
    needs_second_factor: bool,
}

impl Directory {
    pub(crate) fn new(
        user: String,
        more: Vec<String>,
        password: String,
        applications: Vec<Application>,
    ) -> Self {
        let domain = user.split_once('@').map_or(crate::data::INITIAL_DOMAIN, |(_, domain)| domain);
        let others = ["viewer", "compliance", "mfa"].map(|alias| Account::new(format!("{alias}@{domain}")));
        // Six digits out of a random number.
        let second_factor = format!("{:06}", Uuid::new_v4().as_u128() % 1_000_000);
        Self {
            tenant_id: Uuid::new_v4(),
            others: others.into_iter().chain(more.into_iter().map(Account::new)).collect(),
            administrator: Account::new(user),
            password,
            second_factor,
            applications,
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

    /// The code that the sign-in page asks for beside the password; always the same one in a lab.
    pub(crate) fn second_factor(&self) -> &str {
        &self.second_factor
    }

    /// The application that signs in as itself under this id.
    pub(crate) fn application(&self, id: &str) -> Option<&Application> {
        let id = Uuid::parse_str(id).ok()?;
        self.applications.iter().find(|application| application.id() == id)
    }

    /// The tenant's first domain.
    pub(crate) fn domain(&self) -> &str {
        self.administrator.upn.split_once('@').map_or(crate::data::INITIAL_DOMAIN, |(_, domain)| domain)
    }

    /// `organizations`, `common`, the tenant's id or one of its domains.
    pub(crate) fn knows_tenant(&self, tenant: &str) -> bool {
        let mut domains = self.accounts().filter_map(|account| account.upn.split_once('@'));
        tenant == "organizations"
            || tenant == "common"
            || Uuid::parse_str(tenant).is_ok_and(|id| id == self.tenant_id)
            || domains.any(|(_, domain)| tenant.eq_ignore_ascii_case(domain))
            || tenant.eq_ignore_ascii_case(crate::data::INITIAL_DOMAIN)
    }

    fn accounts(&self) -> impl Iterator<Item = &Account> {
        std::iter::once(&self.administrator).chain(&self.others)
    }

    /// The account of a Kerberos principal: the realm knows users by what stands before the `@`.
    pub(crate) fn of_principal(&self, principal: &str) -> Option<&Account> {
        let (user, _) = principal.split_once('@')?;
        self.accounts().find(|account| {
            account.upn.split_once('@').is_some_and(|(alias, _)| alias.eq_ignore_ascii_case(user))
        })
    }

    /// The account behind a name and password. A user called `aadsts50076@…` gets exactly that refusal.
    pub(crate) fn sign_in(&self, user: &str, password: &str) -> Result<Account, Refusal> {
        let alias = user.split_once('@').map_or(user, |(alias, _)| alias).to_ascii_lowercase();
        if let Some(code) = alias.strip_prefix("aadsts").and_then(|code| code.parse().ok()) {
            return Err(Refusal::numbered(code, user));
        }
        let Some(account) = self.accounts().find(|account| user.eq_ignore_ascii_case(&account.upn)) else {
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
        let needs_second_factor = upn.to_ascii_lowercase().starts_with("mfa@");
        Self { upn, object_id: Uuid::new_v4(), needs_second_factor }
    }

    pub(crate) fn upn(&self) -> &str {
        &self.upn
    }

    /// Whether the password alone is refused (AADSTS50076).
    pub(crate) fn needs_second_factor(&self) -> bool {
        self.needs_second_factor
    }

    pub(crate) fn object_id(&self) -> Uuid {
        self.object_id
    }

    pub(crate) fn display_name(&self) -> &str {
        self.upn.split_once('@').map_or(&self.upn, |(alias, _)| alias)
    }
}
