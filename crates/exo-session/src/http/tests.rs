use std::io::Write;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that gives one scripted answer per request, in order, and keeps what it was sent.
struct Script {
    url: Url,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Script {
    async fn start(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/start", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            for answer in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                let request = read_request(&mut socket).await;
                kept.lock().unwrap().push(request);
                socket.write_all(&answer).await.unwrap();
                socket.shutdown().await.unwrap();
            }
        });
        Self { url, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn read_request(socket: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let len = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                })
                .map_or(0, |len| len.parse::<usize>().unwrap());
            if len <= body.len() {
                return text;
            }
        }
        let mut chunk = [0; 4096];
        let len = socket.read(&mut chunk).await.unwrap();
        assert_ne!(len, 0, "the request ended early: {text}");
        request.extend_from_slice(&chunk[..len]);
    }
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len())
        .into_bytes();
    out.extend_from_slice(body);
    out
}

fn redirect(to: &str) -> Vec<u8> {
    answer(&format!("302 Found\r\nLocation: {to}"), b"")
}

fn settings() -> HttpSettings {
    HttpSettings {
        proxy: None,
        proxy_user: None,
        proxy_password: None,
        proxy_variables: None,
        no_proxy: true,
        ca_file: None,
        connect_timeout: Duration::from_secs(20),
        read_timeout: Duration::from_secs(20),
        max_body_len: 1000,
    }
}

async fn post(url: &Url) -> Result<Answer, Error> {
    post_with(&Http::new(settings()).unwrap(), url, Redirects::Follow).await
}

async fn post_with(http: &Http, url: &Url, redirects: Redirects) -> Result<Answer, Error> {
    let credential = HeaderValue::from_static("Basic c2VjcmV0");
    let request = Request {
        method: Method::POST,
        url: url.clone(),
        headers: HeaderMap::new(),
        credential: Some(&credential),
        secret: true,
        body: &|url| Bytes::from(format!("body for {}", url.path())),
        redirects,
    };
    http.send(request, Step::Open).await
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_post_has_a_length_a_credential_and_asks_for_gzip() {
    let server = Script::start(vec![answer("200 OK", b"fine")]).await;
    let answer = post(&server.url).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.unwrap(), "fine");
    let request = server.seen()[0].to_ascii_lowercase();
    for part in
        ["post /start", "content-length: 15\r\n", "accept-encoding: gzip\r\n", "authorization: basic "]
    {
        assert!(request.contains(part), "{part} is missing in {request}");
    }
    assert!(!request.contains("transfer-encoding"), "{request}");
}

#[tokio::test]
async fn a_redirection_keeps_method_body_and_credential_and_names_the_new_address() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let hop = answer(&format!("{status}\r\nLocation: /next?a=b"), b"");
        let server = Script::start(vec![hop, answer("200 OK", b"fine")]).await;
        let answer = post(&server.url).await.unwrap();
        assert_eq!(answer.url.path(), "/next");
        let second = &server.seen()[1];
        assert!(second.starts_with("POST /next?a=b "), "{status}: {second}");
        assert!(second.ends_with("body for /next"), "{status}: {second}");
        assert!(second.contains("Basic c2VjcmV0"), "{status}: {second}");
    }
}

#[tokio::test]
async fn redirections_are_refused_when_they_lead_elsewhere_or_never_end() {
    let loops = vec![redirect("/again"); 6];
    for (answers, redirects, expected) in [
        (
            vec![redirect("https://elsewhere.example/x?email=a@b.c")],
            Redirects::Follow,
            "could not open the session: 127.0.0.1 redirects to https://elsewhere.example, which is neither the same \
             host nor one of Microsoft's; if that address is right, connect to it directly: credentials are not sent \
             on to another host",
        ),
        (
            loops,
            Redirects::Follow,
            "could not open the session: more than 5 redirections; connect directly to the server that holds the \
             mailbox",
        ),
        (
            vec![answer("302 Found", b"")],
            Redirects::Follow,
            "could not open the session: 127.0.0.1 redirects (HTTP 302) without a usable address",
        ),
        (
            vec![redirect("/x")],
            Redirects::Refuse,
            "could not open the session: 127.0.0.1 redirects to http://127.0.0.1:PORT, and redirection is not \
             allowed; allow redirection, or connect to that address directly",
        ),
    ] {
        let server = Script::start(answers).await;
        let error = post_with(&Http::new(settings()).unwrap(), &server.url, redirects).await.unwrap_err();
        let port = server.url.port().unwrap().to_string();
        assert_eq!(error.to_string().replace(&port, "PORT"), expected);
    }
}

/// Where each kind of address may send a request with credentials.
#[test]
fn credentials_go_on_to_the_same_host_and_to_microsofts() {
    let (own, cloud) =
        ("https://mail.contoso.com/powershell?x=1", "https://outlook.office365.com/powershell-liveid/");
    for (from, location, expected) in [
        (own, Some("/other"), Ok("https://mail.contoso.com/other")),
        (own, Some("?y=2"), Ok("https://mail.contoso.com/powershell?y=2")),
        (own, Some("https://MAIL.contoso.com:8443/x"), Ok("https://mail.contoso.com:8443/x")),
        (own, Some("//mail.contoso.com/x"), Ok("https://mail.contoso.com/x")),
        (own, Some("https://user:secret@mail.contoso.com/x"), Ok("https://mail.contoso.com/x")),
        (own, Some("https://ps.outlook.com/powershell"), Ok("https://ps.outlook.com/powershell")),
        (
            cloud,
            Some("https://am6pr05.outlook.office365.com/powershell"),
            Ok("https://am6pr05.outlook.office365.com/powershell"),
        ),
        (
            cloud,
            Some("https://nam12b.admin.protection.outlook.com:446/x"),
            Ok("https://nam12b.ps.compliance.protection.outlook.com/x"),
        ),
        (own, Some("https://mail.contoso.com.example.org/"), Err("ForeignRedirect")),
        (own, Some("https://contoso.com/"), Err("ForeignRedirect")),
        (cloud, Some("https://outlook.office365.com.example.org/"), Err("ForeignRedirect")),
        (cloud, Some("https://evil-outlook.com/"), Err("ForeignRedirect")),
        (cloud, Some("https://10.0.0.1/"), Err("ForeignRedirect")),
        (own, Some("http://mail.contoso.com/powershell"), Err("RedirectToPlainHttp")),
        (cloud, Some("http://outlook.office365.com/"), Err("RedirectToPlainHttp")),
        (own, Some("ftp://mail.contoso.com/"), Err("BadRedirect")),
        (own, Some("javascript:alert(1)"), Err("BadRedirect")),
        (own, Some("https://"), Err("BadRedirect")),
        (own, None, Err("BadRedirect")),
    ] {
        let from = Url::parse(from).unwrap();
        let next = next_address(&from, StatusCode::FOUND, location);
        match (next, expected) {
            (Ok(next), Ok(expected)) => assert_eq!(next.as_str(), expected),
            (Err(kind), Err(expected)) => {
                let found = format!("{kind:?}");
                assert!(found.starts_with(expected), "{location:?}: {found}");
            }
            (next, expected) => panic!("{location:?}: {next:?} instead of {expected:?}"),
        }
    }
}

#[tokio::test]
async fn five_redirections_are_followed_with_the_body_each_time() {
    let mut answers: Vec<_> = (1..=5).map(|hop| redirect(&format!("/hop{hop}"))).collect();
    answers.push(answer("200 OK", b"there"));
    let server = Script::start(answers).await;
    let answer = post(&server.url).await.unwrap();
    assert_eq!((answer.url.path(), answer.body.unwrap()), ("/hop5", Bytes::from("there")));
    let seen = server.seen();
    assert_eq!(seen.len(), 6);
    for (hop, request) in seen.iter().enumerate() {
        let path = if hop == 0 { "/start".to_owned() } else { format!("/hop{hop}") };
        assert!(request.starts_with(&format!("POST {path} ")), "{request}");
        assert!(request.ends_with(&format!("body for {path}")), "{request}");
        assert!(request.contains("Basic c2VjcmV0"), "{request}");
    }
}

#[tokio::test]
async fn what_a_foreign_host_is_sent_to_never_reaches_it() {
    let foreign = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // The same machine under another name, which is another host for whoever holds credentials.
    let elsewhere = format!("http://localhost:{}/", foreign.local_addr().unwrap().port());
    let server = Script::start(vec![redirect(&elsewhere)]).await;
    assert!(post(&server.url).await.unwrap_err().to_string().contains("neither the same host"));
    let connected =
        std::future::poll_fn(|context| std::task::Poll::Ready(foreign.poll_accept(context).is_ready()));
    assert!(!connected.await);
}

#[tokio::test]
async fn a_redirecting_answer_can_be_had_as_it_is() {
    let server = Script::start(vec![redirect("https://elsewhere.example/")]).await;
    let answer = post_with(&Http::new(settings()).unwrap(), &server.url, Redirects::Answer).await.unwrap();
    assert_eq!(answer.status, 302);
}

#[tokio::test]
async fn cookies_come_back_on_the_next_request_of_the_same_client_only() {
    let cookie = "200 OK\r\nSet-Cookie: MS-WSMAN=abc; path=/\r\nSet-Cookie: X-BackEndCookie=b; path=/start";
    let answers = vec![answer(cookie, b""), answer("200 OK", b""), answer("200 OK", b"")];
    let server = Script::start(answers).await;
    let http = Http::new(settings()).unwrap();
    post_with(&http, &server.url, Redirects::Follow).await.unwrap();
    post_with(&http, &server.url, Redirects::Follow).await.unwrap();
    post(&server.url).await.unwrap();
    let seen = server.seen();
    assert!(seen[1].contains("MS-WSMAN=abc") && seen[1].contains("X-BackEndCookie=b"), "{}", seen[1]);
    assert!(!seen[2].to_ascii_lowercase().contains("cookie"), "{}", seen[2]);
}

#[tokio::test]
async fn requests_of_a_client_share_a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        // Nobody takes a second connection.
        let (mut socket, _) = listener.accept().await.unwrap();
        for _ in 0..3 {
            read_request(&mut socket).await;
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine").await.unwrap();
        }
    });
    let http = Http::new(settings()).unwrap();
    for _ in 0..3 {
        assert_eq!(post_with(&http, &url, Redirects::Follow).await.unwrap().body.unwrap(), "fine");
    }
}

#[tokio::test]
async fn bodies_are_unpacked_and_the_status_is_never_hidden() {
    let packed = gzip(b"hello");
    let broken = &packed[..packed.len() - 9];
    let long = gzip(&[b'x'; 1001]);
    for (head, body, expected) in [
        ("200 OK\r\nContent-Encoding: gzip", packed.as_slice(), Ok("hello")),
        ("200 OK\r\nContent-Encoding: GZIP", &[gzip(b"a"), gzip(b"b")].concat(), Ok("ab")),
        ("200 OK\r\nContent-Encoding: gzip", b"plain", Ok("plain")),
        ("403 Forbidden\r\nContent-Encoding: gzip", &[0; 64], Ok("")),
        ("403 Forbidden\r\nContent-Encoding: gzip", broken, Err("cannot be unpacked")),
        ("200 OK\r\nContent-Encoding: gzip", &long, Err("longer than the limit of 1000 bytes")),
        ("500 Error", &[b'x'; 1001], Err("longer than the limit of 1000 bytes")),
        ("200 OK", b"", Ok("")),
    ] {
        let server = Script::start(vec![answer(head, body)]).await;
        let answer = post(&server.url).await.unwrap();
        assert!(head.starts_with(answer.status.as_str()), "{head}");
        match (answer.body, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{head}"),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{head}: {error}"),
            (found, expected) => panic!("{head}: {found:?} instead of {expected:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_says_so_and_keeps_its_status() {
    let server = Script::start(vec![b"HTTP/1.1 500 Error\r\nContent-Length: 50\r\n\r\nhalf".to_vec()]).await;
    let answer = post(&server.url).await.unwrap();
    assert_eq!(answer.status, 500);
    let error = answer.body.unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not open the session: the answer of 127.0.0.1 ended before it was complete; try again; when it \
         happens each time, look for a proxy or firewall that cuts"
    );
}

#[tokio::test]
async fn failures_before_an_answer_have_their_own_sentences() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let refused = post(&Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "could not open the session: 127.0.0.1 refused the connection on port {port}; check the address and the \
             port, and that the server is running"
        )
    );
    assert!(refused.is_connection());

    let unknown = post(&Url::parse("https://no-such-host.invalid/").unwrap()).await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "could not open the session: the host name no-such-host.invalid has no address; check the host name and the \
         network's name servers"
    );

    let server = Script::start(vec![Vec::new()]).await;
    let closed = post(&server.url).await.unwrap_err();
    assert!(closed.to_string().contains("127.0.0.1 closed the connection without an answer"), "{closed}");

    let server = Script::start(vec![b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()]).await;
    let strange = post(&server.url).await.unwrap_err();
    assert!(strange.is_connection(), "{strange}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(&answer("400 Bad Request", b"this is not TLS")).await.unwrap();
        // Closed only after the hello was read, so that the answer is not lost.
        let _ = socket.read(&mut [0; 4096]).await;
    });
    let plain = post(&url).await.unwrap_err();
    assert!(plain.to_string().contains("no TLS connection to 127.0.0.1"), "{plain}");
}

#[tokio::test]
async fn secrets_never_go_over_plain_http_to_another_machine() {
    let error = post(&Url::parse("http://mail.contoso.com/powershell").unwrap()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not open the session: a password or a token would go to mail.contoso.com over plain http, where \
         anybody could read it; use an https address"
    );
}

#[tokio::test]
async fn a_silent_server_runs_into_the_read_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let http = Http::new(HttpSettings { read_timeout: Duration::from_millis(50), ..settings() }).unwrap();
    let error = post_with(&http, &url, Redirects::Follow).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(error.to_string().contains("127.0.0.1 did not answer within 0.05 s"), "{error}");
}

/// Connections are taken and nothing is said: not by the server itself, and not by a proxy on the way to it.
#[tokio::test]
async fn a_connection_that_does_not_come_about_runs_into_the_connect_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    for proxy in [None, Some(format!("http://{address}"))] {
        let settings = HttpSettings {
            no_proxy: proxy.is_none(),
            proxy,
            connect_timeout: Duration::from_millis(50),
            ..settings()
        };
        let url = Url::parse(&format!("https://{address}/")).unwrap();
        let error = post_with(&Http::new(settings).unwrap(), &url, Redirects::Follow).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "could not open the session: no connection to 127.0.0.1 came about within 0.05 s; check the address, the \
             firewall and the proxy setting"
        );
        assert!(error.is_timeout() && error.cannot_have_arrived());
    }
}

#[tokio::test]
async fn a_proxy_is_used_and_its_refusal_told() {
    let proxy = Script::start(vec![answer("200 OK", b"through the proxy")]).await;
    let address = format!("http://{}", proxy.url.authority());
    let http = |settings| Http::new(settings).unwrap();
    let through = HttpSettings { proxy: Some(address.clone()), no_proxy: false, ..settings() };
    let url = Url::parse("http://127.0.0.1:9/x").unwrap();
    let answered = post_with(&http(through), &url, Redirects::Follow).await.unwrap();
    assert_eq!(answered.body.unwrap(), "through the proxy");
    assert!(proxy.seen()[0].starts_with("POST http://127.0.0.1:9/x "), "{:?}", proxy.seen());

    // The same by the variables of the caller's own environment, but for the hosts that NO_PROXY has.
    let named = Script::start(vec![answer("200 OK", b"through the variable")]).await;
    let variables = |no: Option<&str>| ProxyVariables {
        all: Some(format!("http://{}", named.url.authority())),
        no: no.map(str::to_owned),
        ..ProxyVariables::default()
    };
    let through = |no| HttpSettings { no_proxy: false, proxy_variables: Some(variables(no)), ..settings() };
    let answered = post_with(&http(through(None)), &url, Redirects::Follow).await.unwrap();
    assert_eq!(answered.body.unwrap(), "through the variable");
    assert!(post_with(&http(through(Some("127.0.0.1"))), &url, Redirects::Follow).await.is_err());
    assert_eq!(named.seen().len(), 1);

    let refusing = Script::start(vec![answer("407 Proxy Authentication Required", b"")]).await;
    let address = format!("http://{}", refusing.url.authority());
    let through = HttpSettings { proxy: Some(address.clone()), no_proxy: false, ..settings() };
    let url = Url::parse("https://mail.contoso.com/powershell").unwrap();
    let error = post_with(&http(through), &url, Redirects::Follow).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("the proxy {address} gave no connection: ")), "{text}");
    assert!(text.ends_with("; check the proxy's address and whether it wants a user name"), "{text}");
    assert!(refusing.seen()[0].starts_with("CONNECT mail.contoso.com:443 "), "{:?}", refusing.seen());
}

#[test]
fn wrong_settings_are_refused_before_anything_is_sent() {
    let missing = Some(PathBuf::from("/no/such/file.pem"));
    for (settings, expected) in [
        (
            HttpSettings { ca_file: missing, ..settings() },
            "could not use the connection options: ca-file /no/such/file.pem cannot be read: ",
        ),
        (
            HttpSettings {
                ca_file: Some(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into()),
                ..settings()
            },
            "could not use the connection options: ca-file ",
        ),
        (
            HttpSettings { no_proxy: false, proxy: Some("http://a:b@:x".to_owned()), ..settings() },
            "could not use the connection options: proxy http://…@:x is not an address of the form http://host:port",
        ),
    ] {
        let error = Http::new(settings).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn an_internal_region_is_asked_under_its_public_name() {
    for (from, expected) in [
        (
            "https://nam12b.admin.protection.outlook.com:446/adminapi/x?y=1",
            "https://nam12b.ps.compliance.protection.outlook.com/adminapi/x?y=1",
        ),
        ("https://nam12b.admin.protection.outlook.com/x", "https://nam12b.admin.protection.outlook.com/x"),
        (
            "https://admin.protection.outlook.com.example.org:446/",
            "https://admin.protection.outlook.com.example.org:446/",
        ),
        ("https://localhost:446/", "https://localhost:446/"),
    ] {
        assert_eq!(public_name(Url::parse(from).unwrap()).unwrap().as_str(), expected);
    }
}
