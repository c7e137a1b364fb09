//! What is known about whom a session stands for.

use exo_auth::{AccessToken, Claims};

use crate::options::ConnectOptions;

/// The account or application behind a session.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) user: Option<String>,
    pub(crate) tenant_id: Option<String>,
    /// The application that the token was made for.
    pub(crate) app_id: Option<String>,
    /// The mailbox whose server the request should reach.
    pub(crate) mailbox_anchor: Option<String>,
    kind: &'static str,
}

impl Credential {
    /// Of user and password, which only the server can judge.
    pub(crate) fn of_password(options: &ConnectOptions) -> Self {
        Self {
            user: options.user.clone(),
            tenant_id: None,
            app_id: None,
            mailbox_anchor: options.user.clone(),
            kind: "user name and password",
        }
    }

    /// Of a Kerberos ticket.
    pub(crate) fn of_ticket(options: &ConnectOptions) -> Self {
        Self { kind: TICKET, ..Self::of_password(options) }
    }

    /// Of a token, by its own claims and those of the identity token beside it.
    pub(crate) fn of_token(options: &ConnectOptions, token: &AccessToken, id: &Claims) -> Self {
        let claims = token.claims();
        let user = options.user.as_deref().or(claims.account()).or(id.account());
        let tenant_id = claims.tid.as_ref().or(id.tid.as_ref()).cloned();
        let tenant = options
            .delegated_organization
            .as_deref()
            .or(options.organization.as_deref())
            .or(tenant_id.as_deref());
        let mailbox_anchor = match (user, tenant) {
            (Some(user), _) => Some(user.to_owned()),
            (None, Some(tenant)) => Some(format!("{SYSTEM_MAILBOX}@{tenant}")),
            (None, None) => None,
        };
        Self {
            user: user.map(str::to_owned),
            tenant_id,
            app_id: claims.application().or(options.app_id.as_deref()).map(str::to_owned),
            mailbox_anchor,
            kind: "a token",
        }
    }

    /// What the sign-in saw, for people.
    pub(crate) fn detail(&self) -> String {
        match &self.user {
            Some(user) => format!("{} for {user}", self.kind),
            None if self.kind == TICKET => format!("{TICKET} of the default cache"),
            None => format!("{} for an application", self.kind),
        }
    }
}

const TICKET: &str = "a Kerberos ticket";
/// The organization's arbitration mailbox, which every tenant has.
pub(crate) const SYSTEM_MAILBOX: &str = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}";
