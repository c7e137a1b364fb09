//! A small reader of PowerShell arguments: texts, numbers, constants, lists and tables.

use psrp::clixml::Encoder;

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int(i32),
    Text(String),
    List(Vec<Literal>),
    Table(Vec<(String, Literal)>),
}

impl Literal {
    /// As PowerShell's serializer writes it.
    pub(super) fn write(&self, name: Option<&str>, encoder: &mut Encoder<'_>) {
        match self {
            Self::Null => encoder.nil(name),
            Self::Bool(value) => encoder.bool(name, *value),
            Self::Int(value) => encoder.i32(name, *value),
            Self::Text(value) => encoder.string(name, value),
            Self::List(items) => {
                encoder.object(name, OBJECTS, None, |object| {
                    object.list(|list| items.iter().for_each(|item| item.write(None, list)));
                });
            }
            Self::Table(entries) => {
                encoder.object(name, HASHTABLE, None, |object| {
                    object.dictionary(|table| {
                        for (key, value) in entries {
                            table.entry(|entry| entry.string(None, key), |entry| value.write(None, entry));
                        }
                    });
                });
            }
        }
    }
}

/// One argument of a command.
#[derive(Debug, PartialEq)]
pub(super) enum Argument {
    /// `-Name` or `-Name:value`.
    Named(String, Option<Literal>),
    Value(Literal),
}

/// The command's name and arguments; `None` for anything that is more than that.
pub(super) fn command(text: &str) -> Option<(String, Vec<Argument>)> {
    let mut reader = Reader { rest: text };
    let name = reader.word()?;
    let mut arguments = Vec::new();
    loop {
        reader.blank();
        if reader.rest.is_empty() {
            return Some((name, arguments));
        }
        if reader.rest.starts_with('-') && reader.rest.chars().nth(1)?.is_alphabetic() {
            reader.rest = reader.rest.get(1..)?;
            let len = reader.rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(reader.rest.len());
            let (name, rest) = reader.rest.split_at(len);
            reader.rest = rest;
            let value = if reader.take(":") { Some(reader.value()?) } else { None };
            arguments.push(Argument::Named(name.to_owned(), value));
        } else {
            arguments.push(Argument::Value(reader.list()?));
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, mark: &str) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> Option<String> {
        let len = self
            .rest
            .find(|c: char| c.is_whitespace() || "|;(){},'\"$&".contains(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(len);
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    /// Values with commas between are one list.
    fn list(&mut self) -> Option<Literal> {
        let first = self.value()?;
        if !self.rest.starts_with(',') {
            return Some(first);
        }
        let mut items = vec![first];
        while self.take(",") {
            items.push(self.value()?);
        }
        Some(Literal::List(items))
    }

    fn value(&mut self) -> Option<Literal> {
        self.blank();
        for (word, value) in
            [("$true", Literal::Bool(true)), ("$false", Literal::Bool(false)), ("$null", Literal::Null)]
        {
            if self.take(word) {
                return Some(value);
            }
        }
        if self.take("@(") {
            let mut items = Vec::new();
            loop {
                self.blank();
                if self.take(")") {
                    return Some(Literal::List(items));
                }
                items.push(self.value()?);
                self.take(",");
            }
        }
        if self.take("@{") {
            let mut entries = Vec::new();
            loop {
                self.blank();
                if self.take("}") {
                    return Some(Literal::Table(entries));
                }
                let len = self.rest.find('=')?;
                let (key, rest) = self.rest.split_at(len);
                self.rest = rest.get(1..)?;
                entries.push((key.trim().to_owned(), self.list()?));
                self.take(";");
            }
        }
        if self.take("'") {
            let (text, rest) = self.rest.split_once('\'')?;
            self.rest = rest;
            return Some(Literal::Text(text.to_owned()));
        }
        if self.take("\"") {
            let mut text = String::new();
            let mut characters = self.rest.char_indices();
            while let Some((at, character)) = characters.next() {
                match character {
                    '"' => {
                        self.rest = self.rest.get(at + 1..)?;
                        return Some(Literal::Text(text));
                    }
                    '`' => text.push(match characters.next()?.1 {
                        'n' => '\n',
                        't' => '\t',
                        other => other,
                    }),
                    other => text.push(other),
                }
            }
            return None;
        }
        let word = self.word()?;
        Some(word.parse().map_or(Literal::Text(word), Literal::Int))
    }
}

const OBJECTS: &[&str] = &["System.Object[]", "System.Array", "System.Object"];
const HASHTABLE: &[&str] = &["System.Collections.Hashtable", "System.Object"];

#[test]
fn arguments_are_read_as_powershell_reads_them() {
    let text = |text: &str| Literal::Text(text.to_owned());
    let (name, arguments) = command("Set-X a,$null,7 -S -C:$false -T @{A='b';D=@(1,2)} \"q`\"\"").unwrap();
    assert_eq!(name, "Set-X");
    assert_eq!(
        arguments,
        [
            Argument::Value(Literal::List(vec![text("a"), Literal::Null, Literal::Int(7)])),
            Argument::Named("S".to_owned(), None),
            Argument::Named("C".to_owned(), Some(Literal::Bool(false))),
            Argument::Named("T".to_owned(), None),
            Argument::Value(Literal::Table(vec![
                ("A".to_owned(), text("b")),
                ("D".to_owned(), Literal::List(vec![Literal::Int(1), Literal::Int(2)])),
            ])),
            Argument::Value(text("q\"")),
        ]
    );
    assert_eq!(command("Get-X | Get-Y"), None);
    assert_eq!(command("Get-X ([guid]'x')"), None);
}
