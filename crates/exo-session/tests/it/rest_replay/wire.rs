//! Recordings whose point is below the client: a redirect, a connection that ends, bytes that are no HTTP. They are made
//! over a socket, through a whole connection.

use exo_session::{CarrierChoice, ConnectOptions, Secret, SignInMethod, connect};
use psrp::PipelineEvent;
use serde_json::Value as Json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::differences::Difference;
use super::{cmdlets, script, shown};
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
    let mut options = ConnectOptions::default();
    options.connection_uri = Some(base.to_owned());
    options.carrier = CarrierChoice::Rest;
    options.sign_in = SignInMethod::AccessToken;
    options.access_token = Some(Secret::new(script::token()));
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
    let first = script::cmdlets(&cmdlets::module_text());
    for answer in std::iter::once(&first).chain(exchanges.iter().map(|exchange| &exchange["answer"])) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (head, body) = script::request(&mut stream).await.expect("a request");
        let mut words = head.split(' ');
        if words.next() == Some("POST") {
            assert!(head.to_ascii_lowercase().contains("\r\nauthorization: bearer "), "{head}");
            asked.push((words.next().unwrap().to_owned(), serde_json::from_slice(&body).unwrap()));
        }
        stream.write_all(&script::bytes_of(answer, base)).await.unwrap();
    }
    asked
}
