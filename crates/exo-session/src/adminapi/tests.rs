//! Answers of every kind, as a call meets them: no socket and no clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use psrp::clixml::{Encoder, Tape, decode};
use psrp::records::ErrorRecord;
use psrp::{PipelineEvent, PsInvocationState};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::catalog::Catalog;
use crate::error::Step;
use crate::error::kind::Kind;
use crate::session::Invocation;

/// Gives its answers in order, the last one again and again, and notes what was sent.
struct Script {
    answers: Vec<fn() -> Result<Answer, Kind>>,
    sent: Mutex<Vec<Request>>,
    waited: Mutex<Vec<u64>>,
}

impl Transport for &Script {
    async fn send(&self, request: &Request) -> Result<Answer, Error> {
        let mut sent = self.sent.lock().unwrap();
        let answer = self.answers.get(sent.len()).or(self.answers.last()).unwrap();
        sent.push(request.clone());
        answer().map_err(|kind| Error::new(Step::Run, kind))
    }

    async fn wait(&self, time: Duration) {
        self.waited.lock().unwrap().push(time.as_secs());
    }

    async fn renew(&self, _claims: Option<&str>) -> Result<(), Error> {
        Err(Error::new(Step::Run, Kind::TokenEnded))
    }
}

fn answer(status: u16, body: &str) -> Result<Answer, Kind> {
    Ok(Answer { status, headers: Vec::new(), body: body.to_owned().into() })
}

/// One object, and where the next page is.
fn page(object: &str, next: Option<&str>) -> Result<Answer, Kind> {
    let next = next.map(|link| format!(",\"@odata.nextLink\":\"{link}\"")).unwrap_or_default();
    answer(200, &format!("{{\"value\":[{{\"_clixml\":\"<Objs><S>{object}</S></Objs>\"}}]{next}}}"))
}

/// What a call came to: what it wrote, one line each, and how it ended.
async fn call(script: &Script, command: &str, parameters: Tape) -> Vec<String> {
    let read = async |mut written: Written| {
        let mut lines = Vec::new();
        while let Some(event) = written.recv().await {
            lines.push(match event {
                Ok(PipelineEvent::Output(tape)) => {
                    tape.values().map(|value| value.to_string()).collect::<Vec<_>>().join(" ")
                }
                Ok(PipelineEvent::Error(tape)) => {
                    format!("error: {}", ErrorRecord::new(&tape).unwrap().message().unwrap())
                }
                Ok(PipelineEvent::State { state: PsInvocationState::Completed, .. }) => continue,
                Ok(event) => format!("{event:?}"),
                Err(error) => format!("{error}"),
            });
        }
        lines
    };
    call_and(script, command, parameters, read).await
}

/// Makes a call beside who reads what it writes.
async fn call_and<R>(
    script: &Script,
    command: &str,
    parameters: Tape,
    read: impl AsyncFnOnce(Written) -> R,
) -> R {
    let catalog = Arc::new(Catalog::read(&module()).unwrap());
    let endpoint = Endpoint::new("https://outlook.office365.com", "t", Uuid::nil());
    let client = Client::new(endpoint, catalog, script);
    let (events, written) = mpsc::channel(1);
    let (_answer, answers) = mpsc::unbounded_channel();
    let invocation = Invocation { command: command.to_owned(), parameters };
    let call = Call { invocation, confirm: Confirm::Refuse, events, answers };
    tokio::join!(client.run(call), read(written)).1
}

type Written = mpsc::Receiver<Result<PipelineEvent, Error>>;

fn script(answers: &[fn() -> Result<Answer, Kind>]) -> Script {
    Script { answers: answers.to_vec(), sent: Mutex::default(), waited: Mutex::default() }
}

fn none() -> Tape {
    decode(Vec::new()).unwrap()
}

fn parameters(write: impl FnOnce(&mut Encoder<'_>)) -> Tape {
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |object| object.members(write));
    decode(body).unwrap()
}

/// Makes what the transport gives back.
type Made = fn() -> Result<Answer, Kind>;

#[tokio::test]
async fn what_is_no_answer_of_the_service_ends_the_call_with_one_sentence() {
    let not_json = "could not run the command: the answer is not the JSON that the service sends";
    let cases: [(Made, String); 9] = [
        (|| answer(200, "<html>secret</html>"), format!("{not_json} (line 1, column 1)")),
        (|| answer(200, "{\"value\":[{\"_clixml\":\"<Objs"), format!("{not_json} (line 1, column 27)")),
        (|| answer(200, "{\"value\":7}"), format!("{not_json} (line 1, column 10)")),
        (
            || answer(200, "{\"@odata.context\":\"secret\"}"),
            "could not run the command: the answer has no list of objects, which every answer of the service has"
                .to_owned(),
        ),
        (
            || answer(200, "{\"value\":[{\"_clixml\":\"<Objs><S>secret\"}]}"),
            "could not run the command: the objects in the answer are no CLIXML: ".to_owned(),
        ),
        (
            || answer(200, "{\"value\":[{\"_clixml\":\"<Objs><S>secret</I32></Objs>\"}]}"),
            "could not run the command: the objects in the answer are no CLIXML: ".to_owned(),
        ),
        (
            || answer(200, "{\"value\":[],\"@odata.nextLink\":\"https://example.org/?token\"}"),
            "could not run the command: outlook.office365.com has its next page at https://example.org".to_owned(),
        ),
        (
            || answer(200, "{\"value\":[],\"@odata.nextLink\":\"http://outlook.office365.com/\"}"),
            "could not run the command: outlook.office365.com has its next page at http://outlook.office365.com"
                .to_owned(),
        ),
        (
            || answer(200, "{\"value\":[],\"@odata.nextLink\":\"?again\"}"),
            "could not run the command: the service's pages lead in a circle".to_owned(),
        ),
    ];
    for (given, expected) in cases {
        let script = script(&[given]);
        let all = parameters(|members| members.string("ResultSize", "Unlimited"));
        let lines = call(&script, "Get-Thing", all).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(&expected), "{} instead of {expected}", lines[0]);
        assert!(!lines[0].contains("secret"), "{}", lines[0]);
        assert!(script.sent.lock().unwrap().len() <= 2);
    }
}

#[tokio::test]
async fn the_next_page_may_be_at_another_host_of_the_service() {
    let cases: [(Made, &str); 3] = [
        (|| page("a", Some("?page=2")), "https://outlook.office365.com/?page=2"),
        (
            || page("a", Some("https://outlook.office365.com:443/adminapi/x?page=2")),
            "https://outlook.office365.com/adminapi/x?page=2",
        ),
        (
            || page("a", Some("https://eur01.outlook.office365.com/adminapi/x?page=2")),
            "https://eur01.outlook.office365.com/adminapi/x?page=2",
        ),
    ];
    for (first, expected) in cases {
        let script = script(&[first, || page("b", None)]);
        let all = parameters(|members| members.string("ResultSize", "Unlimited"));
        assert_eq!(call(&script, "Get-Thing", all).await, ["a", "b"]);
        let sent = script.sent.lock().unwrap();
        let [one, two] = sent.as_slice() else { panic!("two requests instead of {}", sent.len()) };
        assert_eq!(two.url, expected);
        assert_eq!((&one.body, &one.headers), (&two.body, &two.headers), "the same but for the address");
    }
}

#[tokio::test]
async fn the_next_page_is_fetched_while_this_one_is_read_and_no_sooner() {
    let script = script(&[
        || page("a", Some("?page=2")),
        || page("b", Some("?page=3")),
        || page("c", Some("?page=4")),
        || page("d", None),
    ]);
    let sent = || script.sent.lock().unwrap().len();
    let all = parameters(|members| members.string("ResultSize", "Unlimited"));
    call_and(&script, "Get-Thing", all, async |mut written| {
        for read in 0..4 {
            // The page that was taken last is in hand, one more is on its way, and nothing behind that is asked for.
            while sent() < read + 1 {
                tokio::task::yield_now().await;
            }
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert_eq!(sent(), read + 1);
            assert!(matches!(written.recv().await, Some(Ok(PipelineEvent::Output(_)))));
        }
        while written.recv().await.is_some() {}
    })
    .await;
}

#[tokio::test]
async fn errors_alone_in_an_answer_of_success_are_errors() {
    let script = script(&[|| answer(200, "{\"@adminapi.errors\":[\"e\",{\"message\":\"m\"}]}")]);
    assert_eq!(call(&script, "Get-Thing", none()).await, ["error: e", "error: m"]);
}

#[tokio::test]
async fn a_change_is_never_sent_twice_when_it_may_have_been_made() {
    let host = || "h".to_owned();
    let unknown = "could not run the command: whether Set-Thing was carried out is not known: ";
    let cases: [(Made, String); 5] = [
        (
            || Err(Kind::AnswerTimeout { host: "h".to_owned(), limit: Duration::from_secs(960) }),
            format!("{unknown}{} did not answer within 960 s; look before trying again", host()),
        ),
        (|| Err(Kind::CutOff { host: "h".to_owned(), inside: true }), unknown.to_owned()),
        (|| answer(200, "<html>"), unknown.to_owned()),
        (|| answer(200, "{\"value\":[{\"_clixml\":\"<Objs\"}]}"), unknown.to_owned()),
        (
            || answer(504, "{\"error\":{\"message\":\"late\"}}"),
            "error: The service did not finish Set-Thing in time (HTTP 504): late. Whether it was done is not known: look \
             before trying again."
                .to_owned(),
        ),
    ];
    for (given, expected) in cases {
        let script = script(&[given]);
        let lines = call(&script, "Set-Thing", none()).await;
        assert!(lines.len() == 1 && lines[0].starts_with(&expected), "{lines:?} instead of {expected}");
        assert_eq!(script.sent.lock().unwrap().len(), 1);
    }
    // What only reads is asked for again.
    let script = script(&[|| answer(504, "{\"error\":{\"message\":\"late\"}}"), || page("x", None)]);
    assert_eq!(call(&script, "Get-Thing", none()).await, ["x"]);
    assert_eq!(*script.waited.lock().unwrap(), [2]);
}

#[tokio::test]
async fn each_cmdlet_has_the_time_that_the_service_gives_it() {
    for (command, seconds) in [
        ("Get-Thing", 960),
        ("Get-DistributionGroupMember", 3600),
        ("Import-TransportRuleCollection", 3600),
        ("Set-UnifiedGroup", 3600),
        ("Update-DistributionGroupMember", 3600),
        ("Set-OrganizationConfig", 1860),
        ("Update-RoleGroupMember", 1860),
    ] {
        let script = script(&[|| answer(200, "{\"value\":[]}")]);
        assert_eq!(call(&script, command, none()).await, [""; 0]);
        assert_eq!(script.sent.lock().unwrap()[0].time_limit.as_secs(), seconds, "{command}");
    }
}

#[tokio::test]
async fn fifty_megabytes_of_parameters_go_out_and_what_grows_without_bound_does_not() {
    let script = script(&[|| answer(200, "{\"value\":[]}")]);
    let large = "x".repeat(50_000_000);
    assert_eq!(
        call(&script, "Set-Thing", parameters(|members| members.string("Name", &large))).await,
        [""; 0]
    );
    let len = script.sent.lock().unwrap()[0].body.len();
    assert!((large.len()..large.len() + 200).contains(&len), "{len}");

    // Each list holds the one before it a hundred times.
    let mut value = format!("<Obj RefId=\"0\"><LST><S>{}</S></LST></Obj>", "x".repeat(1_000_000));
    for level in 1..4 {
        let references = format!("<Ref RefId=\"{}\" />", level - 1).repeat(99);
        value = format!("<Obj RefId=\"{level}\"><LST>{value}{references}</LST></Obj>");
    }
    let value = value.replacen("<Obj ", "<Obj N=\"Name\" ", 1);
    let bomb = decode(format!("<Obj><MS>{value}</MS></Obj>").into_bytes()).unwrap();
    let lines = call(&script, "Set-Thing", bomb).await;
    assert!(lines[0].contains("the parameter Name is too large: a request holds at most"), "{lines:?}");
    assert_eq!(script.sent.lock().unwrap().len(), 1, "nothing more was sent");
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_ends_the_call_with_what_to_do() {
    let script = script(&[|| answer(401, "{\"error\":{\"message\":\"Unauthorized\"}}")]);
    assert_eq!(
        call(&script, "Get-Thing", none()).await,
        [
            "could not run the command: the service wants a new token, and the one there is cannot be renewed; connect again"
        ]
    );
}

fn module() -> String {
    let names = [
        "Get-Thing",
        "Set-Thing",
        "Get-DistributionGroupMember",
        "Import-TransportRuleCollection",
        "Set-UnifiedGroup",
        "Update-DistributionGroupMember",
        "Set-OrganizationConfig",
        "Update-RoleGroupMember",
    ];
    let declared = names.map(|name| {
        format!("function script:{name}\n{{\n[CmdletBinding()]\nparam(\n${{ResultSize}},\n${{Name}}\n)\n}}\n")
    });
    format!("{}Export-ModuleMember -Function @('{}')\n", declared.concat(), names.join("','"))
}
