//! Counts what a thread allocates, and measures with it what decoding costs in memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use bytes::Bytes;
use psrp::clixml::Decoder;

/// What decoding one kind of payload costs.
pub(crate) struct Cost {
    pub(crate) messages: usize,
    /// Allocations a message with a decoder whose tapes come back.
    pub(crate) warm_allocations: f64,
    /// Bytes that tapes keep for each byte of payload, the payload's text included.
    pub(crate) kept: f64,
}

impl Cost {
    /// The cost of these bodies.
    pub(crate) fn of(bodies: Vec<Vec<u8>>) -> Self {
        let bodies: Vec<Bytes> = bodies.into_iter().map(Bytes::from).collect();
        let len = bodies.iter().map(Bytes::len).sum();
        Cost {
            messages: bodies.len(),
            warm_allocations: ratio(warm_calls(&bodies), bodies.len()),
            kept: ratio(kept(&bodies), len),
        }
    }
}

/// Allocations of a third pass with a decoder whose tapes come back; the first tape has no room to spare.
fn warm_calls(bodies: &[Bytes]) -> usize {
    let mut decoder = Decoder::default();
    let mut pass = || {
        for body in bodies {
            let tape = decoder.decode(body.clone()).expect("generated bodies are CLIXML");
            decoder.recycle(black_box(tape));
        }
    };
    pass();
    pass();
    calls_of(pass)
}

/// What some work gives, and by how many bytes the memory that is taken grows on the way at most.
pub(crate) fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = work();
    (result, PEAK.get().saturating_sub(before))
}

/// How often some work asks for memory.
pub(crate) fn calls_of(work: impl FnOnce()) -> usize {
    let before = CALLS.get();
    work();
    CALLS.get() - before
}

/// Bytes that the tapes of all bodies hold, bodies and their list included: each body is handed over.
fn kept(bodies: &[Bytes]) -> usize {
    let mut decoder = Decoder::default();
    let before = LIVE.get();
    let mut tapes = Vec::with_capacity(bodies.len());
    for body in bodies {
        let body = Bytes::copy_from_slice(body);
        tapes.push(decoder.decode(body).expect("generated bodies are CLIXML"));
    }
    drop(decoder);
    let kept = LIVE.get() - before;
    drop(black_box(tapes));
    kept
}

pub(crate) fn ratio(of: usize, to: usize) -> f64 {
    u32::try_from(of).map_or(f64::NAN, f64::from) / u32::try_from(to).map_or(1.0, f64::from)
}

/// The system's allocator, counted for each thread.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(calls: usize, taken: usize, given_back: usize) {
    CALLS.set(CALLS.get() + calls);
    // A thread may give back what another one took.
    LIVE.set(LIVE.get().wrapping_add(taken).wrapping_sub(given_back));
    PEAK.set(PEAK.get().max(LIVE.get()));
}

// SAFETY: each call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size(), 0);
        // SAFETY: the caller keeps the conditions of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, 0, layout.size());
        // SAFETY: the caller keeps the conditions of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_len: usize) -> *mut u8 {
        count(1, new_len, layout.size());
        // SAFETY: the caller keeps the conditions of `realloc`.
        unsafe { System.realloc(pointer, layout, new_len) }
    }
}
