//! 32 bytes at a time, on x86-64 processors with AVX2.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_permutevar8x32_epi32, _mm256_set1_epi8, _mm256_set1_epi32, _mm256_setr_epi8, _mm256_setr_epi32,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi32, _mm256_storeu_si256, _mm256_subs_epu8,
    _mm256_testz_si256, _mm256_xor_si256,
};

use super::{Halts, Unusual, Work};
use crate::clixml::wide::index;

/// Proof that the processor has AVX2: there is no other way to make one than [`Avx2::detect`].
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Avx2(()))
    }

    #[inline]
    pub(super) fn find<H: Halts>(self, bytes: &[u8], from: usize) -> usize {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { find::<H>(bytes, from) }
    }

    /// As [`Scanner::stands_for_itself`](super::Scanner::stands_for_itself).
    #[inline]
    pub(super) fn stands_for_itself(self, text: &[u8]) -> bool {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { stands_for_itself(text) }
    }

    pub(super) fn find_beyond_ascii(self, bytes: &[u8], from: usize) -> usize {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { find_beyond_ascii(bytes, from) }
    }

    /// As [`Scanner::len_before`](super::Scanner::len_before).
    #[inline(always)]
    pub(super) fn len_before<H: Halts>(self, block: &[u8; LEN]) -> usize {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { len_before::<H>(block) }
    }

    /// As [`Scanner::common_len`](super::Scanner::common_len).
    #[inline(always)]
    pub(super) fn common_len(self, left: &[u8; LEN], right: &[u8; LEN]) -> usize {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { common_len(left, right) }
    }

    #[inline(always)]
    pub(super) fn plain_len<const IN_ATTRIBUTE: bool>(self, block: &[u8; LEN]) -> usize {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { plain_len::<IN_ATTRIBUTE>(block) }
    }

    /// As [`Scanner::is_plain`](super::Scanner::is_plain).
    #[inline]
    pub(super) fn is_plain(self, text: &[u8]) -> bool {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { is_plain(text) }
    }

    #[inline(always)]
    pub(super) fn run(self, work: impl Work) {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { run(work) }
    }

    /// As [`unescape`](super::unescape::unescape).
    pub(super) fn unescape(self, json: &mut [u8], read: usize, written: usize) -> (usize, usize) {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { unescape(json, read, written) }
    }

    /// Decodes base64 from the start of `text` into the start of `out`, as far as it can be done 32 digits at a time:
    /// up to a byte that is no digit, or to the end of one of the two. Gives back how many digits were decoded, a
    /// multiple of four.
    pub(super) fn decode_base64(self, text: &[u8], out: &mut [u8]) -> usize {
        // SAFETY: `self` proves that the processor has AVX2.
        unsafe { decode_base64(text, out) }
    }
}

/// The first block is looked at without a call: most texts end in it.
#[inline]
#[target_feature(enable = "avx2")]
fn find<H: Halts>(bytes: &[u8], from: usize) -> usize {
    let Some(block) = bytes.get(from..).and_then(<[u8]>::first_chunk::<LEN>) else {
        return find_on::<H>(bytes, from);
    };
    let hits = stops::<H>(load(block));
    if hits != 0 {
        return from + index(hits.trailing_zeros());
    }
    find_on::<H>(bytes, from + LEN)
}

#[inline(never)]
#[target_feature(enable = "avx2")]
fn find_on<H: Halts>(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LEN>) {
        let hits = stops::<H>(load(block));
        if hits != 0 {
            return at + index(hits.trailing_zeros());
        }
        at += LEN;
    }
    // The last block overlaps what was looked at; those bits are shifted out.
    match bytes.last_chunk::<LEN>() {
        Some(block) if at < bytes.len() => {
            let seen = LEN - (bytes.len() - at);
            let hits = stops::<H>(load(block)) >> seen;
            if hits == 0 { bytes.len() } else { at + index(hits.trailing_zeros()) }
        }
        Some(_) => bytes.len(),
        None => super::find::<H>(bytes, at),
    }
}

/// One bit per byte: whether it is one of these halts.
#[inline]
#[target_feature(enable = "avx2")]
fn stops<H: Halts>(block: __m256i) -> u32 {
    _mm256_movemask_epi8(stopping::<H>(block)).cast_unsigned()
}

/// [`stops`] as the highest bit of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn stopping<H: Halts>(block: __m256i) -> __m256i {
    let escape = if H::ESCAPE { 0x5F } else { 0 };
    // By the low four bits of a byte, the one character with these bits that is looked for. A byte from 0x80 on
    // gives 0 and so equals nothing.
    let wanted = table([0, 0, 0, 0, 0, 0, 0x26, 0, 0, 0, 0, 0, 0x3C, 0, 0, escape]);
    let found = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(wanted, block), block);
    let above_controls = _mm256_subs_epu8(block, _mm256_set1_epi8(0x1F));
    let controls = _mm256_cmpeq_epi8(above_controls, _mm256_setzero_si256());
    let found = _mm256_or_si256(found, controls);
    // What is not ASCII has its highest bit set as it is.
    if H::BEYOND_ASCII { _mm256_or_si256(found, block) } else { found }
}

/// Four blocks are looked at in one go, however many the text has: a processor cannot foresee where short texts end.
#[target_feature(enable = "avx2")]
fn stands_for_itself(text: &[u8]) -> bool {
    let Some(last) = text.len().checked_sub(LEN) else {
        return super::find::<Unusual>(text, 0) == text.len();
    };
    let mut found = _mm256_setzero_si256();
    for start in (0..text.len()).step_by(4 * LEN) {
        for block in [start, start + LEN, start + 2 * LEN, start + 3 * LEN] {
            // Those behind the end are the last one again, which overlaps the one ahead of it.
            if let Some(block) = text.get(block.min(last)..).and_then(<[u8]>::first_chunk) {
                found = _mm256_or_si256(found, stopping::<Unusual>(load(block)));
            }
        }
    }
    _mm256_movemask_epi8(found) == 0
}

#[inline]
#[target_feature(enable = "avx2")]
fn len_before<H: Halts>(block: &[u8; LEN]) -> usize {
    // Without a hit this is the length of the block.
    index(stops::<H>(load(block)).trailing_zeros())
}

#[inline]
#[target_feature(enable = "avx2")]
fn common_len(left: &[u8; LEN], right: &[u8; LEN]) -> usize {
    let same = _mm256_cmpeq_epi8(load(left), load(right));
    // Without a difference this is the length of the block.
    index((!_mm256_movemask_epi8(same)).trailing_zeros())
}

#[inline]
#[target_feature(enable = "avx2")]
fn plain_len<const IN_ATTRIBUTE: bool>(block: &[u8; LEN]) -> usize {
    // Without a hit this is the length of the block.
    index(escapable::<IN_ATTRIBUTE>(load(block)).trailing_zeros())
}

#[target_feature(enable = "avx2")]
fn is_plain(text: &[u8]) -> bool {
    let (blocks, rest) = text.as_chunks::<LEN>();
    // The last block may overlap the one ahead of it; a text shorter than a block is filled up with letters.
    let mut short = [b'x'; LEN];
    let last = match text.last_chunk() {
        Some(last) => last,
        None => {
            short.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            &short
        }
    };
    blocks.iter().chain([last]).all(|block| escapable::<false>(load(block)) == 0)
}

/// What is inlined here may use AVX2 without a call.
#[target_feature(enable = "avx2")]
fn run(work: impl Work) {
    work.run();
}

/// One bit per byte: whether it may have to be escaped. Both halves of a byte give a set of classes, as in
/// [`base64_block`].
#[inline]
#[target_feature(enable = "avx2")]
fn escapable<const IN_ATTRIBUTE: bool>(block: __m256i) -> u32 {
    let half = _mm256_set1_epi8(0x0F);
    let low = _mm256_shuffle_epi8(table(super::ESCAPABLE_LOW), _mm256_and_si256(block, half));
    let high = _mm256_and_si256(_mm256_srli_epi32::<4>(block), half);
    let high = _mm256_shuffle_epi8(table(super::ESCAPABLE_HIGH), high);
    let plain = _mm256_cmpeq_epi8(_mm256_and_si256(low, high), _mm256_setzero_si256());
    let escapable = !_mm256_movemask_epi8(plain).cast_unsigned();
    if IN_ATTRIBUTE {
        let quotes = _mm256_cmpeq_epi8(block, _mm256_set1_epi8(0x22));
        escapable | _mm256_movemask_epi8(quotes).cast_unsigned()
    } else {
        escapable
    }
}

#[target_feature(enable = "avx2")]
fn find_beyond_ascii(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(blocks) = bytes.get(at..).and_then(<[u8]>::first_chunk::<{ 4 * LEN }>) {
        let (blocks, _) = blocks.as_chunks::<LEN>();
        let all = blocks.iter().fold(_mm256_setzero_si256(), |all, block| _mm256_or_si256(all, load(block)));
        if _mm256_movemask_epi8(all) != 0 {
            break;
        }
        at += 4 * LEN;
    }
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LEN>) {
        let high = _mm256_movemask_epi8(load(block)).cast_unsigned();
        if high != 0 {
            return at + index(high.trailing_zeros());
        }
        at += LEN;
    }
    match bytes.last_chunk::<LEN>() {
        Some(block) if from <= bytes.len() - LEN && _mm256_movemask_epi8(load(block)) == 0 => bytes.len(),
        _ => super::find_beyond_ascii(bytes, at),
    }
}

#[target_feature(enable = "avx2")]
fn decode_base64(text: &[u8], out: &mut [u8]) -> usize {
    let mut done = 0;
    let (blocks, _) = text.as_chunks::<LEN>();
    for block in blocks {
        // 24 bytes come of a block, but 32 are stored; the next block writes over the last eight.
        let Some(room) = out.get_mut(done / 4 * 3..).and_then(<[u8]>::first_chunk_mut::<LEN>) else { break };
        let Some(bytes) = base64_block(load(block)) else { break };
        // SAFETY: the pointer comes from a reference to 32 bytes, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(room.as_mut_ptr().cast(), bytes) };
        done += LEN;
    }
    done
}

/// 32 base64 digits as 24 bytes at the start of a block; `None` when one of them is no digit.
///
/// The digits are told apart by their halves of four bits: each half gives a set of classes, and where the two have one
/// in common the byte is no digit. What has to be added to a digit to get its value depends on the high half alone,
/// but for the slash.
#[inline]
#[target_feature(enable = "avx2")]
fn base64_block(digits: __m256i) -> Option<__m256i> {
    let slash = _mm256_set1_epi8(0x2F);
    let high = _mm256_and_si256(_mm256_srli_epi32::<4>(digits), _mm256_set1_epi8(0x0F));
    let low_classes =
        _mm256_shuffle_epi8(table(LOW_CLASSES), _mm256_and_si256(digits, _mm256_set1_epi8(0x0F)));
    let high_classes = _mm256_shuffle_epi8(table(HIGH_CLASSES), high);
    if _mm256_testz_si256(low_classes, high_classes) == 0 {
        return None;
    }
    let row = _mm256_add_epi8(_mm256_cmpeq_epi8(digits, slash), high);
    let values = _mm256_add_epi8(digits, _mm256_shuffle_epi8(table(TO_VALUE), row));
    // Six bits a byte become twelve in two bytes, then 24 in four; those three bytes are in the wrong order.
    let twelves = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x0140_0140));
    let twenty_fours = _mm256_madd_epi16(twelves, _mm256_set1_epi32(0x0001_1000));
    let ordered =
        _mm256_shuffle_epi8(twenty_fours, table([2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1]));
    Some(_mm256_permutevar8x32_epi32(ordered, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7)))
}

#[target_feature(enable = "avx2")]
fn unescape(json: &mut [u8], read: usize, written: usize) -> (usize, usize) {
    super::unescape::unescape(json, read, written, |block: &[u8; LEN]| {
        let bytes = load(block);
        // With this bit turned over, the quote is next to the control characters.
        let turned = _mm256_xor_si256(bytes, _mm256_set1_epi8(2));
        let ends = _mm256_cmpeq_epi8(_mm256_min_epu8(turned, _mm256_set1_epi8(0x20)), turned);
        let escapes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x5C));
        let stops = _mm256_movemask_epi8(_mm256_or_si256(ends, escapes));
        // Without a stop this is the length of the block.
        index(stops.trailing_zeros())
    })
}

/// One row for both halves of a block: bytes are shuffled within their half.
#[inline]
#[target_feature(enable = "avx2")]
fn table(row: [i8; 16]) -> __m256i {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = row;
    _mm256_setr_epi8(
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p,
    )
}

/// By the low half of a byte, the classes of high halves with which it is no digit; see [`HIGH_CLASSES`].
const LOW_CLASSES: [i8; 16] = {
    let mut classes = [0; 16];
    let mut byte = 0_u8;
    while byte < 128 {
        let is_digit = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        if !is_digit {
            #[expect(clippy::as_conversions, reason = "`usize::from` is not callable in a constant")]
            let (low, high) = ((byte & 15) as usize, (byte >> 4) as usize);
            classes[low] |= HIGH_CLASSES[high];
        }
        byte += 1;
    }
    // Above ASCII nothing is a digit.
    let mut low = 0;
    while low < 16 {
        classes[low] |= HIGH_CLASSES[8];
        low += 1;
    }
    classes
};

/// By the high half of a byte, its class: rows of ASCII in which the same places are digits are one class.
const HIGH_CLASSES: [i8; 16] = [16, 16, 1, 2, 4, 8, 4, 8, 16, 16, 16, 16, 16, 16, 16, 16];

/// By the high half of a digit, one less for the slash, what makes its value of it.
const TO_VALUE: [i8; 16] = [0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0];

#[inline]
#[target_feature(enable = "avx2")]
fn load(block: &[u8; LEN]) -> __m256i {
    // SAFETY: the pointer comes from a reference to 32 bytes, and the load needs no alignment.
    unsafe { _mm256_loadu_si256(block.as_ptr().cast()) }
}

const LEN: usize = size_of::<__m256i>();
