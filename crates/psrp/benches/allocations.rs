//! What decoding allocates: calls a message once warm, and bytes kept beside the payload. Prints one line a kind; the
//! test of the same name holds the figures to their limits.

#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(unsafe_code, reason = "an allocator that counts cannot be written without")]

mod counting;
mod payload;

use counting::Cost;

const LEN: usize = 2_000_000;

fn main() {
    println!("{:<10} {:>9} {:>22} {:>13}", "kind", "messages", "allocations/message", "kept/payload");
    for kind in &payload::KINDS {
        let Cost { messages, warm_allocations, kept } = Cost::of(payload::bodies(kind, LEN));
        println!("{:<10} {messages:>9} {warm_allocations:>22.3} {kept:>13.3}", kind.name);
    }
}
