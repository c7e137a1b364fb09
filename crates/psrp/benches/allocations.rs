//! What decoding allocates: calls a message once warm, and bytes kept beside the payload; and the most memory that an
//! attack takes on the way. The test of the same name holds the figures to their limits.

#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(unsafe_code, reason = "an allocator that counts cannot be written without")]

mod attacks;
mod counting;
mod payload;

use attacks::{ATTACKS, measured_attack};
use counting::{Cost, peak_of, ratio};

const LEN: usize = 2_000_000;

fn main() {
    println!("{:<10} {:>9} {:>22} {:>13}", "kind", "messages", "allocations/message", "kept/payload");
    for kind in &payload::KINDS {
        let Cost { messages, warm_allocations, kept } = Cost::of(payload::bodies(kind, LEN));
        println!("{:<10} {messages:>9} {warm_allocations:>22.3} {kept:>13.3}", kind.name);
    }
    println!("\n{:<34} {:>9} {:>22}", "attack", "bytes", "peak/bytes");
    for attack in &ATTACKS {
        let reads = (attack.reads)();
        let len = reads.len();
        let (outcome, peak) = peak_of(|| measured_attack(reads));
        assert_eq!(outcome.is_err(), attack.error.is_some(), "{}: {outcome:?}", attack.name);
        println!("{:<34} {len:>9} {:>22.3}", attack.name, ratio(peak, len));
    }
}
