//! Integers as decimal text, written eight digits at a time.

use super::sheet::Line;
use super::wide::index;

/// Appends a number without leading zeros.
#[inline(always)]
pub(super) fn push_number(line: &mut Line<'_>, value: u64) {
    if value < 10 {
        line.push_word(value | 0x30, 1);
    } else if value < EIGHT_DIGITS {
        push_leading(line, value);
    } else {
        let high = value / EIGHT_DIGITS;
        if high < 100 {
            push_pair(line, high);
        } else if high < EIGHT_DIGITS {
            push_leading(line, high);
        } else {
            push_leading(line, high / EIGHT_DIGITS);
            line.push_word(eight_digits(high % EIGHT_DIGITS), 8);
        }
        line.push_word(eight_digits(value % EIGHT_DIGITS), 8);
    }
}

/// Appends a number below 100 without a leading zero.
#[inline(always)]
pub(super) fn push_pair(line: &mut Line<'_>, value: u64) {
    let zeros = usize::from(value < 10);
    line.push_word(digit_pairs([value, 0, 0, 0]) >> (zeros * 8), 2 - zeros);
}

/// Appends a number with its sign when it is negative.
#[inline(always)]
pub(super) fn push_signed(line: &mut Line<'_>, value: i64) {
    if value < 0 {
        line.push(b"-", 1);
    }
    push_number(line, value.unsigned_abs());
}

/// Appends a point and a fraction other than zero of so many digits, one to fifteen, without the zeros at its end.
#[inline(always)]
pub(super) fn push_fraction(line: &mut Line<'_>, value: u64, width: usize) {
    let value = value * POWERS[(16 - width) & 15];
    let (high, low) = (eight_digits(value / EIGHT_DIGITS), value % EIGHT_DIGITS);
    line.push(b".", 1);
    if low == 0 {
        line.push_word(high, without_zeros(high));
    } else {
        let low = eight_digits(low);
        line.push_word(high, 8);
        line.push_word(low, without_zeros(low));
    }
}

/// As [`push_fraction`] with seven digits: ticks of a second.
#[inline(always)]
pub(super) fn push_ticks(line: &mut Line<'_>, ticks: u64) {
    // The point takes the place of the first of eight digits, which is a zero.
    let digits = eight_digits(ticks);
    line.push_word(digits ^ u64::from(b'0' ^ b'.'), without_zeros(digits));
}

/// Appends a number of at most eight digits, other than zero, without leading zeros.
#[inline(always)]
fn push_leading(line: &mut Line<'_>, value: u64) {
    let digits = eight_digits(value);
    let zeros = (digits ^ ZEROS).trailing_zeros() / 8;
    line.push_word(digits >> (zeros * 8), index(8 - zeros));
}

/// How many of eight digits, not all zero, there are without the zeros at their end.
#[inline(always)]
fn without_zeros(digits: u64) -> usize {
    index(8 - (digits ^ ZEROS).leading_zeros() / 8)
}

/// The digits of a number below 10^8, the first in the lowest byte, zeros ahead.
///
/// The number is split in the middle, each half again, and so on; all parts of one size are split by one multiplication
/// (by the inverse of the divisor, exact for so small numbers).
#[inline(always)]
pub(super) fn eight_digits(value: u64) -> u64 {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let high = (fours * 10_486) >> 20 & 0x0000_007F_0000_007F;
    digits_of_pairs(high | (fours - high * 100) << 16)
}

/// The digits of four numbers below 100, two each, those of the first in the lowest bytes.
#[inline(always)]
pub(super) fn digit_pairs([a, b, c, d]: [u64; 4]) -> u64 {
    digits_of_pairs(a | b << 16 | c << 32 | d << 48)
}

/// As [`digit_pairs`] with 16 bits for each number.
#[inline(always)]
fn digits_of_pairs(pairs: u64) -> u64 {
    let high = (pairs * 103) >> 10 & 0x000F_000F_000F_000F;
    (high | (pairs - high * 10) << 8) | ZEROS
}

const EIGHT_DIGITS: u64 = 100_000_000;
const ZEROS: u64 = 0x3030_3030_3030_3030;
/// Powers of ten up to the fifteenth.
pub(super) const POWERS: [u64; 16] = {
    let mut powers = [1; 16];
    let mut power = 1;
    while power < powers.len() {
        powers[power] = powers[power - 1] * 10;
        power += 1;
    }
    powers
};

#[cfg(test)]
mod tests {
    use super::super::sheet::push_line;
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        let around = powers.flat_map(|power| [power - 1, power, power + 1, power / 7 * 9, power / 3]);
        for value in around.chain(0..1000).chain([u64::from(u32::MAX), u64::MAX / 10, u64::MAX]) {
            let mut out = Vec::new();
            push_line(&mut out, |line| {
                push_number(line, value);
                line.push(b" ", 1);
                push_signed(line, value.cast_signed());
            });
            assert_eq!(String::from_utf8(out).unwrap(), format!("{value} {}", value.cast_signed()));
        }
    }

    #[test]
    fn a_fraction_ends_with_its_last_digit() {
        for (value, width, expected) in [
            (5, 1, "5"),
            (50, 3, "05"),
            (1_234_500, 7, "12345"),
            (1, 7, "0000001"),
            (4_375, 4, "4375"),
            (123_456_789, 9, "123456789"),
            (1_000_000_000, 10, "1"),
            (10, 10, "000000001"),
            (999_999_999_999_999, 15, "999999999999999"),
            (1, 15, "000000000000001"),
        ] {
            let mut out = b"0".to_vec();
            push_line(&mut out, |line| {
                push_fraction(line, value, width);
                if width == 7 {
                    line.push(b"=", 1);
                    push_ticks(line, value);
                }
            });
            let again = if width == 7 { format!("=.{expected}") } else { String::new() };
            assert_eq!(String::from_utf8(out).unwrap(), format!("0.{expected}{again}"));
        }
    }
}
