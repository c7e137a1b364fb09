//! A command line with columns in its values: `-Identity '{Identity}' -Hidden '{Hidden:bool}'`.
//!
//! | in a value | stands for |
//! |---|---|
//! | `{Name}` | the row's value of the column `Name`, in any case of letters |
//! | `{Name:bool}` | `true` or `false` of a text, in any case, with or without `$` |
//! | `{Name:number}` | the number that a text spells |
//! | `{Name:list}` | the parts of a text between semicolons; none of an empty text |
//! | `{Name:secret}` | a SecureString of a text |
//! | `{{`, `}}` | a brace |
//!
//! A value that is one placeholder and nothing else is what the row has (of JSON lines a number, a list, null); within
//! other text a placeholder becomes text. Column names come out of the file, so that a brace that was meant as one is
//! told about, and never sent.

use std::collections::HashMap;

use exo_session::Secret;
use sha2::{Digest, Sha256};

use super::MAX_ROWS;
use super::rows::{Place, Row, Rows};
use crate::exit::Failure;
use crate::value::{CommandLine, Parameter};

/// A command whose parameters take values from rows.
#[derive(Debug)]
pub(crate) struct Template {
    command: String,
    parameters: Vec<(String, Slot)>,
}

/// The value of a parameter, with its places for the row's values.
#[derive(Debug, Clone)]
enum Slot {
    /// The same for each row.
    Fixed(Parameter),
    /// Exactly what the row has.
    Whole(Column),
    /// Text with columns in it.
    Text(Vec<Piece>),
    List(Vec<Slot>),
    Table(Vec<(String, Slot)>),
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Column(Column),
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    kind: Kind,
}

/// What becomes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    AsItIs,
    Bool,
    Number,
    List,
    Secret,
}

impl Template {
    /// Finds the columns in the values of a command line. Where the file has a header, they must be in it.
    pub(crate) fn new(line: CommandLine, rows: &Rows) -> Result<Self, Failure> {
        let columns = rows.columns();
        let parameters = line.parameters.into_iter().map(|(name, value)| {
            let slot = slot(value, columns.as_deref())
                .map_err(|problem| Failure::Usage(format!("the value of -{name} {problem}")))?;
            Ok((name, slot))
        });
        let template =
            Self { command: line.command, parameters: parameters.collect::<Result<_, Failure>>()? };
        let mut used = Vec::new();
        template.parameters.iter().for_each(|(_, slot)| slot.columns(&mut used));
        if used.is_empty() {
            let problem = "no value of the cmdlet takes anything from the rows: write a column as {Name}, \
                           for example -Identity '{Identity}'";
            return Err(Failure::Usage(problem.to_owned()));
        }
        if let Some(columns) = columns {
            for column in used {
                if !columns.iter().any(|known| known.eq_ignore_ascii_case(&column.name)) {
                    return Err(Failure::Usage(no_such_column(rows.name(), &column.name, &columns)));
                }
            }
        }
        Ok(template)
    }

    pub(crate) fn command(&self) -> &str {
        &self.command
    }

    /// The command for one row.
    pub(crate) fn fill(&self, rows: &Rows, row: &Row) -> Result<CommandLine, String> {
        let parameters = self.parameters.iter().map(|(name, slot)| {
            let value = slot.fill(rows, row).map_err(|problem| format!("has {problem} in {}", row.place))?;
            Ok((name.clone(), value))
        });
        Ok(CommandLine {
            command: self.command.clone(),
            parameters: parameters.collect::<Result<_, String>>()?,
        })
    }

    /// Looks at every row before the first is sent; how many there are. Two that would do the same are refused.
    pub(crate) fn check(&self, rows: &Rows) -> Result<u32, Failure> {
        let wrong = |problem: String| Failure::Usage(format!("{} {problem}", rows.name()));
        let mut seen: HashMap<[u8; 32], Place> = HashMap::new();
        let mut same = Vec::new();
        let mut count = 0;
        for row in rows.iter() {
            let row = row.map_err(wrong)?;
            let line = self.fill(rows, &row).map_err(wrong)?;
            count = row.place.number;
            if usize::try_from(count).is_ok_and(|count| MAX_ROWS < count) {
                return Err(wrong(format!("has more than {MAX_ROWS} rows: split it")));
            }
            let mut hash = Sha256::new();
            line.parameters.iter().for_each(|(_, value)| value.digest(&mut hash));
            if let Some(first) = seen.insert(hash.finalize().into(), row.place) {
                same.push((first, row.place));
            }
        }
        if let Some((first, second)) = same.first() {
            let more = match same.len() - 1 {
                0 => String::new(),
                more => format!(", and so do {more} more pairs"),
            };
            let problem = format!("says the same in {first} and {second}{more}: remove what is double");
            return Err(wrong(problem));
        }
        Ok(count)
    }
}

fn no_such_column(file: &str, wanted: &str, columns: &[&str]) -> String {
    let mut text = format!("{file} has no column {wanted}; it has {}", columns.join(", "));
    if let ([only], true) = (columns, columns.iter().any(|name| name.contains([';', '\t']))) {
        let delimiter = if only.contains(';') { "';'" } else { "$'\\t'" };
        text.push_str(&format!(": perhaps --delimiter {delimiter} is missing"));
    }
    text.push_str(" (a brace that is no column is written twice)");
    text
}

fn slot(value: Parameter, columns: Option<&[&str]>) -> Result<Slot, String> {
    Ok(match value {
        Parameter::Text(text) => text_slot(&text, columns)?,
        Parameter::List(items) => {
            Slot::List(items.into_iter().map(|item| slot(item, columns)).collect::<Result<_, _>>()?)
        }
        Parameter::Table(entries) => {
            let entries = entries.into_iter().map(|(key, value)| Ok((key, slot(value, columns)?)));
            Slot::Table(entries.collect::<Result<_, String>>()?)
        }
        other => Slot::Fixed(other),
    })
}

fn text_slot(text: &str, columns: Option<&[&str]>) -> Result<Slot, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(rest.get(..at).unwrap_or_default());
        let brace = rest.get(at..=at).unwrap_or_default();
        let after = rest.get(at + 1..).unwrap_or_default();
        if let Some(after) = after.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        let Some((inside, after)) = after.split_once('}').filter(|_| brace == "{") else {
            return Err(format!("has a single {brace}: a brace that is no column is written twice"));
        };
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Column(column(inside, columns)?));
        rest = after;
    }
    plain.push_str(rest);
    if pieces.is_empty() {
        return Ok(Slot::Fixed(Parameter::Text(plain)));
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    if let [Piece::Column(column)] = pieces.as_slice() {
        return Ok(Slot::Whole(column.clone()));
    }
    let special = pieces.iter().find_map(|piece| match piece {
        Piece::Column(column) if column.kind != Kind::AsItIs => Some(&column.name),
        _ => None,
    });
    match special {
        Some(name) => {
            Err(format!("has {name} with a kind and other text beside it: a kind is for a whole value"))
        }
        None => Ok(Slot::Text(pieces)),
    }
}

/// `Name` or `Name:kind`; a column of the file that is called so comes first.
fn column(inside: &str, columns: Option<&[&str]>) -> Result<Column, String> {
    let name = inside.trim();
    let is_column =
        columns.is_some_and(|columns| columns.iter().any(|known| known.eq_ignore_ascii_case(name)));
    let Some((before, kind)) = name.rsplit_once(':').filter(|_| !is_column) else {
        return Ok(Column { name: name.to_owned(), kind: Kind::AsItIs });
    };
    let kind = match kind.trim().to_ascii_lowercase().as_str() {
        "bool" => Kind::Bool,
        "number" => Kind::Number,
        "list" => Kind::List,
        "secret" => Kind::Secret,
        _ => return Err(format!("has {{{inside}}}, whose kind is none of bool, number, list, secret")),
    };
    Ok(Column { name: before.trim().to_owned(), kind })
}

impl Slot {
    fn columns<'s>(&'s self, used: &mut Vec<&'s Column>) {
        match self {
            Self::Fixed(_) => {}
            Self::Whole(column) => used.push(column),
            Self::Text(pieces) => used.extend(pieces.iter().filter_map(|piece| match piece {
                Piece::Column(column) => Some(column),
                Piece::Text(_) => None,
            })),
            Self::List(slots) => slots.iter().for_each(|slot| slot.columns(used)),
            Self::Table(entries) => entries.iter().for_each(|(_, slot)| slot.columns(used)),
        }
    }

    fn fill(&self, rows: &Rows, row: &Row) -> Result<Parameter, String> {
        Ok(match self {
            Self::Fixed(value) => value.clone(),
            Self::Whole(column) => column.value(rows, row)?,
            Self::Text(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(plain) => text.push_str(plain),
                        Piece::Column(column) => text.push_str(&column.text(rows, row)?),
                    }
                }
                Parameter::Text(text)
            }
            Self::List(slots) => {
                Parameter::List(slots.iter().map(|slot| slot.fill(rows, row)).collect::<Result<_, _>>()?)
            }
            Self::Table(entries) => {
                let entries = entries.iter().map(|(key, slot)| Ok((key.clone(), slot.fill(rows, row)?)));
                Parameter::Table(entries.collect::<Result<_, String>>()?)
            }
        })
    }
}

impl Column {
    fn value(&self, rows: &Rows, row: &Row) -> Result<Parameter, String> {
        let name = &self.name;
        let value = rows.cell(row, name).ok_or_else(|| format!("no {name}"))?;
        let Parameter::Text(text) = &value else {
            return match self.kind {
                Kind::Secret => Err(format!("a {name} that is no text")),
                _ => Ok(value),
            };
        };
        Ok(match self.kind {
            Kind::AsItIs => value,
            Kind::Bool => {
                let bare = text.trim().trim_start_matches('$');
                let known = [("true", true), ("false", false)];
                let found = known.iter().find(|(word, _)| word.eq_ignore_ascii_case(bare));
                Parameter::Bool(found.ok_or_else(|| format!("a {name} that is neither true nor false"))?.1)
            }
            Kind::Number => {
                let text = text.trim();
                match (text.parse::<i32>(), text.parse::<i64>(), text.parse::<f64>()) {
                    (Ok(number), ..) => Parameter::Int32(number),
                    (_, Ok(number), _) => Parameter::Int64(number),
                    (.., Ok(number)) if number.is_finite() => Parameter::Double(number),
                    _ => return Err(format!("a {name} that is no number")),
                }
            }
            Kind::List => {
                let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
                Parameter::List(parts.map(|part| Parameter::Text(part.to_owned())).collect())
            }
            Kind::Secret if text.is_empty() => return Err(format!("an empty {name}")),
            Kind::Secret => Parameter::Secure(Secret::new(text.clone())),
        })
    }

    /// What stands for the value within other text.
    fn text(&self, rows: &Rows, row: &Row) -> Result<String, String> {
        let name = &self.name;
        Ok(match rows.cell(row, name).ok_or_else(|| format!("no {name}"))? {
            Parameter::Text(text) => text,
            Parameter::Null => String::new(),
            Parameter::Bool(value) => if value { "True" } else { "False" }.to_owned(),
            Parameter::Int32(value) => value.to_string(),
            Parameter::Int64(value) => value.to_string(),
            Parameter::Double(value) => value.to_string(),
            _ => return Err(format!("a {name} that cannot stand within text")),
        })
    }
}

#[cfg(test)]
mod tests;
