//! Text of a JSON string out of its escapes, a block at a time.

#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};

/// The way to bring the text of a JSON string out of its escapes on this processor.
#[derive(Clone, Copy)]
pub(in super::super) enum Unescaper {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Unescaper {
    /// The widest one that this processor has.
    pub(in super::super) fn detect() -> Self {
        Self::all().next().unwrap_or(Self::Portable)
    }

    /// All that this processor has, the widest first; each gives the same text.
    pub(in super::super) fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let wide = [Avx512::detect().map(Self::Avx512), Avx2::detect().map(Self::Avx2)];
        #[cfg(not(target_arch = "x86_64"))]
        let wide: [Option<Self>; 0] = [];
        wide.into_iter().flatten().filter(|_| !cfg!(feature = "portable")).chain([Self::Portable])
    }

    /// Moves the text of a JSON string from `read` to `written`, as far as it goes many bytes at a time; see [`unescape`].
    pub(in super::super) fn run(self, json: &mut [u8], read: usize, written: usize) -> (usize, usize) {
        match self {
            Self::Portable => unescape(json, read, written, plain_len),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.unescape(json, read, written),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(avx512) => avx512.unescape(json, read, written),
        }
    }
}

/// Moves the text of a JSON string within `json`, from `read` on to `written` on, which is not behind it, with the escapes
/// of ASCII characters resolved, up to the first byte that is to be looked at singly: a quote, a control character, any
/// other escape, right or wrong; or to where there is too little for another window. Gives back where both have come to:
/// what lies between the two is of no use any more, what lies behind is as it was.
///
/// `plain_len` counts the bytes at the start of a block that stand for themselves; all of them is `LEN` or more.
#[inline(always)]
pub(super) fn unescape<const LEN: usize>(
    json: &mut [u8],
    mut read: usize,
    mut written: usize,
    plain_len: impl Fn(&[u8; LEN]) -> usize,
) -> (usize, usize) {
    loop {
        let (at, end) = if TO_LEN <= read.saturating_sub(written) {
            let Some((behind, ahead)) = json.split_at_mut_checked(read) else { break };
            let Some(from) = ahead.first_chunk() else { break };
            let Some(to) = behind.get_mut(written..).and_then(<[u8]>::first_chunk_mut) else { break };
            window(from, to, &plain_len)
        } else {
            // What is written may reach into what is still to be read, which is put back: only until so many escapes
            // have been met that the two are apart.
            let Some(from) = json.get(read..).and_then(<[u8]>::first_chunk).copied() else { break };
            let Some(to) = json.get_mut(written..).and_then(<[u8]>::first_chunk_mut) else { break };
            let (at, end) = window(&from, to, &plain_len);
            let (Some(unread), Some(kept)) = (json.get_mut(read + at..read + FROM_LEN), from.get(at..))
            else {
                break;
            };
            unread.copy_from_slice(kept);
            (at, end)
        };
        read += at;
        written += end;
        // A stop that stands behind the window is met again at the start of the next one.
        if at < WINDOW {
            break;
        }
    }
    (read, written)
}

/// One window: how many bytes were read, and how many written. Lengths are looked at once for it: the compiler sees that
/// every index is in bounds, since `at` is below WINDOW at the start of a round and grows by at most a block and two
/// escapes.
#[inline(always)]
fn window<const LEN: usize>(
    from: &[u8; FROM_LEN],
    to: &mut [u8; TO_LEN],
    plain_len: &impl Fn(&[u8; LEN]) -> usize,
) -> (usize, usize) {
    let (mut at, mut end) = (0, 0);
    while at < WINDOW {
        // No escape is shorter than what it stands for, so `end` is at most `at` and this changes nothing.
        end &= WINDOW - 1;
        let Some(block) = from[at..].first_chunk::<LEN>().copied() else { break };
        // Copied whole: what is behind the plain bytes is written over.
        to[end..end + LEN].copy_from_slice(&block);
        let plain = plain_len(&block).min(LEN);
        at += plain;
        end += plain;
        if plain == LEN {
            continue;
        }
        if from[at..at + 4] == UNICODE_ASCII {
            let character = hex(from[at + 4], from[at + 5]);
            if NO_ASCII <= character {
                break;
            }
            to[end] = character;
            at += 6;
            end += 1;
            // Two stand together at every tag: `\u0022\u003E`, `\u003E\u003C`.
            if from[at..at + 4] != UNICODE_ASCII {
                continue;
            }
            let character = hex(from[at + 4], from[at + 5]);
            if NO_ASCII <= character {
                break;
            }
            to[end] = character;
            at += 6;
            end += 1;
        } else {
            let character = SHORT[usize::from(from[at + 1])];
            if from[at] != b'\\' || character == 0 {
                break;
            }
            to[end] = character;
            at += 2;
            end += 1;
        }
    }
    (at, end)
}

/// How many bytes of a word stand for themselves in a JSON string.
#[inline]
fn plain_len(block: &[u8; 8]) -> usize {
    let word = u64::from_le_bytes(*block);
    // With this bit turned over, the quote is next to the control characters.
    let ends = (word ^ (super::ONES * 2)).wrapping_sub(super::ONES * 0x21);
    let escapes = (word ^ (super::ONES * 0x5C)).wrapping_sub(super::ONES);
    super::first_byte((ends | escapes) & !word & super::HIGHS)
}

/// The byte that two hexadecimal digits stand for. Beyond ASCII when one is no digit.
#[inline(always)]
fn hex(high: u8, low: u8) -> u8 {
    HIGH_DIGIT[usize::from(high)] | LOW_DIGIT[usize::from(low)]
}

const fn digits(shift: u32) -> [u8; 256] {
    let mut values = [NO_ASCII; 256];
    let mut digit = 0;
    while digit < 16 {
        #[expect(clippy::as_conversions, reason = "`usize::from` is not callable in a constant")]
        let (upper, lower) =
            (b"0123456789ABCDEF"[digit as usize] as usize, b"0123456789abcdef"[digit as usize] as usize);
        values[upper] = digit << shift;
        values[lower] = digit << shift;
        digit += 1;
    }
    values
}

/// By a hexadecimal digit, its value as the higher of two; [`NO_ASCII`] by anything else.
pub(super) static HIGH_DIGIT: [u8; 256] = digits(4);
/// As [`HIGH_DIGIT`], for the lower of two, which is the value itself.
pub(in super::super) static LOW_DIGIT: [u8; 256] = digits(0);
/// By the byte behind the backslash, the character that an escape of two bytes stands for; 0 when it is none.
pub(super) static SHORT: [u8; 256] = {
    let mut characters = [0; 256];
    let mut place = 0;
    while place < 8 {
        #[expect(clippy::as_conversions, reason = "`usize::from` is not callable in a constant")]
        let mark = b"\"\\/bfnrt"[place] as usize;
        characters[mark] = b"\"\\/\x08\x0C\n\r\t"[place];
        place += 1;
    }
    characters
};

const UNICODE_ASCII: [u8; 4] = *b"\\u00";
const NO_ASCII: u8 = 0x80;
/// A power of two, so that `end` is kept below it by one instruction.
const WINDOW: usize = 256;
/// A block and two escapes may begin within the window.
const FROM_LEN: usize = WINDOW + 48;
const TO_LEN: usize = WINDOW + 40;
