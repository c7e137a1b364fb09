//! The proxy that leads the clouds' names to the lab.

use exo_lab::{Lab, LabConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn answer(lab: &Lab, head: &str) -> String {
    let mut stream = TcpStream::connect(lab.proxy().trim_start_matches("http://")).await.expect("the proxy");
    stream.write_all(head.as_bytes()).await.expect("it listens");
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.expect("it answers");
    String::from_utf8_lossy(&line).into_owned()
}

#[tokio::test]
async fn only_names_of_the_clouds_are_led_anywhere() {
    let lab = Lab::start(LabConfig::default()).await.unwrap();
    for (target, expected) in [
        ("outlook.office365.com:443", "HTTP/1.1 200"),
        ("LOGIN.microsoftonline.us:443", "HTTP/1.1 200"),
        ("nam12b.ps.compliance.protection.outlook.com:443", "HTTP/1.1 200"),
        ("outlook.office365.com:80", "HTTP/1.1 403"),
        ("example.org:443", "HTTP/1.1 403"),
    ] {
        let head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
        assert_eq!(answer(&lab, &head).await, expected, "{target}");
    }
    assert_eq!(answer(&lab, "GET http://example.org/ HTTP/1.1\r\n\r\n").await, "HTTP/1.1 403");
    lab.shutdown().await;
}

#[tokio::test]
async fn it_can_want_to_know_who_asks() {
    let credential = Some(("proxy".to_owned(), "secret".to_owned()));
    let config = LabConfig { proxy_credential: credential, ..LabConfig::default() };
    let lab = Lab::start(config).await.unwrap();
    let target = "CONNECT outlook.office365.com:443 HTTP/1.1\r\n";
    // proxy:secret, and proxy:wrong.
    for (header, expected) in [
        ("", "HTTP/1.1 407"),
        ("Proxy-Authorization: Basic cHJveHk6d3Jvbmc=\r\n", "HTTP/1.1 407"),
        ("Proxy-Authorization: Basic cHJveHk6c2VjcmV0\r\n", "HTTP/1.1 200"),
    ] {
        assert_eq!(answer(&lab, &format!("{target}{header}\r\n")).await, expected, "{header}");
    }
    lab.shutdown().await;
}
