//! Objects as a CLIXML document that Import-Clixml reads.

use std::io::{self, Write};

use psrp::clixml::{Encoder, Value};

/// Prints one document. Each object is complete in itself: reference numbers begin anew, which PowerShell's reader allows.
pub(crate) struct ClixmlPrinter<W> {
    out: W,
    select: Vec<String>,
    begun: bool,
    buffer: Vec<u8>,
}

impl<W: Write> ClixmlPrinter<W> {
    /// With `select`, each value becomes an object of these members.
    pub(crate) fn new(out: W, select: Vec<String>) -> Self {
        Self { out, select, begun: false, buffer: Vec::new() }
    }

    pub(crate) fn value(&mut self, value: Value<'_>) -> io::Result<()> {
        self.begin()?;
        self.buffer.clear();
        let mut encoder = Encoder::new(&mut self.buffer);
        if self.select.is_empty() {
            encoder.value(value);
        } else {
            encoder.object(None, &SELECTED_TYPES, None, |object| {
                object.members(|members| {
                    for name in &self.select {
                        match value.member(name) {
                            Some(member) => members.value_named(name.as_str(), member),
                            None => members.nil(name.as_str()),
                        }
                    }
                });
            });
        }
        self.out.write_all(&self.buffer)?;
        self.out.write_all(b"\n")
    }

    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.begin()?;
        self.out.write_all(b"</Objs>\n")?;
        self.out.flush()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        self.out.write_all(HEAD)
    }
}

const HEAD: &[u8] = b"<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n";
const SELECTED_TYPES: [&str; 3] =
    ["Selected.System.Object", "System.Management.Automation.PSCustomObject", "System.Object"];
