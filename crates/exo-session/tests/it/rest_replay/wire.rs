//! Recordings whose point is below the client: a redirect, a connection that ends, bytes that are no HTTP. They are made
//! over a socket, through a whole connection.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exo_session::{CarrierChoice, ConnectOptions, Secret, SignInMethod, connect};
use psrp::PipelineEvent;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::differences::Difference;
use super::{BASE, cmdlets, shown};
use crate::support::command;

pub(super) const RECORDINGS: [&str; 3] = ["answer-redirect-307", "error-closed", "error-garbage"];

/// Makes `Get-Mailbox alice` against a server that answers as recorded; what differs, in words.
pub(super) async fn problems(recorded: &Json, difference: &Difference) -> Vec<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let exchanges = recorded["exchanges"].as_array().unwrap();
    let (asked, (output, ended)) = tokio::join!(serve(listener, &base, exchanges), call(&base));

    let mut problems = Vec::new();
    let mut check = |what: &str, expected: String, found: String| {
        if expected != found {
            problems.push(format!("{what}\n    recorded {expected}\n    ours     {found}"));
        }
    };
    let expected: Vec<(&str, &Json)> = exchanges
        .iter()
        .map(|exchange| (exchange["request"]["path"].as_str().unwrap(), &exchange["request"]["body"]))
        .collect();
    let found: Vec<(&str, &Json)> = asked.iter().map(|(path, body)| (path.as_str(), body)).collect();
    check("requests", format!("{expected:?}"), format!("{found:?}"));
    let expected: Vec<String> = recorded["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| object["clixml"].as_str().unwrap())
        .filter(|text| !super::is_scaffold(text))
        .map(|text| text.replace("Deserialized.", ""))
        .map(|text| shown(psrp::clixml::decode(text.into_bytes()).unwrap().first().unwrap()))
        .collect();
    check("output", format!("{expected:?}"), format!("{output:?}"));
    let expected = difference.get("ends with").and_then(Json::as_str);
    check("ends with", format!("{expected:?}"), format!("{:?}", ended.as_deref()));
    problems
}

async fn call(base: &str) -> (Vec<String>, Option<String>) {
    let part = |json: Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = json!({
        "aud": BASE, "tid": "11111111-2222-3333-4444-555555555555", "upn": "admin@contoso.onmicrosoft.com",
        "exp": 4_102_444_800_u64
    });
    let mut options = ConnectOptions::default();
    options.connection_uri = Some(base.to_owned());
    options.carrier = CarrierChoice::Rest;
    options.sign_in = SignInMethod::AccessToken;
    options.access_token =
        Some(Secret::new(format!("{}.{}.c2ln", part(json!({"alg": "none"})), part(claims))));
    let session = connect(options, |_| {}).await.unwrap();
    let mut pipeline = session.invoke(command("Get-Mailbox", &[("Identity", "alice")])).await.unwrap();
    let (mut output, mut ended) = (Vec::new(), None);
    while let Some(event) = pipeline.next().await {
        match event {
            Ok(PipelineEvent::Output(tape)) => output.extend(tape.values().map(shown)),
            Ok(_) => {}
            Err(error) => ended = Some(error.to_string()),
        }
    }
    (output, ended)
}

/// Gives the list of cmdlets and then the recorded answers, each over a connection of its own. Path and body of what was
/// asked for, all of it with the token.
async fn serve(listener: TcpListener, base: &str, exchanges: &[Json]) -> Vec<(String, Json)> {
    let mut asked = Vec::new();
    let files = json!({ "value": [{ "fileName": "x.psm1", "fileContent": cmdlets::module_text() }] });
    let first = json!({ "status": 200, "headers": {}, "body": files });
    for answer in std::iter::once(&first).chain(exchanges.iter().map(|exchange| &exchange["answer"])) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (head, body) = request(&mut stream).await;
        let mut words = head.split(' ');
        if words.next() == Some("POST") {
            assert!(head.to_ascii_lowercase().contains("\r\nauthorization: bearer "), "{head}");
            asked.push((words.next().unwrap().to_owned(), serde_json::from_slice(&body).unwrap()));
        }
        let bytes = match (answer["bytes"].as_str(), answer["status"].as_u64()) {
            (Some(bytes), _) => bytes.to_owned(),
            (None, None) => String::new(),
            (None, Some(status)) => {
                let body = if answer["body"].is_null() { String::new() } else { answer["body"].to_string() };
                let location = answer["headers"]["Location"]
                    .as_str()
                    .map_or_else(String::new, |to| format!("Location: {}\r\n", to.replace(BASE, base)));
                format!(
                    "HTTP/1.1 {status} x\r\n{location}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        };
        stream.write_all(bytes.as_bytes()).await.unwrap();
    }
    asked
}

async fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let len = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
            });
            if len.unwrap_or(0) <= rest.len() {
                return (head.to_owned(), bytes.split_off(head.len() + 4));
            }
        }
        assert!(0 < stream.read_buf(&mut bytes).await.unwrap(), "the request ended early");
    }
}
