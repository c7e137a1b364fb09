//! A scripted sign-in service, a clock that only moves when told to, and a way to run a future.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exo_auth::{
    AuthError, Authority, Clock, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, Secret,
    SignIn, Tokens,
};
use zeroize::Zeroizing;

/// Answers in order and remembers what was asked.
pub(crate) struct Service {
    answers: Mutex<Vec<Result<HttpResponse, HttpError>>>,
    asked: Mutex<Vec<(String, String)>>,
}

impl Service {
    pub(crate) fn new<const N: usize>(answers: [Result<HttpResponse, HttpError>; N]) -> Self {
        let mut answers = Vec::from(answers);
        answers.reverse();
        Self { answers: Mutex::new(answers), asked: Mutex::new(Vec::new()) }
    }

    /// Address and body of each request so far.
    pub(crate) fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap().clone()
    }
}

impl HttpClient for Service {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        // Asked after a wrong password only; the scripted domains check their passwords here.
        if request.uri.contains("/common/userrealm/") {
            let is_federated = request.uri.ends_with("/someone%40federated.example?api-version=1.0");
            return answer(200, if is_federated { FEDERATED } else { r#"{"account_type":"Managed"}"# });
        }
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        self.asked.lock().unwrap().push((request.uri, body));
        self.answers.lock().unwrap().pop().expect("the script has an answer for each request")
    }
}

pub(crate) fn answer(status: u16, body: &str) -> Result<HttpResponse, HttpError> {
    answer_with(status, &[("Content-Type", "application/json; charset=utf-8")], body)
}

pub(crate) fn answer_with(
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<HttpResponse, HttpError> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(HttpResponse { status, headers, body: Zeroizing::new(body.as_bytes().to_vec()) })
}

/// A refusal in the service's own form.
pub(crate) fn refusal(error: &str, code: u32) -> Result<HttpResponse, HttpError> {
    let body = format!(
        r#"{{"error":"{error}","error_description":"AADSTS{code}: Something is wrong. Trace ID: 1 Correlation ID: 2\r\nTimestamp: 3","error_codes":[{code}],"correlation_id":"6f1c"}}"#
    );
    answer(400, &body)
}

const FEDERATED: &str = r#"{"account_type":"Federated","federation_protocol":"WSTrust",
    "federation_active_auth_url":"https://sts.federated.example/adfs/services/trust/2005/usernamemixed"}"#;

pub(crate) fn unreachable() -> Result<HttpResponse, HttpError> {
    Err(HttpError::new(HttpErrorKind::Connect, "connection refused"))
}

/// An unsigned token with these claims.
pub(crate) fn token(claims: &str) -> String {
    format!("{}.{}.sig", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims))
}

/// A token answer for an account.
pub(crate) fn granted(upn: &str) -> Result<HttpResponse, HttpError> {
    let token =
        token(&format!(r#"{{"upn":"{upn}","tid":"t-1","appid":"a-1","aud":"https://x","exp":1000}}"#));
    answer(
        200,
        &format!(
            r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}","refresh_token":"r-1"}}"#
        ),
    )
}

/// Seconds since 1970; moves by what is slept.
pub(crate) struct FakeClock {
    now: Mutex<Duration>,
    slept: Mutex<Vec<u64>>,
}

impl FakeClock {
    pub(crate) fn at(seconds: u64) -> Self {
        Self { now: Mutex::new(Duration::from_secs(seconds)), slept: Mutex::new(Vec::new()) }
    }

    /// Each wait, in seconds.
    pub(crate) fn slept(&self) -> Vec<u64> {
        self.slept.lock().unwrap().clone()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + *self.now.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        *self.now.lock().unwrap() += duration;
        self.slept.lock().unwrap().push(duration.as_secs());
    }
}

/// Polls a future that never waits for anything.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a scripted flow does not wait"),
    }
}

pub(crate) fn sign_in() -> SignIn {
    SignIn::new(
        Authority::parse("https://login.example/contoso.com").unwrap(),
        "https://outlook.office365.com/.default",
    )
}

/// Password sign-in of `admin@contoso.com` against one answer.
pub(crate) fn with_password(answer: Result<HttpResponse, HttpError>) -> Result<Tokens, AuthError> {
    let service = Service::new([answer]);
    let password = Secret::new("p&w".to_owned());
    run(sign_in().with_password(&service, &FakeClock::at(500), "admin@contoso.com", &password))
}
