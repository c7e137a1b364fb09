//! Member names to numbers, with a guess at the next element.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::DecodeErrorKind;
use super::limits::Limits;
use super::names::{NameId, Names};
use super::scan::{Scanner, same};
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
    /// By place.
    guesses: Vec<Guess>,
    /// By number of the name. The first stands for "no name".
    forms: Vec<Form>,
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
    /// `<tag`, as far as the mask goes.
    word: u64,
    mask: u64,
    word_len: u8,
    tag: Tag,
    /// The number of its name.
    name: u32,
}

impl Guess {
    /// Equal to no word.
    const NONE: Guess = Guess { word: 1, mask: 0, word_len: 0, tag: Tag::NONE, name: 0 };
}

/// A name as it stands in a start tag.
#[derive(Clone, Copy)]
struct Form {
    /// ` N="name"`, as much as fits, and zeros.
    block: [u8; BLOCK_LEN],
    /// How long that is; the largest number when the wire form is not the name itself.
    len: u32,
}

impl Form {
    const NONE: Form = Form { block: [0; BLOCK_LEN], len: u32::MAX };
}

impl Interner {
    pub(super) fn new() -> Self {
        Interner {
            names: Arc::new(Names::new()),
            numbers: HashMap::new(),
            guesses: vec![Guess::NONE; 2],
            forms: vec![Form::NONE],
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

    /// If the guessed element stands at `at`, where `word` was read: its tag, the number of its name, and where the name's
    /// attribute ends. Who takes it says so by [`Interner::pass`].
    #[inline(always)]
    pub(super) fn guess(
        &self,
        scanner: Scanner,
        body: &[u8],
        at: usize,
        word: u64,
    ) -> Option<(Tag, u32, usize)> {
        let guess = self.guesses.get(index(self.place.0))?;
        if word & guess.mask != guess.word {
            return None;
        }
        let end = self.find(scanner, body, at + usize::from(guess.word_len), guess.name)?;
        Some((guess.tag, guess.name, end))
    }

    /// Goes on behind the member with this name.
    #[inline]
    pub(super) fn pass(&mut self, name: u32) {
        self.place = Place::behind(name);
    }

    /// If the attribute of the guessed name stands at `at`: the number, and where it ends.
    #[inline]
    pub(super) fn guess_name(&mut self, scanner: Scanner, body: &[u8], at: usize) -> Option<(u32, usize)> {
        let name = self.guesses.get(index(self.place.0))?.name;
        let end = self.find(scanner, body, at, name)?;
        self.used = self.place;
        self.place = Place::behind(name);
        Some((name, end))
    }

    /// Where the attribute of a name ends, if it stands at `at`.
    #[inline(always)]
    fn find(&self, scanner: Scanner, body: &[u8], at: usize, name: u32) -> Option<usize> {
        let form = self.forms.get(index(name))?;
        let Some(block) = body.get(at..).and_then(<[u8]>::first_chunk) else {
            return self.find_long(form, body, at, name);
        };
        let (common_len, len) = (scanner.common_len(block, &form.block), index(form.len));
        if len <= common_len {
            return Some(at + len);
        }
        if common_len == BLOCK_LEN { self.find_long(form, body, at, name) } else { None }
    }

    /// The same for a name that is too long for a block, or stands too near to the end of the body for one.
    #[inline(never)]
    fn find_long(&self, form: &Form, body: &[u8], at: usize, name: u32) -> Option<usize> {
        let name = self.names.get(NameId::new(name)?)?.as_bytes();
        let (found, behind) = body.get(at..)?.strip_prefix(b" N=\"")?.split_at_checked(name.len())?;
        let is_here = form.len != u32::MAX && same(found, name) && behind.first() == Some(&b'"');
        is_here.then(|| body.len() - behind.len() + 1)
    }

    /// The number of a name, or the limit that keeps a new one out.
    pub(super) fn number(&mut self, name: &[u8], limits: &Limits) -> Result<u32, DecodeErrorKind> {
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => self.add(name, limits)?,
        };
        if let Some(guess) = self.guesses.get_mut(index(self.place.0)) {
            guess.name = number;
        }
        self.used = self.place;
        self.place = Place::behind(number);
        Ok(number)
    }

    /// Says in which element the last name stood that was not guessed together with its tag.
    pub(super) fn learn(&mut self, tag: Tag) {
        if let Some(guess) = self.guesses.get_mut(index(self.used.0)) {
            let (word, word_len) = tag.start_word().unwrap_or((Guess::NONE.word, 0));
            (guess.tag, guess.word, guess.word_len) = (tag, word, word_len);
            guess.mask = u64::MAX.checked_shr(64 - u32::from(word_len) * 8).unwrap_or(0);
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
        NameId::new(number)
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
        let mut form = Form::NONE;
        if stands_for_itself(name) {
            let attribute = [b" N=\"", name, b"\""].concat();
            form.len = number(attribute.len());
            form.block.iter_mut().zip(&attribute).for_each(|(to, from)| *to = *from);
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

const BLOCK_LEN: usize = 32;
