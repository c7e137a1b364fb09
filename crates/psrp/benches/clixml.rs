//! How fast message bodies become tapes and tapes become documents, in bytes of CLIXML.
//!
//! `events` is the floor: an event loop of quick-xml that builds nothing from the same bodies. `roxmltree` builds a
//! document of them.

mod payload;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use psrp::clixml::{Decoder, Encoder, Tape};
use quick_xml::events::Event;

const LEN: usize = 4_000_000;

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for kind in &payload::KINDS {
        let bodies = bodies(kind);
        group.throughput(throughput(bodies.iter().map(Bytes::len)));
        let mut decoder = Decoder::default();
        group.bench_function(kind.name, |bench| bench.iter(|| decode_all(&mut decoder, &bodies)));
    }
    group.finish();
}

/// Each thread has a decoder and half of the messages.
fn decode_on_two_threads(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode on two threads");
    for kind in &payload::KINDS {
        let bodies = bodies(kind);
        group.throughput(throughput(bodies.iter().map(Bytes::len)));
        let (first, second) = bodies.split_at(bodies.len() / 2);
        let mut decoders = (Decoder::default(), Decoder::default());
        group.bench_function(kind.name, |bench| {
            bench.iter(|| {
                std::thread::scope(|scope| {
                    scope.spawn(|| decode_all(&mut decoders.0, first));
                    decode_all(&mut decoders.1, second);
                });
            });
        });
    }
    group.finish();
}

fn events(c: &mut Criterion) {
    let mut group = c.benchmark_group("events");
    for kind in &payload::KINDS {
        let bodies = bodies(kind);
        group.throughput(throughput(bodies.iter().map(Bytes::len)));
        group.bench_function(kind.name, |bench| {
            bench.iter(|| {
                for body in &bodies {
                    let text = std::str::from_utf8(body).expect("generated bodies are UTF-8");
                    let mut reader = quick_xml::Reader::from_str(text);
                    while !matches!(black_box(reader.read_event()), Ok(Event::Eof) | Err(_)) {}
                }
            });
        });
    }
    group.finish();
}

fn documents(c: &mut Criterion) {
    let mut group = c.benchmark_group("roxmltree");
    for kind in &payload::KINDS {
        let bodies = bodies(kind);
        group.throughput(throughput(bodies.iter().map(Bytes::len)));
        group.bench_function(kind.name, |bench| {
            bench.iter(|| {
                for body in &bodies {
                    let text = std::str::from_utf8(body).expect("generated bodies are UTF-8");
                    drop(black_box(roxmltree::Document::parse(text)));
                }
            });
        });
    }
    group.finish();
}

/// Each message into the same buffer, as a client writes its requests.
fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    for kind in &payload::KINDS {
        // All of one decoder, as in a session: they share its table of names.
        let mut decoder = Decoder::default();
        let tapes: Vec<Tape> =
            bodies(kind).into_iter().filter_map(|body| decoder.decode(body).ok()).collect();
        group.throughput(throughput(tapes.iter().map(|tape| tape.text().len())));
        let mut out = Vec::new();
        group.bench_function(kind.name, |bench| {
            bench.iter(|| {
                for tape in &tapes {
                    out.clear();
                    let mut encoder = Encoder::new(&mut out);
                    tape.values().for_each(|value| encoder.value(value));
                    black_box(&out);
                }
            });
        });
    }
    group.finish();
}

fn decode_all(decoder: &mut Decoder, bodies: &[Bytes]) {
    for body in bodies {
        let tape = decoder.decode(body.clone()).expect("generated bodies are CLIXML");
        decoder.recycle(black_box(tape));
    }
}

/// One behind the other in one buffer, as a read brings them.
fn bodies(kind: &payload::Kind) -> Vec<Bytes> {
    let bodies = payload::bodies(kind, LEN);
    let mut rest = Bytes::from(bodies.concat());
    bodies.iter().map(|body| rest.split_to(body.len())).collect()
}

/// Messages as elements, and their bytes.
fn throughput(lens: impl ExactSizeIterator<Item = usize>) -> Throughput {
    let elements = u64::try_from(lens.len()).unwrap_or(0);
    Throughput::ElementsAndBytes { elements, bytes: u64::try_from(lens.sum::<usize>()).unwrap_or(0) }
}

criterion_group!(benches, decode, decode_on_two_threads, events, documents, encode);
criterion_main!(benches);
