//! The oracles of the REST carrier: the module text that the cmdlets are read from, and the answers.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use exo_session::adminapi::{
    Answer, BatchCall, BatchEventKind, Call, Client, Confirm, Endpoint, Request, Transport,
};
use exo_session::catalog::Catalog;
use exo_session::{Error, Invocation};
use psrp::PipelineEvent;
use psrp::clixml::{decode, json_string};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// A module text: cmdlets whose names and parameters are only letters and digits, none twice, or reasons.
pub fn catalog(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(catalog) = Catalog::read(&text) else { return };
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let mut names = Vec::new();
    for cmdlet in &catalog.cmdlets {
        let (verb, noun) = cmdlet.name.split_once('-').unwrap();
        assert!(is_word(verb) && noun.split('-').all(is_word), "{}", cmdlet.name);
        names.push(cmdlet.name.to_ascii_lowercase());
        let mut parameters: Vec<String> =
            cmdlet.parameters.iter().map(|parameter| parameter.name.to_ascii_lowercase()).collect();
        assert!(parameters.iter().all(|name| is_word(name)), "{parameters:?}");
        let count = parameters.len();
        parameters.sort_unstable();
        parameters.dedup();
        assert_eq!(count, parameters.len(), "{} has a parameter twice", cmdlet.name);
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(count, names.len(), "a cmdlet twice");
    assert!(count + catalog.refused.len() <= bytes.len(), "more names than bytes");
}

/// The body of an answer, as that of one call and as that of a batch of three: the call ends, each input ends once, and
/// no more comes out than went in. Its first string is read as serde_json reads it.
pub fn rest_answer(bytes: &[u8]) {
    first_string(bytes);
    let (runtime, client) = answered_with(bytes);
    runtime.block_on(async {
        one(&client, bytes.len()).await;
        many(&client, bytes.len()).await;
    });
}

/// Whether a call that is answered with this body ends without an error.
pub(crate) fn is_readable_answer(bytes: &[u8]) -> bool {
    let (runtime, client) = answered_with(bytes);
    runtime.block_on(one(&client, bytes.len()))
}

/// A client whose every request has this answer.
fn answered_with(body: &[u8]) -> (&'static Runtime, Client<Same>) {
    static SHARED: OnceLock<(Runtime, Arc<Catalog>)> = OnceLock::new();
    let (runtime, catalog) = SHARED.get_or_init(|| {
        (Builder::new_current_thread().build().unwrap(), Arc::new(Catalog::read(MODULE).unwrap()))
    });
    let endpoint = Endpoint::new("https://localhost", "t", Uuid::nil());
    (runtime, Client::new(endpoint, Arc::clone(catalog), Same(Bytes::copy_from_slice(body))))
}

fn first_string(bytes: &[u8]) {
    let Some(quote) = bytes.iter().position(|byte| *byte == b'"') else { return };
    let json = &bytes[quote..];
    let mut own = json.to_vec();
    let mut strings = serde_json::Deserializer::from_slice(json).into_iter::<String>();
    match (strings.next(), json_string(&mut own, 1)) {
        (Some(Ok(expected)), Ok((text, behind))) => {
            assert_eq!(own[text], *expected.as_bytes());
            assert_eq!(behind, strings.byte_offset());
        }
        // The CLIXML decoder refuses what is no UTF-8.
        (_, Ok((text, _))) => assert!(std::str::from_utf8(&own[text]).is_err()),
        (expected, Err(at)) => {
            assert!(!matches!(expected, Some(Ok(_))));
            assert_eq!(own[at..], json[at..], "behind the place it is as it was");
        }
    }
}

/// Whether it ended without an error.
async fn one(client: &Client<Same>, len: usize) -> bool {
    let (events, mut written) = mpsc::channel(1);
    let (_answer, answers) = mpsc::unbounded_channel();
    let invocation = Invocation {
        command: "Get-Thing".to_owned(),
        parameters: decode(b"<Obj><MS><S N=\"ResultSize\">Unlimited</S></MS></Obj>".to_vec()).unwrap(),
    };
    let read = async {
        let (mut ends, mut is_good) = (0, true);
        while let Some(event) = written.recv().await {
            assert_eq!(ends, 0, "nothing comes after the end");
            match event {
                Ok(PipelineEvent::Output(tape)) => {
                    // JSON objects become CLIXML, which has more marks.
                    assert!(tape.nodes().len() <= 8 * len + 8, "{} nodes", tape.nodes().len());
                }
                Ok(PipelineEvent::State { .. }) => ends += 1,
                Ok(PipelineEvent::Error(_)) => is_good = false,
                Ok(_) => {}
                Err(_) => (ends, is_good) = (ends + 1, false),
            }
        }
        assert_eq!(ends, 1, "a call ends");
        is_good
    };
    tokio::join!(client.run(Call { invocation, confirm: Confirm::Refuse, events, answers }), read).1
}

async fn many(client: &Client<Same>, len: usize) {
    let (events, mut written) = mpsc::channel(1);
    let (_answer, answers) = mpsc::unbounded_channel();
    let (input, inputs) = mpsc::channel(3);
    (0..3).for_each(|_| input.try_send(decode(Vec::new()).unwrap()).unwrap());
    drop(input);
    let call = BatchCall {
        command: "Get-Thing".to_owned(),
        confirm: Confirm::Refuse,
        in_flight: 1,
        batch_size: 10,
        inputs,
        events,
        answers,
        sent: Arc::default(),
        read: watch::channel(u64::MAX).1,
        cancelled: watch::channel(false).1,
    };
    let read = async {
        let mut ended = 0;
        while let Some(event) = written.recv().await {
            let Ok(event) = event else { continue };
            assert_eq!(event.input, ended, "in the order of the inputs");
            ended += u64::from(matches!(event.kind, BatchEventKind::Ended(_)));
        }
        assert_eq!(ended, 3, "each input ends, whatever the {len} bytes say");
    };
    tokio::join!(client.run_batch(call), read);
}

/// Answers everything with the same.
struct Same(Bytes);

impl Transport for Same {
    async fn send(&self, _request: &Request) -> Result<Answer, Error> {
        Ok(Answer { status: 200, headers: Vec::new(), body: self.0.clone() })
    }

    async fn wait(&self, _time: Duration) {}

    async fn renew(&self, _claims: Option<&str>) -> Result<(), Error> {
        Ok(())
    }
}

const MODULE: &str = "function script:Get-Thing\n{\n[CmdletBinding()]\nparam(\n${ResultSize}\n)\nProcess {\nRun \
                      -EnableBatchingStatus:$true\n}\n}\nExport-ModuleMember -Function @('Get-Thing')\n";
