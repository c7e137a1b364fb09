//! The whole client, for `cargo xtask bench --client` to measure the processor time of.
//!
//! `client run N` connects to the stand-in tenant of the environment (`EXO_LAB_*`) over PSRP, asks for N mailboxes, looks
//! at each object and lets it go; `client run-plain N` does so over plain http. `client codec N` keeps the messages instead, then has the codec alone decode them, and
//! prints their bytes and the processor time of that in nanoseconds.

#![expect(clippy::print_stdout, reason = "xtask reads the output")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that fails is a panic")]

use std::hint::black_box;

use bytes::Bytes;
use exo_session::catalog::CatalogCache;
use exo_session::{
    Authentication, CarrierChoice, ConnectOptions, Invocation, Secret, Session, SignInMethod, connect,
};
use psrp::PipelineEvent;
use psrp::clixml::{Decoder, Encoder, Tape, decode};
use tokio::runtime::Builder;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [_, "run", mailboxes] => look(ADDRESS, mailboxes),
        [_, "run-plain", mailboxes] => look("EXO_LAB_HTTP_URL", mailboxes),
        [_, "codec", mailboxes] => {
            let mut bodies = Vec::new();
            fetch(ADDRESS, mailboxes, |tape| bodies.push(body(&tape)));
            let nanoseconds = (0..ROUNDS).map(|_| decode_all(&bodies)).min().unwrap();
            println!("{} {nanoseconds}", bodies.iter().map(Bytes::len).sum::<usize>());
        }
        // What `cargo bench` passes on; there is nothing to do without a tenant.
        _ => println!("client run N | client run-plain N | client codec N"),
    }
}

/// Looks at so many mailboxes and lets them go.
fn look(address: &str, mailboxes: &str) {
    let mut nodes = 0;
    fetch(address, mailboxes, |tape| nodes += black_box(&tape).nodes().len());
    println!("{nodes}");
}

/// Asks for so many mailboxes, with as many threads as `exo` has. `address` is the variable that has the server's.
fn fetch(address: &str, mailboxes: &str, mut each: impl FnMut(Tape)) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let session = session(address).await;
        let parameters =
            decode(format!(r#"<Obj RefId="0"><MS><S N="ResultSize">{mailboxes}</S></MS></Obj>"#)).unwrap();
        let invocation = Invocation { command: "Get-Mailbox".to_owned(), parameters };
        let mut pipeline = session.invoke(invocation).await.unwrap();
        let mut count = 0_usize;
        while let Some(event) = pipeline.next().await {
            match event.unwrap() {
                PipelineEvent::Output(tape) => {
                    count += 1;
                    each(tape);
                }
                PipelineEvent::Error(tape) => panic!("{}", tape.first().unwrap()),
                _ => {}
            }
        }
        session.close().await.unwrap();
        assert_eq!(count.to_string(), mailboxes);
    });
}

/// With a password in each request, so that there is no sign-in to measure.
async fn session(address: &str) -> Session {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let mut options = ConnectOptions::default();
    options.connection_uri = Some(variable(address));
    options.carrier = CarrierChoice::Psrp;
    options.sign_in = SignInMethod::Password;
    options.authentication = Some(Authentication::Basic);
    options.user = Some(variable("EXO_LAB_USER"));
    options.password = Some(Secret::new(variable("EXO_LAB_PASSWORD")));
    options.ca_file = Some(variable("SSL_CERT_FILE").into());
    options.catalog_cache = CatalogCache::Off;
    connect(options, |_| {}).await.unwrap()
}

/// The message that a tape was decoded from: what is written from a tape are the server's bytes.
fn body(tape: &Tape) -> Bytes {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    tape.values().for_each(|value| encoder.value(value));
    drop(encoder);
    out.into()
}

/// Nanoseconds of this thread's processor time, with a warm decoder that gets its memory back.
fn decode_all(bodies: &[Bytes]) -> u64 {
    let mut decoder = Decoder::default();
    let begin = processor_time();
    for body in bodies {
        let tape = decoder.decode(body.clone()).unwrap();
        black_box(&tape);
        decoder.recycle(tape);
    }
    processor_time() - begin
}

/// What the kernel gave this thread so far, in nanoseconds.
fn processor_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

const ADDRESS: &str = "EXO_LAB_URL";
const ROUNDS: usize = 5;
