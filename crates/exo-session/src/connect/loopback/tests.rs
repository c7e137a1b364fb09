use std::time::Duration;

use exo_auth::{Authority, BrowserHints, BrowserSignIn, SignIn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

fn browser(loopback: &Loopback) -> BrowserSignIn {
    let authority = Authority::parse("https://login.example/contoso.com").unwrap();
    SignIn::new(authority, "https://x/.default")
        .begin_in_browser(&loopback.redirect_uri(), &BrowserHints::default())
}

fn state(browser: &BrowserSignIn) -> String {
    let (_, rest) = browser.uri().split_once("&state=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

async fn ask(host: &str, port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect((host, port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is closed with bytes unread ends in a reset after the answer.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[tokio::test]
async fn a_code_with_the_state_is_taken_in_both_address_families() {
    for host in ["127.0.0.1", "::1"] {
        let loopback = Loopback::bind().await.unwrap();
        if host == "::1" && loopback.v6.is_none() {
            eprintln!(
                "ignored: a_code_with_the_state_is_taken_in_both_address_families: no IPv6 on this machine"
            );
            return;
        }
        let port = loopback.port;
        let browser = browser(&loopback);
        let request = get(&format!("/?code=c%2B1&state={}", state(&browser)));
        let asking = tokio::spawn(async move { ask(host, port, &request).await });
        let (code, landed) = loopback.land(&browser).await;
        assert_eq!(code.unwrap().expose(), "c+1");
        landed.show(Ok(())).await;
        let page = asking.await.unwrap();
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("You have signed in."), "{page}");
        assert!(TcpStream::connect((host, port)).await.is_err(), "nobody listens after the landing");
    }
}

#[tokio::test]
async fn what_is_not_the_answer_is_told_so_and_the_wait_goes_on() {
    let loopback = Loopback::bind().await.unwrap();
    let port = loopback.port;
    let browser = browser(&loopback);
    let state = state(&browser);
    let asking = tokio::spawn(async move {
        for (request, status) in [
            (get("/favicon.ico"), "404"),
            (get(&format!("/other?code=c&state={state}")), "404"),
            (get("/?code=stolen&state=wrong"), "404"),
            (get("/?code=stolen"), "404"),
            (get(&format!("/?code=a&state={state}&state={state}")), "404"),
            (format!("POST /?code=c&state={state} HTTP/1.1\r\n\r\n"), "400"),
            ("\u{1f600}\r\n\r\n".to_owned(), "400"),
            ("GET / HTTP/9\r\n\r\n".to_owned(), "400"),
        ] {
            let answer = ask("127.0.0.1", port, &request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
            assert!(!answer.contains("stolen"), "{answer}");
        }
        // Too long a head is cut off without an answer.
        let endless = format!("GET /?{} HTTP/1.1\r\n", "x".repeat(MAX_HEAD_LEN));
        assert_eq!(ask("127.0.0.1", port, &endless).await, "");
        ask("127.0.0.1", port, &get(&format!("/?code=mine&state={state}"))).await
    });
    let (code, landed) = loopback.land(&browser).await;
    assert_eq!(code.unwrap().expose(), "mine");
    landed.show(Ok(())).await;
    asking.await.unwrap();
}

#[tokio::test]
async fn an_error_of_the_page_ends_the_wait_and_is_escaped_on_the_last_page() {
    let loopback = Loopback::bind().await.unwrap();
    let port = loopback.port;
    let browser = browser(&loopback);
    let html =
        "error=server_error&error_description=AADSTS50020%3A+%3Cscript%3Ealert(1)%3C%2Fscript%3E%1b[2J";
    let request = get(&format!("/?{html}&state={}", state(&browser)));
    let asking = tokio::spawn(async move { ask("127.0.0.1", port, &request).await });
    let (code, landed) = loopback.land(&browser).await;
    let error = code.unwrap_err();
    assert_eq!(error.aadsts(), Some(50020));
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
    landed.show(Err(&error.to_string())).await;
    let page = asking.await.unwrap();
    assert!(page.starts_with("HTTP/1.1 400 ") && page.contains("&lt;script&gt;"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn connections_that_say_nothing_do_not_keep_the_browser_out() {
    let loopback = Loopback::bind().await.unwrap();
    let port = loopback.port;
    let browser = browser(&loopback);
    let request = get(&format!("/?code=c&state={}", state(&browser)));
    // More than are served at once; each sends a byte and no more.
    let mut idle = Vec::new();
    for _ in 0..MAX_REQUESTS + 8 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(b"G").await.unwrap();
        idle.push(stream);
    }
    let asking = tokio::spawn(async move { ask("127.0.0.1", port, &request).await });
    let limit = 3 * REQUEST_LIMIT + Duration::from_secs(1);
    let (code, landed) = timeout(limit, loopback.land(&browser)).await.unwrap();
    assert_eq!(code.unwrap().expose(), "c");
    landed.show(Ok(())).await;
    asking.await.unwrap();
}

#[tokio::test]
async fn giving_up_closes_the_port() {
    let loopback = Loopback::bind().await.unwrap();
    let port = loopback.port;
    let browser = browser(&loopback);
    let waiting = tokio::spawn(async move { loopback.land(&browser).await.0.is_ok() });
    let mut open = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    open.write_all(b"GET /").await.unwrap();
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    let mut rest = Vec::new();
    let _ = open.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}
