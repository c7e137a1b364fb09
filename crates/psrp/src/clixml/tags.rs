//! The tags of each kind of element, ready to be appended.

use super::node::Kind;
use super::sheet::Line;

/// The tags of a kind of element, without what ends the start tag.
pub(super) struct Tags {
    start: [u8; 16],
    /// The longest has 18 bytes: `</SemanticVersion>`.
    end: [u8; 32],
    name_len: u8,
}

impl Tags {
    /// The tags of a [`Kind`] by its number.
    #[inline(always)]
    pub(super) fn of(kind: u8) -> &'static Tags {
        // INVARIANT: every kind is below 64.
        &TAGS[usize::from(kind & 63)]
    }

    /// Appends `<` and the name.
    #[inline(always)]
    pub(super) fn push_start(&self, line: &mut Line<'_>) {
        line.push(&self.start, usize::from(self.name_len) + 1);
    }

    /// Appends the end tag.
    #[inline(always)]
    pub(super) fn push_end(&self, line: &mut Line<'_>) {
        line.push(&self.end, usize::from(self.name_len) + 3);
    }

    const fn new(number: u8) -> Tags {
        let mut tags = Tags { start: [0; 16], end: [0; 32], name_len: 0 };
        let Some(kind) = Kind::from_number(number) else { return tags };
        let name = kind.tag().as_bytes();
        (tags.start[0], tags.end[0], tags.end[1]) = (b'<', b'<', b'/');
        let mut at = 0;
        while at < name.len() {
            tags.start[1 + at] = name[at];
            tags.end[2 + at] = name[at];
            tags.name_len += 1;
            at += 1;
        }
        tags.end[2 + at] = b'>';
        tags
    }
}

static TAGS: [Tags; 64] = {
    let mut tags = [const { Tags::new(0) }; 64];
    let mut number = 0_u8;
    while number < 64 {
        #[expect(clippy::as_conversions, reason = "`usize::from` is not callable in a constant")]
        let place = number as usize;
        tags[place] = Tags::new(number);
        number += 1;
    }
    tags
};
