//! A hash for tables that live as long as one message: a few instructions a word instead of SipHash's dozens.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

/// Seeded once per process, so that nobody outside knows which keys meet.
#[derive(Clone, Copy)]
pub(super) struct Seeded(u64);

impl Default for Seeded {
    fn default() -> Self {
        static SEED: OnceLock<u64> = OnceLock::new();
        Seeded(*SEED.get_or_init(|| RandomState::new().hash_one(MULTIPLIER)))
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        Folding { state: self.0, seed: self.0 | 1 }
    }
}

/// Multiplies to 128 bits and folds the two halves together, word by word.
pub(super) struct Folding {
    state: u64,
    seed: u64,
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let last = rest.iter().fold(1, |last, byte| last << 8 | u64::from(*byte));
        self.write_u64(last);
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        let product = u128::from(self.state ^ value) * u128::from(self.seed ^ MULTIPLIER);
        let (low, high) = (product & u128::from(u64::MAX), product >> 64);
        // INVARIANT: both halves fit.
        self.state = u64::try_from(low ^ high).unwrap_or(0).wrapping_add(MULTIPLIER);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
