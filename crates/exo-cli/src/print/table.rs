//! Rows under a header, as wide as the first rows need.

use std::io::{self, Write};

use psrp::clixml::Value;

use super::columns;
use super::text::{cell, printable};

/// Prints a table. The first rows are held back until there are enough to know how wide the columns must be, or until
/// [`TablePrinter::settle`]; from then on each row goes out as it comes.
pub(crate) struct TablePrinter<W> {
    out: W,
    select: Vec<String>,
    /// Characters of a terminal line; `None` when the output is no terminal.
    line: Option<usize>,
    columns: Vec<Column>,
    held: Vec<Vec<String>>,
    settled: bool,
    tables: usize,
}

struct Column {
    name: String,
    width: usize,
    right: bool,
}

impl<W: Write> TablePrinter<W> {
    pub(crate) fn new(out: W, select: Vec<String>, line: Option<usize>) -> Self {
        Self { out, select, line, columns: Vec::new(), held: Vec::new(), settled: false, tables: 0 }
    }

    pub(crate) fn value(&mut self, value: Value<'_>) -> io::Result<()> {
        let value = value.resolve();
        let plain = self.select.is_empty() && columns::names(value).is_empty();
        if plain {
            self.end_table()?;
            return writeln!(self.out, "{}", printable(&cell(value)));
        }
        let fits = self.columns.iter().any(|column| value.member(&column.name).is_some());
        if self.columns.is_empty() || !fits && self.select.is_empty() {
            self.end_table()?;
            self.begin_table(value);
        }
        let row = self.columns.iter().map(|column| value.member(&column.name));
        let row: Vec<Option<Value<'_>>> = row.collect();
        if !self.settled && self.held.is_empty() {
            for (column, member) in self.columns.iter_mut().zip(&row) {
                column.right = member.is_some_and(|member| is_number(member));
            }
        }
        let cells: Vec<String> = row
            .into_iter()
            .map(|member| member.map_or(String::new(), |member| printable(&cell(member))))
            .collect();
        if self.settled {
            return self.row(&cells);
        }
        self.held.push(cells);
        if HELD_ROWS <= self.held.len() { self.settle() } else { Ok(()) }
    }

    /// Prints what was held back: nothing may come for a while.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        if self.settled || self.held.is_empty() {
            return self.out.flush();
        }
        self.settled = true;
        let held = std::mem::take(&mut self.held);
        for (index, column) in self.columns.iter_mut().enumerate() {
            let widest = held.iter().filter_map(|row| row.get(index)).map(|text| width(text)).max();
            column.width = widest.unwrap_or_default().max(width(&column.name));
        }
        self.fit();
        if 0 < self.tables {
            writeln!(self.out)?;
        }
        self.tables += 1;
        let names: Vec<String> = self.columns.iter().map(|column| printable(&column.name)).collect();
        self.row(&names)?;
        let rules: Vec<String> = names.iter().map(|name| "-".repeat(width(name))).collect();
        self.row(&rules)?;
        for row in &held {
            self.row(row)?;
        }
        self.out.flush()
    }

    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.settle()?;
        self.out.flush()
    }

    fn begin_table(&mut self, value: Value<'_>) {
        let names = if self.select.is_empty() { columns::choose(value) } else { self.select.clone() };
        self.columns = names.into_iter().map(|name| Column { name, width: 0, right: false }).collect();
    }

    fn end_table(&mut self) -> io::Result<()> {
        self.settle()?;
        self.settled = false;
        self.columns.clear();
        Ok(())
    }

    /// On a terminal the widest columns give way until the line fits.
    fn fit(&mut self) {
        let Some(line) = self.line else { return };
        let gaps = self.columns.len().saturating_sub(1);
        loop {
            let total: usize = self.columns.iter().map(|column| column.width).sum::<usize>() + gaps;
            let Some(widest) = self.columns.iter_mut().max_by_key(|column| column.width) else { return };
            if total <= line || widest.width <= LEAST_WIDTH {
                return;
            }
            widest.width = widest.width.saturating_sub(total - line).max(widest.width / 2).max(LEAST_WIDTH);
        }
    }

    fn row(&mut self, cells: &[String]) -> io::Result<()> {
        let mut line = String::new();
        for (index, (column, text)) in self.columns.iter().zip(cells).enumerate() {
            if 0 < index {
                line.push(' ');
            }
            let text = if self.line.is_some() { cut(text, column.width) } else { text.clone() };
            let blanks = " ".repeat(column.width.saturating_sub(width(&text)));
            let (before, after) = if column.right { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
            line.extend([before, text.as_str(), after]);
        }
        writeln!(self.out, "{}", line.trim_end())
    }
}

fn is_number(value: Value<'_>) -> bool {
    value.kind().is_primitive()
        && (value.as_i64().is_some() || value.as_u64().is_some() || value.as_f64().is_some())
}

/// Characters; wide ones count once, which leaves a ragged edge and loses nothing.
fn width(text: &str) -> usize {
    text.chars().count()
}

fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

const HELD_ROWS: usize = 50;
const LEAST_WIDTH: usize = 8;
