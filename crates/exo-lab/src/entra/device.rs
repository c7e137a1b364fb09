//! Device codes (RFC 8628): issued, approved by a person or after some polls, redeemed once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::directory::Account;
use crate::entra::token::{Bearer, Grant};
use crate::entra::{Refusal, opaque};
use crate::{DeviceApproval, Service};

/// The device codes that wait.
#[derive(Debug)]
pub(crate) struct DeviceCodes {
    approval: DeviceApproval,
    interval: Duration,
    lifetime: Duration,
    waiting: Mutex<HashMap<String, Waiting>>,
}

/// What `/devicecode` gives out.
#[derive(Debug)]
pub(crate) struct DeviceCode {
    pub(crate) user_code: String,
    pub(crate) device_code: String,
}

#[derive(Debug)]
struct Waiting {
    user_code: String,
    client: String,
    scope: String,
    issued: Instant,
    polls: u32,
    decision: Option<Decision>,
}

#[derive(Debug)]
enum Decision {
    Approved(Account),
    Declined,
}

impl DeviceCodes {
    pub(crate) fn new(approval: DeviceApproval, interval: Duration, lifetime: Duration) -> Self {
        Self { approval, interval, lifetime, waiting: Mutex::default() }
    }

    /// The pause between polls that clients are told to keep.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// How long a code can be redeemed.
    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    pub(crate) fn issue(&self, client: &str, scope: &str) -> Result<DeviceCode, Refusal> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Codes that ended a while ago are remembered, so that a late poll hears that they ended.
        waiting.retain(|_, code| code.issued.elapsed() < self.lifetime + REMEMBERED);
        if waiting.len() >= MAX_WAITING {
            return Err(Refusal::too_many());
        }
        let device_code = opaque();
        let user_code: String = opaque().chars().take(9).collect::<String>().to_ascii_uppercase();
        let code = Waiting {
            user_code: user_code.clone(),
            client: client.to_owned(),
            scope: scope.to_owned(),
            issued: Instant::now(),
            polls: 0,
            decision: None,
        };
        waiting.insert(device_code.clone(), code);
        Ok(DeviceCode { user_code, device_code })
    }

    /// Whether a code with this name waits for a person.
    pub(crate) fn is_waiting(&self, user_code: &str) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.values().any(|code| code.is(user_code) && code.issued.elapsed() < self.lifetime)
    }

    pub(crate) fn approve(&self, user_code: &str, account: Account) -> Result<(), Refusal> {
        self.decide(user_code, Decision::Approved(account))
    }

    pub(crate) fn decline(&self, user_code: &str) -> Result<(), Refusal> {
        self.decide(user_code, Decision::Declined)
    }

    fn decide(&self, user_code: &str, decision: Decision) -> Result<(), Refusal> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let code = waiting.values_mut().find(|code| code.is(user_code));
        code.ok_or_else(Refusal::bad_device_code)?.decision = Some(decision);
        Ok(())
    }

    /// One poll of the token endpoint: the sign-in, or why not yet.
    pub(crate) fn redeem(
        &self,
        device_code: &str,
        client: &str,
        service: &Service,
    ) -> Result<Grant, Refusal> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let code = waiting.get_mut(device_code).ok_or_else(Refusal::bad_device_code)?;
        if !code.client.eq_ignore_ascii_case(client) {
            return Err(Refusal::bad_device_code());
        }
        if self.lifetime <= code.issued.elapsed() {
            return Err(Refusal::code_expired());
        }
        code.polls = code.polls.saturating_add(1);
        if let DeviceApproval::AfterPolls(polls) = self.approval
            && code.decision.is_none()
            && polls < code.polls
        {
            code.decision = Some(Decision::Approved(service.directory.administrator()));
        }
        match code.decision.take() {
            None => Err(Refusal::pending()),
            Some(Decision::Declined) => {
                waiting.remove(device_code);
                Err(Refusal::declined())
            }
            Some(Decision::Approved(account)) => {
                let scope = std::mem::take(&mut code.scope);
                let client = std::mem::take(&mut code.client);
                waiting.remove(device_code);
                Ok(Grant {
                    client,
                    scope,
                    nonce: None,
                    is_multi_factor: true,
                    sign_in: service.tokens.begin_sign_in(account.upn()),
                    bearer: Bearer::Account(account),
                })
            }
        }
    }
}

impl Waiting {
    /// Whether a person means this one.
    fn is(&self, user_code: &str) -> bool {
        self.user_code.eq_ignore_ascii_case(user_code.trim())
    }
}

const REMEMBERED: Duration = Duration::from_secs(900);
const MAX_WAITING: usize = 1_000;
