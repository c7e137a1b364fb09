//! Comma-separated values (RFC 4180) with a header.

use zeroize::Zeroizing;

use super::{Cells, Place, Row};

/// A text that was looked through: every row has as many values as the header, and every quote ends.
pub(super) struct Csv {
    text: Zeroizing<String>,
    /// Where the header begins: behind PowerShell's `#TYPE` line.
    start: usize,
    delimiter: u8,
    columns: csv::StringRecord,
}

impl Csv {
    /// The problem is the end of a sentence that begins with the file's name.
    pub(super) fn new(text: Zeroizing<String>, delimiter: u8) -> Result<Self, String> {
        let start =
            if text.starts_with("#TYPE ") { text.find('\n').map_or(text.len(), |end| end + 1) } else { 0 };
        let mut csv = Self { text, start, delimiter, columns: csv::StringRecord::new() };
        check_quotes(csv.body(), delimiter)
            .map_err(|(line, problem)| format!("has {problem} in line {}", line + csv.lines_before()))?;
        let mut columns = csv.reader().headers().map_err(|error| csv.sentence(&error))?.clone();
        columns.trim();
        if columns.iter().all(str::is_empty) {
            return Err("has no header: its first line must name the columns".to_owned());
        }
        for (place, name) in columns.iter().enumerate() {
            let is_same = |other: &&str| !name.is_empty() && other.eq_ignore_ascii_case(name);
            if columns.iter().take(place).any(|other| is_same(&other)) {
                return Err(format!("has the column {name} twice"));
            }
        }
        csv.columns = columns;
        Ok(csv)
    }

    pub(super) fn columns(&self) -> Vec<&str> {
        self.columns.iter().collect()
    }

    pub(super) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name.eq_ignore_ascii_case(column))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Row, String>> {
        // The place of the row before, so that lines are counted once.
        let mut known = (0, 1 + self.lines_before());
        (1u32..).zip(self.reader().into_records()).map(move |(number, record)| {
            let record = record.map_err(|error| self.sentence(&error))?;
            known = self.walk(known, record.position());
            Ok(Row { place: Place { number, line: known.1 }, cells: Cells::Csv(record) })
        })
    }

    /// From a known offset and its line to those of a record. The reader's own count of lines is behind by what ends
    /// the record before it, and by blank lines.
    fn walk(&self, (from, line): (usize, u64), record: Option<&csv::Position>) -> (usize, u64) {
        let body = self.body().as_bytes();
        let at = record.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(from);
        let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let at = at + body.get(at..).unwrap_or_default().iter().take_while(is_end).count();
        let ends = body.get(from..at).unwrap_or_default().iter().filter(|&&byte| byte == b'\n').count();
        (at, line + u64::try_from(ends).unwrap_or(0))
    }

    fn reader(&self) -> csv::Reader<&[u8]> {
        csv::ReaderBuilder::new().delimiter(self.delimiter).from_reader(self.body().as_bytes())
    }

    fn body(&self) -> &str {
        self.text.get(self.start..).unwrap_or_default()
    }

    fn lines_before(&self) -> u64 {
        u64::from(self.start != 0)
    }

    /// The end of a sentence that begins with the file's name.
    fn sentence(&self, error: &csv::Error) -> String {
        match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let (_, line) = self.walk((0, 1 + self.lines_before()), pos.as_ref());
                format!(
                    "has {} in line {line}, and {} in its header: a value with a comma in it stands in double quotes",
                    values(*len),
                    values(*expected_len)
                )
            }
            _ => format!("cannot be read: {error}"),
        }
    }
}

fn values(count: u64) -> String {
    if count == 1 { "1 value".to_owned() } else { format!("{count} values") }
}

/// What a lenient reader would take for a value, to the end of the file if need be. The error has the line, counted
/// from 1, and what is there.
fn check_quotes(text: &str, delimiter: u8) -> Result<(), (u64, &'static str)> {
    let mut line = 1u64;
    let mut bytes = text.bytes().peekable();
    // Whether a quote that comes now opens a value.
    let mut at_start = true;
    while let Some(byte) = bytes.next() {
        if byte == b'"' && at_start {
            let opened = line;
            loop {
                match bytes.next() {
                    None => return Err((opened, "a quote that is never closed")),
                    Some(b'"') if bytes.peek() == Some(&b'"') => drop(bytes.next()),
                    Some(b'"') => break,
                    Some(b'\n') => line += 1,
                    Some(_) => {}
                }
            }
            if bytes.peek().is_some_and(|&next| next != delimiter && next != b'\r' && next != b'\n') {
                return Err((line, "text behind a closing quote (a quote within quotes is written twice)"));
            }
        }
        if byte == b'\n' {
            line += 1;
        }
        at_start = byte == delimiter || byte == b'\n' || byte == b'\r';
    }
    Ok(())
}
