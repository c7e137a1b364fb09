//! Member names to numbers, with a guess at the next element.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::DecodeErrorKind;
use super::limits::Limits;
use super::names::Names;
use super::scan::same;
use super::tag::Tag;
use super::wide::{index, number};

/// The writing side of a [`Names`] table.
///
/// Objects of one type repeat their members in one order, so the element that followed here last time is compared
/// first, tag and name together; the hash table is asked only when that guess fails. "Here" is a [`Place`]: behind the
/// member with a name, or first inside it. Coming out of an object one is behind its name again, whatever was inside.
pub(super) struct Interner {
    names: Arc<Names>,
    numbers: HashMap<Box<[u8]>, u32>,
    /// The guessable names as they stand on the wire, each with the quote that ends it.
    wire: Vec<u8>,
    /// By place.
    guesses: Vec<Guess>,
    /// Where each name stands in `wire`, by number: start and length. The first stands for "no name".
    forms: Vec<(u32, u32)>,
    place: Place,
    /// The place of the name that was given out last.
    used: Place,
    /// Bytes of all names.
    len: usize,
}

/// Twice the number of a name: the place behind it. One more: the place inside it.
#[derive(Clone, Copy)]
pub(super) struct Place(u32);

impl Place {
    pub(super) const START: Place = Place(0);

    fn behind(name: u32) -> Self {
        // INVARIANT: a table with more than 2^31 names would not fit a body of 32-bit length.
        Place(name.wrapping_mul(2))
    }
}

/// The element that was met at a place.
#[derive(Clone, Copy)]
struct Guess {
    /// `<tag N="`, as far as the mask goes.
    word: u64,
    mask: u64,
    word_len: u8,
    tag: Tag,
    /// The number of its name.
    name: u32,
    /// Its name and the quote in `wire`; a length of 0 when the wire form is not the name itself.
    start: u32,
    len: u32,
}

impl Guess {
    /// Equal to no word.
    const NONE: Guess = Guess { word: 1, mask: 0, word_len: 0, tag: Tag::NONE, name: 0, start: 0, len: 0 };
}

impl Interner {
    pub(super) fn new() -> Self {
        Interner {
            names: Arc::new(Names::new()),
            numbers: HashMap::new(),
            wire: Vec::new(),
            guesses: vec![Guess::NONE; 2],
            forms: vec![(0, 0)],
            place: Place::START,
            used: Place::START,
            len: 0,
        }
    }

    pub(super) fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// Begins a message: the guess starts over.
    pub(super) fn restart(&mut self) {
        self.place = Place::START;
    }

    /// If the guessed element stands at `at`, where `word` was read: its tag, the number of its name, and where the
    /// name's attribute ends.
    #[inline(always)]
    pub(super) fn guess(&mut self, body: &[u8], at: usize, word: u64) -> Option<(Tag, u32, usize)> {
        let guess = self.guesses.get(index(self.place.0))?;
        if word & guess.mask != guess.word {
            return None;
        }
        let (start, len) = (index(guess.start), index(guess.len));
        let from = at + usize::from(guess.word_len);
        if !same(body.get(from..from + len)?, self.wire.get(start..start + len)?) {
            return None;
        }
        self.place = Place::behind(guess.name);
        Some((guess.tag, guess.name, from + len))
    }

    /// If the guessed name and its quote stand at `at`: the number, and where they end.
    #[inline]
    pub(super) fn guess_name(&mut self, body: &[u8], at: usize) -> Option<(u32, usize)> {
        let guess = self.guesses.get(index(self.place.0))?;
        let (start, len) = (index(guess.start), index(guess.len));
        if len == 0 || !same(body.get(at..at + len)?, self.wire.get(start..start + len)?) {
            return None;
        }
        self.used = self.place;
        self.place = Place::behind(guess.name);
        Some((guess.name, at + len))
    }

    /// The number of a name, or the limit that keeps a new one out.
    pub(super) fn number(&mut self, name: &[u8], limits: &Limits) -> Result<u32, DecodeErrorKind> {
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => self.add(name, limits)?,
        };
        let form = self.forms.get(index(number)).copied().unwrap_or_default();
        if let Some(guess) = self.guesses.get_mut(index(self.place.0)) {
            if form.1 == 0 {
                *guess = Guess::NONE;
            }
            guess.name = number;
            (guess.start, guess.len) = form;
        }
        self.used = self.place;
        self.place = Place::behind(number);
        Ok(number)
    }

    /// Says in which element the last name stood that was not guessed together with its tag.
    pub(super) fn learn(&mut self, tag: Tag) {
        if let Some(guess) = self.guesses.get_mut(index(self.used.0)) {
            let known = if guess.len == 0 { None } else { tag.start_word() };
            let (word, word_len) = known.unwrap_or((Guess::NONE.word, 0));
            (guess.tag, guess.word, guess.word_len) = (tag, word, word_len);
            guess.mask = if word_len == 0 { 0 } else { u64::MAX >> (64 - u32::from(word_len) * 8) };
        }
    }

    /// Goes inside the element that was just read; gives back the place to go on from behind it.
    #[inline]
    pub(super) fn enter(&mut self, name: u32) -> Place {
        let place = self.place;
        if name != 0 {
            self.place = Place(place.0 | 1);
        }
        place
    }

    /// Comes out of an element that was entered at this place.
    #[inline]
    pub(super) fn leave(&mut self, place: Place) {
        self.place = place;
    }

    /// Whether a name equals this one, the case of ASCII letters ignored.
    pub(super) fn is(&self, number: u32, name: &str) -> bool {
        super::NameId::new(number)
            .and_then(|id| self.names.get(id))
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    #[cold]
    fn add(&mut self, name: &[u8], limits: &Limits) -> Result<u32, DecodeErrorKind> {
        let too_many = DecodeErrorKind::TooManyNames { max: limits.max_names };
        if limits.max_names <= self.names.len() {
            return Err(too_many);
        }
        if limits.max_names_len < self.len + name.len() {
            return Err(DecodeErrorKind::NamesTooLong { max: limits.max_names_len });
        }
        let id = self.names.push(name).ok_or(too_many)?.number();
        self.len += name.len();
        let mut form = (number(self.wire.len()), 0);
        if stands_for_itself(name) {
            form.1 = number(name.len() + 1);
            self.wire.extend_from_slice(name);
            self.wire.push(b'"');
        }
        self.forms.push(form);
        self.guesses.extend([Guess::NONE; 2]);
        self.numbers.insert(name.into(), id);
        Ok(id)
    }
}

/// Whether the wire form of a name is the name: no escape, no entity, nothing that ends the attribute.
fn stands_for_itself(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok()
        && !name.iter().any(|byte| matches!(byte, b'"' | b'<' | b'&' | 0..=0x1F))
        && !name.windows(2).any(|pair| matches!(pair, [b'_', b'x' | b'X']))
}
