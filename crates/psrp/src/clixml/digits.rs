//! Integers as decimal text, written without the formatting machinery.

/// Appends a number without leading zeros.
pub(super) fn push_number(out: &mut Vec<u8>, value: u64) {
    let mut room = [0; MAX_DIGITS];
    let len = fill(&mut room, value);
    out.extend_from_slice(room.get(MAX_DIGITS - len..).unwrap_or_default());
}

/// Appends a number with its sign when it is negative.
pub(super) fn push_signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push_number(out, value.unsigned_abs());
}

/// Appends a number with zeros ahead of it up to a width of at most twenty digits.
pub(super) fn push_padded(out: &mut Vec<u8>, value: u64, width: usize) {
    let mut room = [b'0'; MAX_DIGITS];
    let len = fill(&mut room, value).max(width).min(MAX_DIGITS);
    out.extend_from_slice(room.get(MAX_DIGITS - len..).unwrap_or_default());
}

/// Writes the digits at the end of the room; gives back how many there are.
fn fill(room: &mut [u8; MAX_DIGITS], value: u64) -> usize {
    let (mut rest, mut len) = (value, 0);
    for place in room.iter_mut().rev() {
        // INVARIANT: a remainder of ten fits a byte.
        *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        len += 1;
        if rest == 0 {
            break;
        }
    }
    len
}

const MAX_DIGITS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        for value in [0, 1, 9, 10, 99, 100, 12_345_678, u64::from(u32::MAX), u64::MAX / 10, u64::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, value);
            out.push(b' ');
            push_signed(&mut out, value.cast_signed());
            out.push(b' ');
            push_padded(&mut out, value, 7);
            let expected = format!("{value} {} {value:07}", value.cast_signed());
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
