//! Looking through bytes many at a time, in safe code.
//!
//! Each function gives the same answer for any alignment and length; the word width is only a matter of speed.

/// The first byte from `from` on that text cannot simply run over: `<`, `&`, `_`, or a control character.
/// The length of `bytes` when there is none.
#[inline]
pub(super) fn find_special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    // Most texts end within two words; only the longer ones are worth a vector.
    for _ in 0..2 {
        let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) else {
            return find_in_tail(bytes, at, is_special);
        };
        let hits = special_in(u64::from_le_bytes(*word));
        if hits != 0 {
            return at + first_byte(hits);
        }
        at += 8;
    }
    find_special_far(bytes, at)
}

#[inline(never)]
fn find_special_far(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        let marks = either(
            either(equal(block, b'<'), equal(block, b'&')),
            either(equal(block, b'_'), below(block, FIRST_PRINTABLE)),
        );
        let hits = u128::from_le_bytes(marks);
        if hits != 0 {
            return at + super::wide::index(hits.trailing_zeros() / 8);
        }
        at += 16;
    }
    find_in_tail(bytes, at, is_special)
}

/// The first `<`, `&` or control character from `from` on; the length of `bytes` when there is none.
pub(super) fn find_markup(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        let marks = either(either(equal(block, b'<'), equal(block, b'&')), below(block, FIRST_PRINTABLE));
        let hits = u128::from_le_bytes(marks);
        if hits != 0 {
            return at + super::wide::index(hits.trailing_zeros() / 8);
        }
        at += 16;
    }
    find_in_tail(bytes, at, is_markup)
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
    find_in_tail(bytes, at, |byte| byte == b'<')
}

/// Eight bytes from `at` on as a little-endian word; bytes past the end are 0.
#[inline]
pub(super) fn word_at(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        Some(word) => u64::from_le_bytes(*word),
        None => short_word_at(bytes, at),
    }
}

#[cold]
fn short_word_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    let rest = bytes.get(at..).unwrap_or_default();
    for (to, from) in word.iter_mut().zip(rest) {
        *to = *from;
    }
    u64::from_le_bytes(word)
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
#[inline]
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let (Some(left_end), Some(right_end)) = (left.last_chunk::<8>(), right.last_chunk::<8>()) else {
        return left.iter().zip(right).all(|(l, r)| l == r);
    };
    let (left_words, _) = left.as_chunks::<8>();
    let (right_words, _) = right.as_chunks::<8>();
    left_words.iter().zip(right_words).all(|(l, r)| u64::from_le_bytes(*l) == u64::from_le_bytes(*r))
        && u64::from_le_bytes(*left_end) == u64::from_le_bytes(*right_end)
}

fn special_in(word: u64) -> u64 {
    zero_bytes(word ^ (ONES * 0x3C))
        | zero_bytes(word ^ (ONES * 0x26))
        | zero_bytes(word ^ (ONES * 0x5F))
        | low_bytes(word)
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
    super::wide::index(hits.trailing_zeros() / 8)
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'<' | b'&' | b'_') || byte < FIRST_PRINTABLE
}

fn is_markup(byte: u8) -> bool {
    matches!(byte, b'<' | b'&') || byte < FIRST_PRINTABLE
}

fn find_in_tail(bytes: &[u8], from: usize, hit: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().position(|byte| hit(*byte)).map_or(bytes.len(), |at| from + at)
}

// The three below are written lane by lane so that the compiler makes vector instructions of them.

#[inline(always)]
fn equal(block: &[u8; 16], byte: u8) -> [u8; 16] {
    let mut marks = [0; 16];
    for (mark, own) in marks.iter_mut().zip(block) {
        *mark = if *own == byte { 0xFF } else { 0 };
    }
    marks
}

#[inline(always)]
fn below(block: &[u8; 16], byte: u8) -> [u8; 16] {
    let mut marks = [0; 16];
    for (mark, own) in marks.iter_mut().zip(block) {
        *mark = if *own < byte { 0xFF } else { 0 };
    }
    marks
}

#[inline(always)]
fn either(left: [u8; 16], right: [u8; 16]) -> [u8; 16] {
    let mut marks = [0; 16];
    for (mark, (left, right)) in marks.iter_mut().zip(left.iter().zip(right)) {
        *mark = left | right;
    }
    marks
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
const FIRST_PRINTABLE: u8 = 0x20;

#[cfg(test)]
mod tests;
