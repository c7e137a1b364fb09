//! Looking through bytes many at a time.
//!
//! A [`Scanner`] is chosen once per decoder by what the processor has: AVX2, NEON, or the portable code of this file.
//! Each gives the same answer for any alignment and length; the width is only a matter of speed. The feature
//! `portable` of the crate chooses the portable code everywhere, so that every test can run on it too.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::wide::{index, number};

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "vector loads take pointers, and instructions must be there that are detected at run time"
)]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "vector loads take pointers, and instructions must be there that are detected at run time"
)]
mod avx512;
mod halts;
#[cfg(target_arch = "aarch64")]
#[expect(unsafe_code, reason = "vector loads take pointers")]
mod neon;
mod unescape;

pub(super) use self::halts::{Halts, Markup, Special, Unusual};
pub(super) use self::unescape::{LOW_DIGIT, Unescaper};

/// The way to look through bytes on this processor.
#[derive(Clone, Copy)]
pub(super) enum Scanner {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon),
}

/// What [`Scanner::run`] does: not a closure, which cannot be made to be inlined always.
pub(super) trait Work {
    fn run(self);
}

impl Scanner {
    /// The widest one that this processor has.
    pub(super) fn detect() -> Self {
        if cfg!(feature = "portable") {
            return Scanner::Portable;
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = avx2::Avx2::detect() {
            return Scanner::Avx2(avx2);
        }
        #[cfg(target_arch = "aarch64")]
        if let Some(neon) = neon::Neon::detect() {
            return Scanner::Neon(neon);
        }
        Scanner::Portable
    }

    /// The first byte of these [`Halts`] from `from` on; the length of `bytes` when there is none.
    #[inline(always)]
    pub(super) fn find<H: Halts>(self, bytes: &[u8], from: usize) -> usize {
        match self {
            Scanner::Portable => find::<H>(bytes, from),
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(avx2) => avx2.find::<H>(bytes, from),
            #[cfg(target_arch = "aarch64")]
            Scanner::Neon(neon) => neon.find::<H>(bytes, from),
        }
    }

    /// How many bytes at the start of a block stand ahead of the first of these [`Halts`]; all when there is none.
    #[inline(always)]
    pub(super) fn len_before<H: Halts>(self, block: &[u8; 32]) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(avx2) => avx2.len_before::<H>(block),
            _ => self.find::<H>(block, 0),
        }
    }

    /// Whether a text has nothing [`Unusual`].
    #[inline]
    pub(super) fn stands_for_itself(self, text: &[u8]) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(avx2) => avx2.stands_for_itself(text),
            _ => self.find::<Unusual>(text, 0) == text.len(),
        }
    }

    /// How many bytes at the start of two blocks are the same.
    #[inline(always)]
    pub(super) fn common_len(self, left: &[u8; 32], right: &[u8; 32]) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(avx2) => avx2.common_len(left, right),
            _ => common_len(left, right),
        }
    }

    /// How many bytes at the start of a block stand ahead of the first that may have to be escaped when text is written:
    /// a control character, one of `&<>_`, in an attribute `"`, and what begins a character that is escaped or looks like
    /// one. All of them when there is none.
    #[inline(always)]
    pub(super) fn plain_len<const IN_ATTRIBUTE: bool>(self, block: &[u8; 32]) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(avx2) => avx2.plain_len::<IN_ATTRIBUTE>(block),
            _ => plain_len::<IN_ATTRIBUTE>(block),
        }
    }

    /// Whether nothing in a text may have to be escaped when it is written.
    pub(super) fn is_plain(self, text: &[u8]) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(avx2) => avx2.is_plain(text),
            _ => !text.iter().any(|byte| is_escapable(*byte, false)),
        }
    }

    /// Does some work that uses this scanner much. It is compiled for the processor's instructions as a whole, so that
    /// the small functions here can become part of it.
    #[inline(always)]
    pub(super) fn run(self, work: impl Work) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(avx2) => avx2.run(work),
            _ => work.run(),
        }
    }

    /// Whether the bytes are UTF-8; the error is how many of them are.
    pub(super) fn check_utf8(self, bytes: &[u8]) -> Result<(), usize> {
        let mut at = 0;
        while at < bytes.len() {
            at = self.find_beyond_ascii(bytes, at);
            let rest = bytes.get(at..).unwrap_or_default();
            at += rest.iter().take_while(|byte| byte.is_ascii()).count();
            // What is not ASCII stands in clumps.
            while let Some(first) = bytes.get(at)
                && !first.is_ascii()
            {
                at += char_len(bytes.get(at..).unwrap_or_default()).ok_or(at)?;
            }
        }
        Ok(())
    }

    /// Appends the bytes that a base64 text without white space stands for, as .NET decodes them. When it is none,
    /// what was appended is of no use.
    pub(super) fn decode_base64(self, text: &[u8], out: &mut Vec<u8>) -> bool {
        let decoded = match self {
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(avx2) => {
                let start = out.len();
                let len = text.len() / 4 * 3;
                // The decoder of what is left wants a few bytes more than it writes.
                out.reserve(len + 64);
                out.resize(start + len, 0);
                let decoded = avx2.decode_base64(text, out.get_mut(start..).unwrap_or_default());
                out.truncate(start + decoded / 4 * 3);
                decoded
            }
            _ => 0,
        };
        BASE64.decode_vec(text.get(decoded..).unwrap_or_default(), out).is_ok()
    }

    /// Appends bytes as base64 with padding.
    pub(super) fn encode_base64(self, bytes: &[u8], out: &mut Vec<u8>) {
        let encoded = match self {
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(_) => avx512::Avx512::detect().map_or(0, |avx512| avx512.encode_base64(bytes, out)),
            _ => 0,
        };
        let rest = bytes.get(encoded..).unwrap_or_default();
        if cfg!(feature = "portable") {
            let start = out.len();
            out.resize(start + rest.len().div_ceil(3) * 4, 0);
            let written = BASE64.encode_slice(rest, out.get_mut(start..).unwrap_or_default());
            debug_assert!(written.is_ok(), "there is room for four digits for three bytes");
        } else {
            base64_simd::STANDARD.encode_append(rest, out);
        }
    }

    /// Some place from `from` on, ahead of which everything is ASCII; the length of `bytes` when all is.
    fn find_beyond_ascii(self, bytes: &[u8], from: usize) -> usize {
        match self {
            Scanner::Portable => find_beyond_ascii(bytes, from),
            #[cfg(target_arch = "x86_64")]
            Scanner::Avx2(avx2) => avx2.find_beyond_ascii(bytes, from),
            #[cfg(target_arch = "aarch64")]
            Scanner::Neon(neon) => neon.find_beyond_ascii(bytes, from),
        }
    }
}

/// How many bytes the character has that begins a text and is not ASCII; `None` when it is none (The Unicode Standard,
/// table 3-7).
#[inline]
fn char_len(text: &[u8]) -> Option<usize> {
    match text {
        [0xC2..=0xDF, 0x80..=0xBF, ..] => Some(2),
        [0xE1..=0xEC | 0xEE | 0xEF, 0x80..=0xBF, 0x80..=0xBF, ..]
        | [0xE0, 0xA0..=0xBF, 0x80..=0xBF, ..]
        | [0xED, 0x80..=0x9F, 0x80..=0xBF, ..] => Some(3),
        [0xF0, 0x90..=0xBF, 0x80..=0xBF, 0x80..=0xBF, ..]
        | [0xF1..=0xF3, 0x80..=0xBF, 0x80..=0xBF, 0x80..=0xBF, ..]
        | [0xF4, 0x80..=0x8F, 0x80..=0xBF, 0x80..=0xBF, ..] => Some(4),
        _ => None,
    }
}

/// As [`Scanner::find`].
fn find<H: Halts>(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        let escapes = if H::ESCAPE { zero_bytes(word ^ (ONES * 0x5F)) } else { 0 };
        let beyond_ascii = if H::BEYOND_ASCII { word & HIGHS } else { 0 };
        let markup = zero_bytes(word ^ (ONES * 0x3C)) | zero_bytes(word ^ (ONES * 0x26));
        let hits = escapes | beyond_ascii | markup | low_bytes(word);
        if hits != 0 {
            return at + first_byte(hits);
        }
        at += 8;
    }
    let stops = |byte: &u8| {
        matches!(byte, b'<' | b'&')
            || *byte < FIRST_PRINTABLE
            || H::ESCAPE && *byte == b'_'
            || H::BEYOND_ASCII && !byte.is_ascii()
    };
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(stops).map_or(bytes.len(), |len| at + len)
}

fn common_len(left: &[u8; 32], right: &[u8; 32]) -> usize {
    let (left, right) = (left.as_chunks::<8>().0, right.as_chunks::<8>().0);
    let differences = left.iter().zip(right).map(|(l, r)| u64::from_le_bytes(*l) ^ u64::from_le_bytes(*r));
    let mut len = 0;
    for difference in differences {
        if difference != 0 {
            return len + first_byte(difference);
        }
        len += 8;
    }
    len
}

fn plain_len<const IN_ATTRIBUTE: bool>(block: &[u8; 32]) -> usize {
    block.iter().position(|byte| is_escapable(*byte, IN_ATTRIBUTE)).unwrap_or(block.len())
}

/// By the two halves of a byte: it may have to be escaped when they have a bit in common.
fn is_escapable(byte: u8, in_attribute: bool) -> bool {
    let (low, high) = (usize::from(byte & 15), usize::from(byte >> 4));
    ESCAPABLE_LOW[low] & ESCAPABLE_HIGH[high] != 0 || in_attribute && byte == b'"'
}

fn find_beyond_ascii(bytes: &[u8], from: usize) -> usize {
    let (blocks, rest) = bytes.get(from..).unwrap_or_default().as_chunks::<32>();
    let is_ascii = |block: &[u8; 32]| block.iter().fold(0, |all, byte| all | byte) < 0x80;
    let len = 32 * blocks.iter().take_while(|block| is_ascii(block)).count();
    if len == blocks.len() * 32 && rest.is_ascii() { bytes.len() } else { from + len }
}

/// The first `<` from `from` on; the length of `bytes` when there is none. For what is short: numbers and dates.
#[inline]
pub(super) fn find_tag(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let hits = zero_bytes(u64::from_le_bytes(*word) ^ (ONES * 0x3C));
        if hits != 0 {
            return at + first_byte(hits);
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'<').map_or(bytes.len(), |len| at + len)
}

/// Eight bytes from `at` on as a little-endian word; bytes past the end are 0.
#[inline]
pub(super) fn word_at(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(word) => u64::from_le_bytes(*word),
        None => short_word_at(bytes, at),
    }
}

/// The last bytes: they are the end of the last word.
#[inline(never)]
fn short_word_at(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    match bytes.last_chunk() {
        Some(last) => u64::from_le_bytes(*last).checked_shr(64 - 8 * number(rest.len())).unwrap_or(0),
        None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// How many bytes at the start of a word are ahead of the first that ends an element name: a space or another
/// character below `0`, or `>`. Eight when none does.
#[inline]
pub(super) fn name_len(word: u64) -> u32 {
    let below_digits = word.wrapping_sub(ONES * 0x30) & !word;
    let greater = word ^ (ONES * 0x3E);
    let hits = (below_digits | greater.wrapping_sub(ONES) & !greater) & HIGHS;
    hits.trailing_zeros() / 8
}

/// A word with its first `len` bytes kept and the others 0.
#[inline]
pub(super) fn keep(word: u64, len: u32) -> u64 {
    if len < 8 { word & ((1 << (len * 8)) - 1) } else { word }
}

/// Whether both are the same bytes; inlined, because names are short.
#[inline(always)]
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    // The last chunk overlaps the one ahead of it, so that there is no rest.
    if let (Some(left_end), Some(right_end)) = (left.last_chunk::<16>(), right.last_chunk::<16>()) {
        let (left_chunks, _) = left.as_chunks::<16>();
        let (right_chunks, _) = right.as_chunks::<16>();
        return left_chunks.iter().zip(right_chunks).all(|(l, r)| l == r) && left_end == right_end;
    }
    if let (Some(left_end), Some(right_end)) = (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        return left.first_chunk::<8>() == right.first_chunk::<8>() && left_end == right_end;
    }
    left.iter().zip(right).all(|(l, r)| l == r)
}

/// The number that up to eight digits at the start of a word stand for, and how many there are.
#[inline]
pub(super) fn leading_digits(word: u64) -> (u64, u32) {
    let digits = word ^ (ONES * 0x30);
    // A byte above 9 carries into its high bit, or has it set already.
    let others = (digits.wrapping_add(ONES * 0x76) | digits) & HIGHS;
    let len = others.trailing_zeros() / 8;
    if len == 0 {
        return (0, 0);
    }
    // The missing digits become leading zeros; then two, four and eight digits are added up at a time.
    let padded = digits << (64 - len * 8);
    let pairs = padded.wrapping_mul(10).wrapping_add(padded >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    (fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF, len)
}

/// The high bit of the first zero byte, and perhaps of bytes behind it.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// The high bit of the first byte below a space, and perhaps of bytes behind it.
fn low_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & HIGHS
}

fn first_byte(hits: u64) -> usize {
    index(hits.trailing_zeros() / 8)
}

/// As .NET decodes base64: padding is required, the unused bits of the last digit are not looked at.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);
/// By the high half of a byte, the classes that such bytes may be in: all below a space and from F0 on, `&`, `<` and
/// `>`, `_` and 7F, C2, ED and EF.
const ESCAPABLE_HIGH: [i8; 16] = [1, 1, 2, 4, 0, 8, 0, 8, 0, 0, 0, 0, 16, 0, 32, 1];
/// By the low half of a byte, the classes that it is in.
const ESCAPABLE_LOW: [i8; 16] =
    [1, 1, 1 | 16, 1, 1, 1, 1 | 2, 1, 1, 1, 1, 1, 1 | 4, 1 | 32, 1 | 4, 1 | 8 | 32];
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
const FIRST_PRINTABLE: u8 = 0x20;

#[cfg(test)]
mod tests;
