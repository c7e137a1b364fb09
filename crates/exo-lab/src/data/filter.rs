//! The `-Filter` language, in the simple forms people use: comparisons joined by `-and` and `-or`.

use crate::data::record::Record;
use crate::data::value::Value;

/// A condition over an object's properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    Compare { property: String, operator: Operator, operand: String },
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Like,
    NotLike,
    Less,
    Greater,
}

/// Where a filter stops making sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilterSyntax {
    pub(crate) position: usize,
    pub(crate) expected: &'static str,
}

impl Filter {
    /// Reads what a person wrote after `-Filter`.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterSyntax> {
        let mut reader = Reader { text, position: 0, depth: 0 };
        let filter = reader.any_of()?;
        match reader.word() {
            None => Ok(filter),
            Some(_) => Err(reader.expected("the end")),
        }
    }

    pub(crate) fn matches(&self, record: &Record) -> bool {
        match self {
            Self::And(left, right) => left.matches(record) && right.matches(record),
            Self::Or(left, right) => left.matches(record) || right.matches(record),
            Self::Not(inner) => !inner.matches(record),
            Self::Compare { property, operator, operand } => {
                let value = record.property(property).map(Value::display).unwrap_or_default();
                let ordering = match (value.parse::<i64>(), operand.parse::<i64>()) {
                    (Ok(value), Ok(operand)) => value.cmp(&operand),
                    _ => value.to_lowercase().cmp(&operand.to_lowercase()),
                };
                match operator {
                    Operator::Equal => ordering.is_eq(),
                    Operator::NotEqual => ordering.is_ne(),
                    Operator::Less => ordering.is_lt(),
                    Operator::Greater => ordering.is_gt(),
                    Operator::Like => wildcard(operand, &value),
                    Operator::NotLike => !wildcard(operand, &value),
                }
            }
        }
    }
}

/// Whether a PowerShell wildcard (`*` and `?`) fits the whole text, whatever the case.
pub(crate) fn wildcard(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on when the rest does not fit: the last `*` takes one character more.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || Some(wanted) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                None => return false,
                Some((after_star, taken)) => {
                    retry = Some((after_star, taken + 1));
                    p = after_star;
                    t = taken + 1;
                }
            },
        }
    }
    pattern.iter().skip(p).all(|rest| *rest == '*')
}

struct Reader<'t> {
    text: &'t str,
    position: usize,
    depth: u32,
}

impl<'t> Reader<'t> {
    fn any_of(&mut self) -> Result<Filter, FilterSyntax> {
        let mut filter = self.all_of()?;
        while self.take("-or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.all_of()?));
        }
        Ok(filter)
    }

    fn all_of(&mut self) -> Result<Filter, FilterSyntax> {
        let mut filter = self.one()?;
        while self.take("-and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, FilterSyntax> {
        if self.depth >= MAX_DEPTH {
            return Err(self.expected("fewer nested conditions"));
        }
        if self.take("-not") {
            self.depth += 1;
            let inner = self.one();
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner?)));
        }
        if self.take("(") {
            self.depth += 1;
            let inner = self.any_of();
            self.depth -= 1;
            let inner = inner?;
            return if self.take(")") { Ok(inner) } else { Err(self.expected("`)`")) };
        }
        let property = match self.word() {
            Some(word) if word.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                self.advance(word).to_owned()
            }
            _ => return Err(self.expected("a property name")),
        };
        let operator = match self.word().map(str::to_ascii_lowercase).as_deref() {
            Some("-eq") => Operator::Equal,
            Some("-ne") => Operator::NotEqual,
            Some("-like") => Operator::Like,
            Some("-notlike") => Operator::NotLike,
            Some("-lt") => Operator::Less,
            Some("-gt") => Operator::Greater,
            _ => return Err(self.expected("-eq, -ne, -like, -notlike, -lt or -gt")),
        };
        if let Some(word) = self.word() {
            self.advance(word);
        }
        let operand = match self.word() {
            Some(word) => self.advance(word),
            None => return Err(self.expected("a value")),
        };
        let operand = match operand.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let inner = operand.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
                inner.ok_or_else(|| self.expected("a closing quote"))?.replace("''", "'")
            }
            _ => operand.trim_start_matches('$').to_owned(),
        };
        Ok(Filter::Compare { property, operator, operand })
    }

    /// The next word: a bracket, a quoted text with its quotes, or everything up to a space or bracket.
    fn word(&mut self) -> Option<&'t str> {
        let rest = self.text.get(self.position..)?;
        let trimmed = rest.trim_start();
        self.position += rest.len() - trimmed.len();
        let first = trimmed.chars().next()?;
        let len = match first {
            '(' | ')' | '{' | '}' => 1,
            '\'' | '"' => {
                let mut end = None;
                let mut characters = trimmed.char_indices().skip(1).peekable();
                while let Some((at, character)) = characters.next() {
                    if character != first {
                        continue;
                    }
                    // A doubled quote is one quote of the text.
                    if first == '\'' && characters.peek().is_some_and(|(_, next)| *next == '\'') {
                        characters.next();
                        continue;
                    }
                    end = Some(at + 1);
                    break;
                }
                end.unwrap_or(trimmed.len())
            }
            _ => trimmed.find(|c: char| c.is_whitespace() || c == '(' || c == ')').unwrap_or(trimmed.len()),
        };
        trimmed.get(..len)
    }

    fn advance(&mut self, word: &'t str) -> &'t str {
        self.position += word.len();
        word
    }

    fn take(&mut self, wanted: &str) -> bool {
        match self.word() {
            Some(word) if word.eq_ignore_ascii_case(wanted) => {
                self.advance(word);
                true
            }
            _ => false,
        }
    }

    fn expected(&self, expected: &'static str) -> FilterSyntax {
        FilterSyntax { position: self.position, expected }
    }
}

const MAX_DEPTH: u32 = 32;

#[cfg(test)]
mod tests;
