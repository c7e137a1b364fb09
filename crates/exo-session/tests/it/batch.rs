//! One command for many inputs, over both carriers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exo_session::adminapi::{Answer, BatchCall, Client, Confirm, Endpoint, Request, Transport};
use exo_session::catalog::{Catalog, ConfirmImpact};
use exo_session::{
    Batch, BatchEvent, BatchEventKind, BatchInvocation, Error, InputOutcome, Session, TryWriteError,
};
use psrp::PipelineEvent;
use psrp::clixml::{Encoder, Tape, decode};
use tokio::sync::{Notify, mpsc, watch};
use uuid::Uuid;

use crate::support::{basic, command, lab, lab_with_fault, open, rest};

fn set(identity: &str) -> Tape {
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |object| {
        object.members(|members| {
            members.string("Identity", identity);
            members.string("CustomAttribute1", "x");
            members.switch_parameter("Confirm", false);
        });
    });
    decode(body).unwrap()
}

fn get(identity: &str) -> Tape {
    command("", &[("Identity", identity)]).parameters
}

fn invocation(name: &str, in_flight: usize) -> BatchInvocation {
    let mut invocation = BatchInvocation::new(name);
    invocation.in_flight = in_flight;
    invocation
}

/// Everything of each input in one line, in order, and the error at the end.
async fn told(mut batch: Batch) -> Vec<String> {
    let mut told = Vec::new();
    let mut line = String::new();
    while let Some(event) = batch.next().await {
        match event {
            Ok(BatchEvent { input, kind: BatchEventKind::Event(event) }) => match event {
                PipelineEvent::Output(tape) => {
                    for value in tape.values() {
                        let name =
                            value.member("Name").map_or_else(|| value.to_string(), |name| name.to_string());
                        line.push_str(&format!("{input}:{name} "));
                    }
                }
                PipelineEvent::Error(_) => line.push_str(&format!("{input}:error ")),
                _ => {}
            },
            Ok(BatchEvent { input, kind: BatchEventKind::Ended(outcome) }) => {
                let outcome = match outcome {
                    InputOutcome::Succeeded => "succeeded".to_owned(),
                    InputOutcome::Failed(None) => "failed".to_owned(),
                    InputOutcome::Failed(Some(error)) => format!("failed: {}", error.what()),
                    InputOutcome::Unknown(error) => format!("unknown: {}", error.what()),
                    InputOutcome::NotSent => "not sent".to_owned(),
                };
                told.push(format!("{}{input} {outcome}", std::mem::take(&mut line)));
            }
            Err(error) => told.push(error.to_string()),
        }
    }
    told
}

async fn run(session: &Session, invocation: BatchInvocation, inputs: Vec<Tape>) -> Vec<String> {
    let (batch, input) = session.invoke_batch(invocation).await.unwrap();
    let write = async move {
        for parameters in inputs {
            if input.write(parameters).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(told(batch), write).0
}

async fn names(session: &Session, count: usize) -> Vec<String> {
    let mut pipeline = session.invoke(command("Get-Mailbox", &[])).await.unwrap();
    let mut names = Vec::new();
    while let Some(event) = pipeline.next().await {
        if let PipelineEvent::Output(tape) = event.unwrap() {
            names.extend(tape.values().map(|mailbox| mailbox.member("Name").unwrap().to_string()));
        }
    }
    names.truncate(count);
    names
}

#[tokio::test]
async fn output_is_in_the_order_of_the_inputs_over_either_carrier() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let names = names(&session, 37).await;
    let inputs = || {
        let mut inputs: Vec<Tape> = names.iter().map(|name| get(name)).collect();
        inputs.insert(5, get("nobody"));
        inputs
    };
    let mut expected: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let input = if place < 5 { place } else { place + 1 };
            format!("{input}:{name} {input} succeeded")
        })
        .collect();
    expected.insert(5, "5:error 5 failed".to_owned());
    for in_flight in [1, 4] {
        assert_eq!(run(&session, invocation("Get-Mailbox", in_flight), inputs()).await, expected);
    }
    let session = open(basic(&lab)).await;
    assert_eq!(run(&session, invocation("Get-Mailbox", 4), inputs()).await, expected);
}

#[tokio::test]
async fn a_call_that_is_throttled_within_a_batch_is_made_again_alone() {
    let lab = lab_with_fault("item-503=1").await;
    let session = open(rest(&lab)).await;
    let names = names(&session, 3).await;
    let told =
        run(&session, invocation("Set-Mailbox", 1), names.iter().map(|name| set(name)).collect()).await;
    assert_eq!(told, ["0 succeeded", "1 succeeded", "2 succeeded"]);
    assert_eq!(lab.executions("Set-Mailbox"), 3);
}

#[tokio::test]
async fn changes_whose_answer_is_lost_are_unknown_and_nothing_more_is_sent() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let names = names(&session, 25).await;
    lab.add_fault("drop-mid".parse().unwrap());
    let told =
        run(&session, invocation("Set-Mailbox", 1), names.iter().map(|name| set(name)).collect()).await;
    let written = told.len() - 1;
    assert!((10..=25).contains(&written), "{told:#?}");
    for (input, told) in told.iter().take(written).enumerate() {
        let outcome =
            if input < 10 { "unknown: whether Set-Mailbox was carried out is not known" } else { "not sent" };
        assert!(told.starts_with(&format!("{input} {outcome}")), "{told}");
    }
    assert!(told[written].starts_with("could not run the command: whether Set-Mailbox"), "{}", told[written]);
    assert_eq!(lab.executions("Set-Mailbox"), 10, "done once, and never again");
}

#[tokio::test]
async fn a_refused_batch_ends_the_pipeline_with_what_the_service_said() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    lab.add_fault("http-400=1".parse().unwrap());
    let told = run(&session, invocation("Get-Mailbox", 1), vec![get("a"), get("b")]).await;
    assert_eq!(&told[..2], ["0:error 0 failed", "1 failed"], "one error record, at the first");
    assert!(told[2].starts_with("could not run the command: localhost"), "{}", told[2]);
}

#[tokio::test]
async fn a_cancelled_batch_says_of_each_input_whether_it_was_sent() {
    let lab = lab_with_fault("hang=command").await;
    let session = open(rest(&lab)).await;
    let (batch, input) = session.invoke_batch(invocation("Set-Mailbox", 1)).await.unwrap();
    // There is room for ten, so that with the twentieth the first ten have been sent.
    for name in 0..20 {
        input.write(set(&format!("user{name}"))).await.unwrap();
    }
    batch.cancel();
    let told = told(batch).await;
    assert_eq!(told.len(), 20);
    assert!(told[..10].iter().all(|line| line.ends_with("unknown: the operation was cancelled")), "{told:?}");
    assert!(told[10..].iter().all(|line| line.ends_with("not sent")), "{told:?}");
    assert!(matches!(input.try_write(set("late")), Err(TryWriteError::Ended)));
}

#[tokio::test]
async fn with_one_request_in_flight_nothing_is_sent_before_the_reader_asks_for_more() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let (mut batch, input) = session.invoke_batch(invocation("Set-Mailbox", 1)).await.unwrap();
    for _ in 0..20 {
        input.write(set("nobody")).await.unwrap();
    }
    let mut ended = 0;
    while ended < 10 {
        let event = batch.next().await.unwrap().unwrap();
        ended += u32::from(matches!(event.kind, BatchEventKind::Ended(_)));
    }
    // Time enough for the second ten to be taken, were they.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(input.try_write(set("late")), Err(TryWriteError::Full(_))));
    batch.cancel();
    let told = told(batch).await;
    assert_eq!(told.len(), 10);
    assert!(told.iter().all(|line| line.ends_with("not sent")), "{told:?}");
}

#[tokio::test]
async fn what_must_be_confirmed_is_asked_about_one_by_one_or_refused() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let names = names(&session, 3).await;
    let inputs = || names.iter().map(|name| get(name)).collect::<Vec<_>>();
    let told = run(&session, invocation("Remove-Mailbox", 4), inputs()).await;
    assert!(told.iter().all(|line| line.ends_with("failed: Remove-Mailbox asks before it acts")), "{told:?}");

    let mut asking = invocation("Remove-Mailbox", 4);
    asking.confirm_from = Some(ConfirmImpact::High);
    let (mut batch, input) = session.invoke_batch(asking).await.unwrap();
    for parameters in inputs() {
        input.write(parameters).await.unwrap();
    }
    let mut outcomes = Vec::new();
    for choice in [0, 2, 0] {
        loop {
            match batch.next().await.unwrap().unwrap().kind {
                BatchEventKind::Event(PipelineEvent::HostCall(_)) => batch.answer(choice),
                BatchEventKind::Event(event) => panic!("{event:?}"),
                BatchEventKind::Ended(outcome) => {
                    break outcomes.push(matches!(outcome, InputOutcome::Succeeded));
                }
            }
        }
    }
    drop(input);
    assert!(batch.next().await.is_none());
    assert_eq!(outcomes, [true; 3], "a no is no error");
    assert_eq!(lab.executions("Remove-Mailbox"), 2);
}

#[tokio::test]
async fn a_writer_is_told_when_there_is_no_room_and_numbers_out_of_range_are_refused() {
    let lab = lab_with_fault("hang=command").await;
    let session = open(rest(&lab)).await;
    let (batch, input) = session.invoke_batch(invocation("Get-Mailbox", 1)).await.unwrap();
    let mut taken = 0;
    while let Ok(()) = input.try_write(get("x")) {
        taken += 1;
        assert!(taken < 1000, "there is an end to the room");
    }
    assert!(matches!(input.try_write(get("x")), Err(TryWriteError::Full(_))));
    drop(batch);
    for (in_flight, batch_size) in [(0, 10), (17, 10), (1, 0), (1, 11)] {
        let mut wrong = invocation("Get-Mailbox", in_flight);
        wrong.batch_size = batch_size;
        let error = session.invoke_batch(wrong).await.unwrap_err();
        assert!(error.what().contains("may be 1 to 1"), "{error}");
    }
}

/// Answers each batch when as many are under way as expected; notes how many there were.
struct Together {
    expected: usize,
    under_way: AtomicUsize,
    most: AtomicUsize,
    arrived: Notify,
    waits: Mutex<Vec<Duration>>,
    headers: Vec<(String, String)>,
    cancels: watch::Sender<bool>,
    /// Whether the batch is cancelled while it waits.
    is_cancelled_by_wait: bool,
}

impl Transport for &Together {
    async fn send(&self, request: &Request) -> Result<Answer, Error> {
        let body: serde_json::Value = serde_json::from_slice(&request.body_with("Bearer x")).unwrap();
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(under_way, Ordering::SeqCst);
        self.arrived.notify_waiters();
        loop {
            let arrived = self.arrived.notified();
            if self.expected <= self.most.load(Ordering::SeqCst) {
                break;
            }
            arrived.await;
        }
        tokio::task::yield_now().await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let responses = body["requests"].as_array().unwrap().iter().rev().map(|call| {
            assert_eq!(call["headers"]["Authorization"], "Bearer x");
            let identity = call["body"]["CmdletInput"]["Parameters"]["Identity"].as_str().unwrap();
            let objects = serde_json::json!([{ "_clixml": format!("<Objs><S>{identity}</S></Objs>") }]);
            serde_json::json!({ "id": call["id"], "status": 200, "body": { "value": objects } })
        });
        let body = serde_json::json!({ "responses": responses.collect::<Vec<_>>() });
        Ok(Answer { status: 200, headers: self.headers.clone(), body: body.to_string().into() })
    }

    async fn wait(&self, time: Duration) {
        self.waits.lock().unwrap().push(time);
        self.cancels.send_replace(self.is_cancelled_by_wait);
    }

    async fn renew(&self, _claims: Option<&str>) -> Result<(), Error> {
        Ok(())
    }
}

const MODULE: &str = "function script:Get-Mailbox\n{\n[CmdletBinding()]\nparam(\n[Parameter(ValueFromPipeline=$true)]${Identity}\n)\n\
                      Process {\nRun -EnableBatchingStatus:$true\n}\n}\nExport-ModuleMember -Function @('Get-Mailbox')\n";

fn together(in_flight: usize, count: usize, headers: &[(&str, &str)]) -> Together {
    Together {
        expected: in_flight.min(count.div_ceil(10)),
        under_way: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        arrived: Notify::new(),
        waits: Mutex::new(Vec::new()),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        cancels: watch::channel(false).0,
        is_cancelled_by_wait: false,
    }
}

/// What the inputs `u0`, `u1` and so on, all written before, come to.
async fn outputs(transport: &Together, in_flight: usize, count: usize) -> Vec<String> {
    let catalog = Arc::new(Catalog::read(MODULE).unwrap());
    let client = Client::new(Endpoint::new("https://localhost", "t", Uuid::nil()), catalog, transport);
    let (input, inputs) = mpsc::channel(count);
    (0..count).for_each(|place| input.try_send(get(&format!("u{place}"))).unwrap());
    drop(input);
    let (events, mut written) = mpsc::channel(1);
    let (_answer, answers) = mpsc::unbounded_channel();
    let call = BatchCall {
        command: "Get-Mailbox".to_owned(),
        confirm: Confirm::Refuse,
        in_flight,
        batch_size: 10,
        inputs,
        events,
        answers,
        sent: Arc::default(),
        read: watch::channel(u64::MAX).1,
        cancelled: transport.cancels.subscribe(),
    };
    let read = async {
        let mut told = Vec::new();
        while let Some(event) = written.recv().await {
            let BatchEvent { input, kind } = event.unwrap();
            if let BatchEventKind::Event(PipelineEvent::Output(tape)) = kind {
                told.push(format!("{input}:{}", tape.first().unwrap()));
            }
        }
        told
    };
    tokio::join!(client.run_batch(call), read).1
}

/// How many requests were under way at once, and what was waited.
async fn batches(in_flight: usize, count: usize, headers: &[(&str, &str)]) -> (usize, Vec<Duration>) {
    let transport = together(in_flight, count, headers);
    let told = outputs(&transport, in_flight, count).await;
    assert_eq!(told, (0..count).map(|place| format!("{place}:u{place}")).collect::<Vec<_>>());
    let waits = transport.waits.lock().unwrap().clone();
    (transport.most.load(Ordering::SeqCst), waits)
}

#[tokio::test]
async fn thousands_of_inputs_go_in_batches_that_overlap_up_to_the_limit() {
    assert_eq!(batches(1, 30, &[]).await.0, 1);
    assert_eq!(batches(4, 3000, &[]).await.0, 4);
    assert_eq!(batches(16, 95, &[]).await.0, 10);
}

#[tokio::test]
async fn a_used_up_share_holds_new_requests_back() {
    let used_up = [("Rate-Limit-Remaining", "0"), ("Rate-Limit-Reset", "7")];
    assert_eq!(
        batches(1, 30, &used_up).await.1,
        [Duration::from_secs(7); 2],
        "before the second and the third"
    );
    let left = [("Rate-Limit-Remaining", "12"), ("Rate-Limit-Reset", "7")];
    assert!(batches(1, 30, &left).await.1.is_empty());
}

#[tokio::test]
async fn the_end_of_the_input_sends_nothing_of_what_was_cancelled_before() {
    let transport = together(1, 15, &[]);
    transport.cancels.send_replace(true);
    assert!(outputs(&transport, 1, 15).await.is_empty());
    assert_eq!(transport.most.load(Ordering::SeqCst), 0);

    // At the last moment: the first ten have gone, and the others wait for the service.
    let used_up = [("Rate-Limit-Remaining", "0"), ("Rate-Limit-Reset", "7")];
    let transport = Together { is_cancelled_by_wait: true, ..together(1, 15, &used_up) };
    assert_eq!(outputs(&transport, 1, 15).await.len(), 10);
    assert_eq!(transport.waits.lock().unwrap().len(), 1);
}
