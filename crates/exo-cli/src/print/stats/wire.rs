//! The text of elements as it stands in a document that has been decoded already.

/// Finds elements by name, in document order.
///
/// The document is known to be well-formed, so nothing is checked again; on anything unexpected the search ends.
pub(super) struct WireText<'t> {
    rest: &'t [u8],
}

/// A start tag.
struct Tag<'t> {
    name: &'t [u8],
    is_empty: bool,
}

impl<'t> WireText<'t> {
    pub(super) fn new(document: &'t [u8]) -> Self {
        Self { rest: document }
    }

    /// The text of the next element of this name. `None` when there is none, or when its text is not plain characters.
    pub(super) fn next(&mut self, name: &str) -> Option<&'t str> {
        let tag = std::iter::from_fn(|| self.next_tag()).find(|tag| tag.name == name.as_bytes())?;
        if tag.is_empty {
            return Some("");
        }
        let end = find(self.rest, b"<")?;
        let text = std::str::from_utf8(self.rest.get(..end)?).ok()?;
        let plain = !text.contains('&') && self.rest.get(end..)?.starts_with(b"</");
        plain.then_some(text)
    }

    /// Moves behind the next start tag; comments, processing instructions and literal text are no tags.
    fn next_tag(&mut self) -> Option<Tag<'t>> {
        loop {
            let markup = self.rest.get(find(self.rest, b"<")?..)?;
            let opaque = OPAQUE.iter().find(|(begin, _)| markup.starts_with(begin));
            if let Some((begin, end)) = opaque {
                let inside = markup.get(begin.len()..)?;
                self.rest = inside.get(find(inside, end)? + end.len()..)?;
                continue;
            }
            let inside = markup.get(1..)?;
            let end = tag_end(inside)?;
            self.rest = inside.get(end + 1..)?;
            let inside = inside.get(..end)?;
            if !inside.starts_with(b"/") {
                let is_name = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'/';
                let len = inside.iter().position(|byte| !is_name(byte)).unwrap_or(inside.len());
                return Some(Tag { name: inside.get(..len)?, is_empty: inside.ends_with(b"/") });
            }
        }
    }
}

/// The place of the `>` that ends a tag; one inside an attribute value does not.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    tag.iter().position(|&byte| {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            _ => {}
        }
        quote.is_none() && byte == b'>'
    })
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

static OPAQUE: [(&[u8], &[u8]); 3] = [(b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")];

#[cfg(test)]
mod tests {
    use super::WireText;

    #[test]
    fn elements_are_found_in_order_with_their_own_text() {
        let document = b"<?xml <I32>0</I32> ?><Objs a='>'><!-- <I32>1</I32> --><S N=\"<I32>\">x</S>\
            <S><![CDATA[<I32>2</I32>]]></S><I32 N='a'> 03 </I32><Db>1e0</Db><I32 /><I32>&#52;</I32></Objs>";
        let mut wire = WireText::new(document);
        assert_eq!(wire.next("I32"), Some(" 03 "));
        assert_eq!(wire.next("Db"), Some("1e0"));
        assert_eq!(wire.next("I32"), Some(""));
        assert_eq!(wire.next("I32"), None);
        assert_eq!(wire.next("I32"), None);
    }
}
