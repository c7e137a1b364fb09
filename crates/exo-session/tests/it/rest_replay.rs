//! The REST client against recordings of the service's own client: same requests, same waits, same outcome.
//!
//! Each recording is one PowerShell call. Here the call is made through [`Client`] with answers from the recording; no
//! socket and no clock. Where ours differs on purpose, `docs/rest-differences.md` says how and why.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exo_session::adminapi::{
    Answer, BatchCall, BatchEvent, BatchEventKind, Call, Client, Confirm, Endpoint, MAX_BATCH_SIZE, Request,
    RoutingHint, Transport,
};
use exo_session::catalog::Catalog;
use exo_session::{Error, Invocation};
use psrp::clixml::{Encoder, Tape, Value, decode};
use psrp::records::{ErrorRecord, InformationalRecord};
use psrp::{HostMethod, PipelineEvent};
use serde_json::Value as Json;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use self::calls::Inputs;
use self::differences::{Difference, Differences};
use self::expected::{BASE, answers_given, error_of, numbered, requests_of};

mod arguments;
mod calls;
mod cmdlets;
mod differences;
mod expected;
mod script;
mod wire;

#[test]
fn the_recorded_calls_have_the_recorded_requests_waits_and_outcomes() {
    let Some(directory) = recordings() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let catalog = Arc::new(Catalog::read(&cmdlets::module_text()).unwrap());
    let keyless = Arc::new(Catalog { public_key: None, ..Catalog::clone(&catalog) });
    let differences = Differences::read(false);
    let none = Difference::default();
    let mut problems = Vec::new();
    let mut replayed = Vec::new();
    let mut left_out = Vec::new();
    for path in files(&directory) {
        let scenario = path.file_stem().unwrap().to_string_lossy().into_owned();
        if differences.in_powershell.contains(&scenario) {
            left_out.push(scenario);
            continue;
        }
        let recorded: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let difference = differences.replayed.get(&scenario).unwrap_or(&none);
        if wire::RECORDINGS.contains(&scenario.as_str()) {
            let found = runtime.block_on(wire::problems(&recorded, difference));
            problems.extend(found.into_iter().map(|problem| format!("{scenario}: {problem}")));
            replayed.push(scenario);
            continue;
        }
        let Some(calls) = calls::calls(&scenario, recorded["call"].as_str().unwrap(), &catalog) else {
            problems.push(format!(
                "{scenario}: neither replayed nor in the table of those that only PowerShell replays"
            ));
            continue;
        };
        let has_key = recorded["client"].get("public_key").is_none();
        let catalog = Arc::clone(if has_key { &catalog } else { &keyless });
        let ours = runtime.block_on(replay(&recorded, &calls, catalog));
        let found = compare(&recorded, &ours, difference);
        problems.extend(found.into_iter().map(|problem| format!("{scenario}: {problem}")));
        replayed.push(scenario);
    }
    println!("{} recordings replayed, {} only in PowerShell", replayed.len(), left_out.len());
    let unknown = differences.replayed.keys().filter(|name| !replayed.contains(name));
    let unknown = unknown.chain(differences.in_powershell.iter().filter(|name| !left_out.contains(name)));
    problems.extend(unknown.map(|name| format!("the document names {name}, and there is no such recording")));
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

/// What a replay came to, in the words of the recordings.
#[derive(Debug, Default)]
struct Outcome {
    requests: Vec<Json>,
    waits: Vec<f64>,
    renewals: Vec<Option<String>>,
    output: Vec<String>,
    warnings: Vec<String>,
    errors: Vec<HashMap<&'static str, Json>>,
    questions: Vec<String>,
    host: Vec<String>,
    /// A call that ended with an error instead of a state.
    broken: Vec<String>,
}

/// Gives the recorded answers in order and notes what was asked for.
#[derive(Default)]
struct Script {
    answers: Vec<Json>,
    seen: Mutex<Outcome>,
}

impl Transport for &Script {
    async fn send(&self, request: &Request) -> Result<Answer, Error> {
        let mut seen = self.seen.lock().unwrap();
        let place = seen.requests.len();
        seen.requests.push(serde_json::json!({
            "path": request.url.strip_prefix(BASE).unwrap_or(&request.url),
            "headers": request.headers.iter().cloned().collect::<HashMap<_, _>>(),
            "body": serde_json::from_slice::<Json>(&request.body_with("Bearer test-token")).unwrap(),
        }));
        let nothing = serde_json::json!({ "status": 204, "headers": {} });
        let answer = match self.answers.get(place) {
            Some(answer) => answer,
            None => expected::again(&self.answers, request.url.ends_with("$batch")).unwrap_or(&nothing),
        };
        let headers = answer["headers"].as_object().unwrap();
        let body = match (&answer["body"], answer["body_text"].as_str()) {
            (Json::Null, Some(text)) => text.to_owned(),
            (Json::Null, None) => String::new(),
            (body, _) => body.to_string(),
        };
        Ok(Answer {
            status: u16::try_from(answer["status"].as_u64().unwrap()).unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            body: body.into(),
        })
    }

    async fn wait(&self, time: Duration) {
        self.seen.lock().unwrap().waits.push(time.as_secs_f64() * 1000.0);
    }

    async fn renew(&self, claims: Option<&str>) -> Result<(), Error> {
        self.seen.lock().unwrap().renewals.push(claims.map(str::to_owned));
        Ok(())
    }
}

async fn replay(recorded: &Json, calls: &[calls::Made], catalog: Arc<Catalog>) -> Outcome {
    let exchanges = recorded["exchanges"].as_array().unwrap();
    let script = Script {
        answers: exchanges.iter().map(|exchange| exchange["answer"].clone()).collect(),
        ..Script::default()
    };
    let mut answers = answers_given(recorded).into_iter();
    let mut outcome = Outcome::default();
    let mut last_output: Vec<Tape> = Vec::new();
    for call in calls {
        let client = Client::new(endpoint(recorded), Arc::clone(&catalog), &script);
        let (answer, answered) = mpsc::unbounded_channel();
        let (command, confirm) = (call.command.clone(), Confirm::From(call.preference));
        let mut reader =
            Reader { outcome: &mut outcome, answers: &mut answers, answer, call, output: Vec::new() };
        match &call.inputs {
            Inputs::One(parameters) => {
                let (events, mut written) = mpsc::channel(1);
                let invocation = Invocation { command, parameters: parameters(&last_output) };
                let read = async {
                    while let Some(event) = written.recv().await {
                        if reader.read(event) {
                            break;
                        }
                    }
                };
                tokio::join!(client.run(Call { invocation, confirm, events, answers: answered }), read);
            }
            Inputs::Piped(inputs) => {
                let (events, mut written) = mpsc::channel(1);
                let (input, taken) = mpsc::channel(inputs.len().max(1));
                for parameters in inputs {
                    input.try_send(parameters(&last_output)).unwrap();
                }
                drop(input);
                let batch = BatchCall {
                    command,
                    confirm,
                    in_flight: 1,
                    batch_size: MAX_BATCH_SIZE,
                    inputs: taken,
                    events,
                    answers: answered,
                    sent: Arc::default(),
                    read: watch::channel(u64::MAX).1,
                    cancelled: watch::channel(false).1,
                };
                let mut ended = 0;
                let read = async {
                    while let Some(event) = written.recv().await {
                        let is_done = match event {
                            Ok(BatchEvent { input, kind: BatchEventKind::Event(event) }) => {
                                assert_eq!(input, ended, "in the order of the inputs");
                                reader.read(Ok(event))
                            }
                            Ok(BatchEvent { input, .. }) => {
                                assert_eq!(input, ended, "each input ends once");
                                ended += 1;
                                false
                            }
                            Err(error) => reader.read(Err(error)),
                        };
                        if is_done {
                            written.close();
                            break;
                        }
                    }
                };
                tokio::join!(client.run_batch(batch), read);
            }
        }
        last_output = reader.output;
    }
    let seen = std::mem::take(&mut *script.seen.lock().unwrap());
    Outcome { requests: seen.requests, waits: seen.waits, renewals: seen.renewals, ..outcome }
}

/// What stands behind a call and reads it.
struct Reader<'a, A> {
    outcome: &'a mut Outcome,
    answers: &'a mut A,
    answer: mpsc::UnboundedSender<i32>,
    call: &'a calls::Made,
    output: Vec<Tape>,
}

impl<A: Iterator<Item = i32>> Reader<'_, A> {
    /// Notes an event. Whether it has read enough.
    fn read(&mut self, event: Result<PipelineEvent, Error>) -> bool {
        let outcome = &mut *self.outcome;
        match event {
            Ok(PipelineEvent::Output(tape)) => {
                outcome.output.extend(tape.values().map(shown).filter(|_| !self.call.is_inner));
                self.output.push(tape);
                return self.call.first.is_some_and(|first| first <= outcome.output.len());
            }
            Ok(PipelineEvent::Warning(tape)) => {
                outcome
                    .warnings
                    .push(InformationalRecord::new(&tape).unwrap().message().unwrap().to_string());
            }
            Ok(PipelineEvent::Error(tape)) => {
                outcome.errors.push(fields(&tape));
                return self.call.stops_at_error;
            }
            Ok(PipelineEvent::HostCall(call)) => {
                let texts: Vec<String> = call.parameters().map(|text| text.to_string()).collect();
                if call.method == HostMethod::PromptForChoice {
                    outcome.questions.push(texts[1].clone());
                    self.answer.send(self.answers.next().unwrap_or(0)).unwrap();
                } else {
                    outcome.host.push(texts[0].clone());
                }
            }
            Ok(_) => {}
            Err(error) => outcome.broken.push(error.to_string()),
        }
        false
    }
}

fn endpoint(recorded: &Json) -> Endpoint {
    let client = &recorded["client"];
    let mut endpoint = Endpoint::new(
        BASE,
        "11111111-2222-3333-4444-555555555555",
        Uuid::parse_str("22222222-3333-4444-5555-666666666666").unwrap(),
    );
    endpoint.routing = RoutingHint::anchor(Some("UPN:admin@contoso.onmicrosoft.com".to_owned()));
    let connection = &client["connection"];
    if let Some(size) = connection["PageSize"].as_u64() {
        endpoint.page_size = u32::try_from(size).unwrap();
    }
    if let Some(header) = connection["RoutingHintHeader"].as_str() {
        let part = |name: &str| connection[name].as_str().unwrap().to_owned();
        endpoint.routing.header = header.to_owned();
        endpoint.routing.value = Some(format!("{}:{}", part("RoutingHintPrefix"), part("RoutingHint")));
    }
    if let Some((version, label)) =
        client["module_version"].as_str().and_then(|v| v.split_once(", prerelease label "))
    {
        endpoint.module_version = format!("{version}-{label}");
    }
    endpoint
}

fn compare(recorded: &Json, ours: &Outcome, difference: &Difference) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |what: &str, expected: String, found: String| {
        if expected != found {
            problems.push(format!("{what}\n    recorded {expected}\n    ours     {found}"));
        }
    };
    let found = numbered(ours.requests.clone());
    let expected = requests_of(recorded, difference, &found);
    check("number of requests", expected.len().to_string(), found.len().to_string());
    for (expected, found) in expected.iter().zip(&found) {
        check("request", expected.to_string(), found.to_string());
    }

    let numbers =
        |list: &Json| list.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect::<Vec<_>>();
    let waits = numbers(difference.get("waits").unwrap_or(&recorded["waits"]));
    check("waits", format!("{waits:?}"), format!("{:?}", ours.waits));

    let output = recorded["output"].as_array().unwrap().iter();
    let shows_status = recorded["call"].as_str().unwrap().contains("$global:EXO_LastExecutionStatus");
    let output: Vec<String> = output
        // An empty page gives no object here; the recorded client gives a null. The rest is of the call's own script.
        .filter(|object| {
            object["null"] != true && object["clixml"].as_str().is_none_or(|text| !is_scaffold(text))
        })
        .filter(|object| !shows_status || object["type_names"][0] != "System.Boolean")
        .map(|object| {
            let text = object["clixml"].as_str().unwrap().replace("Deserialized.", "").replace(SELECTED, "");
            shown(decode(text.into_bytes()).unwrap().first().unwrap())
        })
        .collect();
    check("output", format!("{output:#?}"), format!("{:#?}", ours.output));

    let texts = |list: &Json| {
        list.as_array()
            .into_iter()
            .flatten()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let warnings = texts(difference.get("warnings").unwrap_or(&recorded["warnings"]));
    check("warnings", format!("{warnings:?}"), format!("{:?}", ours.warnings));
    match difference.get("questions") {
        Some(count) => check("number of questions", count.to_string(), ours.questions.len().to_string()),
        None => {
            let asked = recorded["questions"].as_array().into_iter().flatten();
            let questions: Vec<&str> = asked.map(|question| question["message"].as_str().unwrap()).collect();
            check("questions", format!("{questions:?}"), format!("{:?}", ours.questions));
        }
    }
    check("host", format!("{:?}", texts(&recorded["host"])), format!("{:?}", ours.host));
    let ends_with: Vec<&str> = difference.get("ends with").and_then(Json::as_str).into_iter().collect();
    check("ends with", format!("{ends_with:?}"), format!("{:?}", ours.broken));

    match difference.get("errors") {
        Some(messages) => {
            let ours: Json = ours.errors.iter().map(|error| error["message"].clone()).collect();
            check("error messages", messages.to_string(), ours.to_string());
        }
        None => {
            let expected: Vec<Json> = recorded["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|error| error_of(recorded, error, difference))
                .collect();
            check("number of errors", expected.len().to_string(), ours.errors.len().to_string());
            for (expected, found) in expected.iter().zip(&ours.errors) {
                for (field, found) in found {
                    check(field, expected[*field].to_string(), found.to_string());
                }
            }
        }
    }
    problems
}

fn fields(tape: &Tape) -> HashMap<&'static str, Json> {
    let record = ErrorRecord::new(tape).unwrap();
    let exception = record.exception().unwrap();
    let text = |text: Option<psrp::clixml::Text<'_>>| Json::from(text.unwrap_or_default().to_string());
    let data = exception.value().member("Data").unwrap();
    let remote = data
        .entry("RemoteException")
        .map_or(Json::Null, |remote| serde_json::from_str(remote.as_str().unwrap()).unwrap());
    HashMap::from([
        ("message", text(record.message())),
        ("exception_type", text(exception.type_name())),
        ("fully_qualified_error_id", text(record.fully_qualified_error_id())),
        ("category", record.category().unwrap().to_string().into()),
        ("activity", text(record.category_activity())),
        ("reason", text(record.category_reason())),
        ("target_name", text(record.category_target_name())),
        ("target_type", text(record.category_target_type())),
        ("target_object", record.target_object().map_or(Json::Null, |target| target.to_string().into())),
        ("remote_exception", remote),
    ])
}

/// One value as CLIXML. PowerShell wraps numbers and Booleans that went through a pipeline into objects.
fn shown(value: Value<'_>) -> String {
    let is_bare =
        value.type_names().next().is_none() && value.members().chain(value.props()).next().is_none();
    let value = value.base().filter(|_| is_bare).unwrap_or(value);
    let mut body = Vec::new();
    Encoder::new(&mut body).value(value);
    // PowerShell gives these to objects that come without types, and writes them when it writes such an object.
    String::from_utf8(body).unwrap().replace(CUSTOM_OBJECT, "")
}

/// Output of the call's own script around the cmdlet.
fn is_scaffold(clixml: &str) -> bool {
    let said = [
        "<S>after</S>",
        "<S>Add</S>",
        "<S>@odata.type</S>",
        "<S>ErrorRecord |",
        "<S>CmdletInvocationException |",
    ];
    said.iter().any(|scaffold| clixml.contains(scaffold))
}

#[expect(clippy::print_stderr, reason = "the runner collects the line that says what was not run")]
fn recordings() -> Option<PathBuf> {
    let shared = std::env::var_os("EXO_SHARED").map_or_else(
        || Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).to_path_buf(),
        PathBuf::from,
    );
    let directory = shared.join("fixtures/rest");
    if directory.is_dir() {
        return Some(directory);
    }
    eprintln!(
        "ignored: the_recorded_calls_have_the_recorded_requests_waits_and_outcomes: {} is not there",
        directory.display()
    );
    None
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    files
}

const CUSTOM_OBJECT: &str =
    "<TN RefId=\"0\"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>";
/// What `Select-Object` puts before the types.
const SELECTED: &str = "<T>Selected.System.Management.Automation.PSCustomObject</T>";
