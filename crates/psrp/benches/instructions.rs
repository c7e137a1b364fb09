//! One pass over a small payload, for `cargo xtask bench --instructions` to count the instructions of.
//!
//! `instructions KIND` prints the bytes of CLIXML that [`measured_decode`] went through, `instructions` alone the
//! kinds. Everything else, the warm-up included, runs outside that function, and callgrind counts inside it only.

#![expect(clippy::print_stdout, reason = "xtask reads the output")]

mod payload;

use std::hint::black_box;

use bytes::Bytes;
use psrp::clixml::Decoder;

/// Enough for every kind to repeat, little enough for callgrind.
const LEN: usize = 300_000;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let Some(kind) = payload::KINDS.iter().find(|kind| kind.name == wanted) else {
        payload::KINDS.iter().for_each(|kind| println!("{}", kind.name));
        return;
    };
    let bodies: Vec<Bytes> = payload::bodies(kind, LEN).into_iter().map(Bytes::from).collect();
    let mut decoder = Decoder::default();
    // Twice, because the first tape of a decoder has no room to spare.
    for body in bodies.iter().chain(&bodies) {
        let tape = decoder.decode(body.clone()).expect("generated bodies are CLIXML");
        decoder.recycle(tape);
    }
    measured_decode(&mut decoder, &bodies);
    println!("{}", bodies.iter().map(Bytes::len).sum::<usize>());
}

/// The function whose instructions count; its name is in xtask.
#[inline(never)]
fn measured_decode(decoder: &mut Decoder, bodies: &[Bytes]) {
    for body in bodies {
        let tape = decoder.decode(body.clone()).expect("generated bodies are CLIXML");
        decoder.recycle(black_box(tape));
    }
}
