//! The REST client against recordings of the service's own client: same requests, same waits, same outcome.
//!
//! Each recording is one PowerShell call. Here the call is made through [`Client`] with answers from the recording; no
//! socket and no clock. Where ours differs on purpose, [`differences`] says how and why.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exo_session::adminapi::{Answer, Call, Client, Confirm, Endpoint, Request, RoutingHint, Transport};
use exo_session::catalog::Catalog;
use exo_session::{Error, Invocation};
use psrp::clixml::{Encoder, Tape, Value, decode};
use psrp::records::{ErrorRecord, InformationalRecord};
use psrp::{HostMethod, PipelineEvent};
use serde_json::Value as Json;
use tokio::sync::mpsc;
use uuid::Uuid;

use self::differences::{Difference, NOT_HERE, difference};

mod arguments;
mod calls;
mod cmdlets;
mod differences;

#[test]
fn the_recorded_calls_have_the_recorded_requests_waits_and_outcomes() {
    let Some(directory) = recordings() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let catalog = Arc::new(Catalog::read(&cmdlets::module_text()).unwrap());
    let keyless = Arc::new(Catalog { public_key: None, ..Catalog::clone(&catalog) });
    let mut problems = Vec::new();
    let (mut replayed, mut all) = (0, 0);
    for path in files(&directory) {
        all += 1;
        let scenario = path.file_stem().unwrap().to_string_lossy().into_owned();
        let recorded: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let is_left_out = NOT_HERE.iter().any(|(names, _)| names.contains(&scenario.as_str()));
        let calls = calls::calls(&scenario, recorded["call"].as_str().unwrap(), &catalog);
        match calls {
            _ if is_left_out => {}
            None => {
                problems.push(format!("{scenario}: neither replayed nor in the table of those that are not"));
            }
            Some(calls) => {
                replayed += 1;
                let ours = runtime.block_on({
                    let has_key = recorded["client"].get("public_key").is_none();
                    replay(&recorded, &calls, Arc::clone(if has_key { &catalog } else { &keyless }))
                });
                let difference = difference(&scenario);
                problems.extend(
                    compare(&recorded, &ours, difference).into_iter().map(|p| format!("{scenario}: {p}")),
                );
            }
        }
    }
    let left_out: usize = NOT_HERE.iter().map(|(names, _)| names.len()).sum();
    println!("{replayed} of {all} recordings replayed, {left_out} not");
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    assert_eq!(replayed + left_out, all, "the table names recordings that are not there");
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
            "body": serde_json::from_slice::<Json>(&request.body).unwrap(),
            "seconds": request.time_limit.as_secs(),
        }));
        // After the last recorded answer the last one again, for as long as it is asked for.
        let nothing = serde_json::json!({ "status": 204, "headers": {} });
        let answer = self.answers.get(place).or(self.answers.last()).unwrap_or(&nothing);
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
    let mut answers = answers(recorded).into_iter();
    let mut outcome = Outcome::default();
    let mut last_output: Vec<Tape> = Vec::new();
    for call in calls {
        let client = Client::new(endpoint(recorded), Arc::clone(&catalog), &script);
        let (answer, answered) = mpsc::unbounded_channel();
        let (events, mut written) = mpsc::channel(1);
        let parameters = (call.parameters)(&last_output);
        let invocation = Invocation { command: call.command.clone(), parameters };
        let is_inner = call.is_inner;
        let call = Call { invocation, confirm: Confirm::From(call.preference), events, answers: answered };
        let read = async {
            last_output.clear();
            while let Some(event) = written.recv().await {
                match event {
                    Ok(PipelineEvent::Output(tape)) => {
                        outcome.output.extend(tape.values().map(shown).filter(|_| !is_inner));
                        last_output.push(tape);
                    }
                    Ok(PipelineEvent::Warning(tape)) => {
                        outcome
                            .warnings
                            .push(InformationalRecord::new(&tape).unwrap().message().unwrap().to_string());
                    }
                    Ok(PipelineEvent::Error(tape)) => outcome.errors.push(fields(&tape)),
                    Ok(PipelineEvent::HostCall(call)) => {
                        let texts: Vec<String> = call.parameters().map(|text| text.to_string()).collect();
                        if call.method == HostMethod::PromptForChoice {
                            outcome.questions.push(texts[1].clone());
                            answer.send(answers.next().unwrap_or(0)).unwrap();
                        } else {
                            outcome.host.push(texts[0].clone());
                        }
                    }
                    Ok(_) => {}
                    Err(error) => outcome.broken.push(error.to_string()),
                }
            }
        };
        tokio::join!(client.run(call), read);
    }
    let seen = std::mem::take(&mut *script.seen.lock().unwrap());
    Outcome { requests: seen.requests, waits: seen.waits, renewals: seen.renewals, ..outcome }
}

/// The answers that the recording gave to questions, by their places.
fn answers(recorded: &Json) -> Vec<i32> {
    let choices = ["Yes", "Yes to All", "No", "No to All"];
    let given = recorded["client"]["host_answers"].as_array().cloned().unwrap_or_default();
    given
        .iter()
        .map(|answer| choices.iter().position(|choice| answer == choice).unwrap())
        .map(|place| i32::try_from(place).unwrap())
        .collect()
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

fn compare(recorded: &Json, ours: &Outcome, difference: Option<&Difference>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |what: &str, expected: String, found: String| {
        if expected != found {
            problems.push(format!("{what}\n    recorded {expected}\n    ours     {found}"));
        }
    };
    let none = Difference::default();
    let difference = difference.unwrap_or(&none);

    let mut ids = Vec::new();
    let mut request_id = |id: &str| {
        let place = ids.iter().position(|known| known == id).unwrap_or_else(|| {
            ids.push(id.to_owned());
            ids.len() - 1
        });
        format!("request-id-{}", place + 1)
    };
    let found: Vec<Json> = ours
        .requests
        .iter()
        .map(|request| {
            let mut request = request.clone();
            let id = request_id(request["headers"]["client-request-id"].as_str().unwrap());
            request["headers"]["client-request-id"] = id.into();
            request.as_object_mut().unwrap().remove("seconds");
            request
        })
        .collect();
    let mut expected: Vec<Json> =
        recorded["exchanges"].as_array().unwrap().iter().map(expected_request).collect();
    if let Some(body) = difference.body {
        expected.truncate(1);
        let parameters: Json = serde_json::from_str(body).unwrap();
        match expected.first_mut() {
            Some(first) => first["body"]["CmdletInput"]["Parameters"] = parameters,
            None => {
                let mut request = found[0].clone();
                request["body"]["CmdletInput"]["Parameters"] = parameters;
                expected.push(request);
            }
        }
    }
    for _ in 0..difference.more_tries {
        expected.push(expected.last().unwrap().clone());
    }
    check("number of requests", expected.len().to_string(), found.len().to_string());
    for (expected, found) in expected.iter().zip(&found) {
        check("request", expected.to_string(), found.to_string());
    }

    let numbers =
        |list: &Json| list.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect::<Vec<_>>();
    let waits = difference.waits.map_or_else(|| numbers(&recorded["waits"]), <[f64]>::to_vec);
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
            let text = object["clixml"].as_str().unwrap().replace("Deserialized.", "");
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
    let warnings = difference
        .warnings
        .map_or_else(|| texts(&recorded["warnings"]), |own| own.iter().map(|w| (*w).to_owned()).collect());
    check("warnings", format!("{warnings:?}"), format!("{:?}", ours.warnings));
    if difference.questions.is_none() {
        let questions: Vec<String> = recorded["questions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|q| q["message"].as_str().unwrap().to_owned())
            .collect();
        check("questions", format!("{questions:?}"), format!("{:?}", ours.questions));
    } else {
        check(
            "number of questions",
            format!("{:?}", difference.questions),
            format!("{:?}", Some(ours.questions.len())),
        );
    }
    check("host", format!("{:?}", texts(&recorded["host"])), format!("{:?}", ours.host));
    check(
        "broken",
        format!("{:?}", difference.broken.iter().collect::<Vec<_>>()),
        format!("{:?}", ours.broken),
    );

    match difference.errors {
        Some(messages) => {
            let ours: Vec<&str> =
                ours.errors.iter().map(|error| error["message"].as_str().unwrap()).collect();
            check("error messages", format!("{messages:#?}"), format!("{ours:#?}"));
        }
        None => {
            let expected: Vec<Json> = recorded["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|error| expected_error(recorded, error))
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

fn expected_request(exchange: &Json) -> Json {
    let request = &exchange["request"];
    assert_eq!(request["method"], "POST");
    let headers: HashMap<&str, &str> = request["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
        // What the transport adds, and the program's own name.
        .filter(|(name, _)| !matches!(*name, "Authorization" | "Accept-Encoding" | "User-Agent"))
        .collect();
    serde_json::json!({ "path": request["path"], "headers": headers, "body": request["body"] })
}

/// On PowerShell 7 the recorded client cannot read the headers of a failed answer; the recordings in which it can say
/// what belongs there.
fn expected_error(recorded: &Json, error: &Json) -> Json {
    let mut error = error.clone();
    if error["fully_qualified_error_id"] == "[],Write-ErrorMessage" {
        let exchanges = recorded["exchanges"].as_array().unwrap();
        let failed =
            exchanges.iter().rfind(|exchange| exchange["answer"]["status"].as_u64() != Some(200)).unwrap();
        let header = |name: &str| failed["answer"]["headers"][name].as_str();
        let server = header("X-CalculatedBETarget").map(|server| server.split('.').next().unwrap());
        let known = [("Server", server), ("RequestId", header("request-id")), ("TimeStamp", header("Date"))];
        let known: Vec<String> =
            known.iter().filter_map(|(name, value)| Some(format!("{name}={}", (*value)?))).collect();
        error["fully_qualified_error_id"] = format!("[{}],Write-ErrorMessage", known.join(",")).into();
        error["reason"] = header("x-ExceptionType").unwrap_or("Exception").into();
        if let Some(target) = header("x-ExceptionTargetType") {
            error["target_type"] = target.into();
        }
    }
    error
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
    String::from_utf8(body).unwrap()
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

const BASE: &str = "https://outlook.office365.com";
