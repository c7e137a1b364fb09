//! Member names to numbers, with a guess at the next one.

use std::collections::HashMap;
use std::sync::Arc;

use super::limits::Limits;
use super::names::Names;
use super::scan::same;
use super::wide::{index, number};

/// The writing side of a [`Names`] table.
///
/// Objects of one type repeat their members in one order, so the name that followed last time is compared first; the
/// hash table is asked only when that guess fails.
pub(super) struct Interner {
    names: Arc<Names>,
    numbers: HashMap<Box<[u8]>, u32>,
    /// The guessable names as they stand on the wire, each with the quote that ends it.
    wire: Vec<u8>,
    /// By number; the first stands for "no name".
    guesses: Vec<Guess>,
    previous: u32,
    /// Bytes of all names.
    len: usize,
}

#[derive(Clone, Copy, Default)]
struct Guess {
    /// Place in `wire`; a length of 0 when the wire form is not the name itself.
    start: u32,
    len: u32,
    /// The number of the name that came after this one.
    next: u32,
}

impl Interner {
    pub(super) fn new() -> Self {
        Interner {
            names: Arc::new(Names::new()),
            numbers: HashMap::new(),
            wire: Vec::new(),
            guesses: vec![Guess::default()],
            previous: 0,
            len: 0,
        }
    }

    pub(super) fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// Begins a message: the guess starts over.
    pub(super) fn restart(&mut self) {
        self.previous = 0;
    }

    /// If the guessed name and its quote stand at `at`: the number, and where they end.
    #[inline]
    pub(super) fn guess(&mut self, body: &[u8], at: usize) -> Option<(u32, usize)> {
        let guessed = self.guesses.get(index(self.previous))?.next;
        let guess = self.guesses.get(index(guessed))?;
        let (start, len) = (index(guess.start), index(guess.len));
        let expected = self.wire.get(start..start + len)?;
        if len == 0 || !same(body.get(at..at + len)?, expected) {
            return None;
        }
        self.previous = guessed;
        Some((guessed, at + len))
    }

    /// The number of a name, or the limit that keeps a new one out.
    pub(super) fn number(&mut self, name: &[u8], limits: &Limits) -> Result<u32, NameLimit> {
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => self.add(name, limits)?,
        };
        if let Some(guess) = self.guesses.get_mut(index(self.previous)) {
            guess.next = number;
        }
        self.previous = number;
        Ok(number)
    }

    /// Whether a name equals this one, the case of ASCII letters ignored.
    pub(super) fn is(&self, number: u32, name: &str) -> bool {
        super::NameId::new(number)
            .and_then(|id| self.names.get(id))
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    #[cold]
    fn add(&mut self, name: &[u8], limits: &Limits) -> Result<u32, NameLimit> {
        let too_many = NameLimit { limit: "max_names", max: u64::from(limits.max_names) };
        if limits.max_names <= self.names.len() {
            return Err(too_many);
        }
        if limits.max_names_len < self.len + name.len() {
            let max = u64::try_from(limits.max_names_len).unwrap_or(u64::MAX);
            return Err(NameLimit { limit: "max_names_len", max });
        }
        let id = self.names.push(name).ok_or(too_many)?.number();
        self.len += name.len();
        let mut guess = Guess { start: number(self.wire.len()), len: 0, next: 0 };
        if stands_for_itself(name) {
            guess.len = number(name.len() + 1);
            self.wire.extend_from_slice(name);
            self.wire.push(b'"');
        }
        self.guesses.push(guess);
        self.numbers.insert(name.into(), id);
        Ok(id)
    }
}

/// The limit that keeps a name out, and its value.
pub(super) struct NameLimit {
    pub(super) limit: &'static str,
    pub(super) max: u64,
}

/// Whether the wire form of a name is the name: no escape, no entity, nothing that ends the attribute.
fn stands_for_itself(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok()
        && !name.iter().any(|byte| matches!(byte, b'"' | b'<' | b'&' | 0..=0x1F))
        && !name.windows(2).any(|pair| matches!(pair, [b'_', b'x' | b'X']))
}
