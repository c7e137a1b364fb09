//! One pass over a small payload, for `cargo xtask bench --instructions` to count the instructions of.
//!
//! `instructions KIND` prints the bytes of CLIXML that [`measured_decode`] and [`measured_encode`] went through,
//! `instructions ATTACK` those that [`attacks::measured_attack`] was given, `instructions` alone the kinds. Everything
//! else, the warm-up included, runs outside these functions, and callgrind counts inside one of them only.

#![expect(clippy::print_stdout, reason = "xtask reads the output")]

mod attacks;
mod payload;

use std::hint::black_box;

use bytes::Bytes;
use psrp::clixml::{Decoder, Encoder, Tape};

/// Enough for every kind to repeat, little enough for callgrind.
const LEN: usize = 300_000;

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if let Some(attack) = attacks::ATTACKS.iter().find(|attack| attack.name == wanted) {
        let reads = (attack.reads)();
        println!("{}", reads.len());
        let outcome = attacks::measured_attack(reads);
        assert_eq!(outcome.is_err(), attack.error.is_some(), "{outcome:?}");
        return;
    }
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
    let tapes: Vec<Tape> = bodies
        .iter()
        .map(|body| decoder.decode(body.clone()).expect("generated bodies are CLIXML"))
        .collect();
    let mut out = Vec::with_capacity(LEN);
    measured_encode(&tapes, &mut out);
    println!("{}", bodies.iter().map(Bytes::len).sum::<usize>());
}

/// One of the functions whose instructions count; their names are in xtask.
#[inline(never)]
fn measured_decode(decoder: &mut Decoder, bodies: &[Bytes]) {
    for body in bodies {
        let tape = decoder.decode(body.clone()).expect("generated bodies are CLIXML");
        decoder.recycle(black_box(tape));
    }
}

/// Writes each message into the same buffer, as a client does.
#[inline(never)]
fn measured_encode(tapes: &[Tape], out: &mut Vec<u8>) {
    for tape in tapes {
        out.clear();
        let mut encoder = Encoder::new(out);
        tape.values().for_each(|value| encoder.value(value));
        black_box(&*out);
    }
}
