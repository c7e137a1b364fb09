//! 16 bytes at a time, on 64-bit ARM processors with NEON.

use std::arch::aarch64::{
    uint8x16_t, vceqq_u8, vcgeq_u8, vcltq_u8, vdupq_n_u8, vget_lane_u64, vld1q_u8, vmaxvq_u8, vorrq_u8,
    vreinterpret_u64_u8, vreinterpretq_u16_u8, vshrn_n_u16,
};

use super::Halts;
use crate::clixml::wide::index;

/// Proof that the processor has NEON: there is no other way to make one than [`Neon::detect`].
#[derive(Clone, Copy)]
pub(in super::super) struct Neon(());

impl Neon {
    pub(super) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Neon(()))
    }

    #[inline]
    pub(super) fn find<H: Halts>(self, bytes: &[u8], from: usize) -> usize {
        // SAFETY: `self` proves that the processor has NEON.
        unsafe { find::<H>(bytes, from) }
    }

    pub(super) fn find_beyond_ascii(self, bytes: &[u8], from: usize) -> usize {
        // SAFETY: `self` proves that the processor has NEON.
        unsafe { find_beyond_ascii(bytes, from) }
    }
}

#[target_feature(enable = "neon")]
fn find<H: Halts>(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LEN>) {
        let hits = stops::<H>(load(block));
        if hits != 0 {
            return at + index(hits.trailing_zeros() / 4);
        }
        at += LEN;
    }
    super::find::<H>(bytes, at)
}

/// Four bits per byte: whether it is one of these halts.
#[inline]
#[target_feature(enable = "neon")]
fn stops<H: Halts>(block: uint8x16_t) -> u64 {
    let mut found = vorrq_u8(vceqq_u8(block, vdupq_n_u8(b'<')), vceqq_u8(block, vdupq_n_u8(b'&')));
    if H::ESCAPE {
        found = vorrq_u8(found, vceqq_u8(block, vdupq_n_u8(b'_')));
    }
    if H::BEYOND_ASCII {
        found = vorrq_u8(found, vcgeq_u8(block, vdupq_n_u8(0x80)));
    }
    found = vorrq_u8(found, vcltq_u8(block, vdupq_n_u8(super::FIRST_PRINTABLE)));
    // There is no move of sign bits: halving each lane leaves four bits of every byte.
    vget_lane_u64::<0>(vreinterpret_u64_u8(vshrn_n_u16::<4>(vreinterpretq_u16_u8(found))))
}

#[target_feature(enable = "neon")]
fn find_beyond_ascii(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(blocks) = bytes.get(at..).and_then(<[u8]>::first_chunk::<{ 4 * LEN }>) {
        let (blocks, _) = blocks.as_chunks::<LEN>();
        let all = blocks.iter().fold(vdupq_n_u8(0), |all, block| vorrq_u8(all, load(block)));
        if 0x80 <= vmaxvq_u8(all) {
            return at;
        }
        at += 4 * LEN;
    }
    super::find_beyond_ascii(bytes, at)
}

#[inline]
#[target_feature(enable = "neon")]
fn load(block: &[u8; LEN]) -> uint8x16_t {
    // SAFETY: the pointer comes from a reference to 16 bytes, and the load needs no alignment.
    unsafe { vld1q_u8(block.as_ptr()) }
}

const LEN: usize = size_of::<uint8x16_t>();
