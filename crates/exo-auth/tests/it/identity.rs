//! Tokens of the machine's own identity.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use exo_auth::{
    AuthError, AuthErrorKind, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    IdentityEndpoint, ManagedIdentity, Secret, Tokens,
};

use crate::service::{FakeClock, answer, answer_with, run, sign_in, token};

/// Answers in order and remembers address and headers.
#[derive(Default)]
struct Endpoint {
    answers: Mutex<Vec<Result<HttpResponse, HttpError>>>,
    asked: Mutex<Vec<String>>,
}

impl Endpoint {
    fn new<const N: usize>(answers: [Result<HttpResponse, HttpError>; N]) -> Self {
        let mut answers = Vec::from(answers);
        answers.reverse();
        Self { answers: Mutex::new(answers), asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl HttpClient for Endpoint {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        assert!(request.body.is_empty());
        let headers = request.headers.iter().filter(|(name, _)| *name != "Accept");
        let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
        self.asked.lock().unwrap().push(format!("{} {}", request.uri, headers.join(", ")));
        self.answers.lock().unwrap().pop().expect("an answer for each request")
    }
}

fn ask(service: &Endpoint, endpoint: IdentityEndpoint, client_id: Option<&str>) -> Result<Tokens, AuthError> {
    let identity = ManagedIdentity { endpoint, client_id: client_id.map(str::to_owned) };
    run(sign_in().with_managed_identity(service, &FakeClock::at(1000), &identity))
}

fn imds() -> IdentityEndpoint {
    IdentityEndpoint::Imds { origin: "http://169.254.169.254".to_owned() }
}

fn app_service(endpoint: &str) -> IdentityEndpoint {
    IdentityEndpoint::AppService {
        endpoint: endpoint.to_owned(),
        header: Secret::new("the-header".to_owned()),
    }
}

fn granted(times: &str) -> Result<HttpResponse, HttpError> {
    let access = token(r#"{"appid":"id-1","tid":"t-1","aud":"https://outlook.office365.com"}"#);
    answer(200, &format!(r#"{{"access_token":"{access}",{times}"token_type":"Bearer","resource":"x"}}"#))
}

const RESOURCE: &str = "resource=https%3A%2F%2Foutlook.office365.com";

#[test]
fn each_platform_is_asked_in_its_own_way() {
    for (endpoint, client_id, expected) in [
        (
            imds(),
            None,
            format!(
                "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&{RESOURCE} Metadata: true"
            ),
        ),
        (
            imds(),
            Some("c-1"),
            format!(
                "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&{RESOURCE}&client_id=c-1 Metadata: true"
            ),
        ),
        (
            app_service("http://127.0.0.1:41741/msi/token/"),
            None,
            format!(
                "http://127.0.0.1:41741/msi/token/?api-version=2019-08-01&{RESOURCE} X-IDENTITY-HEADER: the-header"
            ),
        ),
        (
            app_service("http://localhost:42356/msi/token"),
            Some("c-1"),
            format!(
                "http://localhost:42356/msi/token?api-version=2019-08-01&{RESOURCE}&client_id=c-1 X-IDENTITY-HEADER: the-header"
            ),
        ),
        (
            app_service("http://169.254.129.3:8081/msi/token"),
            None,
            format!(
                "http://169.254.129.3:8081/msi/token?api-version=2019-08-01&{RESOURCE} X-IDENTITY-HEADER: the-header"
            ),
        ),
    ] {
        let service = Endpoint::new([granted(r#""expires_in":"3600","#)]);
        let tokens = ask(&service, endpoint, client_id).unwrap();
        assert_eq!(service.asked(), [expected]);
        assert_eq!(tokens.access.expires_at(), Some(UNIX_EPOCH + Duration::from_secs(4600)));
        assert_eq!((tokens.tenant_id(), tokens.access.claims().application()), (Some("t-1"), Some("id-1")));
        assert!(tokens.refresh.is_none());
    }
}

#[test]
fn the_end_is_told_as_a_span_or_as_a_time() {
    for (times, end) in [
        (r#""expires_on":"5000","#, 5000),
        (r#""expires_on":5000,"#, 5000),
        // The span holds with any clock.
        (r#""expires_in":"86399","expires_on":"1","#, 87_399),
    ] {
        let tokens = ask(&Endpoint::new([granted(times)]), imds(), None).unwrap();
        assert_eq!(tokens.access.expires_at(), Some(UNIX_EPOCH + Duration::from_secs(end)), "{times}");
    }
}

fn arc(read: impl Fn(&str) -> io::Result<Secret> + Send + Sync + 'static) -> IdentityEndpoint {
    let endpoint = "http://localhost:40342/metadata/identity/oauth2/token".to_owned();
    IdentityEndpoint::Arc { endpoint, read: Arc::new(read) }
}

fn challenge(header: &str) -> Result<HttpResponse, HttpError> {
    answer_with(401, &[("WWW-Authenticate", header)], "")
}

#[test]
fn an_arc_server_proves_itself_with_the_file_that_the_agent_names() {
    let service = Endpoint::new([
        challenge("Basic realm=/var/opt/azcmagent/tokens/a1.key"),
        granted(r#""expires_in":"3600","#),
    ]);
    let read = |path: &str| {
        assert_eq!(path, "/var/opt/azcmagent/tokens/a1.key");
        Ok(Secret::new("file-secret".to_owned()))
    };
    ask(&service, arc(read), None).unwrap();
    let address =
        format!("http://localhost:40342/metadata/identity/oauth2/token?api-version=2019-11-01&{RESOURCE}");
    assert_eq!(
        service.asked(),
        [
            format!("{address} Metadata: true"),
            format!("{address} Metadata: true, Authorization: Basic file-secret")
        ]
    );
}

#[test]
fn an_arc_agent_cannot_have_another_file_read() {
    for header in [
        "Basic realm=/etc/shadow",
        "Basic realm=/var/opt/azcmagent/tokens/../../../../etc/shadow.key",
        "Basic realm=/var/opt/azcmagent/tokens/a/b.key",
        "Basic realm=/var/opt/azcmagent/tokens/a1.txt",
        "Basic realm=/var/opt/azcmagent/tokens/.key",
        "Basic realm=/var/opt/azcmagent/tokens/\0.key",
        "Bearer",
        "",
    ] {
        let read = |path: &str| -> io::Result<Secret> { panic!("{path} must not be read") };
        let error = ask(&Endpoint::new([challenge(header)]), arc(read), None).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the managed identity endpoint cannot be used: its challenge names"),
            "{error}"
        );
    }
    for (content, sentence) in [
        (Ok(Secret::new(String::new())), "holds no key"),
        (Ok(Secret::new("x".repeat(5000))), "holds no key"),
        (Ok(Secret::new("a\r\nX-Other: 1".to_owned())), "holds no key"),
        (Err(io::ErrorKind::PermissionDenied), "join the group himds"),
        (Err(io::ErrorKind::NotFound), "cannot be read"),
    ] {
        let content = Mutex::new(Some(content));
        let read = move |_: &str| content.lock().unwrap().take().unwrap().map_err(io::Error::from);
        let service = Endpoint::new([challenge("Basic realm=\"/var/opt/azcmagent/tokens/a1.key\"")]);
        let error = ask(&service, arc(read), None).unwrap_err();
        assert!(error.to_string().contains(sentence), "{error}");
    }
    let error = ask(&Endpoint::new([]), arc(|_| unreachable!()), Some("c-1")).unwrap_err();
    assert!(error.to_string().contains("no user-assigned one"), "{error}");
}

#[test]
fn where_nobody_answers_there_is_no_identity() {
    for kind in [HttpErrorKind::Connect, HttpErrorKind::Timeout] {
        let error = ask(&Endpoint::new([Err(HttpError::new(kind, "no route"))]), imds(), None).unwrap_err();
        assert_eq!(error.to_string(), "no managed identity is offered on this machine");
        assert_eq!(error.kind(), AuthErrorKind::BadClient);
        assert!(error.advice().unwrap().contains("certificate"));
    }
}

#[test]
fn a_refusal_is_told_in_the_endpoints_words() {
    for (status, body, kind, sentence) in [
        (
            400,
            r#"{"error":"invalid_request","error_description":"Identity not found"}"#,
            AuthErrorKind::BadClient,
            "the managed identity endpoint refused (status 400): Identity not found",
        ),
        (
            400,
            r#"{"statusCode":400,"message":"No User Assigned\u001b[2J identity found"}"#,
            AuthErrorKind::BadClient,
            "the managed identity endpoint refused (status 400): No User Assigned[2J identity found",
        ),
        (
            404,
            "<html>",
            AuthErrorKind::BadClient,
            "the managed identity endpoint refused (status 404): no reason is given",
        ),
        (429, "", AuthErrorKind::Throttled, "169.254.169.254 answered with status 429 to the token request"),
        (
            200,
            "{}",
            AuthErrorKind::Network,
            "169.254.169.254 gave an answer that is not a token answer: it has no token of an identity",
        ),
    ] {
        let error = ask(&Endpoint::new([answer(status, body)]), imds(), None).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, sentence));
        assert!(error.advice().is_some());
    }
}

#[test]
fn the_header_does_not_leave_the_machine_in_the_clear() {
    for endpoint in [
        "http://example.com/token",
        "http://10.0.0.1/token",
        "ftp://localhost/",
        "http://169.254.1.1@evil.example/",
    ] {
        let error = ask(&Endpoint::new([]), app_service(endpoint), None).unwrap_err();
        assert!(
            error.to_string().contains("neither https nor an address of this machine"),
            "{endpoint}: {error}"
        );
        assert!(!format!("{error:?} {error}").contains("the-header"));
    }
}
