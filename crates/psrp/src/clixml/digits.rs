//! Integers as decimal text, written eight digits at a time.

use super::padded::push_word;
use super::wide::index;

/// Appends a number without leading zeros.
#[inline]
pub(super) fn push_number(out: &mut Vec<u8>, value: u64) {
    if value < EIGHT_DIGITS {
        push_leading(out, value);
    } else {
        push_long(out, value);
    }
}

/// Appends a number with its sign when it is negative.
#[inline]
pub(super) fn push_signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push_number(out, value.unsigned_abs());
}

/// Appends a number of at most eight digits with zeros ahead of it up to a width of one to eight digits.
#[inline]
pub(super) fn push_padded(out: &mut Vec<u8>, value: u64, width: u32) {
    let missing = 8 - width.min(8);
    push_word(out, eight_digits(value) >> (missing * 8), index(8 - missing));
}

/// Appends a fraction other than zero of so many digits, one to sixteen, without the zeros at its end.
pub(super) fn push_fraction(out: &mut Vec<u8>, value: u64, width: u32) {
    if let Some(more) = width.checked_sub(8).filter(|more| *more != 0) {
        let scale = 10_u64.pow(more);
        push_padded(out, value / scale, 8);
        push_padded(out, value % scale, more);
    } else {
        push_padded(out, value, width);
    }
    while out.last() == Some(&b'0') {
        out.pop();
    }
}

#[cold]
fn push_long(out: &mut Vec<u8>, value: u64) {
    let (high, low) = (value / EIGHT_DIGITS, value % EIGHT_DIGITS);
    if high < EIGHT_DIGITS {
        push_leading(out, high);
    } else {
        push_leading(out, high / EIGHT_DIGITS);
        push_word(out, eight_digits(high % EIGHT_DIGITS), 8);
    }
    push_word(out, eight_digits(low), 8);
}

/// Appends a number of at most eight digits without leading zeros.
#[inline(always)]
fn push_leading(out: &mut Vec<u8>, value: u64) {
    if value < 10 {
        push_word(out, value | 0x30, 1);
        return;
    }
    let digits = eight_digits(value);
    let zeros = (digits ^ ZEROS).trailing_zeros() / 8;
    push_word(out, digits >> (zeros * 8), index(8 - zeros));
}

/// The digits of a number below 10^8, the first in the lowest byte, zeros ahead.
///
/// The number is split in the middle, each half again, and so on; all parts of one size are split by one multiplication
/// (by the inverse of the divisor, exact for so small numbers).
#[inline(always)]
fn eight_digits(value: u64) -> u64 {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let high = (fours * 10_486) >> 20 & 0x0000_007F_0000_007F;
    let twos = high | (fours - high * 100) << 16;
    let high = (twos * 103) >> 10 & 0x000F_000F_000F_000F;
    (high | (twos - high * 10) << 8) | ZEROS
}

const EIGHT_DIGITS: u64 = 100_000_000;
const ZEROS: u64 = 0x3030_3030_3030_3030;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        let around = powers.flat_map(|power| [power - 1, power, power + 1, power / 7 * 9, power / 3]);
        for value in around.chain([u64::from(u32::MAX), u64::MAX / 10, u64::MAX]) {
            let mut out = Vec::new();
            push_number(&mut out, value);
            out.push(b' ');
            push_signed(&mut out, value.cast_signed());
            assert_eq!(String::from_utf8(out).unwrap(), format!("{value} {}", value.cast_signed()));
        }
    }

    #[test]
    fn zeros_fill_a_width() {
        for width in 1..=8 {
            let limit = 10_u64.pow(width);
            for value in [0, 1, 7, 12, 99, 100, 4_095, 31_415_926, 99_999_999] {
                let mut out = Vec::new();
                push_padded(&mut out, value % limit, width);
                let expected = format!("{:01$}", value % limit, usize::try_from(width).unwrap());
                assert_eq!(String::from_utf8(out).unwrap(), expected);
            }
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
        ] {
            let mut out = b"0.".to_vec();
            push_fraction(&mut out, value, width);
            assert_eq!(String::from_utf8(out).unwrap(), format!("0.{expected}"));
        }
    }
}
