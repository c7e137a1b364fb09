//! Comma-separated values (RFC 4180) with a header, lines ending in CR LF.

use std::io::{self, Write};

use psrp::clixml::Value;

use super::columns;
use super::text::csv_cell;

/// Prints CSV. The columns are the selected members, else those of the first object; an object without a member gives
/// an empty cell, and a member that the first object did not have is left out.
pub(crate) struct CsvPrinter<W> {
    out: W,
    columns: Vec<String>,
    begun: bool,
}

impl<W: Write> CsvPrinter<W> {
    pub(crate) fn new(out: W, select: Vec<String>) -> Self {
        Self { out, columns: select, begun: false }
    }

    pub(crate) fn value(&mut self, value: Value<'_>) -> io::Result<()> {
        let value = value.resolve();
        if !self.begun {
            self.begun = true;
            if self.columns.is_empty() {
                self.columns = columns::names(value);
            }
            let header: Vec<String> =
                if self.columns.is_empty() { vec!["Value".to_owned()] } else { self.columns.clone() };
            self.row(&header)?;
        }
        let cells: Vec<String> = if self.columns.is_empty() {
            vec![csv_cell(value)]
        } else {
            self.columns.iter().map(|name| value.member(name).map_or(String::new(), csv_cell)).collect()
        };
        self.row(&cells)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn row(&mut self, cells: &[String]) -> io::Result<()> {
        for (index, text) in cells.iter().enumerate() {
            if 0 < index {
                self.out.write_all(b",")?;
            }
            if text.contains(['"', ',', '\n', '\r']) || text.trim() != text {
                write!(self.out, "\"{}\"", text.replace('"', "\"\""))?;
            } else {
                self.out.write_all(text.as_bytes())?;
            }
        }
        self.out.write_all(b"\r\n")
    }
}
