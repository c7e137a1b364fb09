//! How fast fragments become messages, in bytes on the wire.

mod payload;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use psrp::{Defragmenter, Destination, FragmentLimits, Fragmenter, Message, MessageType};
use uuid::Uuid;

const LEN: usize = 4_000_000;
/// What fits an envelope of 150 KB after base64, and the size the specification names.
const FRAGMENT_LENS: [(&str, usize); 2] = [("112k", 112 * 1024), ("32k", 32 * 1024)];

fn reassemble(c: &mut Criterion) {
    let mut group = c.benchmark_group("reassemble");
    for kind in payload::KINDS.iter().filter(|kind| matches!(kind.name, "mailbox" | "process" | "bytes")) {
        for (label, max_len) in FRAGMENT_LENS {
            let packets = packets(kind, max_len);
            let len: usize = packets.iter().map(Bytes::len).sum();
            group.throughput(Throughput::Bytes(u64::try_from(len).unwrap_or(0)));
            group.bench_function(format!("{}/{label}", kind.name), |bench| {
                bench.iter(|| {
                    let mut defragmenter = Defragmenter::new(FragmentLimits::default());
                    for packet in &packets {
                        defragmenter.handle_bytes(packet.clone()).expect("generated fragments are in order");
                        while let Some(message) = defragmenter.poll_message() {
                            black_box(message.data.len());
                        }
                    }
                });
            });
        }
    }
    group.finish();
}

fn packets(kind: &payload::Kind, max_len: usize) -> Vec<Bytes> {
    let mut fragmenter = Fragmenter::new();
    let mut packets = Vec::new();
    for body in payload::bodies(kind, LEN) {
        fragmenter.push(&Message {
            destination: Destination::Client,
            message_type: MessageType::PipelineOutput,
            rpid: Uuid::from_u128(1),
            pid: Some(Uuid::from_u128(2)),
            data: body.into(),
        });
        while let Some(packet) = fragmenter.poll_transmit(max_len) {
            packets.push(packet.into());
        }
    }
    packets
}

criterion_group!(benches, reassemble);
criterion_main!(benches);
