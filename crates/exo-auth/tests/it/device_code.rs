//! The device code flow.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exo_auth::{AuthError, AuthErrorKind, Clock, DeviceCodePrompt, HttpError, HttpResponse, Tokens};

use crate::service::{FakeClock, Service, answer, answer_with, granted, refusal, run, sign_in, unreachable};

type Answer = Result<HttpResponse, HttpError>;

const CODE: &str = r#"{"device_code":"d-1","user_code":"ABCD-EFGH","verification_uri":"https://microsoft.com/devicelogin",
    "expires_in":900,"interval":5,"message":"To sign in, open the page \u001b[31mand enter ABCD-EFGH"}"#;

fn code() -> Answer {
    answer(200, CODE)
}

fn pending() -> Answer {
    refusal("authorization_pending", 70016)
}

fn flow<const N: usize>(
    user: Option<&str>,
    answers: [Answer; N],
) -> (Result<Tokens, AuthError>, Vec<u64>, Service) {
    let service = Service::new(answers);
    let clock = FakeClock::at(0);
    let result = run(sign_in().with_device_code(&service, &clock, user, |_| ()));
    (result, clock.slept(), service)
}

#[test]
fn the_prompt_is_shown_and_the_service_is_asked_until_the_user_is_done() {
    let service = Service::new([code(), pending(), pending(), granted("a@contoso.com")]);
    let clock = FakeClock::at(0);
    let shown = std::sync::Mutex::new(None);
    let show = |prompt: DeviceCodePrompt| *shown.lock().unwrap() = Some(prompt);
    let tokens = run(sign_in().with_device_code(&service, &clock, Some("A@contoso.com"), show)).unwrap();
    assert_eq!(tokens.access.claims().account(), Some("a@contoso.com"));
    assert_eq!(clock.slept(), [5, 5, 5]);
    let prompt = shown.into_inner().unwrap().unwrap();
    assert_eq!(prompt.message, "To sign in, open the page [31mand enter ABCD-EFGH");
    assert_eq!((prompt.user_code.as_str(), prompt.expires_in.as_secs()), ("ABCD-EFGH", 900));
    let asked = service.asked();
    assert_eq!(asked[0].0, "https://login.example/contoso.com/oauth2/v2.0/devicecode");
    assert_eq!(
        asked[0].1,
        "client_id=fb78d390-0c51-40cd-8e17-fdbfab77341b\
         &scope=https%3A%2F%2Foutlook.office365.com%2F.default+offline_access+openid+profile"
    );
    assert_eq!(asked[1].0, "https://login.example/contoso.com/oauth2/v2.0/token");
    assert_eq!(
        asked[1].1,
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
         &client_id=fb78d390-0c51-40cd-8e17-fdbfab77341b&device_code=d-1"
    );
}

#[test]
fn slow_down_lengthens_the_interval_for_good() {
    let (result, slept, _) =
        flow(None, [code(), refusal("slow_down", 0), pending(), refusal("slow_down", 0), granted("a@b.c")]);
    result.unwrap();
    assert_eq!(slept, [5, 10, 10, 15]);
}

#[test]
fn the_service_ends_the_flow_with_its_reason() {
    for (answer, kind, sentence) in [
        (refusal("expired_token", 70020), AuthErrorKind::Expired, "the device code ended before it was used"),
        (
            refusal("authorization_declined", 70000),
            AuthErrorKind::Denied,
            "the sign-in was declined on the sign-in page",
        ),
        (refusal("access_denied", 1), AuthErrorKind::Denied, "the sign-in was declined on the sign-in page"),
        (
            refusal("invalid_grant", 53003),
            AuthErrorKind::Denied,
            "a conditional access policy blocks this sign-in: AADSTS53003: Something is wrong (correlation id 6f1c)",
        ),
        (
            refusal("bad_verification_code", 70018),
            AuthErrorKind::Expired,
            "the code was not accepted: AADSTS70018: Something is wrong (correlation id 6f1c)",
        ),
    ] {
        let (result, _, _) = flow(None, [code(), pending(), answer]);
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, sentence));
        assert!(error.advice().is_some(), "{sentence}");
    }
}

#[test]
fn the_code_ends_by_our_clock_too() {
    let short = CODE.replace("900", "12");
    let (result, slept, service) = flow(None, [answer(200, &short), pending(), pending()]);
    assert_eq!(result.unwrap_err().kind(), AuthErrorKind::Expired);
    assert_eq!(slept, [5, 5, 5]);
    assert_eq!(service.asked().len(), 3);
}

#[test]
fn a_few_failures_of_the_network_are_ridden_out() {
    let busy = || answer_with(503, &[("Retry-After", "20")], "");
    let (result, slept, _) = flow(None, [code(), unreachable(), busy(), pending(), granted("a@b.c")]);
    result.unwrap();
    assert_eq!(slept, [5, 10, 20, 20]);
    let (result, _, service) =
        flow(None, [code(), unreachable(), unreachable(), unreachable(), unreachable(), unreachable()]);
    assert_eq!(
        result.unwrap_err().to_string(),
        "login.example could not be asked for a token: connection refused"
    );
    assert_eq!(service.asked().len(), 6);
}

#[test]
fn another_account_is_refused() {
    let (result, _, _) = flow(Some("a@b.c"), [code(), granted("x@y.z")]);
    assert_eq!(
        result.unwrap_err().to_string(),
        "user `x@y.z` returned by the service does not match user `a@b.c` in the request"
    );
}

#[test]
fn numbers_of_the_service_are_bounded() {
    let shown = RefCell::new(Vec::new());
    for (interval, expires_in) in [("0", "0"), ("999999999999", "18446744073709551615")] {
        let text = CODE.replace(":5,", &format!(":{interval},")).replace("900", expires_in);
        let service = Service::new([answer(200, &text), refusal("expired_token", 70020)]);
        let (sender, receiver) = std::sync::mpsc::channel();
        let show = move |prompt: DeviceCodePrompt| sender.send((prompt.interval, prompt.expires_in)).unwrap();
        run(sign_in().with_device_code(&service, &FakeClock::at(0), None, show)).unwrap_err();
        let (interval, expires_in) = receiver.recv().unwrap();
        shown.borrow_mut().push((interval.as_secs(), expires_in.as_secs()));
    }
    assert_eq!(shown.into_inner(), [(1, 0), (60, 3600)]);
}

#[test]
fn a_page_that_is_not_https_is_not_shown() {
    for page in ["http://microsoft.com/devicelogin", "javascript:alert(1)", "https://a@b/", "file:///x"] {
        let text = CODE.replace("https://microsoft.com/devicelogin", page);
        let service = Service::new([answer(200, &text)]);
        let show = |_| panic!("{page} must not be shown");
        let error = run(sign_in().with_device_code(&service, &FakeClock::at(0), None, show)).unwrap_err();
        assert_eq!(error.to_string(), "login.example names a sign-in page that is not https");
    }
}

/// Time stands still: a flow that waits for it waits for ever.
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH
    }

    fn sleep(&self, _: Duration) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

#[test]
fn dropping_the_flow_cancels_it() {
    let service = Service::new([code()]);
    let sign_in = sign_in();
    {
        let mut flow = pin!(sign_in.with_device_code(&service, &StoppedClock, None, |_| ()));
        let poll = flow.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(poll, Poll::Pending));
    }
    assert_eq!(service.asked().len(), 1);
}
