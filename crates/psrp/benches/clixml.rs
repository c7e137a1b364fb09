//! How fast message bodies become tapes, in bytes of CLIXML.

mod payload;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use psrp::clixml::{Decoder, encode_document};

const LEN: usize = 4_000_000;

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for kind in &payload::KINDS {
        let bodies: Vec<Bytes> = payload::bodies(kind, LEN).into_iter().map(Bytes::from).collect();
        let len: usize = bodies.iter().map(Bytes::len).sum();
        group.throughput(Throughput::Bytes(u64::try_from(len).unwrap_or(0)));
        let mut decoder = Decoder::default();
        group.bench_function(kind.name, |bench| {
            bench.iter(|| {
                for body in &bodies {
                    let tape = decoder.decode(body.clone()).expect("generated bodies are CLIXML");
                    decoder.recycle(black_box(tape));
                }
            });
        });
    }
    group.finish();
}

fn encode(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    for kind in &payload::KINDS {
        let bodies = payload::bodies(kind, LEN / 4);
        let len: usize = bodies.iter().map(Vec::len).sum();
        let tapes: Vec<_> = bodies.into_iter().filter_map(|body| psrp::clixml::decode(body).ok()).collect();
        group.throughput(Throughput::Bytes(u64::try_from(len).unwrap_or(0)));
        group.bench_function(kind.name, |bench| {
            bench.iter(|| tapes.iter().for_each(|tape| drop(black_box(encode_document(tape)))));
        });
    }
    group.finish();
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
