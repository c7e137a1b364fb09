//! What decoding allocates: calls a message once warm, and bytes kept beside the payload.
//!
//! Prints one line a kind and fails when a warm decoder allocates.

#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(unsafe_code, reason = "an allocator that counts cannot be written without")]

mod payload;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use psrp::clixml::Decoder;

const LEN: usize = 2_000_000;

fn main() -> ExitCode {
    let mut failed = false;
    println!("{:<10} {:>9} {:>22} {:>13}", "kind", "messages", "allocations/message", "kept/payload");
    for kind in &payload::KINDS {
        let bodies: Vec<Bytes> = payload::bodies(kind, LEN).into_iter().map(Bytes::from).collect();
        let len: usize = bodies.iter().map(Bytes::len).sum();
        let calls = warm_calls(&bodies);
        let kept = len + kept_beside(&bodies);
        let messages = u32::try_from(bodies.len()).map_or(0.0, f64::from);
        println!(
            "{:<10} {:>9} {:>22.3} {:>13.3}",
            kind.name,
            bodies.len(),
            ratio(calls, 1) / messages,
            ratio(kept, len)
        );
        failed |= calls != 0;
    }
    if failed {
        println!("a warm decoder must not allocate");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Allocations of a second pass with a decoder whose tapes come back.
fn warm_calls(bodies: &[Bytes]) -> usize {
    let mut decoder = Decoder::default();
    let mut pass = || {
        for body in bodies {
            let tape = decoder.decode(body.clone()).expect("generated bodies are CLIXML");
            decoder.recycle(black_box(tape));
        }
    };
    pass();
    let before = CALLS.load(Ordering::Relaxed);
    pass();
    CALLS.load(Ordering::Relaxed) - before
}

/// Bytes that the tapes of all bodies hold beside the bodies, their list included.
fn kept_beside(bodies: &[Bytes]) -> usize {
    let mut decoder = Decoder::default();
    let before = LIVE.load(Ordering::Relaxed);
    let mut tapes = Vec::with_capacity(bodies.len());
    for body in bodies {
        tapes.push(decoder.decode(body.clone()).expect("generated bodies are CLIXML"));
    }
    let kept = LIVE.load(Ordering::Relaxed) - before;
    drop(black_box(tapes));
    kept
}

fn ratio(of: usize, to: usize) -> f64 {
    u32::try_from(of).map_or(0.0, f64::from) / u32::try_from(to).map_or(1.0, f64::from)
}

/// The system's allocator, counted.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: each call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the conditions of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the conditions of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_len: usize) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        LIVE.fetch_add(new_len, Ordering::Relaxed);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the conditions of `realloc`.
        unsafe { System.realloc(pointer, layout, new_len) }
    }
}
