//! How fast fragments become messages, and messages tapes, in bytes on the wire.
//!
//! A message in one fragment is handed on without being touched, so the `one fragment` rows say how many messages a
//! second there are and nothing about bytes. The other rows copy each byte once.

mod payload;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use psrp::clixml::Decoder;
use psrp::{Defragmenter, Destination, FragmentLimits, Fragmenter, Message, MessageType};
use uuid::Uuid;

const LEN: usize = 4_000_000;

/// How a stream of messages is cut.
struct Cut {
    name: &'static str,
    fragment_len: usize,
    read_len: usize,
}

const CUTS: [Cut; 3] = [
    // One read is what one envelope of Exchange carries; the fragments are as long as it allows.
    Cut { name: "one fragment", fragment_len: 2_000_000, read_len: usize::MAX },
    Cut { name: "8 KB fragments", fragment_len: 8 * 1024, read_len: 112 * 1024 },
    Cut { name: "1460 byte reads", fragment_len: 32 * 1024, read_len: 1460 },
];

fn reassemble(c: &mut Criterion) {
    let mut group = c.benchmark_group("reassemble");
    for kind in payload::KINDS.iter().filter(|kind| matches!(kind.name, "mailbox" | "process" | "bytes")) {
        for cut in &CUTS {
            let (reads, throughput) = reads(kind, cut);
            group.throughput(throughput);
            group.bench_function(format!("{}/{}", kind.name, cut.name), |bench| {
                bench.iter(|| each_message(&reads, |message| drop(black_box(message))));
            });
        }
    }
    group.finish();
}

/// From fragments to tapes.
fn end_to_end(c: &mut Criterion) {
    let mut group = c.benchmark_group("end to end");
    let cut = Cut { name: "", fragment_len: 32 * 1024, read_len: 112 * 1024 };
    for kind in &payload::KINDS {
        let (reads, throughput) = reads(kind, &cut);
        group.throughput(throughput);
        let mut decoder = Decoder::default();
        group.bench_function(kind.name, |bench| {
            bench.iter(|| {
                each_message(&reads, |message| {
                    let tape = decoder.decode_body(message.data).expect("generated bodies are CLIXML");
                    decoder.recycle(black_box(tape));
                });
            });
        });
    }
    group.finish();
}

fn each_message(reads: &[Bytes], mut take: impl FnMut(Message)) {
    let mut defragmenter = Defragmenter::new(FragmentLimits::default());
    for read in reads {
        defragmenter.handle_bytes(read.clone());
        while let Some(message) = defragmenter.poll_message().expect("generated fragments are in order") {
            take(message);
        }
    }
}

/// The messages of a kind as a server sends them and as reads bring them.
fn reads(kind: &payload::Kind, cut: &Cut) -> (Vec<Bytes>, Throughput) {
    let mut fragmenter = Fragmenter::new();
    let (mut reads, mut read) = (Vec::new(), Vec::new());
    let bodies = payload::bodies(kind, LEN);
    let elements = u64::try_from(bodies.len()).unwrap_or(0);
    let bytes = u64::try_from(bodies.iter().map(Vec::len).sum::<usize>()).unwrap_or(0);
    for body in bodies {
        fragmenter.push(&Message {
            destination: Destination::Client,
            message_type: MessageType::PipelineOutput,
            rpid: Uuid::from_u128(1),
            pid: Some(Uuid::from_u128(2)),
            data: body.into(),
        });
        while let Some(packet) = fragmenter.poll_transmit(cut.fragment_len) {
            read.extend_from_slice(packet);
            while cut.read_len <= read.len() {
                let rest = read.split_off(cut.read_len);
                reads.push(Bytes::from(std::mem::replace(&mut read, rest)));
            }
        }
        if cut.read_len == usize::MAX {
            reads.push(Bytes::from(std::mem::take(&mut read)));
        }
    }
    reads.push(read.into());
    (reads, Throughput::ElementsAndBytes { elements, bytes })
}

criterion_group!(benches, reassemble, end_to_end);
criterion_main!(benches);
