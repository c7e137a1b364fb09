//! This project's codec beside the rivals, over the same payload files.

use std::any::Any;
use std::cell::RefCell;
use std::hint::black_box;

use bytes::Bytes;
use peers::{Contender, Payload};
use psrp::Defragmenter;
use psrp::clixml::{Decoder, Encoder, Limits, Owned, Tape};

fn main() {
    let mut contenders = peers::contenders::all();
    contenders.extend([
        Contender { stage: "clixml", name: "exo", run: decode, keep: Some(decode_and_keep), max_mb: 0 },
        Contender { stage: "clixml", name: "exo-tree", run: decode_to_trees, keep: None, max_mb: 0 },
        Contender { stage: "reasm", name: "exo", run: reassemble, keep: None, max_mb: 0 },
        Contender { stage: "e2e", name: "exo", run: end_to_end, keep: None, max_mb: 0 },
        Contender { stage: "soap-e2e", name: "exo", run: from_envelopes, keep: None, max_mb: 0 },
        Contender { stage: "threads", name: "exo", run: decode, keep: None, max_mb: 0 },
        Contender { stage: "threads", name: "exo-two-threads", run: on_two_threads, keep: None, max_mb: 0 },
        Contender { stage: "encode", name: "psrp-rs", run: rival_encode, keep: None, max_mb: 0 },
        Contender { stage: "encode", name: "exo", run: encode, keep: None, max_mb: 0 },
    ]);
    peers::main_with(contenders, &[]);
}

/// What the network layer hands over: owned buffers, here made once per payload and not timed again.
struct Received {
    name: String,
    /// Slices of buffers as long as an envelope: one after the other in memory, as the rivals have them.
    documents: Vec<Bytes>,
    envelopes: Vec<Bytes>,
    tapes: Vec<Tape>,
    rival_values: Vec<Vec<psrp_rs::PsValue>>,
}

thread_local! {
    static RECEIVED: RefCell<Option<Received>> = const { RefCell::new(None) };
}

fn with_received<T>(payload: &Payload, run: impl FnOnce(&mut Received) -> T) -> T {
    RECEIVED.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|received| received.name != payload.name) {
            *slot = Some(Received {
                name: payload.name.clone(),
                documents: documents(payload),
                envelopes: payload.iter_envs().map(Bytes::copy_from_slice).collect(),
                tapes: Vec::new(),
                rival_values: Vec::new(),
            });
        }
        run(slot.as_mut().expect("filled above"))
    })
}

fn documents(payload: &Payload) -> Vec<Bytes> {
    let mut documents = Vec::with_capacity(payload.docs.len());
    let mut texts = payload.iter_docs().peekable();
    while texts.peek().is_some() {
        let (mut buffer, mut ends) = (Vec::with_capacity(READ_LEN), Vec::new());
        while buffer.len() < READ_LEN
            && let Some(text) = texts.next()
        {
            buffer.extend_from_slice(text.as_bytes());
            ends.push(buffer.len());
        }
        let buffer = Bytes::from(buffer);
        let starts = std::iter::once(0).chain(ends.clone());
        documents.extend(starts.zip(ends).map(|(start, end)| buffer.slice(start..end)));
    }
    documents
}

fn decode(payload: &Payload) -> Result<u64, String> {
    with_received(payload, |received| {
        let mut decoder = Decoder::new(Limits::default());
        let mut values = 0;
        for document in &received.documents {
            let tape = decoder.decode(document.clone()).map_err(|error| error.to_string())?;
            values += tape.values().count() as u64;
            decoder.recycle(black_box(tape));
        }
        Ok(values)
    })
}

/// A tree of each value, which owns all it holds, as the values of psrp-rs do.
fn decode_to_trees(payload: &Payload) -> Result<u64, String> {
    with_received(payload, |received| {
        let mut decoder = Decoder::new(Limits::default());
        let mut values = 0;
        for document in &received.documents {
            let tape = decoder.decode(document.clone()).map_err(|error| error.to_string())?;
            for value in tape.values() {
                drop(black_box(Owned::of(value).map_err(|error| error.to_string())?));
                values += 1;
            }
            decoder.recycle(tape);
        }
        Ok(values)
    })
}

fn decode_and_keep(payload: &Payload) -> Box<dyn Any> {
    let mut decoder = Decoder::new(Limits::default());
    let tapes: Vec<_> = payload
        .iter_docs()
        .map(|text| decoder.decode(Bytes::copy_from_slice(text.as_bytes())).expect("a good payload"))
        .collect();
    Box::new(tapes)
}

fn reassemble(payload: &Payload) -> Result<u64, String> {
    with_received(payload, |received| {
        let mut defragmenter = Defragmenter::new(Default::default());
        let mut messages = 0;
        for envelope in &received.envelopes {
            defragmenter.handle_bytes(envelope.clone());
            while let Some(message) = defragmenter.poll_message().map_err(|error| error.to_string())? {
                black_box(&message);
                messages += 1;
            }
        }
        Ok(messages)
    })
}

fn end_to_end(payload: &Payload) -> Result<u64, String> {
    with_received(payload, |received| {
        let mut defragmenter = Defragmenter::new(Default::default());
        let mut decoder = Decoder::new(Limits::default());
        let mut values = 0;
        for envelope in &received.envelopes {
            defragmenter.handle_bytes(envelope.clone());
            while let Some(message) = defragmenter.poll_message().map_err(|error| error.to_string())? {
                let tape = decoder.decode_body(message.data).map_err(|error| error.to_string())?;
                values += tape.values().count() as u64;
                decoder.recycle(black_box(tape));
            }
        }
        Ok(values)
    })
}

/// Each thread has its own stream of messages, half of the payload, as two pipelines have.
fn on_two_threads(payload: &Payload) -> Result<u64, String> {
    with_received(payload, |received| {
        let (first, second) = received.documents.split_at(received.documents.len() / 2);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| decode_all(first));
            Ok(decode_all(second)? + other.join().expect("the other half does not panic")?)
        })
    })
}

fn decode_all(documents: &[Bytes]) -> Result<u64, String> {
    let mut decoder = Decoder::new(Limits::default());
    let mut values = 0;
    for document in documents {
        let tape = decoder.decode(document.clone()).map_err(|error| error.to_string())?;
        values += tape.values().count() as u64;
        decoder.recycle(black_box(tape));
    }
    Ok(values)
}

/// From the envelopes of Receive responses to tapes.
fn from_envelopes(payload: &Payload) -> Result<u64, String> {
    let mut defragmenter = Defragmenter::new(Default::default());
    let mut decoder = Decoder::new(Limits::default());
    let mut values = 0;
    for envelope in payload.iter_soaps() {
        let response = wsman::Response::decode(envelope.as_bytes()).map_err(|error| error.to_string())?;
        let wsman::Response::Receive(response) = response else { return Err("no Receive response".into()) };
        for chunk in response.streams {
            defragmenter.handle_bytes(chunk.bytes);
            while let Some(message) = defragmenter.poll_message().map_err(|error| error.to_string())? {
                let tape = decoder.decode_body(message.data).map_err(|error| error.to_string())?;
                values += tape.values().count() as u64;
                decoder.recycle(black_box(tape));
            }
        }
    }
    Ok(values)
}

fn encode(payload: &Payload) -> Result<u64, String> {
    with_received(payload, |received| {
        if received.tapes.is_empty() {
            let mut decoder = Decoder::new(Limits::default());
            let decoded = received.documents.iter().map(|document| decoder.decode(document.clone()));
            received.tapes = decoded.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        }
        Ok(measured_encode(&received.tapes))
    })
}

/// Apart and by this name, so that callgrind can count what it executes.
#[inline(never)]
fn measured_encode(tapes: &[Tape]) -> u64 {
    let (mut out, mut len) = (Vec::new(), 0);
    for tape in tapes {
        out.clear();
        let mut encoder = Encoder::new(&mut out);
        tape.values().for_each(|value| encoder.value(value));
        len += black_box(&out).len() as u64;
    }
    len
}

fn rival_encode(payload: &Payload) -> Result<u64, String> {
    with_received(payload, |received| {
        if received.rival_values.is_empty() {
            let decoded = payload.iter_docs().map(psrp_rs::parse_clixml);
            received.rival_values = decoded.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        }
        Ok(measured_rival_encode(&received.rival_values))
    })
}

#[inline(never)]
fn measured_rival_encode(values: &[Vec<psrp_rs::PsValue>]) -> u64 {
    values.iter().flatten().map(|value| black_box(psrp_rs::to_clixml(value)).len() as u64).sum()
}

/// About what one answer to a Receive brings.
const READ_LEN: usize = 500_000;
