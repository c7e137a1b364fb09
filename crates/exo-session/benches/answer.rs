//! A page of a thousand mailboxes over REST, for `cargo xtask bench --instructions` to count the instructions of.
//!
//! `answer codec` decodes the page's CLIXML alone, `answer copied` a copy of it; `answer raw` has the client read an answer
//! whose JSON string holds the page with the escapes that it needs, `answer escaped` one with `\u003C` and the like for
//! every mark. Each prints the bytes of CLIXML. Only [`measured_decode`] counts; there is no network in it.
//! `answer times` does all of them, round by round, and prints the median time of each.

#![expect(clippy::print_stdout, reason = "xtask reads the output")]
#![expect(clippy::unwrap_used, reason = "a benchmark that fails is a panic")]

#[path = "../../psrp/benches/payload.rs"]
mod payload;

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use exo_session::adminapi::{Answer, Call, Client, Confirm, Endpoint, Request, Transport};
use exo_session::catalog::Catalog;
use exo_session::{Error, Invocation};
use psrp::PipelineEvent;
use psrp::clixml::{Decoder, decode};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use uuid::Uuid;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    match KINDS.iter().find(|(kind, _)| *kind == wanted) {
        Some((_, measure)) => {
            let clixml = page();
            measure(&clixml);
            println!("{}", clixml.len());
        }
        None if wanted == "times" => times(&page()),
        None => KINDS.iter().for_each(|(kind, _)| println!("{kind}")),
    }
}

/// Does something with a page, and says how long it took.
type Measure = fn(&Bytes) -> Duration;

/// What is measured, by name.
const KINDS: [(&str, Measure); 4] =
    [("codec", codec), ("copied", copied), ("raw", raw), ("escaped", escaped)];

/// Prints the median of each kind over some rounds; one more goes before, so that memory and code are there.
fn times(clixml: &Bytes) {
    let mut taken = [const { Vec::new() }; KINDS.len()];
    for round in 0..=ROUNDS {
        for ((_, measure), taken) in KINDS.iter().zip(&mut taken) {
            let time = measure(clixml);
            if 0 < round {
                taken.push(time);
            }
        }
    }
    let medians = taken.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2].as_secs_f64()
    });
    for ((kind, _), median) in KINDS.iter().zip(medians) {
        println!("{kind:<8} {:>6.2} ms {:>5.2} times the codec", median * 1e3, median / medians[0]);
    }
}

fn codec(clixml: &Bytes) -> Duration {
    measured_decode(|| {
        let tape = Decoder::default().decode(black_box(clixml.clone())).unwrap();
        assert_eq!(black_box(tape).values().count(), MAILBOXES);
    })
}

/// As [`codec`], out of a new buffer, which an answer needs in any case.
fn copied(clixml: &Bytes) -> Duration {
    measured_decode(|| {
        let tape = Decoder::default().decode(Bytes::copy_from_slice(black_box(clixml))).unwrap();
        assert_eq!(black_box(tape).values().count(), MAILBOXES);
    })
}

fn raw(clixml: &Bytes) -> Duration {
    read(clixml, |out, character| match character {
        '"' | '\\' => out.extend(['\\', character]),
        _ => out.push(character),
    })
}

fn escaped(clixml: &Bytes) -> Duration {
    read(clixml, |out, character| match character {
        '"' | '\\' | '<' | '>' | '&' | '\'' | '+' => {
            out.push_str(&format!("\\u{:04X}", u32::from(character)));
        }
        _ => out.push(character),
    })
}

/// The function whose instructions count; its name is in xtask.
#[inline(never)]
fn measured_decode(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// Has the client read an answer with this page in it.
fn read(clixml: &Bytes, escape: fn(&mut String, char)) -> Duration {
    let mut body = String::with_capacity(2 * clixml.len());
    body.push_str("{\"@odata.context\":\"x\",\"value\":[{\"_clixml\":\"");
    std::str::from_utf8(clixml).unwrap().chars().for_each(|character| escape(&mut body, character));
    body.push_str("\"}]}");
    let catalog = Catalog::read(MODULE).unwrap();
    let endpoint = Endpoint::new("https://localhost", "t", Uuid::nil());
    let client = Client::new(endpoint, Arc::new(catalog), Page(Mutex::new(body.into())));
    let runtime = Builder::new_current_thread().build().unwrap();
    let (events, mut written) = mpsc::channel(1);
    let (_answer, answers) = mpsc::unbounded_channel();
    let invocation =
        Invocation { command: "Get-Mailbox".to_owned(), parameters: decode(Vec::new()).unwrap() };
    let call = Call { invocation, confirm: Confirm::Refuse, events, answers };
    let receive = async {
        let mut count = 0;
        while let Some(event) = written.recv().await {
            if let PipelineEvent::Output(tape) = event.unwrap() {
                count += black_box(tape).values().count();
            }
        }
        assert_eq!(count, MAILBOXES);
    };
    measured_decode(|| {
        runtime.block_on(async { tokio::join!(client.run(call), receive) });
    })
}

/// The document of a page: one after the other, with ids that go on.
fn page() -> Bytes {
    let kind = payload::KINDS.iter().find(|kind| kind.name == "mailbox").unwrap();
    // Fifteen kilobytes a mailbox and a little less, so that there are enough.
    let bodies = payload::bodies(kind, 20_000 * MAILBOXES);
    let mut document =
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">".to_owned();
    let mut from = 0;
    for body in bodies.into_iter().take(MAILBOXES) {
        let body = String::from_utf8(body).unwrap();
        let mut most = 0;
        for (place, part) in body.split("RefId=\"").enumerate() {
            if place == 0 {
                document.push_str(part);
                continue;
            }
            let (id, rest) = part.split_once('"').unwrap();
            let id: u32 = id.parse().unwrap();
            most = most.max(id + 1);
            document.push_str(&format!("RefId=\"{}\"{rest}", from + id));
        }
        from += most;
    }
    document.push_str("</Objs>");
    document.into()
}

/// Answers with the page, and gives it away as a connection does.
struct Page(Mutex<Bytes>);

impl Transport for Page {
    async fn send(&self, _request: &Request) -> Result<Answer, Error> {
        let body = std::mem::take(&mut *self.0.lock().unwrap());
        Ok(Answer { status: 200, headers: Vec::new(), body })
    }

    async fn wait(&self, _time: Duration) {}

    async fn renew(&self, _claims: Option<&str>) -> Result<(), Error> {
        Ok(())
    }
}

const MAILBOXES: usize = 1000;
const ROUNDS: usize = 21;
const MODULE: &str = "function script:Get-Mailbox\n{\n[CmdletBinding()]\nparam()\n}\nExport-ModuleMember -Function \
                      @('Get-Mailbox')\n";
