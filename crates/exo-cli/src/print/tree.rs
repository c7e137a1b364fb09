//! Every node of a document on a line of its own: nothing is merged or left out.
//!
//! A line has the element, the member name, and what stands in it. An object that a reference points to, and each
//! reference to it, carry the same `#number`.

use std::collections::HashSet;
use std::io::{self, Write};

use psrp::clixml::{Kind, Tape, Value};

use super::text::{cell, printable};

/// Prints all values of a tape.
pub(crate) fn print(out: &mut impl Write, tape: &Tape) -> io::Result<()> {
    let mut targets = HashSet::new();
    for index in 0..u32::try_from(tape.nodes().len()).unwrap_or(u32::MAX) {
        let Some(value) = tape.value_at(index) else { continue };
        if value.kind() == Kind::Ref {
            targets.insert(value.resolve().index());
        }
    }
    let mut open: Vec<_> = vec![tape.values()];
    while let Some(siblings) = open.last_mut() {
        let Some(value) = siblings.next() else {
            open.pop();
            continue;
        };
        let depth = open.len() - 1;
        line(out, value, depth, &targets)?;
        open.push(value.children());
    }
    out.flush()
}

fn line(out: &mut impl Write, value: Value<'_>, depth: usize, targets: &HashSet<u32>) -> io::Result<()> {
    write!(out, "{:indent$}{}", "", value.kind().tag(), indent = 2 * depth)?;
    if let Some(name) = value.name() {
        write!(out, " {}", printable(&name.to_lossy()))?;
    }
    if let Some(stream) = value.stream().filter(|_| depth == 0) {
        write!(out, " ({})", stream.name())?;
    }
    match value.kind() {
        Kind::Object if targets.contains(&value.index()) => write!(out, " #{}", value.index())?,
        Kind::Ref => write!(out, " -> #{}", value.resolve().index())?,
        Kind::TypeNamesRef => {
            if let Some(names) = value.tape().value_at(value.node().a) {
                let first = names.children().next().and_then(Value::text).unwrap_or_default();
                write!(out, " -> {}", printable(&first.to_lossy()))?;
            }
        }
        Kind::Nil => {}
        kind if kind.is_container() => {}
        _ => write!(out, " = {}", printable(&cell(value)))?,
    }
    writeln!(out)
}
