//! Text of a JSON string out of its escapes, and bytes into base64, 64 of what comes out at a time, on x86-64 processors with
//! AVX-512 VBMI2.
//!
//! A block of JSON takes the same instructions wherever its escapes are: they are found as bits of a mask, all resolved at once,
//! and what is left of them is pressed out of the block. So no jump depends on the text, which a processor cannot foresee:
//! seven escapes stand around each element.

use std::arch::x86_64::{
    __m512i, _mm512_cmpeq_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_loadu_si512, _mm512_mask_cmpeq_epi8_mask,
    _mm512_mask_mov_epi8, _mm512_maskz_compress_epi8, _mm512_movepi8_mask, _mm512_multishift_epi64_epi8,
    _mm512_or_si512, _mm512_permutex2var_epi8, _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_set1_epi64,
    _mm512_storeu_si512, _mm512_test_epi8_mask,
};

use super::unescape::{HIGH_DIGIT, LOW_DIGIT, SHORT};
use crate::clixml::wide::index;

/// Proof that the processor has what is used here: there is no other way to make one than [`Avx512::detect`].
#[derive(Clone, Copy)]
pub(in super::super) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Self> {
        let is_there = std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512vbmi")
            && std::arch::is_x86_feature_detected!("avx512vbmi2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2")
            && std::arch::is_x86_feature_detected!("popcnt");
        is_there.then_some(Avx512(()))
    }

    /// As [`unescape`](super::unescape::unescape).
    pub(super) fn unescape(self, json: &mut [u8], read: usize, written: usize) -> (usize, usize) {
        // SAFETY: `self` proves that the processor has what the function is compiled for.
        unsafe { unescape(json, read, written) }
    }

    /// Appends the base64 of bytes from the start on, as far as it can be done 64 digits at a time. Gives back how many
    /// bytes were encoded, a multiple of three.
    pub(super) fn encode_base64(self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        // SAFETY: `self` proves that the processor has what the function is compiled for.
        unsafe { encode_base64(bytes, out) }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
fn unescape(json: &mut [u8], mut read: usize, mut written: usize) -> (usize, usize) {
    // One bit per byte of the next block: it belongs to an escape that began in the one before.
    let mut taken = 0;
    while let Some(from) = json.get(read..).and_then(<[u8]>::first_chunk) {
        let block = Block::read(from, taken);
        let stop = index(block.stops.trailing_zeros());
        if stop < LEN {
            // What stands behind the stop is still to be read, so no whole block can be stored over it.
            let kept = block.kept & ((1 << stop) - 1);
            let mut text = [0; LEN];
            store(&mut text, _mm512_maskz_compress_epi8(kept, block.bytes));
            let len = index(kept.count_ones());
            let (Some(to), Some(text)) = (json.get_mut(written..written + len), text.get(..len)) else {
                break;
            };
            to.copy_from_slice(text);
            return (read + stop, written + len);
        }
        // This ends where the next block begins, or ahead of it: nothing is written over that is still to be read.
        let Some(to) = json.get_mut(written..).and_then(<[u8]>::first_chunk_mut) else { break };
        store(to, _mm512_maskz_compress_epi8(block.kept, block.bytes));
        read += LEN;
        written += index(block.kept.count_ones());
        taken = block.taken_behind;
    }
    (read + index(taken.trailing_ones()), written)
}

/// What is known of 64 bytes. The masks have one bit per byte.
struct Block {
    /// With the character that it stands for in the place of each backslash.
    bytes: __m512i,
    /// Which of the bytes are text.
    kept: u64,
    /// What is to be looked at singly: a quote, a control character, any escape but those of ASCII characters.
    stops: u64,
    /// Which bytes of the next block belong to an escape that begins in this one.
    taken_behind: u64,
}

impl Block {
    /// `taken` are the bytes that belong to an escape of the block before.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    fn read(from: &[u8; FROM_LEN], taken: u64) -> Self {
        let [bytes, second, third, fourth, fifth, sixth] = [
            load_at::<0>(from),
            load_at::<1>(from),
            load_at::<2>(from),
            load_at::<3>(from),
            load_at::<4>(from),
            load_at::<5>(from),
        ];
        let starts = escapes(_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(0x5C)), taken & 1);

        let character = by_ascii(&SHORT, second);
        let short = starts & _mm512_test_epi8_mask(character, character) & !_mm512_movepi8_mask(second);

        let zero = _mm512_set1_epi8(0x30);
        let unicode = _mm512_cmpeq_epi8_mask(second, _mm512_set1_epi8(0x75));
        let unicode = _mm512_mask_cmpeq_epi8_mask(unicode, third, zero);
        let unicode = _mm512_mask_cmpeq_epi8_mask(unicode, fourth, zero);
        // The sign bit is set where one of the two is no digit, and in what is no ASCII.
        let code = _mm512_or_si512(by_ascii(&HIGH_DIGIT, fifth), by_ascii(&LOW_DIGIT, sixth));
        let wrong = _mm512_movepi8_mask(_mm512_or_si512(code, _mm512_or_si512(fifth, sixth)));
        let unicode = starts & unicode & !wrong;

        // The five bytes behind the backslash, two of which may be those of a short escape.
        let three = unicode << 1 | unicode << 2 | unicode << 3;
        let taken = taken | short << 1 | three | three << 2;
        // No two escapes end in the next block, so that this is one bit, below which all are taken.
        let last = unicode >> 59 | short >> 63;
        let taken_behind = last | last >> 1 | last >> 2;
        let taken_behind = taken_behind | taken_behind >> 2;

        let ends = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(0x22))
            | _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20));
        let bytes = _mm512_mask_mov_epi8(bytes, short, character);
        Block {
            bytes: _mm512_mask_mov_epi8(bytes, unicode, code),
            kept: !taken,
            stops: ends & !taken | starts & !(short | unicode),
            taken_behind,
        }
    }
}

/// Which backslashes begin an escape: those that are not themselves escaped. `escaped` is 1 when the first byte of the block
/// is.
///
/// A row of backslashes is an escape at every other place from its start on. A subtraction goes along each row, which has
/// its escapes at odd places or at even ones by where it begins.
#[inline]
fn escapes(backslashes: u64, escaped: u64) -> u64 {
    let candidates = backslashes & !escaped;
    let rows = (candidates << 1 | ODD).wrapping_sub(candidates) ^ ODD;
    rows & backslashes
}

/// Three bytes become four of six bits each, and each of those the digit at its place in the alphabet.
///
/// So few instructions stand between one load and the next that a processor has many of them on their way: bytes that come
/// out of memory, and not out of a cache, are what takes the time.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn encode_base64(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let (order, digits, shifts) = (load(&ORDER), load(DIGITS), _mm512_set1_epi64(SHIFTS));
    out.reserve(bytes.len().div_ceil(3) * 4);
    let mut done = 0;
    // 64 bytes are loaded, of which 48 count.
    while let Some(block) = bytes.get(done..).and_then(<[u8]>::first_chunk) {
        let groups = _mm512_permutexvar_epi8(order, load(block));
        let values = _mm512_multishift_epi64_epi8(shifts, groups);
        let mut text = [0; LEN];
        store(&mut text, _mm512_permutexvar_epi8(values, digits));
        out.extend_from_slice(&text);
        done += LEN / 4 * 3;
    }
    done
}

/// What a table says of each byte; of one that is no ASCII, something.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi")]
fn by_ascii(table: &[u8; 256], bytes: __m512i) -> __m512i {
    let [low, high, ..] = table.as_chunks::<LEN>().0 else { return bytes };
    _mm512_permutex2var_epi8(load(low), bytes, load(high))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_at<const AT: usize>(from: &[u8; FROM_LEN]) -> __m512i {
    const { assert!(AT + LEN <= FROM_LEN) };
    load(from[AT..].first_chunk().unwrap_or(&[0; LEN]))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(block: &[u8; LEN]) -> __m512i {
    // SAFETY: the pointer comes from a reference to 64 bytes, and the load needs no alignment.
    unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(block: &mut [u8; LEN], bytes: __m512i) {
    // SAFETY: the pointer comes from a reference to 64 bytes, and the store needs no alignment.
    unsafe { _mm512_storeu_si512(block.as_mut_ptr().cast(), bytes) };
}

const LEN: usize = size_of::<__m512i>();
/// A block, and what an escape at its last byte takes behind it.
const FROM_LEN: usize = LEN + 5;
const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
/// Of three bytes a, b, c the four b, a, c, b, in which the bits of each digit stand in a row.
const ORDER: [u8; LEN] = {
    let mut order = [0; LEN];
    let (mut at, mut first) = (0, 0_u8);
    while at < LEN {
        (order[at], order[at + 1], order[at + 2], order[at + 3]) = (first + 1, first, first + 2, first + 1);
        at += 4;
        first += 3;
    }
    order
};
/// Where in eight such bytes the bits of each digit begin.
const SHIFTS: i64 = i64::from_le_bytes([10, 4, 22, 16, 42, 36, 54, 48]);
const DIGITS: &[u8; LEN] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
