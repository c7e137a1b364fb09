//! Managed identities, spoken to as Azure's own documents say.

use exo_lab::Lab;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{claims, lab, rest_status};

const IMDS: &str =
    "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://outlook.office365.com/";
const APP_SERVICE: &str = "/msi/token?api-version=2019-08-01&resource=https://outlook.office365.com/";
const ARC: &str =
    "/arc/metadata/identity/oauth2/token?api-version=2020-06-01&resource=https://outlook.office365.com/";

/// One request over plain http: status, head, JSON.
async fn get(lab: &Lab, path: &str, headers: &[(&str, &str)]) -> (u16, String, Value) {
    let address = lab.identity_url().strip_prefix("http://").expect("plain http");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn a_virtual_machine_gets_a_token() {
    let lab = lab().await;
    assert_eq!(get(&lab, IMDS, &[]).await.0, 400);
    let (status, _, body) = get(&lab, IMDS, &[("Metadata", "true")]).await;
    assert_eq!(status, 200, "{body}");
    let token = body["access_token"].as_str().expect("a token");
    assert_eq!(claims(token)["aud"], "https://outlook.office365.com/");
    assert!(body["expires_on"].as_str().is_some_and(|text| text.parse::<u64>().is_ok()), "{body}");
    assert_eq!(rest_status(&lab, token).await, 200);
    let named = format!("{IMDS}&client_id={}", lab.identity_client_id());
    let (_, _, body) = get(&lab, &named, &[("Metadata", "true")]).await;
    assert_eq!(body["client_id"], lab.identity_client_id());
    let unknown = format!("{IMDS}&client_id=11111111-2222-3333-4444-555555555555");
    let (status, _, body) = get(&lab, &unknown, &[("Metadata", "true")]).await;
    assert_eq!((status, &body["error_description"]), (400, &"Identity not found".into()));
    lab.shutdown().await;
}

#[tokio::test]
async fn an_app_gets_a_token_with_its_header() {
    let lab = lab().await;
    assert_eq!(get(&lab, APP_SERVICE, &[("X-IDENTITY-HEADER", "guess")]).await.0, 401);
    let header = [("X-IDENTITY-HEADER", lab.identity_header())];
    let (status, _, body) = get(&lab, APP_SERVICE, &header).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(rest_status(&lab, body["access_token"].as_str().expect("a token")).await, 200);
    let unknown = format!("{APP_SERVICE}&client_id=11111111-2222-3333-4444-555555555555");
    assert_eq!(get(&lab, &unknown, &header).await.2["statusCode"], 400);
    lab.shutdown().await;
}

#[tokio::test]
async fn an_arc_machine_must_read_the_file_first() {
    let lab = lab().await;
    let (status, head, _) = get(&lab, ARC, &[("Metadata", "true")]).await;
    assert_eq!(status, 401);
    let (_, realm) = head.split_once("Basic realm=").expect("a challenge");
    let file = std::path::Path::new(realm.lines().next().expect("a path"));
    assert_eq!(file.extension().and_then(|extension| extension.to_str()), Some("key"));
    let secret = std::fs::read_to_string(file).expect("it is there");
    let proof = format!("Basic {secret}");
    let (status, _, body) = get(&lab, ARC, &[("Metadata", "true"), ("Authorization", &proof)]).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(rest_status(&lab, body["access_token"].as_str().expect("a token")).await, 200);
    assert_eq!(get(&lab, ARC, &[("Metadata", "true"), ("Authorization", "Basic guess")]).await.0, 401);
    let file = file.to_owned();
    lab.shutdown().await;
    assert!(!file.exists());
}
