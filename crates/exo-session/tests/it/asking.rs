//! What a command asks, and who answers.

use std::sync::{Arc, Mutex};

use exo_session::{Host, Refusal};
use psrp::{ChoiceQuestion, PsInvocationState};

use crate::support::{basic, command, lab, open, read, run};

/// Takes the choices one after another, and notes what was asked.
#[derive(Default)]
struct Person {
    choices: Mutex<Vec<Result<i32, Refusal>>>,
    asked: Mutex<Vec<ChoiceQuestion>>,
}

impl Person {
    fn who_says(choices: impl IntoIterator<Item = Result<i32, Refusal>>) -> Arc<Self> {
        let person = Self::default();
        person.choices.lock().unwrap().extend(choices);
        Arc::new(person)
    }
}

impl Host for Person {
    fn choose(&self, question: &ChoiceQuestion) -> Result<i32, Refusal> {
        self.asked.lock().unwrap().push(question.clone());
        self.choices.lock().unwrap().remove(0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_decides_whether_a_mailbox_is_removed() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let remove = || command("Remove-Mailbox", &[("Identity", "user00003")]);
    let refusal = Refusal("the person has gone home".to_owned());
    let person = Person::who_says([Ok(2), Err(refusal), Ok(0)]);
    for (end, left) in
        [(PsInvocationState::Completed, 1), (PsInvocationState::Failed, 1), (PsInvocationState::Completed, 0)]
    {
        let pipeline = session.invoke_with_host(remove(), person.clone()).await.unwrap();
        assert_eq!(read(pipeline).await.unwrap().state, Some(end));
        let found = run(&session, "Get-Mailbox", &[("Identity", "user00003")]).await.unwrap();
        assert_eq!(found.output.len(), left);
    }
    let asked = person.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3);
    assert_eq!((asked[0].caption.as_str(), asked[0].default), ("Confirm", 0));
    assert!(asked[0].message.contains("Removing the mailbox \"user00003\""), "{}", asked[0].message);
    let labels: Vec<&str> = asked[0].choices.iter().map(|choice| choice.label.as_str()).collect();
    assert_eq!(labels, ["&Yes", "Yes to &All", "&No", "No to A&ll"]);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_host_a_question_is_an_error_and_confirm_false_asks_nothing() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let asked = run(&session, "Remove-Mailbox", &[("Identity", "user00003")]).await.unwrap();
    assert_eq!(asked.state, Some(PsInvocationState::Failed));
    let person = Person::who_says([]);
    let sure = command("Remove-Mailbox", &[("Identity", "user00003"), ("Confirm", "$false")]);
    let done = read(session.invoke_with_host(sure, person.clone()).await.unwrap()).await.unwrap();
    assert_eq!(done.state, Some(PsInvocationState::Completed));
    assert!(person.asked.lock().unwrap().is_empty());
    let found = run(&session, "Get-Mailbox", &[("Identity", "user00003")]).await.unwrap();
    assert_eq!(found.errors, 1);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_asks_can_be_cancelled_while_nobody_answers() {
    /// Never answers.
    struct Silent;
    impl Host for Silent {
        fn choose(&self, _: &ChoiceQuestion) -> Result<i32, Refusal> {
            loop {
                std::thread::park();
            }
        }
    }
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let remove = command("Remove-Mailbox", &[("Identity", "user00003")]);
    let pipeline = session.invoke_with_host(remove, Arc::new(Silent)).await.unwrap();
    pipeline.cancel();
    assert_eq!(read(pipeline).await.unwrap().state, Some(PsInvocationState::Stopped));
    let found = run(&session, "Get-Mailbox", &[("Identity", "user00003")]).await.unwrap();
    assert_eq!(found.output.len(), 1);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}
