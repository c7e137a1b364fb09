//! The elements that tapes and requests have in common, written in lines of a sheet.

use super::digits::push_number;
use super::node::Kind;
use super::padded::Padded;
use super::scan::Scanner;
use super::sheet::Sheet;
use super::tags::Tags;
use super::write::{push_plain, push_text};
use super::written::WrittenLists;

/// Some text, with what stands around it, so that it can be read in whole blocks.
#[derive(Clone, Copy)]
pub(super) struct Part<'t> {
    pub(super) bytes: &'t [u8],
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'t> Part<'t> {
    pub(super) fn all_of(bytes: &'t [u8]) -> Self {
        Part { bytes, start: 0, end: bytes.len() }
    }
}

/// Appends `<TN>` with the names, or `<TNRef>` when the same list was written before. Gives back the id of the list.
#[inline]
pub(super) fn push_type_names<'t>(
    sheet: &mut Sheet,
    scanner: Scanner,
    lists: &mut WrittenLists,
    names: impl Iterator<Item = Part<'t>>,
) -> u64 {
    let (start, id) = (sheet.end(), lists.next_id());
    push_with_id(sheet, Kind::TypeNames, id, b">\0\0", 1);
    let first = sheet.end();
    for name in names {
        push_text_element(sheet, scanner, Kind::TypeName, &Padded::BARE, name);
    }
    let end = sheet.end();
    if first == end {
        sheet.cut(start);
        push_with_id(sheet, Kind::TypeNames, id, b" />", 3);
    }
    // Whether there was such a list before is seen best in what is written.
    if let Some(id) = lists.find_or_insert(sheet.bytes(), first..end) {
        sheet.cut(start);
        push_with_id(sheet, Kind::TypeNamesRef, id, b" />", 3);
        return id;
    }
    if first != end {
        push_end_tag(sheet, Kind::TypeNames.number());
    }
    id
}

/// Appends `<tag RefId="…"` and what ends the tag.
#[inline]
pub(super) fn push_with_id(sheet: &mut Sheet, kind: Kind, id: u64, end: &[u8; 3], end_len: usize) {
    let tags = Tags::of(kind.number());
    let Some(mut line) = sheet.line() else { return };
    tags.push_start(&mut line);
    line.push(b" RefId=\"", 8);
    push_number(&mut line, id);
    line.push(b"\"", 1);
    line.push(end, end_len);
    let len = line.len();
    sheet.advance(len);
}

/// Appends the end tag of a [`Kind`] by its number.
#[inline(always)]
pub(super) fn push_end_tag(sheet: &mut Sheet, kind: u8) {
    let Some(mut line) = sheet.line() else { return };
    Tags::of(kind).push_end(&mut line);
    let len = line.len();
    sheet.advance(len);
}

/// Appends an element with escaped text. One without a name and without text has no end tag, when it is a part of an
/// object or of a list of type names.
#[inline(always)]
pub(super) fn push_text_element(
    sheet: &mut Sheet,
    scanner: Scanner,
    kind: Kind,
    attribute: &Padded,
    text: Part<'_>,
) {
    let tags = Tags::of(kind.number());
    let is_empty = text.start == text.end && matches!(kind, Kind::ToString | Kind::TypeName);
    let Some(mut line) = sheet.start_tag(tags, attribute, usize::from(is_empty)) else { return };
    if is_empty {
        line.push(b" />", 3);
    } else {
        let at = push_plain::<false>(&mut line, scanner, text.bytes, text.start, text.end);
        if at < text.end {
            let len = line.len();
            sheet.advance(len);
            push_text::<false>(sheet, scanner, text.bytes, at, text.end);
            let Some(next) = sheet.line() else { return };
            line = next;
        }
        tags.push_end(&mut line);
    }
    let len = line.len();
    sheet.advance(len);
}
