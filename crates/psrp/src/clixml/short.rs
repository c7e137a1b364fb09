//! A list whose first items need no allocation: what a usual message holds few of.

/// A list that moves to the heap when it gets longer than `N`.
pub(super) struct Short<T, const N: usize> {
    /// Used while `rest` is empty.
    first: [T; N],
    len: usize,
    /// All items, once there were more than `N`.
    rest: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Short<T, N> {
    #[inline(always)]
    pub(super) fn push(&mut self, item: T) {
        match self.first.get_mut(self.len) {
            Some(place) if self.rest.is_empty() => {
                *place = item;
                self.len += 1;
            }
            _ => {
                if self.rest.is_empty() {
                    self.move_to_rest();
                }
                self.rest.push(item);
            }
        }
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<T> {
        let last = self.last()?;
        if self.rest.pop().is_none() {
            self.len -= 1;
        } else if self.rest.is_empty() {
            self.len = 0;
        }
        Some(last)
    }

    #[inline]
    pub(super) fn last(&self) -> Option<T> {
        self.as_slice().last().copied()
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[T] {
        if self.rest.is_empty() { self.first.get(..self.len).unwrap_or_default() } else { &self.rest }
    }

    #[cold]
    fn move_to_rest(&mut self) {
        // A list that got so long will get longer.
        self.rest.reserve(N * 8);
        self.rest.extend_from_slice(self.first.get(..self.len).unwrap_or_default());
    }
}

impl<T: Copy + Default, const N: usize> Default for Short<T, N> {
    fn default() -> Self {
        Short { first: [T::default(); N], len: 0, rest: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_list_does_what_a_vector_does() {
        let (mut short, mut vector) = (Short::<u8, 3>::default(), Vec::new());
        for step in [2, -1, 4, -3, 6, -9, 1, 2, 3, -4, 5] {
            for item in 0..i8::unsigned_abs(step) {
                if step < 0 {
                    assert_eq!(short.pop(), vector.pop());
                } else {
                    short.push(item);
                    vector.push(item);
                }
                assert_eq!(short.as_slice(), vector);
                assert_eq!(short.last(), vector.last().copied());
            }
        }
    }
}
