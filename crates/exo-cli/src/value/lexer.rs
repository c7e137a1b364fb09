//! One value from its text.

use super::Parameter;

/// Reads a whole value. The error has the place, counted in characters from 1, and a sentence.
pub(super) fn parse(text: &str) -> Result<Parameter, (usize, &'static str)> {
    let special = text.starts_with(['\'', '"', '$']) || text.starts_with("@{") || text.starts_with("@(");
    if !special && text.contains(char::is_whitespace) {
        return Ok(Parameter::Text(text.to_owned()));
    }
    let mut lexer = Lexer { text, at: 0, depth: 0 };
    let value = lexer.list(NOTHING).and_then(|value| match lexer.rest() {
        "" => Ok(value),
        _ => Err("after the value stands more text; quote it as a whole: '…'"),
    });
    value.map_err(|problem| (text.get(..lexer.at).unwrap_or(text).chars().count() + 1, problem))
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Read<T> = Result<T, &'static str>;

impl<'a> Lexer<'a> {
    /// One element, or several with commas between them. `ends` are the characters that end a bare word
    /// besides the comma.
    fn list(&mut self, ends: &[char]) -> Read<Parameter> {
        let first = self.element(ends)?;
        if !self.take_comma(ends) {
            return Ok(first);
        }
        let mut items = vec![first];
        loop {
            items.push(self.element(ends)?);
            if !self.take_comma(ends) {
                return Ok(Parameter::List(items));
            }
        }
    }

    fn element(&mut self, ends: &[char]) -> Read<Parameter> {
        self.depth += 1;
        if MAX_DEPTH < self.depth {
            return Err("lists and tables are nested too deeply");
        }
        let rest = self.rest();
        let value = if rest.starts_with("@{") {
            self.table()
        } else if rest.starts_with("@(") {
            self.array()
        } else if let Some(quote) = rest.chars().next().filter(|letter| matches!(letter, '\'' | '"')) {
            self.quoted(quote).map(Parameter::Text)
        } else {
            self.bare(ends)
        };
        self.depth -= 1;
        value
    }

    /// `@{Key=value;Key=value}`; line ends separate entries too.
    fn table(&mut self) -> Read<Parameter> {
        self.at += 2;
        let mut entries: Vec<(String, Parameter)> = Vec::new();
        loop {
            while self.take(';') || self.take_white_space() {}
            if self.take('}') {
                return Ok(Parameter::Table(entries));
            }
            let key = match self.rest().chars().next() {
                Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
                Some(_) => self
                    .word(|letter| letter == '=' || letter == ';' || letter == '}' || letter.is_whitespace()),
                None => return Err("the table has no end: a } is missing"),
            };
            self.take_white_space();
            if key.is_empty() || !self.take('=') {
                return Err("in a table stands Key=value");
            }
            if entries.iter().any(|(other, _)| other.eq_ignore_ascii_case(&key)) {
                return Err("the table has this key twice");
            }
            self.take_white_space();
            entries.push((key, self.list(&[';', '}'])?));
            self.take_blanks();
            if !self.rest().starts_with([';', '}', '\n', '\r']) {
                return Err("after an entry of a table stands ; or }");
            }
        }
    }

    /// `@(a,b)`: a list even with one element or none.
    fn array(&mut self) -> Read<Parameter> {
        self.at += 2;
        self.take_white_space();
        if self.take(')') {
            return Ok(Parameter::List(Vec::new()));
        }
        let value = self.list(&[')'])?;
        self.take_white_space();
        if !self.take(')') {
            return Err("the list has no end: a ) is missing");
        }
        Ok(match value {
            Parameter::List(items) => Parameter::List(items),
            single => Parameter::List(vec![single]),
        })
    }

    /// Text up to the closing quote; the doubled quote stands for one.
    fn quoted(&mut self, quote: char) -> Read<String> {
        self.at += quote.len_utf8();
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find(quote) else { return Err("the closing quote is missing") };
            out.push_str(rest.get(..end).unwrap_or_default());
            self.at += end + quote.len_utf8();
            if !self.take(quote) {
                return Ok(out);
            }
            out.push(quote);
        }
    }

    fn bare(&mut self, ends: &[char]) -> Read<Parameter> {
        let start = self.at;
        let inside = !ends.is_empty();
        let word =
            self.word(|letter| letter == ',' || ends.contains(&letter) || inside && letter.is_whitespace());
        match word.as_str() {
            "" => Err("a value is missing here; write '' for empty text"),
            word if word.starts_with('$') => constant(word)
                .ok_or("only $true, $false and $null are known; quote text that begins with $: '$…'")
                .inspect_err(|_| self.at = start),
            _ => Ok(number(&word).unwrap_or(Parameter::Text(word))),
        }
    }

    fn word(&mut self, is_end: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let word = rest.get(..rest.find(is_end).unwrap_or(rest.len())).unwrap_or_default();
        self.at += word.len();
        word.to_owned()
    }

    /// Inside brackets white space may stand around a comma.
    fn take_comma(&mut self, ends: &[char]) -> bool {
        if ends.is_empty() {
            return self.take(',');
        }
        let start = self.at;
        self.take_white_space();
        if self.take(',') {
            self.take_white_space();
            true
        } else {
            self.at = start;
            false
        }
    }

    fn take(&mut self, letter: char) -> bool {
        let found = self.rest().starts_with(letter);
        if found {
            self.at += letter.len_utf8();
        }
        found
    }

    fn take_white_space(&mut self) -> bool {
        let rest = self.rest();
        let len = rest.len() - rest.trim_start().len();
        self.at += len;
        0 < len
    }

    /// White space on the line.
    fn take_blanks(&mut self) {
        while self.take(' ') || self.take('\t') {}
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

fn constant(word: &str) -> Option<Parameter> {
    match word.to_ascii_lowercase().as_str() {
        "$true" => Some(Parameter::Bool(true)),
        "$false" => Some(Parameter::Bool(false)),
        "$null" => Some(Parameter::Null),
        _ => None,
    }
}

/// A number when its usual spelling is this very text: a postal code, a telephone number or a version must
/// not lose a zero or a sign on the way.
fn number(word: &str) -> Option<Parameter> {
    if let Ok(value) = word.parse::<i64>() {
        let usual = value.to_string() == word;
        return usual.then(|| i32::try_from(value).map_or(Parameter::Int64(value), Parameter::Int32));
    }
    let digits = word.trim_start_matches('-');
    let plain = digits.starts_with(|letter: char| letter.is_ascii_digit()) && digits.contains('.');
    let value: f64 = if plain { word.parse().ok()? } else { return None };
    (format!("{value:?}") == word).then_some(Parameter::Double(value))
}

const NOTHING: &[char] = &[];
const MAX_DEPTH: usize = 64;
