//! One member to a line, one block to an object.

use std::io::{self, Write};

use psrp::clixml::Value;

use super::columns;
use super::text::{cell, printable};

/// Prints `Name : value` lines.
pub(crate) struct ListPrinter<W> {
    out: W,
    select: Vec<String>,
    count: u64,
}

impl<W: Write> ListPrinter<W> {
    pub(crate) fn new(out: W, select: Vec<String>) -> Self {
        Self { out, select, count: 0 }
    }

    pub(crate) fn value(&mut self, value: Value<'_>) -> io::Result<()> {
        let value = value.resolve();
        let all;
        let names = if self.select.is_empty() {
            all = columns::names(value);
            &all
        } else {
            &self.select
        };
        if names.is_empty() {
            return writeln!(self.out, "{}", printable(&cell(value)));
        }
        if 0 < self.count {
            writeln!(self.out)?;
        }
        self.count += 1;
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        for name in names {
            let text = value.member(name).map_or(String::new(), |member| printable(&cell(member)));
            let line = format!("{:width$} : {text}", printable(name));
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
