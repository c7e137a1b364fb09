//! What the sign-in pages remember of a browser: who is signed in there, and sign-ins that are under way.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::response::Response;

use crate::cookie;
use crate::directory::Account;
use crate::entra::authorize::AuthorizeRequest;
use crate::entra::opaque;

/// The browsers that came by.
#[derive(Debug, Default)]
pub(crate) struct Browsers {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By cookie.
    signed_in: HashMap<String, Account>,
    /// By the number in the pages' forms.
    flows: HashMap<String, Flow>,
}

/// A sign-in that is under way in one browser.
#[derive(Debug)]
struct Flow {
    /// The cookie of the browser that began it; nobody else may go on with it.
    browser: String,
    begun: Instant,
    purpose: Purpose,
    /// Whose password was right.
    account: Option<Account>,
    wrong_codes: u32,
}

/// What a sign-in is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    Authorize(Box<AuthorizeRequest>),
    Device { user_code: String },
}

/// What came of a second factor.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Signed in: for what, as whom, and the browser's new cookie.
    Good { purpose: Purpose, account: Account, browser: String },
    /// Once more, as whom.
    Wrong { user: String },
    /// Too often wrong, or no such sign-in.
    Over,
}

impl Browsers {
    /// Who is signed in at this browser.
    pub(super) fn account(&self, browser: &str) -> Option<Account> {
        self.lock().signed_in.get(browser).cloned()
    }

    /// Begins a sign-in; its number goes into the forms.
    pub(super) fn begin(&self, browser: &str, purpose: Purpose) -> String {
        let mut state = self.lock();
        state.flows.retain(|_, flow| flow.begun.elapsed() < LIFETIME);
        if state.flows.len() >= MAX_FLOWS {
            state.flows.clear();
        }
        let id = opaque();
        let browser = browser.to_owned();
        let flow = Flow { browser, begun: Instant::now(), purpose, account: None, wrong_codes: 0 };
        state.flows.insert(id.clone(), flow);
        id
    }

    /// What the sign-in with this number in this browser is for.
    pub(super) fn purpose(&self, browser: &str, id: &str) -> Option<Purpose> {
        self.lock().flow(browser, id).map(|flow| flow.purpose.clone())
    }

    /// The password was right.
    pub(super) fn password_accepted(&self, browser: &str, id: &str, account: Account) {
        if let Some(flow) = self.lock().flow(browser, id) {
            flow.account = Some(account);
        }
    }

    /// Judges the second factor; a good one ends the sign-in and gives the browser a new cookie.
    pub(super) fn judge(&self, browser: &str, id: &str, is_right: bool) -> Verdict {
        let mut state = self.lock();
        let Some((flow, account)) = state.flow(browser, id).and_then(|flow| {
            let account = flow.account.clone()?;
            Some((flow, account))
        }) else {
            return Verdict::Over;
        };
        if !is_right {
            flow.wrong_codes += 1;
            let is_over = MAX_WRONG_CODES <= flow.wrong_codes;
            if is_over {
                state.flows.remove(id);
                return Verdict::Over;
            }
            return Verdict::Wrong { user: account.upn().to_owned() };
        }
        let purpose = flow.purpose.clone();
        state.flows.remove(id);
        state.signed_in.remove(browser);
        if state.signed_in.len() >= MAX_BROWSERS {
            state.signed_in.clear();
        }
        let browser = opaque();
        state.signed_in.insert(browser.clone(), account.clone());
        Verdict::Good { purpose, account, browser }
    }

    /// Ends a sign-in that the person gave up.
    pub(super) fn abandon(&self, browser: &str, id: &str) -> Option<Purpose> {
        let mut state = self.lock();
        state.flow(browser, id)?;
        state.flows.remove(id).map(|flow| flow.purpose)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn flow(&mut self, browser: &str, id: &str) -> Option<&mut Flow> {
        self.flows.get_mut(id).filter(|flow| flow.browser == browser && flow.begun.elapsed() < LIFETIME)
    }
}

/// The cookie of the browser, if it has one.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie::named(headers, COOKIE)
}

/// Gives the browser a cookie.
pub(super) fn set_cookie(response: &mut Response, browser: &str) {
    cookie::give(
        response.headers_mut(),
        &format!("{COOKIE}={browser}; Path=/; Secure; HttpOnly; SameSite=Lax"),
    );
}

const COOKIE: &str = "ESTSAUTH";
const LIFETIME: Duration = Duration::from_secs(900);
const MAX_FLOWS: usize = 1_000;
const MAX_BROWSERS: usize = 1_000;
const MAX_WRONG_CODES: u32 = 5;
