//! What decoding costs in memory, counted; in a program of its own, because it counts with its allocator.

#![expect(unsafe_code, reason = "an allocator that counts cannot be written without")]

#[path = "../benches/counting.rs"]
mod counting;
#[path = "../benches/payload.rs"]
mod payload;

use counting::Cost;

/// Enough for every kind to repeat.
const LEN: usize = 500_000;

#[test]
fn a_warm_decoder_does_not_allocate() {
    for kind in &payload::KINDS {
        let cost = Cost::of(payload::bodies(kind, LEN));
        assert!(cost.warm_allocations == 0.0, "{}: {} a message", kind.name, cost.warm_allocations);
    }
}

#[test]
fn a_tape_keeps_at_most_1_7_bytes_for_each_byte_of_the_payload() {
    for kind in &payload::KINDS {
        let Cost { messages, kept, .. } = Cost::of(payload::bodies(kind, LEN));
        assert!(kept <= 1.7, "{}: {kept} for each byte of {messages} messages", kind.name);
        assert!(0.5 < kept, "{}: {kept} cannot be", kind.name);
    }
}
