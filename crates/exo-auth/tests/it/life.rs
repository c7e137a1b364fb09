//! The token of a session over days: renewal before the end, rotation, challenges, revocation, and many who wait.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exo_auth::{
    AccessToken, AuthErrorKind, CacheError, Clock, Grant, HttpClient, HttpError, HttpErrorKind, HttpRequest,
    HttpResponse, Page, Secret, Store, TokenCache, TokenSource, Tokens,
};

use crate::service::{answer, granted, refusal, run, sign_in, token, unreachable, with_password};

/// A sign-in service that remembers the one refresh token it takes, and replaces it each time.
#[derive(Clone, Default)]
pub(crate) struct Entra(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    generation: u64,
    grants: Vec<String>,
    claims: Vec<String>,
    replayed: u64,
    revoked: bool,
    /// What comes instead of an answer.
    trouble: Vec<Result<HttpResponse, HttpError>>,
    /// Holds answers back until it is opened.
    gate: Option<Arc<AtomicBool>>,
}

impl Entra {
    pub(crate) fn refreshes(&self) -> usize {
        self.0.lock().unwrap().grants.len()
    }

    pub(crate) fn replayed(&self) -> u64 {
        self.0.lock().unwrap().replayed
    }

    pub(crate) fn first(&self) -> Tokens {
        let body = self.0.lock().unwrap().issue();
        with_password(answer(200, &body)).unwrap()
    }
}

impl State {
    fn issue(&mut self) -> String {
        self.generation += 1;
        let number = self.generation;
        let access = token(&format!(r#"{{"upn":"admin@contoso.com","tid":"t-1","n":{number}}}"#));
        format!(
            r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{access}","refresh_token":"refresh-{number}"}}"#
        )
    }
}

impl HttpClient for Entra {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let gate = self.0.lock().unwrap().gate.clone();
        if let Some(gate) = gate {
            Gate(gate).await;
        }
        let mut state = self.0.lock().unwrap();
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        state.grants.push(body.clone());
        if let Some(trouble) = state.trouble.pop() {
            return trouble;
        }
        if state.revoked {
            return refusal("invalid_grant", 50173);
        }
        if let Some((_, claims)) = body.split_once("&claims=") {
            state.claims.push(claims.to_owned());
        }
        if !body.contains(&format!("refresh_token=refresh-{}", state.generation)) {
            state.replayed += 1;
            return refusal("invalid_grant", 9_002_313);
        }
        answer(200, &state.issue())
    }
}

/// Ready once it is opened.
struct Gate(Arc<AtomicBool>);

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A clock that is turned by hand.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<Mutex<Duration>>);

impl HandClock {
    pub(crate) fn at(seconds: u64) -> Self {
        Self(Arc::new(Mutex::new(Duration::from_secs(seconds))))
    }

    pub(crate) fn turn(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for HandClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + *self.0.lock().unwrap()
    }

    async fn sleep(&self, _: Duration) {
        panic!("a renewal does not wait");
    }
}

/// For sources without a store.
pub(crate) struct Nowhere;

impl Store for Nowhere {
    type Page = Nowhere;

    async fn lock(&self) -> Result<Nowhere, CacheError> {
        panic!("nothing is kept")
    }
}

impl Page for Nowhere {
    fn cache(&mut self) -> &mut TokenCache {
        panic!("nothing is kept")
    }

    fn save(&mut self) -> Result<(), CacheError> {
        panic!("nothing is kept")
    }
}

type Source = TokenSource<Entra, HandClock, Nowhere>;

fn source(entra: &Entra, clock: &HandClock) -> Source {
    // The tokens were issued at 500 by the clock of `with_password`.
    TokenSource::new(entra.clone(), clock.clone(), sign_in(), None, entra.first(), Grant::None, None)
}

fn number(token: &AccessToken) -> String {
    use base64::Engine;
    let payload = token.expose().split('.').nth(1).unwrap();
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    json["n"].to_string()
}

#[test]
fn a_session_of_days_renews_before_each_end_and_turns_the_refresh_token_over() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let source = source(&entra, &clock);
    let mut seen = Vec::new();
    // A request each minute for three days.
    for _ in 0..3 * 24 * 60 {
        let token = run(source.token()).unwrap();
        let left = token.expires_at().unwrap().duration_since(clock.now()).unwrap();
        assert!(Duration::from_secs(240) <= left, "a token with {left:?} left was handed out");
        if seen.last() != Some(&number(&token)) {
            seen.push(number(&token));
        }
        clock.turn(60);
    }
    // Each token serves 55 of its 60 minutes.
    assert_eq!(seen.len(), 3 * 24 * 60 / 55 + 1);
    assert_eq!(entra.refreshes(), seen.len() - 1);
    assert_eq!(entra.0.lock().unwrap().replayed, 0, "no refresh token was used twice");
}

#[test]
fn a_machine_that_slept_for_a_day_gets_a_new_token_at_once() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let source = source(&entra, &clock);
    clock.turn(24 * 3600);
    assert_eq!(number(&run(source.token()).unwrap()), "2");
    assert_eq!(entra.refreshes(), 1);
}

#[test]
fn many_who_wait_are_served_by_one_renewal() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let source = source(&entra, &clock);
    clock.turn(4000);
    let gate = Arc::new(AtomicBool::new(false));
    entra.0.lock().unwrap().gate = Some(Arc::clone(&gate));
    let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(source.token())).collect();
    let mut context = Context::from_waker(Waker::noop());
    for future in &mut waiting {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    gate.store(true, Ordering::SeqCst);
    let tokens: Vec<_> = waiting.into_iter().map(|future| run(future).unwrap()).collect();
    assert!(tokens.iter().all(|token| Arc::ptr_eq(token, &tokens[0])));
    assert_eq!(entra.refreshes(), 1);
}

#[test]
fn many_who_wait_share_one_failure_too() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let source = source(&entra, &clock);
    clock.turn(4000);
    let gate = Arc::new(AtomicBool::new(false));
    {
        let mut state = entra.0.lock().unwrap();
        state.gate = Some(Arc::clone(&gate));
        state.revoked = true;
    }
    let mut waiting: Vec<_> = (0..20).map(|_| Box::pin(source.token())).collect();
    let mut context = Context::from_waker(Waker::noop());
    for future in &mut waiting {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    gate.store(true, Ordering::SeqCst);
    for future in waiting {
        let error = run(future).unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::Expired);
        assert_eq!(
            error.to_string(),
            "the earlier sign-in no longer holds: the earlier sign-in was revoked: AADSTS50173: Something is wrong \
             (correlation id 6f1c)"
        );
        assert_eq!(error.advice(), Some("sign in again"));
    }
    // Whoever comes later hears the same, and the service is not asked again.
    clock.turn(3600);
    assert_eq!(run(source.token()).unwrap_err().reason(), Some(exo_auth::Reason::GrantRevoked));
    assert_eq!(entra.refreshes(), 1);
}

#[test]
fn a_refused_token_is_renewed_once_for_all_who_were_refused() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let source = source(&entra, &clock);
    let refused = source.current();
    let first = run(source.renew(&refused, Some(r#"{"access_token":{"nbf":{"essential":true}}}"#))).unwrap();
    let second = run(source.renew(&refused, None)).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(entra.refreshes(), 1);
    assert_eq!(
        entra.0.lock().unwrap().claims,
        ["%7B%22access_token%22%3A%7B%22nbf%22%3A%7B%22essential%22%3Atrue%7D%7D%7D"]
    );
}

#[test]
fn a_challenge_is_read_in_each_form_the_service_writes() {
    let json = r#"{"access_token":{"acrs":{"essential":true,"value":"c?>1"}}}"#;
    for challenge in [
        json,
        "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYz8-MSJ9fX0",
        "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYz8+MSJ9fX0=",
    ] {
        assert_eq!(exo_auth::challenge_claims(challenge).as_deref(), Some(json), "{challenge}");
    }
    for nonsense in ["", "?", "W10", "bm8", "[1]", "\"x\""] {
        assert_eq!(exo_auth::challenge_claims(nonsense), None, "{nonsense}");
    }
}

#[test]
fn an_early_renewal_that_fails_leaves_the_good_token_and_pauses() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let source = source(&entra, &clock);
    clock.turn(3600 - 299);
    for _ in 0..3 {
        entra.0.lock().unwrap().trouble.push(unreachable());
    }
    for (turn, refreshes) in [(0, 1), (29, 1), (1, 2), (30, 3)] {
        clock.turn(turn);
        assert_eq!(number(&run(source.token()).unwrap()), "1");
        assert_eq!(entra.refreshes(), refreshes);
    }
    clock.turn(30);
    assert_eq!(number(&run(source.token()).unwrap()), "2");
}

#[test]
fn a_token_that_has_ended_is_not_handed_out_when_nobody_answers() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let source = source(&entra, &clock);
    clock.turn(3601);
    let slow = HttpError::new(HttpErrorKind::Timeout, "no answer came within 60 s");
    entra.0.lock().unwrap().trouble.push(Err(slow));
    let error = run(source.token()).unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Network);
    assert_eq!(error.to_string(), "login.example could not be asked for a token: no answer came within 60 s");
    assert_eq!(number(&run(source.token()).unwrap()), "2");
}

#[test]
fn an_hour_off_the_clock_does_not_change_when_tokens_are_renewed() {
    // The lifetime counts from when the token came, by whatever our clock says.
    for start in [0, 500 + 3600, 1_000_000_000] {
        let (entra, clock) = (Entra::default(), HandClock::at(start));
        let seed = entra.first();
        let seeded = TokenSource::<_, _, Nowhere>::new(
            entra.clone(),
            clock.clone(),
            sign_in(),
            None,
            seed,
            Grant::None,
            None,
        );
        let first = run(seeded.renew(&seeded.current(), None)).unwrap();
        clock.turn(3299);
        assert!(Arc::ptr_eq(&first, &run(seeded.token()).unwrap()), "{start}");
        clock.turn(1);
        assert!(!Arc::ptr_eq(&first, &run(seeded.token()).unwrap()), "{start}");
    }
}

#[test]
fn a_given_token_is_never_renewed_and_says_so_at_its_end() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let access = AccessToken::from_secret(Secret::new(token(r#"{"upn":"a@b.c","exp":4100}"#))).unwrap();
    let tokens = Tokens { access, refresh: None, id: exo_auth::Claims::default() };
    let source = TokenSource::<_, _, Nowhere>::new(
        entra.clone(),
        clock.clone(),
        sign_in(),
        None,
        tokens,
        Grant::None,
        None,
    );
    assert!(!source.is_renewable());
    clock.turn(3599);
    let given = run(source.token()).unwrap();
    clock.turn(1);
    let error = run(source.token()).unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Expired);
    assert_eq!(
        error.to_string(),
        "the access token has expired: it ended at 1970-01-01 01:08 UTC, and by this machine's clock it is 1970-01-01 01:08 UTC"
    );
    assert!(error.advice().unwrap().contains("cannot be renewed"));
    assert_eq!(run(source.renew(&given, None)).unwrap_err().kind(), AuthErrorKind::Expired);
    assert_eq!(entra.refreshes(), 0);
}

#[test]
fn a_password_is_used_again_only_where_there_is_no_refresh_token() {
    let clock = HandClock::at(500);
    let grant =
        || Grant::Password { user: "admin@contoso.com".to_owned(), password: Secret::new("pw".to_owned()) };
    let entra = Entra::default();
    let source = TokenSource::<_, _, Nowhere>::new(
        entra.clone(),
        clock.clone(),
        sign_in(),
        None,
        entra.first(),
        grant(),
        None,
    );
    run(source.renew(&source.current(), None)).unwrap();
    assert!(entra.0.lock().unwrap().grants[0].starts_with("grant_type=refresh_token"));

    let mut tokens = with_password(granted("admin@contoso.com")).unwrap();
    tokens.refresh = None;
    let entra = Entra::default();
    entra.0.lock().unwrap().trouble.push(granted("admin@contoso.com"));
    let source = TokenSource::<_, _, Nowhere>::new(
        entra.clone(),
        clock.clone(),
        sign_in(),
        None,
        tokens,
        grant(),
        None,
    );
    run(source.renew(&source.current(), None)).unwrap();
    assert!(entra.0.lock().unwrap().grants[0].starts_with("grant_type=password"));
}

#[test]
fn a_renewal_that_gives_another_account_is_refused() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let source = source(&entra, &clock);
    entra.0.lock().unwrap().trouble.push(granted("other@contoso.com"));
    let error = run(source.renew(&source.current(), None)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "user `other@contoso.com` returned by the service does not match user `admin@contoso.com` in the request"
    );
    assert!(error.advice().unwrap().contains("without naming one"));
}

#[test]
fn giving_up_a_wait_lets_the_others_renew() {
    let (entra, clock) = (Entra::default(), HandClock::at(500));
    let source = source(&entra, &clock);
    clock.turn(4000);
    let gate = Arc::new(AtomicBool::new(false));
    entra.0.lock().unwrap().gate = Some(Arc::clone(&gate));
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut first = pin!(source.token());
        assert!(first.as_mut().poll(&mut context).is_pending());
    }
    gate.store(true, Ordering::SeqCst);
    assert_eq!(number(&run(source.token()).unwrap()), "2");
}
