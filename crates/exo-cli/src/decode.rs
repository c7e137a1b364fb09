//! `exo decode`: a CLIXML file in another form.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use bytes::Bytes;
use psrp::clixml::{Decoder, Limits, Tape, export_document, utf8_document};

use crate::args::{Decode, DecodeOutput};
use crate::exit::{Exit, Failure};
use crate::print::json::{Form, JsonPrinter};
use crate::print::{stats, tree};

pub(crate) fn run(arguments: &Decode) -> Result<Exit, Failure> {
    let (document, tape) = read(&arguments.file)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match arguments.output {
        DecodeOutput::Json => json(&mut out, Form::Array, &tape)?,
        DecodeOutput::Jsonl => json(&mut out, Form::Lines, &tape)?,
        DecodeOutput::Tree => tree::print(&mut out, &tape)?,
        DecodeOutput::Stats => writeln!(out, "{}", stats::line(&document, &tape))?,
        // A clock of no machine: a document is the same wherever it is written.
        DecodeOutput::Clixml => export_document(&tape, |_| 0, &mut out)?,
    }
    out.flush()?;
    Ok(Exit::Success)
}

fn json(out: &mut impl Write, form: Form, tape: &Tape) -> io::Result<()> {
    let mut printer = JsonPrinter::new(out, form, Vec::new());
    for value in tape.values() {
        printer.value(value)?;
    }
    printer.finish()
}

/// The document in UTF-8, and its tape.
fn read(file: &Path) -> Result<(Bytes, Tape), Failure> {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let mut bytes = Vec::new();
    let mut limits = Limits::default();
    let most = u64::try_from(limits.max_body_len).unwrap_or(u64::MAX).saturating_add(1);
    let outcome = if file == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    outcome.map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    // In a file, the whole document may be one value.
    limits.max_object_len = limits.max_body_len;
    utf8_document(bytes)
        .and_then(|document| Ok((document.clone(), Decoder::new(limits).decode(document)?)))
        .map_err(|error| Failure::Input(format!("{name} is not CLIXML that can be read: {error}")))
}
