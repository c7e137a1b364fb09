//! The progress record.

use super::error::{DecodeError, DecodeErrorKind};
use super::escape::unescape;
use super::node::{Kind, Node};
use super::parse::Parser;
use super::primitive::{expectation, parse_scalar, trim};
use super::start_tag::Start;
use super::tag::{Tag, is_name_end};
use super::wide::number;

impl Parser<'_> {
    /// `<PR>`: a progress record, whose parts have a fixed order (the schema of MS-PSRP 2.2.5.3 leaves it out;
    /// PowerShell writes it into redirected output).
    pub(super) fn progress(&mut self, start: &Start) -> Result<(), DecodeError> {
        const PARENT: &str = "PR";
        let own = self.nodes.len();
        let misplaced =
            |expected, at| DecodeError::new(DecodeErrorKind::Misplaced { parent: PARENT, expected }, at);
        if start.empty {
            return Err(misplaced("an <AV> first", self.at));
        }
        let node =
            Node { kind: Kind::Progress.number(), flags: 0, aux: start.stream, name: start.name, a: 0, b: 0 };
        self.nodes.push(node);
        for part in PROGRESS_PARTS {
            self.skip_space()?;
            let begin = self.at;
            let (tag, is_nil) = match part.kind {
                Kind::Nil if self.rest().starts_with(b"<Nil") => ("Nil", true),
                Kind::Nil => ("S", false),
                _ => (part.tag, false),
            };
            let name = self.rest().strip_prefix(b"<").and_then(|rest| rest.strip_prefix(tag.as_bytes()));
            if !name.and_then(<[u8]>::first).is_some_and(|byte| is_name_end(*byte)) {
                return Err(misplaced(part.expected, begin));
            }
            let inner = self.attributes(begin + 1 + tag.len(), &mut None)?;
            let (content, base) = (self.at, self.side.len());
            if !inner.empty {
                self.content(tag)?;
            }
            unescape(&mut self.side, base, self.scratch);
            let name = match part.kind {
                Kind::Nil => Ok(0),
                _ => self.interner.number(part.tag.as_bytes(), self.limits),
            };
            let name = name.map_err(|met| DecodeError::new(met, begin))?;
            let text = self.side.get(base..).unwrap_or_default();
            let inner = Start { name, ref_id: None, stream: 0, empty: false };
            match part.kind {
                Kind::Int32 => {
                    let value = parse_scalar(Kind::Int32, trim(text));
                    self.side.truncate(base);
                    let value = value
                        .ok_or_else(|| DecodeError::value(part.tag, expectation(Kind::Int32), content))?;
                    self.push_scalar(Tag::of(Kind::Int32), &inner, value);
                }
                Kind::Nil if is_nil && text.is_empty() => {
                    let kind = Kind::Nil.number();
                    self.nodes.push(Node { kind, flags: 0, aux: 0, name, a: 0, b: 0 });
                }
                Kind::Nil if is_nil => return Err(DecodeError::value("Nil", "empty", content)),
                _ => {
                    if part.tag == "T"
                        && !PROGRESS_TYPES.iter().any(|known| known.eq_ignore_ascii_case(trim(text)))
                    {
                        return Err(DecodeError::value(part.tag, "Processing or Completed", content));
                    }
                    let (a, b) = (number(base), number(self.side.len() - base));
                    let kind = Kind::String.number();
                    self.nodes.push(Node { kind, flags: Node::IN_SIDE, aux: 0, name, a, b });
                }
            }
        }
        self.skip_space()?;
        self.named_end_tag(PARENT)?;
        let end = number(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(own) {
            node.a = end;
        }
        Ok(())
    }
}

/// A part of a progress record.
struct ProgressPart {
    tag: &'static str,
    /// `Nil` stands for the current operation, which is null or a string.
    kind: Kind,
    expected: &'static str,
}

const PROGRESS_PARTS: [ProgressPart; 8] = [
    ProgressPart { tag: "AV", kind: Kind::String, expected: "an <AV> first" },
    ProgressPart { tag: "AI", kind: Kind::Int32, expected: "an <AI> behind the <AV>" },
    ProgressPart { tag: "S", kind: Kind::Nil, expected: "a <Nil> or <S> behind the <AI>" },
    ProgressPart { tag: "PI", kind: Kind::Int32, expected: "a <PI> behind the current operation" },
    ProgressPart { tag: "PC", kind: Kind::Int32, expected: "a <PC> behind the <PI>" },
    ProgressPart { tag: "T", kind: Kind::String, expected: "a <T> behind the <PC>" },
    ProgressPart { tag: "SR", kind: Kind::Int32, expected: "an <SR> behind the <T>" },
    ProgressPart { tag: "SD", kind: Kind::String, expected: "an <SD> behind the <SR>" },
];
const PROGRESS_TYPES: [&[u8]; 4] = [b"Processing", b"Completed", b"0", b"1"];
