//! Runs one attack in a process of its own: `attack ROW BYTES` prints the most memory it held on top of its input, and
//! ends well if the attack ended as it must. Run under a tool that counts, it says what the attack costs.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the test reads what is printed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use exo_tests::attack::ATTACKS;

fn main() -> ExitCode {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [row, len] = *arguments else {
        eprintln!("usage: attack ROW BYTES");
        return ExitCode::from(2);
    };
    let Some(attack) = ATTACKS.get(row) else {
        eprintln!("there are {} rows", ATTACKS.len());
        return ExitCode::from(2);
    };
    let bytes = (attack.build)(len);
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let outcome = (attack.run)(&bytes);
    println!("{}", MOST.load(Ordering::Relaxed) - before);
    if outcome == attack.outcome { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The system's allocator, which counts.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: each call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller keeps the rules of GlobalAlloc.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the block came from `alloc`, which is the system's.
        unsafe { System.dealloc(block, layout) }
    }
}
