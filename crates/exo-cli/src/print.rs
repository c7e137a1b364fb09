//! The forms in which objects are printed.

pub(crate) mod clixml;
pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod stats;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod tree;

use std::io::{self, Write};

use psrp::clixml::Value;

use self::clixml::ClixmlPrinter;
use self::csv::CsvPrinter;
use self::json::{Form, JsonPrinter};
use self::list::ListPrinter;
use self::table::TablePrinter;
use crate::args::RunOutput;

/// Prints the objects of a command as they arrive.
pub(crate) enum Printer<W: Write> {
    Table(TablePrinter<W>),
    List(ListPrinter<W>),
    Json(JsonPrinter<W>),
    Csv(CsvPrinter<W>),
    Clixml(ClixmlPrinter<W>),
}

impl<W: Write> Printer<W> {
    /// `line` is the width of the terminal, if the output is one.
    pub(crate) fn new(output: RunOutput, out: W, select: Vec<String>, line: Option<usize>) -> Self {
        match output {
            RunOutput::Table => Self::Table(TablePrinter::new(out, select, line)),
            RunOutput::List => Self::List(ListPrinter::new(out, select)),
            RunOutput::Json => Self::Json(JsonPrinter::new(out, Form::Array, select)),
            RunOutput::Jsonl => Self::Json(JsonPrinter::new(out, Form::Lines, select)),
            RunOutput::Csv => Self::Csv(CsvPrinter::new(out, select)),
            RunOutput::Clixml => Self::Clixml(ClixmlPrinter::new(out, select)),
        }
    }

    /// Prints one object.
    pub(crate) fn value(&mut self, value: Value<'_>) -> io::Result<()> {
        match self {
            Self::Table(printer) => printer.value(value),
            Self::List(printer) => printer.value(value),
            Self::Json(printer) => printer.value(value),
            Self::Csv(printer) => printer.value(value),
            Self::Clixml(printer) => printer.value(value),
        }
    }

    /// Shows what there is: nothing may come for a while.
    pub(crate) fn pause(&mut self) -> io::Result<()> {
        match self {
            Self::Table(printer) => printer.settle(),
            Self::List(printer) => printer.flush(),
            Self::Json(printer) => printer.flush(),
            Self::Csv(printer) => printer.flush(),
            Self::Clixml(printer) => printer.flush(),
        }
    }

    /// Prints what belongs behind the last object.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Table(printer) => printer.finish(),
            Self::List(printer) => printer.flush(),
            Self::Json(printer) => printer.finish(),
            Self::Csv(printer) => printer.flush(),
            Self::Clixml(printer) => printer.finish(),
        }
    }
}

#[cfg(test)]
mod tests;
