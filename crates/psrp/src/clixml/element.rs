//! The elements that tapes and requests have in common, written in lines of a sheet.

use super::digits::push_number;
use super::node::Kind;
use super::scan::Scanner;
use super::sheet::{Line, Sheet};
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
#[inline(always)]
pub(super) fn push_type_names<'t>(
    sheet: &mut Sheet,
    scanner: Scanner,
    lists: &mut WrittenLists,
    names: impl Iterator<Item = Part<'t>>,
) -> u64 {
    let (start, id) = (sheet.end(), lists.next_id());
    push_with_id(sheet, Kind::TypeNames, id, false);
    let first = sheet.end();
    for name in names {
        push_type_name(sheet, scanner, name);
    }
    let end = sheet.end();
    if first == end {
        sheet.cut(start);
        push_with_id(sheet, Kind::TypeNames, id, true);
    }
    // Whether there was such a list before is seen best in what is written.
    if let Some(id) = lists.find_or_insert(sheet.bytes(), first..end) {
        sheet.cut(start);
        push_with_id(sheet, Kind::TypeNamesRef, id, true);
        return id;
    }
    if first != end {
        push_end_tag(sheet, Tags::of(Kind::TypeNames.number()));
    }
    id
}

#[inline(always)]
fn push_type_name(sheet: &mut Sheet, scanner: Scanner, name: Part<'_>) {
    let Some(mut line) = sheet.line() else { return };
    if name.start == name.end {
        line.push(b"<T />", 5);
    } else {
        line.push(b"<T>", 3);
        let at = push_plain::<false>(&mut line, scanner, name.bytes, name.start, name.end);
        if at < name.end {
            let len = line.len();
            sheet.advance(len);
            push_text::<false>(sheet, scanner, name.bytes, at, name.end);
            let Some(next) = sheet.line() else { return };
            line = next;
        }
        line.push(b"</T>", 4);
    }
    let len = line.len();
    sheet.advance(len);
}

/// Appends `<tag RefId="…">`, or the same without an end tag to follow.
#[inline(always)]
pub(super) fn push_with_id(sheet: &mut Sheet, kind: Kind, id: u64, is_empty: bool) {
    let Some(mut line) = sheet.line() else { return };
    Tags::of(kind.number()).push_start(&mut line);
    push_id(&mut line, id, is_empty);
    let len = line.len();
    sheet.advance(len);
}

/// Appends ` RefId="…"` and what ends the tag.
#[inline(always)]
pub(super) fn push_id(line: &mut Line<'_>, id: u64, is_empty: bool) {
    line.push(b" RefId=\"", 8);
    push_number(line, id);
    let (end, len) = if is_empty { (b"\" />", 4) } else { (b"\">\0\0", 2) };
    line.push(end, len);
}

/// Appends an end tag.
#[inline(always)]
pub(super) fn push_end_tag(sheet: &mut Sheet, tags: &Tags) {
    let Some(mut line) = sheet.line() else { return };
    tags.push_end(&mut line);
    let len = line.len();
    sheet.advance(len);
}
