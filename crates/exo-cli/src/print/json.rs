//! Values as JSON. The mapping is stable:
//!
//! | CLIXML | JSON |
//! |---|---|
//! | null, Boolean | `null`, `true`, `false` |
//! | integers, Single, Double, Decimal | a number with every digit (U64 and the scale of a Decimal stay); `"NaN"`, `"INF"`, `"-INF"` |
//! | text, URI, GUID, Version, XML, script block, Char | text; half a surrogate pair stands as its `\uD83D` |
//! | date | text `2026-11-21T10:15:30.1234567+01:00`, as on the wire |
//! | duration | text `P1DT2H3M4.5S`, as on the wire |
//! | bytes | base64 text |
//! | secure string | the text `System.Security.SecureString`: nothing secret is printed |
//! | enumeration | its name, where the wire has it, else its number |
//! | list, enumerable, stack, queue | array; notes on the container are left out |
//! | dictionary | object, in order; a key that is no text stands as its text |
//! | object around a primitive or a container | that value; notes on it are left out |
//! | object with members | object: adapted members in order, then extended ones. Of one name the extended member counts, as in PowerShell |
//! | object without members | its display text, else `{}` |
//!
//! References are written out, so that nothing depends on how a server numbers its objects. One that leads back to an
//! object it stands in becomes `{"$ref":"$.Path"}`, the path from the top of the same value. What would repeat more than
//! a million nodes in one value, or nest deeper than any document can, becomes `{"$ref":null}`.

mod scalar;
mod walk;

use std::io::{self, Write};

use psrp::clixml::Value;

use self::walk::{Layout, Walk};

/// Writes values as JSON: one to a line, or all in one indented array.
pub(crate) struct JsonPrinter<W> {
    out: W,
    form: Form,
    select: Vec<String>,
    count: u64,
}

/// Which of the two JSON forms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One array with all values, indented.
    Array,
    /// One value on each line.
    Lines,
}

impl<W: Write> JsonPrinter<W> {
    /// With `select`, each value becomes an object of these members.
    pub(crate) fn new(out: W, form: Form, select: Vec<String>) -> Self {
        Self { out, form, select, count: 0 }
    }

    pub(crate) fn value(&mut self, value: Value<'_>) -> io::Result<()> {
        let layout = match self.form {
            Form::Lines => Layout::Compact,
            Form::Array => {
                self.out.write_all(if self.count == 0 { b"[\n  " } else { b",\n  " })?;
                Layout::Indented { level: 1 }
            }
        };
        self.count += 1;
        let mut walk = Walk::new(&mut self.out, layout);
        if self.select.is_empty() {
            walk.top(value)?;
        } else {
            walk.selected(value, &self.select)?;
        }
        if self.form == Form::Lines { self.out.write_all(b"\n") } else { Ok(()) }
    }

    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match (self.form, self.count) {
            (Form::Lines, _) => {}
            (Form::Array, 0) => self.out.write_all(b"[]\n")?,
            (Form::Array, _) => self.out.write_all(b"\n]\n")?,
        }
        self.out.flush()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
