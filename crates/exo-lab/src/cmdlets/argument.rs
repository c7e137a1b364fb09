//! What a caller gave for a parameter, free of its encoding.

use zeroize::Zeroizing;

use crate::data::value::{List, Value};

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Argument {
    Null,
    Text(String),
    Bool(bool),
    Number(i64),
    List(Vec<Argument>),
    /// A hashtable, such as `@{Add='x'}`.
    Table(Vec<(String, Argument)>),
    /// An object that was an output before; this is what it reads as.
    Object(String),
    /// What a SecureString holds.
    Secret(Secret),
    /// Something no parameter takes; its kind.
    Other(&'static str),
}

/// A password: wiped when it goes, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Argument {
    /// The argument as one text, the way PowerShell turns simple values into strings.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Object(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(true) => Some("True".to_owned()),
            Self::Bool(false) => Some("False".to_owned()),
            Self::List(items) => match items.as_slice() {
                [one] => one.text(),
                _ => None,
            },
            Self::Null | Self::Table(_) | Self::Secret(_) | Self::Other(_) => None,
        }
    }

    /// The argument as a list of texts; one value is a list of one.
    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        match self {
            Self::List(items) => items.iter().map(Self::text).collect(),
            Self::Null => Some(Vec::new()),
            _ => Some(vec![self.text()?]),
        }
    }

    pub(crate) fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Number(number) => Some(*number != 0),
            Self::Text(text) => match text.trim_start_matches('$').to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => self.text()?.trim().parse().ok(),
        }
    }

    /// A count or `Unlimited` (`None` inside).
    pub(crate) fn limit(&self) -> Option<Option<i64>> {
        if self.text()?.eq_ignore_ascii_case("unlimited") { Some(None) } else { Some(Some(self.number()?)) }
    }

    /// A size in bytes such as `10GB`, `50 GB (53,687,091,200 bytes)` or a plain number; `Unlimited` is `None` inside.
    pub(crate) fn quota(&self) -> Option<Option<u64>> {
        let text = self.text()?;
        if text.eq_ignore_ascii_case("unlimited") {
            return Some(None);
        }
        if let Some(bytes) = text.split_once('(').and_then(|(_, rest)| rest.split_once(" bytes")) {
            return Some(Some(bytes.0.replace(',', "").parse().ok()?));
        }
        let text = text.trim().to_ascii_uppercase();
        let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
        let factor: u64 = match text.get(digits.len()..)? {
            "" | "B" => 1,
            "KB" => 1 << 10,
            "MB" => 1 << 20,
            "GB" => 1 << 30,
            "TB" => 1 << 40,
            _ => return None,
        };
        let number: u64 = digits.trim().parse().ok()?;
        Some(Some(number.checked_mul(factor)?))
    }

    /// The argument as a property value in the shape that the property had before.
    pub(crate) fn as_property(&self, before: Option<&Value>, kind: super::Kind) -> Option<Value> {
        use super::Kind;
        if *self == Self::Null {
            return Some(match before {
                Some(Value::List(list)) => Value::List(List { types: list.types, items: Vec::new() }),
                Some(Value::Text(_)) => Value::text(""),
                _ => Value::Nil,
            });
        }
        Some(match kind {
            Kind::Bool | Kind::Switch => Value::Bool(self.bool()?),
            Kind::Int => Value::Int(i32::try_from(self.number()?).ok()?),
            Kind::Quota => Value::quota(self.quota()?),
            Kind::Limit => Value::limit(match self.limit()? {
                None => None,
                Some(count) => Some(i32::try_from(count).ok()?),
            }),
            Kind::Texts => match (before, Value::strings(self.texts()?)) {
                (Some(Value::List(old)), Value::List(new)) => {
                    Value::List(List { types: old.types, items: new.items })
                }
                (_, new) => new,
            },
            Kind::Secret => return None,
            Kind::Text | Kind::Identity(_) | Kind::Any => match before {
                Some(Value::Enumeration(old)) => Value::enumeration(old.type_name, &self.text()?, old.number),
                _ => match self {
                    Self::List(_) => Value::strings(self.texts()?),
                    Self::Bool(value) => Value::Bool(*value),
                    _ => Value::Text(self.text()?),
                },
            },
        })
    }
}
