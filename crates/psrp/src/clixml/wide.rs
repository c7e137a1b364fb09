//! Conversions between the tape's 32-bit numbers and `usize`.

/// A tape offset or index as a slice index.
#[expect(
    clippy::as_conversions,
    reason = "usize has at least 32 bits on every target with an operating system"
)]
pub(super) const fn index(number: u32) -> usize {
    const { assert!(size_of::<usize>() >= size_of::<u32>()) }
    number as usize
}

/// A length or position inside a body as the tape's number.
///
/// INVARIANT: bodies longer than `u32::MAX` are refused before a decoder looks at them, and neither nodes nor side
/// text grow beyond the body, so nothing is cut off.
#[expect(clippy::as_conversions, reason = "see the invariant: the value fits")]
pub(super) const fn number(position: usize) -> u32 {
    position as u32
}
