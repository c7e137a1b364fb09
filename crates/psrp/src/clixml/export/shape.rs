//! What PowerShell's reader makes of an object of the wire.

use super::super::node::Kind;
use super::super::text::Text;
use super::super::value::Value;

/// What PowerShell makes of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A property bag, or an object around another.
    Complex,
    Container,
    /// A primitive.
    Plain,
}

impl Shape {
    pub(super) fn of(base: Option<Value<'_>>) -> Self {
        match base.map(Value::kind) {
            Some(kind) if kind.is_primitive() => Shape::Plain,
            Some(kind) if kind.is_container() && kind != Kind::Object => Shape::Container,
            _ => Shape::Complex,
        }
    }
}

/// Whether the object around a primitive says more than the primitive. An empty `<Props>` counts: PowerShell's reader
/// marks the object.
pub(super) fn has_notes(object: Value<'_>) -> bool {
    object.children().any(|part| match part.kind() {
        Kind::TypeNames | Kind::TypeNamesRef | Kind::ToString | Kind::Props => true,
        Kind::Members => part.children().next().is_some(),
        _ => false,
    })
}

/// The types of the .NET object that PowerShell's reader makes where the wire names none.
pub(super) fn own_types(base: Option<Value<'_>>) -> Option<&'static [&'static str]> {
    Some(match base.map(Value::kind) {
        None => &["System.Management.Automation.PSCustomObject", "System.Object"],
        Some(Kind::List | Kind::Enumerable) => &["System.Collections.ArrayList", "System.Object"],
        Some(Kind::Dictionary) => &["System.Collections.Hashtable", "System.Object"],
        Some(Kind::Queue) => &["System.Collections.Queue", "System.Object"],
        Some(Kind::Stack) => &["System.Collections.Stack", "System.Object"],
        Some(_) => return None,
    })
}

pub(super) fn is_marked(name: Text<'_>) -> bool {
    let start = name.as_bytes().get(..MARK.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(MARK.as_bytes()))
}

/// Stands ahead of the names of types that were read and are no longer live.
pub(super) const MARK: &str = "Deserialized.";
