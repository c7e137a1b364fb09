//! A tenant for one recording: a list of cmdlets, and then what was recorded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::expected::{self, BASE};
use super::{cmdlets, script};

/// Listens on loopback for as long as the runtime lives.
pub(super) struct Tenant {
    pub(super) address: String,
    exchanges: Vec<Json>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By the place of the recorded request.
    is_answered: Vec<bool>,
    /// What was asked for, by the place of the recorded request that it is.
    asked: Vec<(usize, Json)>,
}

impl Tenant {
    pub(super) async fn start(recorded: &Json) -> Arc<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let exchanges = recorded["exchanges"].as_array().unwrap().clone();
        let state = State { is_answered: vec![false; exchanges.len()], asked: Vec::new() };
        let address = format!("http://{}", listener.local_addr().unwrap());
        let own = Arc::new(Self { address, exchanges, state: Mutex::new(state) });
        let mut text = cmdlets::module_text();
        if recorded["client"].get("public_key").is_some() {
            let lines = text.lines().filter(|line| !line.starts_with("$PublicKey"));
            text = lines.collect::<Vec<_>>().join("\n");
        }
        let first = Arc::new(script::cmdlets(&text));
        let tenant = Arc::clone(&own);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&tenant).serve(stream, Arc::clone(&first)));
            }
        });
        own
    }

    /// What was asked for, in the order of the recording, as the recordings write it.
    pub(super) fn asked(&self) -> Vec<Json> {
        let mut asked = self.state.lock().unwrap().asked.clone();
        asked.sort_by_key(|(place, _)| *place);
        asked.into_iter().map(|(_, request)| request).collect()
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream, cmdlets: Arc<Json>) {
        let Some((head, body)) = script::request(&mut stream).await else { return };
        let answer =
            if head.starts_with("POST ") { self.answer(&head, &body) } else { Json::clone(&cmdlets) };
        // Whoever asked may be gone.
        let _ = stream.write_all(&script::bytes_of(&answer, &self.address)).await;
        let _ = stream.shutdown().await;
    }

    /// The recorded answer to the request, and where it is none of the recorded ones, to the next in turn; several batches
    /// are under way at a time and have no turn.
    fn answer(&self, head: &str, body: &[u8]) -> Json {
        let request = self.request(head, body);
        let is_batch = request["path"].as_str().unwrap().ends_with("$batch");
        let mut state = self.state.lock().unwrap();
        let is_free = |place: &usize| !state.is_answered[*place];
        let place = (0..self.exchanges.len())
            .filter(is_free)
            .find(|place| calls(&self.exchanges[*place]["request"]) == calls(&request))
            .or_else(|| (0..self.exchanges.len()).find(is_free).filter(|_| !is_batch));
        state.asked.push((place.unwrap_or(usize::MAX), request));
        if let Some(place) = place {
            state.is_answered[place] = true;
            return self.exchanges[place]["answer"].clone();
        }
        let answers: Vec<Json> = self.exchanges.iter().map(|exchange| exchange["answer"].clone()).collect();
        expected::again(&answers, is_batch)
            .cloned()
            .unwrap_or_else(|| json!({ "status": 204, "headers": {} }))
    }

    /// The request in the words of the recordings: their address, their token, their connection. Names of headers, which
    /// a client may write as it likes, in lower case.
    fn request(&self, head: &str, body: &[u8]) -> Json {
        let mut lines = head.lines();
        let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
        let headers: HashMap<String, &str> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| !OF_TRANSPORT.contains(&name.as_str()))
            .collect();
        let mut request = json!({ "path": path, "headers": headers });
        let id = request["headers"]["connection-id"].as_str().unwrap().to_owned();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let body = body.replace(&self.address, BASE).replace(&script::token(), "test-token").replace(&id, ID);
        request["body"] = serde_json::from_str(&body).unwrap();
        request["headers"]["connection-id"] = ID.into();
        request
    }
}

/// What tells requests apart that are under way at the same time.
fn calls(request: &Json) -> (&Json, Vec<&Json>) {
    let body = &request["body"];
    let calls = body["requests"].as_array().into_iter().flatten().map(|call| &call["body"]);
    (&request["path"], calls.chain([&body["CmdletInput"]]).collect())
}

const OF_TRANSPORT: [&str; 6] =
    ["authorization", "accept-encoding", "user-agent", "host", "content-length", "cookie"];
const ID: &str = "22222222-3333-4444-5555-666666666666";
